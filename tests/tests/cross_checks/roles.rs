//! Roles: where their statements hold, and how much of an account they reach.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::template;

/// Groups that members are created in. No action that a role allows changes one.
const ONLY_USED: [&str; 4] = [":cluster-pg:*", ":og:*", ":pg:*", ":subgrp:*"];

/// Every statement that allows something, with the role or the managed policy that has it and the template that has that.
fn statements() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let others = template::OF_FAILBACK.into_iter().chain(["witness"]);
    for name in template::of_functions().into_iter().chain(others) {
        let template = template::read(name);
        for (id, policy) in template::policies(&template) {
            for statement in policy["Statement"].as_array().unwrap() {
                let given = statement
                    .get("Fn::If")
                    .map_or(statement, |choice| &choice[1]);
                if given["Effect"] == "Allow" {
                    let place = format!("{} of {id} in {name}", given["Sid"]);
                    found.push((place, given.clone()));
                }
            }
        }
    }
    found
}

fn actions(statement: &Value) -> Vec<&str> {
    let action = &statement["Action"];
    let many = action.as_array().into_iter().flatten();
    many.chain([action]).filter_map(Value::as_str).collect()
}

/// The texts below a value, however they are put together.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// RDS forwards calls on a global database from one Region to another, and a condition on one Region denies what is forwarded.
#[test]
fn what_rds_forwards_to_another_member_region_is_not_denied_there() {
    let mut narrow = Vec::new();
    let mut seen = 0;
    for (place, statement) in statements() {
        if !actions(&statement)
            .iter()
            .any(|action| action.starts_with("rds:"))
        {
            continue;
        }
        seen += 1;
        let regions = &statement["Condition"]["StringEquals"]["aws:RequestedRegion"];
        if *regions != serde_json::json!({"Ref": "MemberRegions"}) {
            narrow.push(format!("{place}: {regions}"));
        }
    }
    assert!(seen > 20, "this check sees only {seen} statements");
    assert_eq!(narrow, Vec::<String>::new());
}

#[test]
fn no_role_changes_what_is_no_plans() {
    let mut wide = Vec::new();
    for (place, statement) in statements() {
        let changes = |action: &&str| {
            action.starts_with("rds:") && !action.contains(":Describe") && !action.contains(":List")
        };
        if !actions(&statement).iter().any(changes) {
            continue;
        }
        let resources = texts(&statement["Resource"]);
        assert!(!resources.is_empty(), "{place} has no resource");
        let every = |text: &&str| {
            (text.ends_with(":*") || *text == "*")
                && !ONLY_USED.iter().any(|group| text.ends_with(group))
        };
        wide.extend(
            resources
                .into_iter()
                .filter(every)
                .map(|text| format!("{place}: {text}")),
        );
    }
    assert_eq!(wide, Vec::<String>::new());
}

/// The call that changes nothing and needs the same name shows whether the other would be denied.
#[test]
fn who_creates_global_clusters_may_look_at_those_alone_that_it_may_create() {
    let template = template::read("aurora-global-rebuild");
    let roles = template::resources(&template, "AWS::IAM::Role");
    let role = roles.iter().find(|(id, _)| *id == "RebuildGlobalRole");
    let (_, role) = role.unwrap();
    let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array();
    let of = |action: &str| {
        let allowing = statements.unwrap().iter();
        let allowing = allowing.filter(|statement| actions(statement).contains(&action));
        let allowing: Vec<_> = allowing.collect();
        assert_eq!(allowing.len(), 1, "{action}");
        allowing[0]["Resource"].clone()
    };
    let names = serde_json::json!({"Ref": "GlobalClusterArns"});
    assert_eq!(of("rds:DescribeGlobalClusters"), names);
    assert!(
        of("rds:CreateGlobalCluster")
            .to_string()
            .contains(&names.to_string())
    );
}

