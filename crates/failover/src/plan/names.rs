//! What names in a plan look like: once as a pattern of the schema, once as a check, and a test that both say the same.
//!
//! An engine for patterns weighs a megabyte in every function, so the checks are written by hand.

use super::Engine;
use crate::{domain::Region, installation};

/// The name of a plan.
pub(super) const PLAN: &str = "^[A-Za-z0-9-]{1,40}$";
/// What RDS takes for an identifier, at most [`crate::topology::names::IDENTIFIER_MAX`] long.
pub(super) const IDENTIFIER: &str = "^[A-Za-z](-?[A-Za-z0-9])*$";
/// The name of a secret.
/// Source: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>; `!` is in the names that
/// RDS gives.
pub(super) const SECRET: &str = "^[A-Za-z0-9/_+=.@!-]{1,512}$";
/// The name of an ECS cluster or service.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>.
pub(super) const ECS: &str = "^[A-Za-z0-9_-]{1,255}$";
/// The name of a group of EC2 Auto Scaling, out of more that AWS takes.
/// Source: <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html>.
pub(super) const ASG: &str = "^[A-Za-z0-9_.+=@/-]{1,255}$";
/// The name of a function that a run may call: what its ending is, a role's statement says too.
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>.
pub(super) const HOOK: &str = "^[A-Za-z0-9_-]{1,50}-failover-hook$";
/// The id of a hosted zone.
pub(super) const HOSTED_ZONE: &str = "^[A-Za-z0-9]{1,32}$";
/// A full name without the dot at its end.
/// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html>.
pub(super) const HOST: &str = "^([A-Za-z0-9_-]{1,63}[.])+[A-Za-z0-9_-]{1,63}$";
/// The longest such name.
pub(super) const HOST_MAX: usize = 253;
/// The name of a parameter of SSM, with its path, outside what AWS and this software keep for themselves.
pub(super) const PARAMETER: &str = "^/(?!aws|ssm|aurora-failover/)[A-Za-z0-9_./-]*[A-Za-z0-9_.-]$";
/// The longest name of a parameter.
/// Source: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>.
pub(super) const PARAMETER_MAX: usize = 1011;
/// A bucket of S3. One with dots has no certificate for its own name.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
pub(super) const BUCKET: &str = "^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$";
/// The key of an object that a health check asks for: what a path needs no escape for.
pub(super) const KEY: &str = "^[A-Za-z0-9_-][A-Za-z0-9/_.-]{0,199}$";
/// The ARN of an SNS topic. One that ends in `.fifo` takes no message without a group.
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>.
pub(super) const TOPIC: &str =
    "^arn:aws[a-z-]*:sns:[a-z0-9]+(-[a-z0-9]+)+-[0-9]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$";
/// The longest name of a role or a database in PostgreSQL, in bytes.
pub(super) const POSTGRES_MAX: usize = 63;
/// A table with its schema.
pub(super) const TABLE: &str = "^[^.]+[.][^.]+$";

fn consists(text: &str, max: usize, others: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
    (1..=max).contains(&text.len()) && text.chars().all(fits)
}

pub(super) fn is_secret(name: &str) -> bool {
    consists(name, 512, "/_+=.@!-")
}

pub(super) fn is_ecs(name: &str) -> bool {
    consists(name, 255, "_-")
}

pub(super) fn is_asg(name: &str) -> bool {
    consists(name, 255, "_.+=@/-")
}

pub(super) fn is_hook(name: &str) -> bool {
    let rest = name.strip_suffix("-failover-hook");
    rest.is_some_and(|rest| consists(rest, 50, "_-"))
}

pub(super) fn is_bucket(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let ends = name.starts_with('-') || name.ends_with('-');
    (3..=63).contains(&name.len()) && name.chars().all(fits) && !ends
}

pub(super) fn is_key(key: &str) -> bool {
    consists(key, 200, "/_.-") && !key.starts_with(['/', '.'])
}

pub(super) fn is_hosted_zone(id: &str) -> bool {
    consists(id, 32, "")
}

pub(super) fn is_host(name: &str) -> bool {
    let mut labels = name.split('.');
    name.len() <= HOST_MAX && name.contains('.') && labels.all(|label| consists(label, 63, "_-"))
}

pub(super) fn is_parameter(name: &str) -> bool {
    let own = installation::parameter("");
    let kept = ["/aws", "/ssm", "/aurora-failover/", &own];
    consists(name, PARAMETER_MAX, "_.-/")
        && name.starts_with('/')
        && !name.ends_with('/')
        && !kept.iter().any(|kept| name.starts_with(kept))
}

