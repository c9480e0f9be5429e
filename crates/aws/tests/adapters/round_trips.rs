//! Everything the ledger holds reads back from DynamoDB as it was written.

use failover::{
    beat::{Beat, Beats, Loss, Reading, Signs, Vantage, Write},
    domain::Epoch,
    ledger::{Current, Intent, Lease, PlanState, Run, RunKind, Stage, Stop},
    ports::Ledger,
};
use jiff::Timestamp;
use proptest::{option, prelude::*};
use serde_json::{Value, json};

use crate::{
    dynamodb::{east, plan},
    replay::{Next, Replay, scripted},
};

fn at(nanosecond: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanosecond)).unwrap()
}

/// A run that has just opened, with some fields of its record changed.
pub(crate) fn run(changes: Value) -> Run {
    let mut record = json!({"run_id": "a", "kind": "unplanned_failover", "plan": plan(), "from": "us-west-2",
        "to": "us-east-1", "epoch": 7, "opened_at": at(1_700_000_000_123_456_789), "leased": []});
    for (field, value) in changes.as_object().unwrap() {
        record[field] = value.clone();
    }
    serde_json::from_value(record).unwrap()
}

/// An item as DynamoDB gives it back: numbers lose zeros that say nothing.
pub(crate) fn as_stored(mut value: Value) -> Value {
    if let Some(number) = value.get("N").and_then(Value::as_str) {
        let short = number.strip_suffix(".0").unwrap_or(number);
        return json!({"N": short});
    }
    let fields = value
        .as_object_mut()
        .into_iter()
        .flat_map(|all| all.values_mut());
    fields.for_each(|field| *field = as_stored(field.take()));
    let elements = value.as_array_mut().into_iter().flatten();
    elements.for_each(|element| *element = as_stored(element.take()));
    value
}

/// Puts the item that was last written into the next answer.
fn give_back(replay: &Replay) {
    let written = replay.asked().last().unwrap().json()["Item"].clone();
    replay.then(Next::ok(json!({"Item": as_stored(written)})));
}

#[tokio::test]
async fn a_fresh_run_reads_back_with_its_empty_lists_and_maps() {
    let (aws, replay) = scripted([Next::ok("{}")]);
    let run = run(json!({}));
    assert!(run.leased.is_empty() && run.dns_changes.is_empty() && run.timeline.is_empty());
    aws.put_run(&east(), &run).await.unwrap();
    give_back(&replay);
    assert_eq!(
        aws.run(&east(), &"orders".into(), &"a".into()).await,
        Ok(Some(run))
    );
}

fn times() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_000_000_000_i64).prop_map(at)
}

fn texts() -> impl Strategy<Value = String> {
    "[ -~äπ]{0,12}"
}

fn beats() -> impl Strategy<Value = Beat> {
    let epochs = any::<u64>().prop_map(Epoch);
    (any::<u64>(), epochs, times()).prop_map(|(seq, epoch, at)| Beat { seq, epoch, at })
}

fn writes() -> impl Strategy<Value = Write> {
    prop_oneof![
        beats().prop_map(|beat| Write::Committed { beat }),
        texts().prop_map(|why| Write::Failed { why }),
        texts().prop_map(|why| Write::Saturated { why }),
        texts().prop_map(|why| Write::Starting { why }),
        texts().prop_map(|why| Write::Exhausted { why }),
        texts().prop_map(|why| Write::Answered { why }),
        texts().prop_map(|why| Write::Misconfigured { why }),
        Just(Write::ReadOnly),
        texts().prop_map(|token| Write::Stopped {
            token: token.as_str().into()
        }),
        any::<u64>().prop_map(|epoch| Write::OtherEpoch {
            epoch: Epoch(epoch)
        }),
    ]
}

fn readings() -> impl Strategy<Value = Reading> {
    let held = option::of(beats()).prop_map(|beat| {
        beat.map(|beat| (east(), beat))
            .into_iter()
            .collect::<Beats>()
    });
    (option::of(any::<i64>()), held, option::of(times())).prop_map(
        |(position, beats, committed_at)| Reading {
            position,
            beats,
            committed_at,
        },
    )
}

fn losses() -> impl Strategy<Value = Loss> {
    (any::<u64>(), 0.0..1e9_f64).prop_map(|(beats, seconds)| Loss { beats, seconds })
}

fn vantages() -> impl Strategy<Value = Vantage> {
    let seen = (
        option::of(beats()),
        option::of(times()),
        any::<u32>(),
        option::of(readings()),
    );
    (times(), writes(), seen, option::of(times())).prop_map(|(at, write, seen, moved_at)| Vantage {
        region: east(),
        writer_region: "us-west-2".into(),
        at,
        write,
        last_beat: seen.0,
        failing_since: seen.1,
        failures: seen.2,
        reading: seen.3,
        version: Some("4f2a8c01b2d3e4f5".into()),
        signs: Signs {
            newest_at: moved_at,
            lag_ms: moved_at.map(|_| 700),
            spoke_at: moved_at,
            ..Signs::default()
        },
        moved_at,
    })
}

