//! Takes the applications' way into a deposed writer, as its administrator, and gives it back.

mod access;
mod elsewhere;
mod stop;
mod trial;
mod unfence;

use failover::{
    domain::Epoch,
    ports::{Credentials, Fenced},
};
use postgres_protocol::password::scram_sha_256;
use tokio_postgres::{Client, Transaction};

use super::Why;

pub use access::{access, count_jobs, moves_break};
pub use elsewhere::{Elsewhere, elsewhere, fence_there};
pub use stop::{erase, mark, open, position, stop};
pub use trial::{rehearse, rehearse_there};
pub use unfence::{forget_dropped, unfence, unfence_there};

use access::{ADMINISTRATORS, APPLICATIONS, PGLOGICAL, PREPARED, SENDERS, SESSIONS};

/// A role of the fence's own that could log in a moment before: when it no longer can, neither can the others.
pub const CANARY: &str = "aurora_failover_canary";

/// The SQLSTATE of a role that may not log in. Source: PostgreSQL's `InitializeSessionUserId`.
const NO_LOGIN: &str = "SQLSTATE 28000";

const RECORD: &str = "
    CREATE TABLE IF NOT EXISTS aurora_failover.fenced (kind text NOT NULL, name text NOT NULL, PRIMARY KEY (kind, name))";

/// One pass at a time, for as long as its session lives: two would renew each other's canary, and the one that took the logins
/// would fail and tell nobody of them.
const ALONE: &str = "SELECT pg_advisory_lock(hashtextextended('aurora_failover.fenced', 0))";

const REMEMBER: &str = "INSERT INTO aurora_failover.fenced VALUES ($1, $2) ON CONFLICT DO NOTHING";

/// The kind under which the record says that the database is deposed, by the epoch that was proven elsewhere: no stop of a planned
/// move holds there any more, and none is opened.
const DEPOSED: &str = "epoch";

/// Shuts every door of a database whose epoch is below `proven`, and ends what came in before. What cannot be shut keeps nothing
/// else open, and is named. Answers `None` where the database has that epoch or a later one: it followed the writer of that
/// epoch. Another pass waits until this one's session has ended.
///
/// # Errors
/// [`Why`]; `ReadOnly` on a standby.
pub async fn fence(
    admin: &mut Client,
    kept: &[&str],
    proven: Epoch,
    canary: &Credentials,
) -> Result<Option<Fenced>, Why> {
    admin.batch_execute(ALONE).await?;
    let transaction = admin.transaction().await?;
    if !is_behind(&transaction, proven).await? {
        return Ok(None);
    }
    transaction.batch_execute(RECORD).await?;
    let proven = proven.to_string();
    transaction.execute(REMEMBER, &[&DEPOSED, &proven]).await?;
    let done = take(transaction, kept, canary).await?;
    Ok(Some(end(admin, kept, done).await?))
}

/// Takes the logins, and commits what the transaction did before.
async fn take(
    mut transaction: Transaction<'_>,
    kept: &[&str],
    canary: &Credentials,
) -> Result<Fenced, Why> {
    let mut done = Fenced::default();
    if let Err(why) = admit_canary(&mut transaction, canary).await? {
        done.is_untried = true;
        done.refused.push(format!(
            "the role {} that a login is tried with cannot be made: {why}; let the administrator set a role's password",
            canary.user
        ));
    }
    take_logins(&mut transaction, kept, &mut done).await?;
    transaction.commit().await?;
    Ok(done)
}

/// Shuts the other doors, and ends what came in before.
async fn end(admin: &Client, kept: &[&str], mut done: Fenced) -> Result<Fenced, Why> {
    let here = access::current(admin).await?;
    elsewhere::disable(admin, admin, &here, &mut done).await?;
    end_sessions(admin, kept, &mut done).await?;
    name_what_stays(admin, &mut done).await?;
    done.roles.retain(|role| role != CANARY);
    Ok(done)
}

/// What only people can shut.
async fn name_what_stays(admin: &Client, done: &mut Fenced) -> Result<(), Why> {
    for row in admin.query(PREPARED, &[]).await? {
        let (gid, owner): (String, String) = (row.get(0), row.get(1));
        done.refused.push(format!(
            "the prepared transaction {gid:?} of {owner} can still be committed; roll it back or commit it by hand"
        ));
    }
    for row in admin.query(PGLOGICAL, &[]).await? {
        let (worker, database): (String, Option<String>) = (row.get(0), row.get(1));
        let database = database.unwrap_or_default();
        done.refused.push(format!(
            "the worker {worker} goes on in the database {database} and comes back when it is ended; disable its subscription \
             there by pglogical.alter_subscription_disable"
        ));
    }
    Ok(())
}

/// Whether an answer to a login says that the role may not log in.
#[must_use]
pub fn is_refused(why: &Why) -> bool {
    matches!(why, Why::Misconfigured(said) if said.contains(NO_LOGIN))
}

