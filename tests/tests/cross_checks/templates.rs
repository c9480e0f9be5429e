//! Templates: what the rules send is what functions and state machines take, and no role is wider than its words.

use std::collections::BTreeMap;

use aurora_global::rebuild_global;
use failover::{
    installation,
    json::operation,
    plan::{TopologyKind, function_of},
};
use rds_replica::replace_replica;
use serde_json::{Value, json};
use steps::{confirm_outage, dns_flip, fence_writer, health_probe, readiness::schedule, warm};
use tests::{machine, policy, repository::text, template};

/// The templates that have functions.
fn with_functions() -> impl Iterator<Item = &'static str> {
    template::of_functions().into_iter().chain(["witness"])
}

/// What a schedule or a rule sends, as a function reads it.
fn payload(text: &str) -> Value {
    failover::json::parse(text).unwrap()
}

#[test]
fn the_schedules_send_what_their_functions_take() {
    let templates: Vec<_> = template::of_a_member().map(template::read).collect();
    let rules = templates
        .iter()
        .flat_map(|template| template::resources(template, "AWS::Events::Rule"));
    let scheduled = rules.filter(|(_, rule)| !rule["ScheduleExpression"].is_null());
    let mut of_moves = Vec::new();
    let readiness = schedule::request().to_string();
    let sent: BTreeMap<_, _> = scheduled
        .filter(|(_, rule)| {
            let input = rule["Targets"][0]["Input"].as_str().unwrap_or_default();
            let looks = input == readiness;
            if looks {
                of_moves.push(template::function_of(&rule["Targets"][0]["Arn"]).to_owned());
            }
            !looks
        })
        .map(|(_, rule)| {
            let target = &rule["Targets"][0];
            let input = &target["Input"];
            let input = input.as_str().or(input["Fn::Sub"].as_str()).unwrap();
            (template::function_of(&target["Arn"]).to_owned(), input)
        })
        .collect();
    let sweep: fence_writer::Request =
        operation(payload(sent["aurora-failover-fence-writer"])).unwrap();
    assert_eq!(sweep, fence_writer::Request::Sweep {});
    let keep: Value = serde_json::from_str(sent["aurora-failover-rebuild-global"]).unwrap();
    assert_eq!(keep, rebuild_global::keep_request());
    let keep: Value = serde_json::from_str(sent["aurora-failover-replace-replica"]).unwrap();
    assert_eq!(keep, replace_replica::keep_request());
    let request = payload(sent["aurora-failover-recovery-ledger"]);
    assert_eq!(request, warm::request());
    let survey: confirm_outage::Request =
        operation(payload(sent["aurora-failover-confirm-outage"])).unwrap();
    assert_eq!(survey, confirm_outage::Request::Survey {});
    let switches: dns_flip::Request = operation(payload(sent["aurora-failover-dns-flip"])).unwrap();
    assert_eq!(switches, dns_flip::Request::Sweep {});
    of_moves.sort();
    let moving = TopologyKind::ALL.map(|kind| {
        let step = kind.runs().moving.unwrap();
        installation::named(&function_of(step))
    });
    assert_eq!(of_moves, moving, "each topology's own, once");
    let stops = payload(sent["aurora-failover-stop-writes"]);
    assert_eq!(stops, json!({"operation": "sweep"}));
    assert_eq!(sent.len(), 8);
}

#[test]
fn every_shard_of_the_plans_is_watched_whatever_their_number() {
    let triggers = template::read("triggers");
    let targets = triggers["Resources"]["WatchSchedule"]["Properties"]["Targets"].clone();
    let numbers = &triggers["Parameters"]["WatchShards"]["AllowedValues"];
    let most = numbers.as_array().unwrap().last().unwrap();
    assert_eq!(most.as_u64(), Some(health_probe::SHARDS_MAX));
    for shards in numbers.as_array().unwrap().iter().filter_map(Value::as_u64) {
        let holds = |condition: &str| match condition {
            "TwoShards" => shards >= 2,
            "FourShards" => shards >= 4,
            other => panic!("{other} is no condition of shards"),
        };
        let of = |target: &Value| {
            let target = match target["Fn::If"].as_array() {
                Some(choice) if !holds(choice[0].as_str().unwrap()) => return None,
                Some(choice) => choice[1].clone(),
                None => target.clone(),
            };
            let input = target["Input"]["Fn::Sub"].as_str().unwrap();
            let input = input.replace("${WatchShards}", &shards.to_string());
            Some(operation::<health_probe::Request>(payload(&input)).unwrap())
        };
        let sent: Vec<_> = targets.as_array().unwrap().iter().filter_map(of).collect();
        let wanted: Vec<_> = (0..shards)
            .map(|shard| health_probe::Request::Watch(health_probe::Shard { shard, shards }))
            .collect();
        assert_eq!(sent, wanted);
    }
}

