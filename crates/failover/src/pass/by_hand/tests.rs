//! Forced passes: what they take, record and give back, and which are refused.

use super::{message::message, *};
use crate::{
    ledger::{self, Claim, Current, Outcome, PlanState, RunKind},
    pass::Pass,
    ports,
    testing::Books,
};

mod leases;
mod rehearsed;

fn row() -> PlanState {
    crate::testing::row("us-west-2", 7)
}

fn input(force: Option<&str>) -> Input {
    Input {
        force: force.map(Into::into),
        ..Input::of("orders".into())
    }
}

fn answer(progress: Progress) -> Output<()> {
    Output {
        progress,
        wait_seconds: 1,
        action: "detach",
        reason: "it was done".into(),
        dry_run: false,
        refusal: None,
        next: Vec::new(),
        observed: Some(()),
    }
}

/// RDS shows nothing of a promotion.
async fn unknown(_: &Plan, _: &Rows) -> bool {
    false
}

/// Makes a forced pass that finds the plan held by its own run in every Region that answers.
async fn forced(books: &Books, input: &Input, progress: Progress) -> Result<Output<()>, Error> {
    is_consistent(input)?;
    super::forced(books, "detach_and_promote", input, unknown, async |input| {
        let pass = Pass::open(books, input).await?;
        assert!(!pass.dry_run && pass.run.forced);
        Ok(answer(progress))
    })
    .await
}

#[tokio::test]
async fn a_forced_pass_that_is_done_answers_the_calls_that_follow_it() {
    let after = async |step: &str, row: PlanState, epoch: u64, progress: Progress| {
        let (books, by_hand) = (Books::with(&row), input(Some(&format!("orders@{epoch}"))));
        let pass = super::forced(&books, step, &by_hand, unknown, async |_| {
            Ok(answer(progress))
        });
        pass.await.unwrap().next
    };
    let of = |command: &str, parts: &[&str]| {
        for part in parts {
            assert!(command.contains(part), "{command} lacks {part}");
        }
    };
    let promoted = after("detach_and_promote", row(), 7, Progress::Done).await;
    let [prove] = &promoted[..] else {
        panic!("{promoted:?}");
    };
    of(
        prove,
        &[
            "--region us-east-1",
            "health-probe",
            "\"prove\"",
            "\"orders@7\"",
        ],
    );
    let begun = after("detach_and_promote", row(), 7, Progress::Pending).await;
    assert_eq!(begun, Vec::<String>::new(), "it is called again first");
    let mut proven = row();
    proven.current = proven.current.map(|current| Current {
        epoch: Epoch(8),
        writer: "us-east-1".into(),
        ..current
    });
    let followed = after(PROVE, proven, 8, Progress::Done).await;
    let [fence, names, services, losses] = &followed[..] else {
        panic!("{followed:?}");
    };
    // The old member first, under the proven epoch: whatever it takes from now on is lost.
    of(
        fence,
        &[
            "--region us-west-2",
            "fence-writer",
            "\"fence\"",
            "\"orders@8\"",
        ],
    );
    of(names, &["--region us-east-1", "dns-flip", "\"orders@8\""]);
    of(
        services,
        &["--region us-east-1", "ecs-restart", "\"orders@8\""],
    );
    of(
        losses,
        &["--region us-west-2", "loss-ledger", "\"orders@8\""],
    );
}

#[tokio::test]
async fn the_calls_that_follow_a_proof_name_the_plans_own_functions_in_a_runs_order() {
    let mut document = crate::testing::plan_document();
    for phase in Phase::ALL {
        document["hooks"][phase.name()] = serde_json::json!({"function": "orders-failover-hook"});
    }
    let after = async |step: &str, writer: &str, epoch: u64| {
        let books = Books::with(&crate::testing::row(writer, epoch));
        let books = books.of_plan(crate::plan::read(&document.to_string()).unwrap());
        let by_hand = input(Some(&format!("orders@{epoch}")));
        let pass = super::forced(&books, step, &by_hand, unknown, async |_| {
            Ok(answer(Progress::Done))
        });
        pass.await.unwrap()
    };
    let followed = after(PROVE, "us-east-1", 8).await;
    let wanted = [
        "fence-writer",
        "after_promote",
        "before_names",
        "dns-flip",
        "after_names",
        "before_services",
        "ecs-restart",
        "after_services",
        "loss-ledger",
    ];
    assert_eq!(followed.next.len(), wanted.len(), "{:?}", followed.next);
    for (command, wanted) in followed.next.iter().zip(wanted) {
        assert!(command.contains(wanted), "{command} is not {wanted}");
    }
    let hook = "echo '{\"force\":\"orders@8\",\"phase\":\"after_promote\",\"plan\":\"orders\"}' | aws lambda invoke";
    assert!(followed.next[1].starts_with(hook), "{}", followed.next[1]);
    assert_eq!(followed.reason, "it was done");
    let promoted = after("detach_and_promote", "us-west-2", 7).await;
    let says = "it was done; the hook before_promote (orders-failover-hook) is not called by hand";
    assert_eq!(promoted.reason, says);
}

