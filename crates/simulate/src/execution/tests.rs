//! How a machine is executed.

use machines::{failback, planned_failover, unplanned_failover};

use super::*;

fn began(machine: &Machine, input: Value) -> Execution {
    Execution::start(
        Arc::new(Definition::of(machine)),
        "a",
        "arn:a",
        input,
        Timestamp::UNIX_EPOCH,
    )
}

fn invoked(execution: &Execution) -> &Invocation {
    let Next::Invoke(invocation) = execution.next() else {
        panic!("{:?}", execution.next());
    };
    invocation
}

fn ended(execution: &Execution) -> &Ended {
    let Next::Ended(ended) = execution.next() else {
        panic!("{:?}", execution.next());
    };
    ended
}

fn opened(machine: &Machine, answer: Value) -> Execution {
    let mut execution = began(machine, json!({"plan": "orders"}));
    execution.answered(answer, Timestamp::UNIX_EPOCH);
    execution
}

fn open() -> Value {
    json!({"run": {"plan": "orders", "run_id": "a", "epoch": 1}, "resume": false})
}

/// Answers whatever is waited for.
fn answer(execution: &mut Execution, answer: Value) {
    let mut now = Timestamp::UNIX_EPOCH;
    if let Next::Wait(until) = execution.next() {
        now = *until;
        execution.waited(now);
    }
    execution.answered(answer, now);
}

#[test]
fn a_run_is_opened_with_what_the_machine_was_started_with() {
    let execution = began(
        &unplanned_failover(),
        json!({"plan": "orders", "incident": "orders/1"}),
    );
    let open = invoked(&execution);
    assert_eq!(open.function, "recovery-ledger");
    assert_eq!(
        open.payload,
        json!({"operation": "open", "kind": "unplanned_failover", "run_id": "a", "execution": "arn:a",
            "input": {"plan": "orders", "incident": "orders/1"}})
    );
}

#[test]
fn every_pass_is_told_of_its_run_and_an_outage_leads_to_its_end() {
    let mut execution = opened(&unplanned_failover(), open());
    let done = json!({"progress": "done"});
    let confirm = json!({"plan": "orders", "run_id": "a", "epoch": 1, "operation": "confirm"});
    assert_eq!(invoked(&execution).payload, confirm);
    let found = json!({"progress": "done", "decision": "go_on", "verdict": "region_down"});
    answer(&mut execution, found);
    let states = [
        "DetachAndPromote",
        "ProveWriter",
        "FlipDns",
        "RestartEcs",
        "VerifyWrites",
    ];
    for state in states {
        assert_eq!(invoked(&execution).state, state);
        answer(&mut execution, done.clone());
    }
    let close = json!({"plan": "orders", "run_id": "a", "epoch": 1, "operation": "close",
        "verdict": "region_down", "trouble": []});
    assert_eq!(invoked(&execution).payload, close);
    answer(&mut execution, json!({"outcome": "succeeded"}));
    assert_eq!(
        (
            ended(&execution).state.as_str(),
            ended(&execution).succeeded
        ),
        ("Recovered", true)
    );
}

#[test]
fn what_a_plan_names_is_called_where_it_stands_and_nothing_else_is() {
    let hooks = ["before_promote", "after_promote", "after_services"];
    let mut with_hooks = open();
    with_hooks["hooks"] = json!(hooks);
    let done = json!({"progress": "done"});
    for (hooks, wanted) in [
        (
            with_hooks,
            vec![
                "BeforePromote",
                "PlannedFailover",
                "ProveWriter",
                "AfterPromote",
                "FlipDns",
                "RestartEcs",
                "AfterServices",
                "VerifyWrites",
                "CloseRun",
            ],
        ),
        (
            open(),
            vec![
                "PlannedFailover",
                "ProveWriter",
                "FlipDns",
                "RestartEcs",
                "VerifyWrites",
                "CloseRun",
            ],
        ),
    ] {
        let mut execution = opened(&planned_failover(), hooks);
        for state in wanted {
            let called = invoked(&execution);
            assert_eq!(called.state, state);
            assert_eq!(
                called.function == "call-hook",
                called.payload.get("phase").is_some()
            );
            answer(&mut execution, done.clone());
        }
    }
}

