//! Two plans lose their Region at once.

use failover::{evidence::Verdict, plan::Strategy, ports::Ledger};

use crate::{
    profile::{BILLING, HOME, INVOICES, PLAN, Profile, STANDBY, names},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::checks::ledgers::recorded,
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "two-plans",
    summary: "Two plans lose their Region at once, and a service of one cannot start: both are promoted, and the broken one says what is left.",
    comes_out: "both promoted, the broken one ends `failed` with what is left",
    world,
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::RegionDown, Some(Strategy::Detach)),
    told: Told::Once(&[
        "orders: us-east-1 took over",
        "billing: the failover to us-east-1 is not complete",
    ]),
    ..Scenario::USUAL
};

fn world() -> Profile {
    Profile {
        plans: &[PLAN, BILLING],
        ..Profile::quick("detach")
    }
}

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let world = drill.world;
    let text = format!("cannot start tasks of {INVOICES}");
    world.timeline.say(Kind::Setup, STANDBY, text);
    world.front_door.fail_deployments(INVOICES);
    let mut played = drill.lose(HOME).await?;
    drill.ended(2).await;
    let runs = recorded(drill, BILLING).await;
    let closed = runs.iter().find_map(|run| run.closed.clone());
    let account = closed.map_or("it has not ended".to_owned(), |closed| {
        format!("{:?}; left: {}", closed.outcome, closed.left.join("; "))
    });
    let service = format!("{STANDBY}/orders/{INVOICES}");
    let is_true = account.starts_with("Failed")
        && account.contains(&service)
        && account.contains("1 of 1 services")
        && account.contains("tasks failed to start");
    played.check(
        "the run of the broken plan ends failed, and says what is left and why",
        account,
        is_true,
    );
    let row = world.ledger().row(&STANDBY.into(), &BILLING.into()).await;
    let current = row.ok().and_then(|row| row.current);
    let writer = current.map_or("none".to_owned(), |current| {
        format!("{}, epoch {}", current.writer, current.epoch)
    });
    played.check(
        "its standby is promoted all the same",
        &*writer,
        writer == format!("{STANDBY}, epoch 2"),
    );
    let [name, _] = names(BILLING);
    let moved = world.leads_to(&name).await.unwrap_or("nowhere".into());
    played.check(
        format!("{name} leads to it"),
        &*moved,
        moved.starts_with("billing-east."),
    );
    Ok(played)
}
