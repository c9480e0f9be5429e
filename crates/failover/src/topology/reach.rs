//! What the role of this function may make again, as its stack's parameters say. Who is outside is named while all is well.

use std::collections::BTreeSet;

use super::{MonitoringShape, Shape};

/// ARNs and patterns, as IAM reads them: `*` is any text, `?` any letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// `MemberClusterArns`.
    pub clusters: Vec<String>,
    /// `MemberInstanceArns`; `ReplicaInstanceArns`, where members are instances.
    pub instances: Vec<String>,
    /// `CustomEndpointArns`.
    pub endpoints: Vec<String>,
    /// `DatabaseRoleArns`.
    pub roles: Vec<String>,
}

impl Reach {
    /// What of a member the role could not make again, each with the parameter that leaves it out.
    #[must_use]
    pub fn outside(&self, shape: &Shape) -> Vec<String> {
        let Some((before, _)) = shape.arn.split_once(":cluster:") else {
            return self.outside_instance(shape);
        };
        let cluster = BTreeSet::from([format!("{before}:cluster:{}", shape.identifier)]);
        let instances = shape.instances.iter();
        let instances = instances.map(|one| format!("{before}:db:{}", one.identifier));
        let endpoints = shape.endpoints.iter();
        let endpoints =
            endpoints.map(|one| format!("{before}:cluster-endpoint:{}", one.identifier));
        [
            missing("MemberClusterArns", &self.clusters, cluster),
            missing("MemberInstanceArns", &self.instances, instances.collect()),
            missing("CustomEndpointArns", &self.endpoints, endpoints.collect()),
            missing("DatabaseRoleArns", &self.roles, roles(shape)),
            self.domain_role(shape),
        ]
        .concat()
    }

    /// The same of a member that is an instance of its own.
    fn outside_instance(&self, shape: &Shape) -> Vec<String> {
        let Some((before, _)) = shape.arn.split_once(":db:") else {
            return Vec::new();
        };
        let own = BTreeSet::from([format!("{before}:db:{}", shape.identifier)]);
        [
            missing("ReplicaInstanceArns", &self.instances, own),
            missing("DatabaseRoleArns", &self.roles, roles(shape)),
            self.domain_role(shape),
        ]
        .concat()
    }

    /// The role of a directory is known by its name alone, without the path before it.
    fn domain_role(&self, shape: &Shape) -> Vec<String> {
        let names: Vec<_> = self.roles.iter().map(|pattern| last(pattern)).collect();
        let role = shape.domain_role.iter();
        let role = role.filter(|role| !names.iter().any(|name| covers(name, role)));
        role.map(|role| outside("DatabaseRoleArns", &format!("role {role}"), "its ARN"))
            .collect()
    }
}

fn last(pattern: &str) -> &str {
    pattern.rsplit('/').next().unwrap_or(pattern)
}

/// The roles that the cluster takes on, and those that write figures of it.
fn roles(shape: &Shape) -> BTreeSet<String> {
    let taken_on = shape.roles.iter().map(|role| role.arn.clone());
    let instances = shape.instances.iter().map(|one| &one.monitoring);
    let monitored = instances.chain([&shape.monitoring]);
    taken_on
        .chain(monitored.filter_map(MonitoringShape::writer))
        .collect()
}

fn missing(parameter: &str, patterns: &[String], arns: BTreeSet<String>) -> Vec<String> {
    let is_outside = |arn: &String| !patterns.iter().any(|pattern| covers(pattern, arn));
    let arns = arns.into_iter().filter(is_outside);
    arns.map(|arn| outside(parameter, &arn, "it")).collect()
}

fn outside(parameter: &str, what: &str, it: &str) -> String {
    format!(
        "{parameter} of the stacks does not reach {what}, which could not be made or given again; add {it} there"
    )
}

