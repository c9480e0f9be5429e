//! Finds what only one of two databases has, by keys: a batch of rows at a time, in bounded memory, changing nothing.

mod listing;
mod rows;
mod shape;

use std::time::Duration;

use failover::{
    ledger::{ROWS, TableIn, WIDE_BYTES},
    plan::KeyedTable,
    ports::{LATE, Reached, RowBatch},
};
use tokio::time::Instant;
use tokio_postgres::{
    Client,
    error::SqlState,
    types::{ToSql, Type},
};

use super::Why;
use rows::{Fate, Keyed};
use shape::Shape;

/// A batch ends once it has found so much, in bytes of rows.
const FOUND_BYTES: i64 = 8 * 1024 * 1024;
/// Reading so many rows took less than this: twice as many at once.
const QUICK: Duration = Duration::from_secs(2);

/// How long one statement waits for a lock of somebody else: less than a statement may take, so that a lock is told from too
/// many rows.
const LOCK: &str = "SET lock_timeout = '5s'";

/// What both sessions have to agree on, so that equal rows read alike; and a table whose rows are kept from the administrator
/// is an error rather than an empty one. Nothing is found by a path, so that every name is written out.
const ALIKE: &str = "SET search_path = pg_catalog; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';
    SET extra_float_digits = 1; SET bytea_output = 'hex'; SET row_security = off";

/// Compares a table of `ours` with that of `theirs` from the key `after` on, for about as long as `limit` and never longer than
/// [`LATE`] beyond it.
///
/// # Errors
/// [`Why::Misconfigured`] for a table, a key or a right that is missing; [`Why::Failed`].
pub async fn batch(
    ours: &Client,
    theirs: &Client,
    table: &KeyedTable,
    (after, rows): (Option<Vec<String>>, u32),
    limit: Duration,
) -> Result<RowBatch, Why> {
    let began = Instant::now();
    for client in [ours, theirs] {
        client.batch_execute(ALIKE).await?;
        client.batch_execute(LOCK).await?;
    }
    let Some((shape, left_out)) = Shape::common(ours, theirs, table).await? else {
        return Ok(RowBatch {
            reached: Reached::End,
            rows: rows.max(1),
            found_in: TableIn::Writer,
            ..RowBatch::default()
        });
    };
    let found = RowBatch {
        reached: after.map_or(Reached::NotBegun, Reached::Key),
        rows: rows.max(1),
        left_out,
        own_columns: shape.own.clone(),
        found_in: shape.found_in,
        ..RowBatch::default()
    };
    fill(ours, theirs, &shape, found, (began, limit)).await
}

/// Compares one chunk after the other, until the table ends, enough was found, or the time is over.
async fn fill(
    ours: &Client,
    theirs: &Client,
    shape: &Shape,
    mut found: RowBatch,
    (began, limit): (Instant, Duration),
) -> Result<RowBatch, Why> {
    let mut bytes = 0;
    let end = began + limit + LATE;
    loop {
        let asked = Instant::now();
        let chunk = chunk(ours, theirs, shape, &mut found, &mut bytes);
        let Ok(compared) = tokio::time::timeout_at(end, chunk).await else {
            // All the time there was did not do for so many; what began late has all of it the next time.
            if found.compared == 0 {
                found.rows = fewer(found.rows);
            }
            return Ok(found);
        };
        let is_through = match compared {
            Ok(is_end) => go_on(&mut found, is_end, asked.elapsed()),
            // Somebody else's lock passes, and fewer rows would have to wait as well.
            Err(why) if why.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                found.locked += asked.elapsed();
                found.locked_by = shape.holders(ours, theirs).await;
                false
            }
            Err(why) => give_way(&mut found, why)?,
        };
        if is_through || bytes >= FOUND_BYTES || began.elapsed() >= limit {
            return Ok(found);
        }
    }
}

/// After a chunk that took so long: whether the table has ended.
fn go_on(found: &mut RowBatch, is_end: bool, took: Duration) -> bool {
    if is_end {
        found.reached = Reached::End;
    } else {
        found.rows = grown(found.rows, took);
    }
    is_end
}

