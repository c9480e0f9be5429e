//! Whose the stacks are that a deployment finds: an account holds one installation, and answers of another one change nothing.

use serde_json::{Value, json};

use crate::deploying::{answers, faults_of, from_nothing, python, said};

/// What keeps answers out of Regions whose stacks have these tags, by the Region and the stack.
fn of_others(answers: &Value, tags: &Value) -> Vec<String> {
    let code = "import json, sys, account, regions\n\
                answers, tags = json.load(sys.stdin)\n\
                class Stacks:\n\
                \x20   def __init__(self, region): self.there = tags.get(region, {})\n\
                \x20   def described(self, name):\n\
                \x20       its = self.there.get(name)\n\
                \x20       return None if its is None else {'Tags': [{'Key': key, 'Value': its[key]} for key in its]}\n\
                class Aws: stacks = Stacks\n\
                print(json.dumps(account.of_others(Aws, regions.Deployment(answers, 'payments'), None)))";
    let output = python(&["-c", code], &json!([answers, tags]).to_string());
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_second_installation_of_the_same_names_is_refused_in_one_sentence_for_each_region() {
    let of = |installation: &str| json!({"aurora-failover-installation": installation});
    let tags = json!({
        "us-west-2": {"aurora-failover-ledger": of("orders"), "aurora-failover-runs": of("orders")},
        "us-east-1": {"aurora-failover-aurora-global-failback": of("orders")}
    });
    let mut given = answers();
    let told = of_others(&given, &tags);
    assert_eq!(told.len(), 2, "{told:?}");
    for part in [
        "stack aurora-failover-ledger in us-west-2 is of the installation orders, and this file is of payments",
        "write installation: orders into it if it is that one",
    ] {
        assert!(
            told.join("\n").contains(part),
            "{part:?} is not in {told:?}"
        );
    }
    given["installation"] = json!("orders");
    assert_eq!(of_others(&given, &tags), Vec::<String>::new());
    // What an earlier version deployed says nothing of whose it is, and is taken over.
    let earlier =
        json!({"us-west-2": {"aurora-failover-ledger": {"application": "aurora-failover"}}});
    assert_eq!(of_others(&answers(), &earlier), Vec::<String>::new());
}

#[test]
fn an_installation_is_called_what_its_file_says_or_like_its_database_or_its_file() {
    let code = "import json, sys, regions\n\
                print(json.dumps([regions.Deployment(one, 'file').tags for one in json.load(sys.stdin)]))";
    let mut named = answers();
    named["installation"] = json!("orders-eu");
    named["tags"] = json!({"team": "orders", "aurora-failover-installation": "another"});
    let given = json!([named, from_nothing(), answers()]);
    let output = python(&["-c", code], &given.to_string());
    let tags: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<_> = tags
        .iter()
        .map(|one| one["aurora-failover-installation"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["orders-eu", "orders", "file"]);
    let told = faults_of(from_nothing(), |answers| {
        answers["installation"] = json!("the orders")
    });
    assert!(
        told.contains("installation: 'the orders' does not match"),
        "{told}"
    );
}
