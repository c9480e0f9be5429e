//! Judges what came of a case, by what only the simulation knows.

use std::collections::BTreeSet;

use failover::{
    domain::RunId,
    ledger::{Intent, Lease, Run, RunKind},
    notify::{Severity, parts},
    plan::Phase,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    case::{Case, Event, Kind, NAME},
    database::Entry,
    fault::{PassWay, Way},
    judge_losses, rested,
    state::{Answer, State, Told},
    truth::Rule,
};

/// So long an outage may last before somebody is told, or a writer is proven.
const ANSWERED: SignedDuration = SignedDuration::from_mins(10);
/// So long after the last trouble the system must have come to rest.
const RESTS: SignedDuration = SignedDuration::from_mins(12);
/// The same message twice within this time is one too many.
const TWICE: SignedDuration = SignedDuration::from_mins(10);
/// What is told within this time is told side by side, and is the same in whatever words.
const AT_ONCE: SignedDuration = SignedDuration::from_millis(100);
/// A failback that has begun this short a time ago may rebuild yet, or wait for its window.
const REBUILT: SignedDuration = SignedDuration::from_mins(90);
/// So often people may be told of the same in that time, each time with something new.
const OFTEN: usize = 4;
/// An application's row that was taken so short a time ago.
const LATELY: SignedDuration = SignedDuration::from_secs(30);
/// So long after its last look at the names a run has ended, if one of its functions begins late.
const ENDS: SignedDuration = SignedDuration::from_mins(2);
/// What has just begun has not ended yet.
const YOUNG: SignedDuration = SignedDuration::from_mins(1);

/// States that say that the writer is where the run wanted it.
const SUCCEEDED: [&str; 3] = ["Recovered", "Moved", "Home"];
/// States that say that the run has moved nothing.
const MOVED_NOTHING: [&str; 4] = ["StoodDown", "NotOpened", "RunRefused", "DryRun"];

/// An execution has ended.
pub(crate) fn at_an_end(state: &mut State, now: Timestamp, arn: &str, end: &str) {
    if !SUCCEEDED.contains(&end) {
        return;
    }
    let Some(started) = state.executions.get(arn).cloned() else {
        return;
    };
    let wanted = state.proven().map(|(_, proven)| proven);
    let record = state.records.get(&(NAME.to_owned(), "CNAME"));
    let host = record.and_then(|record| record.values.first());
    let host = host.map(|host| host.trim_end_matches('.').to_owned());
    let led = host.and_then(|host| state.found(&host));
    let is_in = |resource_id: &String| {
        let found = state.databases.get(resource_id);
        found.is_some_and(|found| found.region == started.region)
    };
    let opened = wanted.as_ref().and_then(|own| opened(state, own));
    let others = state.executions.iter().filter(|(own, _)| *own != arn);
    let ends = others.filter_map(|(_, other)| other.ended.as_ref());
    // What a run that failed has moved, a later one may finish.
    let mut ends = ends.filter(|(end, _)| !MOVED_NOTHING.contains(&end.as_str()));
    let is_moved = opened.is_some_and(|at| at >= started.at);
    if end == "Moved" && !is_moved && ends.all(|(end, _)| SUCCEEDED.contains(&end.as_str())) {
        let what = format!("{now}: {arn} ends in {end}, and nothing has moved since it began");
        state.truth.violated(Rule::SuccessIsSeen, what);
    }
    // Nobody looks again at what is deleted after it was verified.
    let is_deleted =
        led.is_none() && (state.truth.unnamed_at).is_some_and(|at| now.duration_since(at) <= ENDS);
    if is_deleted {
        return;
    }
    if wanted.is_none() || wanted != led || !wanted.as_ref().is_some_and(is_in) {
        let what =
            format!("{now}: {arn} ends in {end}; proven is {wanted:?}, the name leads to {led:?}");
        state.truth.violated(Rule::SuccessIsSeen, what);
    }
}

/// When a database's last epoch was opened first: a run that goes on where another one stopped opens it once more.
fn opened(state: &State, resource_id: &str) -> Option<Timestamp> {
    let log = &state.databases.get(resource_id)?.log;
    let opened = log.iter().filter_map(|(at, entry)| match entry {
        Entry::Epoch(epoch, _) => Some((*epoch, *at)),
        Entry::Beat(..) | Entry::Row(_) | Entry::Access(_) | Entry::Other => None,
    });
    let newest = opened.clone().map(|(epoch, _)| epoch).max()?;
    let mut first = opened.filter(|(epoch, _)| *epoch == newest);
    first.next().map(|(_, at)| at)
}

