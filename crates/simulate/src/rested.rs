//! What must be so once a case has ended, whatever runs say of themselves: nothing that was deposed is open, what nothing hindered
//! is done, and no list of lost rows is too short.

use std::collections::BTreeSet;

use failover::{
    domain::Region,
    ledger::{Outcome, RunKind},
    notify::parts,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    api::Api,
    case::{Case, Event, HOME, Kind, Timed},
    database::{Condition, Database},
    state::State,
    switch::FOLLOWS,
    truth::Rule,
};

/// So long after the last trouble nothing that was deposed is open any more.
const SHUT: SignedDuration = SignedDuration::from_mins(8);
/// A switch that was put on so long ago is on for everybody.
const READ: SignedDuration = SignedDuration::from_secs(8);
/// What the plan takes as lost at most, and two intervals by which nobody sees it.
const MOST_LOST: SignedDuration = SignedDuration::from_secs(70);
/// So long after what it is about a case has its end.
const DONE: f64 = 780.0;

/// A case has ended.
pub(crate) fn at_the_end(case: &Case, state: &mut State, now: Timestamp) {
    open(state, now);
    undone(case, state);
    astray(state, now);
    unlisted(state);
    // Whoever dies after telling has told; of two calls that go wrong both may be about that.
    if case.faults.each().count() <= 1 {
        untold(state);
    }
}

/// A deposed writer that takes applications' writes, of which nobody was told.
fn open(state: &mut State, now: Timestamp) {
    let Some((_, proven)) = state.proven() else {
        return;
    };
    let since = state.truth.disturbed_at.or(state.truth.began_at);
    let is_told = state.told.iter().any(|told| Some(told.at) >= since);
    let quiet = since.map(|since| now.duration_since(since));
    if quiet.unwrap_or_default() < SHUT || is_told || state.killed {
        return;
    }
    let is_open = |(own, found): &(&String, &Database)| {
        let lets_in = found.takes_writes() && found.is_open();
        **own != proven && lets_in && found.condition == Condition::Serves
    };
    let all = state.databases.iter().filter(is_open);
    let all = all.filter(|(_, found)| !state.lost.contains(&found.region));
    let all = all.filter(|(_, found)| !is_begun_and_told(state, &found.region));
    let open: Vec<_> = all.map(|(own, _)| own.clone()).collect();
    if !open.is_empty() {
        let what = format!(
            "{} took writes beside {proven}, and nobody was told",
            open.join(", ")
        );
        state.truth.violated(Rule::DeposedIsShut, what);
    }
}

/// An application's name that leads elsewhere than to the proven writer, although every bucket answers and no run holds the plan.
fn astray(state: &mut State, now: Timestamp) {
    let since = state.truth.disturbed_at.or(state.truth.began_at);
    let quiet = since.map(|since| now.duration_since(since));
    let is_hindered = state.killed
        || state.is_plan_deleted
        || !(state.lost.is_empty() && state.cut.is_empty() && state.silent.is_empty());
    if !state.has_switch() || quiet.unwrap_or_default() < SHUT || is_hindered {
        return;
    }
    let rows = state.tables.values().filter_map(|table| table.row.as_ref());
    let mut held = rows.map(|row| row.lease.is_some() || row.intent.is_some());
    let Some(proven) = state.proven().filter(|_| !held.any(|held| held)) else {
        return;
    };
    let wanted = state.databases.get(&proven.1).map(|found| &found.region);
    let led = state.switch.leads_to(now - FOLLOWS, &state.lost);
    if wanted.is_some_and(|wanted| *wanted != led) {
        let what = format!(
            "the application's name leads to {led}, and {wanted:?} has the writer of epoch {}",
            proven.0
        );
        state.truth.violated(Rule::SwitchFollows, what);
    }
}

/// Whether a change of writer to a Region stands open, and people were told that no run finishes it: once for each epoch, however many
/// runs take it up.
fn is_begun_and_told(state: &State, region: &Region) -> bool {
    let rows = state.tables.values().filter_map(|table| table.row.as_ref());
    let mut begun = rows
        .filter_map(|row| row.intent.as_ref())
        .filter(|intent| intent.to == *region);
    begun.any(|intent| {
        let what = format!("(epoch {}) {}", intent.epoch, parts::UNFINISHED);
        let mut told = state.told.iter();
        told.any(|told| told.subject.contains(&what))
    })
}

