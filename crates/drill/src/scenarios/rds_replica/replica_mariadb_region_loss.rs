//! The same loss of a Region on MariaDB.

use crate::{profile::Profile, scenario::Scenario, scenarios::rds_replica::replica_region_loss};

pub(crate) static SCENARIO: Scenario = Scenario {
    name: "replica-mariadb-region-loss",
    summary: "The home Region of an RDS instance of MariaDB dies whole, its read replica a few seconds behind: the replica is promoted, names and services are led over, and the old writer is shut when its Region comes back.",
    world: Profile::quick_mariadb,
    ..replica_region_loss::SCENARIO
};
