//! RDS and ECS by hand: what they show, and what a human does there.

use aws_sdk_rds::types::{DbCluster, DbClusterEndpoint, GlobalCluster};
use failover::installation::named;

use crate::{
    profile::{ECS_CLUSTER, HOME, STANDBY, cluster},
    scenario::{Drill, RUN},
    timeline::Kind,
    world::Trouble,
};

/// A custom endpoint that the home member has from the start.
pub(crate) const REPORTS: &str = "orders-reports";

pub(crate) fn rds(drill: &Drill<'_>, region: &str) -> aws_sdk_rds::Client {
    let endpoint = format!("http://{}", drill.world.simulator.address());
    let config = drill.world.emulator.sdk_config(region).into_builder();
    aws_sdk_rds::Client::new(&config.endpoint_url(endpoint).build())
}

/// RDS of a Region, read as the functions read it.
pub(crate) fn control_plane(drill: &Drill<'_>, region: &str) -> aws::Aws {
    let settings = aws::Settings {
        ledger_table: named("ledger"),
        loss_bucket: None,
        machine: None,
        reach: None,
        resolver: None,
        version: None,
        ca_bundle: std::path::PathBuf::new(),
    };
    let endpoint = format!("http://{}", drill.world.simulator.address());
    let config = drill.world.emulator.sdk_config(region).into_builder();
    aws::Aws::new(config.endpoint_url(endpoint).build(), settings)
}

pub(crate) async fn create_reports(drill: &Drill<'_>) -> Result<(), Trouble> {
    rds(drill, HOME)
        .create_db_cluster_endpoint()
        .db_cluster_identifier(cluster(HOME))
        .db_cluster_endpoint_identifier(REPORTS)
        .endpoint_type("READER")
        .static_members("orders-west-1")
        .send()
        .await?;
    Ok(())
}

pub(crate) async fn endpoints(drill: &Drill<'_>) -> Vec<DbClusterEndpoint> {
    let answer = rds(drill, HOME)
        .describe_db_cluster_endpoints()
        .send()
        .await;
    let answer = answer.ok().and_then(|answer| answer.db_cluster_endpoints);
    answer.unwrap_or_default()
}

/// The global clusters that either Region knows.
pub(crate) async fn globals(drill: &Drill<'_>) -> Vec<GlobalCluster> {
    let mut found: Vec<GlobalCluster> = Vec::new();
    for region in [HOME, STANDBY] {
        let answer = rds(drill, region).describe_global_clusters().send().await;
        let globals = answer.ok().and_then(|answer| answer.global_clusters);
        for global in globals.unwrap_or_default() {
            let is_it = |other: &GlobalCluster| {
                other.global_cluster_identifier == global.global_cluster_identifier
            };
            if !found.iter().any(is_it) {
                found.push(global);
            }
        }
    }
    found
}

pub(crate) async fn clusters(drill: &Drill<'_>) -> Vec<String> {
    let answer = rds(drill, HOME).describe_db_clusters().send().await;
    let found = answer.ok().and_then(|answer| answer.db_clusters);
    let found = found.unwrap_or_default().into_iter();
    found
        .filter_map(|found| found.db_cluster_identifier)
        .collect()
}

pub(crate) async fn snapshots(drill: &Drill<'_>, kind: &str) -> Vec<String> {
    let answer = rds(drill, HOME)
        .describe_db_cluster_snapshots()
        .snapshot_type(kind)
        .send()
        .await;
    let found = answer.ok().and_then(|answer| answer.db_cluster_snapshots);
    let found = found.unwrap_or_default().into_iter();
    found
        .filter_map(|found| found.db_cluster_snapshot_identifier)
        .collect()
}

/// The tasks that the standby Region's `worker` should have.
pub(crate) async fn pilot_light(drill: &Drill<'_>) -> i32 {
    tasks(drill, STANDBY, "worker").await
}

