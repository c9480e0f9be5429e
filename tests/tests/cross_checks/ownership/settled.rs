//! `examples/settled.sh` under the pinned AWS CLI, with a listener in DynamoDB's place.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Output},
    thread,
};

use failover::ledger::PlanState;
use serde_json::{Value, json};
use tests::repository;

/// A value as DynamoDB's protocol has it.
fn typed(value: &Value) -> Value {
    match value {
        Value::Null => json!({"NULL": true}),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(value) => json!({"N": value.to_string()}),
        Value::String(value) => json!({ "S": value }),
        Value::Array(values) => json!({"L": values.iter().map(typed).collect::<Vec<_>>()}),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), typed(value)));
            json!({"M": fields.collect::<serde_json::Map<_, _>>()})
        }
    }
}

/// What DynamoDB answers of a row.
fn item(row: &Value) -> Value {
    // The row must be one: a field that the ledger calls otherwise today would prove nothing.
    let state: PlanState = serde_json::from_value(row.clone()).unwrap();
    assert_eq!(serde_json::to_value(state).unwrap()["lease"], row["lease"]);
    json!({"Item": {"plan": {"S": "orders"}, "item": {"S": "state"}, "body": typed(row)}})
}

/// A row of a plan at rest.
fn settled() -> Value {
    json!({
        "plan": "orders", "version": 7, "token": 1, "lease": null, "intent": null,
        "current": {
            "epoch": 1, "writer": "us-west-2", "run_id": "adopt", "proven_at": "2026-01-31T02:00:00Z",
            "global_cluster": {"name": "orders-global-1", "resource_id": "global-1"},
        },
    })
}

/// The same with something else in it.
fn with(field: &str, value: Value) -> Value {
    let mut row = settled();
    row[field] = value;
    row
}

/// Answers each call with the next of the answers; then no more.
fn listen(answers: Vec<Value>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            answer_with(stream, &answer.to_string());
        }
    });
    port
}

fn answer_with(mut stream: TcpStream, body: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).unwrap() > 2 {
        let header = line.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut asked = vec![0; length];
    reader.read_exact(&mut asked).unwrap();
    let asked: Value = serde_json::from_slice(&asked).unwrap();
    assert_eq!(
        asked["Key"],
        json!({"plan": {"S": "orders"}, "item": {"S": "state"}})
    );
    assert_eq!(asked["ConsistentRead"], true);
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
}

/// What the script says where the Regions' ledgers answer so, one after the other.
fn asked(answers: Vec<Value>) -> Output {
    let port = listen(answers);
    let home = tempfile::tempdir().unwrap();
    let tools = repository::root().join(".tools/venv/bin");
    Command::new(repository::root().join("examples/settled.sh"))
        .args(["orders", "orders-global-1", "us-west-2", "us-east-1"])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", tools.display()))
        .env("HOME", home.path())
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "example")
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .output()
        .unwrap()
}

#[test]
fn a_pipeline_goes_on_only_where_every_ledger_says_that_the_plan_is_settled() {
    let rest = || item(&settled());
    let answer = asked(vec![rest(), rest()]);
    assert!(answer.status.success(), "{answer:?}");

    let run = json!({
        "run_id": "a1", "token": 2, "kind": "failback", "from": "us-east-1", "to": "us-west-2",
        "expires_at": "2026-01-31T02:15:00Z", "waits_for_human": false,
    });
    let change = json!({
        "epoch": 2, "from": "us-west-2", "to": "us-east-1", "run_id": "b2", "written_at": "2026-01-31T02:00:00Z",
        "global_cluster": "orders-global-1",
    });
    let current = |global: Value| {
        let mut current = settled()["current"].clone();
        current["global_cluster"] = global;
        with("current", current)
    };
    let named_only = item(&current(json!("orders-global-1")));
    assert!(asked(vec![named_only, rest()]).status.success());
    let refused = [
        (with("lease", run), "run a1 holds plan orders in us-east-1"),
        (
            with("intent", change),
            "run b2 has begun to move the writer",
        ),
        (current(Value::Null), "leads global cluster None"),
        (
            current(json!("orders-global-2")),
            "leads global cluster orders-global-2",
        ),
    ];
    for (row, why) in refused {
        refuses(asked(vec![rest(), item(&row)]), why);
    }
    refuses(
        asked(vec![json!({})]),
        "the ledger in us-west-2 knows no plan orders",
    );
    refuses(
        asked(vec![rest()]),
        "the ledger in us-east-1 does not answer",
    );
}

/// The script ends with 1 and says why.
fn refuses(answer: Output, why: &str) {
    let said = String::from_utf8(answer.stderr).unwrap();
    assert_eq!(answer.status.code(), Some(1), "{said}");
    assert!(
        said.contains("not settled: ") && said.contains(why),
        "{said}"
    );
}

#[test]
fn a_pipeline_that_names_no_region_is_told_how_to_ask() {
    let answer = Command::new(repository::root().join("examples/settled.sh"))
        .args(["orders", "orders-global-1"])
        .output()
        .unwrap();
    assert_eq!(answer.status.code(), Some(2));
    assert!(
        String::from_utf8(answer.stderr)
            .unwrap()
            .starts_with("usage: ")
    );
}
