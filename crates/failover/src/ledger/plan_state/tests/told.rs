//! What people are told once, and when it is news again.

use super::*;
use crate::evidence::Verdict;

#[test]
fn people_are_told_once_per_change_and_anew_after_a_beat() {
    let told = row().tell("path_impaired").unwrap();
    assert_eq!(told.tell("path_impaired"), None);
    assert!(told.tell("region_down").is_some());
    assert_eq!(told.commits_again(), Some(row()));
    assert_eq!(row().commits_again(), None);
}

#[test]
fn two_causes_that_take_turns_are_told_once_each() {
    let too_much = |seconds| {
        format!("stopped: DataLossTooLarge {seconds}.5 s are lost at 2026-11-26T12:00:{seconds}.5Z")
    };
    let first = row().tell("stopped: NotReady no instance serves").unwrap();
    let both = first.tell(&too_much(31)).expect("another cause is news");
    assert_eq!(both.tell("stopped: NotReady no instance serves"), None);
    assert_eq!(
        both.tell(&too_much(42)),
        None,
        "only counts and times differ"
    );
    let many = ('a'..='z').fold(both, |row, cause| row.tell(&cause.to_string()).unwrap());
    assert_eq!(many.told_causes.len(), 8, "a row is read at every look");
}

#[test]
fn a_no_is_kept_once_and_until_a_beat() {
    let no = Declined {
        run_id: "a".into(),
        verdict: Verdict::WriterDown,
    };
    let declined = row().decline(&no).unwrap();
    assert_eq!(declined.decline(&no), None);
    assert_eq!(declined.commits_again().unwrap().declined, None);
}

#[test]
fn an_open_intent_is_paged_once_and_only_while_no_run_holds_the_plan() {
    let begun = held("a").intend(intent("a", 8)).unwrap();
    assert_eq!(begun.page(at(1)), None, "its run goes on");
    let left = begun.release(&"a".into()).unwrap();
    let paged = left.page(at(1)).unwrap();
    assert_eq!(paged.paged, Some(Epoch(8)));
    assert_eq!(paged.page(at(2)), None);
    assert!(begun.page(at(0) + LEASE).is_some(), "its run died");
    assert_eq!(row().page(at(1)), None);
}

#[test]
fn people_are_told_once_of_a_broken_plan_and_again_when_it_is_broken_otherwise() {
    let row = PlanState::new("orders".into());
    let told = row.tell_plan_fault(Some("no JSON")).unwrap();
    assert_eq!(told.tell_plan_fault(Some("no JSON")), None);
    assert!(told.tell_plan_fault(Some("detection is missing")).is_some());
    let right = told.tell_plan_fault(None).unwrap();
    assert_eq!(right.tell_plan_fault(None), None);
    let long = "x".repeat(9_000);
    let cut = row.tell_plan_fault(Some(&long)).unwrap();
    assert_eq!(
        cut.tell_plan_fault(Some(&long)),
        None,
        "cut, and known all the same"
    );
}
