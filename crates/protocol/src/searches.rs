//! The searches: how far they go, and what each rule's absence must break.

use std::fmt::Write as _;

use stateright::{Checker, HasDiscoveries, Model, Path};

use crate::{
    model::{Asks, Bounds, Event, Protocol},
    rules::Rule,
    state::{Faults, State, Task},
};

/// No fault at all.
const CALM: Faults = Faults {
    crashes: 0,
    losses: 0,
    partings: 0,
    lapses: 0,
    silences: 0,
    delays: 0,
    lost: 0,
};

/// Two members and one run that may be anything, of which nothing goes wrong.
const ONE: Bounds = Bounds {
    members: 2,
    runs: 1,
    faults: CALM,
    is_managed: false,
    starts: &[],
    losable: 1,
    reads_together: false,
    has_slow_probe: false,
    is_failed_over: false,
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
    pub fn look(&self, steps_max: Option<usize>) -> Result<Saw, failover::Error> {
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

/// A run by suspicion, a planned one, and one by hand the other way.
const RUNS: &[(Task, usize, usize)] = &[
    (Task::Suspected, 0, 1),
    (Task::Planned, 0, 1),
    (Task::Unplanned, 1, 0),
];

/// Runs by suspicion and by hand to the standby, and one by hand the other way.
const SUPERSEDING: &[(Task, usize, usize)] = &[
    (Task::Suspected, 0, 1),
    (Task::Unplanned, 0, 1),
    (Task::Unplanned, 1, 0),
];

/// A run by suspicion, and a planned one.
const TO_THE_STANDBY: &[(Task, usize, usize)] = &[(Task::Suspected, 0, 1), (Task::Planned, 0, 1)];

/// After a failover by detach: a failback beside the fence's schedule in the home Region.
const FAILBACK: Bounds = Bounds {
    runs: 2,
    starts: &[(Task::Failback, 1, 0), (Task::Fence, 1, 0)],
    reads_together: true,
    is_failed_over: true,
    ..ONE
};

/// How many steps one of the larger searches takes at most, unless it is asked for by its name: five minutes on two cores or so,
/// so that all of them end within an hour and a half.
pub const STEPS_MAX: usize = 12_000_000;

/// Those that `make check-protocol` adds.
pub const LARGE: [Search; 16] = [
    Search {
        name: "a failback that waits for a human, and a suspicion that asks nobody, a crash, a loss and a return",
        bounds: Bounds {
            faults: Faults { crashes: 1, ..LOST },
            asks: Asks::Failback,
            ..WAITING
        },
    },
    Search {
        name: "a planned run and a suspicion, a lost answer shown late, a loss and a return",
        bounds: Bounds {
            runs: 2,
            faults: Faults { lost: 1, ..LOST },
            starts: TO_THE_STANDBY,
            reads_together: true,
            ..ONE
        },
    },
    Search {
        name: "a superseded run with a pass in flight, a loss and a return",
        bounds: Bounds {
            runs: 2,
            faults: Faults {
                silences: 1,
                ..LOST
            },
            starts: SUPERSEDING,
            ..ONE
        },
    },
    Search {
        name: "three members, a run superseded from another Region",
        bounds: Bounds {
            members: 3,
            runs: 2,
            faults: Faults {
                silences: 2,
                ..LOST
            },
            starts: &[(Task::Suspected, 0, 1), (Task::Suspected, 0, 2)],
            reads_together: true,
            ..ONE
        },
    },
    Search {
        name: "two runs, managed, a lost answer shown late, a crash, a loss and a return",
        bounds: Bounds {
            runs: 2,
            faults: Faults {
                lost: 1,
                crashes: 1,
                ..LOST
            },
            is_managed: true,
            starts: TO_THE_STANDBY,
            reads_together: true,
            ..ONE
        },
    },
    Search {
        name: "three members, a switchover and a suspicion elsewhere, a lost answer shown late, a loss and a return",
        bounds: Bounds {
            members: 3,
            runs: 2,
            faults: Faults { lost: 1, ..LOST },
            starts: &[(Task::Planned, 0, 1), (Task::Suspected, 0, 2)],
            reads_together: true,
            ..ONE
        },
    },
    Search {
        name: "three members, a suspicion, the loss and return of any two Regions",
        bounds: Bounds {
            members: 3,
            faults: Faults { losses: 2, ..CALM },
            starts: &[(Task::Suspected, 0, 1)],
            losable: 3,
            reads_together: true,
            ..ONE
        },
    },
    Search {
        name: "a failback and the fence, two crashes",
        bounds: Bounds {
            faults: Faults { crashes: 2, ..CALM },
            ..FAILBACK
        },
    },
    Search {
        name: "a failback and a suspicion, the loss and return of either Region",
        bounds: Bounds {
            faults: LOST,
            losable: 2,
            starts: &[(Task::Failback, 1, 0), (Task::Suspected, 1, 0)],
            ..FAILBACK
        },
    },
    Search {
        name: "three members, forced by hand in two Regions, a loss and a return",
        bounds: Bounds {
            members: 3,
            runs: 2,
            faults: LOST,
            starts: &[(Task::Forced, 0, 1), (Task::Forced, 0, 2)],
            ..ONE
        },
    },
    Search {
        name: "forced and adopted by hand beside a suspicion, a loss and a return",
        bounds: Bounds {
            runs: 2,
            faults: LOST,
            starts: &[
                (Task::Forced, 0, 1),
                (Task::Adopt, 0, 1),
                (Task::Suspected, 0, 1),
            ],
            ..ONE
        },
    },
    Search {
        name: "two runs, parted Regions, a loss and a return",
        bounds: Bounds {
            runs: 2,
            faults: Faults {
                partings: 1,
                ..LOST
            },
            starts: RUNS,
            ..ONE
        },
    },
    Search {
        name: "two runs, managed, a crash, a loss and a return",
        bounds: Bounds {
            runs: 2,
            faults: Faults { crashes: 1, ..LOST },
            is_managed: true,
            starts: TO_THE_STANDBY,
            ..ONE
        },
    },
    Search {
        name: "two runs, a lease that lapses, a delay, a loss and a return",
        bounds: Bounds {
            runs: 2,
            faults: Faults {
                lapses: 1,
                delays: 1,
                ..LOST
            },
            starts: RUNS,
            ..ONE
        },
    },
    Search {
        name: "three members, two suspicions, two crashes, a loss and a return",
        bounds: Bounds {
            members: 3,
            runs: 2,
            faults: Faults { crashes: 2, ..LOST },
            starts: &[(Task::Suspected, 0, 1), (Task::Suspected, 0, 2)],
            reads_together: true,
            ..ONE
        },
    },
    Search {
        name: "two runs, two crashes, a loss and a return",
        bounds: Bounds {
            runs: 2,
            faults: Faults { crashes: 2, ..LOST },
            starts: TO_THE_STANDBY,
            ..ONE
        },
    },
];

/// What must be found with a rule off.
#[derive(Debug, Clone, Copy)]
pub struct Ablation {
    /// The rule.
    pub rule: Rule,
    /// The property that its absence breaks.
    pub breaks: &'static str,
    /// How far one has to look.
    pub bounds: Bounds,
}

impl Ablation {
    /// Searches without the rule; how many states it saw, and the shortest trace to what breaks. On one thread, so that the
    /// trace is always the same one.
    #[must_use]
    pub fn look(&self) -> (usize, Option<String>) {
        let Ok(protocol) = Protocol::new(self.bounds, Some(self.rule)) else {
            return (0, None);
        };
        let wanted = HasDiscoveries::AnyOf([self.breaks].into());
        let checker = protocol.checker().finish_when(wanted).spawn_bfs().join();
        let found = checker.discovery(self.breaks);
        (checker.unique_state_count(), found.map(trace))
    }
}

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

const NEVER_FENCED: &str = "the writer is never fenced, retired, renamed or deleted";
const ONE_AT_A_TIME: &str = "runs promote one at a time";
const ONE_HOLDER: &str = "one run holds the plan";
const DEPOSED: &str = "no deposed writer is promoted";
const EVIDENCE: &str = "no promotion on old evidence or of a living writer's Region";
const ONCE: &str = "an incident is settled once";
const NOT_SILENT: &str = "what is promoted is proven, resumed or paged";
const HEARD: &str = "an outage is not waited out behind another question";
const AGREE: &str = "at rest ledgers, database and DNS agree";

const TO_BOTH: Bounds = Bounds {
    members: 3,
    runs: 2,
    faults: LOST,
    starts: &[(Task::Suspected, 0, 1), (Task::Suspected, 0, 2)],
    ..ONE
};

/// Each rule, and what breaks without it.
pub const ABLATIONS: [Ablation; 15] = [
    Ablation {
        rule: Rule::Lease,
        breaks: ONE_AT_A_TIME,
        bounds: Bounds {
            faults: LOST,
            ..ONE
        },
    },
    Ablation {
        rule: Rule::LeaseEverywhere,
        breaks: ONE_HOLDER,
        bounds: TO_BOTH,
    },
    Ablation {
        rule: Rule::ConditionalWrite,
        breaks: NOT_SILENT,
        bounds: Bounds {
            starts: &[(Task::Suspected, 0, 1)],
            ..SLOW_PROBE
        },
    },
    Ablation {
        rule: Rule::Intent,
        breaks: NOT_SILENT,
        bounds: Bounds {
            faults: Faults { crashes: 1, ..LOST },
            ..ONE
        },
    },
    Ablation {
        rule: Rule::IntentOutranks,
        breaks: DEPOSED,
        bounds: Bounds {
            reads_together: true,
            ..TO_BOTH
        },
    },
    Ablation {
        rule: Rule::Paging,
        breaks: NOT_SILENT,
        bounds: Bounds {
            faults: Faults { crashes: 1, ..LOST },
            ..ONE
        },
    },
    Ablation {
        rule: Rule::CurrentStandby,
        breaks: DEPOSED,
        bounds: Bounds {
            runs: 2,
            faults: Faults { losses: 2, ..CALM },
            starts: &[(Task::Suspected, 0, 1), (Task::Suspected, 1, 0)],
            losable: 2,
            ..ONE
        },
    },
    Ablation {
        rule: Rule::Freshness,
        breaks: EVIDENCE,
        bounds: Bounds {
            faults: Faults { delays: 1, ..LOST },
            ..ONE
        },
    },
    Ablation {
        rule: Rule::PastIncident,
        breaks: ONCE,
        bounds: Bounds {
            runs: 2,
            faults: LOST,
            starts: &[(Task::Suspected, 0, 1)],
            ..ONE
        },
    },
    Ablation {
        rule: Rule::Learning,
        breaks: AGREE,
        bounds: Bounds {
            faults: LOST,
            ..ONE
        },
    },
    Ablation {
        rule: Rule::Withdrawal,
        breaks: NOT_SILENT,
        bounds: Bounds {
            faults: Faults { delays: 1, ..CALM },
            starts: &[(Task::Planned, 0, 1)],
            ..ONE
        },
    },
    Ablation {
        rule: Rule::DatabaseEpoch,
        breaks: NEVER_FENCED,
        bounds: FAILBACK,
    },
    Ablation {
        rule: Rule::NotedCall,
        breaks: NOT_SILENT,
        bounds: LOST_ANSWER,
    },
    Ablation {
        rule: Rule::Quiet,
        breaks: NOT_SILENT,
        bounds: LOST_ANSWER,
    },
    Ablation {
        rule: Rule::WaitsBehindOutage,
        breaks: HEARD,
        bounds: WAITING,
    },
];

/// A planned run that loses the answer to its call, and what RDS shows lags behind.
const LOST_ANSWER: Bounds = Bounds {
    faults: Faults { lost: 1, ..CALM },
    starts: &[(Task::Planned, 0, 1)],
    ..ONE
};

/// A probe that takes its time between reading a row and writing it, beside a run that dies.
pub const SLOW_PROBE: Bounds = Bounds {
    runs: 2,
    faults: Faults { crashes: 1, ..LOST },
    starts: &[(Task::Suspected, 0, 1), (Task::Planned, 0, 1)],
    has_slow_probe: true,
    ..ONE
};
