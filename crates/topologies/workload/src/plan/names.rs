//! What names in a plan look like: once as a pattern of the schema, once as a check, and a test that both say the same.
//!
//! An engine for patterns weighs a megabyte in every function, so the checks are written by hand.

use failover::domain::Region;

pub(super) use failover::topology::names::IDENTIFIER_MAX;

/// The name of a plan, and of a resource in it.
pub(super) const PLAN: &str = "^[A-Za-z0-9-]{1,40}$";
/// What RDS takes for an identifier, at most [`IDENTIFIER_MAX`] long.
pub(super) const IDENTIFIER: &str = "^[A-Za-z](-?[A-Za-z0-9])*$";
/// The name of a table.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>.
pub(super) const TABLE: &str = "^[A-Za-z0-9_.-]{3,255}$";
/// The id of a host.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>.
pub(super) const HOST: &str = "^i-[0-9a-f]{8,17}$";
/// The id of a subnet.
pub(super) const SUBNET: &str = "^subnet-[0-9a-f]{8,17}$";
/// The id of a security group.
pub(super) const SECURITY_GROUP: &str = "^sg-[0-9a-f]{8,17}$";
/// The name of a DB subnet group.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html>.
pub(super) const SUBNET_GROUP: &str = "^[A-Za-z0-9._ -]{1,255}$";
/// The name of a device of a host.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html>.
pub(super) const DEVICE: &str = "^[a-z0-9/]{1,40}$";
/// The name of a zone.
pub(super) const ZONE: &str = "^[a-z0-9-]{1,40}$";
/// The type of a host.
pub(super) const INSTANCE_TYPE: &str = "^[a-z0-9-]{1,40}[.][a-z0-9-]{1,40}$";
/// A KMS key: its ARN, its id, or an alias.
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html>.
pub(super) const KEY: &str = "^[A-Za-z0-9:/_-]{1,2048}$";
/// The name of a function that a run may call: what its ending is, a role's statement says too.
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>.
pub(super) const FUNCTION: &str = "^[A-Za-z0-9_-]{1,50}-failover-hook$";
/// The ARN of an SNS topic. One that ends in `.fifo` takes no message without a group.
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>.
pub(super) const TOPIC: &str =
    "^arn:aws[a-z-]*:sns:[a-z0-9]+(-[a-z0-9]+)+-[0-9]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$";

fn consists(text: &str, max: usize, others: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
    (1..=max).contains(&text.len()) && text.chars().all(fits)
}

fn is_low(text: &str, max: usize, others: &str) -> bool {
    consists(text, max, others) && !text.contains(|c: char| c.is_ascii_uppercase())
}

fn is_id(text: &str, before: &str) -> bool {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let id = text.strip_prefix(before);
    id.is_some_and(|id| (8..=17).contains(&id.len()) && id.chars().all(is_hex))
}

pub(super) fn is_table(name: &str) -> bool {
    name.len() >= 3 && consists(name, 255, "_.-")
}

pub(super) fn is_host(id: &str) -> bool {
    is_id(id, "i-")
}

pub(super) fn is_subnet(id: &str) -> bool {
    is_id(id, "subnet-")
}

pub(super) fn is_security_group(id: &str) -> bool {
    is_id(id, "sg-")
}

pub(super) fn is_subnet_group(name: &str) -> bool {
    consists(name, 255, "._ -")
}

pub(super) fn is_device(name: &str) -> bool {
    is_low(name, 40, "/")
}

pub(super) fn is_zone(name: &str) -> bool {
    is_low(name, 40, "-")
}

pub(super) fn is_instance_type(name: &str) -> bool {
    let parts = name.split_once('.');
    parts.is_some_and(|(family, size)| is_low(family, 40, "-") && is_low(size, 40, "-"))
}

pub(super) fn is_key(key: &str) -> bool {
    consists(key, 2048, ":/_-")
}

pub(super) fn is_function(name: &str) -> bool {
    let rest = name.strip_suffix("-failover-hook");
    rest.is_some_and(|rest| consists(rest, 50, "_-"))
}

pub(super) fn is_ecs(name: &str) -> bool {
    consists(name, 255, "_-")
}

pub(super) fn is_asg(name: &str) -> bool {
    consists(name, 255, "_.+=@/-")
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

/// The Region of a key that is written as an ARN.
pub(super) fn region_of_key(key: &str) -> Option<&str> {
    key.strip_prefix("arn:")
        .and_then(|rest| rest.split(':').nth(2))
}

#[cfg(test)]
mod tests {
    use failover::{domain::PlanName, topology::names::is_identifier};
    use jsonschema::Validator;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

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
            of(TABLE, 255, is_table),
            of(HOST, 40, is_host),
            of(SUBNET, 40, is_subnet),
            of(SECURITY_GROUP, 40, is_security_group),
            of(SUBNET_GROUP, 255, is_subnet_group),
            of(DEVICE, 40, is_device),
            of(ZONE, 40, is_zone),
            of(INSTANCE_TYPE, 81, is_instance_type),
            of(KEY, 2048, is_key),
            of(FUNCTION, 64, is_function),
            of(TOPIC, 1000, |arn| region_of_topic(arn).is_some()),
        ]
    }

    #[test]
    fn each_pattern_takes_what_its_check_takes() {
        let long = "a".repeat(256);
        let hook = format!("{}-failover-hook", "a".repeat(51));
        let texts = [
            "",
            "a",
            "ab",
            "abc",
            "A-b",
            "a--b",
            "7a",
            "a b",
            "a.b",
            ".a",
            "a.",
            "m5.large",
            "u-6tb1.112xlarge",
            "i-0123456789abcdef0",
            "i-0123456",
            "i-0123456G",
            "subnet-01234567",
            "sg-0123456789abcdef01",
            "sg-01234567",
            "/dev/sda1",
            "xvdf",
            "us-east-1a",
            "örders",
            "alias/orders",
            "arn:aws:kms:us-east-1:123456789012:key/1",
            "orders-failover-hook",
            "-failover-hook",
            &hook,
            "arn:aws:sns:us-east-1:123456789012:alerts",
            "arn:aws:sns:us-east-1:123456789012:alerts.fifo",
            "arn:aws:sns:us-east-1:12:alerts",
            &long,
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
            text in "[a-c1/._: -]{0,12}|(i-|sg-|subnet-)[0-9a-g]{6,19}|[a-zA-Z]{1,3}[.-][a-z1]{0,3}"
        ) {
            for (pattern, name, check) in both() {
                prop_assert_eq!(pattern.is_valid(&json!(text)), check(&text), "{}: {:?}", name, text);
            }
        }
    }

    #[test]
    fn a_keys_region_is_told_where_its_arn_is_written() {
        let arn = "arn:aws:kms:us-west-2:123456789012:key/1";
        assert_eq!(region_of_key(arn), Some("us-west-2"));
        assert_eq!(region_of_key("alias/orders"), None);
    }
}
