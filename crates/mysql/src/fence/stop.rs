//! Stops the applications of a living writer for a planned move, by a mark in the database, and opens it by that mark alone.

use failover::{
    domain::{Epoch, StopToken},
    ports::{Credentials, Fenced, Mark, NotStopped, Unfenced},
};
use jiff::Timestamp;
use mysql_async::Row;

use super::{
    DEPOSED, RECORD, alone, end, take,
    unfence::{give_events, give_logins},
};
use crate::{
    Client, Why,
    connect::{column, named},
    flavour::position as place,
    why::Kind,
};

/// The epoch and the mark of a database, and whether it is deposed. The lock keeps ProveWriter from opening an epoch beside it, and
/// another stop from its mark.
const HELD: &str = "
    SELECT epoch, stop_token, CAST(UNIX_TIMESTAMP(stopped_at) * 1000000 AS SIGNED),
        EXISTS (SELECT 1 FROM aurora_failover.fenced WHERE kind = ?)
    FROM aurora_failover.epoch FOR UPDATE";

/// Sets the mark in a database that holds this very epoch and no other mark, and takes the applications' way in behind it; what is in
/// is ended after that, and every other door shut. Where its caller is gone meanwhile the rest of it may stay undone, and the mark stands.
///
/// # Errors
/// [`Why`]; one that is read only on a standby.
pub async fn stop(
    admin: &mut Client,
    kept: &[&str],
    (epoch, token): (Epoch, &StopToken),
    canary: &Credentials,
) -> Result<Result<Fenced, NotStopped>, Why> {
    alone(admin).await?;
    admin.run(RECORD, ()).await?;
    admin.run("START TRANSACTION", ()).await?;
    let held = held(admin).await?;
    let why = if held.is_deposed {
        Some(NotStopped::Fenced)
    } else if held.epoch != Some(epoch) {
        Some(NotStopped::OtherEpoch(held.epoch))
    } else {
        let other = held.mark.filter(|mark| mark.token != *token);
        other.map(NotStopped::OtherMark)
    };
    if let Some(why) = why {
        admin.run("ROLLBACK", ()).await?;
        return Ok(Err(why));
    }
    let set = "
        UPDATE aurora_failover.epoch SET stop_token = ?, stopped_at = COALESCE(stopped_at, UTC_TIMESTAMP(6))";
    admin.run(set, (token.as_str(),)).await?;
    admin.run("COMMIT", ()).await?;
    let mut done = Fenced::default();
    take(admin, kept, canary, &mut done).await?;
    // Accounts are locked one by one, and nothing holds the epoch meanwhile. The mark stays, and is opened by whoever opened the epoch.
    let now = super::access::epoch(admin).await?;
    if now != Some(epoch) {
        return Ok(Err(NotStopped::OtherEpoch(now)));
    }
    Ok(Ok(end(admin, kept, done).await?))
}

/// The mark that stands in a database; `None` where none does.
///
/// # Errors
/// [`Why`].
pub async fn mark(admin: &mut Client) -> Result<Option<Mark>, Why> {
    let statement = "
        SELECT epoch, stop_token, CAST(UNIX_TIMESTAMP(stopped_at) * 1000000 AS SIGNED) FROM aurora_failover.epoch";
    let rows = admin.ask(statement, ()).await?;
    Ok(rows.first().and_then(mark_of))
}

/// How far a writer has written under a mark that still stands, by a commit of its own: whatever was acknowledged to anybody before
/// lies before it. `None` where the mark is another, or none.
///
/// # Errors
/// [`Why`]; one that is read only on a standby, and `Answered` where the server keeps no binary log.
pub async fn position(admin: &mut Client, token: &StopToken) -> Result<Option<i64>, Why> {
    let touch = "UPDATE aurora_failover.epoch SET asked = asked + 1 WHERE stop_token = ?";
    if admin.run(touch, (token.as_str(),)).await? == 0 {
        return Ok(None);
    }
    let statement = admin.flavour().written(admin.version());
    let rows = admin.ask(statement, ()).await?;
    let written = rows.first().and_then(|row| {
        let file: String = named(row, "File")?;
        place(&file, named(row, "Position")?)
    });
    written.map(Some).ok_or_else(|| {
        Why::new(
            Kind::Misconfigured,
            "the server keeps no binary log; turn its automated backups on",
        )
    })
}

/// Gives back what is on record, in a database that holds this very epoch and this very mark and is not deposed. The mark stays until
/// [`erase`], so that what dies in between is done again. `None` where the epoch or the mark is another.
///
/// # Errors
/// [`Why`]; one that is read only on a standby.
pub async fn open(
    admin: &mut Client,
    epoch: Epoch,
    token: &StopToken,
) -> Result<Option<Unfenced>, Why> {
    alone(admin).await?;
    admin.run(RECORD, ()).await?;
    admin.run("START TRANSACTION", ()).await?;
    let held = held(admin).await?;
    admin.run("ROLLBACK", ()).await?;
    let is_mine = held.mark.is_some_and(|mark| mark.token == *token);
    if held.is_deposed || held.epoch != Some(epoch) || !is_mine {
        return Ok(None);
    }
    let mut given = Unfenced::default();
    give_logins(admin, &mut given).await?;
    give_events(admin, &mut given).await?;
    Ok(Some(given))
}

/// Takes the mark away from a database that holds this very epoch and this very mark.
///
/// # Errors
/// [`Why`]; one that is read only on a standby.
pub async fn erase(admin: &mut Client, epoch: Epoch, token: &StopToken) -> Result<(), Why> {
    let statement = "
        UPDATE aurora_failover.epoch SET stop_token = NULL, stopped_at = NULL WHERE epoch = ? AND stop_token = ?";
    admin.run(statement, (epoch.0, token.as_str())).await?;
    Ok(())
}

/// What a database holds before it is stopped or opened.
#[derive(Default)]
struct Held {
    epoch: Option<Epoch>,
    mark: Option<Mark>,
    is_deposed: bool,
}

async fn held(admin: &mut Client) -> Result<Held, Why> {
    let rows = admin.ask(HELD, (DEPOSED,)).await?;
    Ok(rows.first().map_or_else(Held::default, |row| Held {
        epoch: column(row, 0).map(Epoch),
        mark: mark_of(row),
        is_deposed: column::<i64>(row, 3) == Some(1),
    }))
}

fn mark_of(row: &Row) -> Option<Mark> {
    let token: String = column(row, 1)?;
    let at = column::<i64>(row, 2).and_then(|micros| Timestamp::from_microsecond(micros).ok());
    Some(Mark {
        token: token.as_str().into(),
        at,
    })
}
