//! The machines of RDS instances with read replicas.

use crate::{
    Topology,
    machine::{Machine, Part},
    segments::{
        BEFORE_PROMOTE, Close, FailBack, Leave, Open, Proof, RESTART_AFTER_A_MOVE, TakeOver, close,
        fail_back, leave, open, take_over,
    },
    state::Function,
    task::{Failure, Task},
};

/// A day, in seconds.
const DAY: u32 = 86_400;

/// All of them.
pub(crate) fn topology() -> Topology {
    Topology {
        name: "rds-replica",
        what: "RDS instances with read replicas",
        machines: vec![replica_failover(), replica_switchover(), replica_failback()],
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
        proof: Proof::OrAWord,
        days: 9,
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
        next: BEFORE_PROMOTE.first,
    });
    parts.extend(BEFORE_PROMOTE.then("StopWrites"));
    parts.extend([stop_writes(), promote()].map(Part::Loop));
    parts.extend(take_over(TakeOver {
        restart: RESTART_AFTER_A_MOVE,
        before_names: vec![open_writer()],
        proof: Proof::Commits,
    }));
    parts.push(Part::Loop(protect_again(720)));
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
        comment: "Makes this Region the writer without losing a row: checks that everything is ready, stops the old writer, promotes the read replica once it has every row, proves the new writer, leads the applications there, and makes the instance that was left a replica of it.",
        run: "A planned failover to a read replica",
        seconds: 4 * DAY,
        parts,
    }
}

/// Brings the writer home. A replica is made twice, and one history holds both: each has half the passes that the rebuild of a global
/// database has, and so has comparing.
#[must_use]
pub fn replica_failback() -> Machine {
    fail_back(FailBack {
        name: "replica-failback",
        comment: "Brings the writer home after a failover to a read replica: fences the deposed writer, makes a replica of the new writer under its name, moves the writer there without losing a row, and makes the instance that took over a replica again. Started by hand, in the home Region.",
        run: "A failback of an RDS instance",
        comparing: 300,
        rebuild: Task {
            told: Some("'retire': $wish.retire, 'names': $wish.names"),
            wait_seconds: 120,
            ..Task::of(
                "ReplaceReplica",
                REPLACE,
                360,
                "Gives the writer its replicas again: keeps the deposed instance by a snapshot, retires it, and creates a replica under its name, until that replicates with a small lag. Each pass finds out where the one before it came to.",
            )
        },
        moves: vec![stop_writes(), promote()],
        before_names: vec![open_writer()],
        at_home: vec![protect_again(360)],
        days: 21,
    })
}

/// The function that makes replicas.
const REPLACE: Function = Function("replace-replica");

/// The instance of the Region that was left is made a replica, once applications write elsewhere. A run that cannot has moved the
/// writer all the same.
fn protect_again(passes: u32) -> Task {
    Task {
        wait_seconds: 120,
        failure: Failure::GoesOn,
        ..Task::of(
            "ProtectAgain",
            REPLACE,
            passes,
            "Makes the instance of the Region that was left, fenced by now, a replica of the new writer. Applications write meanwhile, and people were told so before. Trouble is recorded, and CloseRun says what is left.",
        )
    }
}

/// The old writer is stopped, and the replica has all that it has written. Its passes reach into the writer's Region and its database.
fn stop_writes() -> Task {
    Task {
        seconds: 65,
        ..Task::of(
            "StopWrites",
            Function("stop-writes"),
            120,
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
