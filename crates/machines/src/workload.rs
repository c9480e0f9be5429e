//! The machines of workloads that come home. The function maps over the resources itself, eight at a time: a round is one Task and one Wait
//! however many resources there are. A Map state would write some nine events for each pass of each resource, and a hundred resources that
//! are looked at thirty times are 27,000 events, where a history has room for 25,000.
//! Source: <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>.

use crate::{
    Topology,
    json::Json,
    machine::{Machine, Part},
    retry::Retry,
    segments::state,
    state::{Assign, Call, Catch, Choice, Function, Seconds, State, Wait, Way},
    task::{Failure, Task, trouble},
    when::When,
};

mod ask;
mod close;

use ask::{PREPARED, REHEARSED, SUSPEND, VERIFIED, ask};
use close::{Close, close};

/// The function of every state.
const RESTORE: Function = Function("restore-home");

/// A day, in seconds.
const DAY: u32 = 86_400;

/// All of them.
pub(crate) fn topology() -> Topology {
    Topology {
        name: "workload",
        what: "workloads that come home",
        machines: vec![restore_home(), revert_home()],
    }
}

/// Brings a workload home, or rehearses that.
#[must_use]
pub fn restore_home() -> Machine {
    let mut parts = open("restore_home", "Prepare", "DryPrepare");
    parts.push(state("DryPrepare", dry_prepare()));
    parts.push(dry_run());
    parts.push(Part::Loop(prepare()));
    parts.extend(ask(&PREPARED));
    parts.push(Part::Loop(sync()));
    parts.extend(window());
    parts.extend(ask(&SUSPEND));
    parts.extend([suspend(), last_sync(), cut_over(), verify()].map(Part::Loop));
    parts.extend(ask(&VERIFIED));
    parts.extend([retire(), conclude()].map(Part::Loop));
    parts.push(Part::Loop(rehearse()));
    parts.extend(ask(&REHEARSED));
    parts.extend([take_away(), give_back()].map(Part::Loop));
    parts.extend(close(&Close {
        ends: &[
            ("succeeded", "Home", "Home serves and is protected again; what served in the recovery Region is stopped and kept."),
            ("rehearsed", "Rehearsed", "What was built beside was right, and is taken away; nothing that is named home has changed."),
        ],
        aborted: "Stopped before the cut-over: what was suspended is given back, and the recovery Region serves.",
        failed: "Stopped behind the beginning of the cut-over: the cause says what stands, and whether revert-home is to undo it.",
        refused: "Another run holds the plan, a switch is on, or home serves already.",
    }));
    Machine {
        name: "restore-home",
        comment: "Brings a workload home from its recovery Region: pairs and checks, copies in rounds while the business goes on, stops it, copies the last, puts everything under the names of home, lets people verify, and protects home again. Started by hand, in the home Region.",
        run: "A run home of a workload",
        seconds: 30 * DAY,
        parts,
    }
}

/// Undoes a cut-over.
#[must_use]
pub fn revert_home() -> Machine {
    let mut parts = open("revert", "Revert", "DryRun");
    parts.push(dry_run());
    parts.push(Part::Loop(looping(
        "Revert",
        "'operation': 'revert'",
        480,
        "Starts the recovery Region again, whose services wait for nothing of home where that never served, gives what stood at home before its names back, and keeps what came home under others. A home that serves is stopped first, under the next epoch.",
    )));
    parts.extend(close(&Close {
        ends: &[(
            "reverted",
            "Reverted",
            "The recovery Region serves again, its services have what they had, and the cut-over is undone.",
        )],
        aborted: "Stopped before anything was undone.",
        failed: "Stopped half way: another run of this machine goes on from what it finds.",
        refused: "Another run holds the plan, a switch is on, or there is nothing to undo.",
    }));
    Machine {
        name: "revert-home",
        comment: "Undoes the cut-over of a run home: the recovery Region serves again. Started by hand, in the home Region; once home serves it loses what was written there, and needs that to be accepted.",
        run: "The way back of a workload",
        seconds: 3 * DAY,
        parts,
    }
}