#[test]
fn what_rds_says_of_its_fence_is_what_the_fence_takes() {
    let triggers = template::read("triggers");
    let rules = template::resources(&triggers, "AWS::Events::Rule");
    let (_, rule) = rules
        .iter()
        .find(|(_, rule)| rule["EventPattern"]["source"][0] == "aws.rds")
        .unwrap();
    let transformer = &rule["Targets"][0]["InputTransformer"];
    let mut sent = transformer["InputTemplate"].as_str().unwrap().to_owned();
    for name in transformer["InputPathsMap"].as_object().unwrap().keys() {
        sent = sent.replace(&format!("<{name}>"), "\"said\"");
    }
    let said = || "said".to_owned();
    let hint = fence_writer::Hint {
        event: said(),
        instance: said(),
        message: said(),
    };
    let request: fence_writer::Request = operation(payload(&sent)).unwrap();
    assert_eq!(request, fence_writer::Request::Hint(hint));
}

#[test]
fn a_suspicion_is_published_as_the_rule_wants_it() {
    let triggers = template::read("triggers");
    let rules = template::resources(&triggers, "AWS::Events::Rule");
    let (_, rule) = rules
        .iter()
        .find(|(_, rule)| rule["EventPattern"]["source"][0] == "aurora-failover")
        .unwrap();
    let pattern = &rule["EventPattern"];
    let publisher = text("crates/aws/src/eventbridge.rs");
    assert_eq!(pattern["source"], json!([installation::PREFIX]));
    assert!(publisher.contains(".source(installation::prefix())"));
    let kind = pattern["detail-type"][0].as_str().unwrap();
    let named = format!("const SUSPECT: &str = \"{kind}\";");
    assert!(publisher.contains(&named), "{kind}");
    let probe = &policy::of_members()["aurora-failover-health-probe"];
    assert!(probe.actions().any(|action| action == "events:PutEvents"));
}

