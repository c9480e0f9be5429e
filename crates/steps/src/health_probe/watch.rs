//! The measuring loop: watches every plan of the Region for just under a minute, all at once.

mod held;
mod unanswered;

use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    Shard,
    look::{Sessions, Target},
    others,
    plans::{Fault, Readable, crowd, learn, makes_room, plans, remember, tell_fault},
};
use failover::{
    Error,
    beat::{Look, Vantage, Write},
    domain::{Incident, PlanName},
    ledger::{Intent, Known, Row},
    metric::{self, Counted},
    notify::{Message, Severity, claim_and_tell, commands, utc},
    pass::by_hand,
    plan::{Detection, Plan},
    ports::{
        Functions, Heart, Here, Ledger, Members, Parameters, People, Secrets, Suspicion, update_if,
    },
};

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
    row: &Row,
    detection: &Detection,
    suspected_at: Option<Timestamp>,
    now: Timestamp,
) -> Action {
    if !is_of_the_writer(vantage, row) {
        return Action::Record;
    }
    // A run that holds the plan knows; a second suspicion would only be refused.
    // One that waits for a human is no end: the outage may grow into one that needs no answer.
    if row
        .lease
        .as_ref()
        .is_some_and(|lease| lease.expires_at > now && !lease.waits_for_human)
    {
        return Action::Record;
    }
    // Whoever forces the steps is between two of them: a run would finish what they began, and leave their next call behind.
    if row
        .intent
        .as_ref()
        .is_some_and(|intent| is_led_by_hand(intent, now))
    {
        return Action::Record;
    }
    let lately = suspected_at.is_some_and(|at| now.duration_since(at) < AGAIN);
    if vantage.failures >= detection.failures && !lately {
        Action::Suspect
    } else {
        Action::Record
    }
}

/// Whether it was seen from elsewhere, of the writer of today. The writer's own Region dies with it: its vantage is evidence, never the
/// alarm. Another writer may have been proven during the look.
fn is_of_the_writer(vantage: &Vantage, row: &Row) -> bool {
    let current = row.current.as_ref();
    vantage.region != vantage.writer_region
        && current.is_some_and(|current| current.writer == vantage.writer_region)
}

/// One invocation.
pub(super) async fn run(
    world: &(impl Ledger + Here + Members + Parameters + Functions + Secrets + People + Heart),
    shard: Shard,
    deadline: Timestamp,
) -> Result<Watched, Error> {
    let began = world.now();
    let until = Until {
        calm: (began + WATCH).min(deadline - RESERVE),
        last: deadline - RESERVE,
    };
    let mut plans = plans(world).await?;
    plans.retain(|plan| shard.holds(name_of(plan)));
    if plans.len() > PLANS_MAX {
        tracing::error!(
            plans = plans.len(),
            shards = shard.shards,
            advice = makes_room(shard.shards),
            "more plans than one invocation watches"
        );
        crowd(&mut plans, PLANS_MAX, shard.shards);
    }
    let watches = plans
        .into_iter()
        .zip(0_u32..)
        .map(async |(plan, turn)| match plan {
            Ok(plan) => {
                world.pause(STAGGER.saturating_mul(turn)).await;
                watch(world, plan, until).await
            }
            Err((plan, fault)) => WatchedPlan {
                plan,
                looks: 0,
                suspected: false,
                fault: Some(fault),
            },
        });
    let plans: Vec<_> = stream::iter(watches)
        .buffer_unordered(PLANS_MAX)
        .collect()
        .await;
    for watched in plans.iter().filter(|watched| watched.fault.is_some()) {
        metric::failed(Counted::Watch, &watched.plan, world.now());
    }
    Ok(Watched { plans })
}

const fn name_of(plan: &Result<Readable, (PlanName, String)>) -> &PlanName {
    match plan {
        Ok(readable) => &readable.plan.plan,
        Err((name, _)) => name,
    }
}

/// When an invocation ends: `calm` when nothing is wrong, `last` when it has seen a failure and not decided yet.
#[derive(Clone, Copy)]
struct Until {
    calm: Timestamp,
    last: Timestamp,
}

