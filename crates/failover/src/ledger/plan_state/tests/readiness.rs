//! What stands against a planned move is told once, when two looks in a row have found it.

use super::*;

fn reasons(found: &[&str]) -> Vec<String> {
    found.iter().map(|one| (*one).to_owned()).collect()
}

fn looked(row: &PlanState, found: &[&str], minute: i64) -> PlanState {
    row.note_readiness(&reasons(found), &[], at(minute * 60))
}

fn news(row: &PlanState) -> Option<ReadinessNews> {
    row.readiness_news()
}

const NOT_READY: Option<ReadinessNews> = Some(ReadinessNews::NotReady);

#[test]
fn what_one_look_finds_and_the_next_one_does_not_is_not_told() {
    let backed_up = looked(&row(), &["the target orders-east is backing-up"], 0);
    assert_eq!(news(&backed_up), None);
    let other = looked(&backed_up, &["secret orders/admin is rotated"], 15);
    assert_eq!(news(&other), None);
    let ready = looked(&other, &[], 30);
    assert_eq!(news(&ready), None);
    assert_eq!(ready.readiness.unwrap().at, at(1_800));
}

#[test]
fn two_looks_within_a_minute_are_one() {
    let first = looked(&row(), &["no key"], 0);
    let twice = first.note_readiness(&reasons(&["no key"]), &[], at(3));
    assert_eq!(news(&twice), None);
    assert_eq!(news(&looked(&twice, &["no key"], 1)), NOT_READY);
}

#[test]
fn what_lasts_is_told_once_whatever_is_counted_in_it_and_its_end_too() {
    let failed = |id: &str, seconds: u8, time: &str| {
        format!(
            "the fence failed at {time}, {seconds} s late: {{\"RequestId\":\"{id}\",\"why\":\"memory\"}}"
        )
    };
    let one = failed(
        "0a1b2c3d-0000-4000-8000-0123456789ab",
        31,
        "2026-01-31T02:00:00Z",
    );
    let two = failed(
        "ffffffff-1111-4222-8333-ba9876543210",
        45,
        "2026-01-31T02:15:00.5Z",
    );
    let first = looked(&row(), &[&one], 0);
    let lasts = looked(&first, &[&two], 15);
    assert_eq!(news(&lasts), NOT_READY);
    let told = lasts.tell_readiness(ReadinessNews::NotReady).unwrap();
    assert_eq!(told.tell_readiness(ReadinessNews::NotReady), None);
    assert_eq!(news(&looked(&told, &[&one], 30)), None);
    let ready = looked(&told, &[], 45);
    assert_eq!(news(&ready), Some(ReadinessNews::ReadyAgain));
    let known = ready.tell_readiness(ReadinessNews::ReadyAgain).unwrap();
    assert_eq!(news(&known), None);
    let again = looked(&looked(&known, &["no key"], 60), &["no key"], 75);
    assert_eq!(news(&again), NOT_READY);
}

#[test]
fn the_same_fault_of_another_region_or_instance_is_another_reason() {
    let first = looked(&row(), &["instance orders-1 in us-east-1 is rebooting"], 0);
    let other = looked(&first, &["instance orders-2 in us-east-1 is rebooting"], 15);
    assert_eq!(news(&other), None, "neither has lasted");
    let region = looked(&other, &["instance orders-2 in us-east-2 is rebooting"], 30);
    assert_eq!(news(&region), None);
}

#[test]
fn a_further_reason_is_news_and_only_what_has_lasted_is_listed_and_known() {
    let told = looked(&looked(&row(), &["no key"], 0), &["no key"], 15);
    let told = told.tell_readiness(ReadinessNews::NotReady).unwrap();
    let beside = looked(&told, &["no key", "no topic"], 30);
    assert_eq!(news(&beside), None);
    assert_eq!(beside.readiness.as_ref().unwrap().lasting(), ["no key"]);
    let both = looked(&beside, &["no key", "no topic"], 45);
    let both = both.tell_readiness(ReadinessNews::NotReady).unwrap();
    let one = looked(&both, &["no key"], 60);
    assert_eq!(news(&one), None);
    let back = looked(&looked(&one, &["no topic"], 75), &["no topic"], 90);
    assert_eq!(news(&back), None, "people know of it");
}

#[test]
fn the_region_that_has_the_writer_is_no_target_and_a_row_stays_small() {
    assert_eq!(row().forget_readiness(), None);
    let long: Vec<_> = (0..90_u8)
        .map(|one| format!("reason-{one} {}", "x".repeat(9_000)))
        .collect();
    let noted = (0..2).fold(row(), |row, minute| {
        row.note_readiness(&long, &long, at(minute * 60))
    });
    let noted = noted.tell_readiness(ReadinessNews::NotReady).unwrap();
    let size = serde_json::to_string(&noted).unwrap().len();
    assert!(size < 16_500, "{size}");
    assert_eq!(noted.forget_readiness(), Some(row()));
}
