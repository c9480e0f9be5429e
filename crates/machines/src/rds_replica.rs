//! The machines of RDS instances with read replicas.

use crate::{
    Topology,
    machine::{Machine, Part},
    segments::{Close, Leave, Open, RESTART_AFTER_A_MOVE, TakeOver, close, leave, open, take_over},
    state::Function,
    task::Task,
};

/// A day, in seconds.
const DAY: u32 = 86_400;

/// All of them: nothing makes the instance that was left a replica again.
pub(crate) fn topology() -> Topology {
    Topology {
        name: "rds-replica",
        what: "RDS instances with read replicas",
        machines: vec![replica_failover(), replica_switchover()],
    }
}

/// Leaves a Region that is lost.
#[must_use]
pub fn replica_failover() -> Machine {
    leave(Leave {
        name: "replica-failover",
        comment: "Loses a Region, keeps the database: confirms the outage, promotes the read replica in this Region, and leads the applications there.",
        run: "A failover to a read replica",
        promotion: ("PromoteReplica", Function("promote-replica")),
        before_names: vec![open_writer()],
        days: 8,
    })
}

/// Moves a living writer, which is stopped first: RDS has no switchover of such an instance.
#[must_use]
pub fn replica_switchover() -> Machine {
    let mut parts = open(Open {
        comment: "Takes the plan's lease in every member Region, all of which must answer.",
        kind: "planned_failover",
        dry: ("DryStopWrites", Function("stop-writes"), ""),
        assign: Vec::new(),
        resumed: "An earlier run promoted the target and ended: only what is left remains to be done.",
        next: "StopWrites",
    });
    parts.extend([stop_writes(), promote()].map(Part::Loop));
    parts.extend(take_over(TakeOver {
        restart: RESTART_AFTER_A_MOVE,
        before_names: vec![open_writer()],
    }));
    parts.extend(close(&Close {
        told: "'trouble': $trouble",
        ends: &[(
            "succeeded",
            "Moved",
            "The target writes, and the plan's names lead to it.",
        )],
        aborted: "Stopped before the point of no return: the old writer stays, and its Region gives back what a stop had taken.",
        refused: "Another run holds the plan, a switch is on, or this Region already has the writer.",
    }));
    Machine {
        name: "replica-switchover",
        comment: "Makes this Region the writer without losing a row: checks that everything is ready, stops the old writer, promotes the read replica once it has every row, proves the new writer, and leads the applications there.",
        run: "A planned failover to a read replica",
        seconds: 3 * DAY,
        parts,
    }
}

/// The old writer is stopped, and the replica has all that it has written. Its passes reach into the writer's Region and its database.
fn stop_writes() -> Task {
    Task {
        seconds: 65,
        ..Task::of(
            "StopWrites",
            Function("stop-writes"),
            240,
            "The first passes check readiness and change nothing; then the old writer takes no writes any more, until the replica has replayed all that it wrote. What stands in the way gives everything back, and the old writer stays.",
        )
    }
}

fn promote() -> Task {
    Task::of(
        "PromoteReplica",
        Function("promote-replica"),
        240,
        "POINT OF NO RETURN: the old writer stands still, and the pass that promotes cannot be undone by us. A promotion that RDS refused is withdrawn and the old writer opened again. CloseRun tells from the ledger's intent, not from this state's Catch, whether it was passed.",
    )
}

/// Locks travel to a replica like any row: a stop may have been replicated before the Region was lost.
fn open_writer() -> Task {
    Task {
        seconds: 65,
        ..Task::of(
            "OpenWriter",
            Function("open-writer"),
            120,
            "Gives applications their logins back on the proven writer, where a stop took them; no name moves before.",
        )
    }
}
