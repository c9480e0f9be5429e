//! Runs that are stopped, doubled, or meet another one.

use std::time::Duration;

use failover::ledger::{Claim, RunKind, update};
use jiff::Timestamp;
use serde_json::json;

use super::again::{promotions, writer_is};
use super::disturb::writer_down;
use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{
        expect::unreplicated,
        stage::{Acted, RUN, SOON, Stage},
    },
    timeline::Kind,
    world::Trouble,
};

/// A run is stopped between its confirmation and its promotion, and its next pass is made too late.
pub(super) async fn late_redrive(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    const OLD: Duration = Duration::from_secs(61);
    let world = stage.world;
    let throttled = world.front_door.set(
        Scope {
            function: Some("aurora-failover-detach-and-promote".into()),
            service: Some("rds".into()),
            ..Scope::default()
        },
        Fault::Throttle,
    );
    let mut acted = stage.lose(HOME).await?;
    stage
        .until(SOON, "the pass that would promote", async || {
            let mut runs = stage.runs.seen().into_iter();
            runs.any(|run| {
                run.states
                    .iter()
                    .any(|state| state.name == "DetachAndPromote")
            })
        })
        .await;
    world.emulator.stop_runs(STANDBY).await?;
    world.front_door.remove(throttled);
    world.return_region(HOME).await?;
    world
        .timeline
        .say(Kind::Run, "the drill", "waits until the evidence is old");
    tokio::time::sleep(OLD).await;
    let run = stage.runs.seen().into_iter().next_back();
    let payload = json!({"plan": PLAN, "run_id": run.map(|run| run.name), "from_region": HOME,
        "target_region": STANDBY, "epoch": 1});
    let said = stage.said(STANDBY, "detach-and-promote", &payload).await;
    let held = said.starts_with("EvidenceStale");
    acted.check(
        "the redriven pass says EvidenceStale while the lease is its own",
        said,
        held,
    );
    let mut release = payload.clone();
    for field in ["from_region", "target_region", "epoch"] {
        release.as_object_mut().map(|fields| fields.remove(field));
    }
    release["operation"] = "release".into();
    stage.said(STANDBY, "recovery-ledger", &release).await;
    let said = stage.said(STANDBY, "detach-and-promote", &payload).await;
    let held = said.starts_with("RunRefused");
    acted.check("and RunRefused when it has been given back", said, held);
    let promoted = promotions(stage, STANDBY);
    acted.check(
        "nothing is promoted",
        format!("{promoted} promoting calls"),
        promoted == 0,
    );
    acted.checks.extend(writer_is(stage, HOME, 1).await);
    Ok(acted)
}

/// The promoting function is taken away after its call; a new run finishes what is open.
pub(super) async fn run_dies(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    let mut acted = stage.lose(HOME).await?;
    stage
        .until(SOON, "the promoting call", async || {
            stage.called("detach-and-promote", "RemoveFromGlobalCluster")
        })
        .await;
    stage.fault(
        STANDBY,
        "loses detach-and-promote in the middle of the run",
        "function lost",
    );
    let function = "aurora-failover-detach-and-promote";
    world.emulator.take_away(STANDBY, function).await?;
    stage.ended(1).await;
    let first = stage.runs.seen().into_iter().next();
    let outcome = first.and_then(|run| run.outcome).unwrap_or_default();
    acted.check(
        "the run whose function died ends failed",
        &*outcome,
        outcome == "failed",
    );
    world.watch_now(STANDBY).await?;
    let paged = stage.told("nobody finishes it").await;
    acted.check(
        "the open intent is paged",
        paged
            .as_deref()
            .and_then(|text| text.lines().next())
            .unwrap_or("nobody was told"),
        paged.is_some(),
    );
    // The suspicion goes on, so that the next run starts by itself; a human could start it too.
    let finished = || {
        let mut later = stage.runs.seen().into_iter().skip(1);
        later.find(|run| run.outcome.as_deref() == Some("succeeded"))
    };
    stage
        .until(RUN, "a run that finishes it", async || finished().is_some())
        .await;
    world.emulator.return_region(STANDBY).await?;
    world.return_region(HOME).await?;
    let names: Vec<_> = finished()
        .into_iter()
        .flat_map(|run| run.states)
        .map(|state| state.name)
        .collect();
    let resumed =
        names.contains(&"ProveWriter".into()) && !names.contains(&"DetachAndPromote".into());
    acted.check(
        "a new run starts at ProveWriter and succeeds",
        names.join(", "),
        resumed,
    );
    acted.checks.extend(writer_is(stage, STANDBY, 2).await);
    Ok(acted)
}

/// The suspicion comes three times at once, and once more when all is over.
pub(super) async fn run_twice(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = stage.lose(HOME).await?;
    acted.unreplicated = unreplicated(stage.world, &stage.client.record()).await;
    stage
        .until(SOON, "a suspicion", async || {
            stage.called("health-probe", "PutEvents")
        })
        .await;
    suspect(stage, 2).await?;
    stage.ended(3).await;
    suspect(stage, 1).await?;
    stage.ended(4).await;
    let runs = stage.runs.seen();
    let refused = runs
        .iter()
        .filter(|run| run.outcome.is_none() && run.status == "FAILED");
    let refused = refused.count();
    acted.check(
        "the others are refused",
        format!("{refused} of {}", runs.len()),
        refused == 3,
    );
    Ok(acted)
}

/// Delivers a suspicion of the home Region's writer of epoch 1.
async fn suspect(stage: &Stage<'_>, times: usize) -> Result<(), Trouble> {
    use aws_sdk_eventbridge::{Client, types::PutEventsRequestEntry};
    let detail = json!({"plan": PLAN, "incident": format!("{PLAN}/1"), "observer_region": STANDBY, "writer_region": HOME});
    let entry = PutEventsRequestEntry::builder()
        .source("aurora-failover")
        .detail_type("Primary Suspect")
        .detail(detail.to_string())
        .build();
    Client::new(&stage.world.emulator.sdk_config(STANDBY))
        .put_events()
        .set_entries(Some(vec![entry; times]))
        .send()
        .await?;
    Ok(())
}

pub(super) async fn planned_meets_unplanned(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let claim = Claim {
        run_id: "another-run".into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: STANDBY.into(),
        to: HOME.into(),
    };
    let ledger = stage.world.ledger();
    let claimed = |row: &failover::ledger::Row| row.claim(&claim, Timestamp::now());
    update(&ledger, &HOME.into(), &PLAN.into(), claimed).await?;
    stage
        .world
        .timeline
        .say(Kind::Run, HOME, "another run holds the plan there");
    let mut acted = writer_down(stage).await?;
    let told = stage
        .told("stopped before anything was promoted")
        .await
        .unwrap_or_default();
    let refused = told.contains("RunRefused") && told.contains("another-run");
    acted.check(
        "it says which run holds the plan",
        told.replace('\n', " "),
        refused,
    );
    stage.world.simulator.revive(HOME, cluster(HOME)).await?;
    let release =
        |row: &failover::ledger::Row| Ok(row.release(&claim.run_id).unwrap_or_else(|| row.clone()));
    update(&ledger, &HOME.into(), &PLAN.into(), release).await?;
    Ok(acted)
}
