//! Several standbys, and several plans.

use std::time::Duration;

use failover::ledger::{Ledger, Run};

use crate::{
    client::compare,
    front_door::{Fault, Scope},
    profile::{BILLING, HOME, INVOICES, PLAN, STANDBY, THIRD, names},
    scenario::stage::{Acted, Stage},
    timeline::Kind,
    world::Trouble,
};

/// How far the standby that has an instance lags.
const LAG: Duration = Duration::from_secs(2);
/// How much later than the other standby's Region this one tells of its suspicion, so that the better one has to be found.
const LATER: Duration = Duration::from_secs(2);

pub(super) async fn three_regions(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
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
    let mut acted = stage.lose(HOME).await?;
    let record = stage.client.record();
    acted.unreplicated = compare(&record, &world.admin(THIRD).await?)
        .await
        .ok()
        .and_then(|comparison| u64::try_from(comparison.lost.len()).ok());
    stage.ended(2).await;
    stage.writes_in(THIRD).await;
    stage.ended(2).await;
    let runs = stage.runs.seen();
    for region in [STANDBY, THIRD] {
        let noticed = runs.iter().filter(|run| run.region == region).count();
        acted.check(
            format!("{region} notices"),
            format!("{noticed} runs there"),
            noticed > 0,
        );
    }
    acted.checks.extend(handed_over(stage).await.checks);
    let calls = world.front_door.calls();
    let promoting: Vec<_> = calls
        .iter()
        .filter(|call| call.operation == "RemoveFromGlobalCluster" && call.status == Some(200))
        .map(|call| call.caller_region.clone())
        .collect();
    acted.check(
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
    acted.check(
        "both ledgers name it as the writer, and no lease is left",
        format!("{rows:?}"),
        rows.iter().all(agreed),
    );
    Ok(acted)
}

/// The run in the headless standby's Region says whom it gave the outage to, and why; the other says from whom it has it.
async fn handed_over(stage: &Stage<'_>) -> Acted {
    let mut acted = Acted::default();
    let runs = recorded(stage, PLAN).await;
    let gave = runs.iter().find_map(|run| run.hand_over.clone());
    let reason = gave.map_or("none was".to_owned(), |gave| {
        format!("to {}: {}", gave.to, gave.reason)
    });
    acted.check(
        "the outage is handed over, with the reason",
        &*reason,
        reason == format!("to {THIRD}: {STANDBY} has no instance that serves and {THIRD} has"),
    );
    let took = runs.iter().find(|run| run.handed_over_by.is_some());
    let took = took.map_or("none".to_owned(), |run| run.to.to_string());
    acted.check("the run that takes it says so", &*took, took == THIRD);
    acted
}

/// What the runs left in the ledgers of the Regions that they were for.
pub(super) async fn recorded(stage: &Stage<'_>, plan: &str) -> Vec<Run> {
    let ledger = stage.world.ledger();
    let mut found = Vec::new();
    for run in stage.runs.seen() {
        let record = ledger
            .run(
                &run.region.as_str().into(),
                &plan.into(),
                &run.name.as_str().into(),
            )
            .await;
        found.extend(record.ok().flatten());
    }
    found
}

pub(super) async fn two_plans(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    let text = format!("cannot start tasks of {INVOICES}");
    world.timeline.say(Kind::Setup, STANDBY, text);
    world.front_door.fail_deployments(INVOICES);
    let mut acted = stage.lose(HOME).await?;
    stage.ended(2).await;
    let runs = recorded(stage, BILLING).await;
    let closed = runs.iter().find_map(|run| run.closed.clone());
    let account = closed.map_or("it has not ended".to_owned(), |closed| {
        format!("{:?}; left: {}", closed.outcome, closed.left.join("; "))
    });
    let service = format!("{STANDBY}/orders/{INVOICES}");
    let is_true = account.starts_with("Failed")
        && account.contains(&service)
        && account.contains("1 of 1 services")
        && account.contains("tasks failed to start");
    acted.check(
        "the run of the broken plan ends failed, and says what is left and why",
        account,
        is_true,
    );
    let row = world.ledger().row(&STANDBY.into(), &BILLING.into()).await;
    let current = row.ok().and_then(|row| row.current);
    let writer = current.map_or("none".to_owned(), |current| {
        format!("{}, epoch {}", current.writer, current.epoch)
    });
    acted.check(
        "its standby is promoted all the same",
        &*writer,
        writer == format!("{STANDBY}, epoch 2"),
    );
    let [name, _] = names(BILLING);
    let moved = world.leads_to(&name).await.unwrap_or("nowhere".into());
    acted.check(
        format!("{name} leads to it"),
        &*moved,
        moved.starts_with("billing-east."),
    );
    Ok(acted)
}
