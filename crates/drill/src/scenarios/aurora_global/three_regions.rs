//! Of two standbys only one can take over at once.

use std::time::Duration;

use failover::{evidence::Verdict, plan::Strategy, ports::Ledger};

use crate::{
    client::compare,
    front_door::{Fault, Scope},
    profile::{HOME, PLAN, Profile, STANDBY, THIRD},
    scenario::{Drill, Ends, Played, RETURN, Scenario, Told},
    scenarios::checks::ledgers::recorded,
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "three-regions",
    summary: "Of two standbys one has no instance and the other lags: both notice the loss, and the one that can take over is promoted, once.",
    comes_out: "the run hands over, the one with an instance is promoted, once",
    world,
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::RegionDown, Some(Strategy::Detach)),
    told: Told::Once(&[RETURN, "eu-west-1 took over"]),
    target: THIRD,
    ..Scenario::USUAL
};

/// How far the standby that has an instance lags.
const LAG: Duration = Duration::from_secs(2);
/// How much later than the other standby's Region this one tells of its suspicion, so that the better one has to be found.
const LATER: Duration = Duration::from_secs(2);

fn world() -> Profile {
    Profile {
        members: &[HOME, STANDBY, THIRD],
        headless: Some(STANDBY),
        ..Profile::quick("detach")
    }
}

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let world = drill.world;
    let text = "falls behind: replication to it stops, and its event bus is slow";
    world.timeline.say(Kind::Setup, THIRD, text);
    world.simulator.cut_replication(THIRD).await;
    let its_events = Scope {
        caller_region: Some(THIRD.into()),
        service: Some("events".into()),
        ..Scope::default()
    };
    world.front_door.set(its_events, Fault::Slow(LATER));
    tokio::time::sleep(LAG).await;
    let mut played = drill.lose(HOME).await?;
    let record = drill.client.record();
    played.unreplicated = compare(&record, &world.database(THIRD).await?)
        .await
        .ok()
        .and_then(|comparison| u64::try_from(comparison.lost.len()).ok());
    drill.ended(2).await;
    drill.writes_in(THIRD).await;
    drill.ended(2).await;
    let runs = drill.runs.seen();
    for region in [STANDBY, THIRD] {
        let noticed = runs.iter().filter(|run| run.region == region).count();
        played.check(
            format!("{region} notices"),
            format!("{noticed} runs there"),
            noticed > 0,
        );
    }
    played.checks.extend(handed_over(drill).await.checks);
    let calls = world.front_door.calls();
    let promoting: Vec<_> = calls
        .iter()
        .filter(|call| call.operation == "RemoveFromGlobalCluster" && call.status == Some(200))
        .map(|call| call.caller_region.clone())
        .collect();
    played.check(
        format!("only {THIRD} promotes, once"),
        promoting.join(", "),
        promoting == [THIRD],
    );
    let rows = [STANDBY, THIRD].map(async |region| {
        let row = world
            .ledger()
            .row(&region.into(), &PLAN.into())
            .await
            .ok()?;
        Some((row.current?.writer, row.lease.is_none()))
    });
    let rows = futures::future::join_all(rows).await;
    let agreed = |row: &Option<(failover::domain::Region, bool)>| {
        row.as_ref()
            .is_some_and(|(writer, free)| writer.as_str() == THIRD && *free)
    };
    played.check(
        "both ledgers name it as the writer, and no lease is left",
        format!("{rows:?}"),
        rows.iter().all(agreed),
    );
    Ok(played)
}

/// The run in the headless standby's Region says whom it gave the outage to, and why; the other says from whom it has it.
async fn handed_over(drill: &Drill<'_>) -> Played {
    let mut played = Played::default();
    let runs = recorded(drill, PLAN).await;
    let gave = runs.iter().find_map(|run| run.hand_over.clone());
    let reason = gave.map_or("none was".to_owned(), |gave| {
        format!("to {}: {}", gave.to, gave.reason)
    });
    played.check(
        "the outage is handed over, with the reason",
        &*reason,
        reason == format!("to {THIRD}: {STANDBY} has no instance that serves and {THIRD} has"),
    );
    let took = runs.iter().find(|run| run.handed_over_by.is_some());
    let took = took.map_or("none".to_owned(), |run| run.to.to_string());
    played.check("the run that takes it says so", &*took, took == THIRD);
    played
}
