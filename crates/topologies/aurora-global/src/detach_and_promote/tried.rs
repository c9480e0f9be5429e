//! What was tried to promote the standby, and what RDS shows of it: when a call is made again, and when another way is taken.

use jiff::Timestamp;
use serde::Serialize;

use super::STEP;
use failover::{
    Error,
    domain::seconds_between,
    ledger::{Answer, Attempt, Looks, Run, Seen},
    pass::calls,
    plan::Strategy,
    topology::{FailoverState, GlobalCluster},
};

/// How long nothing is asked for again after a call that may have been taken: RDS shows it seconds later.
const OPEN_SECONDS: f64 = 10.0;
/// How long a refused call rests before it is made again.
const REFUSED_SECONDS: f64 = 5.0;
/// How far the first and the last refusal of a managed failover lie apart before another way is taken.
const REFUSED_APART_SECONDS: f64 = 30.0;
/// How many calls of a managed failover stay without an answer before no more are made, so that quiet can tell what became of them.
const UNANSWERED_MAX: u32 = 3;
/// How long an operation that loses nothing is seen unchanged before it counts as hanging with its Region.
const HANGS_SECONDS: f64 = 60.0;
/// The same of one that may lose data: that is somebody's failover.
const LOSING_HANGS_SECONDS: f64 = 600.0;
/// The call of a managed failover.
pub(super) const FAIL_OVER: &str = "fail_over";
/// The call of a detach.
pub(super) const DETACH: &str = "detach";

/// What the run's record says of its calls, and of what its looks showed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Tried {
    /// What the looks at RDS showed so far, this one included.
    pub looks: Looks,
    /// Seconds since the last call that may have been taken.
    pub open_seconds: Option<f64>,
    /// Seconds since the last refusal, whatever was asked for.
    pub refused_seconds: Option<f64>,
    /// Why the managed failover is given up for a detach.
    pub given_up: Option<String>,
    /// How long the operation under way has been seen unchanged, in seconds.
    pub unchanged_seconds: Option<f64>,
    /// Whether no more calls of a managed failover are made: one was taken, or too many stayed without an answer.
    pub is_spent: bool,
    /// How old the evidence is, in seconds; `None` where a human is the evidence.
    pub evidence_seconds: Option<f64>,
}

impl Tried {
    pub(super) fn of(run: &Run, global: Option<&GlobalCluster>, now: Timestamp) -> Self {
        let looks = run.looks.after(seen(global), now);
        let refused = run.attempts.iter().filter(|attempt| {
            attempt.step == STEP && matches!(attempt.answer, Some(Answer::Refused(_)))
        });
        let since = |at| seconds_between(at, now);
        let confirmed = run.confirmed.as_ref();
        Self {
            open_seconds: calls::open(run).map(|attempt| since(attempt.at)),
            refused_seconds: refused.map(|attempt| since(attempt.at)).reduce(f64::min),
            given_up: gives_up(run, &looks, now).map(|(_, why)| why),
            unchanged_seconds: looks.unchanged_seconds(now),
            evidence_seconds: confirmed.map(|confirmed| since(confirmed.evidence.gathered_at)),
            is_spent: spent(run).is_some(),
            looks,
        }
    }

