//! The port [`Makes`], carried out at RDS.

mod inputs;

use ::aws::{
    Aws, client, error, once_rds, repeated,
    shapes::{instances, timestamp},
};
use aws_sdk_rds::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use failover::{
    Error,
    domain::Region,
    topology::{Accepted, Reach, Snapshot},
};

use super::{described, instance};
use crate::members::{
    Makes,
    makes::{Call, Whole},
};

impl<K> Makes for Aws<K> {
    async fn whole(&self, region: &Region, identifier: &str) -> Result<Option<Whole>, Error> {
        let found = described(self, region, identifier).await?;
        Ok(found.map(|found| Whole {
            created_at: found.instance_create_time.and_then(timestamp),
            shape: instances::shape(found.clone()),
            instance: instance(found),
        }))
    }

    async fn snapshot(&self, region: &Region, snapshot: &str) -> Result<Option<Snapshot>, Error> {
        let answer = client!(self, aws_sdk_rds, region)
            .describe_db_snapshots()
            .db_snapshot_identifier(snapshot)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let found = answer.db_snapshots.unwrap_or_default();
                Ok(found.into_iter().next().map(instances::snapshot))
            }
            Err(why) if why.code() == Some("DBSnapshotNotFound") => Ok(None),
            Err(why) => Err(error(&format!("RDS DescribeDBSnapshots in {region}"), &why)),
        }
    }

    async fn family(&self, region: &Region, group: &str) -> Result<Option<String>, Error> {
        let answer = client!(self, aws_sdk_rds, region)
            .describe_db_parameter_groups()
            .db_parameter_group_name(group)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let groups = answer.db_parameter_groups.unwrap_or_default();
                Ok(groups
                    .into_iter()
                    .find_map(|group| group.db_parameter_group_family))
            }
            Err(why) if why.code() == Some("DBParameterGroupNotFound") => Ok(None),
            Err(why) => Err(error(
                &format!("RDS DescribeDBParameterGroups in {region}"),
                &why,
            )),
        }
    }

    fn reach(&self) -> Option<&Reach> {
        self.settings().reach.as_ref()
    }

    async fn call(&self, region: &Region, call: &Call) -> Result<Accepted, Error> {
        let client = once_rds(self, region);
        let what = format!("RDS {} in {region}", call.operation());
        match call {
            Call::CreateSnapshot { instance, snapshot } => {
                let call = client.create_db_snapshot().db_instance_identifier(instance);
                sent(&what, call.db_snapshot_identifier(snapshot).send()).await
            }
            Call::Rename { instance, to } => {
                let call = client.modify_db_instance().apply_immediately(true);
                let call = call.db_instance_identifier(instance);
                sent(&what, call.new_db_instance_identifier(to).send()).await
            }
            Call::LiftProtection { instance } => {
                let call = client.modify_db_instance().apply_immediately(true);
                let call = call.db_instance_identifier(instance);
                sent(&what, call.deletion_protection(false).send()).await
            }
            Call::Delete { instance } => {
                // The final snapshot was taken and seen available before.
                let call = client.delete_db_instance().skip_final_snapshot(true);
                let call = call.delete_automated_backups(false);
                sent(&what, call.db_instance_identifier(instance).send()).await
            }
            Call::CreateReplica { source_arn, like } => {
                let input = inputs::replica(source_arn, like);
                sent(&what, input.send_with(&client)).await
            }
            Call::Complete { like } => {
                let input = inputs::completed(like);
                sent(&what, input.send_with(&client)).await
            }
        }
    }
}

async fn sent<T: Send, E>(
    what: &str,
    sent: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
) -> Result<Accepted, Error>
where
    E: std::error::Error + ProvideErrorMetadata + Send + 'static,
{
    match sent.await {
        Ok(_) => Ok(Accepted::Yes),
        Err(why) => repeated(what, &why),
    }
}
