//! The measuring loop: watches every plan of the Region for just under a minute, all at once.

mod heartless;
mod held;
mod looks;
mod record;
mod unanswered;
mod unfinished;

use std::{collections::BTreeMap, time::Duration};

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    Shard, others,
    plans::{Fault, Readable, crowd, learn, makes_room, plans, remember},
    sessions::{LedgerWriter, Sessions},
};
use failover::{
    Error,
    beat::Vantage,
    domain::PlanName,
    ledger::PlanState,
    metric::{self, Counted},
    plan::Detection,
    ports::{Functions, Heart, Ledger, Parameters, People, Runtime, Secrets},
    topologies::Topologies,
};

use looks::look_until;
use unfinished::is_led_by_hand;

/// How long an invocation watches: EventBridge calls once a minute, and the next one needs its start.
const WATCH: SignedDuration = SignedDuration::from_secs(58);
/// What is kept of the function's own time-out, so that it ends by itself.
const RESERVE: SignedDuration = SignedDuration::from_secs(5);
/// How many plans are watched at once.
const PLANS_MAX: usize = 50;
/// How far apart an invocation's plans begin: each connects twice, and a handshake takes milliseconds of a whole core.
const STAGGER: Duration = Duration::from_millis(20);

/// What an invocation saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Watched {
    /// One entry per plan.
    pub plans: Vec<WatchedPlan>,
}

/// What an invocation saw of one plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WatchedPlan {
    /// The plan.
    pub plan: PlanName,
    /// How often it looked.
    pub looks: u32,
    /// Whether it suspected the writer.
    pub suspected: bool,
    /// Why it could not be watched, or not as its parameter says, or why no run came of its suspicion.
    pub fault: Option<String>,
}

impl WatchedPlan {
    const fn new(plan: PlanName, fault: Option<String>) -> Self {
        Self {
            plan,
            looks: 0,
            suspected: false,
            fault,
        }
    }
}

/// What a look leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Only its record.
    Record,
    /// A suspicion is published.
    Suspect,
}

/// An invocation suspects again when a run stood down and failures go on, and not more often than this.
const AGAIN: SignedDuration = SignedDuration::from_secs(20);

/// Decides what a look leads to; `suspected_at` is when this invocation last published a suspicion.
#[must_use]
pub fn next_action(
    vantage: &Vantage,
    row: &PlanState,
    detection: &Detection,
    suspected_at: Option<Timestamp>,
    now: Timestamp,
) -> Action {
    if !is_of_the_writer(vantage, row) {
        return Action::Record;
    }
    // A run that holds the plan knows; a second suspicion would only be refused.
    // One that waits for a human is no end: the outage may grow into one that needs no answer.
    let held = row.live_lease(now);
    let is_held = held.is_some_and(|lease| !lease.waits_for_human);
    // Whoever forces the steps is between two of them: a run would finish what they began, and leave their next call behind.
    let intent = row.intent.as_ref();
    let is_led = intent.is_some_and(|intent| is_led_by_hand(intent, now));
    let lately = suspected_at.is_some_and(|at| now.duration_since(at) < AGAIN);
    if vantage.failures >= detection.failures && !is_held && !is_led && !lately {
        Action::Suspect
    } else {
        Action::Record
    }
}

/// Whether it was seen from elsewhere, of the writer of today. The writer's own Region dies with it: its vantage is evidence, never the
/// alarm. Another writer may have been proven during the look.
fn is_of_the_writer(vantage: &Vantage, row: &PlanState) -> bool {
    let current = row.current.as_ref();
    vantage.region != vantage.writer_region
        && current.is_some_and(|current| current.writer == vantage.writer_region)
}

