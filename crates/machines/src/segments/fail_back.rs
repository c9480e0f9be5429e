//! The machine that brings the writer home, whichever steps make its member again and move it there.

use super::{
    APPROVAL, BEFORE_PROMOTE, Close, Open, Proof, RESTART_AFTER_A_MOVE, TakeOver, ask, close,
    ledger, open, state, take_over,
};
use crate::{
    json::Json,
    machine::{Machine, Part},
    state::{Catch, Choice, Function, State, Wait, Way},
    task::{Task, trouble},
    when::When,
};

/// A day, in seconds.
const DAY: u32 = 86_400;

/// What such machines differ in.
pub(crate) struct FailBack {
    /// The machine's name.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) comment: &'static str,
    /// What a run of it is called.
    pub(crate) run: &'static str,
    /// Passes of comparing at most, each of them a stretch of a table.
    pub(crate) comparing: u32,
    /// The loop that makes the deposed writer's member again.
    pub(crate) rebuild: Task,
    /// The loops that move the writer, up to the one that promotes.
    pub(crate) moves: Vec<Task>,
    /// What stands between the proof of the writer and its names.
    pub(crate) before_names: Vec<Task>,
    /// What is left to do once applications write at home.
    pub(crate) at_home: Vec<Task>,
    /// How long a run may last.
    pub(crate) days: u32,
}

/// Brings the writer home.
pub(crate) fn fail_back(of: FailBack) -> Machine {
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
    parts.extend([fence(), compare(of.comparing), of.rebuild].map(Part::Loop));
    let moves = of.moves.first().map_or("ProveWriter", |task| task.state);
    parts.extend(window(BEFORE_PROMOTE.first));
    parts.extend(ask(
        APPROVAL,
        "A human answers with the task token from the message; readiness is checked afterwards. A refusal or no answer ends the run with the standby rebuilt and the writer where it is.",
        "$wish.approval_seconds",
        Vec::new(),
        BEFORE_PROMOTE.first,
    ));
    parts.extend(BEFORE_PROMOTE.then(moves));
    parts.extend(of.moves.into_iter().map(Part::Loop));
    parts.extend(take_over(TakeOver {
        restart: RESTART_AFTER_A_MOVE,
        before_names: of.before_names,
        proof: Proof::Commits,
    }));
    parts.push(Part::Loop(conclude()));
    parts.extend(of.at_home.into_iter().map(Part::Loop));
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
        name: of.name,
        comment: of.comment,
        run: of.run,
        seconds: of.days * DAY,
        parts,
    }
}

fn fence() -> Task {
    Task {
        told: Some("'operation': 'fence'"),
        seconds: 65,
        ..Task::of(
            "FenceWriter",
            Function("fence-writer"),
            120,
            "Keeps applications out of the deposed writer, so that what its snapshot holds is all it ever took.",
        )
    }
}

fn compare(passes: u32) -> Task {
    Task {
        seconds: 65,
        ..Task::of(
            "LossLedger",
            Function("loss-ledger"),
            passes,
            "Lists the rows and beats that only the deposed writer has, before it is retired: a stretch of a table in each pass. What nobody can know is said to be unknown.",
        )
    }
}

fn conclude() -> Task {
    Task {
        told: Some("'conclude': true"),
        seconds: 65,
        ..Task::of(
            "Conclude",
            Function("ecs-restart"),
            240,
            "Puts the pilot lights of the Region that took over back to none: applications write at home.",
        )
    }
}

/// A rehearsal ends here; a run waits for its window, if it has one, before it `moves` the writer.
fn window(moves: &'static str) -> [Part; 4] {
    let asks = || Way::to(vec![When::Asks], "AwaitApproval");
    let rehearsal = Choice {
        comment: Some("A rehearsal ends with the standby rebuilt; the writer stays where it is."),
        ways: vec![
            Way::to(vec![When::Rehearses], "CloseRun"),
            Way::to(vec![When::TooEarly], "KeepPlan"),
            asks(),
        ],
        assign: Vec::new(),
        default: moves.into(),
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
        default: moves.into(),
    };
    [
        Part::State("Rehearsal", State::Choice(rehearsal)),
        state("KeepPlan", keep),
        Part::State("MaintenanceWindow", State::Wait(until)),
        Part::State("Approval", State::Choice(approval)),
    ]
}
