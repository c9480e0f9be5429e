//! Which resources are up, what the phase answers, and when it ends.

use failover::domain::Region;

use super::*;
use crate::testing::{HOME, RECOVERY, Shelf, plan, run};

fn rows(states: &[(&str, Phase, State)]) -> BTreeMap<String, Row> {
    let rows = states.iter().map(|(name, phase, state)| {
        let mut row = Row::new("a".into(), name, Timestamp::UNIX_EPOCH);
        row.phase = *phase;
        row.state = state.clone();
        ((*name).to_owned(), row)
    });
    rows.collect()
}

/// Every resource in a phase and a state, but these.
fn all_but(phase: Phase, state: &State, others: &[(&str, State)]) -> BTreeMap<String, Row> {
    let names = ["billing", "ledger", "carts", "sessions"];
    let states = names.map(|name| {
        let other = others.iter().find(|(other, _)| *other == name);
        let state = other.map_or(state, |(_, state)| state);
        (name, phase, state.clone())
    });
    rows(&states)
}

fn refused() -> State {
    State::Refused("it is gone".into())
}

#[test]
fn every_phase_takes_all_at_once_but_the_cut_over_which_takes_the_first_group() {
    let plan = plan();
    for phase in Phase::ALL {
        let none_yet = rows(&[]);
        let expected: &[&str] = match phase {
            Phase::CutOver => &["billing", "sessions"],
            Phase::Prepare
            | Phase::Sync
            | Phase::Rehearse
            | Phase::Suspend
            | Phase::LastSync
            | Phase::Verify
            | Phase::Retire
            | Phase::Conclude
            | Phase::Revert => &["billing", "ledger", "carts", "sessions"],
        };
        assert_eq!(up(&plan, &none_yet, phase), expected, "{phase}");
    }
}

#[test]
fn a_group_of_the_cut_over_waits_until_the_one_before_it_is_done() {
    let (plan, phase) = (plan(), Phase::CutOver);
    let one_left = all_but(phase, &State::Pending, &[("billing", State::Done)]);
    assert_eq!(up(&plan, &one_left, phase), ["sessions"]);
    let first = [("billing", State::Done), ("sessions", State::Done)];
    let first_done = all_but(phase, &State::Pending, &first);
    assert_eq!(up(&plan, &first_done, phase), ["ledger", "carts"]);
    let refuses = [("billing", refused()), ("sessions", State::Done)];
    let held_up = all_but(phase, &State::Pending, &refuses);
    assert!(up(&plan, &held_up, phase).is_empty());
    assert!(matches!(end(&plan, &held_up, phase), End::Refused(why) if why.contains("billing: ")));
}

#[test]
fn a_phase_ends_when_nothing_is_left_and_says_every_refusal() {
    let (plan, phase) = (plan(), Phase::Sync);
    let done = all_but(phase, &State::Done, &[]);
    assert_eq!(end(&plan, &done, phase), End::Done);
    let others = [("billing", refused()), ("carts", State::Pending)];
    let works = all_but(phase, &State::Done, &others);
    assert_eq!(
        end(&plan, &works, phase),
        End::Pending,
        "others are at work"
    );
    let others = [("billing", refused()), ("carts", refused())];
    let rest = all_but(phase, &State::Done, &others);
    let End::Refused(why) = end(&plan, &rest, phase) else {
        panic!("it does not end");
    };
    assert!(
        why.starts_with("2 of 4 resources") && why.contains("carts: it is gone"),
        "{why}"
    );
}

#[test]
fn what_was_done_in_an_earlier_phase_counts_for_nothing_in_the_next() {
    let plan = plan();
    let before = all_but(Phase::Sync, &State::Done, &[("carts", refused())]);
    assert_eq!(end(&plan, &before, Phase::Suspend), End::Pending);
    assert_eq!(up(&plan, &before, Phase::Suspend).len(), 4);
}

#[tokio::test]
async fn a_record_is_written_at_home_and_copied_and_its_copy_may_miss_a_write() {
    let mut shelf = Shelf::usual().silence(RECOVERY);
    let mut run = run();
    save(&shelf, &mut run).await.unwrap();
    shelf.wake(RECOVERY);
    run.note(run.opened_at, "open", "open", "it is open");
    save(&shelf, &mut run).await.unwrap();
    let timeline = |region: &str| {
        let runs = shelf.runs_in(region);
        runs[&run.run_id].timeline.len()
    };
    assert_eq!((timeline(HOME), timeline(RECOVERY)), (1, 1));
    assert_eq!(run.version, 2);
    let mut late = WorkloadRun {
        version: 1,
        ..run.clone()
    };
    let why = save(&shelf, &mut late).await.unwrap_err();
    assert_eq!(why.name(), "Unavailable", "the next pass looks again");
}

#[test]
fn the_recovery_region_may_be_silent_once_the_business_there_is_suspended() {
    let mut run = run();
    assert!(!may_be_silent(&run));
    run.leave(Phase::Suspend, run.opened_at);
    assert!(may_be_silent(&run));
    run.kind = crate::run::Kind::Revert;
    assert!(!may_be_silent(&run), "it is to serve again");
    assert_eq!(run.plan.home_region, Region::from(HOME));
}
