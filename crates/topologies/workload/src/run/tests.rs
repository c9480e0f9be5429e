//! What a run notes, asks and is answered.

use super::*;
use crate::testing::{HOME, RECOVERY, plan, run, run_of};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn question(phase: Phase, until: i64) -> Question {
    Question {
        phase,
        token: "secret".into(),
        asked_at: at(1_000),
        until: at(until),
        text: "Is home clean and ready?".into(),
    }
}

#[test]
fn it_goes_home_and_a_revert_goes_back() {
    for (kind, from, to) in [
        (Kind::RestoreHome, RECOVERY, HOME),
        (Kind::Rehearse, RECOVERY, HOME),
        (Kind::Revert, HOME, RECOVERY),
    ] {
        let run = run_of(kind, plan());
        assert_eq!((run.from.as_str(), run.to.as_str()), (from, to));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
    assert_eq!(run().short(), "restore-");
}

#[test]
fn what_repeats_is_noted_once_and_how_it_opened_stays() {
    let mut run = run();
    run.note(at(0), "open", "opened", "people asked for it");
    run.note(at(1), "open", "opened", "people asked for it");
    assert_eq!(run.timeline.len(), 1);
    for second in 0..500 {
        run.note(at(second), "sync", &format!("round {second}"), "it is due");
    }
    assert_eq!(run.timeline.len(), WorkloadRun::ENTRIES_MAX);
    assert_eq!(run.timeline[0].step, "open");
    assert_eq!(run.timeline.last().unwrap().action, "round 499");
}

#[test]
fn an_answer_counts_once_for_the_phase_that_asked_and_in_time() {
    let mut run = run();
    assert!(
        !run.answer(Phase::Prepare, true, "ana", at(1_001)),
        "nothing was asked"
    );
    run.ask(question(Phase::Prepare, 2_000));
    assert!(
        !run.answer(Phase::Verify, true, "ana", at(1_001)),
        "another phase"
    );
    assert!(
        !run.answer(Phase::Prepare, true, "ana", at(2_001)),
        "too late"
    );
    assert!(run.answer(Phase::Prepare, true, "ana", at(2_000)));
    assert!(
        !run.answer(Phase::Prepare, false, "bob", at(1_500)),
        "answered"
    );
    assert_eq!(run.answers.len(), 1);
    let answered = run.answered(Phase::Prepare).unwrap();
    assert_eq!((answered.yes, answered.by.as_str()), (true, "ana"));
    assert_eq!(run.answered(Phase::Verify), None);
}

#[test]
fn of_several_answers_about_a_phase_the_last_one_counts() {
    let mut run = run();
    for (yes, second) in [(false, 1_100), (true, 1_200)] {
        run.ask(question(Phase::Prepare, 2_000));
        assert!(run.answer(Phase::Prepare, yes, "ana", at(second)));
    }
    assert!(run.answered(Phase::Prepare).unwrap().yes);
}

#[test]
fn a_phase_is_entered_first_and_left_last() {
    let mut run = run();
    for second in [10, 20] {
        run.enter(Phase::Sync, at(second));
        run.leave(Phase::Sync, at(second + 5));
    }
    assert_eq!(run.entered[&Phase::Sync], at(10));
    assert_eq!(run.left[&Phase::Sync], at(25));
}

#[test]
fn a_run_that_is_closed_stays_closed_and_takes_no_answer() {
    let mut run = run();
    run.ask(question(Phase::Verify, 2_000));
    run.close(at(1_500), "failed", "verification said no");
    run.close(at(1_600), "succeeded", "everything is home");
    let closed = run.closed.clone().unwrap();
    assert_eq!((closed.outcome.as_str(), closed.at), ("failed", at(1_500)));
    assert!(!run.answer(Phase::Verify, true, "ana", at(1_550)));
}

#[test]
fn a_run_reads_back_as_it_was_written_and_shows_no_token() {
    let mut run = run();
    run.enter(Phase::CutOver, at(10));
    run.ask(question(Phase::Prepare, 2_000));
    let written = serde_json::to_string(&run).unwrap();
    assert_eq!(serde_json::from_str::<WorkloadRun>(&written).unwrap(), run);
    assert!(written.contains("secret"));
    assert!(!format!("{run:?}").contains("secret"));
}
