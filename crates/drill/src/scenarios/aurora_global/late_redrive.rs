//! A run is stopped before its promotion, and its next pass is made a minute later.

use std::time::Duration;

use failover::installation::named;
use serde_json::json;

use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, Played, SOON, SUSPECTED, Scenario, Told},
    scenarios::checks::{calls::promotions, ledgers::writer_is},
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "late-redrive",
    summary: "A run is stopped before it promoted anything, and its next pass is made when the Region is back and its evidence old: nothing is promoted.",
    comes_out: "`EvidenceStale`, and `RunRefused` without its lease, nothing promoted",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[SUSPECTED]),
    ..Scenario::USUAL
};

/// A run is stopped between its confirmation and its promotion, and its next pass is made too late.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    const OLD: Duration = Duration::from_secs(61);
    let world = drill.world;
    let throttled = world.front_door.set(
        Scope {
            function: Some(named("detach-and-promote")),
            service: Some("rds".into()),
            ..Scope::default()
        },
        Fault::Throttle,
    );
    let mut played = drill.lose(HOME).await?;
    drill
        .until(SOON, "the pass that would promote", async || {
            drill.runs.that_entered("DetachAndPromote").is_some()
        })
        .await;
    world.emulator.stop_runs(STANDBY).await?;
    world.front_door.remove(throttled);
    world.return_region(HOME).await?;
    world
        .timeline
        .say(Kind::Run, "the drill", "waits until the evidence is old");
    tokio::time::sleep(OLD).await;
    let run = drill.runs.that_entered("DetachAndPromote");
    let payload = json!({"plan": PLAN, "run_id": run.map(|run| run.name), "from_region": HOME,
        "target_region": STANDBY, "epoch": 1});
    let said = drill.said(STANDBY, "detach-and-promote", &payload).await;
    let held = said.starts_with("EvidenceStale");
    played.check(
        "the redriven pass says EvidenceStale while the lease is its own",
        said,
        held,
    );
    let mut release = payload.clone();
    for field in ["from_region", "target_region", "epoch"] {
        release.as_object_mut().map(|fields| fields.remove(field));
    }
    release["operation"] = "release".into();
    drill.said(STANDBY, "recovery-ledger", &release).await;
    let said = drill.said(STANDBY, "detach-and-promote", &payload).await;
    let held = said.starts_with("RunRefused");
    played.check("and RunRefused when it has been given back", said, held);
    let promoted = promotions(drill, STANDBY);
    played.check(
        "nothing is promoted",
        format!("{promoted} promoting calls"),
        promoted == 0,
    );
    played.checks.extend(writer_is(drill, HOME, 1).await);
    Ok(played)
}
