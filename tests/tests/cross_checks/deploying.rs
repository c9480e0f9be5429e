//! The program that deploys: what it makes of a file of answers before it asks AWS anything.

use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Output, Stdio},
};

use failover::plan::TopologyKind;
use serde_json::{Value, json};
use tests::{repository, template};

use crate::generated::is_as_made;

/// Answers without a fault, for databases that are there.
pub(crate) fn answers() -> Value {
    json!({
        "account": "123456789012",
        "home_region": "us-west-2",
        "members": {"us-west-2": {}, "us-east-1": {}},
        "everywhere": {
            "MemberClusterArns": "arn:aws:rds:*:123456789012:cluster:orders-*",
            "MemberInstanceArns": ["arn:aws:rds:*:123456789012:db:orders-*"],
            "GlobalClusterArns": "arn:aws:rds::123456789012:global-cluster:orders-global-*",
            "SubnetIds": "subnet-0123456789abcdef0",
            "SecurityGroupIds": "sg-0123456789abcdef0"
        }
    })
}

/// Runs Python beside the program's modules, with a text on its standard input.
pub(crate) fn python(words: &[&str], input: &str) -> Output {
    let mut child = Command::new(repository::root().join(".tools/venv/bin/python"))
        .args(words)
        .env("PYTHONPATH", repository::root().join("tools/deploy"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let written = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    written.unwrap_or_else(|why| panic!("{why}: {}", said(&output)));
    output
}

pub(crate) fn program(command: &str, text: &str, words: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers.yaml");
    std::fs::write(&file, text).unwrap();
    let program = repository::root().join("tools/deploy");
    let mut all = vec![program.to_str().unwrap(), command, file.to_str().unwrap()];
    all.extend(words);
    python(&all, "")
}

/// What outlives its stack is taken over by the next installation, and CloudFormation finds it only by a name that is written out.
#[test]
fn what_outlives_a_stack_of_the_functions_bears_its_name_as_a_text() {
    let named = "\
import json, templates
values = {'Prefix': 'payments-dr', 'LedgerTable': 'ledger', 'ArtifactBucket': 'packages'}
found = {}
for stack in (*templates.MEMBER, *templates.OF_HOME, *templates.WITNESS, *templates.FAILBACK, templates.ARTIFACTS):
    body = templates.with_names(templates.text_of(stack), values, '123456789012', 'us-west-2')
    resources = templates.yaml.load(body, templates.Loader)['Resources']
    for name, of in resources.items():
        if isinstance(of, dict) and 'DeletionPolicy' in of:
            found[f'{stack}/{name}'] = of['Properties'].get(templates.NAMED_BY.get(of['Type']))
print(json.dumps(found))";
    let output = python(&["-c", named], "");
    let found: std::collections::BTreeMap<String, Value> =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    assert!(found.len() > 10, "{found:?}");
    for (resource, name) in &found {
        assert!(name.is_string(), "{resource} is called {name}");
    }
    assert_eq!(found["ledger/Ledger"], "ledger");
    assert_eq!(
        found["fence/LossBucket"],
        "payments-dr-losses-123456789012-us-west-2"
    );
    let logs = "/aws/lambda/payments-dr-health-probe";
    assert!(found.values().any(|name| name == logs), "{found:?}");
}

/// One Region's bucket, and deployments of which some fail: each line is what a rollback would go back to.
#[test]
fn a_rollback_goes_to_what_ran_before_and_never_past_a_deployment_that_failed() {
    let played = "\
import io, types, history, stacks
kept = {}
class S3:
    def get_paginator(self, _): return types.SimpleNamespace(paginate=lambda **_: [{'Contents': [{'Key': key} for key in kept]}])
    def get_object(self, Bucket, Key): return {'Body': io.BytesIO(kept[Key])}
    def put_object(self, Bucket, Key, Body): kept[Key] = Body
aws = types.SimpleNamespace(client=lambda *_: S3())
one = types.SimpleNamespace(regions=lambda: ['us-west-2'], bucket=lambda _: 'b', functions=lambda _: [], version='')
def deploys(version, ends=True):
    one.version = version
    at = history.begin(aws, one, None)
    if ends: history.keep(aws, one, None, at)
def back():
    try: return history.before(aws, one, 'us-west-2')[1]
    except stacks.Refused as why: return {'version': f'none: {why}'}
def say(): print(back()['version'].split(';')[0])
say(); deploys('1'); say(); deploys('2', False); say(); deploys('2'); say(); deploys('3', False); deploys('3', False); say()
history.keep_rollback(aws, one, 'us-west-2', back()); say()
deploys('4'); say()";
    let output = python(&["-c", played], "");
    let lines: Vec<_> = std::str::from_utf8(&output.stdout)
        .unwrap()
        .lines()
        .collect();
    let none = "none: us-west-2 has no deployment to go back to";
    // After the rollback to 2 the failed 3 lies between, and what ran before it was 2.
    assert_eq!(
        lines,
        [none, none, "1", "1", "2", "2", "2"],
        "{}",
        said(&output)
    );
}

#[test]
fn blocks_that_would_make_one_rule_twice_or_two_of_one_name_are_refused_before_anything_is_made() {
    let found = |applications: &str| {
        let asked = format!(
            "import json, network\nmembers = {{'us-west-2': {{'FunctionCidrs': ['10.1.0.0/20']}}, 'us-east-1': {{'FunctionCidrs': ['10.2.0.0/20']}}}}\nprint(json.dumps(network.of_rules(members, {applications})))"
        );
        let output = python(&["-c", &asked], "");
        serde_json::from_slice::<Vec<String>>(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", said(&output)))
    };
    assert_eq!(found("['10.1.16.0/20']"), Vec::<String>::new());
    let twice = found("['10.2.0.0/20']").join("; ");
    assert!(
        twice.contains("ApplicationCidrs has 10.2.0.0/20, and so has us-east-1"),
        "{twice}"
    );
    let named = found("['10.1.160.0/22', '10.11.60.0/22']").join("; ");
    assert!(named.contains("one name"), "{named}");
    let none = found("['10.1.16.1/20']").join("; ");
    assert!(none.contains("no CIDR block"), "{none}");
}

#[test]
fn a_key_that_the_deployer_could_not_administer_is_refused() {
    let of = |caller: &str, role: &str| {
        let asked = format!(
            "import types, regions\nit = types.SimpleNamespace(database={{'KeyAdministratorArn': 'arn:aws:iam::123456789012:role/keys/Keeper'}}, answers={{'cloudformation_role': {role}}})\nprint(len(regions.Deployment.locked_out(it, '{caller}')))"
        );
        let output = python(&["-c", &asked], "");
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let session = |role: &str| format!("arn:aws:sts::123456789012:assumed-role/{role}/me");
    assert_eq!(of(&session("Keeper"), "None"), "0");
    assert_eq!(of(&session("Admin"), "None"), "1");
    assert_eq!(of("arn:aws:iam::123456789012:user/Keeper", "None"), "1");
    let role = "'arn:aws:iam::123456789012:role/keys/Keeper'";
    assert_eq!(of(&session("Admin"), role), "0");
}

/// Looks at answers without asking AWS.
pub(crate) fn check(answers: &Value) -> Output {
    program("deploy", &answers.to_string(), &["--check"])
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

type Stacks = BTreeMap<String, BTreeMap<String, Option<String>>>;

/// What each stack of each Region would be deployed with.
pub(crate) fn parameters(answers: &Value) -> BTreeMap<String, Stacks> {
    let output = program("parameters", &answers.to_string(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Answers that have a database built, too.
pub(crate) fn from_nothing() -> Value {
    let member = |number: u8, cluster: &str| {
        json!({
            "VpcId": format!("vpc-0123456789abcdef{number}"),
            "SubnetIds": "subnet-0123456789abcdef0",
            "FunctionCidrs": [format!("10.{number}.0.0/20")],
            "DatabaseSubnetIds": ["subnet-0123456789abcdef1", "subnet-0123456789abcdef2"],
            "ClusterIdentifier": cluster
        })
    };
    json!({
        "account": "123456789012",
        "home_region": "us-west-2",
        "witness_region": "us-east-2",
        "members": {"us-east-1": member(2, "orders-east"), "us-west-2": member(1, "orders-west")},
        "database": {
            "DatabaseName": "orders", "GlobalCluster": "orders-global-1", "EngineVersion": "16.6",
            "ZoneName": "orders.internal", "ApplicationCidrs": ["10.1.16.0/20", "10.2.16.0/20"]
        }
    })
}

fn value<'a>(
    deployed: &'a BTreeMap<String, Stacks>,
    region: &str,
    stack: &str,
    name: &str,
) -> Option<&'a str> {
    deployed[region][stack][name].as_deref()
}

#[test]
fn each_template_is_deployed_with_all_that_it_declares_as_the_file_or_its_default_says() {
    let mut given = answers();
    given["everywhere"]["Watch"] = json!("DISABLED");
    given["members"]["us-east-1"]["LogRetentionDays"] = json!(7);
    let deployed = parameters(&given);
    for (region, stacks) in &deployed {
        let mut expected = template::listed("MEMBER");
        expected.push("artifacts".into());
        if region == "us-west-2" {
            expected.extend(template::listed("OF_HOME"));
        }
        expected.sort();
        assert_eq!(stacks.keys().cloned().collect::<Vec<_>>(), expected);
        for (stack, given) in stacks {
            let declared = template::read(stack)["Parameters"].clone();
            let declared = declared.as_object().unwrap();
            assert_eq!(
                given.keys().collect::<Vec<_>>(),
                declared.keys().collect::<Vec<_>>(),
                "{stack}"
            );
            for (name, parameter) in declared {
                let wanted = match (name.as_str(), &parameter["Default"]) {
                    ("Watch", _) => "DISABLED".to_owned(),
                    ("LogRetentionDays", _) if region == "us-east-1" => "7".to_owned(),
                    (_, Value::String(text)) => text.clone(),
                    (_, Value::Null) => continue,
                    (_, other) => other.to_string(),
                };
                assert_eq!(given[name].as_deref(), Some(&*wanted), "{name} of {stack}");
            }
        }
    }
    assert_eq!(
        value(&deployed, "us-east-1", "observe", "MemberRegions"),
        Some("us-east-1,us-west-2")
    );
    assert_eq!(
        value(&deployed, "us-east-1", "observe", "ArtifactBucket"),
        Some("aurora-failover-123456789012-us-east-1")
    );
    let takes_only_its_own = !deployed["us-east-1"]["observe"].contains_key("MemberInstanceArns");
    assert!(takes_only_its_own, "a template takes what it declares");
}

#[test]
fn one_file_builds_the_members_alike_but_for_the_one_that_is_made_first() {
    let deployed = parameters(&from_nothing());
    for (region, first, others) in [
        ("us-west-2", "true", "10.2.0.0/20"),
        ("us-east-1", "false", "10.1.0.0/20"),
    ] {
        let of = |stack, name| value(&deployed, region, stack, name);
        assert_eq!(of("database", "IsFirstMember"), Some(first));
        assert_eq!(of("database", "GlobalCluster"), Some("orders-global-1"));
        assert_eq!(of("foundation", "HoldsSecrets"), Some(first));
        assert_eq!(of("foundation", "OtherRegionCidrs"), Some(others));
        // What an earlier stack makes is asked for when it is there.
        for name in ["SecurityGroupIds", "SecretKeyArns"] {
            assert_eq!(of("observe", name), None, "{name}");
        }
        assert_eq!(
            of("observe", "TopicArns"),
            Some(&*format!("arn:aws:sns:{region}:123456789012:orders-alerts"))
        );
    }
    assert_eq!(
        value(&deployed, "us-west-2", "foundation", "ReplicaRegion"),
        Some("us-east-1")
    );
    for stack in ["global-cluster", "dns"] {
        assert!(deployed["us-west-2"].contains_key(stack));
        assert!(!deployed["us-east-1"].contains_key(stack));
    }
    let clusters = value(&deployed, "us-east-2", "witness", "MemberClusterArns");
    assert_eq!(
        clusters,
        Some(
            "arn:aws:rds:*:123456789012:cluster:orders-east*,arn:aws:rds:*:123456789012:cluster:orders-west*"
        )
    );
}

/// What is wrong with answers, for a change of good ones.
pub(crate) fn faults_of(mut answers: Value, change: impl FnOnce(&mut Value)) -> String {
    change(&mut answers);
    let output = check(&answers);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    said(&output)
}

fn faults(change: impl FnOnce(&mut Value)) -> String {
    faults_of(from_nothing(), change)
}

#[test]
fn every_fault_of_form_is_named_at_once_with_its_place() {
    let told = faults(|answers| {
        answers["everywhere"] =
            json!({"GlobalClusterArn": "c", "Watch": "ON", "ArtifactPrefix": "d"});
        answers["members"]["us-west-2"]["ReservedConcurrency"] = json!("many");
        answers["account"] = json!("12345");
        answers["database"]
            .as_object_mut()
            .unwrap()
            .remove("ZoneName");
    });
    for fault in [
        "everywhere: ArtifactPrefix is not for this file; the deployment sets it",
        "everywhere.Watch: 'ON' is not one of",
        "members.us-west-2.ReservedConcurrency: 'many' is not of type 'integer'",
        "account: '12345' does not match",
        "database: ZoneName is missing",
    ] {
        assert!(told.contains(fault), "{fault:?} is not in\n{told}");
    }
    let told = faults(|answers| answers["members"]["us-west-2"]["SubnetId"] = json!("subnet-1"));
    let misspelt = "members.us-west-2: nothing is called SubnetId; it is misspelt or was removed";
    assert!(told.contains(misspelt), "{told}");
}

#[test]
fn every_fault_of_sense_is_named_at_once() {
    let told = faults(|answers| {
        answers["home_region"] = json!("eu-west-1");
        answers["witness_region"] = json!("us-east-1");
        answers["bucket"] = json!("packages");
        answers["members"]["us-east-1"]
            .as_object_mut()
            .unwrap()
            .remove("VpcId");
    });
    for fault in [
        "home_region: eu-west-1 is none of members; name one of us-east-1, us-west-2",
        "witness_region: us-east-1 has a member; a witness is a Region without one",
        "bucket: it has no {region}; each Region needs a bucket of its own",
        "members.us-east-1: VpcId is missing; the database needs it",
    ] {
        assert!(told.contains(fault), "{fault:?} is not in\n{told}");
    }
    let mut without = answers();
    without["everywhere"]
        .as_object_mut()
        .unwrap()
        .remove("SubnetIds");
    without["everywhere"]["EcsServiceArns"] = json!("arn:aws:ecs:*:210987654321:service/orders/*");
    without["plans"] = json!(["nowhere.json"]);
    let told = said(&check(&without));
    for fault in [
        "members.us-west-2: SubnetIds is missing and has no default",
        "which is of another account than 123456789012",
        "nowhere.json: No such file or directory",
    ] {
        assert!(told.contains(fault), "{fault:?} is not in\n{told}");
    }
}

#[test]
fn a_plan_of_each_kind_is_one_that_can_be_deployed_and_its_members_are_read_by_its_own_word() {
    let plans = repository::root().join("examples/plans");
    for (plan, word) in [
        ("aurora-global.json", "cluster"),
        ("rds-replica.json", "instance"),
    ] {
        let file = plans.join(plan);
        let mut given = answers();
        given["plans"] = json!([file]);
        let checked = check(&given);
        assert!(checked.status.success(), "{plan}: {}", said(&checked));
        let read = "import json, sys, topologies; plan = json.load(sys.stdin); \
                    print(topologies.WORDS[plan['topology']['kind']], topologies.members_of(plan)['us-west-2'])";
        let text = std::fs::read_to_string(&file).unwrap();
        let output = python(&["-c", read], &text);
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            found.trim(),
            format!("{word} orders-west"),
            "{}",
            said(&output)
        );
    }
    let kinds = python(
        &["-c", "import topologies; print(*sorted(topologies.WORDS))"],
        "",
    );
    let mut known = TopologyKind::ALL.map(TopologyKind::name);
    known.sort_unstable();
    assert_eq!(
        String::from_utf8_lossy(&kinds.stdout).trim(),
        known.join(" ")
    );
}

/// A key, one that is the same in every Region but for the Region's name.
const KEY: &str = "arn:aws:kms:{region}:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab";

#[test]
fn each_region_is_given_its_own_keys_and_those_of_every_ledger() {
    let mut given = answers();
    given["witness_region"] = json!("us-east-2");
    given["everywhere"]["BucketKeyArn"] = json!(KEY);
    given["members"]["us-east-1"]["TableKeyArn"] = json!(KEY);
    let deployed = parameters(&given);
    let ledgers = KEY.replace("{region}", "us-east-1");
    for (region, stack) in [
        ("us-west-2", "observe"),
        ("us-east-1", "runs"),
        ("us-east-1", "services"),
        ("us-west-2", "people"),
        ("us-east-2", "witness"),
    ] {
        let found = value(&deployed, region, stack, "TableKeyArns");
        assert_eq!(found, Some(&*ledgers), "{stack} in {region}");
    }
    let ledger = |region| value(&deployed, region, "ledger", "TableKeyArn");
    assert_eq!(
        (ledger("us-west-2"), ledger("us-east-1")),
        (Some(""), Some(&*ledgers))
    );
    for region in ["us-west-2", "us-east-1", "us-east-2"] {
        let found = value(&deployed, region, "artifacts", "BucketKeyArn");
        assert_eq!(found, Some(&*KEY.replace("{region}", region)));
    }
}

#[test]
fn a_key_of_another_region_is_refused_in_one_sentence() {
    let elsewhere = KEY.replace("{region}", "us-west-2");
    let told = faults(|answers| answers["witness"] = json!({"LogsKeyArn": &elsewhere}));
    let fault = format!(
        "witness: LogsKeyArn is {elsewhere}, which is a key of us-west-2; name one of us-east-2, or write {{region}} into"
    );
    assert!(told.contains(&fault), "{told}");
    let told = faults(|answers| {
        answers["everywhere"] = json!({"TableKeyArn": &elsewhere, "BucketKeyArn": "alias/orders"});
    });
    for fault in [
        "members.us-east-1: TableKeyArn is",
        "name one of us-east-1, or write {region} into",
        "members.us-west-2: BucketKeyArn is alias/orders, which is no key's ARN; write one such as",
    ] {
        assert!(told.contains(fault), "{fault:?} is not in\n{told}");
    }
    let of_a_witness = told.contains("witness: TableKeyArn");
    assert!(!of_a_witness, "a witness has no ledger: {told}");
}

#[test]
fn a_file_that_cannot_be_read_as_it_is_meant_is_refused_in_one_sentence() {
    for (text, fault) in [
        ("members: {us-west-2: {}\n", "is no YAML"),
        (
            "account: \"123456789012\"\naccount: \"123456789012\"\n",
            "account stands there twice, again in line 2",
        ),
        ("[]", "the file: [] is not of type 'object'"),
        ("", "the file: None is not of type 'object'"),
    ] {
        let output = program("deploy", text, &["--check"]);
        let told = said(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(
            told.contains(fault) && told.lines().count() == 1,
            "{fault:?} is not in\n{told}"
        );
    }
    let output = program(
        "deploy",
        &answers().to_string(),
        &["--check", "--region", "eu-west-9"],
    );
    assert!(said(&output).contains("--region: eu-west-9 is none of us-east-1, us-west-2"));
}

#[test]
fn the_published_schema_is_that_of_the_templates() {
    let output = python(
        &[
            repository::root().join("tools/deploy").to_str().unwrap(),
            "schema",
        ],
        "",
    );
    assert!(output.status.success(), "{}", said(&output));
    let schema = String::from_utf8(output.stdout).unwrap();
    is_as_made("cloudformation/answers.schema.json", &schema);
}

/// A larger one has two concerns, and is hard to review.
#[test]
fn no_template_is_larger_than_twenty_thousand_bytes() {
    for name in template::names() {
        let size = repository::text(&format!("cloudformation/{name}.yaml")).len();
        assert!(size <= 20_000, "{name} has {size} bytes");
    }
}
