//! What each scenario does to the world.

use std::time::Duration;

use failover::ledger::{Claim, Ledger, RunKind, update};
use jiff::Timestamp;
use serde_json::json;

use super::{
    expect::{by_hand, unreplicated},
    stage::{Acted, RUN, SOON, Stage},
    table::Scenario,
};
use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, PLAN, STANDBY, WITNESS, cluster},
    timeline::Kind,
    world::Trouble,
};

/// How far replication falls behind before the Region dies, where it does.
const LAG: Duration = Duration::from_secs(3);

/// Plays a scenario's part until its runs have ended.
pub(super) async fn act(scenario: Scenario, stage: &Stage<'_>) -> Result<Acted, Trouble> {
    match scenario {
        Scenario::RegionLoss | Scenario::RegionLossManaged => region_loss(scenario, stage).await,
        Scenario::PathImpaired => path_impaired(stage).await,
        Scenario::WriterRestart => writer_away(stage, "rebooting", Duration::from_secs(9)).await,
        Scenario::WriterMaintenance => {
            writer_away(stage, "upgrading", Duration::from_secs(30)).await
        }
        Scenario::WriterDown => writer_down(stage).await,
        Scenario::RegionsParted => regions_parted(stage).await,
        Scenario::ObserverIsolated => observer_isolated(stage).await,
        Scenario::RoadAndReplicationDown => road_and_replication_down(stage).await,
        Scenario::Blip => blip(stage).await,
        Scenario::MisconfiguredPassword => {
            misconfigured(stage, "ALTER ROLE failover_probe PASSWORD 'another'").await
        }
        Scenario::MisconfiguredTable => {
            misconfigured(stage, "ALTER TABLE aurora_failover.beat RENAME TO beats").await
        }
        Scenario::MisconfiguredRights => {
            misconfigured(
                stage,
                "REVOKE UPDATE ON ALL TABLES IN SCHEMA aurora_failover FROM failover_probe",
            )
            .await
        }
        Scenario::MisconfiguredCertificate => wrong_certificate(stage).await,
        Scenario::Observe => lost_and_back(stage).await,
        Scenario::ApprovalGiven => approval_given(stage).await,
        Scenario::ApprovalRefused => approval_refused(stage).await,
        Scenario::ApprovalLate => approval_late(stage).await,
        Scenario::ApprovalOver => approval_over(stage).await,
        Scenario::LateRedrive => late_redrive(stage).await,
        Scenario::RunDies => run_dies(stage).await,
        Scenario::TwiceLost => twice_lost(stage).await,
        Scenario::LaggingStandby => lagging_standby(stage).await,
        Scenario::Throttled => throttled(stage).await,
        Scenario::RunTwice => run_twice(stage).await,
        Scenario::PlannedMeetsUnplanned => planned_meets_unplanned(stage).await,
        Scenario::Flapping => flapping(stage).await,
        Scenario::KillSwitch => kill_switch(stage).await,
    }
}

async fn region_loss(scenario: Scenario, stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    if scenario.replication_lags() {
        let text = "falls behind: replication to it stops";
        world.timeline.say(Kind::Setup, STANDBY, text);
        world.simulator.cut_replication(STANDBY).await;
        tokio::time::sleep(LAG).await;
    }
    let mut acted = stage.lose(HOME).await?;
    acted.unreplicated = unreplicated(world, &stage.client.record()).await;
    stage.ended(1).await;
    Ok(acted)
}

