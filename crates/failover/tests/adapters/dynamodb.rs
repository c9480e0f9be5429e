//! The ledger in DynamoDB.

use failover::{
    beat::{Beat, Beats, Loss, Reading, Vantage, Write},
    domain::{Epoch, Region},
    ledger::{Current, Endpoints, Intent, Known, Lease, Ledger, Row, Run, RunKind},
    plan::Plan,
    steps::health_probe::Probe,
};
use jiff::Timestamp;
use proptest::{option, prelude::*};
use serde_json::{Value, json};

use crate::replay::{Next, Replay, scripted};

fn east() -> Region {
    "us-east-1".into()
}

fn at(nanosecond: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanosecond)).unwrap()
}

pub(crate) fn plan() -> Plan {
    let document = json!({
        "plan": "orders", "revision": 3,
        "topology": {"kind": "aurora_global", "global_cluster": "orders-global-1"},
        "home_region": "us-west-2",
        "members": {"us-west-2": {"cluster": "orders-west"}, "us-east-1": {"cluster": "orders-east"}},
        "witness_region": "us-east-2",
        "database": {"name": "orders", "admin_secret": "orders/admin",
            "probe": {"user": "failover_probe", "auth": {"kind": "secret", "secret": "orders/probe"}}},
        "detection": {"interval_seconds": 5, "failures": 3, "timeout_seconds": 3},
        "unplanned": {"region_down": "automatic", "writer_down": "approval", "strategy": "auto",
            "max_lost_seconds": 30},
        "dns": [{"kind": "cname", "hosted_zone": "Z0EXAMPLE", "name": "writer.orders.internal",
            "endpoint": "writer", "ttl_seconds": 5, "accept_route53_risk": true}],
        "ecs": {"us-east-1": [{"cluster": "orders", "services": ["api", {"service": "worker", "takeover_count": 2}]}]}
    });
    failover::plan::read(&document.to_string()).unwrap()
}

/// A run that has just opened, with some fields of its record changed.
fn run(changes: Value) -> Run {
    let mut record = json!({"run_id": "a", "kind": "unplanned_failover", "plan": plan(), "from": "us-west-2",
        "to": "us-east-1", "epoch": 7, "opened_at": at(1_700_000_000_123_456_789), "leased": []});
    for (field, value) in changes.as_object().unwrap() {
        record[field] = value.clone();
    }
    serde_json::from_value(record).unwrap()
}

#[tokio::test]
async fn a_row_that_was_never_written_is_new() {
    let (aws, replay) = scripted([Next::ok("{}")]);
    assert_eq!(
        aws.row(&"us-west-2".into(), &"orders".into()).await,
        Ok(Row::new("orders".into()))
    );
    let asked = replay.asked_once();
    assert!(
        asked.uri.contains("dynamodb.us-west-2.amazonaws.com"),
        "{}",
        asked.uri
    );
    assert_eq!(asked.target, "DynamoDB_20120810.GetItem");
    assert_eq!(
        asked.json(),
        json!({"TableName": "ledger", "Key": {"plan": {"S": "orders"}, "item": {"S": "state"}}, "ConsistentRead": true})
    );
}

#[tokio::test]
async fn other_items_that_were_never_written_are_none() {
    let (aws, replay) = scripted([Next::ok("{}"), Next::ok("{}"), Next::ok("{}")]);
    assert_eq!(aws.vantage(&east(), &"orders".into()).await, Ok(None));
    assert_eq!(
        aws.run(&east(), &"orders".into(), &"a".into()).await,
        Ok(None)
    );
    assert_eq!(aws.known(&east(), &"orders".into()).await, Ok(None));
    let keys: Vec<_> = replay
        .asked()
        .iter()
        .map(|asked| asked.json()["Key"].clone())
        .collect();
    let key = |plan, item| json!({"plan": {"S": plan}, "item": {"S": item}});
    assert_eq!(
        keys,
        [
            key("orders", "vantage"),
            key("orders", "run/a"),
            key("_known", "orders")
        ]
    );
}

#[tokio::test]
async fn a_row_replaces_only_the_version_it_was_read_at() {
    let (aws, replay) = scripted([Next::ok("{}")]);
    let row = Row {
        version: 3,
        ..Row::new("orders".into())
    };
    assert_eq!(aws.replace_row(&east(), &row).await, Ok(true));
    let asked = replay.asked_once();
    assert_eq!(asked.target, "DynamoDB_20120810.PutItem");
    let asked = asked.json();
    assert_eq!(
        asked["ConditionExpression"],
        "attribute_not_exists(#item) OR #body.#version = :version"
    );
    assert_eq!(
        asked["ExpressionAttributeNames"],
        json!({"#item": "item", "#body": "body", "#version": "version"})
    );
    assert_eq!(
        asked["ExpressionAttributeValues"],
        json!({":version": {"N": "3"}})
    );
    assert_eq!(asked["Item"]["item"], json!({"S": "state"}));
    assert_eq!(asked["Item"]["body"]["M"]["version"], json!({"N": "4"}));
}

