//! What IAM and Lambda take at most is named before anything is deployed, and counted as they count it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::{filled::Filled, template};

use crate::deploying::{answers, check, python, said};

/// Parameters with so many plans, each member listed by its ARN.
fn listed(plans: usize) -> BTreeMap<&'static str, String> {
    let of = |part: &dyn Fn(usize, &str) -> String| {
        let regions = ["us-east-1", "us-west-2"];
        let all = (0..plans).flat_map(|plan| regions.map(|region| part(plan, region)));
        all.collect::<Vec<_>>().join(",")
    };
    let arn = |region: &str, rest: String| format!("arn:aws:rds:{region}:123456789012:{rest}");
    [
        ("MemberRegions", "us-east-1,us-west-2".to_owned()),
        ("ApprovalPage", "ENABLED".to_owned()),
        (
            "MemberClusterArns",
            of(&|plan, region| arn(region, format!("cluster:orders-{plan}*"))),
        ),
        (
            "MemberInstanceArns",
            of(&|plan, region| arn(region, format!("db:orders-{plan}-1*"))),
        ),
        (
            "ReplicaInstanceArns",
            of(&|plan, region| arn(region, format!("db:invoices-{plan}*"))),
        ),
        (
            "GlobalClusterArns",
            of(&|plan, region| arn("", format!("global-cluster:orders-{plan}-{region}-*"))),
        ),
        (
            "WorkloadDatabaseArns",
            of(&|plan, region| arn(region, format!("db:shop-{plan}*"))),
        ),
        (
            "WorkloadTableArns",
            "arn:aws:dynamodb:*:123456789012:table/carts".to_owned(),
        ),
        (
            "WorkloadHostArns",
            "arn:aws:ec2:*:123456789012:instance/i-0123456789abcdef0".to_owned(),
        ),
        ("WorkloadPlans", "shop".to_owned()),
        (
            "TopicArns",
            "arn:aws:sns:us-east-1:123456789012:orders-alerts".to_owned(),
        ),
        (
            "DatabaseRoleArns",
            "arn:aws:iam::123456789012:role/figures".to_owned(),
        ),
        ("SubnetIds", "subnet-0123456789abcdef0".to_owned()),
        ("SecurityGroupIds", "sg-0123456789abcdef0".to_owned()),
    ]
    .into()
}

/// Answers with these parameters.
fn with(parameters: &BTreeMap<&str, String>) -> Value {
    let mut answers = answers();
    let all = answers["everywhere"].as_object_mut().unwrap();
    for (name, value) in parameters {
        if *name != "MemberRegions" {
            all.insert((*name).to_owned(), json!(value));
        }
    }
    answers
}

#[test]
fn nine_plans_that_are_listed_by_arn_are_named_before_anything_is_deployed() {
    let output = check(&with(&listed(3)));
    assert!(output.status.success(), "{}", said(&output));
    let output = check(&with(&listed(9)));
    let told = said(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    for part in [
        "the policies of RebuildGlobalRole in aurora-global-rebuild.yaml would have",
        "IAM takes 10240",
        "MemberClusterArns",
    ] {
        assert!(told.contains(part), "{part:?} is not in\n{told}");
    }
}

/// A failback is no moment to learn it.
#[test]
fn what_a_failback_could_not_be_given_is_named_before_anything_is_deployed() {
    let told = said(&check(&with(&listed(60))));
    for part in [
        "the policies of RebuildGlobalTakesAway in aurora-global-failback.yaml would have",
        "the policies of ReplaceReplicaTakesAway in rds-replica-failback.yaml would have",
        "IAM takes 6144",
        "such as arn:aws:rds:*:123456789012:db:orders-*, above all in ReplicaInstanceArns",
        "3700 fit the variables of replace-replica",
    ] {
        assert!(told.contains(part), "{part:?} is not in\n{told}");
    }
}

#[test]
fn what_a_functions_variables_cannot_hold_is_named_before_anything_is_deployed() {
    let arn = "arn:aws:iam::123456789012:role/figures";
    let roles = |count: usize| {
        let mut answers = answers();
        answers["everywhere"]["DatabaseRoleArns"] = json!(vec![arn; count]);
        check(&answers)
    };
    let output = roles(20);
    assert!(output.status.success(), "{}", said(&output));
    let told = said(&roles(100));
    assert!(
        told.contains("DatabaseRoleArns have")
            && told.contains("3700 fit the variables of rebuild-global"),
        "{told}"
    );
}

/// What the deploying program counts of a template's policies: characters and the most that IAM takes, by name.
fn counted(stack: &str, given: &BTreeMap<&str, String>) -> BTreeMap<String, (usize, usize)> {
    let code = "import json, sys, templates\n\
                given = json.load(sys.stdin)\n\
                sizes = templates.Filled(sys.argv[1], given, region='us-east-1').policy_sizes()\n\
                print(json.dumps({name: [size, most] for name, size, most in sizes}))";
    let output = python(&["-c", code, stack], &json!(given).to_string());
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_roles_policies_are_counted_as_iam_counts_them() {
    for plans in [1, 6, 12] {
        let given = listed(plans);
        let others = template::OF_FAILBACK.into_iter().chain(["witness"]);
        for stack in template::of_functions().into_iter().chain(others) {
            let template = template::read(stack);
            let filled = Filled::of(&template, &given);
            let counted = counted(stack, &given);
            for (kind, most) in [
                ("AWS::IAM::Role", 10_240),
                ("AWS::IAM::ManagedPolicy", 6_144),
            ] {
                for (id, _) in template::resources(&template, kind) {
                    let expected = (filled.policy_size(id), most);
                    assert_eq!(counted[id], expected, "{id} of {stack}");
                }
            }
            let ids: BTreeSet<_> = template::policies(&template)
                .into_iter()
                .map(|(id, _)| id.to_owned())
                .collect();
            assert_eq!(counted.into_keys().collect::<BTreeSet<_>>(), ids, "{stack}");
        }
    }
}
