//! A source and its replica under test, and how they are asked and waited for.

use std::time::Duration;

use aws_sdk_rds::{Client as Rds, types::DbInstance};
use rds_sim::Simulator;
use tokio_postgres::Client;

use crate::support::{
    EAST, WEST, client,
    database::{connect, insert},
    postgres_binaries, servers, simulator,
};

pub(crate) const SOURCE: &str = "orders-west";
pub(crate) const REPLICA: &str = "orders-east";

pub(crate) fn arn(region: &str, id: &str) -> String {
    format!("arn:aws:rds:{region}:123456789012:db:{id}")
}

/// A source in the west with a table, and a replica in the east.
pub(crate) struct Pair {
    pub(crate) simulator: Simulator,
    pub(crate) west: Rds,
    pub(crate) east: Rds,
    pub(crate) writer: Client,
    pub(crate) folder: tempfile::TempDir,
}

/// That, or `None` where no PostgreSQL is installed.
pub(crate) async fn pair() -> Option<Pair> {
    let binaries = postgres_binaries()?;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let simulator = simulator(servers(binaries, data)).await;
    let address = simulator.address();
    let (west, east) = (client(address, WEST), client(address, EAST));
    west.create_db_instance()
        .db_instance_identifier(SOURCE)
        .db_instance_class("db.m6g.large")
        .engine("postgres")
        .allocated_storage(20)
        .master_username("postgres_admin")
        .master_user_password("it's not a secret")
        .db_name("orders")
        .backup_retention_period(7)
        .send()
        .await
        .unwrap();
    let source = available(&west, SOURCE).await;
    assert!(source.latest_restorable_time().is_some(), "backed up");
    let writer = connect(&simulator, WEST, SOURCE).await.unwrap();
    writer
        .batch_execute("CREATE TABLE numbers (number int PRIMARY KEY)")
        .await
        .unwrap();
    insert(&writer, 1).await.unwrap();
    follow(&east, REPLICA, &arn(WEST, SOURCE)).await;
    Some(Pair {
        simulator,
        west,
        east,
        writer,
        folder,
    })
}

pub(crate) async fn described(rds: &Rds, id: &str) -> DbInstance {
    let answer = rds.describe_db_instances().db_instance_identifier(id);
    let answer = answer.send().await.unwrap();
    answer.db_instances()[0].clone()
}

/// Waits until RDS shows something of an instance.
pub(crate) async fn shows(
    rds: &Rds,
    id: &str,
    what: &str,
    is: impl Fn(&DbInstance) -> bool,
) -> DbInstance {
    let mut seen = String::new();
    for _ in 0..1_500 {
        let answer = rds.describe_db_instances().db_instance_identifier(id);
        // Under its new name, a renamed one is there only when it is done.
        if let Ok(answer) = answer.send().await {
            let instance = answer.db_instances()[0].clone();
            assert_ne!(instance.db_instance_status(), Some("failed"), "{id}");
            if is(&instance) {
                return instance;
            }
            seen = format!("{instance:?}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{id} is not {what}: {seen}");
}

pub(crate) async fn available(rds: &Rds, id: &str) -> DbInstance {
    let is = |instance: &DbInstance| instance.db_instance_status() == Some("available");
    shows(rds, id, "available", is).await
}

/// Makes a replica and waits until it replicates.
pub(crate) async fn follow(rds: &Rds, id: &str, source: &str) {
    rds.create_db_instance_read_replica()
        .db_instance_identifier(id)
        .source_db_instance_identifier(source)
        .send()
        .await
        .unwrap();
    let replica = available(rds, id).await;
    assert_eq!(
        replica.read_replica_source_db_instance_identifier(),
        Some(source)
    );
    let info = &replica.status_infos()[0];
    assert_eq!(
        (info.status_type(), info.status(), info.normal()),
        (Some("read replication"), Some("replicating"), Some(true))
    );
}

/// Promotes a replica, and waits for the end that callers must wait for: no source any more.
pub(crate) async fn promote(rds: &Rds, id: &str) -> DbInstance {
    rds.promote_read_replica()
        .db_instance_identifier(id)
        .send()
        .await
        .unwrap();
    let at_once = described(rds, id).await;
    assert_eq!(
        (
            at_once.db_instance_status(),
            at_once
                .read_replica_source_db_instance_identifier()
                .is_some()
        ),
        (Some("available"), true),
        "the trap: nothing of the promotion is seen at first"
    );
    let is = |instance: &DbInstance| {
        let follows = instance.read_replica_source_db_instance_identifier();
        instance.db_instance_status() == Some("available") && follows.is_none()
    };
    shows(rds, id, "promoted", is).await
}

pub(crate) async fn rename(rds: &Rds, from: &str, to: &str) {
    rds.modify_db_instance()
        .db_instance_identifier(from)
        .new_db_instance_identifier(to)
        .apply_immediately(true)
        .send()
        .await
        .unwrap();
    available(rds, to).await;
}

pub(crate) async fn in_recovery(client: &Client) -> bool {
    let row = client.query_one("SELECT pg_is_in_recovery()", &[]).await;
    row.unwrap().get(0)
}

/// The slots that a source holds, and whether each is in use.
pub(crate) async fn slots(
    simulator: &Simulator,
    region: &str,
    source: &str,
) -> Vec<(String, bool)> {
    let rds = simulator.connect_as_rds(region, source, "postgres").await;
    let query = "SELECT slot_name::text, active FROM pg_replication_slots \
                 WHERE slot_type = 'physical' AND NOT temporary";
    let rows = rds.unwrap().query(query, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

pub(crate) async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("within 10 s it was not so that {what}");
}

pub(crate) async fn log_a_megabyte(simulator: &Simulator, region: &str, source: &str) {
    let rds = simulator.connect_as_rds(region, source, "postgres").await;
    let write = "SELECT pg_logical_emit_message(false, 'filler', repeat('x', 1100000))";
    rds.unwrap().execute(write, &[]).await.unwrap();
}

/// How many bytes of its log a source keeps for its one slot.
pub(crate) async fn held_back(simulator: &Simulator, region: &str, source: &str) -> i64 {
    let rds = simulator.connect_as_rds(region, source, "postgres").await;
    let query = "SELECT (pg_current_wal_lsn() - restart_lsn)::bigint FROM pg_replication_slots \
                 WHERE slot_type = 'physical' AND NOT temporary";
    rds.unwrap().query_one(query, &[]).await.unwrap().get(0)
}
