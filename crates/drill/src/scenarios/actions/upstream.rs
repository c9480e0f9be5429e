//! A database that no Region of the plan holds: it feeds the writer, and reads its changes.

use std::{collections::BTreeSet, time::Duration};

use tokio_postgres::{Client, Config, NoTls};

use crate::{
    profile::{HOME, WITNESS},
    scenario::{Drill, SOON},
    scenarios::rds::rds,
    world::Trouble,
};

/// The cluster that feeds the writer, and reads its changes.
const UPSTREAM: &str = "catalogue";

const UPSTREAM_ADMIN: &str = "catalogue_admin";
/// The role that reads the writer's changes.
const READER: &str = "cdc_reader";
/// Time between two rows that are fed.
const PAUSE: Duration = Duration::from_millis(100);

/// A cluster of its own in a Region that is never lost, and how its administrator logs in.
pub(crate) async fn upstream(drill: &Drill<'_>) -> Result<Config, Trouble> {
    let password = password(&drill.world.login(HOME, READER)?)?;
    rds(drill, WITNESS)
        .create_db_cluster()
        .db_cluster_identifier(UPSTREAM)
        .engine("aurora-postgresql")
        .master_username(UPSTREAM_ADMIN)
        .master_user_password(&password)
        .database_name(UPSTREAM)
        .send()
        .await?;
    let is_there = async || {
        let simulator = &drill.world.simulator;
        let there = simulator.connect_as_rds(WITNESS, UPSTREAM, UPSTREAM);
        there.await.is_ok()
    };
    drill.until(SOON, "the upstream", is_there).await;
    let backend = drill.world.simulator.backend(WITNESS, UPSTREAM);
    let backend = backend.ok_or("the upstream has no database")?;
    let mut login = Config::new();
    login
        .hostaddr(backend.ip())
        .port(backend.port())
        .user(UPSTREAM_ADMIN)
        .password(password)
        .dbname(UPSTREAM)
        .connect_timeout(Duration::from_secs(1));
    Ok(login)
}

/// A subscription at the writer, and one to the writer.
pub(crate) async fn connected(
    drill: &Drill<'_>,
    upstream: &Config,
    feeder: &Client,
) -> Result<(), Trouble> {
    const FED: &str =
        "CREATE TABLE app.fed (n bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())";
    let home = drill.world.admin(HOME).await?;
    feeder
        .batch_execute(&format!(
            "CREATE SCHEMA app; {FED}; CREATE PUBLICATION feed FOR TABLE app.fed;
             CREATE TABLE app.rows (id uuid PRIMARY KEY, n bigint NOT NULL, written_at timestamptz NOT NULL)"
        ))
        .await?;
    let reader = drill.world.login(HOME, READER)?;
    let password = password(&reader)?;
    home.batch_execute(&format!(
        "{FED}; CREATE PUBLICATION changes FOR TABLE app.rows;
         CREATE ROLE {READER} LOGIN REPLICATION PASSWORD '{password}'"
    ))
    .await?;
    // A slot is made with either, which no transaction can take back.
    home.batch_execute(&format!(
        "CREATE SUBSCRIPTION fed CONNECTION '{}' PUBLICATION feed",
        conninfo(upstream, &password)
    ))
    .await?;
    feeder
        .batch_execute(&format!(
            "CREATE SUBSCRIPTION changes CONNECTION '{}' PUBLICATION changes WITH (copy_data = false)",
            conninfo(&reader, &password)
        ))
        .await?;
    Ok(())
}

pub(crate) async fn connect(login: &Config) -> Result<Client, Trouble> {
    let (client, connection) = login.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Writes at the upstream until something fails there.
pub(crate) async fn feed(upstream: &Client) -> Trouble {
    let insert = "INSERT INTO app.fed SELECT coalesce(max(n), 0) + 1 FROM app.fed";
    loop {
        if let Err(why) = upstream.execute(insert, &[]).await {
            return why.into();
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The rows that a database was fed with, or feeds.
pub(crate) async fn fed(client: &Client) -> Result<BTreeSet<i64>, Trouble> {
    let rows = client.query("SELECT n FROM app.fed", &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// How many of the application's rows have been read from the writer.
pub(crate) async fn read(upstream: &Client) -> Result<i64, Trouble> {
    let row = upstream.query_one("SELECT count(*) FROM app.rows", &[]);
    Ok(row.await?.get(0))
}

/// The upstream's slot for the writer: how far it was read, and whether it is being read.
pub(crate) async fn slot(upstream: &Client) -> Result<Option<(String, bool)>, Trouble> {
    let sql = "SELECT confirmed_flush_lsn::text, active FROM pg_replication_slots WHERE slot_name = 'fed'";
    let row = upstream.query_opt(sql, &[]).await?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}

/// How many sessions the reader of changes is served by.
pub(crate) async fn senders(home: &Client) -> Result<i64, Trouble> {
    let sql = "SELECT count(*) FROM pg_stat_replication WHERE usename = $1";
    Ok(home.query_one(sql, &[&READER]).await?.get(0))
}

fn password(login: &Config) -> Result<String, Trouble> {
    let password = login.get_password().unwrap_or_default();
    Ok(String::from_utf8(password.to_vec())?)
}

fn conninfo(login: &Config, password: &str) -> String {
    let host = login.get_hostaddrs().first();
    format!(
        "host={} port={} dbname={} user={} password={password}",
        host.map(ToString::to_string).unwrap_or_default(),
        login.get_ports().first().copied().unwrap_or_default(),
        login.get_dbname().unwrap_or_default(),
        login.get_user().unwrap_or_default()
    )
}
