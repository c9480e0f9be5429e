//! Instances with a read replica: the writer is stopped before it is left, and whoever dies meanwhile, it is opened again or followed.

use failover::plan::TopologyKind;

use super::{CALM, LOST, ONE, Search};
use crate::{
    model::{Begins, Bounds},
    state::{Faults, Task},
};

/// Two instances and one run that moves the writer, to which applications write a row.
pub(super) const MOVE: Bounds = Bounds {
    kind: TopologyKind::RdsReplica,
    faults: WRITTEN,
    starts: &[(Task::Planned, 0, 1)],
    gives_up: false,
    reads_together: true,
    schedules_together: true,
    ..ONE
};

/// An instance that was lost under a stop comes back, and the Region that took over may be lost.
pub(super) const LEFT_STOPPED: Bounds = Bounds {
    faults: LOST,
    losable: 2,
    begins: Begins::FailedOver,
    ..MOVE
};

/// No fault, and a row that is acknowledged.
pub(super) const WRITTEN: Faults = Faults { rows: 1, ..CALM };

/// Those of `make test`.
pub const REPLICA: [Search; 8] = [
    Search {
        name: "an instance is moved, every loop may come to its bound",
        bounds: Bounds {
            gives_up: true,
            ..MOVE
        },
    },
    Search {
        name: "an instance is moved, a lost answer",
        bounds: Bounds {
            faults: Faults { lost: 1, ..WRITTEN },
            ..MOVE
        },
    },
    Search {
        name: "an instance is moved, the Regions part",
        bounds: Bounds {
            faults: Faults {
                partings: 1,
                ..WRITTEN
            },
            ..MOVE
        },
    },
    Search {
        name: "an instance is moved, either Region is lost",
        bounds: Bounds {
            faults: Faults {
                losses: 1,
                ..WRITTEN
            },
            losable: 2,
            ..MOVE
        },
    },
    Search {
        name: "an instance is moved, an earlier stop comes about late",
        bounds: Bounds {
            begins: Begins::LateStop,
            ..MOVE
        },
    },
    Search {
        name: "an instance is moved, an earlier opening comes about late",
        bounds: Bounds {
            begins: Begins::LateOpening,
            ..MOVE
        },
    },
    Search {
        name: "an instance that was lost under a stop comes back",
        bounds: LEFT_STOPPED,
    },
    Search {
        name: "an instance is left, its Region is lost, a crash",
        bounds: Bounds {
            faults: Faults {
                crashes: 1,
                rows: 1,
                ..LOST
            },
            starts: &[(Task::Suspected, 0, 1)],
            ..MOVE
        },
    },
];

/// Those that are cut off.
pub const REPLICA_LARGE: [Search; 5] = [
    Search {
        name: "an instance is moved, a crash anywhere",
        bounds: Bounds {
            faults: Faults {
                crashes: 1,
                ..WRITTEN
            },
            ..MOVE
        },
    },
    Search {
        name: "an instance is moved twice",
        bounds: Bounds { runs: 2, ..MOVE },
    },
    Search {
        name: "an instance is moved twice, a lost answer",
        bounds: Bounds {
            runs: 2,
            faults: Faults { lost: 1, ..WRITTEN },
            ..MOVE
        },
    },
    Search {
        name: "an instance is moved, its Region is lost and suspected",
        bounds: Bounds {
            runs: 2,
            faults: Faults { rows: 1, ..LOST },
            starts: &[(Task::Planned, 0, 1), (Task::Suspected, 0, 1)],
            ..MOVE
        },
    },
    Search {
        name: "an instance is moved, schedules step by step",
        bounds: Bounds {
            schedules_together: false,
            ..MOVE
        },
    },
];