/// One invocation.
pub(super) async fn run(
    world: &(impl Ledger + Runtime + Topologies + Parameters + Functions + Secrets + People + Heart),
    shard: Shard,
    deadline: Timestamp,
) -> Result<Watched, Error> {
    let began = world.now();
    let until = Until {
        usual: (began + WATCH).min(deadline - RESERVE),
        latest: deadline - RESERVE,
    };
    let mut plans = plans(world).await?;
    plans.retain(|plan| shard.holds(name_of(plan)));
    let wrong = wrong(&plans);
    for plan in wrong.keys() {
        metric::failed(Counted::Plan, plan, began);
    }
    make_room(&mut plans, shard);
    let watches = plans
        .into_iter()
        .zip(0_u32..)
        .map(async |(plan, turn)| match plan {
            Ok(plan) => {
                world.pause(STAGGER.saturating_mul(turn)).await;
                watch(world, plan, until).await
            }
            Err((plan, fault)) => WatchedPlan::new(plan, Some(fault)),
        });
    let plans: Vec<_> = stream::iter(watches)
        .buffer_unordered(PLANS_MAX)
        .collect()
        .await;
    // A plan whose parameter is wrong and that is watched all the same is counted as such alone.
    let counts = |watched: &&WatchedPlan| {
        watched.fault.is_some() && wrong.get(&watched.plan) != watched.fault.as_ref()
    };
    for watched in plans.iter().filter(counts) {
        metric::failed(Counted::Watch, &watched.plan, world.now());
    }
    Ok(Watched { plans })
}

/// The plans whose parameter is wrong, and what is wrong with it.
fn wrong(plans: &[Result<Readable, (PlanName, String)>]) -> BTreeMap<PlanName, String> {
    let found = plans.iter().filter_map(|plan| match plan {
        Ok(readable) => match &readable.fault {
            Some(Fault::Parameter(why)) => Some((readable.plan.plan.clone(), why.clone())),
            Some(Fault::Crowded(_) | Fault::Full(_)) | None => None,
        },
        Err((name, why)) => Some((name.clone(), why.clone())),
    });
    found.collect()
}

/// Marks the plans that are too many for one invocation.
fn make_room(plans: &mut [Result<Readable, (PlanName, String)>], shard: Shard) {
    if plans.len() <= PLANS_MAX {
        return;
    }
    tracing::error!(
        plans = plans.len(),
        shards = shard.shards,
        advice = makes_room(shard.shards),
        "more plans than one invocation watches"
    );
    crowd(plans, PLANS_MAX, shard.shards);
}

const fn name_of(plan: &Result<Readable, (PlanName, String)>) -> &PlanName {
    match plan {
        Ok(readable) => &readable.plan.plan,
        Err((name, _)) => name,
    }
}

/// When an invocation ends: `usual` when nothing is wrong, `latest` when it has seen a failure and not decided yet.
#[derive(Clone, Copy)]
struct Until {
    usual: Timestamp,
    latest: Timestamp,
}

impl Until {
    fn is_reached(self, next: Timestamp, is_undecided: bool) -> bool {
        next >= self.latest || (next >= self.usual && !is_undecided)
    }
}

async fn watch(
    world: &(impl Ledger + Runtime + Topologies + Parameters + Functions + Secrets + People + Heart),
    readable: Readable,
    until: Until,
) -> WatchedPlan {
    let fault = readable.fault.as_ref();
    let words = fault.map(|fault| fault.words().to_owned());
    let mut watched = WatchedPlan::new(readable.plan.plan.clone(), words);
    // Both ask other Regions, which may be dead: at once, so that noticing is delayed by one time-out at most.
    let (known, ()) = tokio::join!(
        remember(world, readable.clone()),
        learn(world, &readable.plan)
    );
    if !known.plan.has_heart() {
        return heartless::keep(world, &known, fault, watched).await;
    }
    let mut sessions = Sessions::with(world.spares().take(&watched.plan));
    let looks = look_until(world, (&known, fault), until, &mut sessions, &mut watched);
    let (ended, ()) = tokio::join!(looks, others::mind(world, &known.plan));
    let spare = sessions.into_spare();
    if let Some((region, spare)) = spare.filter(|(_, spare)| !world.is_closed(spare)) {
        world.spares().keep(&watched.plan, region, spare);
    }
    if let Err(why) = ended {
        tracing::error!(plan = %watched.plan, %why, "the plan cannot be watched");
        watched.fault = Some(why.to_string());
    }
    watched
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod unwatched_tests;
