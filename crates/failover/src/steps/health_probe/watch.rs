//! The measuring loop: watches every plan of the Region for just under a minute, all at once.

use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    Shard, Suspicion, World,
    look::{Looking, Sessions, Target},
    others,
    plans::{Readable, learn, plans, remember, tell_fault},
};
use crate::{
    Error,
    beat::{Look, Vantage, Write},
    domain::{Incident, PlanName},
    ledger::{Intent, Known, Row, update_if},
    metric::{self, Counted},
    notify::{Message, Severity, commands, tell_news, utc},
    plan::{Detection, Plan},
    steps::by_hand,
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
    /// Why it could not be watched, or not as its parameter says.
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
    // The writer's own Region dies with it: its vantage is evidence, never the alarm.
    if vantage.region == vantage.writer_region {
        return Action::Record;
    }
    // Another writer was proven during the look: what was seen is of the one before.
    if row
        .current
        .as_ref()
        .is_none_or(|current| current.writer != vantage.writer_region)
    {
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

/// One invocation.
pub(super) async fn run(
    world: &impl World,
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
            "more plans than one invocation watches: deploy the triggers with more WatchShards"
        );
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

async fn watch(world: &impl World, readable: Readable, until: Until) -> WatchedPlan {
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
    watched.fault = readable.fault;
    let mut sessions = Sessions::with(world.spares().take(&watched.plan));
    let looks = look_until(world, &known, until, &mut sessions, &mut watched);
    let (ended, ()) = tokio::join!(looks, others::mind(world, &known.plan));
    world.spares().keep(&watched.plan, sessions.into_spare());
    if let Err(why) = ended {
        tracing::error!(plan = %watched.plan, %why, "the plan cannot be watched");
        watched.fault = Some(why.to_string());
    }
    watched
}

async fn look_until(
    world: &impl World,
    known: &Known,
    until: Until,
    sessions: &mut impl Looking,
    watched: &mut WatchedPlan,
) -> Result<(), Error> {
    let (here, plan) = (world.region(), &known.plan);
    let interval = Duration::from_secs(plan.detection.interval_seconds);
    let plan_fault = watched.fault.clone();
    let mut row = world.row(here, &plan.plan).await?;
    page(world, plan, &row).await;
    tell_fault(world, plan, &row, plan_fault.as_deref()).await;
    let mut vantage = world.vantage(here, &plan.plan).await?;
    let timeout = Duration::from_secs(plan.detection.timeout_seconds);
    let mut suspected_at = None;
    loop {
        let began = world.now();
        let target = Target::of(&row).ok_or_else(|| super::look::no_writer(&plan.plan))?;
        let (look, _) = sessions.look(world, known, &target, timeout).await;
        let seen;
        (seen, row) = record(world, plan, vantage, (look, &target), row).await;
        watched.looks += 1;
        watched.fault = plan_fault.clone().or_else(|| blind(&seen.write));
        if seen.write.is_failure() {
            tracing::warn!(plan = %plan.plan, failures = seen.failures, write = ?seen.write, "a beat failed");
        } else if clears(&seen, &row) {
            // From here on the next suspicion is news again.
            match update_if(world, here, &plan.plan, Row::calm).await {
                Ok(calmed) => row = calmed.unwrap_or(row),
                Err(why) => tracing::warn!(plan = %plan.plan, %why, "what people were told stays"),
            }
        }
        let now = world.now();
        let action = next_action(&seen, &row, &plan.detection, suspected_at, now);
        if action == Action::Suspect && !is_switched_off(world, &plan.plan).await {
            // A suspicion that was not taken is published again at the next look.
            match world.suspect(&suspicion(&seen, plan, &target)).await {
                Ok(()) => (watched.suspected, suspected_at) = (true, Some(now)),
                Err(why) => tracing::error!(plan = %plan.plan, %why, "the suspicion was not taken"),
            }
            tracing::warn!(plan = %plan.plan, writer = %target.writer, "the writer is suspected");
        }
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
    world: &impl World,
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
    !seen.write.is_failure() && row.calm().is_some()
}

/// Whether a human keeps runs from acting: planned work needs no run a minute that is refused. What cannot be read is
/// read again when the run opens.
async fn is_switched_off(world: &impl World, plan: &PlanName) -> bool {
    let on = world
        .switches(plan)
        .await
        .is_ok_and(|switches| switches.is_on());
    if on {
        tracing::warn!(%plan, "the writer would be suspected, and a switch is on");
    }
    on
}

/// How long whoever forces the steps by hand may take from the promotion to its proof.
const BY_HAND: SignedDuration = SignedDuration::from_mins(10);

/// Whether somebody who forces the steps by hand is between the promotion and its proof, and still in time.
fn is_led_by_hand(intent: &Intent, now: Timestamp) -> bool {
    by_hand::is_by_hand(&intent.run_id) && now.duration_since(intent.written_at) < BY_HAND
}

/// An open intent without a run is half a failover that nobody finishes: people must know.
async fn page(world: &impl World, plan: &Plan, row: &Row) {
    let now = world.now();
    let Some((_, intent)) = row.page(now).zip(row.intent.as_ref()) else {
        return;
    };
    // Nobody else is called before whoever forces the steps had the time.
    if is_led_by_hand(intent, now) {
        return;
    }
    let message = unfinished(plan, row, intent, by_hand::is_by_hand(&intent.run_id));
    tell_news(world, plan, &message, |row| row.page(now)).await;
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
mod unwatched;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        beat::Beat,
        domain::Epoch,
        ledger::{Claim, Current, Ledger, RunKind},
        steps::fake::Books,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn detection() -> Detection {
        Detection {
            interval_seconds: 5,
            failures: 3,
            timeout_seconds: 3,
            in_region_grace_seconds: None,
            busy_grace_seconds: 900,
        }
    }

    fn vantage(region: &str, failures: u32) -> Vantage {
        Vantage {
            region: region.into(),
            writer_region: "us-west-2".into(),
            at: at(10),
            write: Write::Failed {
                why: "timed out".into(),
            },
            last_beat: None,
            failing_since: Some(at(0)),
            failures,
            reading: None,
            moved_at: None,
            signs: Default::default(),
        }
    }

    fn row() -> Row {
        let current = Current {
            epoch: crate::domain::Epoch(7),
            writer: "us-west-2".into(),
            global_cluster: None,
            run_id: "adopt".into(),
            proven_at: at(0),
            unplanned: false,
            acknowledged_at: None,
        };
        Row {
            current: Some(current),
            ..Row::new("orders".into())
        }
    }

    #[test]
    fn the_writer_is_suspected_at_the_threshold_and_not_before() {
        let action = |failures| {
            next_action(
                &vantage("us-east-1", failures),
                &row(),
                &detection(),
                None,
                at(10),
            )
        };
        assert_eq!(
            [2, 3, 4].map(action),
            [Action::Record, Action::Suspect, Action::Suspect]
        );
    }

    #[test]
    fn a_beat_clears_a_no_that_was_marked_after_the_news_were_cleared() {
        let beat = crate::beat::Beat {
            seq: 1,
            epoch: crate::domain::Epoch(7),
            at: at(10),
        };
        let commits = Vantage {
            write: Write::Committed { beat },
            ..vantage("us-east-1", 0)
        };
        let no = crate::ledger::Declined {
            run_id: "a".into(),
            verdict: crate::evidence::Verdict::WriterDown,
        };
        let declined = row().decline(&no).unwrap();
        assert_eq!(declined.told, None, "an earlier beat cleared it");
        assert!(clears(&commits, &declined));
        assert!(!clears(&vantage("us-east-1", 3), &declined));
        assert!(!clears(&commits, &row()), "nothing is to be cleared");
    }

    #[test]
    fn a_writer_that_was_deposed_during_the_look_is_not_suspected() {
        let mut row = row();
        let at_threshold = vantage("us-east-1", 3);
        let action = |row: &Row| next_action(&at_threshold, row, &detection(), None, at(10));
        assert_eq!(action(&row), Action::Suspect);
        row.current.as_mut().unwrap().writer = "us-east-1".into();
        assert_eq!(action(&row), Action::Record);
    }

    /// Every beat is committed, also on a writer that is deposed.
    struct Commits;

    impl Looking for Commits {
        async fn look(
            &mut self,
            world: &impl World,
            _: &Known,
            target: &Target,
            _: Duration,
        ) -> (Look, bool) {
            let at = world.now();
            let beat = Beat {
                seq: 1,
                epoch: target.epoch,
                at,
            };
            let write = Write::Committed { beat };
            (
                Look {
                    at,
                    write,
                    reading: None,
                },
                false,
            )
        }
    }

    /// Looks until then; answers at whose writer each look was.
    async fn watched(books: &Books, calm: Timestamp) -> Vec<String> {
        watched_by(&mut Commits, books, calm).await;
        let looks = books.looks();
        let writers = looks.iter().map(|look| look.writer_region.to_string());
        writers.collect()
    }

    async fn watched_by(looking: &mut impl Looking, books: &Books, calm: Timestamp) {
        let known = books.known(&"us-east-1".into(), &"orders".into()).await;
        let mut known = known.unwrap().unwrap();
        known.plan.detection.timeout_seconds = 1;
        let last = calm + SignedDuration::from_secs(12);
        let until = Until { calm, last };
        let mut watched = WatchedPlan {
            plan: "orders".into(),
            looks: 0,
            suspected: false,
            fault: None,
        };
        let ended = look_until(books, &known, until, looking, &mut watched).await;
        assert_eq!(ended, Ok(()));
    }

    /// No beat is committed. During the second look a run's own look is recorded, which met a beat and then no free slot.
    struct BesideARun(u32);

    impl Looking for BesideARun {
        async fn look(
            &mut self,
            world: &impl World,
            _: &Known,
            target: &Target,
            _: Duration,
        ) -> (Look, bool) {
            self.0 += 1;
            let at = world.now();
            if self.0 == 2 {
                let mut run = crate::steps::fake::probe::vantage(world.region().clone(), at);
                run.last_beat = Some(Beat {
                    seq: 9,
                    epoch: target.epoch,
                    at,
                });
                run.signs.saturated_at = Some(at);
                let put = world.put_vantage(&"orders".into(), &run).await;
                assert_eq!(put, Ok(()));
            }
            let write = Write::Failed { why: String::new() };
            let look = Look {
                at,
                write,
                reading: None,
            };
            (look, false)
        }
    }

    #[tokio::test]
    async fn a_watch_keeps_what_a_runs_look_beside_it_has_seen() {
        let books = Books::with(&row());
        watched_by(&mut BesideARun(0), &books, at(1_015)).await;
        let looks = books.looks();
        let last = looks.last().unwrap();
        assert!(looks.len() > 3, "{looks:?}");
        assert_eq!(last.last_beat.map(|beat| beat.seq), Some(9));
        assert!(last.maybe_alive_at().is_some());
    }

    fn deposed() -> Row {
        let mut row = row();
        let current = row.current.as_mut().unwrap();
        (current.writer, current.epoch) = ("us-east-1".into(), Epoch(8));
        row
    }

    #[tokio::test]
    async fn a_watch_under_way_leaves_the_deposed_writer_at_the_next_look_although_no_beat_failed()
    {
        let books = Books::with(&row()).after_looks(2, &deposed());
        let writers = watched(&books, at(1_058)).await;
        assert_eq!(
            writers[..4],
            ["us-west-2", "us-west-2", "us-east-1", "us-east-1"]
        );
        assert_eq!(writers.len(), 12, "it goes on for its minute");
    }

    #[tokio::test]
    async fn a_ledger_that_hangs_during_a_watch_costs_each_look_no_more_than_the_plans_time_out() {
        let books = Books::with(&row())
            .after_looks(1, &deposed())
            .hang_after_looks(0);
        let began = tokio::time::Instant::now();
        let writers = watched(&books, at(1_006)).await;
        assert_eq!(
            writers, ["us-west-2"; 2],
            "the row that was read last stands"
        );
        let took = began.elapsed();
        assert!(took < Duration::from_secs(4), "two looks took {took:?}");
    }

    #[test]
    fn the_vantage_in_the_writers_own_region_only_records() {
        assert_eq!(
            next_action(&vantage("us-west-2", 9), &row(), &detection(), None, at(10)),
            Action::Record
        );
    }

    #[test]
    fn an_invocation_suspects_again_when_the_plan_is_free_and_twenty_seconds_have_passed() {
        let again = |now| {
            let suspected_at = Some(at(10));
            next_action(
                &vantage("us-east-1", 5),
                &row(),
                &detection(),
                suspected_at,
                at(now),
            )
        };
        assert_eq!([29, 30].map(again), [Action::Record, Action::Suspect]);
    }

    #[test]
    fn a_plan_that_a_run_holds_is_not_suspected_again_until_the_lease_lapses() {
        let claim = Claim {
            run_id: "a".into(),
            kind: RunKind::UnplannedFailover,
            incident: None,
            from: "us-west-2".into(),
            to: "us-east-1".into(),
        };
        let held = row().claim(&claim, at(0)).unwrap();
        assert_eq!(
            next_action(&vantage("us-east-1", 3), &held, &detection(), None, at(10)),
            Action::Record
        );
        assert_eq!(
            next_action(&vantage("us-east-1", 3), &held, &detection(), None, at(901)),
            Action::Suspect
        );
    }

    fn intent(run_id: crate::domain::RunId) -> Intent {
        Intent {
            epoch: Epoch(8),
            from: "us-west-2".into(),
            to: "us-east-1".into(),
            run_id,
            written_at: at(0),
            global_cluster: None,
        }
    }

    fn by_hand_at(epoch: u64) -> crate::domain::RunId {
        let step = "detach-and-promote";
        crate::domain::RunId(by_hand::run_id(step, &"us-east-1".into(), Epoch(epoch)))
    }

    #[test]
    fn no_run_is_started_into_a_promotion_that_somebody_leads_by_hand_for_ten_minutes() {
        let action = |run_id: crate::domain::RunId, now| {
            let begun = Row {
                intent: Some(intent(run_id)),
                ..row()
            };
            next_action(
                &vantage("us-east-1", 5),
                &begun,
                &detection(),
                None,
                at(now),
            )
        };
        assert_eq!(action(by_hand_at(7), 599), Action::Record);
        assert_eq!(action(by_hand_at(7), 600), Action::Suspect);
        assert_eq!(action("a".into(), 10), Action::Suspect, "a run began it");
    }

    #[test]
    fn a_promotion_by_hand_is_not_called_one_that_nobody_finishes() {
        let plan = crate::steps::fake::run().plan;
        let mut intent = intent(by_hand_at(7));
        let row = row();
        let forced = unfinished(&plan, &row, &intent, by_hand::is_by_hand(&intent.run_id));
        assert!(forced.what.contains("by hand"), "{}", forced.what);
        assert!(forced.commands[0].contains("aurora-failover-health-probe"));
        intent.run_id = "b0936d22".into();
        let left = unfinished(&plan, &row, &intent, by_hand::is_by_hand(&intent.run_id));
        assert!(left.what.contains("no run finishes it"), "{}", left.what);
        assert!(left.commands[0].contains("aurora-failover-unplanned-failover"));
        for message in [forced, left] {
            let text = message.text(at(60));
            assert_eq!(crate::notify::unreadable(&text), Vec::<&str>::new());
        }
    }
}
