//! What of a rebuilt member is not as it was.

use serde_json::Value;

use super::{RoleShape, Shape};

/// What must differ: a successor is another cluster.
const OWN: [&str; 4] = ["arn", "resource_id", "global_cluster", "beyond"];

/// The status of a role that the cluster may not take on.
const INVALID: &str = "INVALID";

/// The fields in which a rebuilt member differs from what it was, each by its path.
#[must_use]
pub fn between(before: &Shape, after: &Shape) -> Vec<String> {
    let value = |shape: &Shape| serde_json::to_value(shape.lasting()).unwrap_or_default();
    let mut found = Vec::new();
    compare(&value(before), &value(after), "", &mut found);
    found.retain(|path| !OWN.contains(&path.as_str()));
    found.extend(invalid(before, after));
    found
}

/// The roles that it could take on and its successor cannot.
fn invalid(before: &Shape, after: &Shape) -> Vec<String> {
    let could = |role: &&RoleShape| {
        let mut all = before.roles.iter();
        all.any(|was| was.arn == role.arn && was.feature == role.feature && was.status != INVALID)
    };
    let roles = after.roles.iter().filter(|role| role.status == INVALID);
    roles
        .filter(could)
        .map(|role| {
            let name = role.arn.rsplit('/').next().unwrap_or_default();
            format!("role {name} is {INVALID}")
        })
        .collect()
}

fn compare(before: &Value, after: &Value, path: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (field, value) in before {
                let path = if path.is_empty() {
                    field.clone()
                } else {
                    format!("{path}.{field}")
                };
                compare(
                    value,
                    after.get(field).unwrap_or(&Value::Null),
                    &path,
                    found,
                );
            }
        }
        // Lists of what has a name are compared by it; the order tells nothing.
        (Value::Array(before), Value::Array(after)) => {
            for (index, value) in before.iter().enumerate() {
                let name = value["identifier"].as_str();
                let same = |other: &&Value| match name {
                    Some(name) => other["identifier"].as_str() == Some(name),
                    None => *other == value,
                };
                let path = name.map_or_else(
                    || format!("{path}.{index}"),
                    |name| format!("{path}.{name}"),
                );
                match after.iter().find(same) {
                    Some(other) => compare(value, other, &path, found),
                    None => found.push(path),
                }
            }
        }
        (before, after) if before == after => {}
        // What nobody had set, RDS may set.
        (Value::Null, _) => {}
        _ => found.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::InstanceShape;

    #[test]
    fn what_came_back_different_is_named_by_its_path() {
        let instance = InstanceShape {
            identifier: "orders-west-1".into(),
            class: "db.r6g.large".into(),
            ..InstanceShape::default()
        };
        let before = Shape {
            resource_id: "cluster-OLD".into(),
            storage_type: Some("aurora-iopt1".into()),
            log_exports: vec!["postgresql".into()],
            instances: vec![instance.clone()],
            ..Shape::default()
        };
        let mut after = Shape {
            resource_id: "cluster-NEW".into(),
            instances: vec![InstanceShape {
                class: "db.r6g.xlarge".into(),
                ..instance
            }],
            ..before.clone()
        };
        assert_eq!(between(&before, &after), ["instances.orders-west-1.class"]);
        after.storage_type = None;
        after.log_exports.clear();
        after.instances.clear();
        assert_eq!(
            between(&before, &after),
            ["instances.orders-west-1", "log_exports.0", "storage_type"]
        );
        assert_eq!(between(&before, &before), Vec::<String>::new());
    }

    #[test]
    fn a_role_that_the_successor_may_not_take_on_is_a_difference() {
        let with = |status: &str| Shape {
            roles: vec![RoleShape {
                arn: "arn:aws:iam::123456789012:role/import".into(),
                feature: Some("s3Import".into()),
                status: status.into(),
            }],
            ..Shape::default()
        };
        let named = ["role import is INVALID"];
        assert_eq!(between(&with("ACTIVE"), &with("INVALID")), named);
        for (before, after) in [("ACTIVE", "PENDING"), ("INVALID", "INVALID")] {
            let found = between(&with(before), &with(after));
            assert_eq!(found, Vec::<String>::new(), "{before} {after}");
        }
    }
}
