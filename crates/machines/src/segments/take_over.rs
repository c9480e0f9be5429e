//! What follows a promotion: proof, names, services, a write.

use super::{
    PROOF, QUESTIONS,
    hook::{AFTER_NAMES, AFTER_PROMOTE, AFTER_SERVICES, BEFORE_NAMES, BEFORE_SERVICES},
};
use crate::{
    machine::Part,
    state::Function,
    task::{Failure, Task},
};

/// Passes of a loop that leads names at most.
const NAMES: u32 = 120;

/// Why services are restarted after a living writer has moved.
pub(crate) const RESTART_AFTER_A_MOVE: &str =
    "Restarts the services, whose connections may still hang on the old writer.";

/// What a machine does in a way of its own while it takes over.
#[derive(Debug)]
pub(crate) struct TakeOver {
    /// Why services are restarted.
    pub(crate) restart: &'static str,
    /// What stands between the proof and the names: where it fails, no name moves.
    pub(crate) before_names: Vec<Task>,
    /// How the promoted writer is proven.
    pub(crate) proof: Proof,
}

/// How a machine proves the promoted writer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proof {
    /// By a commit alone.
    Commits,
    /// By a commit, or by a human's word where no heart beats.
    OrAWord,
}

impl Proof {
    const fn told(self) -> &'static str {
        match self {
            Self::Commits => "'operation': 'prove'",
            Self::OrAWord => "'operation': $prove",
        }
    }

    const fn asks_in(self) -> Option<(&'static str, &'static str, u32)> {
        match self {
            Self::Commits => None,
            Self::OrAWord => Some((PROOF[0], "asked", QUESTIONS + 1)),
        }
    }
}

impl TakeOver {
    /// Names follow the proof.
    pub(crate) const fn at_once(restart: &'static str) -> Self {
        Self {
            restart,
            before_names: Vec::new(),
            proof: Proof::Commits,
        }
    }
}

/// TAKE_OVER: the writer is proven, named, and written to as an application would.
pub(crate) fn take_over(of: TakeOver) -> Vec<Part> {
    let prove = Task {
        told: Some(of.proof.told()),
        asks_in: of.proof.asks_in(),
        seconds: 30,
        ..Task::of(
            "ProveWriter",
            Function("health-probe"),
            120,
            "Commits the new epoch and a beat on the promoted writer; without it nothing after it runs.",
        )
    };
    let names = Task {
        failure: Failure::GoesOn,
        tried_again_in: Some("FlipDnsAgain"),
        then: Some(AFTER_NAMES.first),
        ..Task::of(
            "FlipDns",
            Function("dns-flip"),
            NAMES,
            "Points the plan's names at the new writer. From here on trouble is recorded and the run goes on.",
        )
    };
    let again = Task {
        failure: Failure::GoesOn,
        ..Task::of(
            "FlipDnsAgain",
            Function("dns-flip"),
            NAMES,
            "Tries the names again before anything waits for them: services that start meanwhile would find the old writer.",
        )
    };
    let restart = Task {
        seconds: 65,
        failure: Failure::GoesOn,
        ..Task::of("RestartEcs", Function("ecs-restart"), 240, of.restart)
    };
    let verify = Task {
        told: Some("'operation': 'verify'"),
        seconds: 30,
        ..Task::of(
            "VerifyWrites",
            Function("health-probe"),
            120,
            "Writes through the plan's DNS name, as an application would.",
        )
    };
    let mut parts = vec![Part::Loop(prove)];
    parts.extend(of.before_names.into_iter().map(Part::Loop));
    parts.extend(AFTER_PROMOTE.then(BEFORE_NAMES.first));
    parts.extend(BEFORE_NAMES.then("FlipDns"));
    parts.extend([names, again].map(Part::Loop));
    parts.extend(AFTER_NAMES.then(BEFORE_SERVICES.first));
    parts.extend(BEFORE_SERVICES.then("RestartEcs"));
    parts.push(Part::Loop(restart));
    parts.extend(AFTER_SERVICES.then("VerifyWrites"));
    parts.push(Part::Loop(verify));
    parts
}
