//! A successor that was never whole: what an earlier rebuild has not made of it yet is no loss of its own.

use failover::topology::{Blueprint, Healthy, Shape};

/// Whether a cluster stands in this one's place that was never seen whole since, and lacks something of it.
#[must_use]
pub(super) fn is_unfinished(
    retired: &Blueprint,
    successor: &Shape,
    healthy: Option<&Healthy>,
) -> bool {
    let was_healthy_since = healthy.is_some_and(|kept| kept.newest.seen_at > retired.seen_at);
    let lacks = successor.missing_role(&retired.shape).is_some()
        || successor.missing_instance(&retired.shape).is_some()
        || successor.missing_endpoint(&retired.shape).is_some();
    retired.succeeded_at.is_none()
        && !was_healthy_since
        && successor.resource_id != retired.shape.resource_id
        && lacks
}

/// What is to be made again of a cluster: all that it is, and what an earlier rebuild has still to make of it.
pub(super) fn finished(
    noted: Option<&Blueprint>,
    cluster: &Shape,
    healthy: Option<&Healthy>,
) -> Shape {
    let mut whole = cluster.clone();
    let Some(noted) = noted.filter(|noted| is_unfinished(noted, cluster, healthy)) else {
        return whole;
    };
    while let Some(role) = whole.missing_role(&noted.shape).cloned() {
        whole.roles.push(role);
    }
    while let Some(instance) = whole.missing_instance(&noted.shape).cloned() {
        whole.instances.push(instance);
    }
    while let Some(endpoint) = whole.missing_endpoint(&noted.shape).cloned() {
        whole.endpoints.push(endpoint);
    }
    whole
}

/// Why a successor is not kept as healthy yet; `None` where it is.
pub(super) fn still_to_come(
    noted: Option<&Blueprint>,
    cluster: &Shape,
    healthy: Option<&Healthy>,
) -> Option<String> {
    let noted = noted.filter(|noted| is_unfinished(noted, cluster, healthy))?;
    Some(format!(
        "{} lacks some of what was retired in epoch {}, and a rebuild has still to make that",
        cluster.identifier, noted.epoch
    ))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use failover::{
        domain::Epoch,
        topology::{EndpointShape, InstanceShape, RoleShape},
    };

    fn shape(resource_id: &str, instances: &[&str]) -> Shape {
        let instance = |name: &&str| InstanceShape {
            identifier: (*name).to_owned(),
            ..InstanceShape::default()
        };
        Shape {
            resource_id: resource_id.into(),
            instances: instances.iter().map(instance).collect(),
            ..Shape::default()
        }
    }

    #[test]
    fn a_successor_that_was_never_whole_is_made_again_with_all_that_was_still_to_come() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut old = shape("cluster-OLD", &["one", "two", "three"]);
        old.endpoints.push(EndpointShape {
            identifier: "reports".into(),
            ..EndpointShape::default()
        });
        old.roles.push(RoleShape {
            arn: "import".into(),
            ..RoleShape::default()
        });
        let noted = Blueprint::of(old.clone(), None, Epoch(8), at(1_000));
        let begun = Shape {
            port: Some(5433),
            ..shape("cluster-NEW", &["one", "four"])
        };
        assert!(is_unfinished(&noted, &begun, None));
        let whole = finished(Some(&noted), &begun, None);
        let why = still_to_come(Some(&noted), &begun, None).unwrap();
        assert!(why.contains("retired in epoch 8"), "{why}");
        assert_eq!(finished(None, &begun, None), begun);
        let names: Vec<_> = whole
            .instances
            .iter()
            .map(|made| &made.identifier)
            .collect();
        assert_eq!(names, ["one", "four", "two", "three"]);
        assert_eq!(
            (whole.resource_id.as_str(), whole.port),
            ("cluster-NEW", Some(5433))
        );
        assert_eq!(
            (&whole.endpoints, &whole.roles),
            (&old.endpoints, &old.roles)
        );
        assert!(!is_unfinished(&noted, &whole, None), "nothing is to come");
        let seen = |second| {
            Healthy::after(
                None,
                Blueprint::of(begun.clone(), None, Epoch(8), at(second)),
            )
        };
        assert!(
            is_unfinished(&noted, &begun, Some(&seen(900))),
            "healthy before"
        );
        assert!(
            !is_unfinished(&noted, &begun, Some(&seen(1_100))),
            "and since"
        );
        let own = shape("cluster-OLD", &[]);
        assert!(!is_unfinished(&noted, &own, None), "it is no successor");
        let succeeded = Blueprint {
            succeeded_at: Some(at(2_000)),
            ..noted
        };
        assert_eq!(
            finished(Some(&succeeded), &begun, None),
            begun,
            "it stood complete"
        );
        assert_eq!(still_to_come(Some(&succeeded), &begun, None), None);
    }
}