/// Whether a pattern covers a text. After a mismatch the last `*` takes one letter more.
fn covers(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read, mut star) = (0, 0, None);
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(letter) if *letter == b'?' || *letter == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((back, taken)) = star else {
                    return false;
                };
                star = Some((back, taken + 1));
                at = back + 1;
                read = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{EndpointShape, InstanceShape, RoleShape};

    const OF_ACCOUNT: &str = "arn:aws:rds:us-west-2:123456789012";
    const IMPORT: &str = "arn:aws:iam::123456789012:role/service-role/import";
    const FIGURES: &str = "arn:aws:iam::123456789012:role/figures";

    fn shape() -> Shape {
        let monitoring = |seconds| MonitoringShape {
            interval_seconds: Some(seconds),
            role: Some(FIGURES.into()),
            ..MonitoringShape::default()
        };
        let instance = |identifier: &str, seconds| InstanceShape {
            identifier: identifier.into(),
            monitoring: monitoring(seconds),
            ..InstanceShape::default()
        };
        Shape {
            identifier: "orders-west".into(),
            arn: format!("{OF_ACCOUNT}:cluster:orders-west"),
            instances: vec![instance("orders-west-1", 60), instance("reports-1", 0)],
            endpoints: vec![EndpointShape {
                identifier: "orders-west-readers".into(),
                ..EndpointShape::default()
            }],
            roles: vec![RoleShape {
                arn: IMPORT.into(),
                ..RoleShape::default()
            }],
            domain_role: Some("directory".into()),
            ..Shape::default()
        }
    }

    fn all() -> Reach {
        let list = |arns: &[&str]| arns.iter().map(ToString::to_string).collect();
        Reach {
            clusters: list(&["arn:aws:rds:*:123456789012:cluster:orders-*"]),
            instances: list(&[
                "arn:aws:rds:*:*:db:orders-*",
                "arn:aws:rds:*:*:db:reports-?",
            ]),
            endpoints: list(&["arn:aws:rds:*:123456789012:cluster-endpoint:orders-*"]),
            roles: list(&[
                IMPORT,
                FIGURES,
                "arn:aws:iam::123456789012:role/ad/directory",
            ]),
        }
    }

    #[test]
    fn what_the_role_could_not_make_again_is_named_with_its_parameter() {
        assert_eq!(all().outside(&shape()), Vec::<String>::new());
        let narrow = Reach {
            instances: vec!["arn:aws:rds:*:*:db:orders-*".into()],
            ..all()
        };
        let said = "MemberInstanceArns of the stacks does not reach \
            arn:aws:rds:us-west-2:123456789012:db:reports-1, which could not be made or given again; add it there";
        assert_eq!(narrow.outside(&shape()), [said]);
        let said = Reach::default().outside(&shape()).join("\n");
        for (parameter, what) in [
            ("MemberClusterArns", "cluster:orders-west,"),
            ("MemberInstanceArns", "db:orders-west-1,"),
            (
                "CustomEndpointArns",
                "cluster-endpoint:orders-west-readers,",
            ),
            ("DatabaseRoleArns", IMPORT),
            ("DatabaseRoleArns", FIGURES),
            ("DatabaseRoleArns", "role directory"),
        ] {
            let mut lines = said.lines();
            let named = lines.any(|line| line.starts_with(parameter) && line.contains(what));
            assert!(named, "{what}: {said}");
        }
        let mut unwatched = shape();
        unwatched.instances.remove(0);
        let said = Reach::default().outside(&unwatched).join("\n");
        assert!(!said.contains(FIGURES), "no figures are written: {said}");
    }

    #[test]
    fn a_pattern_is_read_as_iam_reads_it() {
        for pattern in ["*", "a*", "*c", "a*c", "a?c", "abc", "abc*", "**b**", "?*?"] {
            assert!(covers(pattern, "abc"), "{pattern}");
        }
        for pattern in ["", "ab", "b*", "*b", "a?", "????", "abc?", "ABC"] {
            assert!(!covers(pattern, "abc"), "{pattern}");
        }
        assert!(covers("*:db:a*-1", "arn:db:b:db:ax-1-1"));
    }
}
