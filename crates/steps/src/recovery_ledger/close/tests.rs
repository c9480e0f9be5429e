//! How a run ends, what of that is told, and whose word is a no.

mod stops;

use std::collections::BTreeMap;

use super::{
    answers::{ASKS, UNNAMED},
    measures::step_seconds,
    outcome::said,
    *,
};
use crate::recovery_ledger::Trouble;
use failover::{
    domain::Epoch,
    evidence::Verdict,
    ledger::{Current, Entry, Intent, PlanState, RunKind},
    ports,
};

fn at(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(second).unwrap()
}

fn current(run_id: &str) -> Current {
    Current {
        epoch: Epoch(8),
        writer: "us-east-1".into(),
        global_cluster: None,
        run_id: run_id.into(),
        proven_at: at(0),
        unplanned: false,
        acknowledged_at: None,
    }
}

fn row(current: Option<Current>, begun: bool) -> PlanState {
    let intent = Intent {
        epoch: Epoch(8),
        from: "us-west-2".into(),
        to: "us-east-1".into(),
        global_cluster: None,
        run_id: "a".into(),
        written_at: at(0),
    };
    PlanState {
        current,
        intent: begun.then_some(intent),
        ..PlanState::new("orders".into())
    }
}

#[tokio::test]
async fn a_run_that_finishes_what_another_left_is_noted_with_that_one() {
    let closed = |outcome| Some(failover::testing::closed(outcome));
    for (before, end, is_noted) in [
        ("before", closed(Outcome::Failed), true),
        ("before", None, true),
        ("before", closed(Outcome::Succeeded), false),
        ("by-hand-prove_writer-1", closed(Outcome::Succeeded), true),
    ] {
        let brought = Run {
            run_id: before.into(),
            closed: end,
            ..failover::testing::run()
        };
        let books = failover::testing::Books::with(&row(Some(current(before)), false));
        books.put_run(&brought.to, &brought).await.unwrap();
        for (outcome, by) in [
            (Outcome::Failed, None),
            (Outcome::Succeeded, is_noted.then_some("a")),
        ] {
            let run = Run {
                closed: closed(outcome),
                ..failover::testing::run()
            };
            finished(&books, &run).await.unwrap();
            let noted = books.runs()[&before.into()].finished_by.clone();
            assert_eq!(noted, by.map(Into::into), "{before}");
        }
    }
}

#[test]
fn what_is_left_is_said_without_the_json_around_it() {
    let answered = r#"{"errorType": "NotReady", "errorMessage": "worker is not there"}"#;
    let of_aws = r#"{"__type": "TooManyRequestsException", "message": "Rate Exceeded"}"#;
    let cut_off = &answered[..30];
    let causes = [answered, of_aws, cut_off, "no end after 240 passes"];
    assert_eq!(
        causes.map(said),
        [
            "worker is not there",
            "Rate Exceeded",
            "the execution's history has the cause",
            "no end after 240 passes"
        ]
    );
}

fn trouble() -> Vec<Trouble> {
    vec![Trouble {
        state: "RestartEcs".into(),
        error: "NotReady".into(),
        cause: "worker".into(),
    }]
}

