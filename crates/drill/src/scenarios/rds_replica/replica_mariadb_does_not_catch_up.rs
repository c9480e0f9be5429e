//! The same stall of replication on MariaDB.

use crate::{
    profile::Profile, scenario::Scenario, scenarios::rds_replica::replica_does_not_catch_up,
};

pub(crate) static SCENARIO: Scenario = Scenario {
    name: "replica-mariadb-does-not-catch-up",
    summary: "Replication to a read replica of MariaDB stalls as the writer is stopped for a planned move: after a minute its applications get their logins back, services what they had, the run is aborted, and writes go on where they were.",
    world: || Profile {
        groups: true,
        ..Profile::quick_mariadb()
    },
    ..replica_does_not_catch_up::SCENARIO
};