/// After an error: whether the batch ends with what it has.
fn give_way(found: &mut RowBatch, why: tokio_postgres::Error) -> Result<bool, Why> {
    // The rows are too wide, or there are too many between them over there: fewer at once.
    if why.code() == Some(&SqlState::QUERY_CANCELED) && found.rows > 1 {
        found.rows = fewer(found.rows);
        return Ok(false);
    }
    // What was compared before that stands.
    if found.compared > 0 {
        return Ok(true);
    }
    Err(why.into())
}

fn fewer(rows: u32) -> u32 {
    (rows / 4).max(1)
}

/// Fewer rows at once are for as long as the database is slow.
fn grown(rows: u32, took: Duration) -> u32 {
    if took < QUICK {
        rows.saturating_mul(2).min(ROWS.max(rows))
    } else {
        rows
    }
}

/// Compares up to `found.rows` rows; answers whether the table ends there. What was found before an error stays as it was.
async fn chunk(
    ours: &Client,
    theirs: &Client,
    shape: &Shape,
    found: &mut RowBatch,
    bytes: &mut i64,
) -> Result<bool, tokio_postgres::Error> {
    let after = found.reached.key();
    let read = shape.read(ours, after, found.rows).await?;
    let Some(last) = read.last() else {
        return Ok(true);
    };
    let is_end = read.len() < found.rows as usize;
    let fates = if shape.found_in == TableIn::Deposed {
        vec![Fate::OnlyHere; read.len()]
    } else if shape.is_alike(theirs, (after, &last.key), &read).await? {
        vec![Fate::Same; read.len()]
    } else {
        shape.fates(theirs, &read).await?
    };
    let taken = Taken::of(&read, &fates, bytes);
    // Both or none: what is read again after an error must not be listed twice.
    let (mut here, mut otherwise) = (found.only_here.clone(), found.differs.clone());
    shape.list(ours, &taken.only_here, &mut here).await?;
    shape.list(ours, &taken.differs, &mut otherwise).await?;
    (found.only_here, found.differs) = (here, otherwise);
    found.compared += taken.count as u64;
    if let Some(row) = taken.count.checked_sub(1).and_then(|last| read.get(last)) {
        found.reached = Reached::Key(row.key.clone());
    }
    Ok(is_end && taken.count == read.len())
}

/// How many of the rows that were read are taken into a batch, and those of them that are listed.
struct Taken<'a> {
    count: usize,
    only_here: Vec<&'a Keyed>,
    differs: Vec<&'a Keyed>,
}

impl<'a> Taken<'a> {
    /// No more than a batch may find, and at least one row, so that every batch gets on. `bytes` is what it has found so far.
    fn of(read: &'a [Keyed], fates: &[Fate], bytes: &mut i64) -> Self {
        let mut taken = Self {
            count: 0,
            only_here: Vec::new(),
            differs: Vec::new(),
        };
        for (row, fate) in read.iter().zip(fates) {
            let listed = match fate {
                Fate::Same => None,
                Fate::OnlyHere => Some(&mut taken.only_here),
                Fate::Differs => Some(&mut taken.differs),
            };
            if let Some(listed) = listed {
                if *bytes >= FOUND_BYTES {
                    break;
                }
                *bytes += row.bytes.min(WIDE_BYTES);
                listed.push(row);
            }
            taken.count += 1;
        }
        taken
    }
}

/// A parameter with its type, which saves a round trip.
type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

fn parameter(part: &String) -> Parameter<'_> {
    (part, Type::TEXT)
}

/// These columns of `t`.
fn of_t(columns: &[String]) -> Vec<String> {
    columns.iter().map(|name| format!("t.{name}")).collect()
}

fn as_text(columns: &[String]) -> String {
    format!("ROW({})::text", of_t(columns).join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_rows_at_once_are_for_as_long_as_the_database_is_slow() {
        assert_eq!(grown(1, Duration::from_millis(5)), 2);
        assert_eq!(grown(1, QUICK), 1);
        assert_eq!(grown(ROWS - 1, Duration::ZERO), ROWS);
        let mut rows = 1;
        for _ in 0..15 {
            rows = grown(rows, Duration::ZERO);
        }
        assert_eq!(rows, ROWS);
    }
}
