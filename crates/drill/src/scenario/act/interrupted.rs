//! Runs that are stopped, doubled, or meet another one.

use std::time::Duration;

use serde_json::json;

use super::again::{home_learns, promotions, writer_is};
use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, PLAN, STANDBY},
    scenario::stage::{Acted, RUN, SOON, Stage},
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

/// The promoting function is taken away after its call, and the lost Region comes back; a new run finishes what is open.
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
    // Back while the promotion is unproven: the deposed writer takes beats again, so nobody suspects it any more.
    world.return_region(HOME).await?;
    stage.ended(1).await;
    let first = stage.runs.seen().into_iter().next();
    let outcome = first.and_then(|run| run.outcome).unwrap_or_default();
    acted.check(
        "the run whose function died ends failed",
        &*outcome,
        outcome == "failed",
    );
    world.watch_now(STANDBY).await?;
    let paged = stage.told("no run finishes it").await;
    let subject = paged.as_deref().and_then(|text| text.lines().next());
    acted.check(
        "the open intent is paged",
        subject.unwrap_or("nobody was told"),
        paged.is_some(),
    );
    world.emulator.return_region(STANDBY).await?;
    let run = stage.start_run(HOME, STANDBY).await?;
    let ended = stage.end_of(&run, RUN).await;
    let finished = ended.filter(|run| run.outcome.as_deref() == Some("succeeded"));
    let states = finished.into_iter().flat_map(|run| run.states);
    let names: Vec<_> = states.map(|state| state.name).collect();
    let resumed =
        names.contains(&"ProveWriter".into()) && !names.contains(&"DetachAndPromote".into());
    acted.check(
        "a new run starts at ProveWriter and succeeds",
        names.join(", "),
        resumed,
    );
    world.watch_now(HOME).await?;
    home_learns(stage, 2).await;
    acted.checks.extend(writer_is(stage, STANDBY, 2).await);
    // Until it is fenced, the deposed writer acknowledges what nobody else has.
    world.sweep_now(HOME).await?;
    stage.writes_in(STANDBY).await;
    let deposed = &world.endpoints[HOME].writer;
    let record = stage.client.record();
    let alone = record.acknowledged.iter();
    let alone = alone.filter(|ack| ack.endpoint == *deposed && ack.acked_ms > acted.at_ms);
    let alone = u64::try_from(alone.count())?;
    acted.unreplicated = acted.unreplicated.map(|lacks| lacks + alone);
    Ok(acted)
}

/// The suspicion comes three times at once, and once more when all is over.
pub(super) async fn run_twice(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = stage.lose(HOME).await?;
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
pub(super) async fn suspect(stage: &Stage<'_>, times: usize) -> Result<(), Trouble> {
    let detail = json!({"plan": PLAN, "incident": format!("{PLAN}/1"), "observer_region": STANDBY, "writer_region": HOME});
    stage
        .publish(
            STANDBY,
            ("aurora-failover", "Primary Suspect"),
            &detail,
            times,
        )
        .await
}

/// Somebody starts an unplanned run while a planned one holds the plan in every Region.
pub(super) async fn planned_meets_unplanned(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    let mut acted = Acted::now();
    let slow = world.front_door.set(
        Scope {
            function: Some("aurora-failover-planned-failover".into()),
            service: Some("rds".into()),
            ..Scope::default()
        },
        Fault::Hang,
    );
    let planned = stage.start_planned(STANDBY).await?;
    stage
        .until(SOON, "the planned run", async || {
            stage.runs.seen().iter().any(|run| run.states.len() > 1)
        })
        .await;
    let run = stage.start_run(HOME, STANDBY).await?;
    stage.end_of(&run, SOON).await;
    let history = stage.runs.histories().remove(&run).unwrap_or_default();
    let says = format!("run {planned} holds plan {PLAN}");
    acted.check(
        "the unplanned run is refused, and says which run holds the plan",
        &*run,
        history.contains("RunRefused") && history.contains(&says),
    );
    world.front_door.remove(slow);
    let planned = stage.end_of(&planned, RUN).await;
    let outcome = planned.and_then(|run| run.outcome).unwrap_or_default();
    acted.check(
        "the planned run goes on and succeeds",
        &*outcome,
        outcome == "succeeded",
    );
    let forced = stage.called("detach-and-promote", "RemoveFromGlobalCluster");
    let found = if forced { "it is" } else { "it is not" };
    acted.check("nothing is detached", found, !forced);
    stage.writes_in(STANDBY).await;
    acted.checks.extend(writer_is(stage, STANDBY, 2).await);
    Ok(acted)
}
