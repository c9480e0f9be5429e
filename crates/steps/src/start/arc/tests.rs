//! What a step of a Region switch plan is answered, from its first call to its last.

use super::*;
use crate::start::or;
use failover::{
    beat::Vantage,
    domain::Epoch,
    ledger::{Current, Intent},
    testing::{self, Books},
};
use jiff::Timestamp;

/// What a step sends that has no payload of its own.
fn step() -> Value {
    json!({"InvokedBy": "arc-region-switch", "PlanArn": "arn:aws:arc-region-switch::123456789012:plan/shop:abc123",
        "ExecutionId": "us-east-1/0123456789", "StepName": "orders"})
}

async fn called(books: &Books, payload: Value) -> Result<Value, Error> {
    let kind = RunKind::PlannedFailover;
    or(books, kind, payload, async |_| Ok(json!("a pass"))).await
}

/// The step's run.
fn own() -> RunId {
    let asked = Asked::read(RunKind::PlannedFailover, json!({"plan": "orders"})).unwrap();
    let step = Step::taken(&mut step()).unwrap().unwrap();
    let kind = RunKind::PlannedFailover;
    step.run_id(&asked, (kind, &"us-east-1".into()), 0)
}

/// The run that brought the writer is in every row.
async fn arrives(books: &Books, by: &str) {
    for region in ["us-east-1", "us-west-2"] {
        let arrived = |row: &PlanState| {
            Ok(PlanState {
                current: here(by).current,
                ..row.clone()
            })
        };
        let (region, plan) = (region.into(), "orders".into());
        ports::update(books, &region, &plan, arrived).await.unwrap();
    }
    beats(books, 8, 998).await;
}

/// This Region's probe has committed a beat of this epoch here, at this second.
async fn beats(books: &Books, epoch: u64, second: i64) {
    let at = Timestamp::from_second(second).unwrap();
    let seen = Vantage {
        writer_region: "us-east-1".into(),
        last_beat: Some(Beat {
            seq: 7,
            epoch: Epoch(epoch),
            at,
        }),
        ..testing::probe::vantage("us-east-1".into(), at)
    };
    books.put_vantage(&"orders".into(), &seen).await.unwrap();
}

/// A record of a run that went here, with the outcome that it had.
fn record(run_id: &RunId, outcome: Option<Outcome>) -> Run {
    Run {
        run_id: run_id.clone(),
        closed: outcome.map(|outcome| Closed {
            left: vec!["FlipDns: NotReady no zone".into()],
            ..testing::closed(outcome)
        }),
        ..testing::run()
    }
}

/// The plan's row with the writer here, brought by this run.
fn here(run_id: &str) -> PlanState {
    PlanState {
        current: Some(Current {
            run_id: run_id.into(),
            ..testing::row("us-east-1", 8).current.unwrap()
        }),
        ..PlanState::new("orders".into())
    }
}

async fn with(row: &PlanState, runs: &[Run]) -> Books {
    let books = Books::with(row);
    for run in runs {
        books.put_run(&run.to, run).await.unwrap();
    }
    beats(&books, 8, 998).await;
    books
}

#[tokio::test]
async fn a_writer_that_the_probe_does_not_see_here_is_not_said_to_be_here() {
    let done = record(&"event-1".into(), Some(Outcome::Succeeded));
    for (epoch, second, is_seen) in [(8, 998, true), (8, 900, false), (7, 998, false)] {
        let books = with(&here("event-1"), std::slice::from_ref(&done)).await;
        beats(&books, epoch, second).await;
        let said = called(&books, step()).await;
        match is_seen {
            true => assert_eq!(said.unwrap()["action"], "none"),
            false => {
                let why = said.unwrap_err();
                assert_eq!(why.name(), "Unavailable", "{why}");
                assert!(why.to_string().contains("has committed no beat"), "{why}");
            }
        }
        assert!(books.executions().is_empty());
    }
}

