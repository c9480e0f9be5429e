//! Every field of every function and machine, with every wrong value, twice, and missing.

use serde_json::{Value, json};

use aurora_global::rebuild_global;
use failover::{
    Error,
    json::{operation, read},
    ledger::RunKind,
    pass::Input,
};
use steps::{
    call_hook, confirm_outage, ecs_restart, fence_writer, health_probe, loss_ledger,
    recovery_ledger::{self, Asked},
};

use super::{refusal, taken};

type Reads = Box<dyn Fn(Value) -> Result<(), Error>>;

fn by<T>(reads: impl Fn(Value) -> Result<T, Error> + 'static) -> Reads {
    Box::new(move |payload| reads(payload).map(drop))
}

/// What a run's passes take, with more fields.
fn pass(more: Value) -> Value {
    let mut payload = json!({"plan": "orders", "run_id": "a", "from_region": "us-west-2", "target_region": "us-east-1",
        "epoch": 7, "dry_run": true, "force": "orders@7", "accept_data_loss": true, "abandon_living_writer": true});
    let Value::Object(more) = more else {
        unreachable!("fields are an object");
    };
    payload.as_object_mut().unwrap().extend(more);
    payload
}

fn opens(payload: Value) -> Result<(), Error> {
    let recovery_ledger::Request::Open(open) = operation(payload)? else {
        unreachable!("it opens");
    };
    Asked::read(open.kind, open.input).map(drop)
}

/// Every job of every function and every machine, with something that it takes in all its fields.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn jobs() -> Vec<(&'static str, Reads, Value)> {
    let machine = |kind| by(move |input| Asked::read(kind, input));
    let probe = || by(health_probe::asked);
    let confirm = || by(operation::<confirm_outage::Request>);
    let ledger = || by(operation::<recovery_ledger::Request>);
    let fence = || by(operation::<fence_writer::Request>);
    let run = json!({"plan": "orders", "run_id": "a", "from_region": "us-west-2", "target_region": "us-east-1", "epoch": 7});
    let of_run = |more: Value| {
        let mut payload = run.clone();
        payload
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        payload
    };
    let names = json!({"global_cluster": "orders-global-7", "parameter_groups": {"old": "new"}});
    vec![
        ("every other step", by(read::<Input>), pass(json!({}))),
        (
            "ecs-restart",
            by(ecs_restart::asked),
            pass(json!({"conclude": true})),
        ),
        (
            "call-hook",
            by(call_hook::asked),
            pass(json!({"phase": "before_names"})),
        ),
        (
            "loss-ledger",
            by(loss_ledger::asked),
            pass(json!({"cluster": "orders-west"})),
        ),
        (
            "rebuild-global",
            by(rebuild_global::asked),
            pass(json!({"retire": "delete", "names": names})),
        ),
        (
            "unplanned",
            machine(RunKind::UnplannedFailover),
            json!({"plan": "orders", "incident": "orders/7",
            "observer_region": "us-east-1", "writer_region": "us-west-2", "handed_over_by": "a", "dry_run": true}),
        ),
        (
            "planned",
            machine(RunKind::PlannedFailover),
            json!({"plan": "orders", "from_region": "us-west-2", "dry_run": true}),
        ),
        (
            "failback",
            machine(RunKind::Failback),
            json!({"plan": "orders", "from_region": "us-east-1", "retire": "rename",
            "names": names, "rehearse": true, "approval": "given", "not_before": "2026-01-31T02:00:00Z", "dry_run": true}),
        ),
        (
            "watch",
            probe(),
            json!({"operation": "watch", "shard": 0, "shards": 2}),
        ),
        (
            "setup",
            probe(),
            json!({"operation": "setup", "plan": "orders"}),
        ),
        (
            "look",
            probe(),
            json!({"operation": "confirm", "plan": "orders", "dry_run": true}),
        ),
        ("prove", probe(), pass(json!({"operation": "prove"}))),
        ("verify", probe(), pass(json!({"operation": "verify"}))),
        ("confirm", confirm(), pass(json!({"operation": "confirm"}))),
        (
            "confirm approved",
            confirm(),
            pass(json!({"operation": "confirm_approved"})),
        ),
        (
            "reach",
            confirm(),
            json!({"operation": "reach", "plan": "orders", "region": "us-west-2", "cluster": "orders-west"}),
        ),
        ("survey", confirm(), json!({"operation": "survey"})),
        (
            "open",
            by(opens),
            json!({"operation": "open", "kind": "failback", "run_id": "a", "execution": "arn",
            "input": {"plan": "orders"}}),
        ),
        (
            "adopt",
            ledger(),
            json!({"operation": "adopt", "plan": "orders", "dry_run": true}),
        ),
        (
            "ask",
            ledger(),
            of_run(json!({"operation": "ask", "token": "t"})),
        ),
        (
            "keep",
            ledger(),
            of_run(json!({"operation": "keep", "until": "2026-01-31T02:00:00Z"})),
        ),
        (
            "acknowledge",
            ledger(),
            json!({"operation": "acknowledge", "plan": "orders", "run_id": "a"}),
        ),
        (
            "false alarm",
            ledger(),
            json!({"operation": "false_alarm", "plan": "orders", "run_id": "a", "why": "w", "dry_run": true}),
        ),
        (
            "release",
            ledger(),
            json!({"operation": "release", "plan": "orders", "run_id": "a"}),
        ),
        (
            "test message",
            ledger(),
            json!({"operation": "test_message", "plan": "orders"}),
        ),
        ("sweep", fence(), json!({"operation": "sweep"})),
        ("fence", fence(), pass(json!({"operation": "fence"}))),
        ("unfence", fence(), pass(json!({"operation": "unfence"}))),
        (
            "rights",
            fence(),
            json!({"operation": "rights", "plan": "orders"}),
        ),
        (
            "hint",
            fence(),
            json!({"operation": "hint", "event": "RDS-EVENT-0189", "instance": "orders-west-1", "message": "m"}),
        ),
    ]
}

