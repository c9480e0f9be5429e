//! What a row remembers, and what it forgets.

use serde_json::json;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn row() -> Row {
    Row::new("a".into(), "billing", at(0))
}

fn kept(value: Value) -> Kept {
    value.as_object().unwrap().clone()
}

#[test]
fn entering_a_phase_forgets_how_far_the_last_one_was_and_keeps_what_is_kept() {
    let mut row = row();
    row.keep(kept(json!({"snapshot": "billing-1"})));
    row.waits(at(1), "it copies", Some(Progress::default()));
    row.refuse(at(2), "the key is not usable");
    row.enter(Phase::Sync);
    assert_eq!((row.phase, &row.state), (Phase::Sync, &State::Pending));
    assert_eq!((&row.progress, row.reason.as_str()), (&None, ""));
    assert_eq!(row.text("snapshot"), Some("billing-1"));
}

#[test]
fn entering_the_same_phase_again_changes_nothing_unless_it_is_entered_anew() {
    let mut row = row();
    row.done(at(1), "home is as it was");
    let before = row.clone();
    row.enter(Phase::Prepare);
    assert_eq!(row, before);
    assert!(!row.is_pending(Phase::Prepare) && row.is_pending(Phase::Sync));
    row.again(Phase::Prepare);
    assert!(row.is_pending(Phase::Prepare));
}

#[test]
fn what_is_kept_under_the_same_name_is_replaced_and_null_takes_it_away() {
    let mut row = row();
    row.keep(kept(json!({"round": 1, "snapshot": "billing-1"})));
    row.keep(kept(json!({"round": 2, "snapshot": null})));
    assert_eq!(row.kept, kept(json!({"round": 2})));
}

#[test]
fn a_call_is_noted_without_an_answer_until_there_is_one() {
    let mut row = row();
    row.called(at(1), "copy_snapshot");
    assert_eq!(row.last_call("copy_snapshot").unwrap().answer, None);
    row.answered(at(2), Row::TAKEN);
    let called = row.last_call("copy_snapshot").unwrap();
    assert_eq!(called.answer.as_deref(), Some(Row::TAKEN));
    row.enter(Phase::Sync);
    assert_eq!(
        row.last_call("copy_snapshot"),
        None,
        "it was of another phase"
    );
    assert_eq!(row.updated_at, at(2));
}

#[test]
fn only_the_last_calls_are_kept() {
    let mut row = row();
    for second in 0..120 {
        row.called(at(second), "look_again");
    }
    assert_eq!(row.calls.len(), Row::CALLS_MAX);
    assert_eq!(row.calls[0].at, at(70));
    assert_eq!(row.calls[49].at, at(119));
}

#[test]
fn of_the_bytes_of_a_round_the_last_figure_counts() {
    let mut row = row();
    row.moved(1, 10);
    row.moved(1, 20);
    row.moved(2, 5);
    assert_eq!(row.bytes, BTreeMap::from([(1, 20), (2, 5)]));
}

#[test]
fn a_row_reads_back_as_it_was_written_and_lies_under_its_run() {
    let mut row = row();
    row.keep(kept(json!({"home_shape": {"gib": 20, "tags": []}})));
    row.called(at(1), "copy_snapshot");
    row.moved(1, 10);
    row.refuse(at(2), "the copy failed");
    let written = serde_json::to_string(&row).unwrap();
    assert_eq!(serde_json::from_str::<Row>(&written).unwrap(), row);
    assert_eq!(row.item(), "resource/a/billing");
    assert!(row.item().starts_with(&Row::items(&"a".into())));
    assert!(!row.item().starts_with(&Row::items(&"a/b".into())));
}