/// What follows a proof by hand is left to whoever forced it: names may lead elsewhere still.
#[tokio::test]
async fn a_proof_by_hand_is_gone_on_with_by_the_steps_own_run() {
    let by = "by-hand-prove_writer-us-east-1-8";
    let mut proof = record(&by.into(), Some(Outcome::Succeeded));
    let books = with(&here(by), std::slice::from_ref(&proof)).await;
    let why = called(&books, step()).await.unwrap_err();
    assert_eq!(why.name(), "Unavailable", "{why}");
    assert_eq!(books.executions().len(), 1);
    proof.finished_by = Some("event-2".into());
    let books = with(&here(by), &[proof]).await;
    assert_eq!(called(&books, step()).await.unwrap()["action"], "none");
}

#[tokio::test]
async fn a_step_starts_one_run_and_fails_until_that_is_over() {
    let books = with(&testing::row("us-west-2", 7), &[]).await;
    for _ in 0..3 {
        let why = called(&books, step()).await.unwrap_err();
        assert_eq!(why.name(), "Unavailable");
        assert!(why.to_string().contains("is under way"), "{why}");
    }
    assert_eq!(books.executions(), [own().0]);
    assert_eq!(books.inputs(), [json!({"plan": "orders"})]);
    books
        .put_run(&"us-east-1".into(), &record(&own(), None))
        .await
        .unwrap();
    assert_eq!(
        called(&books, step()).await.unwrap_err().name(),
        "Unavailable"
    );
    let done = record(&own(), Some(Outcome::Succeeded));
    books.put_run(&done.to, &done).await.unwrap();
    // As its record says alone, it may have left since.
    let why = called(&books, step()).await.unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
    arrives(&books, &own().0).await;
    let said = called(&books, step()).await.unwrap();
    assert_eq!(said["action"], "none");
    assert_eq!(books.executions().len(), 1);
}

#[tokio::test]
async fn a_run_that_ended_otherwise_is_named_with_what_is_left_and_no_other_one_is_started() {
    for outcome in [Outcome::Failed, Outcome::StoodDown, Outcome::HandedOver] {
        let books = with(
            &testing::row("us-west-2", 7),
            &[record(&own(), Some(outcome))],
        )
        .await;
        let why = called(&books, step()).await.unwrap_err();
        assert_eq!(why.name(), "RunRefused");
        for part in [
            outcome.name(),
            "no zone",
            "start the Region switch plan anew",
        ] {
            assert!(why.to_string().contains(part), "{why}");
        }
        assert!(books.executions().is_empty());
    }
}

#[tokio::test]
async fn a_run_that_ended_without_an_outcome_is_not_started_again() {
    let books = with(&testing::row("us-west-2", 7), &[record(&own(), None)]).await;
    let books = books.began(&own().0, json!({"plan": "orders"}));
    books.end_executions();
    let why = called(&books, step()).await.unwrap_err();
    assert!(
        why.name() == "RunRefused" && why.to_string().contains("without an outcome"),
        "{why}"
    );
    assert_eq!(books.executions().len(), 1);
}

#[tokio::test]
async fn after_a_run_that_began_nothing_another_one_follows_and_only_a_few_do() {
    // Each ends before it opens.
    let books = with(&testing::row("us-west-2", 7), &[]).await;
    for runs in 1..=NAMES {
        let why = called(&books, step()).await.unwrap_err();
        assert_eq!(why.name(), "Unavailable", "{why}");
        assert_eq!(books.executions().len(), runs);
        books.end_executions();
    }
    let why = called(&books, step()).await.unwrap_err();
    assert_eq!(why.name(), "RunRefused", "{why}");
    assert_eq!(books.executions().len(), NAMES);

    let aborted = record(&own(), Some(Outcome::Aborted));
    let books = with(
        &testing::row("us-west-2", 7),
        std::slice::from_ref(&aborted),
    )
    .await;
    let why = called(&books, step()).await.unwrap_err();
    assert_eq!(why.name(), "Unavailable", "{why}");
    let started = books.executions();
    assert!(started.len() == 1 && started[0] != own().0, "{started:?}");

    // A change of writer that is open may be its own.
    let begun = PlanState {
        intent: Some(intent("us-east-1")),
        ..testing::row("us-west-2", 7)
    };
    let books = with(&begun, &[aborted]).await;
    let why = called(&books, step()).await.unwrap_err();
    assert_eq!(why.name(), "RunRefused", "{why}");
    assert!(books.executions().is_empty());
}

