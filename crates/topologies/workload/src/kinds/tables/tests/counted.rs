//! How far a look counts, what stays of it, and what is done about a table that is too large.

use super::*;
use digest::{IN_FLIGHT_BYTES, LOOKS_MAX, READS};

/// A recovery table of so many bytes, by DynamoDB's own count.
fn of_bytes(play: &Play, bytes: u64) {
    play.world(|world| world.at_mut(RECOVERY, "orders-dr").unwrap().shape.bytes = bytes);
}

fn scan(play: &Play, which: memory::Which) -> digest::Scan {
    serde_json::from_value(play.row.kept[which.key()].clone()).unwrap()
}

fn open(play: &mut Play) {
    let Resource::DynamodbTable(table) = &mut play.run.plan.resources[0] else {
        panic!("no table");
    };
    table.deny_writes = false;
}

#[test]
fn what_is_counted_in_time_is_shared_by_the_tables_of_a_plan() {
    assert_eq!(digest::countable(1), 600 << 20);
    assert_eq!(digest::countable(3), 200 << 20);
    assert_eq!(digest::countable(0), digest::countable(1));
    assert_eq!(IN_FLIGHT_BYTES, 8 << 20);
}

#[tokio::test]
async fn a_look_ends_in_time_and_the_next_one_goes_on_where_it_was() {
    let mut play = Play::new(Kind::RestoreHome);
    play.phases(&[Phase::Prepare, Phase::Sync, Phase::Suspend])
        .await;
    play.world(|world| world.page_takes = SignedDuration::from_secs(7));
    while !play.row.kept.contains_key(memory::Which::Last.key()) {
        play.pass(Phase::LastSync).await.unwrap();
    }
    let before = play.world(|world| (world.now, world.pages));
    assert!(!play.pass(Phase::LastSync).await.unwrap());
    let after = play.world(|world| (world.now, world.pages));
    assert_eq!(after.1 - before.1, 3);
    assert!(after.0.duration_since(before.0) < READS + 2 * PACE);
    assert_eq!(scan(&play, memory::Which::Last).digest.items(), 9);
    play.phase(Phase::LastSync).await.unwrap();
    let last = scan(&play, memory::Which::Last);
    assert_eq!((last.digest.items(), last.looks), (20, 3));
}

#[tokio::test]
async fn what_was_counted_before_dynamodb_fell_silent_stays() {
    let mut play = Play::new(Kind::RestoreHome);
    play.phases(&[Phase::Prepare, Phase::Sync, Phase::Suspend])
        .await;
    play.world(|world| world.silent = 2..3);
    while !play.row.kept.contains_key(memory::Which::Last.key()) {
        play.pass(Phase::LastSync).await.unwrap();
    }
    assert!(!play.pass(Phase::LastSync).await.unwrap());
    assert_eq!(scan(&play, memory::Which::Last).digest.items(), 6);
    let said = play.row.reason.clone();
    assert!(
        said.contains("6 items of orders-dr are counted so far"),
        "{said}"
    );
    assert!(said.ends_with("DynamoDB throttles"), "{said}");
    let said = play.phase(Phase::LastSync).await.unwrap();
    assert!(said.contains("20 items were counted"), "{said}");
}

#[tokio::test]
async fn a_table_that_is_too_large_needs_denied_writers_and_is_compared_by_some_items() {
    let mut play = Play::new(Kind::RestoreHome);
    of_bytes(&play, (600 << 20) + 1);
    open(&mut play);
    let why = play.phase(Phase::Prepare).await.unwrap_err();
    let said = "orders-dr in us-west-2 holds 629145601 bytes, no more than 629145600 are counted";
    assert!(why.to_string().contains(said), "{why}");
    assert!(why.to_string().contains("write deny_writes: true"), "{why}");

    let mut play = Play::new(Kind::RestoreHome);
    of_bytes(&play, (600 << 20) + 1);
    let said = play.phases(&WHOLE_RUN).await;
    let told = "at most 128 of its items are compared and the others are not looked at";
    assert!(said[0].contains(told), "{}", said[0]);
    assert!(said[3].contains("some items are compared"), "{}", said[3]);
    // Two segments of the simulated table hold anything: a page of three items of each.
    assert!(
        said[5].contains("6 items of orders-dr were compared and are the same in orders"),
        "{}",
        said[5]
    );
    is_home(&play);
    let told = "orders-dr holds more than is counted in time, and all but 6 of its items were not looked at";
    assert_eq!(play.row.kept[memory::DIFFERENCES], json!([told]));
    assert!(!play.row.kept.contains_key("scan_last") && !play.row.kept.contains_key("scan_home"));
}

