//! What a run's record says of the calls that promote: whether one of them may still come about.

use jiff::Timestamp;

use super::{Pass, detach_and_promote, planned_failover};
use crate::{
    Error,
    domain::seconds_between,
    guard,
    ledger::{Answer, Attempt, Run},
    patience::{Shown, Trouble, patience},
    ports::{Here, Ledger},
};

/// What stands for a call that a run made whose record is gone.
const UNKNOWN: &str = "unknown";

fn promotes(attempt: &&Attempt) -> bool {
    [planned_failover::STEP, detach_and_promote::STEP].contains(&attempt.step.as_str())
}

/// Whether one of these calls may have come about, or may yet.
pub(super) fn any_open(attempts: &[Attempt]) -> bool {
    attempts
        .iter()
        .filter(promotes)
        .any(|attempt| is_open(&attempt))
}

/// Whether anything was asked for that promotes, whatever came of it.
pub(super) fn any(run: &Run) -> bool {
    run.attempts.iter().any(|attempt| promotes(&attempt))
}

/// Whether it is a managed failover that RDS refused.
pub(super) fn is_refused_failover(attempt: &Attempt) -> bool {
    let refused = matches!(attempt.answer, Some(Answer::Refused(_)));
    refused && attempt.step == detach_and_promote::STEP && attempt.action == "fail_over"
}

fn is_open(attempt: &&Attempt) -> bool {
    match &attempt.answer {
        None | Some(Answer::Taken) => true,
        Some(Answer::Refused(_)) => false,
    }
}

/// The last promoting call that may have come about, or may yet: it was taken, or its answer was never seen.
pub(super) fn open(run: &Run) -> Option<&Attempt> {
    let attempts = run.attempts.iter().filter(promotes).filter(is_open);
    attempts.max_by_key(|attempt| attempt.at)
}

/// Whether a pass that cannot look is made again: a call may have come about, and a run that ends there leaves the writer between
/// two Regions. Before the first call, while the evidence is good. Whoever forces a pass sees for themselves.
pub(super) fn outlasts_silence(run: &Run, now: Timestamp) -> bool {
    let is_fresh = || guard::freshness(&run.plan, run.confirmed.as_ref(), now).is_ok();
    !run.forced && (may_show(run, now) || is_fresh())
}

/// Whether a promoting call, or what it promoted, is so new that RDS may still show what passes: as long as silence is waited for.
pub(super) fn may_show(run: &Run, now: Timestamp) -> bool {
    let called = open(run).map(|open| open.at);
    let since = called.max(run.promoted_at);
    let allowed = patience(Trouble::Silent, Shown::UnderWay);
    since
        .zip(allowed)
        .is_some_and(|(since, allowed)| seconds_between(since, now) < allowed.as_secs_f64())
}

/// What RDS said when it last refused a promoting call of the run.
pub(super) fn last_refusal(run: &Run) -> Option<(&Attempt, &str)> {
    let refusals = run.attempts.iter().filter(promotes);
    let refusals = refusals.filter_map(|attempt| match &attempt.answer {
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
pub(super) async fn inherit(world: &(impl Ledger + Here), pass: &mut Pass) -> Result<(), Error> {
    let run = &pass.run;
    let theirs = pass.rows.intent().filter(|intent| intent.to == run.to);
    let Some(intent) = theirs.filter(|intent| intent.run_id != run.run_id) else {
        return Ok(());
    };
    let here = world.region();
    let before = world.run(here, run.name(), &intent.run_id).await?;
    let attempts = match before {
        Some(before) => before.attempts.iter().filter(promotes).cloned().collect(),
        None => vec![Attempt {
            step: detach_and_promote::STEP.into(),
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
        ledger::{Intent, Row, Rows},
        steps::fake,
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
                ..fake::run()
            };
            open(&run).is_some()
        };
        let refused = || Some(Answer::Refused("no".into()));
        assert!(!is_open(Vec::new()));
        assert!(is_open(vec![attempt(planned_failover::STEP, None)]));
        assert!(is_open(vec![attempt(
            detach_and_promote::STEP,
            Some(Answer::Taken)
        )]));
        assert!(!is_open(vec![attempt(planned_failover::STEP, refused())]));
        let lost_earlier = [None, refused()].map(|answer| attempt(planned_failover::STEP, answer));
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
                ..fake::run()
            };
            may_show(&run, Timestamp::from_second(second).unwrap())
        };
        let called = || vec![attempt(planned_failover::STEP, Some(Answer::Taken))];
        assert!(may_show(called(), 1_799) && !may_show(called(), 1_800));
        assert!(!may_show(Vec::new(), 0));
    }

    #[tokio::test]
    async fn whoever_takes_a_change_of_writer_over_takes_its_open_calls_over() {
        let row = Row {
            intent: Some(Intent {
                epoch: Epoch(8),
                from: "us-west-2".into(),
                to: "us-east-1".into(),
                global_cluster: None,
                run_id: "before".into(),
                written_at: Timestamp::UNIX_EPOCH,
            }),
            ..Row::new("orders".into())
        };
        let books = fake::Books::with(&row);
        let pass = || Pass {
            run: fake::run(),
            rows: Rows(books.rows()),
            now: books.now(),
            dry_run: false,
        };
        let mut unknown = pass();
        inherit(&books, &mut unknown).await.unwrap();
        assert!(open(&unknown.run).is_some(), "its record is gone");
        let before = Run {
            run_id: "before".into(),
            ..fake::run()
        };
        books.put_run(&before.to, &before).await.unwrap();
        let mut without_a_call = pass();
        inherit(&books, &mut without_a_call).await.unwrap();
        assert!(open(&without_a_call.run).is_none());
        let lost = Run {
            attempts: vec![attempt(planned_failover::STEP, None)],
            ..before
        };
        books.put_run(&lost.to, &lost).await.unwrap();
        let mut taken_over = pass();
        inherit(&books, &mut taken_over).await.unwrap();
        assert!(open(&taken_over.run).is_some());
        assert_eq!(books.runs()[&taken_over.run.run_id], taken_over.run);
    }
}