async fn watch(
    world: &(impl Ledger + Here + Members + Parameters + Functions + Secrets + People + Heart),
    readable: Readable,
    until: Until,
) -> WatchedPlan {
    let name = readable.plan.plan.clone();
    let mut watched = WatchedPlan {
        plan: name,
        looks: 0,
        suspected: false,
        fault: None,
    };
    // Both ask other Regions, which may be dead: at once, so that noticing is delayed by one time-out at most.
    let (known, ()) = tokio::join!(
        remember(world, readable.clone()),
        learn(world, &readable.plan)
    );
    let fault = readable.fault.as_ref();
    watched.fault = fault.map(|fault| fault.words().to_owned());
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

async fn look_until<S>(
    world: &(impl Ledger + Here + Parameters + Functions + Secrets + People + Heart<Session = S>),
    (known, fault): (&Known, Option<&Fault>),
    until: Until,
    sessions: &mut Sessions<S>,
    watched: &mut WatchedPlan,
) -> Result<(), Error> {
    let (here, plan) = (world.region(), &known.plan);
    let interval = Duration::from_secs(plan.detection.interval_seconds);
    let mut lasting = watched.fault.clone();
    let mut row = world.row(here, &plan.plan).await?;
    page(world, plan, &row).await;
    tell_fault(world, plan, &row, fault).await;
    let mut vantage = world.vantage(here, &plan.plan).await?;
    let timeout = Duration::from_secs(plan.detection.timeout_seconds);
    let mut asked = unanswered::Asked::default();
    loop {
        let began = world.now();
        let target = Target::of(&row).ok_or_else(|| failover::guard::not_adopted(&plan.plan))?;
        let (look, _) = sessions.look(world, known, &target, timeout).await;
        let seen;
        (seen, row) = record(world, plan, vantage, (look, &target), row).await;
        watched.looks += 1;
        if seen.write.is_failure() {
            tracing::warn!(plan = %plan.plan, failures = seen.failures, write = ?seen.write, "a beat failed");
        } else if clears(&seen, &row) {
            // From here on the next suspicion is news again.
            match update_if(world, here, &plan.plan, Row::commits_again).await {
                Ok(calmed) => row = calmed.unwrap_or(row),
                Err(why) => tracing::warn!(plan = %plan.plan, %why, "what people were told stays"),
            }
        }
        let now = world.now();
        let action = next_action(&seen, &row, &plan.detection, asked.last_at, now);
        let suspicion = suspicion(&seen, plan, &target);
        let fault = unanswered::follow(world, plan, &mut asked, (&suspicion, &row), action).await;
        lasting = lasting.or(fault);
        watched.fault = lasting.clone().or_else(|| blind(&seen.write));
        watched.suspected = asked.last_at.is_some();
        held::tell(world, plan, &seen, &row).await;
        let undecided =
            seen.failures > 0 && !watched.suspected && seen.region != seen.writer_region;
        vantage = Some(seen);
        let next = began + interval;
        if next >= until.last || (next >= until.calm && !undecided) {
            return Ok(());
        }
        world
            .pause(Duration::try_from(next.duration_since(world.now())).unwrap_or_default())
            .await;
    }
}

/// Why a look saw nothing of the writer, good or bad.
fn blind(write: &Write) -> Option<String> {
    match write {
        Write::Misconfigured { .. } | Write::Unattempted { .. } => Some(write.to_string()),
        Write::Committed { .. }
        | Write::Failed { .. }
        | Write::Saturated { .. }
        | Write::Starting { .. }
        | Write::Exhausted { .. }
        | Write::Answered { .. }
        | Write::ReadOnly
        | Write::OtherEpoch { .. } => None,
    }
}

/// Records a look and reads the row again, at once: a deposed writer may still answer, and the next look is at the writer that
/// was proven since. A run's fresh looks are recorded beside ours: the record goes on from the newer one. A ledger that does not
/// answer costs no more than a look, and the row stays as it was.
async fn record(
    world: &(impl Ledger + Here),
    plan: &Plan,
    before: Option<Vantage>,
    (look, target): (Look, &Target),
    row: Row,
) -> (Vantage, Row) {
    let (here, detection) = (world.region(), &plan.detection);
    let limit = Duration::from_secs(detection.timeout_seconds);
    let after = |before: Option<&Vantage>| {
        Vantage::after(before, here, &target.writer, look.clone(), detection)
    };
    let record = async {
        let held = world.vantage(here, &plan.plan).await.ok().flatten();
        let seen = after(Vantage::newer(before.clone(), held).as_ref());
        world.put_vantage(&plan.plan, &seen).await.map(|()| seen)
    };
    let (recorded, read) = tokio::join!(
        tokio::time::timeout(limit, record),
        tokio::time::timeout(limit, world.row(here, &plan.plan))
    );
    let seen = match recorded {
        Ok(Ok(seen)) => seen,
        unrecorded => {
            tracing::warn!(plan = %plan.plan, ?unrecorded, "the look could not be recorded");
            after(before.as_ref())
        }
    };
    match read {
        Ok(Ok(read)) => (seen, read),
        unread => {
            tracing::warn!(plan = %plan.plan, ?unread, "the row could not be read again");
            (seen, row)
        }
    }
}

/// Whether a look ends what people were told or asked of an outage. A run that closes tells first and marks a no afterwards:
/// a beat in between must not leave the no behind.
fn clears(seen: &Vantage, row: &Row) -> bool {
    !seen.write.is_failure() && row.commits_again().is_some()
}

/// How long whoever forces the steps by hand may take from the promotion to its proof.
const BY_HAND: SignedDuration = SignedDuration::from_mins(10);

/// Whether somebody who forces the steps by hand is between the promotion and its proof, and still in time.
fn is_led_by_hand(intent: &Intent, now: Timestamp) -> bool {
    by_hand::is_by_hand(&intent.run_id) && now.duration_since(intent.written_at) < BY_HAND
}

/// An open intent without a run is half a failover that nobody finishes: people must know.
async fn page(world: &(impl Ledger + Here + People), plan: &Plan, row: &Row) {
    let now = world.now();
    let Some((_, intent)) = row.page(now).zip(row.intent.as_ref()) else {
        return;
    };
    // Nobody else is called before whoever forces the steps had the time.
    if is_led_by_hand(intent, now) {
        return;
    }
    let message = unfinished(plan, row, intent, by_hand::is_by_hand(&intent.run_id));
    claim_and_tell(world, plan, &message, |row| row.page(now)).await;
}

fn unfinished(plan: &Plan, row: &Row, intent: &Intent, by_hand: bool) -> Message {
    let (to, epoch) = (&intent.to, intent.epoch);
    let what = if by_hand {
        format!("the promotion of {to} by hand (epoch {epoch}) is not proven")
    } else {
        format!("a failover to {to} (epoch {epoch}) was begun and no run finishes it")
    };
    Message {
        severity: Severity::Critical,
        what,
        evidence: format!(
            "Run {} wrote it down at {} and holds the plan no longer.",
            intent.run_id,
            utc(intent.written_at)
        ),
        next: if by_hand {
            "Prove the writer, then flip the names and restart the services by hand.".into()
        } else {
            "Start a run. It goes on where the other one stopped.".into()
        },
        commands: vec![if by_hand {
            commands::prove(plan, to, row.proven_epoch())
        } else {
            commands::unplanned(plan, &intent.from, to)
        }],
        ..Message::default()
    }
}

fn suspicion(vantage: &Vantage, plan: &Plan, target: &Target) -> Suspicion {
    Suspicion {
        plan: plan.plan.clone(),
        incident: Incident {
            plan: plan.plan.clone(),
            epoch: target.epoch,
        },
        observer_region: vantage.region.clone(),
        writer_region: vantage.writer_region.clone(),
        evidence: vantage.clone(),
        last_beat: vantage.last_beat,
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod unwatched_tests;
