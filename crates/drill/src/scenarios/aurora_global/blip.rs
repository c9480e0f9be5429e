//! Fewer failures than the threshold.

use std::time::Duration;

use crate::{
    profile::{HOME, STANDBY, cluster},
    scenario::{Drill, Ends, Played, Scenario, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "blip",
    summary: "The road fails for fewer looks than make a suspicion: no run starts.",
    comes_out: "no run starts",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Unchanged {
        verdict: None,
        outcome: None,
        writes_go_on: true,
    },
    told: Told::Once(&[]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let detection = &drill.world.profile.detection;
    drill.fault(
        STANDBY,
        "loses its road to the writer for a moment",
        "road cut",
    );
    let played = Played::now();
    drill.world.roads.cut(STANDBY, cluster(HOME))?;
    // Long enough for one look to fail, too short for as many as make a suspicion.
    tokio::time::sleep(Duration::from_secs(detection.interval_seconds + 1)).await;
    drill.world.roads.mend(STANDBY, cluster(HOME))?;
    let threshold = detection.interval_seconds * u64::from(detection.failures);
    tokio::time::sleep(Duration::from_secs(threshold + 4)).await;
    Ok(played)
}
