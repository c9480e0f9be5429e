//! The machines of Aurora global databases.

use crate::{
    Topology,
    json::Json,
    machine::{Machine, Part},
    segments::{
        Close, Leave, Open, RESTART_AFTER_A_MOVE, TakeOver, ask, close, leave, ledger, open, state,
        take_over,
    },
    state::{Catch, Choice, Function, State, Wait, Way},
    task::{Task, trouble},
    when::When,
};

/// A day, in seconds.
const DAY: u32 = 86_400;

/// All of them.
pub(crate) fn topology() -> Topology {
    Topology {
        name: "aurora-global",
        what: "Aurora global databases",
        machines: vec![unplanned_failover(), planned_failover(), failback()],
    }
}

/// Leaves a Region that is lost.
#[must_use]
pub fn unplanned_failover() -> Machine {
    leave(Leave {
        name: "unplanned-failover",
        comment: "Loses a Region, keeps the database: confirms the outage, promotes the standby in this Region, and leads the applications there.",
        run: "An unplanned failover",
        promotion: ("DetachAndPromote", Function("detach-and-promote")),
        before_names: Vec::new(),
        days: 7,
    })
}

/// Moves a living writer.
#[must_use]
pub fn planned_failover() -> Machine {
    let mut parts = open(Open {
        comment: "Takes the plan's lease in every member Region, all of which must answer.",
        kind: "planned_failover",
        dry: ("DryPlannedFailover", Function("planned-failover"), ""),
        assign: Vec::new(),
        resumed: "An earlier run promoted the target and ended: only what is left remains to be done.",
        next: "PlannedFailover",
    });
    parts.push(Part::Loop(switch_over()));
    parts.extend(take_over(TakeOver::at_once(RESTART_AFTER_A_MOVE)));
    parts.extend(close(&Close {
        told: "'trouble': $trouble",
        ends: &[(
            "succeeded",
            "Moved",
            "The target writes, and the plan's names lead to it.",
        )],
        aborted: "Stopped before the point of no return, or RDS called the switchover off; the old writer stays.",
        refused: "Another run holds the plan, a switch is on, or this Region already has the writer.",
    }));
    Machine {
        name: "planned-failover",
        comment: "Makes this Region the writer without losing a row: checks that everything is ready, switches over, proves the new writer, and leads the applications there.",
        run: "A planned failover",
        seconds: 2 * DAY,
        parts,
    }
}

/// Brings the writer home.
#[must_use]
pub fn failback() -> Machine {
    let mut parts = open(Open {
        comment: "Takes the plan's lease in every member Region, all of which must answer.",
        kind: "failback",
        dry: (
            "DryFenceWriter",
            Function("fence-writer"),
            "'operation': 'fence'",
        ),
        assign: vec![(
            "wish".into(),
            Json::expression("$states.result.Payload.failback"),
        )],
        resumed: "The writer is home already: an earlier run came so far: only what is left remains to be done.",
        next: "FenceWriter",
    });
    parts.extend(rebuild().map(Part::Loop));
    parts.extend(window());
    parts.extend(ask(
        "A human answers with the task token from the message; readiness is checked afterwards. A refusal or no answer ends the run with the standby rebuilt and the writer where it is.",
        "$wish.approval_seconds",
        Vec::new(),
        "PlannedFailover",
    ));
    parts.push(Part::Loop(switch_over()));
    parts.extend(take_over(TakeOver::at_once(RESTART_AFTER_A_MOVE)));
    parts.push(Part::Loop(Task {
        told: Some("'conclude': true"),
        seconds: 65,
        ..Task::of(
            "Conclude",
            Function("ecs-restart"),
            240,
            "Puts the pilot lights of the Region that took over back to none: applications write at home.",
        )
    }));
    parts.extend(close(&Close {
        told: "'trouble': $trouble",
        ends: &[
            ("succeeded", "Home", "The home Region writes again, and the plan's names lead to it."),
            ("rebuilt", "Rebuilt", "The rehearsal's end: every member follows the writer, which stays where it is."),
        ],
        aborted: "Stopped before the point of no return: the writer stays where it is. A new run goes on from what it finds.",
        refused: "Another run holds the plan, a switch is on, or this is not the Region to bring the writer to.",
    }));
    Machine {
        name: "failback",
        comment: "Brings the writer home after an unplanned failover: fences the deposed writer, rebuilds the global database, and moves the writer without losing a row. Started by hand, in the home Region.",
        run: "A failback",
        seconds: 21 * DAY,
        parts,
    }
}

fn switch_over() -> Task {
    Task::of(
        "PlannedFailover",
        Function("planned-failover"),
        240,
        "POINT OF NO RETURN: the first passes check readiness and change nothing; the one that switches over cannot be undone by us. RDS may cancel it: then the intent is withdrawn and the old writer stays. CloseRun tells from the ledger's intent, not from this state's Catch, whether it was passed.",
    )
}

/// The deposed writer is fenced, compared, and made a standby again.
fn rebuild() -> [Task; 3] {
    [
        Task {
            told: Some("'operation': 'fence'"),
            seconds: 65,
            ..Task::of(
                "FenceWriter",
                Function("fence-writer"),
                120,
                "Keeps applications out of the deposed writer, so that what its snapshot holds is all it ever took.",
            )
        },
        Task {
            seconds: 65,
            ..Task::of(
                "LossLedger",
                Function("loss-ledger"),
                600,
                "Lists the rows and beats that only the deposed writer has, before it is retired: a stretch of a table in each pass. What nobody can know is said to be unknown.",
            )
        },
        Task {
            told: Some("'retire': $wish.retire, 'names': $wish.names"),
            wait_seconds: 120,
            ..Task::of(
                "RebuildGlobal",
                Function("rebuild-global"),
                720,
                "Gives the writer its standby again: waits for RDS after a managed failover; after a detach keeps the deposed cluster by a snapshot, retires it, and makes it anew. Each pass finds out where the one before it came to.",
            )
        },
    ]
}

/// A rehearsal ends here; a run waits for its window, if it has one.
fn window() -> [Part; 4] {
    let asks = || Way::to(vec![When::Asks], "AwaitApproval");
    let rehearsal = Choice {
        comment: Some("A rehearsal ends with the standby rebuilt; the writer stays where it is."),
        ways: vec![
            Way::to(vec![When::Rehearses], "CloseRun"),
            Way::to(vec![When::TooEarly], "KeepPlan"),
            asks(),
        ],
        assign: Vec::new(),
        default: "PlannedFailover".into(),
    };
    let keep = ledger(
        "The leases are kept until the window opens; an outage that needs no human may still take them.",
        Json::expression("$merge([$run, {'operation': 'keep', 'until': $wish.not_before}])"),
        vec![Catch {
            assign: vec![("trouble".into(), trouble("KeepPlan"))],
            ..Catch::to("States.ALL", "CloseRun")
        }],
        "MaintenanceWindow",
    );
    let until = Wait::Until {
        time: "$wish.not_before",
        next: "Approval".into(),
    };
    let approval = Choice {
        comment: None,
        ways: vec![asks()],
        assign: Vec::new(),
        default: "PlannedFailover".into(),
    };
    [
        Part::State("Rehearsal", State::Choice(rehearsal)),
        state("KeepPlan", keep),
        Part::State("MaintenanceWindow", State::Wait(until)),
        Part::State("Approval", State::Choice(approval)),
    ]
}
