//! Stops the applications of a living writer for a planned move, by a mark in the database, and opens it by that mark alone.

use failover::{
    domain::{Epoch, StopToken},
    ports::{Credentials, Fenced, Mark, NotStopped, Unfenced},
};
use jiff::Timestamp;
use tokio_postgres::{Client, Row, Transaction};

use super::{
    ALONE, DEPOSED, RECORD, end, take,
    unfence::{give_logins, give_the_rest},
};
use crate::Why;

/// The epoch and the mark of a database, and whether it is deposed. The lock keeps ProveWriter from opening an epoch beside it, and
/// another stop from its mark.
const HELD: &str = "
    SELECT epoch, stop_token, (extract(epoch FROM stopped_at) * 1000000)::bigint,
        EXISTS (SELECT FROM aurora_failover.fenced WHERE kind = $1)
    FROM aurora_failover.epoch FOR UPDATE";

/// Sets the mark and takes the applications' way in, in a database that holds this very epoch and no other mark; both or neither.
/// What is in is ended after that, and every other door shut. Where the caller is gone meanwhile it may come about all the same.
///
/// # Errors
/// [`Why`]; `ReadOnly` on a standby.
pub async fn stop(
    admin: &mut Client,
    kept: &[&str],
    (epoch, token): (Epoch, &StopToken),
    canary: &Credentials,
) -> Result<Result<Fenced, NotStopped>, Why> {
    admin.batch_execute(ALONE).await?;
    let transaction = admin.transaction().await?;
    let held = held(&transaction).await?;
    if held.is_deposed {
        return Ok(Err(NotStopped::Fenced));
    }
    if held.epoch != Some(epoch) {
        return Ok(Err(NotStopped::OtherEpoch(held.epoch)));
    }
    if let Some(mark) = held.mark.filter(|mark| mark.token != *token) {
        return Ok(Err(NotStopped::OtherMark(mark)));
    }
    let set = "
        UPDATE aurora_failover.epoch SET stop_token = $1, stopped_at = coalesce(stopped_at, clock_timestamp())";
    transaction.execute(set, &[&token.as_str()]).await?;
    let done = take(transaction, kept, canary).await?;
    Ok(Ok(end(admin, kept, done).await?))
}

/// The mark that stands in a database; `None` where none does, or where it was set up before there were any.
///
/// # Errors
/// [`Why`].
pub async fn mark(admin: &Client) -> Result<Option<Mark>, Why> {
    let sql = "
        SELECT 0::bigint, to_jsonb(now) ->> 'stop_token',
            (extract(epoch FROM (to_jsonb(now) ->> 'stopped_at')::timestamptz) * 1000000)::bigint
        FROM aurora_failover.epoch AS now";
    let row = admin.query_opt(sql, &[]).await?;
    Ok(row.as_ref().and_then(mark_of))
}

/// How far a writer has written under a mark that still stands, by a commit of its own: whatever was acknowledged to anybody before
/// lies before it, also where a session had chosen not to wait for its commits. `None` where the mark is another, or none.
///
/// # Errors
/// [`Why`]; `ReadOnly` on a standby.
pub async fn position(admin: &mut Client, token: &StopToken) -> Result<Option<i64>, Why> {
    let transaction = admin.transaction().await?;
    transaction
        .batch_execute("SET LOCAL synchronous_commit = local")
        .await?;
    let touch = "UPDATE aurora_failover.epoch SET stop_token = stop_token WHERE stop_token = $1";
    if transaction.execute(touch, &[&token.as_str()]).await? == 0 {
        return Ok(None);
    }
    transaction.commit().await?;
    let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint";
    Ok(Some(admin.query_one(sql, &[]).await?.get(0)))
}

/// Gives back what is on record, in a database that holds this very epoch and this very mark and is not deposed: the logins at once, then the jobs and
/// subscriptions of this database. The mark stays until [`erase`], so that what dies in between is done again. `None` where the epoch
/// or the mark is another.
///
/// # Errors
/// [`Why`]; `ReadOnly` on a standby.
pub async fn open(
    admin: &mut Client,
    epoch: Epoch,
    token: &StopToken,
) -> Result<Option<Unfenced>, Why> {
    admin.batch_execute(ALONE).await?;
    let mut transaction = admin.transaction().await?;
    let held = held(&transaction).await?;
    let is_mine = held.mark.is_some_and(|mark| mark.token == *token);
    if held.is_deposed || held.epoch != Some(epoch) || !is_mine {
        return Ok(None);
    }
    let mut given = Unfenced::default();
    give_logins(&mut transaction, &mut given).await?;
    transaction.commit().await?;
    give_the_rest(admin, &mut given).await?;
    Ok(Some(given))
}

/// Takes the mark away from a database that holds this very epoch and this very mark.
///
/// # Errors
/// [`Why`]; `ReadOnly` on a standby.
pub async fn erase(admin: &Client, epoch: Epoch, token: &StopToken) -> Result<(), Why> {
    let sql = "
        UPDATE aurora_failover.epoch SET stop_token = NULL, stopped_at = NULL WHERE epoch = $1 AND stop_token = $2";
    let epoch = i64::try_from(epoch.0).unwrap_or(i64::MAX);
    admin.execute(sql, &[&epoch, &token.as_str()]).await?;
    Ok(())
}

/// What a database holds before it is stopped or opened.
#[derive(Default)]
struct Held {
    epoch: Option<Epoch>,
    mark: Option<Mark>,
    is_deposed: bool,
}

async fn held(transaction: &Transaction<'_>) -> Result<Held, Why> {
    transaction.batch_execute(RECORD).await?;
    let row = transaction.query_opt(HELD, &[&DEPOSED]).await?;
    Ok(row.map_or_else(Held::default, |row| Held {
        epoch: Some(Epoch(row.get::<_, i64>(0).unsigned_abs())),
        mark: mark_of(&row),
        is_deposed: row.get(3),
    }))
}

fn mark_of(row: &Row) -> Option<Mark> {
    let token: Option<&str> = row.get(1);
    let micros: Option<i64> = row.get(2);
    let at = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
    token.map(|token| Mark {
        token: token.into(),
        at,
    })
}
