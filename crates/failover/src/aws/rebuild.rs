//! RDS, as a rebuild reads and changes it; and what members were, in the ledger.

use std::collections::BTreeMap;

use aws_config::retry::RetryConfig;
use aws_sdk_rds::{
    Client,
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    types,
};
use jiff::Timestamp;

use super::{
    Aws, client,
    errors::error,
    rds::{NOT_NOW, of_cluster},
};
use crate::{
    Error,
    domain::{PlanName, Region},
    steps::{
        detach_and_promote::Accepted,
        rebuild_global::{
            Blueprint, Blueprints, Build, Call, EndpointShape, InstanceShape, Shape, Snapshot,
        },
    },
};

const ENGINE: &str = "aurora-postgresql";
/// How RDS names what a managed failover kept of a cluster.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html>.
const UNPLANNED: &str = "rds:unplanned-global-failover-";

impl Build for Aws {
    async fn shape(&self, region: &Region, cluster: &str) -> Result<Option<Shape>, Error> {
        let Some(found) = self.db_cluster(region, cluster).await? else {
            return Ok(None);
        };
        let client = client!(self, aws_sdk_rds, region);
        let instances = client
            .describe_db_instances()
            .filters(of_cluster(cluster))
            .send();
        let custom = types::Filter::builder()
            .name("db-cluster-endpoint-type")
            .values("custom")
            .build();
        let endpoints = client
            .describe_db_cluster_endpoints()
            .db_cluster_identifier(cluster)
            .filters(custom)
            .send();
        let (instances, endpoints) = tokio::join!(instances, endpoints);
        let instances = instances
            .map_err(|why| error(&format!("RDS DescribeDBInstances in {region}"), &why))?;
        let endpoints = endpoints
            .map_err(|why| error(&format!("RDS DescribeDBClusterEndpoints in {region}"), &why))?;
        Ok(Some(shape(
            found,
            instances.db_instances.unwrap_or_default(),
            endpoints.db_cluster_endpoints.unwrap_or_default(),
        )))
    }

    async fn snapshot(&self, region: &Region, snapshot: &str) -> Result<Option<Snapshot>, Error> {
        let answer = client!(self, aws_sdk_rds, region)
            .describe_db_cluster_snapshots()
            .db_cluster_snapshot_identifier(snapshot)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let found = answer.db_cluster_snapshots.unwrap_or_default();
                Ok(found.into_iter().next().map(snapshot_of))
            }
            Err(why) if why.code() == Some("DBClusterSnapshotNotFoundFault") => Ok(None),
            Err(why) => Err(error(
                &format!("RDS DescribeDBClusterSnapshots in {region}"),
                &why,
            )),
        }
    }

    async fn unplanned_snapshots(
        &self,
        region: &Region,
        cluster: &str,
    ) -> Result<Vec<Snapshot>, Error> {
        let answer = client!(self, aws_sdk_rds, region)
            .describe_db_cluster_snapshots()
            .db_cluster_identifier(cluster)
            .snapshot_type("automated")
            .send()
            .await
            .map_err(|why| error(&format!("RDS DescribeDBClusterSnapshots in {region}"), &why))?;
        let found = answer.db_cluster_snapshots.unwrap_or_default();
        let found = found.into_iter().map(snapshot_of);
        Ok(found
            .filter(|snapshot| snapshot.identifier.starts_with(UNPLANNED))
            .collect())
    }

    async fn call(&self, region: &Region, call: &Call) -> Result<Accepted, Error> {
        let config = aws_sdk_rds::config::Builder::from(&self.config)
            .region(aws_sdk_rds::config::Region::new(region.0.clone()))
            .retry_config(RetryConfig::disabled())
            .timeout_config(super::once_timeouts())
            .build();
        let client = Client::from_conf(config);
        let what = format!("RDS {} in {region}", call.name());
        match call {
            Call::DeleteEndpoint { .. }
            | Call::RenameInstance { .. }
            | Call::RenameCluster { .. }
            | Call::LiftProtection { .. }
            | Call::DeleteInstance { .. }
            | Call::DeleteCluster { .. } => retire(&client, &what, call).await,
            Call::CreateSnapshot { .. }
            | Call::CopySnapshot { .. }
            | Call::Remove { .. }
            | Call::DeleteGlobal { .. }
            | Call::CreateGlobal { .. }
            | Call::CreateMember { .. }
            | Call::CreateInstance { .. }
            | Call::CreateEndpoint { .. } => build(&client, &what, call).await,
        }
    }
}

/// Makes one call. What RDS is not in a state for is looked at again by the next pass; what is there already was made by an
/// earlier one that saw no answer.
async fn make<T: Send, E>(
    what: &str,
    sent: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
) -> Result<Accepted, Error>
where
    E: std::error::Error + ProvideErrorMetadata + Send + 'static,
{
    let why = match sent.await {
        Ok(_) => return Ok(Accepted::Yes),
        Err(why) => why,
    };
    let said = why.message().unwrap_or_default().to_owned();
    if why.code().is_some_and(|code| NOT_NOW.contains(&code)) {
        return Ok(Accepted::NotNow(said));
    }
    // Another pass removed it: the next one sees that.
    if said.contains("is not found in global cluster") {
        return Ok(Accepted::Yes);
    }
    Err(error(what, &why))
}

