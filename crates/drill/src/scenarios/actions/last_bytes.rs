//! A Region dies, and what it wrote last arrives later: at a standby that replays behind, or at one that restarts.

use std::time::Duration;

use failover::ports::Ledger;

use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{Drill, Played, RUN},
    timeline::Kind,
    world::Trouble,
};

/// What a run's confirmation took for life.
const LIFE: &str = "path_impaired";

/// The standby replays behind, and goes on replaying when the Region is gone.
pub(crate) async fn last_bytes(drill: &Drill<'_>, lag: Duration) -> Result<Played, Trouble> {
    let world = drill.world;
    let text = format!("replays {} ms behind from now on", lag.as_millis());
    world.timeline.say(Kind::Setup, STANDBY, text);
    world
        .simulator
        .delay_replay(STANDBY, cluster(STANDBY), lag)
        .await?;
    tokio::time::sleep(lag + Duration::from_secs(6)).await;
    let mut played = drill.lose(HOME).await?;
    took_over(drill, &mut played, lag).await?;
    Ok(played)
}

/// The standby takes over, and no run on the way took what arrived for life.
pub(crate) async fn took_over(
    drill: &Drill<'_>,
    played: &mut Played,
    lag: Duration,
) -> Result<(), Trouble> {
    let succeeded = drill
        .until(RUN + lag, "a run that succeeds", async || {
            let mut runs = drill.runs.seen().into_iter();
            runs.any(|run| run.outcome.as_deref() == Some("succeeded"))
        })
        .await;
    let runs = drill.runs.seen();
    let ends: Vec<_> = runs
        .iter()
        .map(|run| run.outcome.clone().unwrap_or_else(|| run.status.clone()))
        .collect();
    played.check("the standby takes over", ends.join(", "), succeeded);
    let here = STANDBY.into();
    let ledger = drill.world.ledger();
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
    played.check(
        "nothing that arrived late is taken for life",
        verdicts.join(", "),
        !verdicts.iter().any(|verdict| verdict == LIFE),
    );
    played.check(
        "the loss is known",
        told.as_ref()
            .map_or("unknown".to_owned(), |loss| format!("{} beats", loss.beats)),
        told.is_some(),
    );
    drill.writes_in(STANDBY).await;
    Ok(())
}
