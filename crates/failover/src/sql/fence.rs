//! Takes the applications' way into a deposed writer, as its administrator, and gives it back.

use postgres_protocol::password::scram_sha_256;
use tokio_postgres::{Client, Transaction};

use super::{Credentials, Why};
use crate::domain::Epoch;

/// A role of the fence's own that could log in a moment before: when it no longer can, neither can the others.
pub const CANARY: &str = "aurora_failover_canary";

/// The SQLSTATE of a role that may not log in. Source: PostgreSQL's `InitializeSessionUserId`.
const NO_LOGIN: &str = "SQLSTATE 28000";

/// Roles of applications: neither Aurora's nor PostgreSQL's own, nor those that are kept, nor superusers, whom nobody but
/// another one could keep out.
const APPLICATIONS: &str = "
    SELECT oid, rolname::text AS name FROM pg_roles
    WHERE rolcanlogin AND NOT rolsuper AND rolname <> ALL($1) AND rolname !~ '^(rds|pg_)'";

const SESSIONS: &str = "
    SELECT pid FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND usename <> ALL($1) AND usename !~ '^(rds|pg_)'
        AND NOT EXISTS (SELECT FROM pg_roles WHERE oid = usesysid AND rolsuper)";

const RECORD: &str = "
    CREATE TABLE IF NOT EXISTS aurora_failover.fenced (
        kind text NOT NULL CHECK (kind IN ('role', 'job')),
        name text NOT NULL,
        PRIMARY KEY (kind, name))";

/// What of a database stands open to applications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doors {
    /// Whether it is a standby.
    pub in_recovery: bool,
    /// The epoch it holds; `None` without the heartbeat schema.
    pub epoch: Option<Epoch>,
    /// Roles of applications that may log in.
    pub roles: Vec<String>,
    /// Their sessions.
    pub sessions: u64,
    /// Scheduled jobs that are active.
    pub jobs: u64,
}

impl Doors {
    /// Whether an application can still get in, is in, or is worked for.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.roles.is_empty() || self.sessions > 0 || self.jobs > 0
    }
}

/// What fencing did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shut {
    /// Roles that lost their login.
    pub roles: Vec<String>,
    /// Roles that keep it, and why.
    pub refused: Vec<String>,
    /// Sessions that were ended.
    pub sessions: u64,
    /// Jobs that were disabled.
    pub jobs: u64,
}

/// Looks at the doors of a database, and touches none. `kept` are the roles that are never fenced.
///
/// # Errors
/// [`Why`].
pub async fn doors(admin: &Client, kept: &[&str]) -> Result<Doors, Why> {
    let has = |name: &'static str| async move {
        let row = admin
            .query_one("SELECT to_regclass($1) IS NOT NULL", &[&name])
            .await?;
        Ok::<bool, Why>(row.get(0))
    };
    let sql = format!(
        "SELECT pg_is_in_recovery(), (SELECT coalesce(array_agg(name ORDER BY name), '{{}}') FROM ({APPLICATIONS}) AS open),
            (SELECT count(*) FROM ({SESSIONS}) AS open)"
    );
    let row = admin.query_one(&sql, &[&kept]).await?;
    let epoch = if has("aurora_failover.epoch").await? {
        let held = admin
            .query_opt("SELECT epoch FROM aurora_failover.epoch", &[])
            .await?;
        held.map(|row| Epoch(row.get::<_, i64>(0).unsigned_abs()))
    } else {
        None
    };
    let jobs = if has("cron.job").await? {
        let row = admin
            .query_one("SELECT count(*) FROM cron.job WHERE active", &[])
            .await?;
        row.get::<_, i64>(0).unsigned_abs()
    } else {
        0
    };
    Ok(Doors {
        in_recovery: row.get(0),
        epoch,
        roles: row.get(1),
        sessions: row.get::<_, i64>(2).unsigned_abs(),
        jobs,
    })
}

/// Shuts every door of a database whose epoch is below `proven`, all of its logins in one transaction or none, and ends what
/// came in before. Answers `None` where the database has that epoch or a later one: it followed the writer of that epoch.
///
/// # Errors
/// [`Why`]; `ReadOnly` on a standby.
pub async fn shut(
    admin: &mut Client,
    kept: &[&str],
    proven: Epoch,
    canary: &Credentials,
) -> Result<Option<Shut>, Why> {
    let transaction = admin.transaction().await?;
    if !is_behind(&transaction, proven).await? {
        return Ok(None);
    }
    transaction.batch_execute(RECORD).await?;
    admit_canary(&transaction, canary).await?;
    let mut done = Shut::default();
    take_logins(transaction, kept, &mut done).await?;
    done.jobs = disable_jobs(admin).await?;
    let sql = format!(
        "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM ({SESSIONS}) AS open) AS ended"
    );
    let ended = admin.query_one(&sql, &[&kept]).await?;
    done.sessions = ended.get::<_, i64>(0).unsigned_abs();
    done.roles.retain(|role| role != CANARY);
    Ok(Some(done))
}

/// Tries whether shutting would be allowed, and takes everything back. Answers why not, where it would not be.
///
/// # Errors
/// [`Why`] for anything but a right that is missing.
pub async fn rehearse(admin: &mut Client, kept: &[&str]) -> Result<Vec<String>, Why> {
    let mut transaction = admin.transaction().await?;
    let sql = format!("SELECT name FROM ({APPLICATIONS}) AS open ORDER BY name");
    let mut refused = Vec::new();
    for row in transaction.query(&sql, &[&kept]).await? {
        let role: String = row.get(0);
        if let Err(why) = alter(&mut transaction, &role, "NOLOGIN").await? {
            refused.push(why);
        }
    }
    transaction.rollback().await?;
    Ok(refused)
}

