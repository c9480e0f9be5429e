//! A planned move has stopped the writer, and nobody goes on with it: its run is stopped, and then its Region dies.

use std::time::{Duration, Instant};

use failover::ports::Ledger;
use serde_json::json;

use crate::{
    profile::{HOME, PLAN, Profile, STANDBY},
    scenario::{Drill, Ends, Played, SOON, Scenario, Told},
    scenarios::checks::{ledgers::writer_is, rows::keeps_every_row},
    timeline::Kind,
    world::Trouble,
};

pub(crate) static SCENARIO: Scenario = Scenario {
    name: "replica-stopped-and-abandoned",
    summary: "A planned move has stopped the writer of an RDS instance, and ends there: somebody stops its run, and another time the Region that it runs in dies. Each time the writer's own Region gives the logins back.",
    comes_out: "writes go on within two minutes where they were, nothing promoted, no row lost",
    world: Profile::quick_replica,
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::OnceARound,
    ..Scenario::USUAL
};

/// How soon writes go on.
const WITHIN: Duration = Duration::from_secs(120);

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    let run = stopped(drill).await?;
    drill.fault(
        STANDBY,
        "runs no more: somebody stops the run",
        "the run is stopped",
    );
    drill.world.emulator.stop_runs(STANDBY).await?;
    drill.world.simulator.mend_replication(STANDBY).await;
    go_on(drill, &mut played, "the run is stopped").await;
    // Its lease would keep the next one out for a quarter of an hour.
    let release = json!({"operation": "release", "plan": PLAN, "run_id": run});
    drill.said(STANDBY, "recovery-ledger", &release).await;

    stopped(drill).await?;
    drill.world.lose_region(STANDBY).await?;
    go_on(drill, &mut played, "the Region of the run dies").await;
    drill.world.return_region(STANDBY).await?;
    drill.world.simulator.mend_replication(STANDBY).await;

    let promoted = drill.called("promote-replica", "PromoteReadReplica");
    played.check(
        "nothing is promoted",
        if promoted { "it is" } else { "it is not" },
        !promoted,
    );
    played.checks.extend(writer_is(drill, HOME, 1).await);
    keeps_every_row(drill, &mut played).await?;
    Ok(played)
}

/// A planned move has stopped the writer, and waits for a replica that does not catch up; its run.
async fn stopped(drill: &Drill<'_>) -> Result<String, Trouble> {
    drill
        .until(SOON, "that nothing stands against the move", async || {
            let asked = json!({"plan": PLAN});
            let said = drill.said(STANDBY, "stop-writes", &asked).await;
            said.starts_with("write_stop")
        })
        .await;
    drill.world.simulator.cut_replication(STANDBY).await;
    let run = drill.start_planned(STANDBY).await?;
    drill
        .until(SOON, "the stop of the writer", async || {
            let row = drill.world.ledger().row(&HOME.into(), &PLAN.into()).await;
            row.is_ok_and(|row| row.stop.is_some())
        })
        .await;
    drill
        .until(SOON, "that no row is taken", async || {
            let taken = drill.client.record().acknowledged.len();
            tokio::time::sleep(Duration::from_secs(1)).await;
            drill.client.record().acknowledged.len() == taken
        })
        .await;
    Ok(run)
}

/// Writes go on at home in time.
async fn go_on(drill: &Drill<'_>, played: &mut Played, after: &str) {
    let (since, taken) = (Instant::now(), drill.client.record().acknowledged.len());
    drill
        .until(WITHIN, "that writes go on", async || {
            drill.client.record().acknowledged.len() > taken
        })
        .await;
    let seconds = since.elapsed().as_secs_f64();
    let text = format!("writes again {seconds:.1} s after {after}");
    drill
        .world
        .timeline
        .say(Kind::Client, "the application", text);
    played.check(
        format!("writes go on within two minutes after {after}"),
        format!("after {seconds:.1} s"),
        drill.client.record().acknowledged.len() > taken,
    );
}
