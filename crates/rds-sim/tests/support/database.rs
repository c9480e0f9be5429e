//! The databases beneath a simulator under test.

use std::{path::Path, time::Duration};

use rds_sim::Simulator;
use tokio_postgres::{Client, NoTls};

pub(crate) async fn connect(
    simulator: &Simulator,
    region: &str,
    cluster: &str,
) -> Result<Client, tokio_postgres::Error> {
    let address = simulator.backend(region, cluster).unwrap();
    let (client, connection) = tokio_postgres::Config::new()
        .host(address.ip().to_string())
        .port(address.port())
        .user("postgres_admin")
        .password("it's not a secret")
        .dbname("orders")
        .application_name("aurora-failover")
        .connect_timeout(Duration::from_secs(2))
        .connect(NoTls)
        .await?;
    tokio::spawn(connection);
    Ok(client)
}

pub(crate) async fn count(client: &Client) -> i64 {
    client
        .query_one("SELECT count(*) FROM numbers", &[])
        .await
        .unwrap()
        .get(0)
}

/// Waits until a standby holds so many rows; at first it may not even have the table.
pub(crate) async fn holds(client: &Client, rows: i64) {
    let mut seen = None;
    for _ in 0..1_000 {
        let answer = client.query_one("SELECT count(*) FROM numbers", &[]).await;
        seen = answer.ok().map(|row| row.get::<_, i64>(0));
        if seen == Some(rows) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{seen:?} rows, not {rows}");
}

/// Waits until a standby has replayed as far as a position of its writer.
pub(crate) async fn replays(standby: &Client, position: i64) {
    let sql = "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint";
    for _ in 0..1_000 {
        let at: i64 = standby.query_one(sql, &[]).await.unwrap().get(0);
        if at >= position {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not come to {position}");
}

pub(crate) async fn insert(client: &Client, number: i32) -> Result<u64, tokio_postgres::Error> {
    client
        .execute("INSERT INTO numbers VALUES ($1)", &[&number])
        .await
}

/// The Region and the position of each row of `aurora_global_db_status()`.
pub(crate) async fn status(client: &Client) -> Vec<(String, i64, i64)> {
    let query =
        "SELECT aws_region, highest_lsn_written, rpo_lag_in_msec FROM aurora_global_db_status()";
    client
        .query(query, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

/// Connects as soon as the database is back.
pub(crate) async fn reconnect(simulator: &Simulator, region: &str, cluster: &str) -> Client {
    for _ in 0..500 {
        if let Ok(client) = connect(simulator, region, cluster).await {
            return client;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{cluster} did not come back");
}

/// How many processes were started with a folder below `data`.
pub(crate) fn processes_in(data: &Path) -> usize {
    let data = data.to_str().unwrap();
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(Result::ok)
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).ok())
        .filter(|words| words.contains("postgres\0-D") && words.contains(data))
        .count()
}
