//! A batch whose account could not be written is read again.

use super::*;
use failover::ports::{Reached, RowBatch};

fn rows(ids: &[&str]) -> ListedRows {
    let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
    ListedRows {
        count: ids.len() as u64,
        csv: if ids.is_empty() {
            Vec::new()
        } else {
            format!("id\n{lines}").into_bytes()
        },
        ..ListedRows::default()
    }
}

fn to(after: Option<&str>, compared: u64, only_here: &[&str], differs: &[&str]) -> RowBatch {
    RowBatch {
        compared,
        only_here: rows(only_here),
        differs: rows(differs),
        ..batch(after, 0, 0)
    }
}

fn listed(files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let csv = files.iter().filter(|(name, _)| name.ends_with(".csv"));
    let lines = csv.flat_map(|(_, content)| {
        let text = String::from_utf8(content.clone()).unwrap();
        let lines = text.lines().skip(1).map(str::to_owned);
        lines.collect::<Vec<_>>()
    });
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn a_batch_that_is_read_again_and_ends_earlier_lists_no_row_twice() {
    let world = FencedMember::of(vec![
        to(Some("10"), 10, &["1", "8"], &["7"]),
        to(Some("2"), 2, &["1"], &[]),
        to(Some("9"), 7, &["8"], &["7"]),
        to(None, 1, &[], &[]),
    ]);
    *world.unwritten.lock().unwrap() = Some(10);
    let why = world.forced().await.unwrap_err();
    assert_eq!(why.name(), "Unavailable");
    assert_eq!(listed(&world.files.lock().unwrap()), ["1", "7", "8"]);
    for progress in ["pending", "pending", "pending", "done"] {
        assert_eq!(world.forced().await.unwrap()["progress"], progress);
    }
    let found = world.losses.lock().unwrap().clone().unwrap();
    let account = Account::from(&found);
    assert!(found.tables[0].begun.is_empty(), "{found:?}");
    assert_eq!(
        (account.only_here, account.differs, account.files),
        (2, 1, 3)
    );
    assert_eq!(listed(&world.files.lock().unwrap()), ["1", "7", "8"]);
}

#[tokio::test]
async fn what_a_batch_found_is_emptied_even_where_its_rows_are_read_to_no_avail_first() {
    let locked = RowBatch {
        reached: Reached::NotBegun,
        ..to(None, 0, &[], &[])
    };
    let world = FencedMember::of(vec![
        to(Some("10"), 10, &["1"], &["7"]),
        locked,
        to(Some("5"), 5, &["1"], &[]),
        to(None, 5, &[], &["7"]),
    ]);
    *world.unwritten.lock().unwrap() = Some(10);
    world.forced().await.unwrap_err();
    for progress in ["pending", "pending", "pending", "done"] {
        assert_eq!(world.forced().await.unwrap()["progress"], progress);
    }
    assert_eq!(listed(&world.files.lock().unwrap()), ["1", "7"]);
}
