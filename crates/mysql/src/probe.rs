//! What the probe asks of a member: commit a beat, read what has arrived, open an epoch.

use failover::{
    beat::{Beat, Beats, Reading, Write},
    domain::{Epoch, Region, RunId},
};
use jiff::Timestamp;
use mysql_async::Row;
use tokio::sync::Mutex;

use super::{
    Client, Why,
    connect::{column, literal, named},
    why::Kind,
};

/// What a beat and an opened epoch answer with: the epoch and the stop that the database holds, and this vantage's beat, where the
/// statement before changed it.
const HELD: &str = "
    SELECT now.epoch, now.stop_token, IF(ROW_COUNT() > 0, beat.seq, NULL), CAST(UNIX_TIMESTAMP(beat.at) * 1000000 AS SIGNED)
    FROM aurora_failover.epoch AS now LEFT JOIN aurora_failover.beat AS beat ON beat.vantage = ";

/// Sets a beat to the next number and this moment. The rows that it reads are locked until it is committed.
const NEXT: &str = "beat.seq = beat.seq + 1, beat.at = UTC_TIMESTAMP(6), beat.epoch = ";

const READ: &str = "
    SELECT vantage, seq, epoch, CAST(UNIX_TIMESTAMP(at) * 1000000 AS SIGNED) FROM aurora_failover.beat";

/// A connection of the probe.
pub struct Session(Mutex<Client>);

impl Session {
    /// A session on `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self(Mutex::new(client))
    }

    /// Commits a beat under `epoch` only, and where no stop stands. One round trip.
    pub async fn beat(&self, vantage: &Region, epoch: Epoch) -> Write {
        let (at, new) = (literal(vantage.as_str()), epoch.0);
        let statements = format!(
            "START TRANSACTION; \
             UPDATE aurora_failover.beat AS beat JOIN aurora_failover.epoch AS now ON now.epoch = {new} AND now.stop_token IS NULL \
             SET {NEXT}{new} WHERE beat.vantage = {at}; \
             {HELD}{at}; COMMIT"
        );
        let mut client = self.0.lock().await;
        match client.run_all(&statements).await {
            Ok(rows) => committed(&rows, vantage, epoch),
            Err(why) if why.kind() == Kind::ReadOnly => read_only(&mut client).await,
            Err(why) => why.into(),
        }
    }

    /// Reads every vantage's beat, and how far a replica has applied its writer's log.
    ///
    /// # Errors
    /// [`Why`].
    pub async fn read(&self) -> Result<Reading, Why> {
        let mut client = self.0.lock().await;
        let rows = client.ask(READ, ()).await?;
        // Not every probe may look at channels; beats alone show progress too.
        let position = applied(&mut client).await.ok().flatten();
        Ok(Reading {
            position,
            committed_at: None,
            beats: rows.iter().filter_map(beat_of).collect::<Beats>(),
        })
    }

    /// Opens `epoch` in the database and commits the first beat under it; both or neither. An epoch never goes back.
    pub async fn prove(&self, vantage: &Region, epoch: Epoch, run_id: &RunId) -> Write {
        let (at, new, run) = (literal(vantage.as_str()), epoch.0, literal(run_id.as_str()));
        let statements = format!(
            "START TRANSACTION; \
             UPDATE aurora_failover.epoch AS now JOIN aurora_failover.beat AS beat ON beat.vantage = {at} \
             SET now.epoch = {new}, now.run_id = {run}, now.proven_at = UTC_TIMESTAMP(6), {NEXT}{new} WHERE now.epoch <= {new}; \
             {HELD}{at}; COMMIT"
        );
        let mut client = self.0.lock().await;
        // A replica that somebody let take writes is no writer all the same.
        match follows(&mut client).await {
            Ok(true) => return Write::ReadOnly,
            Err(why) if !why.is_of_the_statement() => return why.into(),
            Ok(false) | Err(_) => {}
        }
        match client.run_all(&statements).await {
            Ok(rows) => proven(&rows, vantage, epoch),
            Err(why) => why.into(),
        }
    }

    /// Whether the connection is gone. One that is asked over at this moment is not.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.try_lock().is_ok_and(|client| client.is_closed())
    }
}

/// A server that takes no writes is a standby only if it follows somebody; else somebody set it to read only.
async fn read_only(client: &mut Client) -> Write {
    match channels(client).await {
        Ok(channels) if channels.is_empty() => Write::Misconfigured {
            why: "the server is no standby and yet read only: read_only is on".into(),
        },
        Ok(_) => Write::ReadOnly,
        Err(why) => Write::Answered {
            why: format!("the server is read only, and whom it follows cannot be looked at: {why}"),
        },
    }
}

/// The channels that changes come in by.
pub(crate) async fn channels(client: &mut Client) -> Result<Vec<Row>, Why> {
    let statement = client.flavour().channels();
    client.ask(statement, ()).await
}

/// Whether a server follows another one now, whatever it leaves out and whether or not it takes writes itself.
async fn follows(client: &mut Client) -> Result<bool, Why> {
    let flavour = client.flavour();
    let rows = channels(client).await?;
    Ok(rows.iter().any(|row| {
        flavour
            .works(|name| named(row, name))
            .is_some_and(|name| name.is_empty())
    }))
}

/// How far a replica has applied its writer's binary log; `None` for what follows nobody.
async fn applied(client: &mut Client) -> Result<Option<i64>, Why> {
    let flavour = client.flavour();
    let rows = channels(client).await?;
    Ok(rows
        .iter()
        .find_map(|row| flavour.applied(|name| named(row, name))))
}

fn committed(rows: &[Row], vantage: &Region, epoch: Epoch) -> Write {
    let Some(row) = rows.first() else {
        return Write::Misconfigured {
            why: "aurora_failover.epoch is empty; run health-probe setup".into(),
        };
    };
    let held = column::<u64>(row, 0).map(Epoch);
    match (held, column::<String>(row, 1)) {
        (Some(held), _) if held != epoch => Write::OtherEpoch { epoch: held },
        (_, Some(token)) => Write::Stopped {
            token: token.as_str().into(),
        },
        _ => beat(row, epoch).unwrap_or_else(|| missing(vantage)),
    }
}

/// A stop does not keep an epoch from being opened.
fn proven(rows: &[Row], vantage: &Region, epoch: Epoch) -> Write {
    match rows.first().and_then(|row| column::<u64>(row, 0)) {
        None => committed(rows, vantage, epoch),
        // The update that opens the epoch finds no row of the vantage.
        Some(held) if held < epoch.0 => missing(vantage),
        Some(held) if held > epoch.0 => Write::OtherEpoch { epoch: Epoch(held) },
        Some(_) => rows
            .first()
            .and_then(|row| beat(row, epoch))
            .unwrap_or_else(|| missing(vantage)),
    }
}

fn beat(row: &Row, epoch: Epoch) -> Option<Write> {
    let (seq, micros) = (column::<u64>(row, 2)?, column::<i64>(row, 3)?);
    Some(Write::Committed {
        beat: Beat {
            seq,
            epoch,
            at: time(micros),
        },
    })
}

fn missing(vantage: &Region) -> Write {
    Write::Misconfigured {
        why: format!("aurora_failover.beat has no row for {vantage}; run health-probe setup"),
    }
}

fn beat_of(row: &Row) -> Option<(Region, Beat)> {
    let vantage: String = column(row, 0)?;
    let beat = Beat {
        seq: column(row, 1)?,
        epoch: Epoch(column(row, 2)?),
        at: time(column(row, 3)?),
    };
    Some((vantage.as_str().into(), beat))
}

pub(crate) fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
