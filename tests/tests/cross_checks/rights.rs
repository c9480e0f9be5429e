//! The rights of the functions' roles, held to what all drills recorded of them: not one too few, and not one too many.

use std::collections::{BTreeMap, BTreeSet};

use tests::{
    policy::{self, Role},
    repository::text,
};

/// Which statement of which role allowed which action, in all scenarios: `make rights` puts it together.
const RECORD: &str = "tests/recorded/rights.txt";

/// Whose role a statement is a part of.
#[derive(Debug, Clone, Copy)]
enum Whose {
    Every,
    /// Whoever may call this action needs it.
    WhoMay(&'static str),
    Function(&'static str),
}

/// What AWS does for a function by its role, so that no call of its own shows it. Services ask KMS, Lambda writes logs and makes network
/// interfaces, PostgreSQL lets somebody in, RDS takes a role over.
const BY_AWS: [(&str, &[&str], Whose); 15] = [
    (
        "Logs",
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        Whose::Every,
    ),
    ("EnvironmentKey", &["kms:Decrypt"], Whose::Every),
    (
        "TableKeys",
        &["kms:Decrypt"],
        Whose::WhoMay("dynamodb:GetItem"),
    ),
    (
        "TableKeys",
        &["kms:Encrypt", "kms:GenerateDataKey"],
        Whose::WhoMay("dynamodb:PutItem"),
    ),
    (
        "TableKeys",
        &["kms:Encrypt", "kms:GenerateDataKey"],
        Whose::WhoMay("dynamodb:UpdateItem"),
    ),
    (
        "TopicKeys",
        &["kms:Decrypt", "kms:GenerateDataKey"],
        Whose::WhoMay("sns:Publish"),
    ),
    (
        "SecretKeys",
        &["kms:Decrypt"],
        Whose::WhoMay("secretsmanager:GetSecretValue"),
    ),
    (
        "NetworkInterfaces",
        &[
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
        ],
        Whose::WhoMay("secretsmanager:GetSecretValue"),
    ),
    (
        "SignIn",
        &["rds-db:connect"],
        Whose::Function("aurora-failover-health-probe"),
    ),
    (
        "BucketKey",
        &["kms:Decrypt", "kms:GenerateDataKey"],
        Whose::Function("aurora-failover-loss-ledger"),
    ),
    // S3 asks for it before it says that an object is missing.
    ("Buckets", &["s3:ListBucket"], Whose::WhoMay("s3:GetObject")),
    (
        "Keys",
        &[
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:GenerateDataKey",
        ],
        Whose::WhoMay("rds:CreateDBCluster"),
    ),
    (
        "Keys",
        &[
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:GenerateDataKey",
        ],
        Whose::WhoMay("rds:CreateDBInstanceReadReplica"),
    ),
    (
        "DatabaseRoles",
        &["iam:PassRole"],
        Whose::WhoMay("rds:AddRoleToDBCluster"),
    ),
    (
        "DatabaseRoles",
        &["iam:PassRole"],
        Whose::WhoMay("rds:CreateDBInstanceReadReplica"),
    ),
];

/// It looks for other plans only where one is not known.
const OTHER_PLANS: &str = "no plan of a scenario is unknown to it";
/// A call of a human's, whom the function leads to the machine.
const BY_HAND: &str = "a human starts a run through it";
/// What a schedule calls that is longer than any drill.
const HOURLY: &str = "its schedule calls it once an hour";

/// What only plans with functions of their own need. The scenario `hooks-called` gives occasion for it.
const NO_HOOK: &str = "no plan of a drill that was recorded names a hook";

/// What the move of a global database looks at by the same code, in drills whose plans have it.
const BY_PLANNED_FAILOVER: &str =
    "the readiness of planned-failover looks at it by the same code, for a plan that has it";

/// The page is off but in `page-answers`, which is played by its name and is not recorded.
const NO_PAGE: &str = "a scenario that is played by its name alone answers on the page";

/// Actions for which no scenario gives occasion, of functions in a member Region: statement, action, and why.
const RARE: [(&str, &str, &str, &str); 42] = [
    (
        "aurora-failover-approval-page",
        "Links",
        "dynamodb:GetItem",
        NO_PAGE,
    ),
    (
        "aurora-failover-approval-page",
        "Links",
        "dynamodb:UpdateItem",
        NO_PAGE,
    ),
    (
        "aurora-failover-approval-page",
        "Answer",
        "states:SendTaskSuccess",
        NO_PAGE,
    ),
    (
        "aurora-failover-approval-page",
        "Answer",
        "states:SendTaskFailure",
        NO_PAGE,
    ),
    (
        "aurora-failover-call-hook",
        "Hooks",
        "lambda:InvokeFunction",
        NO_HOOK,
    ),
    (
        "aurora-failover-call-hook",
        "Ledger",
        "dynamodb:GetItem",
        NO_HOOK,
    ),
    (
        "aurora-failover-call-hook",
        "Ledger",
        "dynamodb:PutItem",
        NO_HOOK,
    ),
    (
        "aurora-failover-call-hook",
        "Ledger",
        "dynamodb:Query",
        OTHER_PLANS,
    ),
    (
        "aurora-failover-call-hook",
        "Tell",
        "sns:Publish",
        "a forced pass tells people",
    ),
    (
        "aurora-failover-confirm-outage",
        "Hooks",
        "lambda:GetFunctionConfiguration",
        NO_HOOK,
    ),
    (
        "aurora-failover-detach-and-promote",
        "Ledger",
        "dynamodb:Query",
        OTHER_PLANS,
    ),
    (
        "aurora-failover-ecs-restart",
        "Ledger",
        "dynamodb:Query",
        OTHER_PLANS,
    ),
    (
        "aurora-failover-loss-ledger",
        "Ledger",
        "dynamodb:Query",
        OTHER_PLANS,
    ),
    (
        "aurora-failover-detach-and-promote",
        "Start",
        "states:StartExecution",
        BY_HAND,
    ),
    (
        "aurora-failover-detach-and-promote",
        "Started",
        "states:DescribeExecution",
        BY_HAND,
    ),
    (
        "aurora-failover-open-writer",
        "Ledger",
        "dynamodb:Query",
        OTHER_PLANS,
    ),
    (
        "aurora-failover-promote-replica",
        "Ledger",
        "dynamodb:Query",
        OTHER_PLANS,
    ),
    (
        "aurora-failover-promote-replica",
        "Start",
        "states:StartExecution",
        BY_HAND,
    ),
    (
        "aurora-failover-promote-replica",
        "Started",
        "states:DescribeExecution",
        BY_HAND,
    ),
    (
        "aurora-failover-rebuild-global",
        "Start",
        "states:StartExecution",
        BY_HAND,
    ),
    (
        "aurora-failover-rebuild-global",
        "Started",
        "states:DescribeExecution",
        BY_HAND,
    ),
    (
        "aurora-failover-rebuild-global",
        "Ledger",
        "dynamodb:Query",
        HOURLY,
    ),
    (
        "aurora-failover-replace-replica",
        "Start",
        "states:StartExecution",
        BY_HAND,
    ),
    (
        "aurora-failover-replace-replica",
        "Started",
        "states:DescribeExecution",
        BY_HAND,
    ),
    (
        "aurora-failover-replace-replica",
        "Ledger",
        "dynamodb:Query",
        HOURLY,
    ),
    (
        "aurora-failover-replace-replica",
        "Look",
        "rds:DescribeDBParameterGroups",
        "no instance of a drill has a group of its own",
    ),
    (
        "aurora-failover-replace-replica",
        "Snapshots",
        "rds:AddTagsToResource",
        "no instance of a drill has tags",
    ),
    (
        "aurora-failover-replace-replica",
        "TakeGroups",
        "rds:ModifyDBInstance",
        "AWS may check the groups that a renamed instance has, and the call names none",
    ),
    (
        "aurora-failover-open-writer",
        "Tell",
        "sns:Publish",
        "a forced pass tells people",
    ),
    (
        "aurora-failover-promote-replica",
        "Stop",
        "lambda:InvokeFunction",
        "no promotion behind a stop is refused by RDS",
    ),
    (
        "aurora-failover-stop-writes",
        "EndpointParameters",
        "ssm:GetParameterHistory",
        BY_PLANNED_FAILOVER,
    ),
    (
        "aurora-failover-stop-writes",
        "Objects",
        "s3:GetObject",
        BY_PLANNED_FAILOVER,
    ),
    (
        "aurora-failover-stop-writes",
        "Start",
        "states:StartExecution",
        BY_HAND,
    ),
    (
        "aurora-failover-stop-writes",
        "Started",
        "states:DescribeExecution",
        BY_HAND,
    ),
    (
        "aurora-failover-recovery-ledger",
        "WarmWitness",
        "lambda:InvokeFunction",
        HOURLY,
    ),
    (
        "aurora-failover-rebuild-global",
        "CustomEndpoints",
        "rds:AddTagsToResource",
        "no endpoint of a drill's member has tags",
    ),
    (
        "aurora-failover-rebuild-global",
        "TakeGroups",
        "rds:ModifyDBCluster",
        "AWS may check the groups that a renamed member has, and the call names none",
    ),
    (
        "aurora-failover-rebuild-global",
        "TakeGroups",
        "rds:ModifyDBInstance",
        "AWS may check the groups that a renamed member has, and the call names none",
    ),
    (
        "aurora-failover-rebuild-global",
        "TakeSnapshots",
        "rds:DeleteDBCluster",
        "AWS checks a snapshot, too, and the call makes no final one",
    ),
    (
        "aurora-failover-rebuild-global",
        "Tell",
        "sns:Publish",
        "a forced pass tells people",
    ),
    (
        "aurora-failover-recovery-ledger",
        "Endpoints",
        "rds:ListTagsForResource",
        "no member has a custom endpoint when it is adopted",
    ),
    (
        "aurora-failover-recovery-ledger",
        "Tell",
        "sns:GetTopicAttributes",
        "a human tries the messages without sending one",
    ),
];

/// Calls that no role allows, and that are made all the same: function, action, and why.
const DENIED: [(&str, &str, &str); 1] = [(
    "aurora-failover-confirm-outage",
    "s3:ListAllMyBuckets",
    "that anything answers is all that the witness wants to know",
)];

/// Functions that no scenario plays yet, so that nothing recorded says what they call. What their calls name holds their roles
/// meanwhile: `what_brings_a_workload_home_may_make_its_calls_and_no_other`.
const NOT_DRILLED: [&str; 1] = ["aurora-failover-restore-home"];

/// Kind of Region, function, statement, action.
type Right = (String, String, String, String);
type Roles = BTreeMap<(&'static str, String), Role>;

fn roles() -> Roles {
    let kinds = [
        ("member", policy::of_members()),
        ("witness", policy::of_functions("witness")),
    ];
    let roles = kinds.into_iter().flat_map(|(kind, roles)| {
        let named = move |(function, role)| ((kind, function), role);
        roles.into_iter().map(named)
    });
    roles.collect()
}

/// The roles of what drills play.
fn drilled() -> Roles {
    let all = roles().into_iter();
    all.filter(|((_, function), _)| !NOT_DRILLED.contains(&&**function))
        .collect()
}

/// What was recorded: the rights that were used, and what was denied.
fn record() -> (BTreeSet<Right>, BTreeSet<(String, String)>) {
    let text = text(RECORD);
    let (mut used, mut denied) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines() {
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        let [kind, function, statement, action] = words.try_into().unwrap();
        if statement == "-" {
            denied.insert((function, action));
        } else {
            used.insert((kind, function, statement, action));
        }
    }
    (used, denied)
}

fn allowed(roles: &Roles) -> BTreeSet<Right> {
    let mut all = BTreeSet::new();
    for ((kind, function), role) in roles {
        for statement in &role.0 {
            for action in &statement.actions {
                let right = (
                    *kind,
                    function.as_str(),
                    statement.sid.as_str(),
                    action.as_str(),
                );
                all.insert(owned(right));
            }
        }
    }
    all
}

fn owned((kind, function, statement, action): (&str, &str, &str, &str)) -> Right {
    let [kind, function] = [kind, function].map(str::to_owned);
    (kind, function, statement.to_owned(), action.to_owned())
}

/// What AWS needs of these roles.
fn by_aws(roles: &Roles) -> BTreeSet<Right> {
    let mut needed = BTreeSet::new();
    for ((kind, function), role) in roles {
        for (statement, actions, whose) in BY_AWS {
            let is_needed = match whose {
                Whose::Every => true,
                Whose::WhoMay(action) => role.actions().any(|allowed| allowed == action),
                Whose::Function(name) => name == function,
            };
            let actions = actions.iter().filter(|_| is_needed);
            needed.extend(actions.map(|action| owned((kind, function, statement, action))));
        }
    }
    needed
}

/// All that is wrong with roles, by what was recorded.
fn faults(roles: &Roles, used: &BTreeSet<Right>) -> BTreeSet<String> {
    let (allowed, by_aws) = (allowed(roles), by_aws(roles));
    let rare =
        RARE.map(|(function, statement, action, _)| owned(("member", function, statement, action)));
    let rare = BTreeSet::from(rare);
    let needed: BTreeSet<_> = used.iter().chain(&by_aws).chain(&rare).cloned().collect();
    let lacking = needed.difference(&allowed);
    let lacking = lacking.map(|right| format!("{right:?} is needed, and not given"));
    let idle = allowed.difference(&needed);
    let idle = idle.map(|right| format!("{right:?} is given, and no drill used it"));
    let explained = used
        .iter()
        .filter(|right| rare.contains(*right) || by_aws.contains(*right));
    let explained = explained.map(|right| format!("{right:?} was used, and needs no reason"));
    lacking.chain(idle).chain(explained).collect()
}

#[test]
fn every_action_that_a_role_allows_is_called() {
    let (used, denied) = record();
    assert_eq!(faults(&drilled(), &used), BTreeSet::new());
    let excused = DENIED.map(|(function, action, _)| (function.to_owned(), action.to_owned()));
    assert_eq!(denied, BTreeSet::from(excused), "what no role allowed");
}

/// The record tells statements apart by their names.
#[test]
fn no_two_statements_of_a_role_have_one_name() {
    for (name, role) in roles() {
        let names: BTreeSet<_> = role.0.iter().map(|statement| &statement.sid).collect();
        assert_eq!(names.len(), role.0.len(), "{name:?}");
    }
}

#[test]
fn an_action_more_or_less_in_any_statement_is_found() {
    let (used, _) = record();
    let roles = drilled();
    let known: BTreeSet<_> = roles
        .values()
        .flat_map(Role::actions)
        .map(str::to_owned)
        .collect();
    let mut mutants = 0;
    for (name, role) in &roles {
        for (number, statement) in role.0.iter().enumerate() {
            let with = |actions: Vec<String>| {
                let mut mutated = roles.clone();
                mutated.get_mut(name).unwrap().0[number].actions = actions;
                faults(&mutated, &used)
            };
            let family = |action: &str| action.split(':').next().unwrap_or_default().to_owned();
            let families: BTreeSet<_> = statement
                .actions
                .iter()
                .map(|action| family(action))
                .collect();
            let others = known
                .iter()
                .filter(|action| families.contains(&family(action)));
            for added in others.filter(|action| !statement.actions.contains(*action)) {
                let more = [statement.actions.as_slice(), std::slice::from_ref(added)].concat();
                assert_ne!(
                    with(more),
                    BTreeSet::new(),
                    "{added} more in {} of {name:?}",
                    statement.sid
                );
                mutants += 1;
            }
            for (taken, action) in statement.actions.iter().enumerate() {
                let mut fewer = statement.actions.clone();
                fewer.remove(taken);
                assert_ne!(
                    with(fewer),
                    BTreeSet::new(),
                    "{action} less in {} of {name:?}",
                    statement.sid
                );
                mutants += 1;
            }
        }
    }
    assert!(mutants > 400, "{mutants} mutants");
}
