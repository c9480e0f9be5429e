//! What must be so after a failback.

use aws_sdk_rds::types::GlobalCluster;

use super::{
    FAILBACK,
    look::{REPORTS, clusters, endpoints, globals, pilot_light, snapshots},
};
use crate::{
    client::compare,
    profile::{HOME, WRITER_NAME, cluster},
    scenario::{
        act::again::writer_is,
        stage::{Acted, Stage},
    },
    world::Trouble,
};

/// The writer is home, everything is as it was, and only `lost` rows are missing.
pub(super) async fn home(
    stage: &Stage<'_>,
    acted: &mut Acted,
    (run, epoch): (&str, u64),
    lost: usize,
) -> Result<(), Trouble> {
    let ended = stage.end_of(run, FAILBACK).await;
    stage.writes_in(HOME).await;
    let outcome = ended.and_then(|run| run.outcome).unwrap_or_default();
    acted.check("the failback succeeds", &*outcome, outcome == "succeeded");
    acted.checks.extend(writer_is(stage, HOME, epoch).await);
    let leads_to = stage.world.leads_to(WRITER_NAME).await;
    let leads_to = leads_to.unwrap_or_else(|| "nowhere".into());
    acted.check(
        format!("{WRITER_NAME} leads home"),
        &*leads_to,
        leads_to == stage.world.endpoints[HOME].writer,
    );
    members(stage, acted, 2).await;
    endpoint(stage, acted).await;
    let record = stage.client.record();
    let comparison = compare(&record, &stage.world.admin(HOME).await?).await?;
    acted.check(
        "the way home loses no acknowledged row and doubles none",
        format!(
            "{} are missing, {lost} were before; {} are doubled",
            comparison.lost.len(),
            comparison.duplicated.len()
        ),
        comparison.lost.len() == lost && comparison.duplicated.is_empty(),
    );
    let tasks = pilot_light(stage).await;
    acted.check(
        "the pilot light of the Region that took over is out again",
        format!("{tasks} tasks"),
        tasks == 0,
    );
    let hit: Vec<_> = destroying(stage)
        .into_iter()
        .filter(|(region, _)| region != HOME)
        .collect();
    acted.check(
        "nothing was taken from the writer's Region",
        format!("{hit:?}"),
        hit.is_empty(),
    );
    Ok(())
}

/// The global database has so many members, all of them connected.
pub(super) async fn members(stage: &Stage<'_>, acted: &mut Acted, count: usize) {
    let globals = globals(stage).await;
    let connected = |global: &GlobalCluster| {
        let members = global.global_cluster_members().iter();
        let connected = members.filter(|member| {
            let status = member.synchronization_status.as_ref();
            status.is_some_and(|status| status.as_str() == "connected")
        });
        connected.count()
    };
    let found: Vec<_> = globals
        .iter()
        .map(|global| {
            let name = global.global_cluster_identifier().unwrap_or_default();
            format!("{name} with {} connected", connected(global))
        })
        .collect();
    acted.check(
        format!("there is one global database, of {count} connected members"),
        found.join(", "),
        globals.len() == 1 && globals.iter().all(|global| connected(global) == count),
    );
}

pub(super) async fn endpoint(stage: &Stage<'_>, acted: &mut Acted) {
    let found = endpoints(stage).await;
    let kept = found.iter().find(|endpoint| {
        endpoint.db_cluster_endpoint_identifier() == Some(REPORTS)
            && endpoint.db_cluster_identifier() == Some(cluster(HOME))
    });
    let members = kept.map(|kept| kept.static_members().join(", "));
    let held = members.as_deref() == Some("orders-west-1");
    acted.check(
        "the home member has its custom endpoint",
        members.unwrap_or_else(|| "it has not".into()),
        held,
    );
}

/// The deposed cluster stays under another name, beside its final snapshot, and nothing else is left over.
pub(super) async fn retired(stage: &Stage<'_>, acted: &mut Acted) {
    let clusters = clusters(stage).await;
    let snapshots = snapshots(stage, "manual").await;
    let [member, kept] = clusters.as_slice() else {
        return acted.check("the deposed cluster is retired", clusters.join(", "), false);
    };
    acted.check(
        "the deposed cluster is retired beside its final snapshot, and nothing else is left over",
        format!("{member}, {kept}; {}", snapshots.join(", ")),
        member == cluster(HOME)
            && kept.starts_with("orders-west-retired-")
            && snapshots == ["orders-west-final-2"],
    );
}

/// The calls by rebuild-global that take something away and were answered well: Region and operation.
pub(super) fn destroying(stage: &Stage<'_>) -> Vec<(String, String)> {
    let taking = |operation: &str| {
        operation.starts_with("Delete")
            || operation.starts_with("Modify")
            || operation.starts_with("RemoveFrom")
    };
    let calls = stage.world.front_door.calls().into_iter();
    let calls = calls.filter(|call| call.service == "rds" && call.status == Some(200));
    let calls = calls.filter(|call| call.function == "aurora-failover-rebuild-global");
    let calls = calls.filter(|call| taking(&call.operation));
    // A global cluster without members is nobody's.
    let calls = calls.filter(|call| call.operation != "DeleteGlobalCluster");
    calls.map(|call| (call.region, call.operation)).collect()
}