#[test]
fn a_suspicion_starts_the_state_machine_that_is_deployed() {
    let triggers = template::read("triggers");
    let rules = template::resources(&triggers, "AWS::Events::Rule");
    let (_, rule) = rules
        .iter()
        .find(|(_, rule)| rule["EventPattern"]["source"][0] == "aurora-failover")
        .unwrap();
    let target = &rule["Targets"][0];
    let arn = target["Arn"]["Fn::Sub"].as_str().unwrap();
    let (_, machine) = arn.rsplit_once(":stateMachine:aurora-failover-").unwrap();
    assert!(
        machine::all().iter().any(|found| found.name == machine),
        "{arn}"
    );
    let role = target["RoleArn"]["Fn::GetAtt"]
        .as_str()
        .unwrap()
        .strip_suffix(".Arn")
        .unwrap();
    let statements =
        &triggers["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    assert_eq!(statements.as_array().unwrap().len(), 1);
    assert_eq!(statements[0]["Action"], "states:StartExecution");
    assert_eq!(statements[0]["Resource"], target["Arn"]);
}

#[test]
fn no_event_is_delivered_late_and_no_function_is_called_twice_for_one() {
    let templates: Vec<_> = template::of_a_member().map(template::read).collect();
    let rules = templates
        .iter()
        .flat_map(|template| template::resources(template, "AWS::Events::Rule"));
    for (id, rule) in rules {
        for target in rule["Targets"].as_array().unwrap() {
            // One that is there for a number of shards only.
            let target = target["Fn::If"].get(1).unwrap_or(target);
            let policy = &target["RetryPolicy"];
            assert_eq!(policy["MaximumEventAgeInSeconds"], 60, "{id}");
            let retries = policy["MaximumRetryAttempts"].as_u64().unwrap();
            // A state machine may be started again: the lease admits one run.
            let is_machine = target["Arn"]["Fn::Sub"]
                .as_str()
                .unwrap()
                .contains(":stateMachine:");
            assert!(retries <= if is_machine { 2 } else { 0 }, "{id}: {retries}");
        }
    }
    for name in with_functions() {
        let template = template::read(name);
        let configured = template::resources(&template, "AWS::Lambda::EventInvokeConfig");
        for (id, _) in template::resources(&template, "AWS::Lambda::Function") {
            let found = configured
                .iter()
                .find(|(_, properties)| properties["FunctionName"] == json!({"Ref": id}));
            let (_, properties) = found.unwrap_or_else(|| panic!("{id} is tried again for hours"));
            // What RDS says of its own fence is said once, and a sweep may be made twice.
            let (retries, age) = if id == "FenceWriterFunction" {
                (2, 360)
            } else {
                (0, 60)
            };
            assert_eq!(properties["MaximumRetryAttempts"], retries, "{id}");
            assert_eq!(properties["MaximumEventAgeInSeconds"], age, "{id}");
        }
    }
}

/// What a role allows of which nobody knows how much it is.
fn families(role: &policy::Role) -> Vec<&str> {
    let actions = role.actions();
    actions
        .filter(|action| action.contains(['*', '?']))
        .collect()
}

#[test]
fn no_role_allows_a_family_of_actions() {
    for name in with_functions() {
        for (function, role) in policy::of_functions(name) {
            assert_eq!(families(&role), Vec::<&str>::new(), "{function} in {name}");
        }
    }
    for (function, role) in policy::of_failback() {
        assert_eq!(families(&role), Vec::<&str>::new(), "{function}");
    }
}

#[test]
fn no_two_functions_share_a_role() {
    for name in with_functions() {
        let template = template::read(name);
        let mut roles: Vec<_> = template::resources(&template, "AWS::Lambda::Function")
            .into_iter()
            .map(|(_, function)| function["Role"].to_string())
            .collect();
        let count = roles.len();
        roles.sort();
        roles.dedup();
        assert_eq!(roles.len(), count, "{name}");
    }
}

#[test]
fn no_two_roles_of_a_member_region_have_one_name() {
    let stacks = template::of_functions()
        .into_iter()
        .chain(template::of_machines())
        .chain(["triggers"])
        .map(template::read)
        .collect::<Vec<_>>();
    let mut names = Vec::new();
    for stack in &stacks {
        for (id, role) in template::resources(stack, "AWS::IAM::Role") {
            let name = role["RoleName"]["Fn::Sub"].as_str();
            names.push(
                name.unwrap_or_else(|| panic!("{id} has no name"))
                    .to_owned(),
            );
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
}

#[test]
fn the_end_of_a_run_is_published_as_the_reference_says_and_by_nobody_else() {
    let publisher = text("crates/aws/src/eventbridge.rs");
    let kind = "Run Ended";
    assert!(publisher.contains(&format!("const ENDED: &str = \"{kind}\";")));
    let page = text("docs/reference/events.md");
    let pattern = format!("{{\"source\": [\"aurora-failover\"], \"detail-type\": [\"{kind}\"]}}");
    assert!(page.contains(&pattern), "{pattern}");
    let allowed = template::of_functions().into_iter().flat_map(|name| {
        let template = template::read(name);
        let roles = template::policies(&template).into_iter();
        let roles = roles.filter(|(_, policy)| policy.to_string().contains(kind));
        roles.map(|(id, _)| id.to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(allowed.collect::<Vec<_>>(), ["RecoveryLedgerRole"]);
}

/// How security groups and their rules are described, anywhere in a part of a template.
fn described(part: &Value, found: &mut Vec<String>) {
    match part {
        Value::Object(fields) => {
            let of_a_rule = fields
                .get("Description")
                .filter(|_| fields.contains_key("IpProtocol"));
            let texts = of_a_rule.into_iter().chain(fields.get("GroupDescription"));
            let texts = texts.map(|text| text.as_str().or(text["Fn::Sub"].as_str()).unwrap());
            found.extend(texts.map(str::to_owned));
            for field in fields.values() {
                described(field, found);
            }
        }
        Value::Array(parts) => {
            for part in parts {
                described(part, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>.
#[test]
fn security_groups_are_described_in_the_characters_that_ec2_takes() {
    let mut found = Vec::new();
    for name in template::names() {
        described(&template::read(&name), &mut found);
    }
    assert!(found.len() > 5, "{found:?}");
    let is_taken =
        |letter: char| letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter);
    for text in found {
        assert!(text.chars().all(is_taken), "{text}");
    }
}