async fn path_impaired(stage: &Stage<'_>) -> Result<Acted, Trouble> {
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
async fn writer_away(stage: &Stage<'_>, status: &str, away: Duration) -> Result<Acted, Trouble> {
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

async fn writer_down(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    stage.fault(
        HOME,
        "loses its writer for good; its Region answers",
        "writer gone",
    );
    let mut acted = Acted::now();
    stage.world.simulator.crash(HOME, cluster(HOME)).await;
    acted.unreplicated = unreplicated(stage.world, &stage.client.record()).await;
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

async fn regions_parted(stage: &Stage<'_>) -> Result<Acted, Trouble> {
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

async fn observer_isolated(stage: &Stage<'_>) -> Result<Acted, Trouble> {
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

async fn road_and_replication_down(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let text = "loses its road to the writer, and replication with it";
    stage.fault(STANDBY, text, "road cut");
    let acted = Acted::now();
    stage.world.roads.cut(STANDBY, cluster(HOME))?;
    stage.world.simulator.cut_replication(STANDBY).await;
    stage.ended(1).await;
    Ok(acted)
}

async fn blip(stage: &Stage<'_>) -> Result<Acted, Trouble> {
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

/// Somebody changes what the probe needs in the database.
async fn misconfigured(stage: &Stage<'_>, statement: &str) -> Result<Acted, Trouble> {
    stage.fault(HOME, &format!("somebody runs {statement}"), "misconfigured");
    let acted = Acted::now();
    let admin = stage.world.admin(HOME).await?;
    admin.batch_execute(statement).await?;
    // Who is logged in stays so; the next login meets the change.
    let end =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'failover_probe'";
    admin.batch_execute(end).await?;
    stage.ended(1).await;
    Ok(acted)
}

async fn wrong_certificate(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    stage.fault(
        STANDBY,
        "its probe trusts another authority from now on",
        "misconfigured",
    );
    let acted = Acted::now();
    world.trust_another_authority(STANDBY).await?;
    world.watch_now(STANDBY).await?;
    stage.ended(1).await;
    Ok(acted)
}

async fn lost_and_back(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let acted = stage.lose(HOME).await?;
    stage.ended(1).await;
    stage.world.return_region(HOME).await?;
    Ok(acted)
}

async fn approval_given(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = stage.lose(HOME).await?;
    acted.unreplicated = unreplicated(stage.world, &stage.client.record()).await;
    stage.answer(true).await?;
    stage.ended(1).await;
    Ok(acted)
}

async fn approval_refused(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let acted = stage.lose(HOME).await?;
    stage.answer(false).await?;
    stage.ended(1).await;
    stage.world.return_region(HOME).await?;
    Ok(acted)
}

async fn approval_late(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let acted = stage.lose(HOME).await?;
    stage.told("shall us-east-1 take over").await;
    stage
        .until(RUN, "the end of the question", async || {
            let mut runs = stage.runs.seen().into_iter();
            runs.any(|run| {
                run.status != "RUNNING"
                    && run.states.iter().any(|state| state.name == "AwaitApproval")
            })
        })
        .await;
    stage.world.return_region(HOME).await?;
    Ok(acted)
}

async fn approval_over(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let acted = stage.lose(HOME).await?;
    stage.told("shall us-east-1 take over").await;
    stage.world.return_region(HOME).await?;
    stage.writes_in(HOME).await;
    stage.answer(true).await?;
    stage.ended(1).await;
    Ok(acted)
}

/// A run is stopped between its confirmation and its promotion, and its next pass is made too late.
async fn late_redrive(stage: &Stage<'_>) -> Result<Acted, Trouble> {
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
    acted.check("the redriven pass says EvidenceStale", said, held);
    Ok(acted)
}

/// The promoting function is taken away after its call; a new run finishes what is open.
async fn run_dies(stage: &Stage<'_>) -> Result<Acted, Trouble> {
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
    world.emulator.return_region(STANDBY).await?;
    world.return_region(HOME).await?;
    let runs = stage.runs.seen().len();
    stage.start_run(HOME, STANDBY).await?;
    stage.ended(runs + 1).await;
    let last = stage.runs.seen().into_iter().next_back();
    let names: Vec<_> = last
        .iter()
        .flat_map(|run| &run.states)
        .map(|state| state.name.clone())
        .collect();
    let resumed =
        names.contains(&"ProveWriter".into()) && !names.contains(&"DetachAndPromote".into());
    acted.check("a new run starts at ProveWriter", names.join(", "), resumed);
    let outcome = last.and_then(|run| run.outcome).unwrap_or_default();
    acted.check("and succeeds", &*outcome, outcome == "succeeded");
    acted.checks.extend(writer_is(stage, STANDBY, 2).await);
    Ok(acted)
}

/// The ledgers of both Regions name one writer, once they have learnt it.
async fn writer_is(stage: &Stage<'_>, region: &str, epoch: u64) -> Vec<crate::report::Check> {
    let mut acted = Acted::default();
    let ledger = stage.world.ledger();
    let row = ledger.row(&STANDBY.into(), &PLAN.into()).await.ok();
    let current = row.and_then(|row| row.current);
    let found = current.as_ref().map_or("none".to_owned(), |current| {
        format!("{}, epoch {}", current.writer, current.epoch)
    });
    let held = current
        .is_some_and(|current| current.writer.as_str() == region && current.epoch.0 == epoch);
    acted.check(
        format!("the writer is {region}'s, of epoch {epoch}"),
        found,
        held,
    );
    acted.checks
}

async fn twice_lost(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = stage.failed_over_and_home_is_back().await?;
    let learnt = async || {
        let row = stage.world.ledger().row(&HOME.into(), &PLAN.into()).await;
        row.is_ok_and(|row| row.proven_epoch().0 == 2)
    };
    stage
        .until(SOON, "what the old writer's Region learns", learnt)
        .await;
    let before = stage.runs.seen().len();
    stage.world.lose_region(STANDBY).await?;
    stage.ended(before + 1).await;
    let last = stage.runs.seen().into_iter().next_back();
    let region = last
        .as_ref()
        .map(|run| run.region.clone())
        .unwrap_or_default();
    let outcome = last.and_then(|run| run.outcome).unwrap_or_default();
    acted.check(
        format!("a run in {HOME} is aborted"),
        format!("{region}: {outcome}"),
        region == HOME && outcome == "aborted",
    );
    let told = stage
        .told("stopped before anything was promoted")
        .await
        .unwrap_or_default();
    let why = told.contains("UnexpectedTopology");
    acted.check(
        "people are told that the deposed writer is no standby",
        told.replace('\n', " "),
        why,
    );
    let promoted = promotions(stage, HOME);
    acted.check(
        "the deposed writer is not promoted",
        format!("{promoted} promoting calls"),
        promoted == 0,
    );
    Ok(acted)
}

/// Promoting calls by a Region's functions.
fn promotions(stage: &Stage<'_>, region: &str) -> usize {
    let calls = stage.world.front_door.calls().into_iter();
    calls
        .filter(|call| call.caller_region == region)
        .filter(|call| {
            ["RemoveFromGlobalCluster", "FailoverGlobalCluster"].contains(&call.operation.as_str())
        })
        .count()
}

async fn lagging_standby(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    const BEHIND: Duration = Duration::from_secs(12);
    stage.world.timeline.say(
        Kind::Setup,
        STANDBY,
        "falls behind: replication to it stops",
    );
    stage.world.simulator.cut_replication(STANDBY).await;
    tokio::time::sleep(BEHIND).await;
    let mut acted = stage.lose(HOME).await?;
    stage.ended(1).await;
    let told = stage
        .told("stopped before anything was promoted")
        .await
        .unwrap_or_default();
    let says = told.contains("DataLossTooLarge") && told.contains("unplanned.max_lost_seconds (5)");
    acted.check(
        "it says by how much the loss is too large",
        told.replace('\n', " "),
        says,
    );
    stage.world.return_region(HOME).await?;
    Ok(acted)
}

/// RDS of the standby's Region throttles, then fails, for a moment each, while the run looks and promotes.
async fn throttled(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = stage.lose(HOME).await?;
    acted.unreplicated = unreplicated(stage.world, &stage.client.record()).await;
    stage
        .until(SOON, "a run", async || !stage.runs.seen().is_empty())
        .await;
    let scope = || Scope {
        caller_region: Some(STANDBY.into()),
        region: Some(STANDBY.into()),
        service: Some("rds".into()),
        ..Scope::default()
    };
    stage
        .until(SOON, "the pass that promotes", async || {
            let mut runs = stage.runs.seen().into_iter();
            runs.any(|run| {
                run.states
                    .iter()
                    .any(|state| state.name == "DetachAndPromote")
            })
        })
        .await;
    for fault in [Fault::Throttle, Fault::ServerError] {
        stage.fault(
            STANDBY,
            &format!("its RDS answers with {fault:?} for 2 s"),
            "RDS fails",
        );
        let id = stage.world.front_door.set(scope(), fault);
        tokio::time::sleep(Duration::from_secs(2)).await;
        stage.world.front_door.remove(id);
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    stage.ended(1).await;
    Ok(acted)
}

/// The suspicion comes three times at once, and once more when all is over.
async fn run_twice(stage: &Stage<'_>) -> Result<Acted, Trouble> {
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

async fn planned_meets_unplanned(stage: &Stage<'_>) -> Result<Acted, Trouble> {
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

async fn flapping(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = stage.failed_over_and_home_is_back().await?;
    let learnt = async || {
        let row = stage.world.ledger().row(&HOME.into(), &PLAN.into()).await;
        row.is_ok_and(|row| row.proven_epoch().0 == 2)
    };
    stage
        .until(SOON, "what the old writer's Region learns", learnt)
        .await;
    let before = stage.runs.seen().len();
    stage.fault(STANDBY, "its writer blinks", "writer away");
    stage.world.simulator.crash(STANDBY, cluster(STANDBY)).await;
    stage.ended(before + 1).await;
    stage
        .world
        .simulator
        .revive(STANDBY, cluster(STANDBY))
        .await?;
    let told = stage.told("cool-down").await.unwrap_or_default();
    let how = told.contains("\"operation\": \"acknowledge\"");
    acted.check(
        "people are told of the cool-down and how to end it",
        told.replace('\n', " "),
        how,
    );
    let promoted = promotions(stage, HOME);
    acted.check(
        "no second failover begins",
        format!("{promoted} promoting calls"),
        promoted == 0,
    );
    acted.checks.extend(writer_is(stage, STANDBY, 2).await);
    stage.writes_in(STANDBY).await;
    let run = stage
        .runs
        .seen()
        .into_iter()
        .find(|run| run.outcome.as_deref() == Some("succeeded"));
    let payload =
        json!({"operation": "acknowledge", "plan": PLAN, "run_id": run.map(|run| run.name)});
    let said = stage.said(STANDBY, "recovery-ledger", &payload).await;
    acted.check(
        "the run is acknowledged by hand",
        &*said,
        said.starts_with("acknowledge"),
    );
    Ok(acted)
}

async fn kill_switch(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let ssm = aws_sdk_ssm::Client::new(&stage.world.emulator.sdk_config(STANDBY));
    ssm.put_parameter()
        .name("/aurora-failover/kill")
        .value("a drill is on")
        .r#type(aws_sdk_ssm::types::ParameterType::String)
        .send()
        .await?;
    stage
        .world
        .timeline
        .say(Kind::Setup, "a human", "switches everything off");
    let mut acted = stage.lose(HOME).await?;
    tokio::time::sleep(Duration::from_secs(12)).await;
    let suspected = stage.called("health-probe", "PutEvents");
    acted.check(
        "the probe suspects nobody",
        if suspected { "it does" } else { "it does not" },
        !suspected,
    );
    stage.start_run(HOME, STANDBY).await?;
    stage.ended(1).await;
    let told = stage.told("no run from").await.unwrap_or_default();
    let named = told.contains("/aurora-failover/kill is on (a drill is on)");
    acted.check(
        "a run by hand is refused, and the switch is named",
        told.replace('\n', " "),
        named,
    );
    let promoted = promotions(stage, STANDBY);
    acted.check(
        "nothing is promoted",
        format!("{promoted} promoting calls"),
        promoted == 0,
    );
    stage.world.return_region(HOME).await?;
    Ok(acted)
}