fn rows() -> impl Strategy<Value = PlanState> {
    let lease = (any::<u64>(), times()).prop_map(|(token, expires_at)| Lease {
        run_id: "a".into(),
        token,
        kind: RunKind::UnplannedFailover,
        from: "us-west-2".into(),
        to: east(),
        expires_at,
        waits_for_human: token % 2 == 0,
    });
    let named = || (any::<u64>(), times(), option::of(texts()));
    let current = named().prop_map(|(epoch, proven_at, global_cluster)| Current {
        epoch: Epoch(epoch),
        writer: east(),
        global_cluster: global_cluster.map(Into::into),
        run_id: "a".into(),
        proven_at,
        unplanned: epoch % 2 == 0,
        acknowledged_at: (epoch % 3 == 0).then_some(proven_at),
    });
    let intent = named().prop_map(|(epoch, written_at, global_cluster)| Intent {
        epoch: Epoch(epoch),
        from: "us-west-2".into(),
        to: east(),
        global_cluster: global_cluster.map(Into::into),
        run_id: "a".into(),
        written_at,
    });
    let stop = (times(), texts()).prop_map(|(written_at, token)| Stop {
        token: token.as_str().into(),
        epoch: Epoch(8),
        from: "us-west-2".into(),
        to: east(),
        run_id: "a".into(),
        written_at,
        stage: Stage::Promoting,
    });
    let parts = (
        option::of(lease),
        option::of(current),
        option::of(intent),
        option::of(stop.prop_map(Box::new)),
        option::of(times()),
    );
    (0..u64::MAX, any::<u64>(), parts).prop_map(
        |(version, token, (lease, current, intent, stop, alive_at))| PlanState {
            version,
            token,
            lease,
            current,
            intent,
            stop,
            alive_at,
            maybe_alive_at: alive_at,
            busy_at: alive_at,
            ..PlanState::new("orders".into())
        },
    )
}

/// A run that has seen everything: its record is the most deeply nested one.
fn runs() -> impl Strategy<Value = Run> {
    let seen = (option::of(writes()), option::of(times()), texts());
    let measured = (option::of(losses()), option::of(beats()), 0.0..1e6_f64);
    (seen, measured, times(), beats()).prop_map(
        |((write, since, why), (loss, last, seconds), at, beat)| {
            let last = last.map(|beat| (east(), beat)).into_iter().collect::<Beats>();
            let silent = json!({"answer": "silent", "why": why});
            let evidence = json!({"write": write, "progress": "draining",
                "local_rds": {"answer": "status", "cluster": "available", "instances": []}, "writer_rds": silent,
                "writer_ledger_answers": false, "home_vantage": "unknown", "witness": "does_not_reach",
                "failing_since": since, "gathered_at": at});
            run(json!({
                "incident": "orders/7",
                "leased": ["us-east-1", "us-west-2"],
                "confirmed": {"verdict": "region_down", "evidence": evidence, "loss": loss, "last_beat": beat,
                    "acknowledged": last, "alive_at": since},
                "strategy": {"strategy": "detach", "reason": why},
                "proof": {"epoch": 8, "beat": beat, "loss": loss},
                "restarts": {"a/b/c": {"restart": "refused", "why": why},
                    "a/b/d": {"restart": "deployment", "id": why, "at": at}},
                "timeline": [{"at": at, "step": why, "action": why, "reason": why}],
                "closed": {"at": at, "outcome": "stood_down", "left": [why], "rto_seconds": seconds, "rpo": loss,
                    "step_seconds": {"prove_writer": seconds}}
            }))
        },
    )
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn every_row_reads_back_as_it_was_written_one_version_on(row in rows()) {
        let (aws, replay) = scripted([Next::ok("{}")]);
        let read = wait(async {
            aws.replace_row(&east(), &row).await.unwrap();
            give_back(&replay);
            aws.row(&east(), &row.plan).await.unwrap()
        });
        prop_assert_eq!(read, PlanState { version: row.version + 1, ..row });
    }

    #[test]
    fn every_vantage_reads_back_as_it_was_written(vantage in vantages()) {
        let (aws, replay) = scripted([Next::ok("{}")]);
        let read = wait(async {
            aws.put_vantage(&"orders".into(), &vantage).await.unwrap();
            give_back(&replay);
            aws.vantage(&east(), &"orders".into()).await.unwrap()
        });
        prop_assert_eq!(read, Some(vantage));
    }

    #[test]
    fn every_run_reads_back_as_it_was_written(run in runs()) {
        let (aws, replay) = scripted([Next::ok("{}")]);
        let read = wait(async {
            aws.put_run(&east(), &run).await.unwrap();
            give_back(&replay);
            aws.run(&east(), run.name(), &run.run_id).await.unwrap()
        });
        prop_assert_eq!(read, Some(run));
    }
}
