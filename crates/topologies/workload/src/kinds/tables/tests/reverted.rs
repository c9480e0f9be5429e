//! What a revert leaves, wherever it begins.

use super::*;

/// The tables are what they were before the run.
fn is_as_before(play: &Play, begun: &str) {
    play.world(|world| {
        let home = world.at(HOME, "orders").unwrap();
        assert_eq!(home.items, items(0..10, "old"), "{begun}");
        assert_eq!(
            settings(&home.shape),
            settings(&cloud::whole(HOME, "orders")),
            "{begun}"
        );
        let recovery = &world.at(RECOVERY, "orders-dr").unwrap().shape;
        let document = |table: &TableShape| table.policy.as_ref().map(|one| one.document.clone());
        let was = cloud::whole(RECOVERY, "orders-dr");
        assert_eq!(document(recovery), document(&was), "{begun}");
    });
}

#[tokio::test]
async fn before_the_cut_over_only_the_recovery_tables_writers_are_allowed_again() {
    let mut play = Play::new(Kind::RestoreHome);
    play.phases(&TO_THE_STOP).await;
    let denied = play.world(|world| {
        let table = world.at(RECOVERY, "orders-dr").unwrap();
        policy::is_denied(&table.shape)
    });
    assert!(denied);
    let said = play.phase(Phase::Revert).await.unwrap();
    assert!(said.contains("is the table that it was"), "{said}");
    is_as_before(&play, "before the cut-over");
}

#[tokio::test]
async fn wherever_the_cut_over_is_a_revert_ends_with_the_table_that_was() {
    let mut whole = Play::new(Kind::RestoreHome);
    whole.phases(&TO_THE_STOP).await;
    let mut passes = 0;
    while !whole.pass(Phase::CutOver).await.unwrap() {
        passes += 1;
    }
    assert!(passes > 15, "{passes}");
    for stops in 0..=passes {
        let mut play = Play::new(Kind::RestoreHome);
        play.phases(&TO_THE_STOP).await;
        for _ in 0..stops {
            play.pass(Phase::CutOver).await.unwrap();
        }
        let begun = format!("after {stops} passes: {}", play.row.reason);
        play.phase(Phase::Revert).await.unwrap();
        is_as_before(&play, &begun);
    }
}

#[tokio::test]
async fn what_came_home_is_kept_as_a_backup_before_it_is_taken_away() {
    let mut play = Play::new(Kind::RestoreHome);
    play.phases(&TO_THE_STOP).await;
    play.phases(&[Phase::CutOver, Phase::Verify]).await;
    play.world(|world| {
        let home = world.at_mut(HOME, "orders").unwrap();
        home.items.extend(items(90..91, "written at home"));
    });
    play.phase(Phase::Revert).await.unwrap();
    is_as_before(&play, "after the verification");
    play.world(|world| {
        let mut saved = world.backups.iter();
        let failed = saved
            .find(|saved| saved.backup.name.ends_with("-failed"))
            .unwrap();
        assert_eq!(failed.items.len(), 21);
        assert!(failed.items.contains_key("90"));
    });
}

#[tokio::test]
async fn a_disturbed_revert_ends_like_one_that_was_not() {
    let played = async |fault: Option<Fault>| {
        let mut play = Play::new(Kind::RestoreHome);
        play.phases(&TO_THE_STOP).await;
        play.phases(&[Phase::CutOver]).await;
        let begins = play.world(|world| {
            world.fault = fault;
            world.calls
        });
        play.phase(Phase::Revert).await.unwrap();
        is_as_before(&play, &format!("{fault:?}"));
        let ends = play.world(|world| (world.calls, world.effects.len()));
        (begins, ends)
    };
    let (begins, (ends, effects)) = played(None).await;
    let calls = begins..ends;
    assert!(calls.len() > 8, "{calls:?}");
    for number in calls {
        for fault in [Fault::CutOff(number), Fault::AnswerLost(number)] {
            let (_, (_, came)) = played(Some(fault)).await;
            assert_eq!(came, effects, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_table_that_somebody_else_made_under_the_name_is_left_alone() {
    let mut play = Play::new(Kind::RestoreHome);
    play.phases(&TO_THE_STOP).await;
    play.phases(&[Phase::CutOver]).await;
    play.world(|world| {
        world.put(
            HOME,
            cloud::plain(HOME, "orders", "foreign"),
            items(0..1, "x"),
        )
    });
    for phase in [Phase::CutOver, Phase::Verify, Phase::Revert] {
        play.row.again(phase);
        let why = play.phase(phase).await.unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology", "{phase}: {why}");
    }
}