#[tokio::test]
async fn a_run_that_proved_the_writer_and_failed_is_finished_by_the_next_executions_run() {
    let by = RunId::from("event-1");
    let failed = record(&by, Some(Outcome::Failed));
    let books = with(&here("event-1"), std::slice::from_ref(&failed)).await;
    for _ in 0..2 {
        let why = called(&books, step()).await.unwrap_err();
        assert_eq!(why.name(), "Unavailable", "{why}");
    }
    assert_eq!(books.executions(), [own().0]);
    let done = record(&own(), Some(Outcome::Succeeded));
    books.put_run(&done.to, &done).await.unwrap();
    assert!(called(&books, step()).await.is_ok());

    // Or by one that somebody started by hand: then no other one is.
    let finished = Run {
        finished_by: Some("by-people".into()),
        ..failed
    };
    let books = with(&here("event-1"), &[finished]).await;
    assert!(called(&books, step()).await.is_ok());
    assert!(books.executions().is_empty());
}

#[tokio::test]
async fn a_region_that_was_cut_off_does_not_answer_that_it_has_the_writer() {
    let done = record(&"event-1".into(), Some(Outcome::Succeeded));
    let later = testing::row("us-west-2", 9);
    let leaves = PlanState {
        intent: Some(intent("us-west-2")),
        ..here("event-1")
    };
    for elsewhere in [later, leaves] {
        let books = with(&here("event-1"), std::slice::from_ref(&done)).await;
        let books = books.with_row("us-west-2", &elsewhere);
        let why = called(&books, step()).await.unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology", "{why}");
    }
    let books = with(&here("event-1"), std::slice::from_ref(&done)).await;
    let books = books.silence("us-west-2");
    let why = called(&books, step()).await.unwrap_err();
    assert_eq!(why.name(), "Unavailable", "{why}");

    let away = failover::ledger::Claim {
        from: "us-east-1".into(),
        to: "us-west-2".into(),
        ..failover::ledger::Claim::of(&testing::run())
    };
    let now = Timestamp::from_second(999).unwrap();
    let held = here("event-1").claim(&away, now).unwrap();
    let books = with(&here("event-1"), &[done]).await;
    let books = books.with_row("us-west-2", &held);
    let why = called(&books, step()).await.unwrap_err();
    assert_eq!(why.name(), "RunRefused", "{why}");
    assert!(why.to_string().contains("leads to us-west-2"), "{why}");
}

#[tokio::test]
async fn what_moves_no_writer_is_refused_to_a_step() {
    let books = with(&testing::row("us-west-2", 7), &[]).await;
    for (kind, field) in [
        (RunKind::PlannedFailover, "dry_run"),
        (RunKind::Failback, "rehearse"),
    ] {
        let mut payload = step();
        payload[field] = json!(true);
        let called = or(&books, kind, payload, async |_| Ok(json!("a pass"))).await;
        let why = called.unwrap_err();
        assert_eq!(why.name(), "InvalidRequest");
        assert!(why.to_string().starts_with(field), "{why}");
    }
    assert!(books.executions().is_empty());
}

#[tokio::test]
async fn a_writer_that_another_run_has_brought_here_is_what_the_step_is_for() {
    let by = RunId::from("event-1");
    let done = record(&by, Some(Outcome::Succeeded));
    for runs in [vec![done], Vec::new()] {
        let books = with(&here("event-1"), &runs).await;
        let said = called(&books, step()).await.unwrap();
        assert_eq!(
            said["reason"],
            "us-east-1 has the writer of plan orders already (run event-1)"
        );
        assert!(books.executions().is_empty());
    }
    // The step's own run may have been refused before: it counts no more.
    let refused = record(&own(), Some(Outcome::Aborted));
    let books = with(&here("adopt"), &[refused]).await;
    assert!(called(&books, step()).await.is_ok());
    // It is under way as long as it holds the plan. One that died is finished by the step's own.
    let mut claim = failover::ledger::Claim::of(&testing::run());
    claim.run_id = by.clone();
    let now = Timestamp::from_second(999).unwrap();
    let held = here("event-1").claim(&claim, now).unwrap();
    for (row, own_runs) in [(held, 0), (here("event-1"), 1)] {
        let books = with(&row, &[record(&by, None)]).await;
        let why = called(&books, step()).await.unwrap_err();
        assert_eq!(why.name(), "Unavailable", "{why}");
        assert_eq!(books.executions().len(), own_runs);
    }
}

