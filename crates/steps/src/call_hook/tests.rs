//! When a plan's function is called, with what, and what its failure is.

use serde_json::json;

use super::*;
use failover::{
    ledger::{Current, Intent, PlanState, Stage, Stop},
    testing::{self, Books},
};
use jiff::Timestamp;

/// Run `a`, from us-west-2 to us-east-1, of a plan with a hook for every phase.
fn hooked() -> Run {
    let mut run = testing::run();
    let mut document = testing::plan_document();
    for phase in Phase::ALL {
        let hook = json!({"function": "orders-failover-hook", "timeout_seconds": 7});
        document["hooks"][phase.name()] = hook;
    }
    run.plan = failover::plan::read(&document.to_string()).unwrap();
    run
}

/// The row of a plan that run `a` holds, whose writer is here, proven by this run; or still where it was.
fn held(proven_by: Option<&str>) -> PlanState {
    let run = testing::run();
    let claim = failover::ledger::Claim::of(&run);
    let now = Timestamp::from_second(999).unwrap();
    let row = match proven_by {
        None => testing::row("us-west-2", 7),
        Some(run_id) => PlanState {
            current: Some(Current {
                run_id: run_id.into(),
                ..testing::row("us-east-1", 8).current.unwrap()
            }),
            ..PlanState::new("orders".into())
        },
    };
    row.claim(&claim, now).unwrap()
}

async fn books(row: &PlanState, run: &Run) -> Books {
    let books = Books::with(row);
    books.put_run(&run.to, run).await.unwrap();
    books
}

fn payload(phase: Phase) -> Value {
    json!({"plan": "orders", "run_id": "a", "from_region": "us-west-2", "target_region": "us-east-1",
        "epoch": 7, "phase": phase})
}

#[tokio::test]
async fn a_hook_is_called_once_in_a_run_and_told_whose_phase_it_is() {
    let books = books(&held(None), &hooked()).await;
    for _ in 0..2 {
        let said = handle(&books, payload(Phase::BeforePromote)).await.unwrap();
        assert_eq!(said["progress"], "done", "{said}");
    }
    let told = json!({"plan": "orders", "run_id": "a", "kind": "unplanned_failover", "phase": "before_promote",
        "from_region": "us-west-2", "target_region": "us-east-1", "epoch": 7, "key": "a/before_promote", "dry_run": false});
    assert_eq!(books.hooked(), [told]);
    let run = &books.runs()[&"a".into()];
    let [called] = run.attempts.as_slice() else {
        panic!("{:?}", run.attempts)
    };
    assert_eq!(called.answer, Some(Answer::Taken));
    let entry = run.timeline.first().unwrap();
    assert_eq!(
        entry.reason,
        "orders-failover-hook answered (before_promote)"
    );
}

#[tokio::test]
async fn a_hook_that_fails_is_an_error_that_names_it_and_nobody_says_that_it_changed_nothing() {
    let books = books(&held(Some("a")), &hooked()).await;
    let books = books.hooked_by(|_, limit| {
        assert_eq!(limit, Duration::from_secs(8));
        Err(Error::NotReady("Unhandled: no cache".into()))
    });
    let why = handle(&books, payload(Phase::AfterNames))
        .await
        .unwrap_err();
    let said =
        "the hook after_names (orders-failover-hook in us-east-1) failed: Unhandled: no cache";
    assert_eq!(why, Error::NotReady(said.into()));
    assert_eq!(books.runs()[&"a".into()].attempts[0].answer, None);
    // A later pass calls it again: nothing was answered well.
    assert!(handle(&books, payload(Phase::AfterNames)).await.is_err());
    assert_eq!(books.hooked().len(), 2);
}

#[tokio::test]
async fn a_hook_that_fails_where_names_or_services_wait_for_it_is_called_once_more() {
    for phase in Phase::ALL.into_iter().skip(1) {
        let books = books(&held(Some("a")), &hooked()).await;
        let books = books.hooked_by(|_, _| Err(Error::NotReady("no cache".into())));
        let waits = phase.stops();
        let names = match waits {
            true => vec!["Unavailable", "NotReady", "NotReady"],
            false => vec!["NotReady", "NotReady"],
        };
        for name in names {
            let why = handle(&books, payload(phase)).await.unwrap_err();
            assert_eq!(why.name(), name, "{phase:?}: {why}");
        }
    }
    let books = books(&held(None), &hooked()).await;
    let books = books.hooked_by(|_, _| Err(Error::NotReady("not now".into())));
    let why = handle(&books, payload(Phase::BeforePromote)).await;
    assert_eq!(
        why.unwrap_err().name(),
        "NotReady",
        "it is to keep it from happening"
    );
}

