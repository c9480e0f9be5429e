//! The port [`Databases`], carried out at RDS.

use ::aws::{
    Aws, client, error, once_rds,
    shapes::{clusters, instances, tags},
};
use aws_sdk_rds::{Client, error::ProvideErrorMetadata, types};
use failover::{
    Error,
    domain::Region,
    topology::{Accepted, EndpointShape, RoleShape},
};

use crate::databases::{Change, Databases, Found, Kind, Room, Taken};

mod inputs;
mod make;

/// What an instance's roles begin with among what a replica cannot be given.
const ROLE: &str = "the role ";

impl<K> Databases for Aws<K> {
    async fn database(
        &self,
        kind: Kind,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<Found>, Error> {
        let client = client!(self, aws_sdk_rds, region);
        match kind {
            Kind::Instance => instance(&client, region, identifier).await,
            Kind::Cluster => cluster(&client, region, identifier).await,
        }
    }

    async fn database_snapshot(
        &self,
        kind: Kind,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<Taken>, Error> {
        let client = client!(self, aws_sdk_rds, region);
        match kind {
            Kind::Instance => of_instance(&client, region, identifier).await,
            Kind::Cluster => of_cluster(&client, region, identifier).await,
        }
    }

    /// A figure that nobody tells holds up no run.
    async fn snapshot_room(&self, kind: Kind, region: &Region) -> Result<Option<Room>, Error> {
        let client = client!(self, aws_sdk_rds, region);
        match client.describe_account_attributes().send().await {
            Ok(answer) => Ok(room(kind, &answer.account_quotas.unwrap_or_default())),
            Err(why) => {
                let why = error(&format!("RDS DescribeAccountAttributes in {region}"), &why);
                tracing::info!(%region, %why, "nobody tells how many snapshots there may be");
                Ok(None)
            }
        }
    }

    async fn change_database(&self, change: &Change) -> Result<Accepted, Error> {
        let region = &change.region;
        let client = once_rds(self, region);
        let what = format!("RDS {} in {region}", change.call.operation());
        make::make(&client, &what, &change.call).await
    }
}

async fn instance(
    client: &Client,
    region: &Region,
    identifier: &str,
) -> Result<Option<Found>, Error> {
    let asked = client
        .describe_db_instances()
        .db_instance_identifier(identifier);
    let answer = match asked.send().await {
        Ok(answer) => answer.db_instances.unwrap_or_default(),
        Err(why) if why.code() == Some("DBInstanceNotFound") => return Ok(None),
        Err(why) => return Err(error(&format!("RDS DescribeDBInstances in {region}"), &why)),
    };
    Ok(answer.into_iter().next().map(instance_of))
}

/// An instance with its roles, which a restored one can be given.
fn instance_of(found: types::DbInstance) -> Found {
    let roles = found.associated_roles.iter().flatten();
    let roles = roles.filter_map(|role| {
        Some(RoleShape {
            arn: role.role_arn.clone()?,
            feature: role.feature_name.clone().filter(|name| !name.is_empty()),
            status: role.status.clone().unwrap_or_default(),
        })
    });
    let roles = roles.collect();
    let replicas = [
        found.read_replica_db_instance_identifiers.clone(),
        found.read_replica_db_cluster_identifiers.clone(),
    ];
    let engine = found.engine.clone().unwrap_or_default();
    let engine_version = found.engine_version.clone().unwrap_or_default();
    let processor = found.processor_features.as_ref().map_or(0, Vec::len);
    let mut shape = instances::shape(found);
    if processor > 0 {
        shape.beyond.push("its processor features".into());
    }
    shape.roles = roles;
    shape.beyond.retain(|what| !what.starts_with(ROLE));
    let source = shape.global_cluster.take();
    Found {
        shape,
        engine,
        engine_version,
        source,
        replicas: replicas.into_iter().flatten().flatten().collect(),
    }
}

async fn cluster(
    client: &Client,
    region: &Region,
    identifier: &str,
) -> Result<Option<Found>, Error> {
    let asked = client
        .describe_db_clusters()
        .db_cluster_identifier(identifier);
    let answer = match asked.send().await {
        Ok(answer) => answer.db_clusters.unwrap_or_default(),
        Err(why) if why.code() == Some("DBClusterNotFoundFault") => return Ok(None),
        Err(why) => return Err(error(&format!("RDS DescribeDBClusters in {region}"), &why)),
    };
    let Some(found) = answer.into_iter().next() else {
        return Ok(None);
    };
    let filter =
        |name: &str, value: &str| types::Filter::builder().name(name).values(value).build();
    let instances = client
        .describe_db_instances()
        .filters(filter("db-cluster-id", identifier))
        .send();
    let endpoints = client
        .describe_db_cluster_endpoints()
        .db_cluster_identifier(identifier)
        .filters(filter("db-cluster-endpoint-type", "custom"))
        .send();
    let (instances, endpoints) = futures::join!(instances, endpoints);
    let instances =
        instances.map_err(|why| error(&format!("RDS DescribeDBInstances in {region}"), &why))?;
    let endpoints = endpoints
        .map_err(|why| error(&format!("RDS DescribeDBClusterEndpoints in {region}"), &why))?;
    let engine = found.engine.clone().unwrap_or_default();
    let engine_version = found.engine_version.clone().unwrap_or_default();
    let source = found.replication_source_identifier.clone();
    let replicas = found.read_replica_identifiers.clone().unwrap_or_default();
    let backtrack = found.backtrack_window.filter(|seconds| *seconds > 0);
    let (mut shape, endpoints) = clusters::shape(
        found,
        instances.db_instances.unwrap_or_default(),
        endpoints.db_cluster_endpoints.unwrap_or_default(),
    );
    let backtrack = backtrack.map(|seconds| format!("its backtrack window of {seconds} seconds"));
    shape.beyond.extend(backtrack);
    for (mut endpoint, arn) in endpoints {
        tag(client, region, &mut endpoint, &arn).await?;
        shape.endpoints.push(endpoint);
    }
    Ok(Some(Found {
        // A secondary of a global database names its primary too.
        source: source.filter(|source| !source.is_empty() && shape.global_cluster.is_none()),
        // A primary names its secondaries too.
        replicas: if shape.global_cluster.is_none() {
            replicas
        } else {
            Vec::new()
        },
        shape,
        engine,
        engine_version,
    }))
}

/// Reads an endpoint's tags, which no description holds.
async fn tag(
    client: &Client,
    region: &Region,
    endpoint: &mut EndpointShape,
    arn: &str,
) -> Result<(), Error> {
    let answer = client.list_tags_for_resource().resource_name(arn).send();
    match answer.await {
        Ok(answer) => {
            endpoint.tags = tags(answer.tag_list);
            Ok(())
        }
        // It went meanwhile.
        Err(why) if why.code().is_some_and(|code| code.contains("NotFound")) => Ok(()),
        Err(why) => Err(error(&format!("RDS ListTagsForResource in {region}"), &why)),
    }
}

async fn of_instance(
    client: &Client,
    region: &Region,
    identifier: &str,
) -> Result<Option<Taken>, Error> {
    let asked = client
        .describe_db_snapshots()
        .db_snapshot_identifier(identifier);
    let answer = match asked.send().await {
        Ok(answer) => answer.db_snapshots.unwrap_or_default(),
        Err(why) if why.code() == Some("DBSnapshotNotFound") => return Ok(None),
        Err(why) => return Err(error(&format!("RDS DescribeDBSnapshots in {region}"), &why)),
    };
    Ok(answer.into_iter().next().map(|found| {
        let rest = Taken {
            arn: found.db_snapshot_arn.clone().unwrap_or_default(),
            encrypted: found.encrypted.unwrap_or_default(),
            storage_gib: found.allocated_storage,
            percent: percent(found.percent_progress),
            tags: tags(found.tag_list.clone()),
            ..Taken::default()
        };
        taken(instances::snapshot(found), rest)
    }))
}

async fn of_cluster(
    client: &Client,
    region: &Region,
    identifier: &str,
) -> Result<Option<Taken>, Error> {
    let asked = client
        .describe_db_cluster_snapshots()
        .db_cluster_snapshot_identifier(identifier);
    let answer = match asked.send().await {
        Ok(answer) => answer.db_cluster_snapshots.unwrap_or_default(),
        Err(why) if why.code() == Some("DBClusterSnapshotNotFoundFault") => return Ok(None),
        Err(why) => {
            let what = format!("RDS DescribeDBClusterSnapshots in {region}");
            return Err(error(&what, &why));
        }
    };
    Ok(answer.into_iter().next().map(|found| {
        let rest = Taken {
            arn: found.db_cluster_snapshot_arn.clone().unwrap_or_default(),
            encrypted: found.storage_encrypted.unwrap_or_default(),
            storage_gib: found.allocated_storage,
            percent: percent(found.percent_progress),
            tags: tags(found.tag_list.clone()),
            ..Taken::default()
        };
        taken(clusters::snapshot(found), rest)
    }))
}

fn taken(snapshot: failover::topology::Snapshot, rest: Taken) -> Taken {
    Taken {
        identifier: snapshot.identifier,
        status: snapshot.status,
        resource_id: snapshot.resource_id,
        taken_at: snapshot.taken_at,
        ..rest
    }
}

/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_AccountQuota.html>.
fn room(kind: Kind, quotas: &[types::AccountQuota]) -> Option<Room> {
    let name = match kind {
        Kind::Instance => "ManualSnapshots",
        Kind::Cluster => "ManualClusterSnapshots",
    };
    let mut quotas = quotas.iter();
    let found = quotas.find(|quota| quota.account_quota_name.as_deref() == Some(name))?;
    Some(Room {
        most: u32::try_from(found.max?).ok()?,
        used: u32::try_from(found.used?).ok()?,
    })
}

fn percent(progress: Option<i32>) -> Option<u8> {
    progress.and_then(|percent| u8::try_from(percent).ok())
}

#[cfg(test)]
mod tests;
