//! The writer is fed by a subscription and feeds a reader of changes, both at a database that no Region of the plan holds.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;
use tokio_postgres::{Client, Config, NoTls};

use super::{look::rds, losses, returned_and_fenced};
use crate::{
    profile::{HOME, PLAN, STANDBY, WITNESS, cluster},
    scenario::{
        act::again::writer_is,
        stage::{Acted, SOON, Stage},
    },
    timeline::Kind,
    world::Trouble,
};

/// The cluster that feeds the writer, and reads its changes.
const UPSTREAM: &str = "catalogue";
const UPSTREAM_ADMIN: &str = "catalogue_admin";
/// The role that reads the writer's changes.
const READER: &str = "cdc_reader";
/// Time between two rows that are fed.
const PAUSE: Duration = Duration::from_millis(100);
/// How long nothing may arrive.
const QUIET: Duration = Duration::from_secs(4);

pub(in super::super) async fn subscriber(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let upstream = upstream(stage).await?;
    let feeder = connect(&upstream).await?;
    connected(stage, &upstream, &feeder).await?;
    let reader = connect(&upstream).await?;
    tokio::select! {
        acted = played(stage, &reader) => acted,
        why = feed(&feeder) => Err(why),
    }
}

async fn played(stage: &Stage<'_>, upstream: &Client) -> Result<Acted, Trouble> {
    let arrives = async || {
        let standby = stage.world.admin(STANDBY).await.ok();
        let fed = match &standby {
            Some(standby) => fed(standby).await.unwrap_or_default(),
            None => BTreeSet::new(),
        };
        !fed.is_empty() && read(upstream).await.is_ok_and(|rows| rows > 0)
    };
    let both = stage.until(SOON, "changes in and out", arrives).await;
    let dry = json!({"plan": PLAN});
    let said = stage.said(STANDBY, "planned-failover", &dry).await;
    let mut acted = stage.lose(HOME).await?;
    acted.check(
        "changes are replicated in and out",
        if both { "they are" } else { "they are not" },
        both,
    );
    let named = [
        "would be refused",
        "in us-west-2 the replication slot changes stays behind",
        "in us-west-2 the subscription orders.fed would go on",
    ];
    acted.check(
        "before, a planned move is refused, with the slot and the subscription as its reasons",
        &*said,
        named.iter().all(|part| said.contains(part)),
    );
    stage.ended(1).await;
    stage.writes_in(STANDBY).await;
    deposed_eats(stage, &mut acted).await?;
    stage.world.watch_now(HOME).await?;
    returned_and_fenced(stage, &mut acted).await?;
    ended(stage, upstream, &mut acted).await?;
    losses::by_hand(stage, None).await?;
    goes_on(stage, upstream, &mut acted).await?;
    acted.checks.extend(writer_is(stage, STANDBY, 2).await);
    Ok(acted)
}

/// Somebody holds the new writer's subscription back, so that the returned Region's worker finds the upstream's slot free.
async fn deposed_eats(stage: &Stage<'_>, acted: &mut Acted) -> Result<(), Trouble> {
    let standby = stage.world.admin(STANDBY).await?;
    standby
        .batch_execute("ALTER SUBSCRIPTION fed DISABLE")
        .await?;
    let text = "disables the new writer's subscription for now";
    stage.world.timeline.say(Kind::Run, "a human", text);
    stage.world.return_region(HOME).await?;
    let home = losses::returned(stage).await?;
    let first = fed(&home).await?.last().copied();
    let arrives = async || {
        fed(&home)
            .await
            .is_ok_and(|fed| fed.last().copied() > first)
    };
    let eats = stage
        .until(SOON, "rows at the deposed writer", arrives)
        .await;
    let sends = async || senders(&home).await.is_ok_and(|senders| senders > 0);
    let feeds = stage.until(SOON, "the reader of changes", sends).await;
    acted.check(
        "when the Region is back, its writer takes what the upstream has, and sends changes to its reader",
        format!("takes: {eats}; sends: {feeds}"),
        eats && feeds,
    );
    Ok(())
}

/// Nothing comes in or goes out any more, and the upstream's slot stays where it is.
async fn ended(stage: &Stage<'_>, upstream: &Client, acted: &mut Acted) -> Result<(), Trouble> {
    let home = stage.world.admin(HOME).await?;
    let arrived = fed(&home).await?.len();
    let is_free = async || matches!(slot(upstream).await, Ok(Some((_, false))));
    stage.until(SOON, "a free slot", is_free).await;
    let left = slot(upstream).await?;
    tokio::time::sleep(QUIET).await;
    let later = fed(&home).await?.len();
    acted.check(
        "nothing replicated arrives after the fence",
        format!("{arrived} rows at the fence, {later} after {QUIET:?}"),
        arrived == later,
    );
    let still = slot(upstream).await?;
    acted.check(
        "the upstream's slot is left, free, and not read on",
        format!("{left:?} at the fence, {still:?} after it"),
        left == still && still.is_some_and(|(_, active)| !active),
    );
    let senders = senders(&home).await?;
    acted.check(
        "nobody is sent changes by the deposed writer",
        format!("{senders} are"),
        senders == 0,
    );
    let told = stage.told("was fenced").await.unwrap_or_default();
    acted.check(
        "people are told which subscription was disabled, and who was sent changes",
        told.replace('\n', " "),
        told.contains("orders.fed") && told.contains("cdc_reader by the slot changes"),
    );
    Ok(())
}

