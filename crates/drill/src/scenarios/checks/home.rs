//! What must be so after a failback.

use aws_sdk_rds::types::GlobalCluster;

use crate::{
    client::compare,
    profile::{BATCH, HOME, STANDBY, WRITER_NAME, cluster},
    scenario::{Drill, Played},
    scenarios::{
        checks::{calls::destroying, ledgers::writer_is, planned::succeeds},
        rds::{REPORTS, clusters, endpoints, globals, pilot_light, snapshots},
    },
    world::Trouble,
};

/// The writer is home, everything is as it was, and only `lost` rows are missing.
pub(crate) async fn home(
    drill: &Drill<'_>,
    played: &mut Played,
    (run, epoch): (&str, u64),
    lost: usize,
) -> Result<(), Trouble> {
    succeeds(drill, played, run, "the failback succeeds").await;
    drill.writes_in(HOME).await;
    played.checks.extend(writer_is(drill, HOME, epoch).await);
    let leads_to = drill.world.leads_to(WRITER_NAME).await;
    let leads_to = leads_to.unwrap_or_else(|| "nowhere".into());
    played.check(
        format!("{WRITER_NAME} leads home"),
        &*leads_to,
        leads_to == drill.world.endpoints[HOME].writer,
    );
    members(drill, played, 2).await;
    endpoint(drill, played).await;
    let record = drill.client.record();
    let comparison = compare(&record, &drill.world.database(HOME).await?).await?;
    played.check(
        "the way home loses no acknowledged row and doubles none",
        format!(
            "{} are missing, {lost} were before; {} are doubled",
            comparison.lost.len(),
            comparison.duplicated.len()
        ),
        comparison.lost.len() == lost && comparison.duplicated.is_empty(),
    );
    let tasks = pilot_light(drill).await;
    played.check(
        "the pilot light of the Region that took over is out again",
        format!("{tasks} tasks"),
        tasks == 0,
    );
    let groups = drill.world.groups(STANDBY).await?;
    let batch = groups.iter().find(|(name, _, _)| name == BATCH);
    played.check(
        "so is the group of Auto Scaling that was lit there, where the plan has one",
        format!("{groups:?}"),
        batch.is_some_and(|(_, instances, _)| *instances == 0),
    );
    let hit: Vec<_> = destroying(drill)
        .into_iter()
        .filter(|(region, _)| region != HOME)
        .collect();
    played.check(
        "nothing was taken from the writer's Region",
        format!("{hit:?}"),
        hit.is_empty(),
    );
    Ok(())
}

/// The global database has so many members, all of them connected.
pub(crate) async fn members(drill: &Drill<'_>, played: &mut Played, count: usize) {
    let globals = globals(drill).await;
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
    played.check(
        format!("there is one global database, of {count} connected members"),
        found.join(", "),
        globals.len() == 1 && globals.iter().all(|global| connected(global) == count),
    );
}

pub(crate) async fn endpoint(drill: &Drill<'_>, played: &mut Played) {
    let found = endpoints(drill).await;
    let kept = found.iter().find(|endpoint| {
        endpoint.db_cluster_endpoint_identifier() == Some(REPORTS)
            && endpoint.db_cluster_identifier() == Some(cluster(HOME))
    });
    let members = kept.map(|kept| kept.static_members().join(", "));
    let held = members.as_deref() == Some("orders-west-1");
    played.check(
        "the home member has its custom endpoint",
        members.unwrap_or_else(|| "it has not".into()),
        held,
    );
}

/// The deposed cluster stays under another name, beside its final snapshot, and nothing else is left over.
pub(crate) async fn retired(drill: &Drill<'_>, played: &mut Played) {
    let clusters = clusters(drill).await;
    let snapshots = snapshots(drill, "manual").await;
    let [member, kept] = clusters.as_slice() else {
        return played.check("the deposed cluster is retired", clusters.join(", "), false);
    };
    played.check(
        "the deposed cluster is retired beside its final snapshot, and nothing else is left over",
        format!("{member}, {kept}; {}", snapshots.join(", ")),
        member == cluster(HOME)
            && kept.starts_with("orders-west-retired-")
            && snapshots == ["orders-west-final-2"],
    );
}
