//! What RDS and ECS show of a failback.

use aws_sdk_rds::types::{DbClusterEndpoint, GlobalCluster};

use crate::{
    profile::{ECS_CLUSTER, HOME, STANDBY, cluster},
    scenario::stage::Stage,
    world::Trouble,
};

/// A custom endpoint that the home member has from the start.
pub(super) const REPORTS: &str = "orders-reports";

pub(super) fn rds(stage: &Stage<'_>, region: &str) -> aws_sdk_rds::Client {
    let endpoint = format!("http://{}", stage.world.simulator.address());
    let config = stage.world.emulator.sdk_config(region).into_builder();
    aws_sdk_rds::Client::new(&config.endpoint_url(endpoint).build())
}

pub(super) async fn create_reports(stage: &Stage<'_>) -> Result<(), Trouble> {
    rds(stage, HOME)
        .create_db_cluster_endpoint()
        .db_cluster_identifier(cluster(HOME))
        .db_cluster_endpoint_identifier(REPORTS)
        .endpoint_type("READER")
        .static_members("orders-west-1")
        .send()
        .await?;
    Ok(())
}

pub(super) async fn endpoints(stage: &Stage<'_>) -> Vec<DbClusterEndpoint> {
    let answer = rds(stage, HOME)
        .describe_db_cluster_endpoints()
        .send()
        .await;
    let answer = answer.ok().and_then(|answer| answer.db_cluster_endpoints);
    answer.unwrap_or_default()
}

/// The global clusters that either Region knows.
pub(super) async fn globals(stage: &Stage<'_>) -> Vec<GlobalCluster> {
    let mut found: Vec<GlobalCluster> = Vec::new();
    for region in [HOME, STANDBY] {
        let answer = rds(stage, region).describe_global_clusters().send().await;
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

pub(super) async fn clusters(stage: &Stage<'_>) -> Vec<String> {
    let answer = rds(stage, HOME).describe_db_clusters().send().await;
    let found = answer.ok().and_then(|answer| answer.db_clusters);
    let found = found.unwrap_or_default().into_iter();
    found
        .filter_map(|found| found.db_cluster_identifier)
        .collect()
}

pub(super) async fn snapshots(stage: &Stage<'_>, kind: &str) -> Vec<String> {
    let answer = rds(stage, HOME)
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
pub(super) async fn pilot_light(stage: &Stage<'_>) -> i32 {
    let ecs = aws_sdk_ecs::Client::new(&stage.world.emulator.sdk_config(STANDBY));
    let answer = ecs
        .describe_services()
        .cluster(ECS_CLUSTER)
        .services("worker")
        .send()
        .await;
    let services = answer.ok().and_then(|answer| answer.services);
    let mut services = services.unwrap_or_default().into_iter();
    services.next().map_or(-1, |service| service.desired_count)
}