fn is_free(books: &Books) -> bool {
    books.rows().values().all(|row| row.lease.is_none())
}

#[tokio::test]
async fn a_forced_pass_takes_the_lease_records_itself_tells_people_and_gives_the_lease_back() {
    let books = Books::with(&row());
    let done = forced(&books, &input(Some("orders@7")), Progress::Done).await;
    assert_eq!(done.unwrap().action, "detach");
    assert!(is_free(&books));
    let runs = books.runs();
    let run = &runs[&"by-hand-detach_and_promote-us-east-1-7".into()];
    assert_eq!(run.closed.as_ref().unwrap().outcome, Outcome::Succeeded);
    assert!(
        books.told()[0].contains("forced by hand in us-east-1"),
        "{:?}",
        books.told()
    );
}

#[tokio::test]
async fn a_forced_pass_acts_in_its_own_region_only() {
    let books = Books::with(&row());
    let elsewhere = Input {
        target_region: Some("us-west-2".into()),
        from_region: Some("us-east-1".into()),
        ..input(Some("orders@7"))
    };
    let why = forced(&books, &elsewhere, Progress::Done)
        .await
        .unwrap_err();
    assert_eq!(why.name(), "InvalidRequest");
    assert!(why.to_string().contains("target_region"), "{why}");
    assert!(books.runs().is_empty() && is_free(&books));
}

/// A forced pass that writes its intent, or not, and then meets trouble.
async fn troubled(books: &Books, begins: bool, why: &Error) -> Run {
    let by_hand = input(Some("orders@7"));
    let pass = super::forced(
        books,
        "detach_and_promote",
        &by_hand,
        unknown,
        async |input| {
            let pass = Pass::open(books, input).await?;
            let intent = ledger::Intent {
                epoch: Epoch(8),
                from: pass.run.from.clone(),
                to: pass.run.to.clone(),
                global_cluster: None,
                run_id: pass.run.run_id.clone(),
                written_at: pass.now,
            };
            for region in pass.run.leased.iter().filter(|_| begins) {
                ports::update(books, region, pass.run.name(), |row| {
                    row.intend(intent.clone())
                })
                .await?;
            }
            Err::<Output<()>, _>(why.clone())
        },
    );
    assert_eq!(pass.await.unwrap_err(), *why);
    assert!(is_free(books));
    books.runs()[&"by-hand-detach_and_promote-us-east-1-7".into()].clone()
}

#[tokio::test]
async fn trouble_behind_an_intent_is_failed_before_it_aborted_and_silence_ends_nothing() {
    let torn = Error::UnexpectedTopology("torn".into());
    let ended = async |begins, why: &Error| {
        let run = troubled(&Books::with(&row()), begins, why).await;
        run.closed.map(|closed| closed.outcome)
    };
    assert_eq!(ended(true, &torn).await, Some(Outcome::Failed));
    assert_eq!(ended(false, &torn).await, Some(Outcome::Aborted));
    let silent = Error::Unavailable("throttled".into());
    assert_eq!(ended(true, &silent).await, None);
}

#[tokio::test]
async fn a_force_that_does_not_fit_is_refused_with_the_right_one_and_changes_nothing() {
    let books = Books::with(&row());
    let before = books.rows();
    let with_run = Input {
        run_id: Some("a".into()),
        ..input(Some("orders@7"))
    };
    let lossy = Input {
        accept_data_loss: true,
        ..input(None)
    };
    for (input, part) in [
        (input(Some("orders@6")), "write \"orders@7\""),
        (input(Some("yes")), "write \"orders@7\""),
        (with_run, "leave one out"),
        (lossy, "without force"),
    ] {
        let why = forced(&books, &input, Progress::Done).await.unwrap_err();
        assert_eq!(why.name(), "InvalidRequest");
        assert!(why.to_string().contains(part), "{why}");
    }
    assert_eq!(books.rows(), before);
    assert!(books.runs().is_empty() && books.told().is_empty());
}

#[test]
fn a_step_that_changes_nothing_refuses_force() {
    let why = is_unforced(&input(Some("orders@7"))).unwrap_err();
    assert_eq!(why.name(), "InvalidRequest");
    assert_eq!(is_unforced(&input(None)), Ok(()));
}

#[test]
fn a_refused_pass_is_not_told_as_if_it_had_been_made() {
    let here = "us-east-1".into();
    let refused: Result<Output<()>, Error> =
        Err(Error::DataLossTooLarge("the loss is unknown".into()));
    let told = message("detach_and_promote", &here, &refused);
    assert_eq!(
        told.what,
        "detach_and_promote was to be forced by hand in us-east-1 and was refused"
    );
    assert_eq!(told.evidence, "DataLossTooLarge: the loss is unknown");
    let done = Ok(answer(Progress::Done));
    let told = message("verify_writes", &here, &done);
    assert_eq!(
        told.what,
        "verify_writes was forced by hand in us-east-1 and is done"
    );
}
