//! The larger searches.

use super::{CALM, FAILBACK, LOST, ONE, Search, WAITING};
use crate::{
    model::{Asks, Bounds},
    state::{Faults, Task},
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

/// How many steps one of the larger searches takes at most, unless it is asked for by its name: four minutes on two cores or so,
/// so that all of them end within an hour or so.
pub const STEPS_MAX: usize = 4_000_000;

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
