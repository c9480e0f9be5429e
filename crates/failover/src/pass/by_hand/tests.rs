//! Forced passes: what they take, record and give back, and which are refused.

use super::*;
use crate::{
    ledger::{self, Row},
    ports,
    testing::Books,
};

fn row() -> Row {
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
    let after = async |step: &str, row: Row, epoch: u64, progress: Progress| {
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
async fn the_region_that_is_left_may_be_silent_and_work_in_passes_goes_on_in_one_record() {
    let books = Books::with(&row()).silence("us-west-2");
    forced(&books, &input(Some("orders@7")), Progress::Pending)
        .await
        .unwrap();
    let open = books.runs()[&"by-hand-detach_and_promote-us-east-1-7".into()].clone();
    assert_eq!(
        (open.closed, open.leased),
        (None, ["us-east-1".into()].into())
    );
    forced(&books, &input(Some("orders@7")), Progress::Done)
        .await
        .unwrap();
    let closed = books.runs()[&"by-hand-detach_and_promote-us-east-1-7".into()].clone();
    assert_eq!(closed.timeline.len(), 1, "{:?}", closed.timeline);
    assert!(closed.closed.is_some());
}

#[tokio::test]
async fn behind_the_promotion_the_region_that_was_left_may_still_be_silent() {
    let mut promoted = row();
    if let Some(current) = &mut promoted.current {
        current.writer = "us-east-1".into();
    }
    let books = Books::with(&promoted).silence("us-west-2");
    forced(&books, &input(Some("orders@7")), Progress::Done)
        .await
        .unwrap();
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

#[tokio::test]
async fn while_a_run_holds_the_plan_force_is_refused() {
    let claim = Claim {
        run_id: "a".into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: "us-west-2".into(),
        to: "us-east-1".into(),
    };
    let held = row().claim(&claim, jiff::Timestamp::from_second(999).unwrap());
    let books = Books::with(&held.unwrap());
    let why = forced(&books, &input(Some("orders@7")), Progress::Done)
        .await
        .unwrap_err();
    assert_eq!(why.name(), "RunRefused");
    assert!(why.to_string().contains("run a holds plan orders"), "{why}");
    assert!(books.runs().is_empty());
}

/// A pass that ends while its own Region's ledger no longer takes the lease back.
#[tokio::test]
async fn a_lease_that_an_ended_pass_could_not_give_back_does_not_hold_up_the_next_one_of_its_name()
{
    let input = input(Some("orders@7"));
    let mut books = Books::with(&row()).keep_leases("us-west-2");
    forced(&books, &input, Progress::Pending).await.unwrap();
    let held = |books: &Books| books.rows()[&"us-west-2".into()].lease.clone();
    assert!(held(&books).is_some() && books.rows()[&"us-east-1".into()].lease.is_none());
    forced(&books, &input, Progress::Pending).await.unwrap();
    books.wake("us-west-2");
    forced(&books, &input, Progress::Done).await.unwrap();
    assert!(is_free(&books));
    assert!(
        books.runs()[&"by-hand-detach_and_promote-us-east-1-7".into()]
            .kept
            .is_empty()
    );
}

/// A forced pass of another step, which finds the plan held by its own run.
async fn names_forced(books: &Books) -> Result<Output<()>, Error> {
    let by_hand = input(Some("orders@7"));
    super::forced(books, "dns_flip", &by_hand, unknown, async |input| {
        Pass::open(books, input).await?;
        Ok(answer(Progress::Done))
    })
    .await
}

#[tokio::test]
async fn a_lease_that_an_ended_pass_could_not_give_back_does_not_hold_up_another_step_either() {
    let mut books = Books::with(&row()).keep_leases("us-west-2");
    forced(&books, &input(Some("orders@7")), Progress::Done)
        .await
        .unwrap();
    assert!(books.rows()[&"us-west-2".into()].lease.is_some());
    assert!(
        rehearse(&books, "dns_flip", &input(None), unknown)
            .await
            .is_ok()
    );
    books.wake("us-west-2");
    names_forced(&books).await.unwrap();
    assert!(is_free(&books));
}

#[tokio::test]
async fn a_pass_of_another_step_that_may_be_under_way_is_waited_for() {
    let claim = Claim {
        run_id: "by-hand-detach_and_promote-us-east-1-7".into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: "us-west-2".into(),
        to: "us-east-1".into(),
    };
    let held = row().claim_by_hand(&claim, None, jiff::Timestamp::from_second(999).unwrap());
    let books = Books::with(&held.unwrap());
    let before = books.rows();
    let noted = |token: u64| Run {
        run_id: claim.run_id.clone(),
        kept: [("us-east-1".into(), token), ("us-west-2".into(), token)].into(),
        ..crate::testing::run()
    };
    // It has noted nothing, or an earlier pass's lease.
    for record in [None, Some(noted(0))] {
        if let Some(record) = record {
            let here = "us-east-1".into();
            books.put_run(&here, &record).await.unwrap();
        }
        let why = names_forced(&books).await.unwrap_err();
        assert_eq!(why.name(), "RunRefused");
        assert_eq!(books.rows(), before);
    }
}

#[tokio::test]
async fn a_lease_that_was_taken_unseen_in_the_region_that_is_left_is_given_back_too() {
    let books = Books::with(&row()).swallow("us-west-2");
    forced(&books, &input(Some("orders@7")), Progress::Done)
        .await
        .unwrap();
    let run = &books.runs()[&"by-hand-detach_and_promote-us-east-1-7".into()];
    assert_eq!(run.leased, ["us-east-1".into()].into());
    assert!(is_free(&books));
}

#[test]
fn a_step_that_changes_nothing_refuses_force() {
    let why = is_unforced(&input(Some("orders@7"))).unwrap_err();
    assert_eq!(why.name(), "InvalidRequest");
    assert_eq!(is_unforced(&input(None)), Ok(()));
}

/// Whoever rehearses a pass reads what the forced one reads, and is refused where it is.
#[tokio::test]
async fn a_rehearsed_pass_stands_on_what_the_forced_one_would_and_takes_nothing() {
    let books = Books::with(&row()).silence("us-west-2");
    let pass = rehearse(&books, "dns_flip", &input(None), unknown)
        .await
        .unwrap();
    assert!(pass.dry_run && pass.run.forced);
    assert_eq!(pass.run.leased, ["us-east-1".into()].into());
    assert!(books.runs().is_empty() && is_free(&books));
    let elsewhere = Input {
        target_region: Some("us-west-2".into()),
        ..input(None)
    };
    for wrong in [input(Some("orders@6")), elsewhere] {
        let rehearsed = rehearse(&books, "dns_flip", &wrong, unknown)
            .await
            .unwrap_err();
        assert_eq!(rehearsed.name(), "InvalidRequest");
    }
}

#[tokio::test]
async fn a_rehearsed_pass_is_refused_while_a_run_holds_the_plan() {
    let claim = Claim {
        run_id: "a".into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: "us-west-2".into(),
        to: "us-east-1".into(),
    };
    let held = row().claim(&claim, jiff::Timestamp::from_second(999).unwrap());
    let books = Books::with(&held.unwrap());
    let why = rehearse(&books, "dns_flip", &input(None), unknown)
        .await
        .unwrap_err();
    assert!(why.to_string().contains("run a holds plan orders"), "{why}");
}

/// Found by the search of the protocol: forced in two Regions at once, they went by one name and shared one lease.
#[test]
fn forced_passes_of_two_regions_do_not_share_a_lease() {
    let names =
        ["us-east-1", "eu-west-1"].map(|region| run_id("dns_flip", &region.into(), Epoch(7)));
    assert_ne!(names[0], names[1]);
}

#[tokio::test]
async fn where_the_proven_writer_is_no_other_region_holds_a_forced_pass_up_by_being_silent() {
    let in_a_region = |writer: &str| {
        let mut row = row();
        if let Some(current) = &mut row.current {
            current.writer = writer.into();
        }
        Books::with(&row).of_three("eu-west-1").silence("eu-west-1")
    };
    let input = Input {
        from_region: Some("us-west-2".into()),
        ..input(Some("orders@7"))
    };
    let proven = in_a_region("us-east-1");
    assert!(forced(&proven, &input, Progress::Done).await.is_ok());
    let elsewhere = in_a_region("us-west-2");
    let why = forced(&elsewhere, &input, Progress::Done)
        .await
        .unwrap_err();
    assert_eq!(why.name(), "Unavailable");
}

#[tokio::test]
async fn where_rds_shows_the_target_promoted_no_other_region_holds_a_forced_pass_up_by_being_silent()
 {
    let input = input(Some("orders@7"));
    let silent = || {
        Books::with(&row())
            .of_three("eu-west-1")
            .silence("eu-west-1")
    };
    for carried_out in [true, false] {
        let (books, shown) = (silent(), async |_: &Plan, _: &Rows| carried_out);
        let rehearsed = rehearse(&books, "prove_writer", &input, shown).await;
        let shown = async |_: &Plan, _: &Rows| carried_out;
        let made = super::forced(&books, "prove_writer", &input, shown, async |input| {
            let pass = Pass::open(&books, input).await?;
            assert!(!pass.run.leased.contains(&"eu-west-1".into()));
            Ok(answer(Progress::Done))
        });
        let made = made.await.map(|_| ());
        let names = [rehearsed.map(|_| ()), made].map(|came| came.map_err(|why| why.name()));
        let expected = if carried_out {
            Ok(())
        } else {
            Err("Unavailable")
        };
        assert_eq!(names, [expected, expected]);
    }
}

#[test]
fn a_refused_pass_is_not_told_as_if_it_had_been_made() {
    let here = "us-east-1".into();
    let refused: Result<Output<()>, Error> =
        Err(Error::DataLossTooLarge("the loss is unknown".into()));
    let message = news("detach_and_promote", &here, &refused);
    assert_eq!(
        message.what,
        "detach_and_promote was to be forced by hand in us-east-1 and was refused"
    );
    assert_eq!(message.evidence, "DataLossTooLarge: the loss is unknown");
    let done = Ok(answer(Progress::Done));
    let message = news("verify_writes", &here, &done);
    assert_eq!(
        message.what,
        "verify_writes was forced by hand in us-east-1 and is done"
    );
}
