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

    /// Why the next call waits.
    pub(super) fn rests(&self) -> Option<&'static str> {
        let is_within = |seconds: Option<f64>, bound| seconds.is_some_and(|age| age < bound);
        if is_within(self.open_seconds, OPEN_SECONDS) {
            return Some("RDS may have taken the call and does not show it yet");
        }
        is_within(self.refused_seconds, REFUSED_SECONDS)
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
        .filter(|_| run.plan.topology.strategy() == Strategy::Auto)
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
    if run.plan.topology.strategy() != Strategy::Auto {
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
mod tests {
    use super::*;
    use failover::{testing, topology::GlobalMember};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn quiet_since(second: i64) -> Looks {
        Looks::default().after(Seen::Rest, at(second))
    }

    fn refused(run: &mut Run, seconds: &[i64]) {
        for second in seconds {
            run.attempt(at(*second), STEP, FAIL_OVER);
            run.answered(Answer::Refused("not in this state".into()));
        }
    }

    #[test]
    fn a_managed_failover_is_given_up_after_refusals_half_a_minute_apart_with_nothing_else_seen() {
        let given_up = |seconds: &[i64], looks: Looks| {
            let mut run = testing::run();
            refused(&mut run, seconds);
            gives_up(&run, &looks, at(100)).map(|(_, why)| why)
        };
        assert_eq!(given_up(&[], quiet_since(0)), None);
        assert_eq!(given_up(&[10, 39], quiet_since(0)), None);
        let why = given_up(&[10, 20, 40], quiet_since(0)).unwrap();
        assert!(
            why.contains("3 times in 30 s") && why.contains("not in this state"),
            "{why}"
        );
        assert_eq!(
            given_up(&[10, 40], quiet_since(11)),
            None,
            "something was under way"
        );
        assert_eq!(given_up(&[10, 40], Looks::default()), None);
        let why = given_up(&[10, 20, 26, 55], quiet_since(21));
        assert!(why.is_some(), "a busy look begins the half minute anew");
    }

    #[test]
    fn a_managed_failover_that_rds_never_answers_is_asked_for_three_times_and_given_up_after_a_minute_of_quiet()
     {
        let mut run = testing::run();
        let judged = |run: &Run, now| {
            let tried = Tried::of(run, None, at(now));
            let quiet = gives_up(run, &quiet_since(0), at(now));
            (tried.is_spent, quiet.map(|(_, why)| why))
        };
        run.attempt(at(10), STEP, FAIL_OVER);
        run.attempt(at(20), STEP, FAIL_OVER);
        assert_eq!(judged(&run, 200), (false, None));
        run.attempt(at(30), STEP, FAIL_OVER);
        run.attempt(at(40), STEP, FAIL_OVER);
        let (is_spent, given_up) = judged(&run, 99);
        assert_eq!((is_spent, given_up), (true, None), "it may show yet");
        let (_, given_up) = judged(&run, 100);
        assert!(given_up.unwrap().contains("answered none of"));
        *run.plan.topology.strategy_mut() = Strategy::Managed;
        assert_eq!(judged(&run, 200), (false, None), "there is no other way");
    }

    #[test]
    fn a_managed_failover_that_rds_takes_and_calls_off_is_made_once_and_given_up_after_a_minute_of_quiet()
     {
        let mut run = testing::run();
        run.attempt(at(10), STEP, FAIL_OVER);
        run.answered(Answer::Taken);
        let operation = FailoverState {
            status: "failing-over".into(),
            to: "arn".into(),
            loses: Some(true),
        };
        let shown = Looks::default().after(Seen::Busy(Some(operation)), at(20));
        let called_off = shown.after(Seen::Rest, at(300));
        let given_up = |run: &Run, looks: &Looks, now| {
            let why = gives_up(run, looks, at(now));
            why.map(|(attempt, why)| (attempt.at, why))
        };
        assert_eq!(given_up(&run, &shown, 9_999), None, "it is under way");
        assert_eq!(given_up(&run, &called_off, 359), None);
        let (last, why) = given_up(&run, &called_off, 360).unwrap();
        assert!(last == at(10) && why.contains("called it off"), "{why}");
        *run.plan.topology.strategy_mut() = Strategy::Managed;
        assert_eq!(given_up(&run, &called_off, 360), None, "no other way");
    }

    #[test]
    fn a_look_that_names_no_writer_or_several_is_no_quiet() {
        let shown = |writers: &[bool]| {
            let members = writers.iter().map(|is_writer| GlobalMember {
                arn: "arn".into(),
                is_writer: *is_writer,
                synchronization: None,
            });
            seen(Some(&GlobalCluster {
                identifier: "orders-global-1".into(),
                resource_id: None,
                settings: Default::default(),
                status: "available".into(),
                engine_version: "16.4".into(),
                members: members.collect(),
                failover: None,
            }))
        };
        assert_eq!(shown(&[true, false]), Seen::Rest);
        for between in [[false, false], [true, true]] {
            assert_eq!(shown(&between), Seen::Busy(None));
        }
    }

    #[test]
    fn a_call_without_an_answer_keeps_the_managed_failover_from_being_given_up_until_a_minute_was_quiet()
     {
        let mut run = testing::run();
        run.attempt(at(5), STEP, FAIL_OVER);
        refused(&mut run, &[10, 45]);
        let looks = quiet_since(0);
        assert!(gives_up(&run, &looks, at(64)).is_none());
        assert!(gives_up(&run, &looks, at(65)).is_some());
    }

    #[test]
    fn a_plan_that_says_managed_is_never_detached() {
        let mut run = testing::run();
        *run.plan.topology.strategy_mut() = Strategy::Managed;
        refused(&mut run, &[10, 400]);
        assert!(gives_up(&run, &quiet_since(0), at(500)).is_none());
    }

    #[test]
    fn nothing_is_asked_for_again_while_a_call_may_show_and_a_refused_one_rests() {
        let rests = |open, refused| {
            let tried = Tried {
                open_seconds: open,
                refused_seconds: refused,
                ..Tried::default()
            };
            tried.rests().is_some()
        };
        assert!(!rests(None, None));
        assert!(rests(Some(9.0), None) && !rests(Some(10.0), None));
        assert!(rests(None, Some(4.0)) && !rests(None, Some(5.0)));
    }

    #[test]
    fn an_operation_hangs_a_minute_after_its_first_sight_and_somebodys_failover_ten() {
        let hangs = |seconds, loses| {
            let tried = Tried {
                unchanged_seconds: Some(seconds),
                ..Tried::default()
            };
            let operation = FailoverState {
                status: "pending".into(),
                to: "arn".into(),
                loses,
            };
            tried.hanging_seconds(&operation).is_some()
        };
        assert!(!hangs(59.0, Some(false)) && hangs(60.0, Some(false)));
        for losing in [Some(true), None] {
            assert!(!hangs(599.0, losing) && hangs(600.0, losing));
        }
    }
}