#[tokio::test]
async fn a_write_that_came_second_is_told_and_is_no_error() {
    let code = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    let (aws, replay) = scripted([Next::json_error(
        400,
        code,
        "The conditional request failed",
    )]);
    assert_eq!(
        aws.replace_row(&east(), &Row::new("orders".into())).await,
        Ok(false)
    );
    replay.asked_once();
}

#[tokio::test]
async fn a_write_that_failed_otherwise_is_an_error() {
    let (aws, _) = scripted([
        Next::json_error(400, "ThrottlingException", "slow"),
        Next::json_error(400, "ResourceNotFoundException", "no table"),
    ]);
    let row = Row::new("orders".into());
    let names = [
        aws.replace_row(&east(), &row).await.unwrap_err().name(),
        aws.replace_row(&east(), &row).await.unwrap_err().name(),
    ];
    assert_eq!(names, ["Unavailable", "NotReady"]);
}

#[tokio::test]
async fn an_item_that_is_not_the_ledgers_own_is_not_guessed_at() {
    let broken = json!({"plan": {"S": "orders"}, "item": {"S": "state"}});
    let foreign = json!({"plan": {"S": "orders"}, "item": {"S": "state"}, "body": {"M": {"colour": {"S": "red"}}}});
    for item in [broken, foreign] {
        let (aws, _) = scripted([Next::ok(json!({"Item": item}))]);
        let why = aws.row(&east(), &"orders".into()).await.unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology", "{why}");
    }
}

#[tokio::test]
async fn known_plans_are_read_page_by_page() {
    let (aws, replay) = scripted([Next::ok("{}"), Next::ok("{}")]);
    let known = |port| Known {
        plan: plan(),
        endpoints: [(
            east(),
            Endpoints {
                writer: "w".into(),
                reader: "r".into(),
                port,
            },
        )]
        .into(),
    };
    aws.put_known(&known(5432)).await.unwrap();
    aws.put_known(&known(5433)).await.unwrap();
    let items: Vec<_> = replay
        .asked()
        .iter()
        .map(|asked| as_stored(asked.json()["Item"].clone()))
        .collect();
    let next = json!({"plan": {"S": "_known"}, "item": {"S": "orders"}});
    replay.then(Next::ok(
        json!({"Items": [items[0]], "LastEvaluatedKey": next}),
    ));
    replay.then(Next::ok(json!({"Items": [items[1]]})));
    assert_eq!(aws.all_known().await, Ok(vec![known(5432), known(5433)]));
    let asked = replay.asked();
    assert_eq!(
        asked[2].json()["ExpressionAttributeValues"],
        json!({":known": {"S": "_known"}})
    );
    assert_eq!(asked[3].json()["ExclusiveStartKey"], next);
}

/// An item as DynamoDB gives it back: numbers lose zeros that say nothing.
fn as_stored(mut value: Value) -> Value {
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
        texts().prop_map(|why| Write::Misconfigured { why }),
        Just(Write::ReadOnly),
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
    (option::of(any::<i64>()), held).prop_map(|(position, beats)| Reading { position, beats })
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
        moved_at,
    })
}

fn rows() -> impl Strategy<Value = Row> {
    let lease = (any::<u64>(), times()).prop_map(|(token, expires_at)| Lease {
        run_id: "a".into(),
        token,
        kind: RunKind::UnplannedFailover,
        from: "us-west-2".into(),
        to: east(),
        expires_at,
    });
    let named = || (any::<u64>(), times(), option::of(texts()));
    let current = named().prop_map(|(epoch, proven_at, global_cluster)| Current {
        epoch: Epoch(epoch),
        writer: east(),
        global_cluster,
        run_id: "a".into(),
        proven_at,
    });
    let intent = named().prop_map(|(epoch, written_at, global_cluster)| Intent {
        epoch: Epoch(epoch),
        from: "us-west-2".into(),
        to: east(),
        global_cluster,
        run_id: "a".into(),
        written_at,
    });
    let parts = (option::of(lease), option::of(current), option::of(intent));
    (0..u64::MAX, any::<u64>(), parts).prop_map(|(version, token, (lease, current, intent))| Row {
        version,
        token,
        lease,
        current,
        intent,
        ..Row::new("orders".into())
    })
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
        prop_assert_eq!(read, Row { version: row.version + 1, ..row });
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
