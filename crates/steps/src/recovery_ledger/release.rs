//! Gives a run's leases back: when it closes, and when it could not even be opened to its end. What is not given back, or
//! not in time, lapses by itself.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use super::{ReleaseInput, plan_or_last};
use failover::{
    Error,
    domain::{PlanName, Region, RunId},
    ledger::{Lease, Run},
    pass::Output,
    ports::{Ledger, Parameters, Runtime, update_if},
};

/// How long a Region is waited for: the one that was left may be dead.
const LIMIT: Duration = Duration::from_secs(2);

/// What was given back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Released {
    /// Where the run held the plan until now.
    regions: Vec<Region>,
    /// Who holds it elsewhere.
    held_by: BTreeMap<Region, RunId>,
}

/// What became of a run's lease in one Region.
#[derive(Debug, Clone, PartialEq)]
enum Given {
    /// It was given back.
    Back,
    /// The run held none; the lease that there is.
    None(Option<Lease>),
    /// Nobody knows.
    Unknown,
}

pub(super) async fn run(
    world: &(impl Ledger + Runtime + Parameters),
    input: &ReleaseInput,
) -> Result<Output<Released>, Error> {
    let plan = plan_or_last(world, &input.plan).await?;
    let asked = plan.members().keys().map(async |region| {
        let given = give(world, region, &input.plan, (&input.run_id, None)).await;
        (region.clone(), given)
    });
    let given = futures::future::join_all(asked).await;
    let (observed, kept) = sorted(given, world.now());
    if !is_enough(world.region(), &kept) {
        return Err(may_still_hold(input, &kept));
    }
    let action = match observed.regions.as_slice() {
        [] => "none",
        _ => "release",
    };
    let reason = reason(input, &observed);
    tracing::info!(plan = %input.plan, run_id = %input.run_id, ?observed, "released");
    Ok(Output::done(action, reason, observed))
}

/// What was given back, and the Regions of which nobody knows.
fn sorted(given: Vec<(Region, Given)>, now: Timestamp) -> (Released, Vec<Region>) {
    let mut kept = Vec::new();
    let mut released = Released {
        regions: Vec::new(),
        held_by: BTreeMap::new(),
    };
    for (region, given) in given {
        match given {
            Given::Back => released.regions.push(region),
            Given::None(lease) => {
                let held = lease.filter(|lease| lease.expires_at > now);
                let holder = held.map(|lease| (region, lease.run_id));
                released.held_by.extend(holder);
            }
            Given::Unknown => kept.push(region),
        }
    }
    (released, kept)
}

fn may_still_hold(input: &ReleaseInput, kept: &[Region]) -> Error {
    let kept: Vec<_> = kept.iter().map(Region::as_str).collect();
    Error::Unavailable(format!(
        "the ledger of {} does not answer, so that run {} may still hold plan {} there; release it again",
        kept.join(", "),
        input.run_id,
        input.plan
    ))
}

fn reason(input: &ReleaseInput, observed: &Released) -> String {
    let ReleaseInput { plan, run_id } = input;
    let mut said = if observed.regions.is_empty() {
        format!("run {run_id} does not hold plan {plan}, and nothing was given back")
    } else {
        format!("run {run_id} holds plan {plan} no longer")
    };
    for (region, holder) in &observed.held_by {
        said.push_str(&format!("; run {holder} holds it in {region}"));
    }
    said
}

/// Whether no more was kept than a run may do without: one Region, which may be dead, and never the run's own.
fn is_enough(here: &Region, kept: &[Region]) -> bool {
    kept.len() < 2 && !kept.contains(here)
}

/// Gives back what a run leased, and the lease of the Region it left, which may have been taken unseen.
pub(super) async fn give_back(world: &impl Ledger, run: &Run) {
    let regions: Vec<_> = run.leased.iter().chain([&run.from]).collect();
    let released = regions
        .into_iter()
        .map(|region| release(world, region, run.name(), (&run.run_id, &run.to)));
    futures::future::join_all(released).await;
}

