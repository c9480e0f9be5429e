//! What each rule's absence must break.

use stateright::{Checker, HasDiscoveries, Model};

use super::{
    CALM, FAILBACK, LOST, ONE, WAITING,
    replica::{LEFT_STOPPED, MOVE},
    trace,
};
use crate::{
    model::{Begins, Bounds, Protocol},
    rules::Rule,
    state::{Faults, Task},
};

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
    pub fn run(&self) -> (usize, Option<String>) {
        let Ok(protocol) = Protocol::new(self.bounds, Some(self.rule)) else {
            return (0, None);
        };
        let wanted = HasDiscoveries::AnyOf([self.breaks].into());
        let checker = protocol.checker().finish_when(wanted).spawn_bfs().join();
        let found = checker.discovery(self.breaks);
        (checker.unique_state_count(), found.map(trace))
    }
}

const NEVER_FENCED: &str = "the writer is never fenced, retired, renamed or deleted";
const ONE_AT_A_TIME: &str = "runs promote one at a time";
const ONE_HOLDER: &str = "one run holds the plan";
const DEPOSED: &str = "no deposed writer is promoted";
const EVIDENCE: &str = "no promotion on old evidence or of a living writer's Region";
const ONCE: &str = "an incident is settled once";
const NOT_SILENT: &str = "what is promoted is proven, resumed or paged";
const HEARD: &str = "an outage is not waited out behind another question";
const NO_ROW_LOST: &str = "a planned move loses no acknowledged row";
const LET_IN: &str = "at rest the writer is open, and it alone";
const NEVER_OPENED: &str = "a deposed writer is never opened";
const SHUT_DOORS: &str = "no name leads to shut doors";
const AGREE: &str = "at rest ledgers, database and DNS agree";

const TO_BOTH: Bounds = Bounds {
    members: 3,
    runs: 2,
    faults: LOST,
    starts: &[(Task::Suspected, 0, 1), (Task::Suspected, 0, 2)],
    ..ONE
};

/// Each rule, and what breaks without it.
pub const ABLATIONS: [Ablation; 24] = [
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
    Ablation {
        rule: Rule::DecidingRow,
        breaks: NO_ROW_LOST,
        bounds: MOVE,
    },
    Ablation {
        rule: Rule::OneMark,
        breaks: NO_ROW_LOST,
        bounds: Bounds {
            begins: Begins::LateStop,
            ..MOVE
        },
    },
    Ablation {
        rule: Rule::OpensByMark,
        breaks: NO_ROW_LOST,
        bounds: Bounds {
            begins: Begins::LateOpening,
            ..MOVE
        },
    },
    Ablation {
        rule: Rule::OrphanMarks,
        breaks: LET_IN,
        bounds: Bounds {
            faults: Faults { lost: 1, ..CALM },
            ..MOVE
        },
    },
    Ablation {
        rule: Rule::AsksTheOthers,
        breaks: NEVER_OPENED,
        bounds: LEFT_STOPPED,
    },
    Ablation {
        rule: Rule::YoungStops,
        breaks: NEVER_OPENED,
        bounds: LEFT_STOPPED,
    },
    Ablation {
        rule: Rule::GoesForward,
        breaks: NOT_SILENT,
        bounds: Bounds {
            faults: Faults { lost: 1, ..CALM },
            gives_up: true,
            ..MOVE
        },
    },
    Ablation {
        rule: Rule::Resumes,
        breaks: LET_IN,
        bounds: Bounds {
            faults: Faults { crashes: 1, ..CALM },
            ..MOVE
        },
    },
    Ablation {
        rule: Rule::OpensBehindProof,
        breaks: SHUT_DOORS,
        bounds: MOVE,
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