/// The Region of a topic's ARN, or nothing where it is none.
pub(super) fn region_of_topic(arn: &str) -> Option<&str> {
    let parts: Vec<_> = arn.split(':').collect();
    let [head, partition, "sns", region, account, topic] = parts[..] else {
        return None;
    };
    let is_partition = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let is_arn = head == "arn"
        && partition.strip_prefix("aws").is_some_and(is_partition)
        && Region::from(region).is_valid()
        && account.len() == 12
        && account.chars().all(|c| c.is_ascii_digit())
        && consists(topic, 256, "_-");
    is_arn.then_some(region)
}

/// The longest name of a role or a database that an engine takes, in bytes.
pub(super) const fn longest(engine: Engine) -> usize {
    match engine {
        // Of SQL Server it is a name for people.
        Engine::Postgres | Engine::Sqlserver => POSTGRES_MAX,
        // A user's name, which is the shorter one; MariaDB's may be longer.
        Engine::Mariadb | Engine::Mysql => 32,
    }
}

pub(super) fn is_table(name: &str) -> bool {
    let parts: Vec<_> = name.split('.').collect();
    parts.len() == 2 && parts.iter().all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use jsonschema::Validator;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        domain::PlanName,
        topology::names::{IDENTIFIER_MAX, is_identifier},
    };

    type Check = fn(&str) -> bool;

    /// Every pattern with what is checked instead.
    fn both() -> Vec<(Validator, &'static str, Check)> {
        let of = |pattern: &'static str, max: usize, check: Check| {
            let schema = json!({"type": "string", "pattern": pattern, "maxLength": max});
            (jsonschema::validator_for(&schema).unwrap(), pattern, check)
        };
        vec![
            of(PLAN, 40, PlanName::fits),
            of(IDENTIFIER, IDENTIFIER_MAX, is_identifier),
            of(SECRET, 512, is_secret),
            of(ECS, 255, is_ecs),
            of(ASG, 255, is_asg),
            of(HOOK, 64, is_hook),
            of(BUCKET, 63, is_bucket),
            of(KEY, 200, is_key),
            of(HOSTED_ZONE, 32, is_hosted_zone),
            of(HOST, HOST_MAX, is_host),
            of(PARAMETER, PARAMETER_MAX, is_parameter),
            of(TOPIC, 1000, |arn| region_of_topic(arn).is_some()),
            of(TABLE, 1000, is_table),
            of(Region::PATTERN, 1000, |name| Region::from(name).is_valid()),
        ]
    }

    #[test]
    fn each_pattern_takes_what_its_check_takes() {
        let topic = "arn:aws:sns:us-east-1:123456789012:alerts";
        let fifo = format!("{topic}.fifo");
        let long = "a".repeat(64);
        let hook = format!("{}-failover-hook", "a".repeat(51));
        let texts = [
            "",
            "a",
            "a-b",
            "-ab",
            "ab-",
            "switches/orders.json",
            "orders-failover-hook",
            "-failover-hook",
            "orders-failover-hooks",
            &hook,
            ".hidden",
            "a--b",
            "-a",
            "a-",
            "7a",
            "a b",
            "a.b",
            ".a",
            "a.",
            "a..b",
            "a.b.c",
            "/",
            "/a",
            "/a/",
            "//a",
            "/aws",
            "/awesome",
            "/ssm/a",
            "/aurora-failover/kill",
            "/aurora-failover",
            "us-east-1",
            "us-east-a",
            "us-1",
            "us--1",
            "Ohio",
            "örders",
            "rds!cluster-1",
            "a/b",
            topic,
            &fifo,
            &long,
            "arn:aws:sqs:us-east-1:123456789012:a",
            "arn:aws:sns:us-east-1:12:a",
            "arn:aws-cn:sns:cn-north-1:123456789012:a",
            "arn:aws:sns::123456789012:a",
        ];
        let mut taken = 0;
        for (pattern, text, check) in both() {
            for one in texts {
                let takes = check(one);
                assert_eq!(pattern.is_valid(&json!(one)), takes, "{text}: {one:?}");
                taken += usize::from(takes);
            }
        }
        assert!(taken > 40, "{taken}");
    }

    proptest! {
        #[test]
        fn no_text_is_taken_by_a_pattern_alone_or_by_its_check_alone(
            text in "[a-c1/._!: -]{0,12}|(/|/ssm|/aws|/aurora-failover/)[a/.]{0,4}|[a-z]{1,2}(-[a-z1]{0,2}){0,3}"
        ) {
            for (pattern, name, check) in both() {
                prop_assert_eq!(pattern.is_valid(&json!(text)), check(&text), "{}: {:?}", name, text);
            }
        }
    }
}