/// The calls that take something from a deposed cluster.
async fn retire(client: &Client, what: &str, call: &Call) -> Result<Accepted, Error> {
    match call {
        Call::DeleteEndpoint { endpoint } => {
            let call = client.delete_db_cluster_endpoint();
            make(what, call.db_cluster_endpoint_identifier(endpoint).send()).await
        }
        Call::RenameInstance { instance, to } => {
            let call = client.modify_db_instance().apply_immediately(true);
            let call = call.db_instance_identifier(instance);
            make(what, call.new_db_instance_identifier(to).send()).await
        }
        Call::RenameCluster { cluster, to } => {
            let call = client.modify_db_cluster().apply_immediately(true);
            let call = call.db_cluster_identifier(cluster);
            make(what, call.new_db_cluster_identifier(to).send()).await
        }
        Call::LiftProtection { cluster } => {
            let call = client.modify_db_cluster().apply_immediately(true);
            let call = call.db_cluster_identifier(cluster);
            make(what, call.deletion_protection(false).send()).await
        }
        Call::DeleteInstance { instance } => {
            let call = client.delete_db_instance().skip_final_snapshot(true);
            make(what, call.db_instance_identifier(instance).send()).await
        }
        Call::DeleteCluster { cluster } => {
            // The final snapshot was taken and seen available before.
            let call = client.delete_db_cluster().skip_final_snapshot(true);
            let call = call.delete_automated_backups(false);
            make(what, call.db_cluster_identifier(cluster).send()).await
        }
        Call::CreateSnapshot { .. }
        | Call::CopySnapshot { .. }
        | Call::Remove { .. }
        | Call::DeleteGlobal { .. }
        | Call::CreateGlobal { .. }
        | Call::CreateMember { .. }
        | Call::CreateInstance { .. }
        | Call::CreateEndpoint { .. } => misplaced(what),
    }
}

/// The calls that make something, and those on global clusters.
async fn build(client: &Client, what: &str, call: &Call) -> Result<Accepted, Error> {
    match call {
        Call::CreateSnapshot { cluster, snapshot } => {
            let call = client.create_db_cluster_snapshot();
            let call = call.db_cluster_identifier(cluster);
            make(what, call.db_cluster_snapshot_identifier(snapshot).send()).await
        }
        Call::CopySnapshot { source, snapshot } => {
            let call = client.copy_db_cluster_snapshot().copy_tags(true);
            let call = call.source_db_cluster_snapshot_identifier(source);
            let call = call.target_db_cluster_snapshot_identifier(snapshot);
            make(what, call.send()).await
        }
        Call::Remove {
            global_cluster,
            arn,
        } => {
            let call = client.remove_from_global_cluster();
            let call = call.global_cluster_identifier(global_cluster);
            make(what, call.db_cluster_identifier(arn).send()).await
        }
        Call::DeleteGlobal { global_cluster } => {
            let call = client.delete_global_cluster();
            make(what, call.global_cluster_identifier(global_cluster).send()).await
        }
        Call::CreateGlobal {
            global_cluster,
            source_arn,
        } => {
            let call = client.create_global_cluster();
            let call = call.global_cluster_identifier(global_cluster);
            make(what, call.source_db_cluster_identifier(source_arn).send()).await
        }
        Call::CreateMember {
            global_cluster,
            engine_version,
            like,
        } => member(client, what, (global_cluster, engine_version), like).await,
        Call::CreateInstance { cluster, like } => {
            let call = client
                .create_db_instance()
                .db_instance_identifier(&like.identifier)
                .db_cluster_identifier(cluster)
                .db_instance_class(&like.class)
                .engine(ENGINE)
                .set_promotion_tier(like.promotion_tier)
                .set_db_parameter_group_name(like.parameter_group.clone());
            make(what, call.send()).await
        }
        Call::CreateEndpoint { cluster, like } => {
            let call = client
                .create_db_cluster_endpoint()
                .db_cluster_identifier(cluster)
                .db_cluster_endpoint_identifier(&like.identifier)
                .endpoint_type(&like.kind)
                .set_static_members(some(like.static_members.clone()))
                .set_excluded_members(some(like.excluded_members.clone()));
            make(what, call.send()).await
        }
        Call::DeleteEndpoint { .. }
        | Call::RenameInstance { .. }
        | Call::RenameCluster { .. }
        | Call::LiftProtection { .. }
        | Call::DeleteInstance { .. }
        | Call::DeleteCluster { .. } => misplaced(what),
    }
}

fn misplaced(what: &str) -> Result<Accepted, Error> {
    Err(Error::InvalidRequest(format!(
        "{what} is no call of this kind"
    )))
}

