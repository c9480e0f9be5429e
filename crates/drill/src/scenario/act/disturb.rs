//! Roads and writers that fail, and come back or not.

use std::time::Duration;

use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, STANDBY, WITNESS, cluster},
    scenario::{
        expect::{by_hand, unreplicated},
        stage::{Acted, Stage},
    },
    timeline::Kind,
    world::Trouble,
};

pub(super) async fn path_impaired(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let text = format!("loses its road to the writer in {HOME}");
    stage.fault(STANDBY, &text, "road cut");
    let mut acted = Acted::now();
    stage.world.roads.cut(STANDBY, cluster(HOME))?;
    stage.ended(1).await;
    // With everything else at rest, so that what they change, if anything, is seen.
    acted.checks = by_hand::checks(stage).await;
    Ok(acted)
}

/// The writer's database is gone for `away`, and RDS shows `status` meanwhile.
pub(super) async fn writer_away(
    stage: &Stage<'_>,
    status: &str,
    away: Duration,
) -> Result<Acted, Trouble> {
    let world = stage.world;
    stage.fault(
        HOME,
        &format!("loses its writer; RDS shows {status}"),
        "writer away",
    );
    let acted = Acted::now();
    world
        .simulator
        .show_status(HOME, cluster(HOME), Some(status));
    world.simulator.crash(HOME, cluster(HOME)).await;
    tokio::time::sleep(away).await;
    world.simulator.revive(HOME, cluster(HOME)).await?;
    world.simulator.show_status(HOME, cluster(HOME), None);
    world.timeline.say(Kind::Fault, HOME, "has its writer back");
    stage.ended(1).await;
    Ok(acted)
}

pub(super) async fn writer_down(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    stage.fault(
        HOME,
        "loses its writer for good; its Region answers",
        "writer gone",
    );
    let mut acted = Acted::now();
    stage.world.simulator.crash(HOME, cluster(HOME)).await;
    acted.unreplicated = unreplicated(stage.world, &stage.client.record()).await;
    // Leaving a Region that answers is a human's decision, unless the plan says otherwise.
    stage.answer(STANDBY, true).await?;
    stage.ended(1).await;
    Ok(acted)
}

/// Calls from one Region to another hang.
fn part(stage: &Stage<'_>, from: &str, to: &str) {
    let scope = Scope {
        caller_region: Some(from.into()),
        region: Some(to.into()),
        ..Scope::default()
    };
    stage.world.front_door.set(scope, Fault::Hang);
}

pub(super) async fn regions_parted(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    stage.fault(
        STANDBY,
        &format!("and {HOME} cannot reach each other"),
        "Regions parted",
    );
    let acted = Acted::now();
    part(stage, STANDBY, HOME);
    part(stage, HOME, STANDBY);
    world.roads.cut(STANDBY, cluster(HOME))?;
    world.roads.cut(HOME, cluster(STANDBY))?;
    world.simulator.cut_replication(STANDBY).await;
    stage.ended(1).await;
    Ok(acted)
}

pub(super) async fn observer_isolated(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    stage.fault(STANDBY, "reaches nothing but itself", "isolated");
    let acted = Acted::now();
    for other in [HOME, WITNESS] {
        part(stage, STANDBY, other);
        part(stage, other, STANDBY);
    }
    world.roads.cut(STANDBY, cluster(HOME))?;
    world.roads.cut(HOME, cluster(STANDBY))?;
    world.simulator.cut_replication(STANDBY).await;
    stage.ended(1).await;
    Ok(acted)
}

pub(super) async fn road_and_replication_down(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let text = "loses its road to the writer, and replication with it";
    stage.fault(STANDBY, text, "road cut");
    let acted = Acted::now();
    stage.world.roads.cut(STANDBY, cluster(HOME))?;
    stage.world.simulator.cut_replication(STANDBY).await;
    stage.ended(1).await;
    Ok(acted)
}

pub(super) async fn blip(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let detection = &stage.world.profile.detection;
    stage.fault(
        STANDBY,
        "loses its road to the writer for a moment",
        "road cut",
    );
    let acted = Acted::now();
    stage.world.roads.cut(STANDBY, cluster(HOME))?;
    // Long enough for one look to fail, too short for as many as make a suspicion.
    tokio::time::sleep(Duration::from_secs(detection.interval_seconds + 1)).await;
    stage.world.roads.mend(STANDBY, cluster(HOME))?;
    let threshold = detection.interval_seconds * u64::from(detection.failures);
    tokio::time::sleep(Duration::from_secs(threshold + 4)).await;
    Ok(acted)
}
