//! The port [`Members`], carried out at RDS: the topology's only place that names an SDK.

mod forwarding;
mod rebuild;
mod shown;

use std::time::Duration;

use ::aws::{Aws, accepted, client, error, looked, once};
use aws_sdk_rds::{
    config::{Builder, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
    types,
};
use failover::{
    Error,
    domain::Region,
    evidence::Rds,
    topology::{Call, Cluster, Forwarding, GlobalCluster, ParameterGroup, Reach, Shape, Snapshot},
};

use self::shown::{cluster, global_cluster, of_cluster};
use crate::members::{Accepted, BlueGreen, Members, Quota};

/// How long the instances' statuses are waited for beside the cluster's: they only add to it.
const INSTANCES: Duration = Duration::from_millis(1500);

/// Stands for the statuses of instances that RDS did not tell.
const UNREAD: &str = "unread";

impl<K> Members for Aws<K> {
    async fn look(&self, region: &Region, identifier: &str) -> Rds {
        looked(|| look_once(self, region, identifier)).await
    }

    async fn cluster(&self, region: &Region, identifier: &str) -> Result<Option<Cluster>, Error> {
        let Some(found) = db_cluster(self, region, identifier).await? else {
            return Ok(None);
        };
        let client = client!(self, aws_sdk_rds, region);
        let instances = client
            .describe_db_instances()
            .filters(of_cluster(identifier))
            .send()
            .await
            .map_err(|why| error(&format!("RDS DescribeDBInstances in {region}"), &why))?;
        Ok(Some(cluster(
            found,
            &instances.db_instances.unwrap_or_default(),
        )))
    }

    async fn forwarding(&self, cluster: &Cluster) -> Result<Forwarding, Error> {
        forwarding::shown(self, cluster).await
    }

    async fn global_cluster(
        &self,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<GlobalCluster>, Error> {
        // A writer that stands alone has none. RDS would list all of the account, which no role may see, or refuse the empty name.
        if identifier.is_empty() {
            return Ok(None);
        }
        let answer = client!(self, aws_sdk_rds, region)
            .describe_global_clusters()
            .global_cluster_identifier(identifier)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let found = answer
                    .global_clusters
                    .unwrap_or_default()
                    .into_iter()
                    .map(global_cluster);
                Ok(found
                    .into_iter()
                    .find(|global| global.identifier.eq_ignore_ascii_case(identifier)))
            }
            Err(why) if why.code() == Some("GlobalClusterNotFoundFault") => Ok(None),
            Err(why) => Err(error(
                &format!("RDS DescribeGlobalClusters in {region}"),
                &why,
            )),
        }
    }

    async fn blue_green(&self, region: &Region) -> Result<Vec<BlueGreen>, Error> {
        let what = format!("RDS DescribeBlueGreenDeployments in {region}");
        let mut pages = client!(self, aws_sdk_rds, region)
            .describe_blue_green_deployments()
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|why| error(&what, &why))?;
            let deployments = page.blue_green_deployments.unwrap_or_default().into_iter();
            found.extend(deployments.map(|one| BlueGreen {
                name: one.blue_green_deployment_name.unwrap_or_default(),
                source: one.source.unwrap_or_default(),
                status: one.status.unwrap_or_default(),
            }));
        }
        Ok(found)
    }

    async fn account_quotas(&self, region: &Region) -> Result<Vec<Quota>, Error> {
        let answer = client!(self, aws_sdk_rds, region)
            .describe_account_attributes()
            .send()
            .await
            .map_err(|why| error(&format!("RDS DescribeAccountAttributes in {region}"), &why))?;
        let quotas = answer.account_quotas.unwrap_or_default().into_iter();
        let count = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
        Ok(quotas
            .filter_map(|quota| {
                Some(Quota {
                    name: quota.account_quota_name?,
                    used: count(quota.used)?,
                    max: count(quota.max)?,
                })
            })
            .collect())
    }

    async fn fail_over(
        &self,
        region: &Region,
        global_cluster: &str,
        target_arn: &str,
    ) -> Result<Accepted, Error> {
        let answer = client!(self, aws_sdk_rds, region)
            .failover_global_cluster()
            .global_cluster_identifier(global_cluster)
            .target_db_cluster_identifier(target_arn)
            // Without this flag the call asks for a switchover, which needs the primary that is gone.
            .allow_data_loss(true)
            .customize()
            .config_override(once!(aws_sdk_rds))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Accepted::Yes),
            Err(why) => accepted(&format!("RDS FailoverGlobalCluster in {region}"), &why),
        }
    }

    async fn detach(
        &self,
        region: &Region,
        global_cluster: &str,
        target_arn: &str,
    ) -> Result<Accepted, Error> {
        let answer = client!(self, aws_sdk_rds, region)
            .remove_from_global_cluster()
            .global_cluster_identifier(global_cluster)
            .db_cluster_identifier(target_arn)
            .customize()
            .config_override(once!(aws_sdk_rds))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Accepted::Yes),
            // Another pass detached it: the next one sees that.
            Err(why)
                if why
                    .message()
                    .is_some_and(|said| said.contains("is not found in global cluster")) =>
            {
                Ok(Accepted::Yes)
            }
            Err(why) => accepted(&format!("RDS RemoveFromGlobalCluster in {region}"), &why),
        }
    }

    async fn switch_over(
        &self,
        region: &Region,
        global_cluster: &str,
        target_arn: &str,
    ) -> Result<Accepted, Error> {
        let answer = client!(self, aws_sdk_rds, region)
            .switchover_global_cluster()
            .global_cluster_identifier(global_cluster)
            .target_db_cluster_identifier(target_arn)
            .customize()
            .config_override(once!(aws_sdk_rds))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Accepted::Yes),
            Err(why) => accepted(&format!("RDS SwitchoverGlobalCluster in {region}"), &why),
        }
    }

    fn reach(&self) -> Option<&Reach> {
        self.settings().reach.as_ref()
    }

    async fn shape(&self, region: &Region, cluster: &str) -> Result<Option<Shape>, Error> {
        rebuild::whole_cluster(self, region, cluster).await
    }

    async fn snapshot(&self, region: &Region, snapshot: &str) -> Result<Option<Snapshot>, Error> {
        rebuild::snapshot(self, region, snapshot).await
    }

    async fn unplanned_snapshots(
        &self,
        region: &Region,
        cluster: &str,
    ) -> Result<Vec<Snapshot>, Error> {
        rebuild::kept_snapshots(self, region, cluster).await
    }

    async fn family(
        &self,
        region: &Region,
        group: &ParameterGroup,
    ) -> Result<Option<String>, Error> {
        rebuild::family(self, region, group).await
    }

    async fn call(&self, region: &Region, call: &Call) -> Result<Accepted, Error> {
        rebuild::call(self, region, call).await
    }
}

