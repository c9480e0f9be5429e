//! Steps called by hand, without a run: each says what it would do or why not, and changes nothing.

use serde_json::{Value, json};

use crate::{
    profile::{PLAN, STANDBY},
    report::Check,
    scenario::stage::Stage,
};

/// What a call by hand must say: the name of its error or of the action it would take, and a part of the sentence. What the forced call
/// would refuse is an answer, whose action is `refused`.
struct Call {
    function: &'static str,
    given: &'static str,
    payload: Value,
    name: &'static str,
    says: &'static str,
}

pub(in crate::scenario) async fn checks(stage: &Stage<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    for call in calls() {
        let said = stage.said(STANDBY, call.function, &call.payload).await;
        let expected = format!(
            "{} by hand, {}, says {}",
            call.function, call.given, call.name
        );
        let held = said.starts_with(call.name) && said.contains(call.says);
        checks.push(Check::new(expected, said, held));
    }
    checks
}

fn calls() -> [Call; 6] {
    let of_plan = || json!({ "plan": PLAN });
    [
        Call {
            function: "detach-and-promote",
            given: "without a run",
            payload: of_plan(),
            name: "refused",
            says: "move it as planned, which loses nothing",
        },
        Call {
            function: "dns-flip",
            given: "without a run",
            payload: of_plan(),
            name: "refused",
            says: "us-east-1 is not proven as the writer",
        },
        Call {
            function: "ecs-restart",
            given: "without a run",
            payload: of_plan(),
            name: "refused",
            says: "us-east-1 is not proven as the writer",
        },
        Call {
            function: "ecs-restart",
            given: "with an unknown field",
            payload: json!({"plan": PLAN, "colour": "red"}),
            name: "InvalidRequest",
            says: "colour",
        },
        Call {
            function: "dns-flip",
            given: "with an unknown plan",
            payload: json!({"plan": "unheard-of"}),
            name: "InvalidRequest",
            says: "unheard-of",
        },
        Call {
            function: "recovery-ledger",
            given: "with a Region that is no member",
            payload: json!({"operation": "open", "kind": "unplanned_failover", "run_id": "by-hand",
                "input": {"plan": PLAN, "writer_region": "eu-west-1", "observer_region": "us-east-1"}}),
            name: "InvalidRequest",
            says: "writer_region is eu-west-1",
        },
    ]
}
