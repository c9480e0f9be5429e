//! The same abandoned stops on MariaDB.

use crate::{
    profile::Profile, scenario::Scenario, scenarios::rds_replica::replica_stopped_and_abandoned,
};

pub(crate) static SCENARIO: Scenario = Scenario {
    name: "replica-mariadb-stopped-and-abandoned",
    summary: "A planned move has stopped the writer of an RDS instance of MariaDB, and ends there: somebody stops its run, and another time the Region that it runs in dies. Each time the writer's own Region gives the logins back, account by account.",
    world: Profile::quick_mariadb,
    ..replica_stopped_and_abandoned::SCENARIO
};