#[test]
fn a_hook_that_fails_before_its_phase_ends_the_run_and_one_behind_it_is_told() {
    let mut one = open();
    one["hooks"] = json!(["before_promote"]);
    let at = Timestamp::UNIX_EPOCH;
    let mut execution = opened(&planned_failover(), one);
    execution.failed("NotReady", "no cache", at, 1.0);
    let close = invoked(&execution);
    assert_eq!(close.state, "CloseRun");
    assert_eq!(close.payload["trouble"][0]["state"], "BeforePromote");
    let mut one = open();
    one["hooks"] = json!(["after_names"]);
    let mut execution = opened(&planned_failover(), one);
    while invoked(&execution).state != "AfterNames" {
        answer(&mut execution, json!({"progress": "done"}));
    }
    execution.failed("NotReady", "no cache", at, 1.0);
    for state in ["RestartEcs", "VerifyWrites"] {
        assert_eq!(invoked(&execution).state, state);
        answer(&mut execution, json!({"progress": "done"}));
    }
    let close = invoked(&execution);
    assert_eq!(close.payload["trouble"][0]["state"], "AfterNames");
}

#[test]
fn a_loop_without_an_end_is_left_after_its_passes() {
    let mut execution = opened(&unplanned_failover(), open());
    let found = json!({"progress": "done", "decision": "go_on", "verdict": "region_down"});
    answer(&mut execution, found);
    for _ in 0..240 {
        answer(
            &mut execution,
            json!({"progress": "pending", "wait_seconds": 1}),
        );
    }
    let close = invoked(&execution);
    assert_eq!(close.state, "CloseRun");
    assert_eq!(close.payload["trouble"][0]["error"], "LoopExhausted");
}

#[test]
fn what_may_heal_is_tried_again_after_pauses_that_double_and_what_cannot_is_not() {
    let mut execution = opened(&planned_failover(), open());
    let at = Timestamp::UNIX_EPOCH;
    for seconds in [1, 2, 4, 5] {
        execution.failed("Unavailable", "", at, 1.0);
        assert_eq!(
            execution.next(),
            &Next::Wait(at + SignedDuration::from_secs(seconds))
        );
        execution.waited(at);
    }
    execution.failed("Unavailable", "it is silent", at, 1.0);
    let close = invoked(&execution);
    assert_eq!(close.state, "CloseRun");
    assert_eq!(close.payload["trouble"][0]["cause"], "it is silent");
    let mut execution = opened(&planned_failover(), open());
    execution.failed("Denied", "", at, 1.0);
    assert_eq!(invoked(&execution).state, "CloseRun");
}