#[tokio::test]
async fn an_item_of_a_sample_that_is_another_at_home_is_refused() {
    let changes: [fn(&mut cloud::Stored); 2] = [
        |home| home.items.retain(|id, _| id != "5"),
        |home| home.items.extend(items(5..6, "another")),
    ];
    for change in changes {
        let mut play = Play::new(Kind::RestoreHome);
        of_bytes(&play, 1 << 40);
        play.phases(&TO_THE_STOP).await;
        play.phases(&[Phase::CutOver]).await;
        play.world(|world| change(world.at_mut(HOME, "orders").unwrap()));
        let why = play.phase(Phase::Verify).await.unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology");
        assert!(
            why.to_string().contains("1 of 6 items of orders-dr"),
            "{why}"
        );
    }
}

#[tokio::test]
async fn a_count_that_takes_too_long_gives_way_to_a_sample_where_writers_are_denied() {
    for denies in [true, false] {
        let mut play = Play::new(Kind::RestoreHome);
        if !denies {
            open(&mut play);
        }
        play.phases(&[Phase::Prepare, Phase::Sync, Phase::Suspend])
            .await;
        play.world(|world| world.silent = 0..u32::MAX);
        while play.row.kept.get(memory::SAMPLED) != Some(&json!(true)) {
            play.pass(Phase::LastSync).await.unwrap();
        }
        play.world(|world| world.silent = 0..0);
        assert_eq!(scan(&play, memory::Which::Last).looks, LOOKS_MAX);
        let came = play.phase(Phase::LastSync).await;
        if let Err(why) = came {
            assert!(
                !denies && why.to_string().contains("deny_writes: true"),
                "{why}"
            );
            continue;
        }
        assert!(denies);
        let said = play.phases(&[Phase::CutOver, Phase::Verify]).await;
        assert!(
            said[1].contains("6 items of orders-dr were compared"),
            "{}",
            said[1]
        );
    }
}

#[tokio::test]
async fn two_counts_of_verify_fit_into_its_passes_however_slow_dynamodb_is() {
    let mut play = Play::new(Kind::RestoreHome);
    open(&mut play);
    play.phases(&TO_THE_STOP).await;
    play.phases(&[Phase::CutOver]).await;
    // Home is read by its last look but one, and the recovery table not at all.
    play.world(|world| world.silent = world.pages..world.pages + LOOKS_MAX - 1);
    let mut passes = 1;
    while !play.pass(Phase::Verify).await.unwrap() {
        passes += 1;
        if passes == LOOKS_MAX + 2 {
            play.world(|world| world.silent = 0..u32::MAX);
        }
    }
    assert!((30..40).contains(&passes), "{passes}");
    let said = &play.row.reason;
    assert!(said.contains("holds the 20 items"), "{said}");
    assert!(said.contains("was not counted again"), "{said}");
}

#[tokio::test]
async fn a_rehearsal_of_a_table_that_is_too_large_says_what_it_compared() {
    for loses in [false, true] {
        let mut play = Play::new(Kind::Rehearse);
        of_bytes(&play, 1 << 40);
        play.phases(&[Phase::Prepare, Phase::Sync]).await;
        play.world(|world| world.loses_items = loses);
        let said = play.phase(Phase::Rehearse).await.unwrap();
        let same = if loses {
            "5 of 6 items"
        } else {
            "6 of 6 items"
        };
        assert!(said.contains(same), "{said}");
        assert!(play.row.kept.contains_key(memory::REHEARSED_AT));
    }
    let mut play = Play::new(Kind::Rehearse);
    of_bytes(&play, 1 << 40);
    play.phases(&[Phase::Prepare, Phase::Sync]).await;
    play.world(|world| {
        let table = world.at_mut(RECOVERY, "orders-dr").unwrap();
        table.items = items(5..25, "all others");
    });
    let why = play.phase(Phase::Rehearse).await.unwrap_err();
    assert!(why.to_string().contains("none of 6 items"), "{why}");
}
