//! What the steps after a planned promotion would be refused: each one's own decision, made before anything is changed.

use futures::future::join_all;
use jiff::Timestamp;

use crate::{dns_flip, rivals, services};
use failover::{
    Error,
    domain::{Region, seconds_between},
    pass::Pass,
    plan::Auth,
    ports::{Ledger, Names, Objects, Parameters, People, Rotation, Runtime, Secrets, Services},
    topologies::Topologies,
};

/// A secret that rotates sooner than this, in seconds, may do so in the middle.
const ROTATION_SECONDS_MIN: f64 = 900.0;

pub(super) async fn reasons(
    world: &(
         impl Ledger + Runtime + Topologies + Parameters + Names + Objects + Services + Secrets + People
     ),
    pass: &Pass,
) -> Vec<String> {
    let current = pass.rows.current();
    let (revisions, rivals, names, services, secrets, topics) = futures::join!(
        revisions(world, pass),
        rivals::reasons(world, &pass.run.plan, current),
        names(world, pass),
        services::refusals(world, pass),
        secrets(world, pass),
        topics(world, pass),
    );
    [revisions, rivals, names, services, secrets, topics].concat()
}

/// The plan must be right and the same everywhere, this Region's document included: whoever acts next reads one of them, and a
/// run goes by a copy that was right once.
async fn revisions(world: &impl Parameters, pass: &Pass) -> Vec<String> {
    let plan = &pass.run.plan;
    let asked = plan.members().keys().map(async |region| {
        let read = world.plan_in(region, &plan.plan).await;
        let read = read.and_then(|text| failover::plan::read_named(&plan.plan, &text));
        match read {
            Ok(other) if other.revision == plan.revision => None,
            Ok(other) => Some(format!(
                "the plan's revision is {} in this pass and {} in the parameter of {region}; make them equal",
                plan.revision, other.revision
            )),
            Err(why) => Some(format!("the plan in {region}: {why}")),
        }
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// What FlipDns would be refused at, behind the point of no return.
async fn names(
    world: &(impl Ledger + Runtime + Topologies + Parameters + Objects + Names),
    pass: &Pass,
) -> Vec<String> {
    let refused = dns_flip::refusals(world, pass).await;
    refused.unwrap_or_else(|why| vec![format!("the plan's names: {why}")])
}

/// The new writer's Region logs in with its own secrets: they must be there, and must not be changed by the old writer's Region
/// just then.
async fn secrets(world: &(impl Runtime + Secrets), pass: &Pass) -> Vec<String> {
    let database = &pass.run.plan.database;
    let probe = database.probe.as_ref().and_then(|probe| match &probe.auth {
        Auth::Secret { secret } => Some(secret),
        Auth::Iam => None,
    });
    let names = database.admin_secret.iter().chain(probe);
    let asked = names
        .into_iter()
        .map(async |name| match world.rotation(name).await {
            Ok(rotation) => rotated_soon(&rotation, name, (world.region(), pass.now)),
            Err(why) => Some(format!("secret {name} in {}: {why}", world.region())),
        });
    join_all(asked).await.into_iter().flatten().collect()
}

fn rotated_soon(
    rotation: &Rotation,
    name: &str,
    (here, now): (&Region, Timestamp),
) -> Option<String> {
    let at = rotation.next_at?;
    let soon = seconds_between(now, at) <= ROTATION_SECONDS_MIN;
    soon.then(|| {
        format!(
            "secret {name} is rotated in {} at {at}; wait until that is over",
            rotation.primary_region.as_ref().unwrap_or(here)
        )
    })
}

/// Whoever is to be told must be there to be told, whichever Region writes then.
async fn topics(world: &impl People, pass: &Pass) -> Vec<String> {
    let asked = pass.run.plan.notify.iter().map(async |(region, topic)| {
        let why = world.topic(region, topic).await.err()?;
        Some(if let Error::Unavailable(why) = why {
            format!(
                "{region} does not answer, and nobody knows whether notify.{region}, {topic}, is there: {why}"
            )
        } else {
            format!("notify.{region} is {topic}, and nobody would be told there: {why}")
        })
    });
    join_all(asked).await.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{
        ledger::{PlanState, Rows},
        testing,
    };

    fn pass(run: failover::ledger::Run) -> Pass {
        Pass {
            run,
            rows: Rows([].into()),
            now: Timestamp::UNIX_EPOCH,
            dry_run: false,
        }
    }

    #[test]
    fn a_secret_that_rotates_soon_stands_in_the_way_and_names_where_it_does() {
        let now = Timestamp::from_second(10_000).unwrap();
        let rotation = |seconds: Option<i64>, primary: Option<&str>| Rotation {
            next_at: seconds.map(|seconds| Timestamp::from_second(10_000 + seconds).unwrap()),
            primary_region: primary.map(Region::from),
        };
        let reason = |rotation: Rotation| {
            rotated_soon(&rotation, "orders/probe", (&"us-east-1".into(), now))
        };
        assert_eq!(reason(rotation(None, Some("us-west-2"))), None);
        assert_eq!(reason(rotation(Some(3_600), Some("us-west-2"))), None);
        for overdue_or_soon in [-60, 0, 899] {
            let why = reason(rotation(Some(overdue_or_soon), Some("us-west-2"))).unwrap();
            assert!(
                why.contains("orders/probe is rotated in us-west-2"),
                "{why}"
            );
        }
        assert!(
            reason(rotation(Some(0), None))
                .unwrap()
                .contains("us-east-1")
        );
    }

    #[tokio::test]
    async fn the_topic_of_every_member_region_is_asked_for_and_a_silent_region_is_said_as_such() {
        let books = testing::Books::with(&PlanState::new("orders".into()));
        let of = |topics: &[(&str, &str)]| {
            let mut run = testing::run();
            let topics = topics.iter();
            run.plan.notify = topics
                .map(|(region, account)| {
                    let topic = format!("arn:aws:sns:{region}:{account}:orders-alerts");
                    (Region::from(*region), topic)
                })
                .collect();
            pass(run)
        };
        let (there, gone) = ("123456789012", "210987654321");
        assert_eq!(topics(&books, &of(&[])).await, Vec::<String>::new());
        let right = of(&[("us-east-1", there), ("us-west-2", there)]);
        assert_eq!(topics(&books, &right).await, Vec::<String>::new());
        let wrong = of(&[("us-east-1", gone), ("us-west-2", gone)]);
        let found = topics(&books, &wrong).await.join("; ");
        for region in ["us-east-1", "us-west-2"] {
            let names = format!("notify.{region} is arn:aws:sns:{region}:{gone}");
            assert!(found.contains(&names), "{found}");
        }
        let books = books.silence("us-west-2");
        let found = topics(&books, &right).await;
        assert_eq!(found.len(), 1, "{found:?}");
        let says = "us-west-2 does not answer, and nobody knows whether notify.us-west-2";
        assert!(found[0].starts_with(says), "{found:?}");
    }
}