#[test]
fn a_refused_run_and_one_that_could_not_be_opened_end_by_their_names() {
    let at = Timestamp::UNIX_EPOCH;
    let mut refused = began(&planned_failover(), json!({"plan": "orders"}));
    refused.failed("RunRefused", r#"{"errorMessage": "held"}"#, at, 0.5);
    assert_eq!(ended(&refused).error.as_deref(), Some("RunRefused"));
    let mut unopened = began(&planned_failover(), json!({"plan": "orders"}));
    unopened.failed("NotReady", "no", at, 0.5);
    assert_eq!(invoked(&unopened).state, "ReleaseLeases");
    answer(&mut unopened, json!({}));
    assert_eq!(ended(&unopened).error.as_deref(), Some("NotReady"));
    assert_eq!(ended(&unopened).cause.as_deref(), Some("no"));
}

#[test]
fn a_dry_run_says_what_the_first_step_would_do_and_ends() {
    let opened =
        json!({"run": {"plan": "orders", "run_id": "a"}, "resume": false, "dry_run": true});
    let mut execution = self::opened(&planned_failover(), opened);
    assert_eq!(
        invoked(&execution).payload,
        json!({"plan": "orders", "dry_run": true})
    );
    answer(
        &mut execution,
        json!({"action": "switch_over", "reason": "it would"}),
    );
    assert_eq!(ended(&execution).state, "DryRun");
}

#[test]
fn a_human_is_asked_by_a_token_and_a_no_is_kept() {
    let mut execution = opened(&unplanned_failover(), open());
    let asks = json!({"progress": "done", "decision": "ask", "verdict": "region_down", "approval_seconds": 600});
    answer(&mut execution, asks);
    let asked = invoked(&execution).clone();
    assert_eq!(asked.seconds, 600.0);
    assert_eq!(asked.token.as_deref(), asked.payload["token"].as_str());
    answer(&mut execution, json!({"approved": false}));
    assert_eq!(
        invoked(&execution).payload["trouble"][0]["error"],
        "Refused"
    );
}

#[test]
fn a_failback_waits_for_its_window() {
    let wish = json!({"rehearse": false, "approval": "none", "retire": "rename",
        "not_before": "1970-01-02T00:00:00Z", "names": [], "approval_seconds": 60});
    let mut opened = open();
    opened["failback"] = wish;
    let mut execution = self::opened(&failback(), opened);
    for state in ["FenceWriter", "LossLedger", "RebuildGlobal"] {
        assert_eq!(invoked(&execution).state, state);
        answer(&mut execution, json!({"progress": "done"}));
    }
    assert_eq!(invoked(&execution).payload["until"], "1970-01-02T00:00:00Z");
    answer(&mut execution, json!({}));
    let day = Timestamp::from_second(86_400).unwrap();
    assert_eq!(execution.next(), &Next::Wait(day));
    execution.waited(day);
    assert_eq!(invoked(&execution).state, "PlannedFailover");
}

/// Every text between `{%` and `%}` of a definition.
fn expressions(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::String(text) => all.extend(bare(text).map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| expressions(item, all)),
        Value::Object(members) => members
            .iter()
            .filter(|(key, _)| *key != "Condition")
            .for_each(|(_, member)| expressions(member, all)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn every_expression_of_every_machine_is_understood() {
    let mut all = Vec::new();
    for machine in machines::all() {
        for (_, state) in machine.states() {
            expressions(&state.json().value(), &mut all);
        }
    }
    assert!(all.len() > 100, "{}", all.len());
    for expression in all {
        let parsed = query::Query::of(&expression).parsed();
        assert!(parsed.is_ok(), "{parsed:?}");
    }
}

#[test]
fn what_no_machine_says_is_refused() {
    for expression in ["$run.", "a.b", "$sum([1])", "{'a' 1}", "'open", "1 1"] {
        let variables = Map::new();
        let came = query::Query::of(expression).evaluate(&variables, &json!({}));
        assert!(came.is_err(), "{expression}: {came:?}");
    }
}

#[test]
fn the_walk_of_the_machines_leads_where_the_execution_does() {
    for machine in machines::all() {
        let walk = machines::Walk::of(&machine);
        for (name, state) in machine.states() {
            let State::Call(call) = state else { continue };
            for error in ["Denied", "RunRefused", "EvidenceStale", "States.Timeout"] {
                let mut execution = began(&machine, json!({"plan": "orders"}));
                let variables = json!({"run": {"plan": "orders", "run_id": "a"}, "trouble": [], "passes": 0,
                    "stale": 0, "asked": 0, "closes": false, "verdict": null, "reasons": [], "wish": {}, "hooks": []});
                execution.variables = variables.as_object().unwrap().clone();
                execution.state = name.to_string();
                execution.caught(&call, error, "", Timestamp::UNIX_EPOCH);
                let came = match execution.next() {
                    Next::Invoke(invocation) => invocation.state.clone(),
                    Next::Ended(ended) => ended.state.clone(),
                    Next::Wait(_) => continue,
                };
                let wanted = walk.after(&name, machines::Passed::Failed(error)).unwrap();
                assert_eq!(came, wanted.state, "{} {name} {error}", machine.name);
            }
        }
    }
}
