//! A Region dies, and what it wrote last arrives later: at a standby that replays behind, or at one that restarts.

use std::time::Duration;

use failover::ledger::Ledger;

use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{
        Scenario,
        stage::{Acted, RUN, Stage},
    },
    timeline::Kind,
    world::Trouble,
};

/// What a run's confirmation took for life.
const LIFE: &str = "path_impaired";

/// The standby replays behind, and goes on replaying when the Region is gone.
pub(super) async fn last_bytes(scenario: Scenario, stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    let lag = if scenario == Scenario::LastBytesOfAMinute {
        Duration::from_secs(45)
    } else if scenario == Scenario::LastBytesOfTwelveSeconds {
        Duration::from_secs(12)
    } else {
        Duration::from_millis(700)
    };
    let text = format!("replays {} ms behind from now on", lag.as_millis());
    world.timeline.say(Kind::Setup, STANDBY, text);
    world
        .simulator
        .delay_replay(STANDBY, cluster(STANDBY), lag)
        .await?;
    tokio::time::sleep(lag + Duration::from_secs(6)).await;
    let mut acted = stage.lose(HOME).await?;
    took_over(stage, &mut acted, lag).await?;
    Ok(acted)
}

/// The standby's database goes down with the Region, and is back before anybody is sure.
pub(super) async fn reader_restarts(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    let mut acted = stage.lose(HOME).await?;
    world.simulator.crash(STANDBY, cluster(STANDBY)).await;
    stage.fault(STANDBY, "its database restarts", "reader restarts");
    tokio::time::sleep(Duration::from_secs(4)).await;
    world.simulator.revive(STANDBY, cluster(STANDBY)).await?;
    took_over(stage, &mut acted, Duration::ZERO).await?;
    Ok(acted)
}

/// The standby takes over, and no run on the way took what arrived for life.
async fn took_over(stage: &Stage<'_>, acted: &mut Acted, lag: Duration) -> Result<(), Trouble> {
    let succeeded = stage
        .until(RUN + lag, "a run that succeeds", async || {
            let mut runs = stage.runs.seen().into_iter();
            runs.any(|run| run.outcome.as_deref() == Some("succeeded"))
        })
        .await;
    let runs = stage.runs.seen();
    let ends: Vec<_> = runs
        .iter()
        .map(|run| run.outcome.clone().unwrap_or_else(|| run.status.clone()))
        .collect();
    acted.check("the standby takes over", ends.join(", "), succeeded);
    let here = STANDBY.into();
    let ledger = stage.world.ledger();
    let mut verdicts = Vec::new();
    let mut told = None;
    for run in &runs {
        let name = run.name.as_str().into();
        let Some(record) = ledger.run(&here, &PLAN.into(), &name).await? else {
            continue;
        };
        let found = record.timeline.iter();
        verdicts.extend(found.map(|entry| entry.action.clone()));
        told = record.closed.and_then(|closed| closed.rpo).or(told);
    }
    acted.check(
        "nothing that arrived late is taken for life",
        verdicts.join(", "),
        !verdicts.iter().any(|verdict| verdict == LIFE),
    );
    acted.check(
        "the loss is known",
        told.as_ref()
            .map_or("unknown".to_owned(), |loss| format!("{} beats", loss.beats)),
        told.is_some(),
    );
    stage.writes_in(STANDBY).await;
    Ok(())
}
