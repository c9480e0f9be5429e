//! The same way home on MariaDB.

use failover::topology::names::Retire;

use crate::{profile::Profile, scenario::Scenario, scenarios::rds_replica::replica_failback};

pub(crate) static SCENARIO: Scenario = Scenario {
    name: "replica-mariadb-failback",
    summary: "The home Region of an RDS instance of MariaDB is lost and its read replica promoted; it returns, the old writer is fenced, the transactions that only it has are counted, it is renamed and a new replica made under its name, and the writer goes home without losing a further row.",
    comes_out: "fenced, counted, kept under another name, made again, the writer goes home, a replica on the other side again",
    world: Profile::quick_mariadb,
    play: |drill| Box::pin(replica_failback::play(drill, Retire::Rename)),
    ..replica_failback::SCENARIO
};
