//! What the probe asks of a member: commit a beat, read what has arrived, open an epoch.

use std::time::Duration;

use failover::{
    beat::{Beat, Beats, Reading, Write},
    domain::{Epoch, Region, RunId},
};
use jiff::Timestamp;
use tokio_postgres::{Client, Row, error::SqlState, types::Type};

use super::Why;

/// The mark of a stop; none in a database that was set up before there were any.
macro_rules! stop_token {
    () => {
        "to_jsonb(now) ->> 'stop_token'"
    };
}

/// Commits a beat, under the given epoch only and where no stop stands, and tells which epoch and which stop the database holds. One
/// round trip.
const BEAT: &str = concat!(
    "
    WITH mine AS (
        UPDATE aurora_failover.beat AS beat SET seq = beat.seq + 1, epoch = $2, at = clock_timestamp()
        FROM aurora_failover.epoch AS now
        WHERE beat.vantage = $1 AND now.epoch = $2 AND ",
    stop_token!(),
    " IS NULL
        RETURNING beat.seq, (extract(epoch FROM beat.at) * 1000000)::bigint AS micros)
    SELECT now.epoch, mine.seq, mine.micros, ",
    stop_token!(),
    " FROM aurora_failover.epoch AS now LEFT JOIN mine ON true"
);

/// Reads every vantage's beat and, on Aurora, how far this Region has replayed. One round trip.
const READ: &str = "
    SELECT vantage, seq, epoch, (extract(epoch FROM at) * 1000000)::bigint,
        (SELECT max(highest_lsn_written)::bigint FROM aurora_global_db_status() WHERE aws_region = $1), NULL::bigint
    FROM aurora_failover.beat";

/// The same on a replica of PostgreSQL's own, with the time at which the last transaction was committed that has arrived.
const READ_REPLICA: &str = "
    SELECT vantage, seq, epoch, (extract(epoch FROM at) * 1000000)::bigint,
        CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint END,
        CASE WHEN pg_is_in_recovery() THEN (extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::bigint END
    FROM aurora_failover.beat WHERE $1 <> ''";

const READ_BEATS: &str = "
    SELECT vantage, seq, epoch, (extract(epoch FROM at) * 1000000)::bigint, NULL::bigint, NULL::bigint
    FROM aurora_failover.beat WHERE $1 <> ''";

/// Opens an epoch and commits the first beat under it; both or neither. An epoch never goes back.
const PROVE: &str = "
    WITH opened AS (
        UPDATE aurora_failover.epoch SET epoch = $2, run_id = $3, proven_at = clock_timestamp()
        WHERE epoch <= $2 AND EXISTS (SELECT FROM aurora_failover.beat WHERE vantage = $1)
        RETURNING epoch),
    mine AS (
        UPDATE aurora_failover.beat AS beat SET seq = beat.seq + 1, epoch = $2, at = clock_timestamp()
        FROM opened WHERE beat.vantage = $1
        RETURNING beat.seq, (extract(epoch FROM beat.at) * 1000000)::bigint AS micros)
    SELECT now.epoch, mine.seq, mine.micros, NULL::text FROM aurora_failover.epoch AS now LEFT JOIN mine ON true";

/// A connection of the probe, and the patience it has with it.
pub struct Session {
    client: Client,
    limit: Duration,
}

impl Session {
    /// A session on `client`; every question is given up after `limit`.
    #[must_use]
    pub const fn new(client: Client, limit: Duration) -> Self {
        Self { client, limit }
    }

    /// Commits a beat under `epoch`.
    pub async fn beat(&self, vantage: &Region, epoch: Epoch) -> Write {
        let parameters: [Parameter<'_>; 2] = [
            (&vantage.as_str(), Type::TEXT),
            (&to_sql(epoch), Type::INT8),
        ];
        match self.ask(BEAT, &parameters).await {
            Ok(rows) => committed(&rows, vantage, epoch),
            Err(Why::ReadOnly) => self.read_only().await,
            Err(why) => why.into(),
        }
    }

    /// A server that takes no writes is a standby only if it is in recovery; else somebody set it to read only.
    async fn read_only(&self) -> Write {
        let asked = self.ask("SELECT pg_is_in_recovery()", &[]).await;
        match asked.map(|rows| rows.first().is_some_and(|row| row.get(0))) {
            Ok(true) => Write::ReadOnly,
            Ok(false) => Write::Misconfigured {
                why: "the server is no standby and yet read only: default_transaction_read_only is on".into(),
            },
            Err(why) => why.into(),
        }
    }

    /// Reads what has arrived here.
    ///
    /// # Errors
    /// [`Why`].
    pub async fn read(&self, region: &Region) -> Result<Reading, Why> {
        let rows = self.rows_of_reading(region).await?;
        let first = |column: usize| {
            let row = rows.first()?;
            row.try_get::<_, Option<i64>>(column).ok().flatten()
        };
        Ok(Reading {
            position: first(4),
            committed_at: first(5).map(time),
            beats: rows.iter().filter_map(beat_of).collect::<Beats>(),
        })
    }

    /// Not every engine and version tells its position or its last commit; beats alone show progress too.
    async fn rows_of_reading(&self, region: &Region) -> Result<Vec<Row>, Why> {
        let untold = |code: &SqlState| {
            [
                SqlState::UNDEFINED_FUNCTION,
                SqlState::FEATURE_NOT_SUPPORTED,
            ]
            .contains(code)
        };
        for statement in [READ, READ_REPLICA] {
            match self
                .ask_raw(statement, &[(&region.as_str(), Type::TEXT)])
                .await
            {
                Err(Failure::Server(code, _)) if untold(&code) => {}
                other => return Ok(other?),
            }
        }
        self.ask(READ_BEATS, &[(&region.as_str(), Type::TEXT)])
            .await
    }

    /// Opens `epoch` in the database and commits the first beat under it.
    pub async fn prove(&self, vantage: &Region, epoch: Epoch, run_id: &RunId) -> Write {
        let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] = [
            (&vantage.as_str(), Type::TEXT),
            (&to_sql(epoch), Type::INT8),
            (&run_id.as_str(), Type::TEXT),
        ];
        match self.ask(PROVE, &parameters).await {
            // The row shown is that of before the statement, where the statement itself changed it.
            Ok(rows) => {
                let write = committed(&rows, vantage, epoch);
                let opened = matches!(write, Write::OtherEpoch { epoch: before } if before < epoch);
                if opened { missing(vantage) } else { write }
            }
            Err(why) => why.into(),
        }
    }

    /// Whether the connection is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    async fn ask(&self, statement: &str, parameters: &Parameters<'_>) -> Result<Vec<Row>, Why> {
        Ok(self.ask_raw(statement, parameters).await?)
    }

    async fn ask_raw(
        &self,
        statement: &str,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Row>, Failure> {
        match tokio::time::timeout(self.limit, self.client.query_typed(statement, parameters)).await
        {
            Ok(answer) => answer.map_err(Failure::from),
            Err(_) => Err(Failure::Other(Why::Failed(format!(
                "no answer within {limit:?}",
                limit = self.limit
            )))),
        }
    }
}

