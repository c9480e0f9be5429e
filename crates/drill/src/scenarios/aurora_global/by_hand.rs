//! A human forces every step.

use failover::{
    ledger::{Claim, RunKind},
    ports::update,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, Played, RETURN, Scenario, Told},
    scenarios::{
        actions::by_hand::done,
        checks::{calls::promotions, ledgers::ledger_says},
    },
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "by-hand",
    summary: "The home Region dies, the plan only observes, and a human forces each step with one call after the other.",
    comes_out: "the standby takes over",
    plan: || json!({"unplanned": {"region_down": "observe"}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&["would have failed over to us-east-1", RETURN]),
    ..Scenario::USUAL
};

/// A human carries a failover through: every step by hand, with `force`.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = drill.lose(HOME).await?;
    drill.ended(1).await;
    refused_by_hand(drill, &mut played).await?;
    let lossy = json!({"plan": PLAN, "force": format!("{PLAN}@1"), "accept_data_loss": true});
    let done = async |played: &mut Played, function, payload: &Value| {
        done(drill, played, (STANDBY, function), payload).await;
    };
    done(&mut played, "detach-and-promote", &lossy).await;
    let prove = json!({"operation": "prove", "plan": PLAN, "force": format!("{PLAN}@1")});
    done(&mut played, "health-probe", &prove).await;
    let said = ledger_says(drill, STANDBY, STANDBY, 2).await;
    played.checks.push(said);
    let forced = json!({"plan": PLAN, "force": format!("{PLAN}@2")});
    done(&mut played, "dns-flip", &forced).await;
    done(&mut played, "ecs-restart", &forced).await;
    let verify = json!({"operation": "verify", "plan": PLAN, "force": format!("{PLAN}@2")});
    done(&mut played, "health-probe", &verify).await;
    let writes = drill.writes_in(STANDBY).await;
    played.check(
        "the application writes on the new writer",
        if writes { "it does" } else { "it does not" },
        writes,
    );
    let told = drill.world.messages();
    let forced = told
        .iter()
        .filter(|text| text.contains("forced by hand in us-east-1"))
        .count();
    played.check(
        "people are told of every forced pass",
        format!("{forced} times"),
        forced >= 5,
    );
    Ok(played)
}

/// What may not be forced says why.
async fn refused_by_hand(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    let detach = async |payload| drill.said(STANDBY, "detach-and-promote", &payload).await;
    let said = detach(json!({"plan": PLAN, "force": format!("{PLAN}@7")})).await;
    let held = said.starts_with("InvalidRequest") && said.contains("write \"orders@1\"");
    played.check(
        "force with the wrong epoch is refused with the right one",
        said,
        held,
    );
    let alone = json!({"plan": PLAN, "force": format!("{PLAN}@1"), "abandon_living_writer": true});
    let said = detach(alone).await;
    let held = said.starts_with("DataLossTooLarge") && said.contains("accept_data_loss");
    played.check("a forced promotion must accept the loss", said, held);
    let claim = Claim {
        run_id: "another-run".into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: HOME.into(),
        to: STANDBY.into(),
    };
    let ledger = drill.world.ledger();
    let claimed = |row: &failover::ledger::PlanState| row.claim(&claim, Timestamp::now());
    update(&ledger, &STANDBY.into(), &PLAN.into(), claimed).await?;
    let lossy = json!({"plan": PLAN, "force": format!("{PLAN}@1"), "accept_data_loss": true});
    let said = detach(lossy).await;
    let held = said.starts_with("RunRefused") && said.contains("another-run");
    played.check("force while a run holds the plan is refused", said, held);
    let release = |row: &failover::ledger::PlanState| {
        Ok(row.release(&claim.run_id).unwrap_or_else(|| row.clone()))
    };
    update(&ledger, &STANDBY.into(), &PLAN.into(), release).await?;
    let promoted = promotions(drill, STANDBY);
    played.check(
        "none of that promotes anything",
        format!("{promoted} promoting calls"),
        promoted == 0,
    );
    Ok(())
}