#[test]
fn only_a_human_who_was_sent_the_question_says_no() {
    let mut run = failover::testing::run();
    let because = |run: &Run, error: &str, cause: &str| {
        let trouble = Trouble {
            state: ASKS.into(),
            error: error.into(),
            cause: cause.into(),
        };
        is_a_no(run, &trouble)
    };
    let said = |run: &Run, error: &str| because(run, error, "not tonight");
    assert!(!said(&run, "Refused"), "nobody was sent a question");
    run.asked = Some(failover::ledger::Asked {
        question: "a".into(),
        at: jiff::Timestamp::UNIX_EPOCH,
        is_sent: true,
        verdict: None,
        said: Default::default(),
    });
    for error in ["Refused", "NotTonight", "Denied", "NotReady", UNNAMED] {
        assert!(said(&run, error) && because(&run, error, ""), "{error}");
    }
    for error in ["States.Timeout", "States.Runtime", "Lambda.Unknown"] {
        assert!(!said(&run, error), "{error}");
    }
    let of_a_function = r#"{"errorType": "Denied", "errorMessage": "AccessDenied: "#;
    for error in ["Denied", "Unavailable", "Sandbox.Timedout"] {
        assert!(!because(&run, error, of_a_function), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_can_read_is_told_and_keeps_no_suspicion_from_asking_anew() {
    for (error, outcome, is_kept) in [
        ("Unreadable", Outcome::Aborted, false),
        ("Refused", Outcome::StoodDown, true),
    ] {
        let (books, mut asking) = intended().await;
        asking.asked = Some(failover::ledger::Asked {
            question: "a".into(),
            at: at(1),
            is_sent: true,
            verdict: Some(Verdict::WriterDown),
            said: Default::default(),
        });
        asking.plan.unplanned.writer_down = failover::plan::Mode::Approval;
        books.put_run(&asking.to, &asking).await.unwrap();
        let mut closing = closing(Verdict::WriterDown);
        closing.trouble = vec![Trouble {
            state: ASKS.into(),
            error: error.into(),
            cause: "the answer was neither yes nor no".into(),
        }];
        let answer = run(&books, &closing).await.unwrap();
        assert_eq!(answer.outcome, outcome);
        assert!(answer.left[0].ends_with("neither yes nor no"), "{answer:?}");
        let kept = books.rows()[&"us-east-1".into()].declined.is_some();
        assert_eq!(kept, is_kept, "{error}");
    }
}

fn of(row: &PlanState, verdict: Option<Verdict>, trouble: &[Trouble]) -> Outcome {
    outcome(row, &failover::testing::run(), (verdict, false), trouble)
}

#[test]
fn a_run_whose_writer_is_proven_succeeded_unless_a_later_step_failed() {
    let proven = row(Some(current("a")), false);
    assert_eq!(
        of(&proven, Some(Verdict::RegionDown), &[]),
        Outcome::Succeeded
    );
    assert_eq!(
        of(&proven, Some(Verdict::RegionDown), &trouble()),
        Outcome::Failed
    );
}

#[test]
fn a_hook_that_fails_behind_its_phase_is_told_and_one_before_it_leaves_the_run_undone() {
    let proven = row(Some(current("a")), false);
    let of_state = |state: &str| Trouble {
        state: state.into(),
        ..trouble().remove(0)
    };
    for phase in failover::plan::Phase::ALL {
        let failed = [of_state(phase.state())];
        let wanted = match phase.stops() {
            true => Outcome::Failed,
            false => Outcome::Succeeded,
        };
        assert_eq!(of(&proven, None, &failed), wanted, "{phase:?}");
        let run = failover::testing::run();
        assert_eq!(left(&proven, &run, None, &failed).len(), 1);
        let beside = [of_state(phase.state()), of_state("RestartEcs")];
        assert_eq!(of(&proven, None, &beside), Outcome::Failed, "{phase:?}");
    }
    // Before the promotion nothing was changed.
    let before = [of_state("BeforePromote")];
    let verdict = Some(Verdict::RegionDown);
    assert_eq!(of(&row(None, false), verdict, &before), Outcome::Aborted);
}

#[test]
fn a_run_with_an_open_intent_failed_and_says_what_is_left() {
    let (begun, run) = (row(None, true), failover::testing::run());
    let outcome = outcome(&begun, &run, (Some(Verdict::RegionDown), false), &trouble());
    assert_eq!(outcome, Outcome::Failed);
    let left = left(&begun, &run, None, &trouble());
    assert!(
        left.iter().any(|left| left.contains("not proven")),
        "{left:?}"
    );
}

#[test]
fn an_end_before_the_proof_says_with_which_words_rds_refused_to_promote() {
    use failover::ledger::Answer;
    let mut refused = failover::testing::run();
    let promoting = refused.plan.kind().runs().promote_by;
    for words in ["it is busy", "it is no member"] {
        refused.attempt(at(1), promoting, "fail_over");
        refused.answered(Answer::Refused(words.into()));
    }
    let left = |row: &PlanState, trouble: &[Trouble]| left(row, &refused, None, trouble);
    let stale = left(&row(None, false), &trouble());
    let said = "RDS refused fail_over of us-east-1 2 time(s), the last time with: it is no member";
    assert_eq!(stale.last().unwrap(), said);
    let told = [Trouble {
        cause: "RDS refused it: it is no member".into(),
        ..trouble()[0].clone()
    }];
    assert_eq!(
        left(&row(None, false), &told).len(),
        1,
        "it is said already"
    );
    let proven = left(&row(Some(current("a")), false), &[]);
    assert_eq!(proven, Vec::<String>::new());
}

#[test]
fn a_run_that_took_over_anothers_promotion_answers_for_it() {
    let mut theirs = row(None, true);
    if let Some(intent) = &mut theirs.intent {
        intent.run_id = "before".into();
    }
    assert_eq!(of(&theirs, None, &trouble()), Outcome::Failed);
}

/// A run that wrote its intent down in both Regions and made no call.
async fn intended() -> (failover::testing::Books, Run) {
    use failover::{ledger::Claim, ports::update};
    let mut run = failover::testing::run();
    run.leased = ["us-east-1".into(), "us-west-2".into()].into();
    let mut standing = current("adopt");
    (standing.epoch, standing.writer) = (Epoch(7), "us-west-2".into());
    let books = failover::testing::Books::with(&row(Some(standing), false));
    let (claim, now) = (Claim::of(&run), failover::ports::Runtime::now(&books));
    let intent = row(None, true).intent.unwrap();
    for region in &run.leased {
        let leased = update(&books, region, run.name(), |row| {
            row.claim(&claim, now)?.intend(intent.clone())
        });
        leased.await.unwrap();
    }
    books.put_run(&run.to, &run).await.unwrap();
    (books, run)
}

fn closing(verdict: Verdict) -> CloseInput {
    CloseInput {
        plan: "orders".into(),
        run_id: "a".into(),
        dry_run: false,
        verdict: Some(verdict),
        trouble: Vec::new(),
    }
}

#[tokio::test]
async fn a_run_that_stands_down_before_any_call_takes_its_intent_back() {
    let (books, _) = intended().await;
    let answer = run(&books, &closing(Verdict::PathImpaired)).await.unwrap();
    assert_eq!(answer.outcome, Outcome::StoodDown);
    let rows = books.rows();
    assert!(rows.values().all(|row| row.intent.is_none()), "{rows:?}");
}

#[tokio::test]
async fn an_end_that_no_topic_took_is_told_by_the_next_call_that_closes_and_only_once() {
    let (mut books, mut closing_run) = intended().await;
    let topic = "arn:aws:sns:us-east-1:123456789012:orders-alerts";
    let notify = &mut closing_run.plan.notify;
    notify.insert("us-east-1".into(), topic.into());
    books.put_run(&closing_run.to, &closing_run).await.unwrap();
    books.deafen(1);
    let closing = closing(Verdict::RegionDown);
    let why = run(&books, &closing).await.unwrap_err();
    assert_eq!(why.name(), "Unavailable");
    let rows = books.rows();
    assert!(rows.values().all(|row| row.lease.is_none()), "{rows:?}");
    assert_eq!(books.told().len(), 0);
    for _ in 0..2 {
        let answer = run(&books, &closing).await.unwrap();
        assert_eq!(answer.outcome, Outcome::Aborted);
        assert_eq!(books.told().len(), 1);
    }
    // A topic that is gone for good does not keep the outcome from being named.
    let untold = Run {
        told: false,
        ..books.runs()[&"a".into()].clone()
    };
    books.put_run(&untold.to, &untold).await.unwrap();
    ports::update_if(&books, &untold.to, untold.name(), |row| row.commits_again())
        .await
        .unwrap();
    books.deafen(9);
    books.set_time(at(1_060));
    assert!(run(&books, &closing).await.is_ok());
}

#[tokio::test]
async fn an_intent_whose_call_may_have_been_taken_stays_on_record_with_it() {
    let (books, mut begun) = intended().await;
    let planned = begun.plan.kind().runs().moving.unwrap();
    begun.attempt(at(1), planned, "switch_over");
    books.put_run(&begun.to, &begun).await.unwrap();
    let answer = run(&books, &closing(Verdict::PathImpaired)).await.unwrap();
    assert_eq!(answer.outcome, Outcome::Failed);
    let rows = books.rows();
    assert!(rows.values().all(|row| row.intent.is_some()), "{rows:?}");
    assert!(rows.values().all(|row| row.lease.is_none()), "{rows:?}");
}

#[tokio::test]
async fn a_silent_region_keeps_no_run_from_taking_its_intent_back() {
    let (books, _) = intended().await;
    let books = books.silence("us-west-2");
    let answer = run(&books, &closing(Verdict::RegionDown)).await.unwrap();
    assert_eq!(answer.outcome, Outcome::Aborted);
    let rows = failover::ledger::Rows(books.rows());
    assert!(rows.0[&"us-west-2".into()].intent.is_some());
    assert_eq!(rows.intent(), None, "that copy is void");
}

#[test]
fn a_run_that_wrote_no_intent_stood_down_or_aborted() {
    let untouched = row(Some(current("adopt")), false);
    assert_eq!(
        of(&untouched, Some(Verdict::PathImpaired), &[]),
        Outcome::StoodDown
    );
    assert_eq!(
        of(&untouched, Some(Verdict::RegionDown), &trouble()),
        Outcome::Aborted
    );
    assert_eq!(
        of(&untouched, Some(Verdict::RegionDown), &[]),
        Outcome::Aborted
    );
    assert_eq!(of(&untouched, None, &[]), Outcome::Aborted);
}

#[test]
fn a_failback_that_moved_nothing_and_met_no_trouble_was_a_rehearsal() {
    let untouched = row(Some(current("adopt")), false);
    let run = Run {
        kind: RunKind::Failback,
        ..failover::testing::run()
    };
    assert_eq!(
        outcome(&untouched, &run, (None, false), &[]),
        Outcome::Rebuilt
    );
    let stopped = outcome(&untouched, &run, (None, false), &trouble());
    assert_eq!(stopped, Outcome::Aborted);
}

#[test]
fn a_steps_time_is_that_since_the_entry_before_it() {
    let entry = |second, step: &str| Entry {
        at: at(second),
        step: step.into(),
        action: String::new(),
        reason: String::new(),
    };
    let seconds = step_seconds(
        at(0),
        &[
            entry(1, "confirm"),
            entry(3, "promote"),
            entry(9, "promote"),
        ],
    );
    assert_eq!(
        seconds,
        BTreeMap::from([("confirm".into(), 1.0), ("promote".into(), 8.0)])
    );
}