/// Whether an answer to a login says that the role may not log in.
#[must_use]
pub fn is_refused(why: &Why) -> bool {
    matches!(why, Why::Misconfigured(said) if said.contains(NO_LOGIN))
}

/// Gives back what [`shut`] took: the logins and the jobs that it recorded. Answers the roles; one that could not be given
/// back stays on record.
///
/// # Errors
/// [`Why`].
pub async fn reopen(admin: &mut Client) -> Result<Vec<String>, Why> {
    let mut transaction = admin.transaction().await?;
    transaction.batch_execute(RECORD).await?;
    let names = async |transaction: &Transaction<'_>, kind: &str| {
        let sql = "SELECT name FROM aurora_failover.fenced WHERE kind = $1 ORDER BY name";
        let rows = transaction.query(sql, &[&kind]).await?;
        Ok::<Vec<String>, Why>(rows.iter().map(|row| row.get(0)).collect())
    };
    let roles = names(&transaction, "role").await?;
    let mut given = Vec::new();
    for role in roles.into_iter().filter(|role| role != CANARY) {
        match alter(&mut transaction, &role, "LOGIN").await? {
            Ok(()) => {
                let forget = "DELETE FROM aurora_failover.fenced WHERE kind = 'role' AND name = $1";
                transaction.execute(forget, &[&role]).await?;
                given.push(role);
            }
            Err(why) => tracing::warn!(role, why, "the login was not given back"),
        }
    }
    for job in names(&transaction, "job").await? {
        let sql = "SELECT cron.alter_job(job_id := $1::text::bigint, active := true)";
        transaction.execute(sql, &[&job]).await?;
    }
    transaction
        .batch_execute(&format!(
            "DELETE FROM aurora_failover.fenced WHERE kind = 'job' OR name = '{CANARY}'; DROP ROLE IF EXISTS {CANARY}"
        ))
        .await?;
    transaction.commit().await?;
    Ok(given)
}

/// The lock keeps ProveWriter from opening an epoch beside it.
async fn is_behind(transaction: &Transaction<'_>, proven: Epoch) -> Result<bool, Why> {
    let sql = "SELECT epoch FROM aurora_failover.epoch FOR UPDATE";
    let held = transaction.query_opt(sql, &[]).await?;
    Ok(held.is_some_and(|row| Epoch(row.get::<_, i64>(0).unsigned_abs()) < proven))
}

async fn admit_canary(transaction: &Transaction<'_>, canary: &Credentials) -> Result<(), Why> {
    let exists = transaction
        .query_opt("SELECT FROM pg_roles WHERE rolname = $1", &[&canary.user])
        .await?
        .is_some();
    let verb = if exists { "ALTER" } else { "CREATE" };
    let verifier = scram_sha_256(canary.password.as_bytes());
    let row = transaction
        .query_one(
            "SELECT format('%s ROLE %I LOGIN PASSWORD %L', $1::text, $2::text, $3::text)",
            &[&verb, &canary.user, &verifier],
        )
        .await?;
    transaction.batch_execute(row.get(0)).await?;
    Ok(())
}

async fn take_logins(
    mut transaction: Transaction<'_>,
    kept: &[&str],
    done: &mut Shut,
) -> Result<(), Why> {
    let sql = format!("SELECT name FROM ({APPLICATIONS}) AS open ORDER BY name");
    for row in transaction.query(&sql, &[&kept]).await? {
        let role: String = row.get(0);
        match alter(&mut transaction, &role, "NOLOGIN").await? {
            Ok(()) => {
                let keep =
                    "INSERT INTO aurora_failover.fenced VALUES ('role', $1) ON CONFLICT DO NOTHING";
                transaction.execute(keep, &[&role]).await?;
                done.roles.push(role);
            }
            Err(why) => done.refused.push(why),
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// Changes a role; one that may not be changed does not spoil the transaction, and the answer says why.
async fn alter(
    transaction: &mut Transaction<'_>,
    role: &str,
    login: &str,
) -> Result<Result<(), String>, Why> {
    let row = transaction
        .query_one(
            "SELECT format('ALTER ROLE %I %s', $1::text, $2::text)",
            &[&role, &login],
        )
        .await?;
    let statement: String = row.get(0);
    let attempt = transaction.transaction().await?;
    match attempt.batch_execute(&statement).await {
        Ok(()) => {
            attempt.commit().await?;
            Ok(Ok(()))
        }
        Err(why) => {
            let why = Why::from(why);
            attempt.rollback().await?;
            match why {
                Why::Misconfigured(said) => Ok(Err(format!("{role}: {said}"))),
                Why::Failed(_)
                | Why::Saturated(_)
                | Why::Starting(_)
                | Why::Exhausted(_)
                | Why::ReadOnly => Err(why),
            }
        }
    }
}

/// Jobs that `pg_cron` runs need no login.
async fn disable_jobs(admin: &mut Client) -> Result<u64, Why> {
    let exists = admin
        .query_one("SELECT to_regclass('cron.job') IS NOT NULL", &[])
        .await?;
    if !exists.get::<_, bool>(0) {
        return Ok(0);
    }
    let transaction = admin.transaction().await?;
    transaction
        .batch_execute(
            "INSERT INTO aurora_failover.fenced SELECT 'job', jobid::text FROM cron.job WHERE active ON CONFLICT DO NOTHING",
        )
        .await?;
    let disabled = transaction
        .query_one(
            "SELECT count(*) FROM (SELECT cron.alter_job(job_id := jobid, active := false) FROM cron.job WHERE active) AS jobs",
            &[],
        )
        .await?;
    transaction.commit().await?;
    Ok(disabled.get::<_, i64>(0).unsigned_abs())
}
