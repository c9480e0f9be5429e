//! Calls that RDS refuses, whose answers are lost, or whose operation dies with its Region.

use std::time::Duration;

use failover::ledger::Ledger;
use rds_sim::{Fault, Loss};

use super::again::writer_is;
use crate::{
    profile::{HOME, PLAN, STANDBY, WRITER_NAME, cluster},
    scenario::stage::{Acted, RUN, SOON, Stage},
    world::Trouble,
};

/// How long describes lag behind a call.
const LAG: Duration = Duration::from_secs(8);
/// A run that waits for a minute of quiet or of silence, and for what comes after it.
const LONG: Duration = Duration::from_secs(240);

/// RDS takes both switchovers and answers 500; its describes lag in the target's Region, then in the source's.
pub(super) async fn answer_lost(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = Acted::now();
    for (epoch, from, to, lags) in [(2, HOME, STANDBY, STANDBY), (3, STANDBY, HOME, STANDBY)] {
        let text = format!("takes a switchover and answers 500; describes lag in {lags}");
        stage.fault(from, &text, "answer lost");
        let simulator = &stage.world.simulator;
        simulator.lose_answers(from, "SwitchoverGlobalCluster", 1, Loss::InternalFailure);
        simulator.lag_describes(lags, LAG);
        let run = stage.start_planned(to).await?;
        let ended = stage.end_of(&run, RUN).await;
        simulator.lag_describes(lags, Duration::ZERO);
        let outcome = ended.and_then(|run| run.outcome).unwrap_or_default();
        acted.check(
            format!("the move to {to} succeeds all the same"),
            &*outcome,
            outcome == "succeeded",
        );
        let asked = stage.world.front_door.calls().into_iter();
        let asked = asked
            .filter(|call| call.operation == "SwitchoverGlobalCluster" && call.caller_region == to);
        let asked = asked.count();
        acted.check(
            format!("RDS is asked once to switch over to {to}"),
            format!("{asked} times"),
            asked == 1,
        );
        stage.writes_in(to).await;
        acted.checks.extend(writer_is(stage, to, epoch).await);
    }
    Ok(acted)
}

/// RDS refuses every managed failover while the home Region is gone.
pub(super) async fn managed_refused(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    stage.fault(STANDBY, "refuses every FailoverGlobalCluster", "refused");
    let refusal =
        Fault::global_state("Global cluster orders-global-1 is in a state that does not allow it");
    stage
        .world
        .simulator
        .refuse_calls(STANDBY, "FailoverGlobalCluster", u32::MAX, refusal);
    let mut acted = stage.lose(HOME).await?;
    stage.ended(1).await;
    let told = stage.told("is detached instead").await.unwrap_or_default();
    acted.check(
        "people are told what RDS said, and that the standby is detached instead",
        told.replace('\n', " "),
        told.contains("in a state that does not allow it"),
    );
    let asked = stage.world.front_door.calls().into_iter();
    let asked = asked.filter(|call| call.operation == "FailoverGlobalCluster");
    let asked = asked.count();
    acted.check(
        "RDS is asked every few seconds, not every second",
        format!("{asked} times"),
        (2..=12).contains(&asked),
    );
    Ok(acted)
}

/// The home Region dies while RDS switches over to the standby.
pub(super) async fn lost_mid_switchover(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let run = stage.start_planned(STANDBY).await?;
    stage
        .until(SOON, "RDS takes the switchover", async || {
            stage.called("planned-failover", "SwitchoverGlobalCluster")
        })
        .await;
    let mut acted = stage.lose(HOME).await?;
    let planned = stage.end_of(&run, LONG).await;
    let outcome = planned.and_then(|run| run.outcome).unwrap_or_default();
    acted.check(
        "the planned run fails, and gives the plan back",
        &*outcome,
        outcome == "failed",
    );
    let recovered = || {
        let mut runs = stage.runs.seen().into_iter();
        runs.any(|run| run.outcome.as_deref() == Some("succeeded"))
    };
    stage
        .until(LONG, "the standby takes over", async || recovered())
        .await;
    let found = if recovered() {
        "it does"
    } else {
        "it does not"
    };
    acted.check(
        "a run by suspicion leaves the switchover and takes over",
        found,
        recovered(),
    );
    stage.writes_in(STANDBY).await;
    let row = stage
        .world
        .ledger()
        .row(&STANDBY.into(), &PLAN.into())
        .await?;
    let epoch = row.proven_epoch();
    acted.check(
        format!(
            "{} is the proven writer, and no change of writer is open",
            cluster(STANDBY)
        ),
        format!("epoch {epoch}, intent {}", row.intent.is_some()),
        epoch.0 == 2 && row.intent.is_none(),
    );
    Ok(acted)
}

/// Lambda cannot start a function that has been idle, which heals by itself.
pub(super) async fn idle_functions(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    const IDLE: Duration = Duration::from_secs(40);
    let world = stage.world;
    stage.fault(STANDBY, "cannot start dns-flip", "function idle");
    let function = "aurora-failover-dns-flip";
    world.emulator.take_away(STANDBY, function).await?;
    let mut acted = stage.lose(HOME).await?;
    stage
        .until(SOON, "the promoting call", async || {
            stage.called("detach-and-promote", "RemoveFromGlobalCluster")
        })
        .await;
    tokio::time::sleep(IDLE).await;
    let early = stage
        .runs
        .seen()
        .into_iter()
        .any(|run| run.outcome.is_some());
    let found = if early { "it has" } else { "it has not" };
    acted.check("no run has ended without the names", found, !early);
    world.emulator.return_region(STANDBY).await?;
    stage
        .until(LONG, "the run's end", async || {
            let runs = stage.runs.seen();
            !runs.is_empty() && runs.iter().all(|run| run.status != "RUNNING")
        })
        .await;
    let outcomes = stage.runs.seen().into_iter().filter_map(|run| run.outcome);
    let outcomes: Vec<_> = outcomes.collect();
    acted.check(
        "the run succeeds",
        outcomes.join(", "),
        outcomes
            .first()
            .is_some_and(|outcome| outcome == "succeeded"),
    );
    stage.writes_in(STANDBY).await;
    let leads_to = world.leads_to(WRITER_NAME).await;
    let leads_to = leads_to.unwrap_or_else(|| "nowhere".into());
    acted.check(
        format!("{WRITER_NAME} leads to {}", cluster(STANDBY)),
        &*leads_to,
        leads_to == world.endpoints[STANDBY].writer,
    );
    Ok(acted)
}
