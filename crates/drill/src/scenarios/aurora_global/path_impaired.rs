//! Only one road is cut.

use failover::evidence::Verdict;
use serde_json::{Value, json};

use crate::{
    profile::{HOME, PLAN, Profile, STANDBY, cluster},
    report::Check,
    scenario::{Drill, Ends, Played, SUSPECTED, Scenario, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "path-impaired",
    summary: "Only the standby's road to the writer is cut: the writer is suspected, found alive, and nothing changes.",
    comes_out: "`path_impaired`, nothing changes, writes never stop, steps called by hand say what they would do, and change nothing",
    world: || Profile::quick("auto"),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::harmless(Verdict::PathImpaired),
    told: Told::Once(&[SUSPECTED, "stood down (path_impaired)"]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let text = format!("loses its road to the writer in {HOME}");
    drill.fault(STANDBY, &text, "road cut");
    let mut played = Played::now();
    drill.world.roads.cut(STANDBY, cluster(HOME))?;
    drill.ended(1).await;
    // With everything else at rest, so that what they change, if anything, is seen.
    played.checks = by_hand(drill).await;
    Ok(played)
}

/// What a call by hand must say: the name of its error or of the action it would take, and a part of the sentence. What the forced call
/// would refuse is an answer, whose action is `refused`.
struct ByHand {
    function: &'static str,
    given: &'static str,
    payload: Value,
    name: &'static str,
    says: &'static str,
}

async fn by_hand(drill: &Drill<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    for call in calls() {
        let said = drill.said(STANDBY, call.function, &call.payload).await;
        let expected = format!(
            "{} by hand, {}, says {}",
            call.function, call.given, call.name
        );
        let held = said.starts_with(call.name) && said.contains(call.says);
        checks.push(Check::new(expected, said, held));
    }
    checks
}

fn calls() -> [ByHand; 6] {
    let of_plan = || json!({ "plan": PLAN });
    [
        ByHand {
            function: "detach-and-promote",
            given: "without a run",
            payload: of_plan(),
            name: "refused",
            says: "move it as planned, which loses nothing",
        },
        ByHand {
            function: "dns-flip",
            given: "without a run",
            payload: of_plan(),
            name: "refused",
            says: "us-east-1 is not proven as the writer",
        },
        ByHand {
            function: "ecs-restart",
            given: "without a run",
            payload: of_plan(),
            name: "refused",
            says: "us-east-1 is not proven as the writer",
        },
        ByHand {
            function: "ecs-restart",
            given: "with an unknown field",
            payload: json!({"plan": PLAN, "colour": "red"}),
            name: "InvalidRequest",
            says: "colour",
        },
        ByHand {
            function: "dns-flip",
            given: "with an unknown plan",
            payload: json!({"plan": "unheard-of"}),
            name: "InvalidRequest",
            says: "unheard-of",
        },
        ByHand {
            function: "recovery-ledger",
            given: "with a Region that is no member",
            payload: json!({"operation": "open", "kind": "unplanned_failover", "run_id": "by-hand",
                "input": {"plan": PLAN, "writer_region": "eu-west-1", "observer_region": "us-east-1"}}),
            name: "InvalidRequest",
            says: "writer_region is eu-west-1",
        },
    ]
}