/// What may be typed instead of a value, as text.
fn instead(value: &Value) -> Vec<&'static str> {
    match value {
        Value::String(_) => vec!["7", "[]", "{}", "true"],
        Value::Number(_) => vec![
            "\"seven\"",
            "-1",
            "1.5",
            "18446744073709551616",
            "1e400",
            "{}",
        ],
        Value::Bool(_) => vec!["\"true\"", "1", "[]"],
        Value::Object(_) | Value::Array(_) | Value::Null => vec!["7", "\"orders\"", "[]"],
    }
}

#[test]
fn every_field_of_every_function_is_named_with_its_value_and_the_fix() {
    let mut faults = 0;
    for (job, reads, good) in jobs() {
        assert_eq!(taken(&good.to_string(), &reads), Ok(()), "{job}");
        for (field, value) in good.as_object().unwrap() {
            faults += wrong_values(job, &reads, &good, (field, value));
            twice_and_missing(job, &reads, &good, (field, value));
        }
    }
    assert!(faults > 300, "{faults}");
}

/// Puts every wrong value into one field; answers how many.
fn wrong_values(job: &str, reads: &Reads, good: &Value, (field, value): (&str, &Value)) -> usize {
    let text = good.to_string();
    let written = format!("\"{field}\":{value}");
    assert!(text.contains(&written), "{job}: {written}");
    let others = instead(value);
    for other in &others {
        let why = refusal(
            &text.replace(&written, &format!("\"{field}\":{other}")),
            reads,
        );
        let place = if field == "input" {
            "the payload"
        } else {
            field
        };
        let shown = match *other {
            "18446744073709551616" | "1e400" => "a number beyond 64 bits",
            "[]" if why.contains("a list") => "a list",
            "{}" if why.contains("an object") => "an object",
            other => other,
        };
        for part in [place, shown, "; "] {
            assert!(why.contains(part), "{job}: {field} = {other}: {why}");
        }
    }
    others.len()
}

fn twice_and_missing(job: &str, reads: &Reads, good: &Value, (field, value): (&str, &Value)) {
    let written = format!("\"{field}\":{value}");
    let twice = good
        .to_string()
        .replace(&written, &format!("{written},{written}"));
    let why = refusal(&twice, reads);
    assert!(
        why.contains(&format!("{field} stands twice; keep one")),
        "{job}: {why}"
    );
    let mut without = good.clone();
    without.as_object_mut().unwrap().remove(field);
    if taken(&without.to_string(), reads).is_err() {
        let why = refusal(&without.to_string(), reads);
        assert!(
            why.contains(&format!("{field} is missing; ")),
            "{job}: {why}"
        );
    }
}

#[test]
fn every_function_names_a_field_that_it_does_not_know_and_a_payload_that_is_none() {
    for (job, reads, good) in jobs() {
        let mut more = good.clone();
        more["colour"] = json!(1);
        let why = refusal(&more.to_string(), &reads);
        assert!(
            why.contains("colour is not a field here; remove it"),
            "{job}: {why}"
        );
        for nothing in ["", "null", "[]", "7", "\"orders\"", "1e400", "{\"plan\": "] {
            let why = refusal(nothing, &reads);
            assert!(why.contains("; "), "{job}: {nothing}: {why}");
        }
        if good.get("plan").is_none() {
            continue;
        }
        for plan in ["\"örders\"", "\"\"", "null"] {
            let written = format!("\"plan\":{plan}");
            let text = good.to_string().replace("\"plan\":\"orders\"", &written);
            let why = refusal(&text, &reads);
            for part in ["plan is ", plan, "; "] {
                assert!(why.contains(part), "{job}: {why}");
            }
        }
    }
}
