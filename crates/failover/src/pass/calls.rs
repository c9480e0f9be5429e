//! What a run's record says of the calls that promote: whether one of them may still come about.

use jiff::Timestamp;

use crate::{
    Error,
    domain::seconds_between,
    guard,
    ledger::{Answer, Attempt, Run},
    pass::Pass,
    patience::{Shown, Trouble, patience},
    plan::Topology,
    ports::{Ledger, Runtime},
};

/// What stands for a call that a run made whose record is gone.
const UNKNOWN: &str = "unknown";

/// The promoting ones of these calls.
fn promoting<'a>(
    topology: &Topology,
    attempts: &'a [Attempt],
) -> impl DoubleEndedIterator<Item = &'a Attempt> {
    let runs = topology.kind().runs();
    attempts
        .iter()
        .filter(|attempt| runs.promoting().any(|step| step == attempt.step))
}

/// Whether one of these calls may have come about, or may yet.
#[must_use]
pub fn any_open(topology: &Topology, attempts: &[Attempt]) -> bool {
    promoting(topology, attempts).any(is_open)
}

/// Whether anything was asked for that promotes, whatever came of it.
#[must_use]
pub fn any(run: &Run) -> bool {
    let mut promoting = promoting(&run.plan.topology, &run.attempts);
    promoting.next().is_some()
}

fn is_open(attempt: &Attempt) -> bool {
    match &attempt.answer {
        None | Some(Answer::Taken) => true,
        Some(Answer::Refused(_)) => false,
    }
}

/// The last promoting call that may have come about, or may yet: it was taken, or its answer was never seen.
#[must_use]
pub fn open(run: &Run) -> Option<&Attempt> {
    let promoting = promoting(&run.plan.topology, &run.attempts);
    promoting
        .filter(|attempt| is_open(attempt))
        .max_by_key(|attempt| attempt.at)
}

/// Whether a pass that cannot look is made again: a call may have come about, and a run that ends there leaves the writer between
/// two Regions. Before the first call, while the evidence is good. Whoever forces a pass sees for themselves.
#[must_use]
pub fn outlasts_silence(run: &Run, now: Timestamp) -> bool {
    let is_fresh = || guard::freshness(&run.plan, run.confirmed.as_ref(), now).is_ok();
    !run.forced && (may_show(run, now) || is_fresh())
}

/// Whether a promoting call, or what it promoted, is so new that RDS may still show what passes: as long as silence is waited for.
#[must_use]
pub fn may_show(run: &Run, now: Timestamp) -> bool {
    let called = open(run).map(|open| open.at);
    let since = called.max(run.promoted_at);
    let allowed = patience(Trouble::Silent, Shown::UnderWay);
    since
        .zip(allowed)
        .is_some_and(|(since, allowed)| seconds_between(since, now) < allowed.as_secs_f64())
}

/// What RDS said when it last refused a promoting call of the run.
#[must_use]
pub fn last_refusal(run: &Run) -> Option<(&Attempt, &str)> {
    let promoting = promoting(&run.plan.topology, &run.attempts);
    let refusals = promoting.filter_map(|attempt| match &attempt.answer {
        Some(Answer::Refused(words)) => Some((attempt, words.as_str())),
        Some(Answer::Taken) | None => None,
    });
    refusals.max_by_key(|(attempt, _)| attempt.at)
}

