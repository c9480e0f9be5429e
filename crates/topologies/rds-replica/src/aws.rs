//! The ports [`Members`] and [`Stops`], carried out at RDS, by Lambda and over SQL: the topology's only place that names an SDK.

mod exports;
mod makes;

use ::aws::{Aws, accepted, client, error, looked, once, shapes::timestamp};
use aws_sdk_rds::{
    config::{Builder, retry::RetryConfig},
    error::ProvideErrorMetadata,
    types,
};
use failover::{
    Error,
    domain::{Epoch, Region, StopToken},
    evidence::Rds,
    installation::named,
    ledger::KeptPlan,
    plan::function_of,
    ports::{Fenced, Mark, NotStopped, Stopped, Unfenced},
    topology::Accepted,
};

use crate::{
    members::{
        Backups, Instance, Members, Replication, Stops,
        exports::Exported,
        stops::{Asked, Stands},
    },
    stop_writes,
};

/// What `StatusInfos` calls the state of a replica.
const REPLICATION: &str = "read replication";

impl<K> Members for Aws<K> {
    async fn look(&self, region: &Region, identifier: &str) -> Rds {
        looked(|| look_once(self, region, identifier)).await
    }

    async fn instance(&self, region: &Region, identifier: &str) -> Result<Option<Instance>, Error> {
        let found = described(self, region, identifier).await?;
        Ok(found.map(instance))
    }

    async fn backups(&self, region: &Region, resource_id: &str) -> Result<Option<Backups>, Error> {
        let answer = client!(self, aws_sdk_rds, region)
            .describe_db_instance_automated_backups()
            // An identifier would have to be one of the Region's own instances.
            .dbi_resource_id(resource_id)
            .send()
            .await;
        let found = match answer {
            Ok(answer) => answer.db_instance_automated_backups.unwrap_or_default(),
            Err(why) if why.code() == Some("DBInstanceAutomatedBackupNotFound") => Vec::new(),
            Err(why) => {
                let what = format!("RDS DescribeDBInstanceAutomatedBackups in {region}");
                return Err(error(&what, &why));
            }
        };
        let newest = found.into_iter().map(backups);
        Ok(newest.max_by_key(|backups| backups.latest))
    }

    async fn exports(&self, region: &Region, identifier: &str) -> Result<Option<Exported>, Error> {
        exports::exports(self, region, identifier).await
    }

    async fn promote(
        &self,
        region: &Region,
        identifier: &str,
        backup_days: Option<u32>,
    ) -> Result<Accepted, Error> {
        let days = backup_days.and_then(|days| i32::try_from(days).ok());
        let answer = client!(self, aws_sdk_rds, region)
            .promote_read_replica()
            .db_instance_identifier(identifier)
            // Where nothing is said RDS keeps backups for one day, and turning them on takes the instance away for a while.
            .set_backup_retention_period(days)
            .customize()
            .config_override(once!(aws_sdk_rds))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Accepted::Yes),
            Err(why) => accepted(&format!("RDS PromoteReadReplica in {region}"), &why),
        }
    }
}

impl<K> Stops for Aws<K> {
    async fn ask(&self, region: &Region, asked: &Asked) -> Result<Stands, Error> {
        let function = named(&function_of(stop_writes::STEP));
        let payload = failover::pass::answer(asked)?;
        self.invoke(region, &function, &payload).await
    }

    async fn stop(
        &self,
        known: &KeptPlan,
        epoch: Epoch,
        token: &StopToken,
    ) -> Result<Result<Fenced, NotStopped>, Error> {
        Self::stop(self, known, epoch, token).await
    }

    async fn mark(&self, known: &KeptPlan) -> Result<Option<Mark>, Error> {
        Self::mark(self, known).await
    }

    async fn stopped(&self, known: &KeptPlan) -> Result<Stopped, Error> {
        Self::stopped(self, known).await
    }

    async fn position(&self, known: &KeptPlan, token: &StopToken) -> Result<Option<i64>, Error> {
        Self::position(self, known, token).await
    }

    async fn open(
        &self,
        known: &KeptPlan,
        epoch: Epoch,
        token: &StopToken,
    ) -> Result<Option<Unfenced>, Error> {
        Self::open(self, known, epoch, token).await
    }
}

/// An instance in the SDK's words; `None` when there is none of this name.
async fn described<K>(
    aws: &Aws<K>,
    region: &Region,
    identifier: &str,
) -> Result<Option<types::DbInstance>, Error> {
    let answer = client!(aws, aws_sdk_rds, region)
        .describe_db_instances()
        .db_instance_identifier(identifier)
        .send()
        .await;
    match answer {
        Ok(answer) => Ok(answer.db_instances.unwrap_or_default().into_iter().next()),
        Err(why) if why.code() == Some("DBInstanceNotFound") => Ok(None),
        Err(why) => Err(error(&format!("RDS DescribeDBInstances in {region}"), &why)),
    }
}

/// One attempt: a retry that hangs would hide the answer that came before it.
async fn look_once<K>(aws: &Aws<K>, region: &Region, identifier: &str) -> Rds {
    let once = Builder::new().retry_config(RetryConfig::disabled());
    let answer = client!(aws, aws_sdk_rds, region)
        .describe_db_instances()
        .db_instance_identifier(identifier)
        .customize()
        .config_override(once)
        .send()
        .await;
    let what = format!("RDS DescribeDBInstances in {region}");
    let found = match answer {
        Ok(answer) => answer.db_instances.unwrap_or_default().into_iter().next(),
        Err(why) => {
            let said = error(&what, &why).to_string();
            return if why.as_service_error().is_some() {
                Rds::Other { why: said }
            } else {
                Rds::Silent { why: said }
            };
        }
    };
    let status = found.map(|found| found.db_instance_status.unwrap_or_default());
    match status {
        Some(status) => Rds::Status {
            cluster: status.clone(),
            instances: vec![status],
        },
        None => Rds::Other {
            why: format!("{what}: there is no {identifier}"),
        },
    }
}

fn backups(found: types::DbInstanceAutomatedBackup) -> Backups {
    let window = found.restore_window;
    Backups {
        status: found.status.unwrap_or_default(),
        latest: window
            .and_then(|window| window.latest_time)
            .and_then(timestamp),
    }
}

/// An instance as RDS shows it, in our own type.
fn instance(found: types::DbInstance) -> Instance {
    let mut infos = found.status_infos.unwrap_or_default().into_iter();
    let replication = infos.find(|info| info.status_type.as_deref() == Some(REPLICATION));
    let source = found.read_replica_source_db_instance_identifier;
    let endpoint = found.endpoint.as_ref();
    let port = endpoint.and_then(|endpoint| endpoint.port);
    Instance {
        identifier: found.db_instance_identifier.unwrap_or_default(),
        arn: found.db_instance_arn.unwrap_or_default(),
        resource_id: found.dbi_resource_id,
        status: found.db_instance_status.unwrap_or_default(),
        engine: found.engine.unwrap_or_default(),
        engine_version: found.engine_version.unwrap_or_default(),
        port: port
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or(5432),
        endpoint: found
            .endpoint
            .and_then(|endpoint| endpoint.address)
            .unwrap_or_default(),
        source: source.filter(|source| !source.is_empty()),
        replication: replication.map(|info| Replication {
            status: info.status.unwrap_or_default(),
            is_normal: info.normal.unwrap_or_default(),
            message: info.message.filter(|message| !message.is_empty()),
        }),
        backup_days: found
            .backup_retention_period
            .and_then(|days| u32::try_from(days).ok()),
        cluster: found.db_cluster_identifier.filter(|name| !name.is_empty()),
    }
}
