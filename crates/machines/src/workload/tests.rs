//! Where the answers of a run home lead.

use serde_json::{Value, json};

use super::*;
use crate::walk::{Passed, Walk};

fn leads(machine: &Machine, task: &str, passed: Passed<'_>) -> String {
    let next = Walk::of(machine).after(task, passed);
    next.map_or("nowhere".into(), |next| next.state)
}

fn done() -> Value {
    json!({"progress": "done"})
}

#[test]
fn a_run_home_takes_its_phases_in_their_order() {
    let (machine, done, yes) = (restore_home(), done(), json!({"approved": true}));
    for (task, answer, next) in [
        ("OpenRun", &json!({"dry_run": false}), "Prepare"),
        ("Prepare", &done, "AskPrepared"),
        ("AskPrepared", &yes, "Sync"),
        ("Sync", &done, "AskSuspend"),
        ("AskSuspend", &yes, "Suspend"),
        ("Suspend", &done, "LastSync"),
        ("LastSync", &done, "CutOver"),
        ("CutOver", &done, "Verify"),
        ("Verify", &done, "AskVerified"),
        ("AskVerified", &yes, "Retire"),
        ("Retire", &done, "Conclude"),
        ("Conclude", &done, "CloseRun"),
        ("CloseRun", &json!({"outcome": "succeeded"}), "Home"),
    ] {
        assert_eq!(
            leads(&machine, task, Passed::Answered(answer)),
            next,
            "{task}"
        );
    }
}

#[test]
fn a_dry_run_prepares_and_ends() {
    let dry = json!({"dry_run": true});
    let machine = restore_home();
    assert_eq!(
        leads(&machine, "OpenRun", Passed::Answered(&dry)),
        "DryPrepare"
    );
    assert_eq!(
        leads(&machine, "DryPrepare", Passed::Answered(&dry)),
        "DryRun"
    );
    assert_eq!(
        leads(&revert_home(), "OpenRun", Passed::Answered(&dry)),
        "DryRun"
    );
}

#[test]
fn a_failure_gives_back_what_was_suspended_before_the_cut_over_and_nothing_behind_it() {
    let machine = restore_home();
    for (task, next) in [
        ("Prepare", "CloseRun"),
        ("Sync", "CloseRun"),
        ("Suspend", "GiveBack"),
        ("LastSync", "GiveBack"),
        ("GiveBack", "CloseRun"),
        ("CutOver", "CloseRun"),
        ("Verify", "CloseRun"),
        ("Retire", "Conclude"),
        ("Conclude", "CloseRun"),
    ] {
        assert_eq!(
            leads(&machine, task, Passed::Failed("NotReady")),
            next,
            "{task}"
        );
        assert_eq!(leads(&machine, task, Passed::Exhausted), next, "{task}");
        let walk = Walk::of(&machine);
        let failed = walk.after(task, Passed::Failed("NotReady"));
        assert!(failed.is_some_and(|next| next.is_trouble), "{task}");
    }
}

#[test]
fn what_was_built_beside_is_taken_away_whatever_is_answered() {
    let machine = restore_home();
    for answer in [
        json!({"approved": true}),
        json!({"approved": false}),
        json!({}),
    ] {
        let next = leads(&machine, "AskRehearsed", Passed::Answered(&answer));
        assert_eq!(next, "TakeAway", "{answer}");
    }
    for failed in [Passed::Failed("States.Timeout"), Passed::Failed("Refused")] {
        assert_eq!(leads(&machine, "AskRehearsed", failed), "TakeAway");
    }
    assert_eq!(leads(&machine, "Rehearse", Passed::Exhausted), "TakeAway");
    let ended = leads(&machine, "TakeAway", Passed::Answered(&done()));
    assert_eq!(ended, "CloseRun");
}

#[test]
fn a_no_leads_to_the_end() {
    let (machine, no) = (restore_home(), json!({"approved": false}));
    for task in ["AskPrepared", "AskSuspend", "AskVerified"] {
        assert_eq!(
            leads(&machine, task, Passed::Answered(&no)),
            "CloseRun",
            "{task}"
        );
    }
}

/// Nine events a pass at most: the Task, the Choice and the Wait. Source of the bound:
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>.
#[test]
fn a_history_has_room_for_every_pass_whatever_the_number_of_resources() {
    for machine in [restore_home(), revert_home()] {
        let passes: u32 = machine.loops().map(|task| task.passes).sum();
        assert!(passes * 9 < 23_000, "{}: {passes} passes", machine.name);
    }
}

/// The lease of 15 minutes is renewed by each pass; `crates/failover` has it.
#[test]
fn a_lease_outlives_the_slowest_pass_however_long_the_rounds_wait() {
    for machine in [restore_home(), revert_home()] {
        for task in machine.loops() {
            let (gap, wait) = (task.gap_seconds(), task.wait_seconds);
            assert!(
                gap < 900 && wait * 5 <= 900,
                "{}: {gap} s, {wait} s",
                task.state
            );
        }
    }
}
