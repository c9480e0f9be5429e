//! The leases of forced passes: which are taken again, and whose silence holds a pass up.

use super::*;

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
    super::super::forced(books, "dns_flip", &by_hand, unknown, async |input| {
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
        let made = super::super::forced(&books, "prove_writer", &input, shown, async |input| {
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
