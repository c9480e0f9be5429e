//! What a run's end rests on, in sentences for people: what it did, what was measured, what was not seen, what is left.

use crate::{confirm_outage, recovery_ledger::STEP};
use failover::{
    evidence::Verdict,
    ledger::{Closed, Outcome, Run, RunKind},
    notify::utc,
    plan::UNNAMED,
};

/// The account of a run that ended, one thing a line.
pub(super) fn account(run: &Run, closed: &Closed) -> String {
    let mut lines = vec![did(run).to_owned()];
    lines.extend(differs(run, &lines[0]));
    lines.extend(closed.rto_seconds.map(|rto| format!("RTO {rto:.1} s")));
    if closed.outcome == Outcome::Succeeded {
        lines.push(rpo(run, closed));
        lines.extend(not_seen(run, &lines));
    }
    lines.extend(closed.left.iter().map(|left| format!("Left: {left}")));
    lines.join("\n")
}

/// What the run found, where it was to answer an outage, or else what it did last.
fn did(run: &Run) -> &str {
    let is_unplanned = run.kind == RunKind::UnplannedFailover;
    let mut latest_first = run.timeline.iter().rev();
    let shown = latest_first.find(|entry| match is_unplanned {
        true => entry.step == confirm_outage::STEP,
        false => entry.step != STEP,
    });
    match shown {
        Some(entry) => &entry.reason,
        None if is_unplanned => "The outage was not confirmed by this run.",
        None => "Nothing was done.",
    }
}

/// What of the rebuilt members is not as it was, unless that is said already.
fn differs(run: &Run, said: &str) -> Vec<String> {
    let differs = not_as_it_was(run).filter(|differs| !said.contains(differs));
    differs
        .map(|differs| format!("The rebuild: {differs}."))
        .collect()
}

/// What a run's rebuilds said at their ends of what is not as it was.
fn not_as_it_was(run: &Run) -> impl Iterator<Item = &str> {
    let rebuilding = run.plan.kind().runs().rebuilding;
    run.timeline.iter().filter_map(move |entry| {
        let is_end = Some(entry.step.as_str()) == rebuilding && entry.action == "none";
        let (_, rest) = entry.reason.split_once(". ").filter(|_| is_end)?;
        Some(rest)
    })
}

/// That nobody looked where applications write, where the plan names no place. A planned run has just said so itself.
fn not_seen(run: &Run, said: &[String]) -> Option<String> {
    let is_said = said.iter().any(|line| line.contains(UNNAMED));
    (!run.plan.names_its_writer() && !is_said).then(|| format!("Not seen: {UNNAMED}."))
}

/// What of an old writer that came back is in no count.
fn came_back(run: &Run, closed: &Closed) -> String {
    let left = &run.from;
    let list = match run.plan.kind().runs().failback {
        Some(_) => "The failback lists what it took",
        None => "Nothing lists what it took: keep a last snapshot of it and compare",
    };
    match closed.came_back_until {
        Some(until) => format!(
            ": the writer in {left} came back after it was left, and committed a beat at {}. {list}",
            utc(until)
        ),
        None if closed.is_heard_again => format!(
            ": {left} is heard again, and its writer may have taken writes before it was shut. {list}"
        ),
        None => String::new(),
    }
}

/// What was counted as lost, and the most that can be. Nobody sees whether a writer goes on whose whole Region is not heard: it may
/// only be cut off, and take writes of what is in there with it.
fn rpo(run: &Run, closed: &Closed) -> String {
    let counted = match &closed.rpo {
        Some(loss) => format!("RPO {:.1} s ({} beats)", loss.seconds, loss.beats),
        None => format!("RPO unknown{}", came_back(run, closed)),
    };
    let most = closed.at_most_seconds;
    let verdict = run.confirmed.as_ref().map(|confirmed| confirmed.verdict);
    let unheard = if verdict == Some(Verdict::RegionDown) {
        format!(
            " if the writer in {}, which nobody hears, takes no more",
            run.from
        )
    } else {
        String::new()
    };
    most.map_or(counted.clone(), |most| {
        format!("{counted}, at most {most:.1} s{unheard}")
    })
}
