//! A database comes to be protected in six commands, from what RDS shows of it. Then it has the plan again that it had.

use serde_json::Value;

use super::Operator;

pub(super) fn protected(operator: &Operator<'_>) {
    looked_at(operator);
    let before = operator.json("plan show orders", 0);
    let init = "plan init --global-cluster orders-global-1 --witness us-east-2";
    let said = operator.types(init, 0);
    let revision = before["revision"].as_u64().unwrap() + 1;
    for part in [
        "us-west-2  orders-west  writer",
        "us-east-1  orders-east  standby",
        &format!("guessed: revision = {revision}, "),
        "left out: notify: ",
    ] {
        assert!(said.contains(part), "{part} is missing from\n{said}");
    }
    let why = operator.types(init, 2);
    assert!(why.contains("orders.json is there already"), "{why}");
    operator.types("plan check orders.json", 0);
    let said = operator.types("plan put orders.json --yes", 0);
    assert!(said.contains(&format!("revision {revision}")), "{said}");
    operator.types("adopt orders --yes", 0);
    operator.succeeds("setup orders --yes");
    let said = operator.succeeds("ready orders");
    assert!(
        said.contains("planned failover to us-east-1: ready"),
        "{said}"
    );
    put_back(operator, before, revision + 1);
}

/// Everything around the plan is looked at. On a busy machine not everything answers in time.
fn looked_at(operator: &Operator<'_>) {
    let answer = operator
        .tool()
        .args(["--output", "json", "doctor", "orders"])
        .output()
        .unwrap();
    let found: Value = serde_json::from_slice(&answer.stdout).unwrap();
    let checks = found["plans"][0]["checks"].as_array().unwrap();
    let of = |check: &str| checks.iter().filter(|one| one["check"] == check).count();
    let counted = [
        "document", "ledger", "probe", "road", "witness", "topic", "move", "secrets",
    ];
    assert_eq!(counted.map(of), [2, 2, 2, 2, 2, 2, 1, 1], "{found:#}");
}

fn put_back(operator: &Operator<'_>, mut plan: Value, revision: u64) {
    plan["revision"] = revision.into();
    let file = operator.world.root().join("workplace/before.json");
    std::fs::write(&file, plan.to_string()).unwrap();
    operator.types("plan put before.json --yes", 0);
    operator.succeeds("ready orders");
}
