//! RDS, as a rebuild reads and changes it.

mod inputs;
mod make;

use ::aws::{
    Aws, client, error, once_rds,
    shapes::{
        clusters::{shape, snapshot as snapshot_of},
        tags,
    },
};
use aws_sdk_rds::{error::ProvideErrorMetadata, types};
use failover::{
    Error,
    domain::Region,
    topology::{Call, EndpointShape, ParameterGroup, Shape, Snapshot},
};

use super::{db_cluster, shown::of_cluster};
use crate::members::Accepted;

/// How RDS names what a managed failover kept of a cluster.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html>.
const UNPLANNED: &str = "rds:unplanned-global-failover-";

pub(super) async fn whole_cluster<K>(
    aws: &Aws<K>,
    region: &Region,
    cluster: &str,
) -> Result<Option<Shape>, Error> {
    let Some(found) = db_cluster(aws, region, cluster).await? else {
        return Ok(None);
    };
    let client = client!(aws, aws_sdk_rds, region);
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
    let instances =
        instances.map_err(|why| error(&format!("RDS DescribeDBInstances in {region}"), &why))?;
    let endpoints = endpoints
        .map_err(|why| error(&format!("RDS DescribeDBClusterEndpoints in {region}"), &why))?;
    let mut shape = shape(
        found,
        instances.db_instances.unwrap_or_default(),
        endpoints.db_cluster_endpoints.unwrap_or_default(),
    );
    for (endpoint, arn) in &mut shape.1 {
        tag(aws, region, endpoint, arn).await?;
    }
    let (mut shape, endpoints) = shape;
    shape.endpoints = endpoints
        .into_iter()
        .map(|(endpoint, _)| endpoint)
        .collect();
    Ok(Some(shape))
}

pub(super) async fn snapshot<K>(
    aws: &Aws<K>,
    region: &Region,
    snapshot: &str,
) -> Result<Option<Snapshot>, Error> {
    let answer = client!(aws, aws_sdk_rds, region)
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

pub(super) async fn kept_snapshots<K>(
    aws: &Aws<K>,
    region: &Region,
    cluster: &str,
) -> Result<Vec<Snapshot>, Error> {
    let answer = client!(aws, aws_sdk_rds, region)
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

pub(super) async fn family<K>(
    aws: &Aws<K>,
    region: &Region,
    group: &ParameterGroup,
) -> Result<Option<String>, Error> {
    let client = client!(aws, aws_sdk_rds, region);
    match group {
        ParameterGroup::Cluster(name) => {
            let call = client.describe_db_cluster_parameter_groups();
            match call.db_cluster_parameter_group_name(name).send().await {
                Ok(answer) => {
                    let groups = answer.db_cluster_parameter_groups.unwrap_or_default();
                    Ok(groups
                        .into_iter()
                        .find_map(|group| group.db_parameter_group_family))
                }
                Err(why) if is_no_group(why.code()) => Ok(None),
                Err(why) => Err(error(
                    &format!("RDS DescribeDBClusterParameterGroups in {region}"),
                    &why,
                )),
            }
        }
        ParameterGroup::Instance(name) => {
            let call = client.describe_db_parameter_groups();
            match call.db_parameter_group_name(name).send().await {
                Ok(answer) => {
                    let groups = answer.db_parameter_groups.unwrap_or_default();
                    Ok(groups
                        .into_iter()
                        .find_map(|group| group.db_parameter_group_family))
                }
                Err(why) if is_no_group(why.code()) => Ok(None),
                Err(why) => Err(error(
                    &format!("RDS DescribeDBParameterGroups in {region}"),
                    &why,
                )),
            }
        }
    }
}

pub(super) async fn call<K>(aws: &Aws<K>, region: &Region, call: &Call) -> Result<Accepted, Error> {
    let client = once_rds(aws, region);
    let what = format!("RDS {} in {region}", call.operation());
    make::make(&client, &what, call).await
}

fn is_no_group(code: Option<&str>) -> bool {
    matches!(
        code,
        Some("DBParameterGroupNotFound" | "DBClusterParameterGroupNotFound")
    )
}

/// Reads an endpoint's tags, which no description holds.
async fn tag<K>(
    aws: &Aws<K>,
    region: &Region,
    endpoint: &mut EndpointShape,
    arn: &str,
) -> Result<(), Error> {
    let answer = client!(aws, aws_sdk_rds, region)
        .list_tags_for_resource()
        .resource_name(arn)
        .send()
        .await;
    match answer {
        Ok(answer) => {
            endpoint.tags = tags(answer.tag_list);
            Ok(())
        }
        // It went meanwhile.
        Err(why) if why.code().is_some_and(|code| code.contains("NotFound")) => Ok(()),
        Err(why) => Err(error(&format!("RDS ListTagsForResource in {region}"), &why)),
    }
}