/// The lock keeps ProveWriter from opening an epoch beside it.
async fn is_behind(transaction: &Transaction<'_>, proven: Epoch) -> Result<bool, Why> {
    let sql = "SELECT epoch FROM aurora_failover.epoch FOR UPDATE";
    let held = transaction.query_opt(sql, &[]).await?;
    Ok(held.is_some_and(|row| Epoch(row.get::<_, i64>(0).unsigned_abs()) < proven))
}

async fn admit_canary(
    transaction: &mut Transaction<'_>,
    canary: &Credentials,
) -> Result<Result<(), String>, Why> {
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
    attempt(transaction, row.get(0)).await
}

async fn take_logins(
    transaction: &mut Transaction<'_>,
    kept: &[&str],
    done: &mut Fenced,
) -> Result<(), Why> {
    let sql = format!("SELECT name FROM ({APPLICATIONS}) AS open ORDER BY name");
    for row in transaction.query(&sql, &[&kept]).await? {
        let role: String = row.get(0);
        match alter(transaction, &role, "NOLOGIN").await? {
            Ok(()) => {
                transaction.execute(REMEMBER, &[&"role", &role]).await?;
                done.roles.push(role);
            }
            Err(why) => done
                .refused
                .push(format!("the role {role} keeps its login: {why}")),
        }
    }
    Ok(())
}

/// Ends what is in, one by one: a session that may not be ended keeps no other one open. Once more after jobs and subscriptions
/// were switched off elsewhere, for they worked until then.
///
/// # Errors
/// [`Why`].
pub async fn end_sessions(admin: &Client, kept: &[&str], done: &mut Fenced) -> Result<(), Why> {
    let sql = format!(
        "SELECT pid, who, sends, stays FROM (
            SELECT pid, who, false AS sends, false AS stays FROM ({SESSIONS} UNION ALL {}) AS works
            UNION ALL SELECT pid, who, false, stays FROM ({ADMINISTRATORS}) AS ours
            UNION ALL SELECT pid, who, true, stays FROM ({SENDERS}) AS send) AS open ORDER BY pid",
        access::APPLIERS
    );
    let mut ended = Vec::new();
    for row in admin.query(&sql, &[&kept]).await? {
        let (pid, who): (i32, String) = (row.get(0), row.get(1));
        if row.get(3) {
            add(&mut done.as_administrator, who.clone());
        }
        let end = "SELECT pg_terminate_backend($1)";
        match tolerated(admin.query_one(end, &[&pid]).await)? {
            Ok(_) => {
                done.sessions += 1;
                ended.push(pid);
                if row.get(2) {
                    add(&mut done.senders, who);
                }
            }
            Err(why) => add(
                &mut done.refused,
                format!(
                    "a session of {who} cannot be ended ({why}); grant the administrator pg_signal_backend"
                ),
            ),
        }
    }
    gone(admin, &ended).await
}

/// What many sessions have in common is said once.
fn add(to: &mut Vec<String>, said: String) {
    if !to.contains(&said) {
        to.push(said);
    }
}

/// Lets the server wait two seconds at most until sessions that were ended are gone. What stays longer, or longer than a server
/// before version 14 lets nobody wait for, is what the look after it sees.
async fn gone(admin: &Client, ended: &[i32]) -> Result<(), Why> {
    const WAITS_MAX: usize = 20;
    let wait = "SELECT pg_terminate_backend(pid, 100) FROM pg_stat_activity WHERE pid = $1";
    for pid in ended.iter().take(WAITS_MAX) {
        if tolerated(admin.execute(wait, &[pid]).await)?.is_err() {
            break;
        }
    }
    Ok(())
}

/// What the server refused, apart from a connection that is gone.
fn tolerated<T>(answer: Result<T, tokio_postgres::Error>) -> Result<Result<T, String>, Why> {
    match answer {
        Ok(found) => Ok(Ok(found)),
        Err(why) if why.as_db_error().is_some() && why.code().is_some_and(is_of_statement) => {
            Ok(Err(Why::from(why).to_string()))
        }
        Err(why) => Err(why.into()),
    }
}

/// Whether a code is about one statement, and not about a server that stops or follows.
fn is_of_statement(code: &tokio_postgres::error::SqlState) -> bool {
    !code.code().starts_with("57P") && code.code() != "25006"
}

/// Runs one statement; one that is refused does not spoil the transaction, and the answer says why.
async fn attempt(
    transaction: &mut Transaction<'_>,
    statement: &str,
) -> Result<Result<(), String>, Why> {
    let attempt = transaction.transaction().await?;
    let said = tolerated(attempt.batch_execute(statement).await)?;
    if said.is_ok() {
        attempt.commit().await?;
    } else {
        attempt.rollback().await?;
    }
    Ok(said)
}

/// Changes a role.
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
    attempt(transaction, row.get(0)).await
}

/// The server quotes a name.
async fn quoted(transaction: &Transaction<'_>, name: &str) -> Result<String, Why> {
    let row = transaction
        .query_one("SELECT quote_ident($1)", &[&name])
        .await?;
    Ok(row.get(0))
}