type Parameter<'a> = (&'a (dyn tokio_postgres::types::ToSql + Sync), Type);
type Parameters<'a> = [Parameter<'a>];

enum Failure {
    Server(SqlState, Why),
    Other(Why),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code().cloned() {
            Some(code) => Self::Server(code, error.into()),
            None => Self::Other(error.into()),
        }
    }
}

impl From<Failure> for Why {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Server(_, why) | Failure::Other(why) => why,
        }
    }
}

fn committed(rows: &[Row], vantage: &Region, epoch: Epoch) -> Write {
    let Some(row) = rows.first() else {
        return Write::Misconfigured {
            why: "aurora_failover.epoch is empty; run health-probe setup".into(),
        };
    };
    let held = Epoch(row.get::<_, i64>(0).unsigned_abs());
    match (row.get::<_, Option<i64>>(1), row.get::<_, Option<i64>>(2)) {
        (Some(seq), Some(micros)) => Write::Committed {
            beat: Beat {
                seq: seq.unsigned_abs(),
                epoch,
                at: time(micros),
            },
        },
        _ if held != epoch => Write::OtherEpoch { epoch: held },
        _ => match row.get::<_, Option<&str>>(3) {
            Some(token) => Write::Stopped {
                token: token.into(),
            },
            None => missing(vantage),
        },
    }
}

fn missing(vantage: &Region) -> Write {
    Write::Misconfigured {
        why: format!("aurora_failover.beat has no row for {vantage}; run health-probe setup"),
    }
}

fn beat_of(row: &Row) -> Option<(Region, Beat)> {
    let vantage: &str = row.get(0);
    let (seq, epoch, micros): (i64, i64, Option<i64>) = (row.get(1), row.get(2), row.get(3));
    Some((
        vantage.into(),
        Beat {
            seq: seq.unsigned_abs(),
            epoch: Epoch(epoch.unsigned_abs()),
            at: time(micros?),
        },
    ))
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn to_sql(epoch: Epoch) -> i64 {
    i64::try_from(epoch.0).unwrap_or(i64::MAX)
}