/// A cluster as RDS describes it; `None` when there is none of this name.
async fn db_cluster<K>(
    aws: &Aws<K>,
    region: &Region,
    identifier: &str,
) -> Result<Option<types::DbCluster>, Error> {
    let answer = client!(aws, aws_sdk_rds, region)
        .describe_db_clusters()
        .db_cluster_identifier(identifier)
        .send()
        .await;
    match answer {
        Ok(answer) => Ok(answer.db_clusters.unwrap_or_default().into_iter().next()),
        Err(why) if why.code() == Some("DBClusterNotFoundFault") => Ok(None),
        Err(why) => Err(error(&format!("RDS DescribeDBClusters in {region}"), &why)),
    }
}

/// One attempt.
async fn look_once<K>(aws: &Aws<K>, region: &Region, identifier: &str) -> Rds {
    // A retry that hangs would hide the answer that came before it.
    let once = || Builder::new().retry_config(RetryConfig::disabled());
    let client = client!(aws, aws_sdk_rds, region);
    let clusters = client
        .describe_db_clusters()
        .db_cluster_identifier(identifier)
        .customize()
        .config_override(once())
        .send();
    let instances = client
        .describe_db_instances()
        .filters(of_cluster(identifier))
        .customize()
        .config_override(once())
        .send();
    let (clusters, instances) = tokio::join!(clusters, tokio::time::timeout(INSTANCES, instances));
    let what = format!("RDS DescribeDBClusters in {region}");
    let found = match clusters {
        Ok(answer) => answer.db_clusters.unwrap_or_default().into_iter().next(),
        Err(why @ SdkError::ServiceError(_)) => {
            return Rds::Other {
                why: error(&what, &why).to_string(),
            };
        }
        Err(why) => {
            return Rds::Silent {
                why: error(&what, &why).to_string(),
            };
        }
    };
    let Some(found) = found else {
        return Rds::Other {
            why: format!("{what}: there is no {identifier}"),
        };
    };
    let statuses = |instances: Vec<types::DbInstance>| {
        let statuses = instances.into_iter();
        statuses
            .filter_map(|instance| instance.db_instance_status)
            .collect()
    };
    Rds::Status {
        cluster: found.status.unwrap_or_default(),
        instances: match instances {
            Ok(Ok(answer)) => statuses(answer.db_instances.unwrap_or_default()),
            // RDS may be working on one of them: what was not seen is not at rest.
            _ => vec![UNREAD.into()],
        },
    }
}