/// A call of the function that hands its answer on.
fn call(comment: &'static str, payload: Json, catches: Vec<Catch>, next: &'static str) -> Call {
    Call {
        comment: comment.into(),
        function: RESTORE,
        payload,
        asks: false,
        seconds: Seconds::Fixed(65),
        retries: Retry::usual(),
        catches,
        assign: Vec::new(),
        output: Some("$states.result.Payload".into()),
        next: next.into(),
    }
}

/// A loop of the function's passes.
fn looping(state: &'static str, told: &'static str, passes: u32, comment: &'static str) -> Task {
    Task {
        told: Some(told),
        seconds: 65,
        ..Task::of(state, RESTORE, passes, comment)
    }
}

/// OPEN: the leases in both Regions, or a dry run.
fn open(kind: &'static str, first: &'static str, dry: &'static str) -> Vec<Part> {
    let payload = format!(
        "$merge([$states.input, {{'operation': 'open', 'kind': '{kind}', 'execution': $states.context.Execution.Id}}])"
    );
    let unopened = Json::object([(
        "plan",
        Json::expression("$exists($states.input.plan) ? $states.input.plan : ''"),
    )]);
    let begins: Assign = vec![
        ("passes".into(), Json::Number(0)),
        ("closes".into(), Json::expression("false")),
        ("trouble".into(), Json::List(Vec::new())),
    ];
    let remembered = ["run", "wish"].map(|name| {
        let answered = Json::expression(&format!("$states.result.Payload.{name}"));
        (name.into(), answered)
    });
    let mut not_opened: Assign = vec![("run".into(), unopened)];
    not_opened.extend(begins.clone());
    let catches = vec![
        Catch::to("RunRefused", "RunRefused"),
        Catch {
            assign: not_opened,
            ..Catch::to("States.ALL", "ReleaseLeases")
        },
    ];
    let opens = Call {
        assign: remembered.into_iter().chain(begins).collect(),
        ..call(
            "Takes the plan's lease in both Regions, which must answer, and makes a row for each resource.",
            Json::expression(&payload),
            catches,
            "Opened",
        )
    };
    let opened = Choice {
        comment: None,
        ways: vec![Way::to(vec![When::DryRun], dry)],
        assign: Vec::new(),
        default: first.into(),
    };
    vec![
        state("OpenRun", opens),
        Part::State("Opened", State::Choice(opened)),
    ]
}

/// The first step without a run: it says every reason against one, and does nothing.
fn dry_prepare() -> Call {
    let why = "$states.errorOutput.Error & ': ' & $states.errorOutput.Cause";
    let failed = format!("{{'action': 'none', 'reason': {why}}}");
    let payload = "{'operation': 'prepare', 'plan': $run.plan, 'dry_run': true}";
    call(
        "The first step of a dry run, which has no lease and no record.",
        Json::expression(payload),
        vec![Catch {
            output: Some(failed.into()),
            ..Catch::to("States.ALL", "DryRun")
        }],
        "DryRun",
    )
}

fn dry_run() -> Part {
    Part::State(
        "DryRun",
        State::Succeed {
            comment: "A dry run: what the run would be, and every reason against it. Nothing was changed.",
        },
    )
}

fn prepare() -> Task {
    looping(
        "Prepare",
        "'operation': 'prepare'",
        40,
        "Pairs home and recovery, checks every resource, and keeps the shape of each. Every reason against the run is listed; nothing changes.",
    )
}

/// The rounds last eight hours at most, which a plan's check and the function hold: a pass a minute has room for them, and for a last one
/// that takes longer.
fn sync() -> Task {
    looping(
        "Sync",
        "'operation': 'sync', 'answered': 'prepared'",
        720,
        "Copies home while the business goes on, all resources at once, in rounds until one moves little or the window opens.",
    )
}