#[test]
fn the_groups_that_a_member_is_created_in_are_never_deleted() {
    for (place, statement) in statements() {
        let resources = texts(&statement["Resource"]);
        if resources
            .iter()
            .any(|text| ONLY_USED.iter().any(|group| text.ends_with(group)))
        {
            for action in actions(&statement) {
                let uses = ["rds:CreateDB", "rds:ModifyDB", "rds:RestoreDB"]
                    .iter()
                    .any(|begin| action.starts_with(begin));
                assert!(uses && !action.contains("Group"), "{place}: {action}");
            }
        }
    }
}

#[test]
fn a_customers_key_is_used_through_its_service_only() {
    let mut seen = Vec::new();
    for (place, statement) in statements() {
        let keys = actions(&statement)
            .iter()
            .any(|action| action.starts_with("kms:"));
        if keys {
            let through = texts(&statement["Condition"]["StringLike"]["kms:ViaService"]);
            assert_eq!(through.len(), 1, "{place}");
            seen.push(through[0].split('.').next().unwrap().to_owned());
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(
        seen,
        ["dynamodb", "lambda", "rds", "s3", "secretsmanager", "sns"]
    );
}

/// What the function of names may do with the objects of switches.
const OF_SWITCHES: &str = "\"Action\":[\"s3:GetObject\",\"s3:PutObject\"]";

/// Reading a secret and publishing to a topic both need the key that encrypts them. So do a ledger and a bucket, and a function's
/// variables are decrypted by its role.
#[test]
fn who_reads_secrets_or_publishes_may_use_the_keys_that_encrypt_them() {
    for name in template::of_functions().into_iter().chain(["witness"]) {
        let template = template::read(name);
        for (id, role) in template::resources(&template, "AWS::IAM::Role") {
            let text = role.to_string();
            // A checker reads the object of a switch without credentials, so that no key of a customer's encrypts it.
            let text = text.replace(OF_SWITCHES, "");
            for (action, keys) in [
                ("\"secretsmanager:GetSecretValue\"", "\"SecretKeyArns\""),
                ("\"sns:Publish\"", "\"TopicKeyArns\""),
                ("\"dynamodb:GetItem\"", "\"TableKeyArns\""),
                ("\"s3:PutObject\"", "\"BucketKeyArn\""),
                ("\"lambda.amazonaws.com\"", "\"EnvironmentKeyArn\""),
            ] {
                assert_eq!(
                    text.contains(action),
                    text.contains(keys),
                    "{id} in {name}: {action} and {keys}"
                );
            }
        }
    }
}

#[test]
fn what_the_stacks_make_is_encrypted_with_the_customers_key_where_one_is_given() {
    let mut seen = BTreeSet::new();
    for name in template::names() {
        let template = template::read(&name);
        if name == template::OF_A_SWITCH {
            let bucket = &template["Resources"]["Bucket"]["Properties"];
            let encryption = bucket["BucketEncryption"].to_string();
            assert!(encryption.contains("AES256"), "{encryption}");
            continue;
        }
        if name == template::OF_EXPORTS {
            let bucket = &template["Resources"]["Bucket"]["Properties"];
            assert!(texts(&bucket["BucketEncryption"]).contains(&"ExportKeyArn"));
            let declared = &template["Parameters"]["ExportKeyArn"];
            assert!(
                declared["Default"].is_null(),
                "RDS exports under a key only"
            );
            continue;
        }
        for (kind, property, key) in [
            ("AWS::Logs::LogGroup", "KmsKeyId", "LogsKeyArn"),
            ("AWS::Lambda::Function", "KmsKeyArn", "EnvironmentKeyArn"),
            ("AWS::DynamoDB::Table", "SSESpecification", "TableKeyArn"),
            ("AWS::S3::Bucket", "BucketEncryption", "BucketKeyArn"),
        ] {
            for (id, resource) in template::resources(&template, kind) {
                let encryption = texts(&resource[property]);
                assert!(encryption.contains(&key), "{id} in {name}: {property}");
                assert_eq!(
                    template["Parameters"][key]["Default"], "",
                    "{key} in {name}"
                );
                seen.insert(kind);
            }
        }
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}