/// A secondary takes logins, database and encryption from the primary; the rest is as it was.
async fn member(
    client: &Client,
    what: &str,
    (global_cluster, engine_version): (&str, &str),
    like: &Shape,
) -> Result<Accepted, Error> {
    let tag =
        |(key, value): (&String, &String)| types::Tag::builder().key(key).value(value).build();
    let call = client
        .create_db_cluster()
        .db_cluster_identifier(&like.identifier)
        .global_cluster_identifier(global_cluster)
        .engine(ENGINE)
        .engine_version(engine_version)
        .set_port(like.port)
        .set_db_subnet_group_name(like.subnet_group.clone())
        .set_vpc_security_group_ids(some(like.security_groups.clone()))
        .set_db_cluster_parameter_group_name(like.parameter_group.clone())
        .set_kms_key_id(like.kms_key.clone())
        .enable_iam_database_authentication(like.iam_authentication)
        .deletion_protection(like.deletion_protection)
        .set_backup_retention_period(like.backup_retention_days)
        .set_enable_cloudwatch_logs_exports(some(like.log_exports.clone()))
        .set_tags(some(like.tags.iter().map(tag).collect()));
    make(what, call.send()).await
}

/// A list, unless it is empty: RDS takes an empty one for a change.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn shape(
    found: types::DbCluster,
    instances: Vec<types::DbInstance>,
    endpoints: Vec<types::DbClusterEndpoint>,
) -> Shape {
    let groups = found.vpc_security_groups.unwrap_or_default();
    let tags = found.tag_list.unwrap_or_default().into_iter();
    // RDS's own tags cannot be given.
    let tags = tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())));
    let tags: BTreeMap<_, _> = tags.filter(|(key, _)| !key.starts_with("aws:")).collect();
    let mut instances: Vec<_> = instances.into_iter().map(instance_of).collect();
    instances.sort_by(|one, other| one.identifier.cmp(&other.identifier));
    Shape {
        identifier: found.db_cluster_identifier.unwrap_or_default(),
        arn: found.db_cluster_arn.unwrap_or_default(),
        resource_id: found.db_cluster_resource_id.unwrap_or_default(),
        status: found.status.unwrap_or_default(),
        global_cluster: found
            .global_cluster_identifier
            .filter(|identifier| !identifier.is_empty()),
        port: found.port,
        subnet_group: found.db_subnet_group,
        security_groups: groups
            .into_iter()
            .filter_map(|group| group.vpc_security_group_id)
            .collect(),
        parameter_group: found.db_cluster_parameter_group,
        kms_key: found.kms_key_id,
        iam_authentication: found
            .iam_database_authentication_enabled
            .unwrap_or_default(),
        deletion_protection: found.deletion_protection.unwrap_or_default(),
        backup_retention_days: found.backup_retention_period,
        log_exports: found.enabled_cloudwatch_logs_exports.unwrap_or_default(),
        tags,
        instances,
        endpoints: endpoints.into_iter().filter_map(endpoint_of).collect(),
    }
}

fn instance_of(found: types::DbInstance) -> InstanceShape {
    let groups = found.db_parameter_groups.unwrap_or_default();
    InstanceShape {
        identifier: found.db_instance_identifier.unwrap_or_default(),
        status: found.db_instance_status.unwrap_or_default(),
        class: found.db_instance_class.unwrap_or_default(),
        promotion_tier: found.promotion_tier,
        parameter_group: groups
            .into_iter()
            .find_map(|group| group.db_parameter_group_name),
    }
}

/// Every cluster's own endpoints have no identifier.
fn endpoint_of(found: types::DbClusterEndpoint) -> Option<EndpointShape> {
    Some(EndpointShape {
        identifier: found.db_cluster_endpoint_identifier?,
        kind: found.custom_endpoint_type.unwrap_or_else(|| "ANY".into()),
        static_members: found.static_members.unwrap_or_default(),
        excluded_members: found.excluded_members.unwrap_or_default(),
    })
}

fn snapshot_of(found: types::DbClusterSnapshot) -> Snapshot {
    let taken_at = found.snapshot_create_time.and_then(|at| {
        let seconds = at.secs();
        Timestamp::from_second(seconds).ok()
    });
    Snapshot {
        identifier: found.db_cluster_snapshot_identifier.unwrap_or_default(),
        status: found.status.unwrap_or_default(),
        kind: found.snapshot_type.unwrap_or_default(),
        resource_id: found.db_cluster_resource_id.unwrap_or_default(),
        taken_at,
    }
}

impl Blueprints for Aws {
    async fn blueprint(
        &self,
        plan: &PlanName,
        member: &Region,
    ) -> Result<Option<Blueprint>, Error> {
        self.blueprint_item(plan, member).await
    }

    async fn put_blueprint(
        &self,
        plan: &PlanName,
        member: &Region,
        blueprint: &Blueprint,
    ) -> Result<(), Error> {
        self.put_blueprint_item(plan, member, blueprint).await
    }
}
