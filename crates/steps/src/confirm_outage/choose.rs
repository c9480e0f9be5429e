//! Of several standbys, the one to promote (rule 1): with an instance that serves, and with the writer's latest beat.

use futures::future::join_all;
use jiff::Timestamp;

use super::TIMEOUT;
use failover::{
    beat::Vantage,
    domain::Region,
    ledger::{HandOver, Run},
    pass::Pass,
    policy::Decision,
    ports::{Ledger, Runtime, within},
    topologies::{Topologies, Topology},
    topology::Cluster,
};

/// A standby that could be promoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    region: Region,
    /// How many instances serve there or will by themselves, where RDS said so; one without any must first get one.
    instances: Option<usize>,
    /// The writer's clock at the last beat that arrived there.
    latest: Option<Timestamp>,
}

impl Candidate {
    /// The acting Region's own standby.
    pub(super) fn of(run: &Run, target: Option<&Cluster>, vantage: Option<&Vantage>) -> Self {
        Self {
            region: run.to.clone(),
            instances: target.map(|target| target.able().count()),
            latest: latest(vantage, run),
        }
    }
}

/// Hands over instead of going on where another standby is the better one.
pub(super) async fn or_hand_over(
    world: &(impl Ledger + Runtime + Topologies),
    pass: &mut Pass,
    decision: Decision,
    own: Candidate,
) -> Decision {
    if !matches!(decision, Decision::GoOn | Decision::Ask) {
        return decision;
    }
    pass.run.hand_over = better(world, pass, own).await;
    match pass.run.hand_over {
        Some(_) => Decision::HandOver,
        None => decision,
    }
}

/// Asks the other standbys' Regions, and answers the one that is better than this Region's own. One that does not answer
/// is not better.
async fn better(
    world: &(impl Ledger + Runtime + Topologies),
    pass: &Pass,
    own: Candidate,
) -> Option<HandOver> {
    let run = &pass.run;
    // Handed over once, a run stays where it is: two Regions must not pass it to and fro.
    if run.handed_over_by.is_some() {
        return None;
    }
    let others = run
        .plan
        .members()
        .iter()
        .filter(|(region, _)| **region != run.from && **region != run.to);
    let topology = world.topology(run.plan.kind());
    let asked = others.map(async |(region, member)| {
        let (cluster, vantage) = futures::future::join(
            within(
                world,
                TIMEOUT,
                topology.cluster(world, region, &member.identifier),
            ),
            within(world, TIMEOUT, world.vantage(region, run.name())),
        )
        .await;
        let cluster = cluster.ok().flatten()?;
        Some(Candidate {
            region: region.clone(),
            instances: Some(cluster.able().count()),
            latest: latest(vantage.ok().flatten().as_ref(), run),
        })
    });
    let others: Vec<_> = join_all(asked).await.into_iter().flatten().collect();
    choose(&own, &others)
}

/// The last beat that had arrived where `vantage` reads. What it read long before its last beat ranks nothing.
fn latest(vantage: Option<&Vantage>, run: &Run) -> Option<Timestamp> {
    let vantage = vantage.filter(|vantage| vantage.writer_region == run.from)?;
    let last = vantage.last_beat.map_or(vantage.at, |beat| beat.at);
    let reading = vantage.reading_near(last, run.plan.detection.covers())?;
    reading.beats.values().map(|beat| beat.at).max()
}

/// The best of `others`, where it is better than `own`: equal ones stay where the run is. So does a run whose own RDS did not
/// tell, or was throttled: unknown is neither better nor worse.
fn choose(own: &Candidate, others: &[Candidate]) -> Option<HandOver> {
    own.instances?;
    let serves = |candidate: &Candidate| candidate.instances.is_some_and(|count| count > 0);
    let rank = |candidate: &Candidate| (serves(candidate), candidate.latest);
    let best = others.iter().max_by_key(|other| rank(other))?;
    if rank(best) <= rank(own) || !serves(best) {
        return None;
    }
    Some(HandOver {
        to: best.region.clone(),
        reason: why_better(own, best),
    })
}

fn why_better(own: &Candidate, best: &Candidate) -> String {
    let (ours, theirs) = (&own.region, &best.region);
    if own.instances == Some(0) {
        return format!("{ours} has no instance that serves and {theirs} has");
    }
    let at = |latest: Option<Timestamp>| {
        latest.map_or("no beat".to_owned(), |at| format!("the beat of {at}"))
    };
    let (held, held_here) = (at(best.latest), at(own.latest));
    format!("{theirs} holds {held} of the writer, {ours} {held_here}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(region: &str, instances: usize, latest: Option<i64>) -> Candidate {
        Candidate {
            region: region.into(),
            instances: Some(instances),
            latest: latest.map(|second| Timestamp::from_second(second).unwrap()),
        }
    }

    fn chosen(own: &Candidate, others: &[Candidate]) -> Option<String> {
        choose(own, others).map(|better| better.to.0)
    }

    #[test]
    fn the_standby_with_the_latest_beat_is_chosen_and_an_equal_one_stays() {
        let own = candidate("us-east-1", 1, Some(10));
        assert_eq!(
            chosen(&own, &[candidate("eu-west-1", 1, Some(11))]),
            Some("eu-west-1".into())
        );
        assert_eq!(chosen(&own, &[candidate("eu-west-1", 1, Some(10))]), None);
        assert_eq!(chosen(&own, &[candidate("eu-west-1", 1, None)]), None);
        assert_eq!(chosen(&own, &[]), None);
    }

    #[test]
    fn a_standby_without_an_instance_is_never_chosen_and_always_left() {
        let own = candidate("us-east-1", 1, Some(10));
        assert_eq!(chosen(&own, &[candidate("eu-west-1", 0, Some(99))]), None);
        let headless = candidate("us-east-1", 0, Some(10));
        assert_eq!(
            chosen(&headless, &[candidate("eu-west-1", 1, Some(1))]),
            Some("eu-west-1".into())
        );
        assert_eq!(
            chosen(&headless, &[candidate("eu-west-1", 0, Some(99))]),
            None
        );
    }

    #[test]
    fn an_instance_that_will_not_serve_by_itself_makes_no_candidate() {
        let counted = |statuses: &[&str]| {
            let target = failover::testing::cluster(statuses);
            let run = failover::testing::run();
            Candidate::of(&run, Some(&target), None).instances
        };
        assert_eq!(counted(&["failed", "storage-full"]), Some(0));
        assert_eq!(counted(&["failed", "available", "rebooting"]), Some(2));
    }

    #[test]
    fn an_unknown_number_of_instances_is_not_none_and_hands_nothing_over() {
        let untold = Candidate {
            instances: None,
            ..candidate("us-east-1", 1, Some(10))
        };
        for other in [1, 99] {
            let other = candidate("eu-west-1", 1, Some(other));
            assert_eq!(chosen(&untold, &[other]), None);
        }
        let own = Candidate::of(&failover::testing::run(), None, None);
        assert_eq!(own.instances, None, "a throttled describe");
    }

    #[test]
    fn two_standbys_that_judge_the_same_readings_choose_the_same_one() {
        let (east, west) = (
            candidate("us-east-1", 1, Some(10)),
            candidate("eu-west-1", 1, Some(12)),
        );
        assert_eq!(
            chosen(&east, std::slice::from_ref(&west)),
            Some("eu-west-1".into())
        );
        assert_eq!(chosen(&west, &[east]), None);
    }
}