/// A case has ended.
pub(crate) fn at_the_end(case: &Case, state: &mut State, now: Timestamp) {
    outage(state, now);
    told(case, state);
    let goes_wrong = !case.faults.is_empty() || !case.passes.is_empty();
    rest(state, now, goes_wrong);
    rested::at_the_end(case, state, now);
    let runs: Vec<_> = state
        .tables
        .values()
        .flat_map(|table| table.runs.values().cloned())
        .collect();
    let mut seen = BTreeSet::new();
    for run in runs {
        if seen.insert(run.run_id.clone()) {
            judge_losses::loss(state, &run);
        }
    }
    if case.kind == Kind::PlannedMove {
        judge_losses::nothing_lost(state, now);
    }
}

/// Whether an application was told lately that its row is kept.
fn is_written(state: &State, now: Timestamp) -> bool {
    let last = state.truth.acknowledged.last();
    last.is_some_and(|last| now.duration_since(last.at) < LATELY)
}

/// Whether the proven writer took an application's row lately. Where it takes none the fault has not stopped: applications in a Region
/// that nobody hears go on with the writer in there, which was left, and a run waits for the names.
fn is_written_to_the_writer(state: &State, now: Timestamp) -> bool {
    let Some((_, proven)) = state.proven() else {
        return false;
    };
    let mut newest = state.truth.acknowledged.iter().rev();
    let last = newest.find(|write| write.resource_id == proven);
    last.is_some_and(|last| now.duration_since(last.at) < LATELY)
}

/// An outage that lasts ends in a proven writer with its names, or in a message.
fn outage(state: &mut State, now: Timestamp) {
    // Nobody watches the name for those who delete it. Whoever leads names makes it anew.
    let is_named = state.records.contains_key(&(NAME.to_owned(), "CNAME"));
    if is_written(state, now) || !is_named {
        return;
    }
    let last = state.truth.acknowledged.last().map(|last| last.at);
    let since = last.or(state.truth.began_at).unwrap_or(now);
    // Applications in a Region that is cut off may have gone on for a while, when people knew already. A notice is no alarm, and what
    // stands against a planned move says nothing of an outage.
    let mut told = state
        .told
        .iter()
        .filter(|told| !told.subject.contains(parts::BY_PLAN));
    let is_told = told.any(|told| {
        told.at >= since || told.at >= since - ANSWERED && !begins(told, Severity::Notice)
    });
    if now.duration_since(since) > ANSWERED && !is_told && !is_left_incomplete(state) {
        let what = format!("nobody has written since {since}, and nobody was told");
        state.truth.violated(Rule::OutageIsAnswered, what);
    }
}

/// Whether a message is this urgent.
fn begins(told: &Told, severity: Severity) -> bool {
    told.subject.starts_with(severity.word())
}

/// Whether people were told of a change of writer that is not complete, and no run has completed one since: that stands however long.
fn is_left_incomplete(state: &State) -> bool {
    let mut told = state.told.iter().rev();
    let last = told.find(|told| told.subject.contains(parts::INCOMPLETE));
    let completed = |since: Timestamp| {
        let mut ends = state
            .executions
            .values()
            .filter_map(|run| run.ended.as_ref());
        ends.any(|(end, at)| SUCCEEDED.contains(&end.as_str()) && *at > since)
    };
    last.is_some_and(|told| !completed(told.at))
}

/// Whether a function of the plan's own fails that names or services wait for: the world knows it by its name.
fn is_held_up_by_a_hook(case: &Case) -> bool {
    let phases = [Phase::BeforeNames, Phase::BeforeServices];
    phases.into_iter().any(|phase| {
        let function = case.plan["hooks"][phase.name()]["function"].as_str();
        function.is_some_and(|name| name.starts_with("failing"))
    })
}

/// Nobody is told twice, or of nothing.
fn told(case: &Case, state: &mut State) {
    let told = state.told.clone();
    if case.kind == Kind::Calm && case.faults.is_empty() {
        for one in &told {
            let what = format!("{}: {} in {}", one.at, one.subject, one.region);
            state.truth.violated(Rule::ToldOnce, what);
        }
    }
    let is_undisturbed = case.kind == Kind::PlannedMove
        && case.faults.is_empty()
        && case.passes.is_empty()
        && !is_held_up_by_a_hook(case)
        && case
            .events
            .iter()
            .all(|timed| matches!(timed.event, Event::Started(..)));
    let alarms = told.iter().filter(|one| begins(one, Severity::Critical));
    for one in alarms.filter(|_| is_undisturbed) {
        let what = format!("{}: {} in {}", one.at, one.subject, one.region);
        state.truth.violated(Rule::ToldOnce, what);
    }
    // Whoever dies after telling, or never hears that it was told, tells again.
    let forgets = |way: Way| {
        matches!(
            way,
            Way::DiesBefore | Way::DiesAfter | Way::LostAfter | Way::LostBefore
        ) || matches!(way, Way::Late | Way::VeryLate | Way::Twice)
    };
    if case.faults.each().any(|(_, _, way)| forgets(way)) {
        return;
    }
    often(state, &told);
    // How a run ends is not claimed before it is told: the pass that tells it may run twice, side by side.
    let mut passes = case.passes.each();
    let is_doubled =
        passes.any(|(function, _, way)| function == "recovery-ledger" && way == PassWay::Twice);
    for (number, one) in told.iter().enumerate() {
        let before = told.iter().take(number).filter(|other| {
            let since = one.at.duration_since(other.at);
            let is_same = other.text == one.text || since < AT_ONCE;
            other.subject == one.subject && other.region == one.region && is_same && since < TWICE
        });
        if before.count() > usize::from(is_doubled) {
            let what = format!("{}: {} in {}, once more", one.at, one.subject, one.region);
            state.truth.violated(Rule::ToldOnce, what);
        }
    }
}

