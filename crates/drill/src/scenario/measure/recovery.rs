//! Which outage an unplanned run ended, and the moments in it. None is taken from another outage, nor from a run that moved the
//! writer as planned.

use crate::{
    client::Outage,
    report::{Moments, Run},
    runs::is_unplanned,
};

/// What was seen beside the runs, in milliseconds of Unix time.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// When each suspicion was published.
    pub(super) suspected: Vec<i64>,
    /// When each change of DNS was asked for, and when it was answered.
    pub(super) dns_changed: Vec<(i64, i64)>,
    /// When the simulated RDS took a call to promote a standby.
    pub(super) promotion_taken: Vec<i64>,
    /// When it had promoted one.
    pub(super) promotion_completed: Vec<i64>,
}

/// The run that took over, and the outage that it ended.
#[derive(Debug, PartialEq)]
pub(super) struct Recovery<'a> {
    pub(super) run: &'a Run,
    pub(super) moments: Moments,
    /// When DNS had moved, in milliseconds of Unix time.
    pub(super) dns_moved: Option<i64>,
    /// How long the simulated RDS held the promotion, in milliseconds.
    pub(super) promotion_ms: Option<i64>,
}

/// The first recovery by a run that succeeded, else by any that proved its writer.
pub(super) fn recovery<'a>(
    outages: &[Outage],
    runs: &'a [Run],
    seen: &Seen,
) -> Option<Recovery<'a>> {
    let unplanned = || runs.iter().filter(|run| is_unplanned(&run.machine));
    let mut proved: Vec<_> = unplanned()
        .filter_map(|run| Some((run, left(run, "ProveWriter")?)))
        .collect();
    proved.sort_by_key(|(run, _)| run.outcome.as_deref() != Some("succeeded"));
    proved.into_iter().find_map(|(run, proven)| {
        let ends_after = |outage: &&Outage| outage.until_ms.is_none_or(|until| until >= proven);
        let mut outages = outages.iter().filter(ends_after);
        let outage = outages.find(|outage| outage.from_ms <= proven)?;
        let before = |at: &i64| (outage.from_ms..=proven).contains(at);
        let after = |at: i64| (proven..=outage.until_ms.unwrap_or(i64::MAX)).contains(&at);
        // A run that finishes what another began has confirmed nothing itself.
        let confirms = |run| left(run, "ConfirmOutage").filter(before);
        let confirmed = confirms(run).or_else(|| unplanned().filter_map(confirms).max());
        let mut suspected = seen.suspected.iter().copied().filter(before);
        let suspected = suspected.find(|at| confirmed.is_none_or(|confirmed| *at <= confirmed));
        // Whoever asks DNS may be answered by it before the change's own answer is back.
        let mut changed = seen.dns_changed.iter();
        let changed = changed.find(|(asked, _)| after(*asked));
        let dns_moved = changed
            .map(|(_, answered)| outage.until_ms.map_or(*answered, |end| end.min(*answered)));
        Some(Recovery {
            run,
            moments: Moments::from_ms([
                Some(outage.from_ms),
                suspected,
                confirmed,
                Some(proven),
                dns_moved,
                outage.until_ms,
            ]),
            dns_moved,
            promotion_ms: held(seen, &before),
        })
    })
}

/// From the promotion that was taken in the outage to its completion.
fn held(seen: &Seen, within: &impl Fn(&i64) -> bool) -> Option<i64> {
    let mut taken = seen.promotion_taken.iter().copied();
    let taken = taken.find(within)?;
    let mut completed = seen.promotion_completed.iter();
    let completed = completed.find(|at| **at >= taken && within(at))?;
    Some(completed - taken)
}

/// When a run last left a state, in milliseconds of Unix time.
fn left(run: &Run, state: &str) -> Option<i64> {
    let mut states = run.states.iter();
    let found = states.find(|seen| seen.name == state)?;
    found.exited_at.map(|at| at.as_millisecond())
}

#[cfg(test)]
mod tests;