/// Takes the calls over that the run made whose change of writer this one is about to take over: what they left open is open
/// for this one too. Noted before anything else of that is written.
///
/// # Errors
/// `Unavailable` when the ledger does not answer.
pub async fn inherit(world: &(impl Ledger + Runtime), pass: &mut Pass) -> Result<(), Error> {
    let run = &pass.run;
    let theirs = pass.rows.intent().filter(|intent| intent.to == run.to);
    let Some(intent) = theirs.filter(|intent| intent.run_id != run.run_id) else {
        return Ok(());
    };
    let here = world.region();
    let before = world.run(here, run.name(), &intent.run_id).await?;
    let attempts = match before {
        Some(before) => promoting(&before.plan.topology, &before.attempts)
            .cloned()
            .collect(),
        None => vec![Attempt {
            step: run.plan.kind().runs().promote_by.into(),
            action: UNKNOWN.into(),
            first_at: intent.written_at,
            at: intent.written_at,
            times: 1,
            answer: None,
        }],
    };
    if attempts.is_empty() {
        return Ok(());
    }
    pass.run.attempts.splice(0..0, attempts);
    world.put_run(here, &pass.run).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Epoch,
        ledger::{Intent, PlanState, Rows},
        testing,
    };

    fn attempt(step: &str, answer: Option<Answer>) -> Attempt {
        Attempt {
            step: step.into(),
            action: "a".into(),
            first_at: Timestamp::UNIX_EPOCH,
            at: Timestamp::UNIX_EPOCH,
            times: 1,
            answer,
        }
    }

    #[test]
    fn a_call_is_open_until_it_was_refused() {
        let is_open = |attempts: Vec<Attempt>| {
            let run = Run {
                attempts,
                ..testing::run()
            };
            open(&run).is_some()
        };
        let refused = || Some(Answer::Refused("no".into()));
        assert!(!is_open(Vec::new()));
        assert!(is_open(vec![attempt("planned_failover", None)]));
        assert!(is_open(vec![attempt(
            "detach_and_promote",
            Some(Answer::Taken)
        )]));
        assert!(!is_open(vec![attempt("planned_failover", refused())]));
        let lost_earlier = [None, refused()].map(|answer| attempt("planned_failover", answer));
        assert!(is_open(lost_earlier.into()));
        assert!(
            !is_open(vec![attempt("ecs_restart", None)]),
            "promotes nothing"
        );
    }

    #[test]
    fn what_a_call_shows_may_pass_for_half_an_hour() {
        let may_show = |attempts: Vec<Attempt>, second| {
            let run = Run {
                attempts,
                forced: true,
                ..testing::run()
            };
            may_show(&run, Timestamp::from_second(second).unwrap())
        };
        let called = || vec![attempt("planned_failover", Some(Answer::Taken))];
        assert!(may_show(called(), 1_799) && !may_show(called(), 1_800));
        assert!(!may_show(Vec::new(), 0));
    }

    #[tokio::test]
    async fn whoever_takes_a_change_of_writer_over_takes_its_open_calls_over() {
        let row = PlanState {
            intent: Some(Intent {
                epoch: Epoch(8),
                from: "us-west-2".into(),
                to: "us-east-1".into(),
                global_cluster: None,
                run_id: "before".into(),
                written_at: Timestamp::UNIX_EPOCH,
            }),
            ..PlanState::new("orders".into())
        };
        let books = testing::Books::with(&row);
        let pass = || Pass {
            run: testing::run(),
            rows: Rows(books.rows()),
            now: books.now(),
            dry_run: false,
        };
        let mut unknown = pass();
        inherit(&books, &mut unknown).await.unwrap();
        assert!(open(&unknown.run).is_some(), "its record is gone");
        let before = Run {
            run_id: "before".into(),
            ..testing::run()
        };
        books.put_run(&before.to, &before).await.unwrap();
        let mut without_a_call = pass();
        inherit(&books, &mut without_a_call).await.unwrap();
        assert!(open(&without_a_call.run).is_none());
        let lost = Run {
            attempts: vec![attempt("planned_failover", None)],
            ..before
        };
        books.put_run(&lost.to, &lost).await.unwrap();
        let mut taken_over = pass();
        inherit(&books, &mut taken_over).await.unwrap();
        assert!(open(&taken_over.run).is_some());
        assert_eq!(books.runs()[&taken_over.run.run_id], taken_over.run);
    }
}