/// The same is said again and again, if in other words.
fn often(state: &mut State, told: &[Told]) {
    for (number, one) in told.iter().enumerate() {
        let before = told.iter().take(number).filter(|other| {
            other.subject == one.subject
                && other.region == one.region
                && one.at.duration_since(other.at) < TWICE
        });
        if before.count() == OFTEN {
            let what = format!(
                "{}: {} in {}, once more in ten minutes",
                one.at, one.subject, one.region
            );
            state.truth.violated(Rule::ToldOnce, what);
        }
    }
}

/// Whether people were told of a change of writer. A run that takes it up writes it down anew, and people who know of it are not told
/// once more.
fn is_change_told(state: &State, intent: &Intent) -> bool {
    let about = format!("(epoch {})", intent.epoch);
    let mut told = state.told.iter();
    told.any(|told| {
        let is_of_it = told.at > intent.written_at || told.subject.contains(&about);
        is_of_it && begins(told, Severity::Critical)
    })
}

/// When the faults stop, the system comes to rest.
fn rest(state: &mut State, now: Timestamp, goes_wrong: bool) {
    let disturbed = state.truth.disturbed_at.or(state.truth.began_at);
    let quiet = disturbed
        .map(|at| now.duration_since(at))
        .unwrap_or_default();
    let asked = state
        .questions
        .values()
        .any(|answer| *answer == Answer::None);
    // A run that has led what is not there now waits for it to its bound.
    let waits = state.truth.deleted.iter().any(|one| state.is_missing(one));
    if quiet < RESTS || asked || waits || !is_written_to_the_writer(state, now) {
        return;
    }
    let mut left = Vec::new();
    for (region, table) in &state.tables {
        if state.lost.contains(region) {
            continue;
        }
        let Some(row) = &table.row else { continue };
        // The lease of a run that has ended lapses where it could not be given back, or where a pass began after the end.
        let has_ended = |run_id: &RunId| {
            let mut all = state.executions.values();
            all.any(|started| started.name == run_id.0 && started.ended.is_some())
        };
        let is_open = |run_id: &RunId| {
            let run: Option<&Run> = table.runs.get(run_id);
            run.is_some_and(|run| run.closed.is_none()) && !has_ended(run_id)
        };
        let held = row.live_lease(now);
        // Its record is in the Region that it goes to alone.
        let is_young = |run_id| {
            let mut records = state.tables.values();
            let run: Option<&Run> = records.find_map(|table| table.runs.get(run_id));
            run.is_some_and(|run| {
                let rests = match run.kind {
                    RunKind::Failback => REBUILT,
                    RunKind::UnplannedFailover | RunKind::PlannedFailover => YOUNG,
                };
                now.duration_since(run.opened_at) < rests
            })
        };
        // Who stops a run that asks has answered nobody: its question, and the lease with it, stands as long as the plan gives people.
        let is_asked_about = |lease: &Lease| {
            let mut all = state.executions.values();
            lease.waits_for_human && all.any(|run| run.name == lease.run_id.0 && run.is_stopped)
        };
        let held = held.filter(|lease| !is_young(&lease.run_id) && !is_asked_about(lease));
        if let Some(lease) = held.filter(|lease| !goes_wrong || is_open(&lease.run_id)) {
            left.push(format!("the lease of {} in {region}", lease.run_id));
        }
        let intent = row.intent.as_ref();
        // What a run is at when the case ends is not left yet.
        let mut live = row.live_lease(now).into_iter();
        let is_at_work = live.any(|lease| is_young(&lease.run_id));
        let is_told = is_at_work || intent.is_none_or(|intent| is_change_told(state, intent));
        if !is_told {
            left.push(format!("an open change of writer in {region}, untold"));
        }
    }
    for (arn, started) in &state.executions {
        // RDS takes its time to make a member anew.
        let rests = match started.machine {
            "failback" => REBUILT,
            _ => YOUNG,
        };
        let is_young = now.duration_since(started.at) < rests;
        if started.ended.is_none() && !is_young && !state.lost.contains(&started.region) {
            left.push(format!("{arn} runs"));
        }
    }
    if !left.is_empty() {
        let what = format!("{} after the last trouble: {}", quiet, left.join("; "));
        state.truth.violated(Rule::ComesToRest, what);
    }
}
