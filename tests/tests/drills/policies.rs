//! The functions' policies, proven from the calls that the front door recorded: neither too narrow nor too wide.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::policy::{self, Role};

use crate::held::{failback, path_impaired, region_loss, region_loss_managed, switchover};

const MEMBERS: [&str; 2] = ["us-east-1", "us-west-2"];
const WITNESS: &str = "us-east-2";

/// Actions that no call through the front door shows: Lambda itself makes them, or PostgreSQL does, or RDS asks for them
/// when something is created with tags, a key or a role.
const ELSEWHERE: [&str; 6] = [
    "logs:",
    "ec2:",
    "rds-db:",
    "rds:AddTagsToResource",
    "kms:",
    "iam:PassRole",
];

/// Actions that these drills give no occasion for: function, action, and the scenario in which it is called, or why in none.
const RARE: [(&str, &str, &str); 24] = [
    (
        "detach-and-promote",
        "dynamodb:Query",
        "none: it looks for other plans only where one is not known",
    ),
    (
        "ecs-restart",
        "dynamodb:Query",
        "none: it looks for other plans only where one is not known",
    ),
    (
        "loss-ledger",
        "dynamodb:Query",
        "none: it looks for other plans only where one is not known",
    ),
    (
        "detach-and-promote",
        "states:StartExecution",
        "none: a human starts a run through it",
    ),
    (
        "detach-and-promote",
        "states:DescribeExecution",
        "none: a human starts a run through it",
    ),
    (
        "planned-failover",
        "states:StartExecution",
        "switchover-by-invoke",
    ),
    (
        "planned-failover",
        "states:DescribeExecution",
        "none: a human starts a run through it",
    ),
    (
        "rebuild-global",
        "states:StartExecution",
        "none: a human starts a run through it",
    ),
    (
        "rebuild-global",
        "states:DescribeExecution",
        "none: a human starts a run through it",
    ),
    (
        "rebuild-global",
        "dynamodb:Query",
        "none: its schedule calls it once an hour",
    ),
    (
        "recovery-ledger",
        "lambda:InvokeFunction",
        "none: its schedule calls it once an hour",
    ),
    (
        "planned-failover",
        "ssm:GetParameterHistory",
        "none: readiness asks for the parameters of a plan that points some",
    ),
    (
        "recovery-ledger",
        "sns:GetTopicAttributes",
        "none: a human tries the messages without sending one",
    ),
    (
        "recovery-ledger",
        "rds:ListTagsForResource",
        "none: no member has a custom endpoint when it is adopted",
    ),
    ("dns-flip", "ssm:GetParameterHistory", "route53-down-ssm"),
    ("dns-flip", "ssm:PutParameter", "route53-down-ssm"),
    ("dns-flip", "sns:Publish", "by-hand"),
    ("ecs-restart", "sns:Publish", "by-hand"),
    (
        "health-probe",
        "ssm:GetParameterHistory",
        "route53-down-ssm",
    ),
    ("health-probe", "sns:Publish", "run-dies"),
    (
        "rebuild-global",
        "rds:CopyDBClusterSnapshot",
        "failback-after-managed",
    ),
    ("rebuild-global", "rds:DeleteDBCluster", "rehearsal"),
    ("rebuild-global", "rds:DeleteDBInstance", "rehearsal"),
    (
        "rebuild-global",
        "sns:Publish",
        "none: a forced pass tells people",
    ),
];

struct Call {
    function: String,
    caller_region: String,
    region: String,
    action: String,
}

fn calls() -> Vec<Call> {
    let drills = [
        region_loss(),
        region_loss_managed(),
        path_impaired(),
        switchover(),
        failback(),
    ];
    let calls = drills
        .iter()
        .flat_map(|held| held.report["calls"].as_array().unwrap());
    calls.map(call).collect()
}

fn call(call: &Value) -> Call {
    let text = |name: &str| call[name].as_str().unwrap().to_owned();
    let (service, operation) = (text("service"), text("operation"));
    // The one operation whose action has another name.
    let action = match (service.as_str(), operation.as_str()) {
        ("lambda", "Invoke") => "lambda:InvokeFunction".to_owned(),
        _ => format!("{service}:{operation}"),
    };
    Call {
        function: text("function"),
        caller_region: text("caller_region"),
        region: text("region"),
        action,
    }
}

/// The kind of Region that a function's role comes from.
fn kind(region: &str) -> &'static str {
    if region == WITNESS {
        "witness"
    } else {
        "member"
    }
}

fn roles() -> BTreeMap<(&'static str, String), Role> {
    [
        ("member", policy::of_members()),
        ("witness", policy::of_functions("witness")),
    ]
    .into_iter()
    .flat_map(|(kind, roles)| {
        roles
            .into_iter()
            .map(move |(function, role)| ((kind, function), role))
    })
    .collect()
}

#[test]
fn every_call_is_allowed_by_its_functions_role() {
    let roles = roles();
    let calls = calls();
    let denied: BTreeSet<_> = calls
        .iter()
        // The witness asks S3 without a right: that anything answers is all that it wants to know.
        .filter(|call| !(kind(&call.caller_region) == "witness" && call.action == "s3:GET /"))
        .filter(|call| {
            let role = &roles[&(kind(&call.caller_region), call.function.clone())];
            !role.allows(&call.action, &call.region, &call.caller_region, &MEMBERS)
        })
        .map(|call| {
            let Call {
                function,
                caller_region,
                region,
                action,
            } = call;
            format!("{function} in {caller_region} calls {action} in {region}")
        })
        .collect();
    assert_eq!(denied, BTreeSet::new(), "no role allows that");
    let callers: BTreeSet<_> = calls
        .iter()
        .map(|call| (kind(&call.caller_region), call.function.clone()))
        .collect();
    assert_eq!(
        callers,
        roles.into_keys().collect(),
        "a function called nothing"
    );
}

#[test]
fn every_action_that_a_role_allows_is_called() {
    let calls = calls();
    let mut unused = Vec::new();
    for ((name, function), role) in roles() {
        for action in role
            .actions()
            .filter(|action| !ELSEWHERE.iter().any(|prefix| action.starts_with(prefix)))
        {
            let is_called = calls.iter().any(|call| {
                call.function == function
                    && call.action == action
                    && kind(&call.caller_region) == name
            });
            if !is_called {
                unused.push((function.clone(), action.to_owned()));
            }
        }
    }
    let known = RARE
        .map(|(function, action, _)| (format!("aurora-failover-{function}"), action.to_owned()));
    let (unused, known) = (BTreeSet::from_iter(unused), BTreeSet::from(known));
    assert_eq!(
        unused, known,
        "what is allowed and never called, against what is known to be rare"
    );
}