fn rehearse() -> Task {
    Task {
        failure: Failure::LeadsTo("TakeAway"),
        ..looping(
            "Rehearse",
            "'operation': 'rehearse'",
            240,
            "Builds every resource beside, under other names, in an isolated place.",
        )
    }
}

fn take_away() -> Task {
    Task {
        then: Some("CloseRun"),
        ..looping(
            "TakeAway",
            "'operation': 'take_away'",
            90,
            "Takes away what was built beside, whatever was answered; nothing that another run made.",
        )
    }
}

fn suspend() -> Task {
    Task {
        failure: Failure::LeadsTo("GiveBack"),
        ..looping(
            "Suspend",
            "'operation': 'suspend', 'answered': 'suspend'",
            90,
            "Writes the change of Region down in both ledgers, then stops the business in the recovery Region. A failure gives it back.",
        )
    }
}

fn last_sync() -> Task {
    Task {
        failure: Failure::LeadsTo("GiveBack"),
        ..looping(
            "LastSync",
            "'operation': 'last_sync'",
            480,
            "The last copies, of what nobody writes to any more. A failure gives the business back.",
        )
    }
}

fn cut_over() -> Task {
    looping(
        "CutOver",
        "'operation': 'cut_over'",
        360,
        "Puts what came home under the names of home, in the plan's order. What stood there is kept under other names until people delete it, so that revert-home undoes this.",
    )
}

fn verify() -> Task {
    looping(
        "Verify",
        "'operation': 'verify'",
        40,
        "Looks whether home is what it was, and lights the pilot lights there for people to see it work.",
    )
}

/// Home serves by then: it is protected whatever is still to be stopped elsewhere.
fn retire() -> Task {
    Task {
        failure: Failure::GoesOn,
        ..looping(
            "Retire",
            "'operation': 'retire', 'answered': 'verified'",
            90,
            "Writes down that home serves, under the new epoch, and stops what served in the recovery Region. Nothing is deleted. A failure is recorded, and home is protected all the same.",
        )
    }
}

fn conclude() -> Task {
    Task {
        then: Some("CloseRun"),
        ..looping(
            "Conclude",
            "'operation': 'conclude'",
            180,
            "Protects home again: backups as before, and a new recovery point of every resource that is complete.",
        )
    }
}

/// What leads here is a failure between the stop of the business and the cut-over.
fn give_back() -> Task {
    Task {
        then: Some("CloseRun"),
        ..looping(
            "GiveBack",
            "'operation': 'give_back'",
            90,
            "Gives the business in the recovery Region back what was suspended. Before the stop there is nothing to give.",
        )
    }
}

/// The leases are kept until the window opens.
fn window() -> [Part; 4] {
    let choice = Choice {
        comment: Some("A rehearsal builds beside; a run waits for its window, if it has one."),
        ways: vec![
            Way::to(vec![When::Rehearses], "Rehearse"),
            Way::to(vec![When::TooEarly], "KeepPlan"),
        ],
        assign: Vec::new(),
        default: "AskSuspend".into(),
    };
    let keep = call(
        "The leases are kept until the window opens.",
        Json::expression("$merge([$run, {'operation': 'window'}])"),
        vec![Catch {
            assign: vec![("trouble".into(), trouble("KeepPlan"))],
            ..Catch::to("States.ALL", "CloseRun")
        }],
        "MaintenanceWindow",
    );
    let until = Wait::Until {
        time: "$wish.not_before",
        next: "Window".into(),
    };
    let opens = looping(
        "Window",
        "'operation': 'window'",
        30,
        "Looks whether the window is open by the function's clock, too.",
    );
    [
        Part::State("WindowOrRehearsal", State::Choice(choice)),
        state("KeepPlan", keep),
        Part::State("MaintenanceWindow", State::Wait(until)),
        Part::Loop(opens),
    ]
}

#[cfg(test)]
mod tests;
