//! The machines of Aurora global databases.

use crate::{
    Topology,
    machine::{Machine, Part},
    segments::{
        BEFORE_PROMOTE, Close, FailBack, Leave, Open, Proof, RESTART_AFTER_A_MOVE, TakeOver, close,
        fail_back, leave, open, take_over,
    },
    state::Function,
    task::Task,
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
        proof: Proof::Commits,
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
        next: BEFORE_PROMOTE.first,
    });
    parts.extend(BEFORE_PROMOTE.then("PlannedFailover"));
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
    fail_back(FailBack {
        name: "failback",
        comment: "Brings the writer home after an unplanned failover: fences the deposed writer, rebuilds the global database, and moves the writer without losing a row. Started by hand, in the home Region.",
        run: "A failback",
        comparing: 560,
        rebuild: rebuild(),
        moves: vec![switch_over()],
        before_names: Vec::new(),
        at_home: Vec::new(),
        days: 21,
    })
}

fn switch_over() -> Task {
    Task::of(
        "PlannedFailover",
        Function("planned-failover"),
        240,
        "POINT OF NO RETURN: the first passes check readiness and change nothing; the one that switches over cannot be undone by us. RDS may cancel it: then the intent is withdrawn and the old writer stays. CloseRun tells from the ledger's intent, not from this state's Catch, whether it was passed.",
    )
}

/// The deposed writer is made a standby again.
fn rebuild() -> Task {
    Task {
        told: Some("'retire': $wish.retire, 'names': $wish.names"),
        wait_seconds: 120,
        ..Task::of(
            "RebuildGlobal",
            Function("rebuild-global"),
            720,
            "Gives the writer its standby again: waits for RDS after a managed failover; after a detach keeps the deposed cluster by a snapshot, retires it, and makes it anew. Each pass finds out where the one before it came to.",
        )
    }
}
