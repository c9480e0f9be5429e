//! Whether the target could carry what the writer carries, by what was last kept of both while they were healthy. A move is possible
//! all the same, and so a difference is told and stands in no way.

use futures::future::join;
use jiff::SignedDuration;

use failover::{
    Error,
    domain::Region,
    ledger::Run,
    ports::{Ledger, Runtime},
    topology::{Healthy, Shape},
};

/// A member is kept every hour while it is healthy.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

pub(super) async fn warnings(world: &(impl Ledger + Runtime), run: &Run) -> Vec<String> {
    let (writer, target) = join(
        world.healthy(run.name(), &run.from),
        world.healthy(run.name(), &run.to),
    )
    .await;
    // What was not kept lately, or cannot be read, is compared another time.
    let newest = |kept: Result<Option<Healthy>, Error>| {
        let newest = kept.ok()??.newest;
        let age = world.now().duration_since(newest.seen_at);
        (age < FRESH).then_some(newest.shape)
    };
    let both = newest(writer).zip(newest(target));
    both.map_or_else(Vec::new, |(writer, target)| {
        differences((&run.from, &writer), (&run.to, &target))
    })
}

fn differences((from, writer): (&Region, &Shape), (to, target): (&Region, &Shape)) -> Vec<String> {
    let mut found = Vec::new();
    let (ours, theirs) = (classes(writer), classes(target));
    if ours != theirs {
        found.push(format!(
            "the writer's instances in {from} are {}, those in {to} are {}: the target may not carry what the writer carries",
            ours.join(", "),
            theirs.join(", ")
        ));
    }
    let most = |shape: &Shape| shape.scaling.as_ref().and_then(|scaling| scaling.acus_max);
    if let (Some(ours), Some(theirs)) = (most(writer), most(target))
        && theirs < ours
    {
        found.push(format!(
            "the writer in {from} scales up to {ours} capacity units, the target in {to} up to {theirs}"
        ));
    }
    found
}

/// The classes of a cluster's instances, each once.
fn classes(shape: &Shape) -> Vec<&str> {
    let classes = shape.instances.iter().map(|one| one.class.as_str());
    let mut classes: Vec<_> = classes.collect();
    classes.sort_unstable();
    classes.dedup();
    classes
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::topology::{InstanceShape, ScalingShape};

    fn shape(classes: &[&str], most: Option<f64>) -> Shape {
        let instances = classes.iter().map(|class| InstanceShape {
            class: (*class).into(),
            ..InstanceShape::default()
        });
        Shape {
            instances: instances.collect(),
            scaling: most.map(|most| ScalingShape {
                acus_max: Some(most),
                ..ScalingShape::default()
            }),
            ..Shape::default()
        }
    }

    fn found(writer: &Shape, target: &Shape) -> Vec<String> {
        differences((&"us-west-2".into(), writer), (&"us-east-1".into(), target))
    }

    #[test]
    fn a_target_of_other_classes_or_of_less_capacity_is_told_and_more_instances_are_not() {
        let large = shape(&["db.r6g.4xlarge", "db.r6g.large"], None);
        let same = shape(&["db.r6g.large", "db.r6g.4xlarge", "db.r6g.large"], None);
        assert_eq!(found(&large, &same), Vec::<String>::new());
        let small = found(&large, &shape(&["db.r6g.large"], None)).join("; ");
        let names =
            "in us-west-2 are db.r6g.4xlarge, db.r6g.large, those in us-east-1 are db.r6g.large:";
        assert!(small.contains(names), "{small}");
        let serverless = |most| shape(&["db.serverless"], Some(most));
        let less = found(&serverless(64.0), &serverless(8.5)).join("; ");
        assert!(
            less.contains("up to 64 capacity units") && less.contains("up to 8.5"),
            "{less}"
        );
        assert!(found(&serverless(8.0), &serverless(64.0)).is_empty());
    }
}