/// Gives one lease back, if the run to this target holds it; whether it is sure that the run does not hold it any more.
pub(super) async fn release(
    world: &impl Ledger,
    region: &Region,
    plan: &PlanName,
    (run_id, to): (&RunId, &Region),
) -> bool {
    give(world, region, plan, (run_id, Some(to))).await != Given::Unknown
}

/// A run of the same name to another target is another run; people name none, and mean every lease of the name.
async fn give(
    world: &impl Ledger,
    region: &Region,
    plan: &PlanName,
    (run_id, to): (&RunId, Option<&Region>),
) -> Given {
    let seen = Mutex::new(None);
    let change = update_if(world, region, plan, |row| {
        if let Ok(mut seen) = seen.lock() {
            seen.clone_from(&row.lease);
        }
        let target = row.lease.as_ref().map(|lease| &lease.to);
        let is_another = to.is_some() && target != to;
        row.release(run_id).filter(|_| !is_another)
    });
    match tokio::time::timeout(LIMIT, change).await {
        Ok(Ok(Some(_))) => Given::Back,
        Ok(Ok(None)) => Given::None(seen.into_inner().unwrap_or_default()),
        late_or_refused => {
            tracing::warn!(%region, %run_id, ?late_or_refused, "a lease was not given back; it lapses by itself");
            Given::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{
        ledger::{Claim, RunKind},
        testing::{self, Books},
    };

    #[tokio::test]
    async fn a_release_of_another_run_says_who_holds_the_plan_and_that_nothing_was_given_back() {
        let books = Books::with(&testing::row("us-west-2", 6));
        let claim = Claim {
            run_id: "b".into(),
            kind: RunKind::Failback,
            incident: None,
            from: "us-east-1".into(),
            to: "us-west-2".into(),
        };
        let free = testing::row("us-west-2", 6);
        let held = free.claim(&claim, books.now()).unwrap();
        let books = books.with_row("us-west-2", &held);
        let of = |run_id: &str| ReleaseInput {
            plan: "orders".into(),
            run_id: run_id.into(),
        };
        let told = run(&books, &of("a")).await.unwrap();
        assert_eq!(told.action, "none");
        assert_eq!(
            told.reason,
            "run a does not hold plan orders, and nothing was given back; run b holds it in us-west-2"
        );
        assert_eq!(books.rows()[&"us-west-2".into()], held);
        let told = run(&books, &of("b")).await.unwrap();
        assert_eq!(
            (told.action, told.reason.as_str()),
            ("release", "run b holds plan orders no longer")
        );
        assert_eq!(books.rows()[&"us-west-2".into()].lease, None);
        let told = run(&books, &of("b")).await.unwrap();
        assert_eq!(
            told.reason,
            "run b does not hold plan orders, and nothing was given back"
        );
    }

    #[tokio::test]
    async fn a_run_that_closes_leaves_the_lease_of_its_namesake_to_another_region() {
        let held = testing::row("us-west-2", 6);
        let claim = Claim {
            run_id: "a".into(),
            kind: RunKind::Failback,
            incident: None,
            from: "us-east-1".into(),
            to: "us-west-2".into(),
        };
        let books = Books::with(&testing::row("us-west-2", 6));
        let held = held.claim(&claim, books.now()).unwrap();
        let books = books.with_row("us-west-2", &held);
        let (region, plan): (Region, PlanName) = ("us-west-2".into(), "orders".into());
        let run_id: RunId = "a".into();
        for (to, left) in [("us-east-1", held.lease.clone()), ("us-west-2", None)] {
            let sure = release(&books, &region, &plan, (&run_id, &to.into())).await;
            assert!(sure);
            assert_eq!(books.rows()[&region].lease, left, "{to}");
        }
    }

    #[test]
    fn a_release_that_did_not_reach_the_runs_own_ledger_is_tried_again() {
        let here: Region = "us-east-1".into();
        let enough = |kept: &[&str]| {
            let kept: Vec<Region> = kept.iter().map(|region| (*region).into()).collect();
            is_enough(&here, &kept)
        };
        assert!(enough(&[]));
        // The Region that was left may be dead: its lease lapses.
        assert!(enough(&["us-west-2"]));
        assert!(!enough(&["us-east-1"]));
        assert!(!enough(&["us-west-2", "eu-west-1"]));
    }
}