/// The new writer's subscription is enabled again and goes on where the slot is; what the deposed writer took of it is listed.
async fn goes_on(stage: &Stage<'_>, upstream: &Client, acted: &mut Acted) -> Result<(), Trouble> {
    let losses = losses::listed(stage, cluster(HOME)).await?;
    let losses = losses.ok_or("the loss ledger is not complete")?;
    let listed = losses::numbers(stage, &losses, ("app.fed", 0), "only-here").await?;
    let standby = stage.world.admin(STANDBY).await?;
    standby
        .batch_execute("ALTER SUBSCRIPTION fed ENABLE")
        .await?;
    let all = fed(upstream).await?;
    let newest = all.last().copied();
    let arrives = async || {
        fed(&standby)
            .await
            .is_ok_and(|fed| fed.last().copied() >= newest)
    };
    let on = stage.until(SOON, "rows at the new writer", arrives).await;
    let here = fed(&standby).await?;
    let missing: BTreeSet<_> = all.difference(&here).copied().collect();
    acted.check(
        "the upstream's slot serves the new writer",
        format!("up to row {:?} of {newest:?}", here.last()),
        on,
    );
    acted.check(
        "the loss ledger lists every row that the deposed writer took instead of it",
        format!(
            "of {} rows {} are missing, {} are listed",
            all.len(),
            missing.len(),
            listed.len()
        ),
        !missing.is_empty() && missing.is_subset(&listed),
    );
    Ok(())
}

/// A cluster of its own in a Region that is never lost, and how its administrator logs in.
async fn upstream(stage: &Stage<'_>) -> Result<Config, Trouble> {
    let password = password(&stage.world.login(HOME, READER)?)?;
    rds(stage, WITNESS)
        .create_db_cluster()
        .db_cluster_identifier(UPSTREAM)
        .engine("aurora-postgresql")
        .master_username(UPSTREAM_ADMIN)
        .master_user_password(&password)
        .database_name(UPSTREAM)
        .send()
        .await?;
    let is_there = async || {
        let simulator = &stage.world.simulator;
        let there = simulator.connect_as_rds(WITNESS, UPSTREAM, UPSTREAM);
        there.await.is_ok()
    };
    stage.until(SOON, "the upstream", is_there).await;
    let backend = stage.world.simulator.backend(WITNESS, UPSTREAM);
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
async fn connected(stage: &Stage<'_>, upstream: &Config, feeder: &Client) -> Result<(), Trouble> {
    const FED: &str =
        "CREATE TABLE app.fed (n bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())";
    let home = stage.world.admin(HOME).await?;
    feeder
        .batch_execute(&format!(
            "CREATE SCHEMA app; {FED}; CREATE PUBLICATION feed FOR TABLE app.fed;
             CREATE TABLE app.rows (id uuid PRIMARY KEY, n bigint NOT NULL, written_at timestamptz NOT NULL)"
        ))
        .await?;
    let reader = stage.world.login(HOME, READER)?;
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

async fn connect(login: &Config) -> Result<Client, Trouble> {
    let (client, connection) = login.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Writes at the upstream until something fails there.
async fn feed(upstream: &Client) -> Trouble {
    let insert = "INSERT INTO app.fed SELECT coalesce(max(n), 0) + 1 FROM app.fed";
    loop {
        if let Err(why) = upstream.execute(insert, &[]).await {
            return why.into();
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The rows that a database was fed with, or feeds.
async fn fed(client: &Client) -> Result<BTreeSet<i64>, Trouble> {
    let rows = client.query("SELECT n FROM app.fed", &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// How many of the application's rows have been read from the writer.
async fn read(upstream: &Client) -> Result<i64, Trouble> {
    let row = upstream.query_one("SELECT count(*) FROM app.rows", &[]);
    Ok(row.await?.get(0))
}

/// The upstream's slot for the writer: how far it was read, and whether it is being read.
async fn slot(upstream: &Client) -> Result<Option<(String, bool)>, Trouble> {
    let sql = "SELECT confirmed_flush_lsn::text, active FROM pg_replication_slots WHERE slot_name = 'fed'";
    let row = upstream.query_opt(sql, &[]).await?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}

/// How many sessions the reader of changes is served by.
async fn senders(home: &Client) -> Result<i64, Trouble> {
    let sql = "SELECT count(*) FROM pg_stat_replication WHERE usename = $1";
    Ok(home.query_one(sql, &[&READER]).await?.get(0))
}
