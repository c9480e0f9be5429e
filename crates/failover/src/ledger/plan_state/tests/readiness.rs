//! What stands against a planned move is told once, when two looks in a row have found it.

use super::*;

fn reasons(found: &[&str]) -> Vec<String> {
    found.iter().map(|one| (*one).to_owned()).collect()
}

fn looked(row: &PlanState, found: &[&str], minute: i64) -> PlanState {
    row.note_readiness(&reasons(found), &[], at(minute * 60))
}

#[test]
fn what_one_look_finds_and_the_next_one_does_not_is_not_told() {
    let backed_up = looked(&row(), &["the target orders-east is backing-up"], 0);
    assert_eq!(backed_up.readiness_news(), None);
    let other = looked(&backed_up, &["secret orders/admin is rotated"], 15);
    assert_eq!(other.readiness_news(), None);
    let ready = looked(&other, &[], 30);
    assert_eq!(ready.readiness_news(), None);
    assert_eq!(ready.readiness.unwrap().at, at(1_800));
}

#[test]
fn what_lasts_is_told_once_whatever_is_counted_in_it_and_its_end_too() {
    let first = looked(&row(), &["the target is 31 s behind"], 0);
    let lasts = looked(&first, &["the target is 45 s behind"], 15);
    assert_eq!(lasts.readiness_news(), Some(ReadinessNews::NotReady));
    let told = lasts.tell_readiness(ReadinessNews::NotReady).unwrap();
    assert_eq!(told.tell_readiness(ReadinessNews::NotReady), None);
    let still = looked(&told, &["the target is 99 s behind"], 30);
    assert_eq!(still.readiness_news(), None);
    let ready = looked(&still, &[], 45);
    assert_eq!(ready.readiness_news(), Some(ReadinessNews::ReadyAgain));
    let known = ready.tell_readiness(ReadinessNews::ReadyAgain).unwrap();
    assert_eq!(known.readiness_news(), None);
    let again = looked(&looked(&known, &["no key"], 60), &["no key"], 75);
    assert_eq!(again.readiness_news(), Some(ReadinessNews::NotReady));
}

#[test]
fn a_further_reason_is_news_and_one_that_comes_and_goes_is_not() {
    let two = |found: &[&str], row: &PlanState, minute| {
        looked(&looked(row, found, minute), found, minute + 15)
    };
    let told = two(&["no key"], &row(), 0);
    let told = told.tell_readiness(ReadinessNews::NotReady).unwrap();
    let both = two(&["no key", "no topic"], &told, 30);
    let both = both.tell_readiness(ReadinessNews::NotReady).unwrap();
    let one = two(&["no key"], &both, 60);
    assert_eq!(one.readiness_news(), None);
    let back = two(&["no topic"], &one, 90);
    assert_eq!(back.readiness_news(), None, "people know of it");
}

#[test]
fn the_region_that_has_the_writer_is_no_target_and_a_row_stays_small() {
    assert_eq!(row().forget_readiness(), None);
    let long: Vec<_> = (0..90_u8)
        .map(|one| format!("{one} {}", "x".repeat(9_000)))
        .collect();
    let noted = (0..2).fold(row(), |row, second| {
        row.note_readiness(&long, &long, at(second))
    });
    let noted = noted.tell_readiness(ReadinessNews::NotReady).unwrap();
    let size = serde_json::to_string(&noted).unwrap().len();
    assert!(size < 11_000, "{size}");
    assert_eq!(noted.forget_readiness(), Some(row()));
}