/// What nothing hinders is done: a Region that is lost for good was left.
fn undone(case: &Case, state: &mut State) {
    let proven = state.proven().map(|(_, own)| own);
    let found = proven.clone();
    let found = found.and_then(|own| Some((own.clone(), state.databases.get(&own)?)));
    let writes_in = found.as_ref().map(|(_, found)| found.region.clone());
    let is_written = found.as_ref().is_some_and(|(own, _)| {
        let last = state.truth.acknowledged.last();
        last.is_some_and(|last| last.resource_id == *own)
    });
    if let Some(left) = left(case) {
        // Names cannot be led while the Region is gone that Route 53 is changed in.
        let is_led = is_written || left == left.of_route53();
        let is_gone = |region: &Region| *region == left || state.lost.contains(region);
        if !is_led || writes_in.as_ref().is_none_or(is_gone) {
            let what = format!("nothing hinders it, and nobody writes outside {left}");
            state.truth.violated(Rule::UnhinderedIsDone, what);
        }
    }
    if let Some(promoted) = promoted(case, state) {
        let mut told = state.told.iter();
        let is_given_up = told.any(|told| told.subject.contains(parts::INCOMPLETE));
        if is_given_up || proven.as_ref() != Some(&promoted) {
            let what = format!(
                "nothing hinders it, and the run that promotes {promoted} does not prove it"
            );
            state.truth.violated(Rule::UnhinderedIsDone, what);
        }
    }
    if goes_home(case) && (!is_written || writes_in != Some(HOME.into())) {
        let what = format!("nothing hinders it, and the writer is in {writes_in:?}");
        state.truth.violated(Rule::UnhinderedIsDone, what);
    }
}

/// So many seconds a failback may take that makes two members anew.
const REBUILDS_TWO: u32 = 6_000;

/// Whether the writer is brought home, where nothing hinders that: people start it, and say yes.
fn goes_home(case: &Case) -> bool {
    let is_calm = case.faults.is_empty() && case.passes.is_empty();
    let started = case.events.iter().position(|timed| {
        matches!(&timed.event, Event::Started(machine, _, input) if machine == "failback" && *input == json!({"plan": "orders"}))
    });
    let after = started.map(|at| &case.events[at + 1..]).unwrap_or_default();
    let is_allowed = after
        .first()
        .is_some_and(|timed| timed.event == Event::Answered(true));
    let is_left_alone = after
        .iter()
        .all(|timed| timed.event == Event::Answered(true));
    let members = case.plan.pointer("/topology/members");
    let has_time = members.is_none() || case.seconds >= REBUILDS_TWO;
    case.kind == Kind::Failback && is_calm && is_allowed && is_left_alone && has_time
}

/// The Region that is lost for good, where nothing hinders that it is left: nothing goes wrong beside, and people said yes where the
/// plan asks them.
fn left(case: &Case) -> Option<Region> {
    if !case.faults.is_empty() || !case.passes.is_empty() {
        return None;
    }
    let lost = |timed: &Timed| match (case.kind, &timed.event) {
        (Kind::RegionLoss | Kind::Failback, Event::Lost(region))
        | (Kind::WriterDeath, Event::Server(region, Condition::Gone)) => {
            Some((timed.at, region.clone()))
        }
        _ => None,
    };
    let lost = case.events.iter().rev().find_map(lost);
    let (at, region) = lost?;
    let after = || case.events.iter().filter(move |timed| timed.at >= at);
    let comes_back = after().any(|timed| {
        let back = [
            Event::Back(region.clone()),
            Event::Server(region.clone(), Condition::Serves),
        ];
        back.contains(&timed.event)
    });
    let asks = case.plan.pointer("/unplanned/region_down").is_some();
    let is_allowed = after().any(|timed| timed.event == Event::Answered(true));
    let last = case.events.last().map_or(0.0, |last| last.at);
    let is_over = f64::from(case.seconds) - last >= DONE;
    let is_left = !comes_back && is_over && (!asks || is_allowed);
    is_left.then_some(region)
}