/// The tasks that a service of a Region should have; -1 where there is none.
pub(crate) async fn tasks(drill: &Drill<'_>, region: &str, service: &str) -> i32 {
    let ecs = aws_sdk_ecs::Client::new(&drill.world.emulator.sdk_config(region));
    let answer = ecs
        .describe_services()
        .cluster(ECS_CLUSTER)
        .services(service)
        .send()
        .await;
    let services = answer.ok().and_then(|answer| answer.services);
    let mut services = services.unwrap_or_default().into_iter();
    services.next().map_or(-1, |service| service.desired_count)
}

/// Waits until a cluster of the home Region is available.
pub(crate) async fn available(drill: &Drill<'_>, cluster: &str) {
    let is_available = async || {
        let found = described(drill, cluster).await;
        found.is_ok_and(|found| found.status.as_deref() == Some("available"))
    };
    drill.until(RUN, "an available cluster", is_available).await;
}

async fn described(drill: &Drill<'_>, cluster: &str) -> Result<DbCluster, Trouble> {
    let rds = rds(drill, HOME);
    let answer = rds.describe_db_clusters().db_cluster_identifier(cluster);
    let found = answer.send().await?.db_clusters.unwrap_or_default();
    let found = found.into_iter().next();
    Ok(found.ok_or_else(|| format!("RDS knows no cluster {cluster}"))?)
}

/// Restores what a managed failover kept as a cluster of its own, with an instance and an address.
pub(crate) async fn restore(drill: &Drill<'_>, cluster: &str) -> Result<(), Trouble> {
    const ENGINE: &str = "aurora-postgresql";
    let rds = rds(drill, HOME);
    let automated = rds
        .describe_db_cluster_snapshots()
        .snapshot_type("automated");
    let kept = async || {
        let answer = automated.clone().send().await.ok();
        let found = answer.and_then(|answer| answer.db_cluster_snapshots);
        let mut found = found.unwrap_or_default().into_iter();
        let kept = found.find(|kept| kept.status.as_deref() == Some("available"));
        kept.and_then(|kept| kept.db_cluster_snapshot_identifier)
    };
    let is_kept = async || kept().await.is_some();
    drill.until(RUN, "an available snapshot", is_kept).await;
    let kept = kept().await.ok_or("no snapshot was kept")?;
    let text = format!("restores {kept} as {cluster}");
    drill.world.timeline.say(Kind::Run, "a human", text);
    rds.restore_db_cluster_from_snapshot()
        .db_cluster_identifier(cluster)
        .snapshot_identifier(kept)
        .engine(ENGINE)
        .port(i32::from(drill.world.roads.port()))
        .send()
        .await?;
    available(drill, cluster).await;
    rds.create_db_instance()
        .db_instance_identifier(format!("{cluster}-1"))
        .db_cluster_identifier(cluster)
        .db_instance_class("db.r6g.large")
        .engine(ENGINE)
        .send()
        .await?;
    let instances = rds.describe_db_instances();
    let instances = instances.db_instance_identifier(format!("{cluster}-1"));
    let is_available = async || {
        let answer = instances.clone().send().await.ok();
        let found = answer.and_then(|answer| answer.db_instances);
        let mut found = found.unwrap_or_default().into_iter();
        found.any(|found| found.db_instance_status.as_deref() == Some("available"))
    };
    drill
        .until(RUN, "an available instance", is_available)
        .await;
    let endpoint = described(drill, cluster).await?.endpoint;
    let endpoint = endpoint.ok_or("it has no endpoint")?;
    drill.world.open_roads_to(HOME, cluster, &endpoint).await
}

/// Deletes a cluster of the home Region and its instances, without a snapshot.
pub(crate) async fn delete_cluster(drill: &Drill<'_>, cluster: &str) -> Result<(), Trouble> {
    let rds = rds(drill, HOME);
    let found = described(drill, cluster).await?;
    let instances = found.db_cluster_members.unwrap_or_default().into_iter();
    for instance in instances.filter_map(|member| member.db_instance_identifier) {
        let delete = rds.delete_db_instance().db_instance_identifier(instance);
        delete.send().await?;
    }
    rds.modify_db_cluster()
        .db_cluster_identifier(cluster)
        .deletion_protection(false)
        .send()
        .await?;
    let delete = rds.delete_db_cluster().db_cluster_identifier(cluster);
    delete.skip_final_snapshot(true).send().await?;
    Ok(())
}