/// The run, all of whose hooks begin with this word.
fn calling(how: &str) -> Run {
    let mut run = hooked();
    let hooks = &mut run.plan.hooks;
    for hook in [
        &mut hooks.before_promote,
        &mut hooks.before_names,
        &mut hooks.after_services,
    ] {
        hook.as_mut().unwrap().function = format!("{how}-failover-hook");
    }
    run
}

#[tokio::test]
async fn a_call_that_lambda_did_not_take_is_made_again_and_does_not_count() {
    for phase in [Phase::BeforePromote, Phase::BeforeNames] {
        let row = held((phase != Phase::BeforePromote).then_some("a"));
        let books = books(&row, &calling("busy")).await;
        for _ in 0..10 {
            let why = handle(&books, payload(phase)).await.unwrap_err();
            assert_eq!(why.name(), "Unavailable", "{why}");
            assert!(why.to_string().contains("was not called"), "{why}");
        }
        assert_eq!(books.runs()[&"a".into()].attempts, [], "{phase:?}");
    }
}

#[tokio::test]
async fn a_hook_that_does_not_answer_in_time_is_called_again_and_not_for_ever() {
    let (again, over) = ("Unavailable", "NotReady");
    for (phase, function, says, ends) in [
        (
            Phase::BeforeNames,
            "silent",
            "within 7 s",
            vec![again, again, over],
        ),
        (
            Phase::BeforeNames,
            "late",
            "its own time",
            vec![again, again, over],
        ),
        (
            Phase::AfterServices,
            "silent",
            "within 7 s",
            vec![again, again, over],
        ),
        (
            Phase::BeforePromote,
            "silent",
            "within 7 s",
            vec![again, over],
        ),
        (
            Phase::BeforePromote,
            "late",
            "its own time",
            vec![again, over],
        ),
    ] {
        let row = held((phase != Phase::BeforePromote).then_some("a"));
        let books = books(&row, &calling(function)).await;
        for name in ends {
            let why = handle(&books, payload(phase)).await.unwrap_err();
            assert_eq!(why.name(), name, "{why}");
            assert!(why.to_string().contains(says), "{why}");
        }
        let run = &books.runs()[&"a".into()];
        assert!(run.attempts.iter().all(|one| one.answer.is_none()));
        let keys = books.hooked();
        assert!(keys.iter().all(|told| told["key"] == keys[0]["key"]));
    }
}

/// The row of a plan that run `a` holds, of which another run has begun a promotion to here, or stopped the writer for one.
fn begun(how: &str) -> PlanState {
    let (from, to) = (Region::from("us-west-2"), Region::from("us-east-1"));
    let (run_id, written_at) = (RunId::from("before"), Timestamp::UNIX_EPOCH);
    let mut row = held(None);
    match how {
        "intent" => {
            row.intent = Some(Intent {
                epoch: Epoch(8),
                from,
                to,
                global_cluster: None,
                run_id,
                written_at,
            });
        }
        _ => {
            row.stop = Some(Box::new(Stop {
                token: "t".into(),
                epoch: Epoch(8),
                from,
                to,
                run_id,
                written_at,
                stage: Stage::Stopping,
            }));
        }
    }
    row
}

#[tokio::test]
async fn a_promotion_that_another_run_has_begun_is_not_held_up_by_the_hook_before_it() {
    for how in ["intent", "stop"] {
        let books = books(&begun(how), &hooked()).await;
        let books = books.hooked_by(|_, _| Err(Error::NotReady("no cache".into())));
        let said = handle(&books, payload(Phase::BeforePromote)).await.unwrap();
        assert_eq!(said["progress"], "done", "{said}");
        let reason = said["reason"].to_string();
        assert!(
            reason.contains("run before has begun the promotion"),
            "{reason}"
        );
        assert_eq!(books.hooked(), Vec::<Value>::new(), "{how}");
    }
}

/// A pass by hand of a plan whose writer was moved here by run `before`, a planned one.
async fn by_hand(phase: Phase) -> (Books, Result<Value, Error>) {
    let plan = hooked().plan;
    let before = Run {
        run_id: "before".into(),
        kind: RunKind::PlannedFailover,
        closed: Some(testing::closed(failover::ledger::Outcome::Failed)),
        ..hooked()
    };
    let mut row = testing::row("us-east-1", 8);
    row.current.as_mut().unwrap().run_id = "before".into();
    let books = Books::with(&row).of_plan(plan);
    books.put_run(&before.to, &before).await.unwrap();
    let call = json!({"plan": "orders", "phase": phase, "force": "orders@8"});
    let said = handle(&books, call).await;
    (books, said)
}