/// A change of writer that run `b` has begun.
fn intent(to: &str) -> Intent {
    Intent {
        epoch: failover::domain::Epoch(9),
        from: "us-east-1".into(),
        to: to.into(),
        global_cluster: None,
        run_id: "b".into(),
        written_at: Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn a_writer_that_is_about_to_leave_is_not_what_the_step_is_for() {
    let leaving = PlanState {
        intent: Some(intent("us-west-2")),
        ..here("adopt")
    };
    let books = with(&leaving, &[]).await;
    assert!(called(&books, step()).await.is_err());
}

#[tokio::test]
async fn while_another_run_holds_the_plan_none_is_started() {
    let other = testing::run();
    let now = Timestamp::from_second(999).unwrap();
    let claim = failover::ledger::Claim {
        kind: RunKind::PlannedFailover,
        ..failover::ledger::Claim::of(&other)
    };
    let held = testing::row("us-west-2", 7).claim(&claim, now).unwrap();
    let books = with(&held, &[]).await;
    let why = called(&books, step()).await.unwrap_err();
    assert_eq!(why.name(), "RunRefused");
    assert!(books.executions().is_empty());
}

#[tokio::test]
async fn a_steps_own_payload_names_the_plan_and_what_its_machine_takes() {
    let books = with(&testing::row("us-west-2", 7), &[]).await;
    let mut own = step();
    own["StepName"] = json!("Move the database");
    own["plan"] = json!("orders");
    own["from_region"] = json!("us-west-2");
    assert!(called(&books, own.clone()).await.is_err());
    assert_eq!(
        books.inputs(),
        [json!({"plan": "orders", "from_region": "us-west-2"})]
    );
    own["force"] = json!("orders@7");
    let why = called(&books, own).await.unwrap_err();
    assert!(
        why.name() == "InvalidRequest" && why.to_string().contains("force"),
        "{why}"
    );
}

#[test]
fn each_step_of_each_execution_has_a_run_of_its_own_and_no_name_is_too_long() {
    let plan = "o".repeat(40);
    let asked = Asked::read(RunKind::PlannedFailover, json!({ "plan": plan })).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for execution in ["one", "two"] {
        for name in ["orders", "again"] {
            for kind in [RunKind::UnplannedFailover, RunKind::PlannedFailover] {
                for here in ["ap-southeast-7", "us-gov-west-1"] {
                    let step = Step {
                        execution: execution.into(),
                        name: name.into(),
                    };
                    let name = step.run_id(&asked, (kind, &here.into()), 0);
                    assert!(name.0.len() <= 80, "{name} has {}", name.0.len());
                    names.insert(name.0);
                }
            }
        }
    }
    assert_eq!(names.len(), 16);
}

#[test]
fn what_is_only_half_a_steps_is_refused() {
    let taken = |mut payload: Value| Step::taken(&mut payload);
    assert_eq!(taken(json!({"plan": "orders"})), Ok(None));
    let halves = [
        ("ExecutionId", "StepName"),
        ("StepName", "ExecutionId"),
        ("InvokedBy", "ExecutionId"),
    ];
    for (field, names) in halves {
        let why = taken(json!({field: "a"})).unwrap_err();
        assert!(why.to_string().starts_with(names), "{why}");
    }
    let why = taken(json!({"ExecutionId": 7, "StepName": "a"})).unwrap_err();
    assert!(why.to_string().contains("ExecutionId"), "{why}");
}
