//! Creates the heartbeat schema and the probe's role. Running it again changes nothing that is right.

use failover::{
    domain::{Epoch, Region},
    plan::{Auth, Plan},
};
use postgres_protocol::password::scram_sha_256;
use tokio_postgres::Client;

use super::Why;

/// The server's own housekeeping of the beats would move the readers as if an application had written. Their table is therefore
/// never analysed, and vacuumed only where a long transaction kept its few rows from being pruned.
const SCHEMA: &str = "
    CREATE SCHEMA IF NOT EXISTS aurora_failover;
    CREATE TABLE IF NOT EXISTS aurora_failover.epoch (
        singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        epoch bigint NOT NULL,
        run_id text NOT NULL,
        proven_at timestamptz NOT NULL,
        stop_token text,
        stopped_at timestamptz);
    ALTER TABLE aurora_failover.epoch ADD COLUMN IF NOT EXISTS stop_token text, ADD COLUMN IF NOT EXISTS stopped_at timestamptz;
    CREATE TABLE IF NOT EXISTS aurora_failover.beat (
        vantage text PRIMARY KEY,
        seq bigint NOT NULL,
        epoch bigint NOT NULL,
        at timestamptz);
    ALTER TABLE aurora_failover.beat SET (autovacuum_analyze_threshold = 2147483647,
        autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_scale_factor = 0);";

/// Creates what the probe needs on the writer: its schema, a row for each member's vantage, and its role, which may
/// touch nothing else. `password` is the role's new one; without it the role keeps the one it has. Answers the epoch that the
/// database holds: a later one than `epoch` is left as it is.
///
/// # Errors
/// [`Why`].
pub async fn setup(
    admin: &Client,
    plan: &Plan,
    epoch: Epoch,
    password: Option<&str>,
) -> Result<Epoch, Why> {
    admin.batch_execute(SCHEMA).await?;
    let epoch = i64::try_from(epoch.0).unwrap_or(i64::MAX);
    admin
        .execute(
            "INSERT INTO aurora_failover.epoch (epoch, run_id, proven_at) VALUES ($1, 'setup', clock_timestamp())
             ON CONFLICT (singleton) DO UPDATE SET epoch = excluded.epoch, run_id = excluded.run_id,
                proven_at = excluded.proven_at WHERE aurora_failover.epoch.epoch < excluded.epoch",
            &[&epoch],
        )
        .await?;
    for vantage in plan.members().keys().map(Region::as_str) {
        admin
            .execute(
                "INSERT INTO aurora_failover.beat (vantage, seq, epoch) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING",
                &[&vantage],
            )
            .await?;
    }
    role(admin, plan, password).await?;
    let held = admin
        .query_one("SELECT epoch FROM aurora_failover.epoch", &[])
        .await?;
    Ok(Epoch(held.get::<_, i64>(0).unsigned_abs()))
}

async fn role(admin: &Client, plan: &Plan, password: Option<&str>) -> Result<(), Why> {
    // A plan of this engine names one.
    let Some(probe) = &plan.database.probe else {
        return Ok(());
    };
    let user = &probe.user;
    let exists = admin
        .query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[user])
        .await?
        .is_some();
    let mut statements = Vec::new();
    if !exists {
        statements.push(quoted(admin, "CREATE ROLE %1$I LOGIN", user, "").await?);
    }
    if let Some(password) = password {
        // Only the verifier is sent: a server that logs statements must not learn the password.
        let verifier = scram_sha_256(password.as_bytes());
        statements.push(
            quoted(
                admin,
                "ALTER ROLE %1$I LOGIN PASSWORD %2$L",
                user,
                &verifier,
            )
            .await?,
        );
    }
    if probe.auth == Auth::Iam {
        statements.push(quoted(admin, "GRANT rds_iam TO %1$I", user, "").await?);
    }
    for grant in [
        "GRANT CONNECT ON DATABASE %2$I TO %1$I",
        "GRANT USAGE ON SCHEMA aurora_failover TO %1$I",
        "GRANT SELECT, UPDATE ON aurora_failover.beat, aurora_failover.epoch TO %1$I",
    ] {
        statements.push(quoted(admin, grant, user, &plan.database.name).await?);
    }
    admin.batch_execute(&statements.join(";")).await?;
    reserved_slots(admin, user).await;
    Ok(())
}

/// The first version that keeps slots for others than superusers.
const RESERVED_SLOTS_SINCE: i32 = 160_000;

/// Lets the probe in when every other slot is used. An administrator who may not grant that has set up all the rest.
async fn reserved_slots(admin: &Client, user: &str) {
    let granted = async {
        let row = admin
            .query_one("SELECT current_setting('server_version_num')::int", &[])
            .await?;
        if row.get::<_, i32>(0) < RESERVED_SLOTS_SINCE {
            return Ok(());
        }
        let grant = quoted(admin, "GRANT pg_use_reserved_connections TO %1$I", user, "").await?;
        Ok::<_, Why>(admin.batch_execute(&grant).await?)
    };
    if let Err(why) = granted.await {
        tracing::warn!(%why, user, "the probe may not use reserved connections");
    }
}

/// The server quotes the names and the verifier itself: what it is given never becomes a statement of its own.
async fn quoted(admin: &Client, template: &str, first: &str, second: &str) -> Result<String, Why> {
    let row = admin
        .query_one(
            "SELECT format($1, $2::text, $3::text)",
            &[&template, &first, &second],
        )
        .await?;
    Ok(row.get(0))
}
