//! What follows a promotion: proof, names, services, a write.

use crate::{
    machine::Part,
    state::Function,
    task::{Failure, Task},
};

/// Passes of a loop that leads names at most.
const NAMES: u32 = 120;

/// TAKE_OVER: the writer is proven, named, and written to as an application would; services hang on `old`.
pub(crate) fn take_over(restart: &'static str) -> Vec<Part> {
    let prove = Task {
        told: Some("'operation': 'prove'"),
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
        then: Some("RestartEcs"),
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
        ..Task::of("RestartEcs", Function("ecs-restart"), 240, restart)
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
    [prove, names, again, restart, verify]
        .map(Part::Loop)
        .into()
}
