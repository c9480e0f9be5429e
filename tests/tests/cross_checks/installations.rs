//! Installations beside each other: each has a prefix of its own, and answers of one change nothing of another.

use std::collections::BTreeSet;

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
        "write installation: orders into it if it is that one, else give this one a prefix of its own, such as prefix: payments",
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

#[test]
fn a_prefix_is_one_that_every_service_takes() {
    for wrong in ["aws-dr", "Orders", "dr-", "a", "a23456789012345678901"] {
        let told = faults_of(answers(), |answers| answers["prefix"] = json!(wrong));
        assert!(
            told.contains(&format!("prefix: '{wrong}' does not match")),
            "{told}"
        );
    }
}

/// Every name that a Region's templates give, or refer to, as a deployment of these answers fills them in.
fn filled(prefix: Option<&str>) -> BTreeSet<String> {
    let code = "import json, sys, regions, templates\n\
                templates.UNKNOWN_ARN = 'unknown'\n\
                deployment = regions.Deployment(json.load(sys.stdin), 'file')\n\
                found = {stack.name for stack in deployment.named('us-west-2')} | {deployment.bucket('us-west-2')}\n\
                def walk(value, of):\n\
                \x20   for key, one in value.items() if isinstance(value, dict) else enumerate(value):\n\
                \x20       if key in ('AlarmDescription', 'Description'): continue\n\
                \x20       if str(one).startswith('aurora-failover:'): continue\n\
                \x20       if isinstance(one, (dict, list)): walk(one, of)\n\
                \x20       elif 'failover' in str(one) or 'payments' in str(one): found.add(f'{of} {key} {one}')\n\
                for stack in deployment.named('us-west-2'):\n\
                \x20   filled = templates.Filled(stack.template, stack.given, region='us-west-2')\n\
                \x20   for name, resource in filled.template['Resources'].items():\n\
                \x20       walk(filled.resolve(resource['Properties']), f'{stack.template} {name}')\n\
                print(json.dumps(sorted(found)))";
    let mut given = answers();
    if let Some(prefix) = prefix {
        given["prefix"] = json!(prefix);
    }
    let output = python(&["-c", code], &given.to_string());
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Tags of what is not ours say that it was this product, whatever its installation is called.
#[test]
fn installations_with_prefixes_of_their_own_share_no_name() {
    let (ours, theirs) = (filled(None), filled(Some("payments-dr")));
    let of_product = |name: &&String| name.contains("aurora-failover");
    assert!(ours.iter().filter(of_product).count() > 200, "{ours:#?}");
    let shared: Vec<_> = theirs.iter().filter(of_product).collect();
    assert_eq!(shared, Vec::<&String>::new());
    let renamed = ours
        .iter()
        .map(|name| name.replace("aurora-failover", "payments-dr"));
    assert_eq!(renamed.collect::<BTreeSet<_>>(), theirs);
}

#[test]
fn a_database_of_another_installation_gets_no_plan() {
    let code = "import json, sys, account\n\
                plan, written = json.load(sys.stdin)\n\
                class Client:\n\
                \x20   class exceptions: ParameterNotFound = LookupError\n\
                \x20   def get_paginator(self, name): return self\n\
                \x20   def paginate(self, ParameterFilters): yield {'Parameters': [{'Name': name} for name in written]}\n\
                \x20   def get_parameter(self, Name): return {'Parameter': {'Value': written[Name]}}\n\
                class Aws:\n\
                \x20   def client(self, service, region): return Client()\n\
                class Ours: prefix = 'aurora-failover'\n\
                print(json.dumps(account.of_other_installations(Aws(), Ours, 'orders', plan, ['us-west-2', 'us-east-1'])))";
    let plan = |west: &str| json!({"topology": {"kind": "aurora_global", "members": {"us-west-2": {"cluster": west}, "us-east-1": {"cluster": "orders-east"}}}});
    let told = |written: Value| -> Vec<String> {
        let output = python(
            &["-c", code],
            &json!([plan("orders-west"), written]).to_string(),
        );
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let theirs = plan("Orders-West").to_string();
    let found =
        told(json!({"/payments-dr/plans/bills": theirs, "/aurora-failover/plans/orders": theirs}));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with(
            "plan orders: another installation protects orders-west in us-west-2 by /payments-dr/plans/bills; a database belongs to one"
        ),
        "{found:?}"
    );
    // An instance is no cluster, whatever it is called.
    let instance = json!({"topology": {"kind": "rds_replica", "members": {"us-west-2": {"instance": "orders-west"}}}});
    let harmless = json!({
        "/payments-dr/plans/replica": instance.to_string(),
        "/payments-dr/plans/broken": "{", "/team/holiday/plans/2026": theirs, "/payments-dr/plans/list": "[]"
    });
    assert_eq!(told(harmless), Vec::<String>::new());
}
