//! The same planned moves on MariaDB.

use crate::{profile::Profile, scenario::Scenario, scenarios::rds_replica::replica_switchover};

pub(crate) static SCENARIO: Scenario = Scenario {
    name: "replica-mariadb-switchover",
    summary: "The writer of an RDS instance of MariaDB is moved to its read replica's Region and back, as planned, while the application writes: the services there are brought to none, it is stopped, the replica promoted once it has applied everything, and the instance that was left makes room for a new replica of its name. No row is lost.",
    world: || Profile {
        groups: true,
        ..Profile::quick_mariadb()
    },
    ..replica_switchover::SCENARIO
};