    /// Why nothing is decided yet: the last call may have been taken, and RDS does not show it.
    pub(super) fn may_be_taken(&self) -> Option<&'static str> {
        self.open_seconds
            .is_some_and(|age| age < OPEN_SECONDS)
            .then_some("RDS may have taken the call and does not show it yet")
    }

    /// Why the next call waits: RDS refused the last one.
    pub(super) fn was_refused(&self) -> Option<&'static str> {
        self.refused_seconds
            .is_some_and(|age| age < REFUSED_SECONDS)
            .then_some("RDS refused the call a moment ago")
    }

    /// Whether an operation has been seen unchanged for so long that it says nothing of a target which leads already.
    pub(super) fn outlasts_its_end(&self) -> bool {
        self.unchanged_seconds
            .is_some_and(|seconds| seconds >= HANGS_SECONDS)
    }

    /// Lets the managed failover go on that is not given up.
    ///
    /// # Errors
    /// `EvidenceStale`: the outage is confirmed again before another way is taken.
    pub(super) fn goes_on(&self) -> Result<(), Error> {
        match &self.given_up {
            None => Ok(()),
            Some(why) => Err(Error::EvidenceStale(format!(
                "{why}; confirming again before another way is taken"
            ))),
        }
    }

    /// For how long an operation has been hanging with the Region that is left, in seconds.
    pub(super) fn hanging_seconds(&self, operation: &FailoverState) -> Option<f64> {
        let bound = match operation.loses {
            Some(false) => HANGS_SECONDS,
            Some(true) | None => LOSING_HANGS_SECONDS,
        };
        self.unchanged_seconds
            .map(|seconds| seconds - bound)
            .filter(|hanging| *hanging >= 0.0)
    }
}

fn seen(global: Option<&GlobalCluster>) -> Seen {
    match global {
        // Between two writers RDS is at something, whatever its status says.
        Some(global) if global.is_between_writers() => Seen::Busy(None),
        Some(global) if global.failover.is_none() && global.status == "available" => Seen::Rest,
        Some(global) => Seen::Busy(global.failover.clone()),
        None => Seen::Busy(None),
    }
}

/// The last calls of a managed failover behind which no more are made, where the plan leaves another way open: RDS took one, or too
/// many stayed without an answer.
fn spent(run: &Run) -> Option<&Attempt> {
    let is_spent = |attempt: &&Attempt| match attempt.answer {
        Some(Answer::Taken) => true,
        Some(Answer::Refused(_)) => false,
        None => attempt.times >= UNANSWERED_MAX,
    };
    let attempts = run.attempts.iter().filter(is_of_it).filter(is_spent);
    attempts
        .max_by_key(|attempt| attempt.at)
        .filter(|_| run.plan.topology.strategy() == Some(Strategy::Auto))
}

fn is_of_it(attempt: &&Attempt) -> bool {
    attempt.step == STEP && attempt.action == FAIL_OVER
}

/// Whether a managed failover leads nowhere, where the plan leaves another way open: the last call, and why. RDS refused it, at
/// least 30 s after the first refusal and with nothing under way in any look of that time. Or it took one, or answered none of
/// several, and has shown nothing under way for a minute since. No other call of the run is open.
pub(crate) fn gives_up<'a>(
    run: &'a Run,
    looks: &Looks,
    now: Timestamp,
) -> Option<(&'a Attempt, String)> {
    if run.plan.topology.strategy() != Some(Strategy::Auto) {
        return None;
    }
    let open = calls::open(run).is_some_and(|open| !looks.is_quiet(open.at, now));
    if let Some(spent) = spent(run).filter(|_| !open) {
        let what = match spent.answer {
            Some(_) => "took the managed failover and called it off, or never began it".to_owned(),
            None => format!(
                "answered none of {} calls of the managed failover",
                spent.times
            ),
        };
        let why = format!("RDS {what}, and showed nothing under way for a minute");
        return Some((spent, why));
    }
    let mut attempts = run.attempts.iter().filter(is_of_it);
    let (refused, words) = attempts.find_map(|attempt| match &attempt.answer {
        Some(Answer::Refused(words)) => Some((attempt, words)),
        Some(Answer::Taken) | None => None,
    })?;
    // What was refused while something was under way does not count.
    let since = looks.quiet_since?.max(refused.first_at);
    let apart = seconds_between(since, refused.at) >= REFUSED_APART_SECONDS;
    (apart && !open).then(|| {
        let why = format!(
            "RDS refused the managed failover {} times in {:.0} s while it showed nothing under way, the last time with: {words}",
            refused.times,
            seconds_between(refused.first_at, refused.at)
        );
        (refused, why)
    })
}

#[cfg(test)]
mod tests;
