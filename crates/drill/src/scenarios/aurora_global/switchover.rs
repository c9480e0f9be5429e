//! A planned move there and back.

use failover::installation::named;
use serde_json::json;

use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::checks::{
        planned::{leads, succeeded},
        rows::keeps_every_row,
    },
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "switchover",
    summary: "The writer is moved to the standby's Region and back, as planned, while the application writes: no row is lost.",
    comes_out: "both succeed, no row is lost",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[
        "us-east-1 took over from us-west-2",
        "us-west-2 took over from us-east-1",
    ]),
    ..Scenario::USUAL
};

/// To the standby's Region, and back.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    by_hand_changes_nothing(drill, &mut played).await;
    for (epoch, to) in [(2, STANDBY), (3, HOME)] {
        let dry = drill
            .said(to, "planned-failover", &json!({"plan": PLAN}))
            .await;
        played.check(
            format!("by hand, planned-failover in {to} says what it would do"),
            &*dry,
            dry.starts_with("write_intent: everything is ready"),
        );
        moved(drill, &mut played, to, epoch).await?;
    }
    keeps_every_row(drill, &mut played).await?;
    Ok(played)
}

/// Every step, called by hand without `force`, says what it would do, and its calls are reads only.
async fn by_hand_changes_nothing(drill: &Drill<'_>, played: &mut Played) {
    let step = json!({"plan": PLAN});
    let calls = [
        ("detach-and-promote", step.clone()),
        ("planned-failover", step.clone()),
        ("dns-flip", step.clone()),
        ("ecs-restart", step.clone()),
        ("ecs-restart", json!({"plan": PLAN, "conclude": true})),
        ("fence-writer", json!({"operation": "fence", "plan": PLAN})),
        (
            "fence-writer",
            json!({"operation": "unfence", "plan": PLAN}),
        ),
        ("loss-ledger", step.clone()),
        ("rebuild-global", step),
        (
            "confirm-outage",
            json!({"operation": "confirm", "plan": PLAN}),
        ),
        (
            "recovery-ledger",
            json!({"operation": "adopt", "plan": PLAN, "dry_run": true}),
        ),
    ];
    let mut answers = Vec::new();
    for (function, payload) in &calls {
        let said = drill.said(STANDBY, function, payload).await;
        answers.push(format!("{function}: {said}"));
    }
    // The probes watch meanwhile, and the functions ask them.
    let is_read = |operation: &str| {
        let reads = ["Describe", "Get", "List", "Query", "Invoke"];
        reads.iter().any(|read| operation.starts_with(read))
    };
    let journal = drill.world.front_door.calls().into_iter();
    let changes = journal.filter(|call| {
        let name = call.function.strip_prefix(&named(""));
        let is_step = calls.iter().any(|(function, _)| name == Some(function));
        is_step && call.caller_region == STANDBY && !is_read(&call.operation)
    });
    let changes: Vec<_> = changes
        .map(|call| format!("{} {}", call.function, call.operation))
        .collect();
    played.check(
        "every step by hand says what it would do, and does nothing",
        format!("{}; changes: {changes:?}", answers.join(" | ")),
        changes.is_empty() && answers.iter().all(|said| !said.contains("no answer")),
    );
}

/// Moves the writer to a Region, and checks that ledger and DNS say so.
async fn moved(
    drill: &Drill<'_>,
    played: &mut Played,
    to: &str,
    epoch: u64,
) -> Result<(), Trouble> {
    let run = drill.start_planned(to).await?;
    succeeded(drill, played, &run, to).await;
    leads(drill, played, to, epoch).await;
    Ok(())
}