/// The cluster that RDS has promoted, where Regions are lost and nothing else happens, and its own is not.
fn promoted(case: &Case, state: &State) -> Option<String> {
    let mut events = case.events.iter();
    let is_calm = case.faults.is_empty() && case.passes.is_empty();
    let only_lost =
        events.all(|timed| matches!(timed.event, Event::Lost(_) | Event::Answered(true)));
    let promoted = state
        .truth
        .promoted
        .clone()
        .filter(|_| is_calm && only_lost)?;
    let region = &state.databases.get(&promoted)?.region;
    (!state.lost.contains(region)).then_some(promoted)
}

/// The end of an unplanned run that proved a writer, of which nobody was told. Its Region's clock, by which it is written down, may be
/// wrong, and so may be that by which people were told of it.
fn untold(state: &mut State) {
    let runs = state.tables.values().flat_map(|table| table.runs.values());
    let ended = runs.filter_map(|run| {
        let closed = run.closed.as_ref()?;
        let proved = closed.outcome == Outcome::Succeeded && run.kind == RunKind::UnplannedFailover;
        proved.then(|| (run.run_id.clone(), run.to.clone(), closed.at))
    });
    let is_told = |(_, to, at): &(_, Region, Timestamp)| {
        let mut told = state.told.iter();
        told.any(|told| told.region == *to && told.by_its_clock >= *at)
    };
    let is_silent = |to: &Region| state.silent.contains(&(Api::People, to.clone()));
    let untold: Vec<_> = ended
        .filter(|end| !is_told(end) && !is_silent(&end.1))
        .collect();
    for (run, _, at) in untold {
        let what = format!("{at}: {run} ended, and nobody was told");
        state.truth.violated(Rule::OutageIsAnswered, what);
    }
}

/// A list of what a deposed writer had alone names every row that an application was told of.
fn unlisted(state: &mut State) {
    let Some((_, proven)) = state.proven() else {
        return;
    };
    let held: BTreeSet<u64> = state
        .databases
        .get(&proven)
        .map(Database::rows)
        .unwrap_or_default();
    let accounts = state
        .tables
        .values()
        .flat_map(|table| table.losses.values());
    let finished = accounts.filter(|found| found.summary.is_some() && found.unknown.is_none());
    let mut short = Vec::new();
    for account in finished {
        let listed: u64 = account.tables.iter().map(|table| table.only_here).sum();
        let written = state.truth.acknowledged.iter().filter(|write| {
            Some(&write.resource_id) == account.resource_id.as_ref() && !held.contains(&write.row)
        });
        let lost = u64::try_from(written.count()).unwrap_or(u64::MAX);
        if listed < lost {
            let of = &account.cluster;
            short.push(format!(
                "{listed} rows of {of} are listed as lost, and {lost} are"
            ));
        }
    }
    for what in short {
        state.truth.violated(Rule::LossIsTold, what);
    }
}

impl State {
    /// What people said against a promotion that nobody of them allowed.
    pub(crate) fn refused(
        &self,
        now: Timestamp,
        (proven, promoted): (&str, &str),
    ) -> Option<&'static str> {
        let is_lost = |found: &Database| self.lost.contains(&found.region);
        let asks = self.document.contains(r#""region_down":"approval""#);
        if asks && self.databases.get(proven).is_some_and(is_lost) {
            return Some("the plan wants a human's word");
        }
        if self.loses(proven, promoted) > MOST_LOST {
            return Some("the plan takes no such loss");
        }
        let said = self.truth.disturbed_at.map(|at| now.duration_since(at));
        let is_late = said.is_some_and(|said| said >= READ);
        (self.killed && is_late).then_some("the kill switch is on")
    }

    /// How much a promotion loses of what the writer had when it was last reached. What it takes where nobody hears it nobody knows.
    fn loses(&self, proven: &str, promoted: &str) -> SignedDuration {
        let last = |own: &str| Some(self.databases.get(own)?.log.last()?.0);
        let had = last(proven).map(|last| match self.truth.unreachable {
            Some((since, _)) => last.min(since),
            None => last,
        });
        let lost = had.zip(last(promoted));
        lost.map_or(SignedDuration::ZERO, |(had, held)| had.duration_since(held))
    }
}