#[tokio::test]
async fn a_hook_called_by_hand_is_told_of_the_change_of_writer_that_it_is_for_and_is_not_called_again()
 {
    let (books, said) = by_hand(Phase::AfterNames).await;
    assert_eq!(said.unwrap()["progress"], "done");
    let told = &books.hooked()[0];
    let fields = ["kind", "from_region", "target_region", "key"].map(|field| &told[field]);
    let wanted = [
        "planned_failover",
        "us-west-2",
        "us-east-1",
        "before/after_names",
    ];
    assert_eq!(fields, wanted.map(|one| json!(one)).each_ref());
    // A run that goes on finds it in the record of the run that it goes on for.
    let goes_on = Run {
        epoch: Epoch(8),
        ..hooked()
    };
    books.put_run(&goes_on.to, &goes_on).await.unwrap();
    let now = Timestamp::from_second(999).unwrap();
    for region in ["us-east-1", "us-west-2"] {
        let claim = failover::ledger::Claim::of(&goes_on);
        failover::ports::update(&books, &region.into(), &"orders".into(), |row| {
            row.claim(&claim, now)
        })
        .await
        .unwrap();
    }
    let mut payload = payload(Phase::AfterNames);
    payload["epoch"] = json!(8);
    let said = handle(&books, payload).await.unwrap();
    assert!(
        said["reason"]
            .to_string()
            .contains("has answered run before"),
        "{said}"
    );
    assert_eq!(books.hooked().len(), 1);
}

#[tokio::test]
async fn the_hook_before_a_promotion_is_not_called_by_hand() {
    let (books, said) = by_hand(Phase::BeforePromote).await;
    let why = said.unwrap_err();
    assert_eq!(why.name(), "RunRefused");
    assert!(
        why.to_string()
            .contains("only a run calls the hook before_promote"),
        "{why}"
    );
    assert_eq!(books.hooked(), Vec::<Value>::new());
}

#[tokio::test]
async fn what_nobody_answered_stays_open_and_is_called_again_with_the_same_key() {
    let books = books(&held(Some("a")), &hooked()).await;
    let books = books.hooked_by(|_, _| Err(Error::Unavailable("no connection".into())));
    for _ in 0..2 {
        let why = handle(&books, payload(Phase::AfterNames))
            .await
            .unwrap_err();
        assert_eq!(why.name(), "Unavailable");
    }
    assert_eq!(books.runs()[&"a".into()].attempts[0].answer, None);
    let keys = books.hooked();
    assert_eq!(keys[0]["key"], "a/after_names");
    assert_eq!(keys[0], keys[1]);
}

#[tokio::test]
async fn a_run_that_goes_on_for_another_calls_only_what_did_not_answer_that_one() {
    let mut before = Run {
        run_id: "before".into(),
        ..hooked()
    };
    before.attempt(Timestamp::UNIX_EPOCH, STEP, "after_promote");
    before.answered(Answer::Taken);
    let books = books(&held(Some("before")), &before).await;
    let goes_on = Run {
        epoch: Epoch(8),
        ..hooked()
    };
    books.put_run(&goes_on.to, &goes_on).await.unwrap();
    for phase in [Phase::AfterPromote, Phase::BeforeNames] {
        let mut payload = payload(phase);
        payload["epoch"] = json!(8);
        handle(&books, payload).await.unwrap();
    }
    let called = books.hooked();
    assert_eq!(called.len(), 1, "{called:?}");
    assert_eq!(called[0]["key"], "before/before_names");
    assert_eq!(
        (&called[0]["run_id"], &called[0]["epoch"]),
        (&json!("a"), &json!(8))
    );
}

#[tokio::test]
async fn what_follows_the_promotion_waits_for_the_proof() {
    let books = books(&held(None), &hooked()).await;
    for phase in Phase::ALL.into_iter().skip(1) {
        let why = handle(&books, payload(phase)).await.unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology", "{phase:?}");
    }
    assert_eq!(books.hooked(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_plan_without_a_hook_there_calls_nothing() {
    let books = books(&held(None), &testing::run()).await;
    let said = handle(&books, payload(Phase::BeforePromote)).await.unwrap();
    assert_eq!(
        said["reason"],
        "the plan names no function for before_promote"
    );
    assert_eq!(books.hooked(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_dry_run_calls_no_hook() {
    let books = books(&held(None), &hooked()).await;
    let mut dry = payload(Phase::BeforePromote);
    dry["dry_run"] = json!(true);
    let said = handle(&books, dry).await.unwrap();
    assert!(
        said["reason"].to_string().contains("would be called"),
        "{said}"
    );
    assert_eq!(books.hooked(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_payload_without_a_phase_and_one_of_another_name_are_refused() {
    let books = books(&held(None), &hooked()).await;
    let mut none = payload(Phase::BeforePromote);
    none["phase"] = Value::Null;
    let mut other = none.clone();
    other["phase"] = json!("before_lunch");
    for payload in [none, other] {
        let why = handle(&books, payload).await.unwrap_err();
        assert_eq!(why.name(), "InvalidRequest");
        assert!(why.to_string().contains("before_promote"), "{why}");
    }
}
