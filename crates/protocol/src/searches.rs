//! The searches: how far they go, and what they saw.

use std::fmt::Write as _;

use failover::plan::TopologyKind;
use stateright::{Checker, HasDiscoveries, Model, Path};

use crate::{
    model::{Asks, Begins, Bounds, Event, Protocol},
    state::{Faults, State, Task},
};

mod ablations;
mod large;
mod replica;

pub use ablations::{ABLATIONS, Ablation, SLOW_PROBE};
pub use large::{LARGE, STEPS_MAX};
pub use replica::{REPLICA, REPLICA_LARGE};

/// No fault at all.
const CALM: Faults = Faults {
    crashes: 0,
    losses: 0,
    partings: 0,
    lapses: 0,
    silences: 0,
    delays: 0,
    lost: 0,
    rows: 0,
};

/// Two members and one run that may be anything, of which nothing goes wrong.
const ONE: Bounds = Bounds {
    kind: TopologyKind::AuroraGlobal,
    members: 2,
    runs: 1,
    faults: CALM,
    is_managed: false,
    gives_up: true,
    starts: &[],
    losable: 1,
    reads_together: false,
    schedules_together: false,
    has_slow_probe: false,
    begins: Begins::Healthy,
    asks: Asks::Nobody,
};

/// The Region is lost, and may come back.
const LOST: Faults = Faults { losses: 1, ..CALM };

/// A search over everything within its bounds.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// What it covers.
    pub name: &'static str,
    /// How far it goes.
    pub bounds: Bounds,
}

/// What a search saw.
#[derive(Debug)]
pub struct Saw {
    /// How many states.
    pub states: usize,
    /// How many steps the longest of the shortest ways has.
    pub depth: usize,
    /// Whether nothing within its bounds was left out.
    pub is_whole: bool,
    /// The properties that failed, with their traces; the search ends with the first.
    pub violations: Vec<String>,
}

impl Search {
    /// Goes through everything, on two threads; where there is a most, until about so many steps were taken, the shortest ways
    /// first.
    ///
    /// # Errors
    /// When the model's own plan is wrong.
    pub fn run(&self, steps_max: Option<usize>) -> Result<Saw, failover::Error> {
        let protocol = Protocol::new(self.bounds, None)?;
        let builder = protocol.checker().threads(2);
        let builder = match steps_max {
            Some(most) => builder.target_state_count(most),
            None => builder,
        };
        let checker = builder.finish_when(HasDiscoveries::Any).spawn_bfs().join();
        let found = checker.discoveries().into_iter();
        Ok(Saw {
            states: checker.unique_state_count(),
            depth: checker.max_depth(),
            is_whole: steps_max.is_none_or(|most| checker.state_count() < most),
            violations: found
                .map(|(name, path)| format!("{name}: {}", trace(path)))
                .collect(),
        })
    }
}

/// Those of `make test`.
pub const SMALL: [Search; 7] = [
    Search {
        name: "a planned run, a lost answer shown late, a crash, a loss and a return",
        bounds: Bounds {
            faults: Faults {
                lost: 1,
                crashes: 1,
                ..LOST
            },
            starts: &[(Task::Planned, 0, 1)],
            reads_together: true,
            ..ONE
        },
    },
    Search {
        name: "one run, every fault once",
        bounds: Bounds {
            faults: Faults {
                crashes: 1,
                partings: 1,
                lapses: 1,
                delays: 1,
                ..LOST
            },
            ..ONE
        },
    },
    Search {
        name: "one run, managed, every fault once",
        bounds: Bounds {
            faults: Faults {
                crashes: 1,
                partings: 1,
                ..LOST
            },
            is_managed: true,
            ..ONE
        },
    },
    Search {
        name: "two runs, a loss and a return",
        bounds: Bounds {
            runs: 2,
            faults: LOST,
            ..ONE
        },
    },
    Search {
        name: "three members, two suspicions, a loss and a return",
        bounds: Bounds {
            members: 3,
            runs: 2,
            faults: LOST,
            starts: &[(Task::Suspected, 0, 1), (Task::Suspected, 0, 2)],
            ..ONE
        },
    },
    Search {
        name: "a failback and the fence",
        bounds: FAILBACK,
    },
    Search {
        name: "a failback that waits for a human, and a suspicion that asks too, a loss and a return",
        bounds: WAITING,
    },
];

/// A failback that waits for a human's answer while the writer's Region is lost, and the suspicion of that.
const WAITING: Bounds = Bounds {
    runs: 2,
    faults: LOST,
    starts: &[(Task::Failback, 0, 1), (Task::Suspected, 0, 1)],
    reads_together: true,
    asks: Asks::Everybody,
    ..ONE
};

/// After a failover by detach: a failback beside the fence's schedule in the home Region.
const FAILBACK: Bounds = Bounds {
    runs: 2,
    starts: &[(Task::Failback, 1, 0), (Task::Fence, 1, 0)],
    reads_together: true,
    begins: Begins::FailedOver,
    ..ONE
};

/// What happened, calls counted.
#[must_use]
pub fn trace(path: Path<State, Event>) -> String {
    let mut text = String::new();
    let mut calls = 0;
    for event in path.into_actions() {
        if let Event::Call(_) = event {
            calls += 1;
            continue;
        }
        if calls > 0 {
            let _ = write!(text, "{calls} calls, ");
        }
        let _ = write!(text, "{event:?}, ");
        calls = 0;
    }
    let _ = write!(text, "{calls} calls");
    text
}
