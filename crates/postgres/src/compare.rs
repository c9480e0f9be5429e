//! Finds what only one of two databases has, by keys: a stretch at a time, in bounded memory, changing nothing.

use std::{pin::pin, time::Duration};

use failover::{
    ledger::{FoundIn, ROWS, WIDE_BYTES},
    plan::KeyedTable,
    ports::{FoundRows, LATE, Reached, Stretch},
};
use futures::TryStreamExt;
use tokio::time::Instant;
use tokio_postgres::{
    Client, Row,
    error::SqlState,
    types::{ToSql, Type},
};

use super::Why;

/// A stretch ends once it has found so much, in bytes of rows.
const FOUND_BYTES: i64 = 8 * 1024 * 1024;
/// Reading so many rows took less than this: twice as many at once.
const QUICK: Duration = Duration::from_secs(2);

/// How long one statement waits for a lock of somebody else: less than a statement may take, so that a lock is told from too
/// many rows.
const LOCK: &str = "SET lock_timeout = '5s'";

/// Who keeps a table from being read.
const HOLDERS: &str = "
    SELECT DISTINCT format('%s (%s, pid %s)', coalesce(a.usename, 'nobody'),
        coalesce(nullif(a.application_name, ''), 'without a name'), coalesce(l.pid::text, 'none'))
    FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND l.relation = to_regclass($1)
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY 1";

/// What both sessions have to agree on, so that equal rows read alike; and a table whose rows are kept from the administrator
/// is an error rather than an empty one. Nothing is found by a path, so that every name is written out.
const ALIKE: &str = "SET search_path = pg_catalog; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';
    SET extra_float_digits = 1; SET bytea_output = 'hex'; SET row_security = off";

const SHAPE: &str = "
    SELECT format('%I.%I', n.nspname, c.relname),
        ARRAY(SELECT format('%I', attname) FROM pg_attribute
            WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum),
        ARRAY(SELECT format('%I', name) FROM unnest($3::text[]) WITH ORDINALITY AS k(name, i) ORDER BY i),
        ARRAY(SELECT format_type(a.atttypid, -1) FROM unnest($3::text[]) WITH ORDINALITY AS k(name, i)
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = k.name AND a.attnotnull AND NOT a.attisdropped ORDER BY i),
        EXISTS (SELECT FROM pg_index AS x
            WHERE x.indrelid = c.oid AND x.indisunique AND x.indisvalid AND x.indpred IS NULL AND x.indexprs IS NULL
                AND ARRAY(SELECT a.attname::text COLLATE \"C\" FROM pg_attribute AS a WHERE a.attrelid = c.oid
                        AND a.attnum = ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1]) ORDER BY 1)
                    = ARRAY(SELECT name COLLATE \"C\" FROM unnest($3::text[]) AS name ORDER BY 1)),
        ARRAY(WITH RECURSIVE base AS (
                SELECT a.atttypid AS type FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = ANY ($3::text[])
                UNION SELECT t.typbasetype FROM base JOIN pg_type AS t ON t.oid = base.type AND t.typtype = 'd')
            SELECT DISTINCT format('%I', os.nspname) FROM base
            JOIN pg_opclass AS oc ON oc.opcintype = base.type AND oc.opcdefault
            JOIN pg_am AS am ON am.oid = oc.opcmethod AND am.amname = 'btree'
            JOIN pg_amop AS ao ON ao.amopfamily = oc.opcfamily AND ao.amoplefttype = oc.opcintype
            JOIN pg_operator AS o ON o.oid = ao.amopopr JOIN pg_namespace AS os ON os.oid = o.oprnamespace
            WHERE os.nspname <> 'pg_catalog'),
        c.relkind IN ('r', 'p')
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $2";

/// Compares a table of `ours` with that of `theirs` from the key `after` on, for about as long as `limit` and never longer than
/// [`LATE`] beyond it.
///
/// # Errors
/// [`Why::Misconfigured`] for a table, a key or a right that is missing; [`Why::Failed`].
pub async fn stretch(
    ours: &Client,
    theirs: &Client,
    table: &KeyedTable,
    (after, rows): (Option<Vec<String>>, u32),
    limit: Duration,
) -> Result<Stretch, Why> {
    let began = Instant::now();
    for client in [ours, theirs] {
        client.batch_execute(ALIKE).await?;
        client.batch_execute(LOCK).await?;
    }
    let Some((shape, left_out)) = Shape::common(ours, theirs, table).await? else {
        return Ok(Stretch {
            reached: Reached::End,
            rows: rows.max(1),
            found_in: FoundIn::Writer,
            ..Stretch::default()
        });
    };
    let mut found = Stretch {
        reached: after.map_or(Reached::NotBegun, Reached::Key),
        rows: rows.max(1),
        left_out,
        own_columns: shape.own.clone(),
        found_in: shape.found_in,
        ..Stretch::default()
    };
    let mut bytes = 0;
    let end = began + limit + LATE;
    loop {
        let asked = Instant::now();
        let chunk = chunk(ours, theirs, &shape, &mut found, &mut bytes);
        let Ok(compared) = tokio::time::timeout_at(end, chunk).await else {
            // All the time there was did not do for so many; what began late has all of it the next time.
            if found.compared == 0 {
                found.rows = fewer(found.rows);
            }
            return Ok(found);
        };
        match compared {
            Ok(is_end) if is_end => {
                found.reached = Reached::End;
                return Ok(found);
            }
            Ok(_) => found.rows = grown(found.rows, asked.elapsed()),
            // Somebody else's lock passes, and fewer rows would have to wait as well.
            Err(why) if why.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                found.locked += asked.elapsed();
                found.locked_by = shape.holders(ours, theirs).await;
            }
            // The rows are too wide, or there are too many between them over there: fewer at once.
            Err(why) if why.code() == Some(&SqlState::QUERY_CANCELED) && found.rows > 1 => {
                found.rows = fewer(found.rows);
            }
            // What was compared before that stands.
            Err(_) if found.compared > 0 => return Ok(found),
            Err(why) => return Err(why.into()),
        }
        if bytes >= FOUND_BYTES || began.elapsed() >= limit {
            return Ok(found);
        }
    }
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
    found: &mut Stretch,
    bytes: &mut i64,
) -> Result<bool, tokio_postgres::Error> {
    let after = found.reached.key();
    let read = shape.read(ours, after, found.rows).await?;
    let Some(last) = read.last() else {
        return Ok(true);
    };
    let is_end = read.len() < found.rows as usize;
    let fates = if shape.found_in == FoundIn::Deposed {
        vec![Fate::OnlyHere; read.len()]
    } else if shape.is_alike(theirs, (after, &last.key), &read).await? {
        vec![Fate::Same; read.len()]
    } else {
        shape.fates(theirs, &read).await?
    };
    // No more than a stretch may find, and at least one row, so that every stretch gets on.
    let (mut only_here, mut differs) = (Vec::new(), Vec::new());
    let mut taken: usize = 0;
    for (row, fate) in read.iter().zip(fates) {
        if fate != Fate::Same {
            if *bytes >= FOUND_BYTES {
                break;
            }
            *bytes += row.bytes.min(WIDE_BYTES);
            match fate {
                Fate::OnlyHere => only_here.push(row),
                Fate::Differs | Fate::Same => differs.push(row),
            }
        }
        taken += 1;
    }
    // Both or none: what is read again after an error must not be listed twice.
    let (mut here, mut otherwise) = (found.only_here.clone(), found.differs.clone());
    shape.list(ours, &only_here, &mut here).await?;
    shape.list(ours, &differs, &mut otherwise).await?;
    (found.only_here, found.differs) = (here, otherwise);
    found.compared += taken as u64;
    if let Some(row) = taken.checked_sub(1).and_then(|last| read.get(last)) {
        found.reached = Reached::Key(row.key.clone());
    }
    Ok(is_end && taken == read.len())
}

/// What became of a row over there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Same,
    Differs,
    OnlyHere,
}

/// One row, by its key.
struct Keyed {
    key: Vec<String>,
    hash: i64,
    bytes: i64,
}

/// A parameter with its type, which saves a round trip.
type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

fn parameter(part: &String) -> Parameter<'_> {
    (part, Type::TEXT)
}

fn wrong(table: &KeyedTable, place: &str, what: &str) -> Why {
    let key = table.key.join(", ");
    Why::Misconfigured(format!(
        "loss_ledger names {} by ({key}), and in {place} {what}; correct the plan",
        table.table
    ))
}

/// These columns of `t`.
fn of_t(columns: &[String]) -> Vec<String> {
    columns.iter().map(|name| format!("t.{name}")).collect()
}

fn as_text(columns: &[String]) -> String {
    format!("ROW({})::text", of_t(columns).join(", "))
}

/// A table of the first database; every name in it was quoted by the server.
struct Shape {
    table: String,
    found_in: FoundIn,
    /// All that are not computed: a row is listed with them.
    listed: Vec<String>,
    /// Those that are compared.
    columns: Vec<String>,
    /// Those that the second database lacks.
    own: Vec<String>,
    key: Vec<String>,
    types: Vec<String>,
    /// Where the operators of the key's types are, besides `pg_catalog`.
    operators: Vec<String>,
}

impl Shape {
    /// The table, and the columns that are not compared; `None` where only the second database has it.
    async fn common(
        ours: &Client,
        theirs: &Client,
        table: &KeyedTable,
    ) -> Result<Option<(Self, Vec<String>)>, Why> {
        let here = Self::of(ours, table, "the deposed database").await?;
        let there = Self::of(theirs, table, "the writer").await?;
        let (mut here, left_out) = match (here, there) {
            (None, None) => {
                let place = "the deposed database";
                return Err(wrong(table, place, "there is no such table"));
            }
            (None, Some(_)) => return Ok(None),
            (Some(here), None) => (here, Vec::new()),
            (Some(here), Some(there)) => here.beside(there),
        };
        here.operators.sort();
        here.operators.dedup();
        // Just those: an operator of another type that the key's could be cast to would order it otherwise.
        let mut path = vec!["pg_catalog".to_owned()];
        path.extend(here.operators.iter().cloned());
        let path = path.join(", ");
        for client in [ours, theirs] {
            client
                .execute("SELECT set_config('search_path', $1, false)", &[&path])
                .await?;
        }
        Ok(Some((here, left_out)))
    }

    /// This table beside the same one of another database, and the columns that only one of them has.
    fn beside(mut self, there: Self) -> (Self, Vec<String>) {
        let (both, own): (Vec<_>, Vec<_>) = self
            .columns
            .into_iter()
            .partition(|column| there.columns.contains(column));
        let theirs = there.columns.into_iter();
        let theirs = theirs.filter(|name| !both.contains(name));
        let left_out = own.iter().cloned().chain(theirs).collect();
        self.columns = both;
        self.own = own;
        self.found_in = FoundIn::Both;
        self.operators.extend(there.operators);
        (self, left_out)
    }

    /// The table as one database has it; `None` where nothing there has that name.
    async fn of(client: &Client, table: &KeyedTable, place: &str) -> Result<Option<Self>, Why> {
        let wrong = |what: &str| wrong(table, place, what);
        let (schema, name) = table.parts();
        let found = client
            .query_opt(SHAPE, &[&schema, &name, &table.key])
            .await?;
        let Some(row) = found else {
            return Ok(None);
        };
        if !row.get::<_, bool>(6) {
            return Err(wrong("what has that name is no table"));
        }
        let types: Vec<String> = row.get(3);
        if types.len() != table.key.len() {
            return Err(wrong("not every one of these is a column that is NOT NULL"));
        }
        if !row.get::<_, bool>(4) {
            return Err(wrong("no unique index is over just these columns"));
        }
        Ok(Some(Self {
            table: row.get(0),
            found_in: FoundIn::Deposed,
            listed: row.get(1),
            columns: row.get(1),
            own: Vec::new(),
            key: row.get(2),
            types,
            operators: row.get(5),
        }))
    }

    /// Who holds the table locked now, as far as that can be seen.
    async fn holders(&self, ours: &Client, theirs: &Client) -> Vec<String> {
        let mut found = Vec::new();
        for (client, place) in [(ours, "the deposed database"), (theirs, "the writer")] {
            let rows = client
                .query_typed(HOLDERS, &[(&self.table, Type::TEXT)])
                .await;
            let holders = rows.unwrap_or_default().into_iter();
            found.extend(holders.map(|row| format!("{} in {place}", row.get::<_, String>(0))));
        }
        found
    }

    /// What is compared of the table's row, which every query calls `t`.
    fn row(&self) -> String {
        as_text(&self.columns)
    }

    fn key_as_text(&self) -> String {
        let parts = of_t(&self.key).into_iter();
        let parts: Vec<_> = parts.map(|name| format!("{name}::text")).collect();
        format!("ARRAY[{}]", parts.join(", "))
    }

    /// The parameters from `first` on, as a key.
    fn key_from(&self, first: usize) -> String {
        let parts = self.types.iter().enumerate();
        let parts: Vec<_> = parts
            .map(|(index, of)| format!("${}::text::{of}", first + index))
            .collect();
        parts.join(", ")
    }

    fn beyond(&self, after: Option<&[String]>) -> String {
        match after {
            Some(_) => format!("({}) > ({})", of_t(&self.key).join(", "), self.key_from(1)),
            None => "true".into(),
        }
    }

    /// The next rows in the key's order. An index finds where they begin by the whole key, and they end by their number: PostgreSQL
    /// would read an upper bound of several columns to the end of the first one's value.
    fn next(&self, what: &str, after: Option<&[String]>, rows: usize) -> String {
        // A bare name in ORDER BY is what the query puts out before it is a column: one that is called `key` would be sorted as text.
        format!(
            "SELECT {what} FROM {} AS t WHERE {} ORDER BY {} LIMIT {rows}",
            self.table,
            self.beyond(after),
            of_t(&self.key).join(", ")
        )
    }

    async fn read(
        &self,
        client: &Client,
        after: Option<&[String]>,
        rows: u32,
    ) -> Result<Vec<Keyed>, tokio_postgres::Error> {
        let what = format!(
            "{} AS key, {} AS row, {} AS own",
            self.key_as_text(),
            self.row(),
            as_text(&self.own)
        );
        let sql = format!(
            "SELECT key, hashtextextended(row, 0), octet_length(row)::bigint + octet_length(own) FROM ({}) AS found",
            self.next(&what, after, rows as usize)
        );
        let parameters: Vec<_> = after.unwrap_or_default().iter().map(parameter).collect();
        let found = client.query_typed(&sql, &parameters).await?;
        let keyed = |row: Row| Keyed {
            key: row.get(0),
            hash: row.get(1),
            bytes: row.get(2),
        };
        Ok(found.into_iter().map(keyed).collect())
    }

    /// Whether a database has just these rows beyond `after` and up to `to`: one answer, so that a road between Regions carries
    /// little where nothing was lost. One row more than these shows that there are others between them.
    async fn is_alike(
        &self,
        client: &Client,
        (after, to): (Option<&[String]>, &[String]),
        read: &[Keyed],
    ) -> Result<bool, tokio_postgres::Error> {
        let first = after.map_or(1, |after| after.len() + 1);
        let sql = format!(
            "SELECT count(*), coalesce(sum(hashtextextended({}, 0)), 0)::text FROM ({}) AS t WHERE ({}) <= ({})",
            self.row(),
            self.next("t.*", after, read.len() + 1),
            of_t(&self.key).join(", "),
            self.key_from(first)
        );
        let parameters = after.unwrap_or_default().iter().chain(to);
        let parameters: Vec<_> = parameters.map(parameter).collect();
        let digest = client.query_typed(&sql, &parameters).await?;
        let sum: i128 = read.iter().map(|row| i128::from(row.hash)).sum();
        Ok(digest.first().is_some_and(|digest| {
            let (count, theirs): (i64, &str) = (digest.get(0), digest.get(1));
            usize::try_from(count) == Ok(read.len()) && theirs == sum.to_string()
        }))
    }

    /// What became of each row, asked for by its key: what else a database has between them costs nothing. A key may be the same and
    /// be written otherwise, as `CARL` and `carl` or `1.0` and `1.00` are: whether a row is there, the key's own operators tell.
    async fn fates(
        &self,
        client: &Client,
        read: &[Keyed],
    ) -> Result<Vec<Fate>, tokio_postgres::Error> {
        let keys: Vec<Vec<&String>> = (0..self.key.len())
            .map(|index| read.iter().filter_map(|row| row.key.get(index)).collect())
            .collect();
        let parameters: Vec<Parameter<'_>> = keys
            .iter()
            .map(|keys| (keys as &(dyn ToSql + Sync), Type::TEXT_ARRAY))
            .collect();
        let arrays: Vec<_> = (1..=keys.len()).map(|index| format!("${index}")).collect();
        let sql = format!(
            "SELECT w.n, hashtextextended({}, 0) FROM {}",
            self.row(),
            self.joined(&arrays)
        );
        let mut fates = vec![Fate::OnlyHere; read.len()];
        let mut theirs = pin!(client.query_typed_raw(&sql, parameters).await?);
        while let Some(row) = theirs.try_next().await? {
            let (n, hash): (i64, i64) = (row.get(0), row.get(1));
            let place = usize::try_from(n - 1).ok();
            if let Some((fate, mine)) =
                place.and_then(|at| Some((fates.get_mut(at)?, read.get(at)?)))
            {
                *fate = if mine.hash == hash {
                    Fate::Same
                } else {
                    Fate::Differs
                };
            }
        }
        Ok(fates)
    }

    /// These keys as `w`, numbered from 1, joined with their rows in the table as `t`.
    async fn wanted(
        &self,
        client: &Client,
        keys: &[&Keyed],
    ) -> Result<String, tokio_postgres::Error> {
        // The server quotes the keys itself: COPY takes no parameters.
        let mut arrays = Vec::new();
        for index in 0..self.types.len() {
            let parts: Vec<_> = keys.iter().filter_map(|row| row.key.get(index)).collect();
            let quoted = client
                .query_one("SELECT quote_literal($1::text[]::text)", &[&parts])
                .await?;
            arrays.push(format!("{}::text[]", quoted.get::<_, String>(0)));
        }
        Ok(self.joined(&arrays))
    }

    /// Arrays of keys, one for each column, as `w`, numbered from 1, joined with their rows in the table as `t`.
    fn joined(&self, arrays: &[String]) -> String {
        let names: Vec<_> = (0..self.key.len())
            .map(|index| format!("k{index}"))
            .collect();
        let same = of_t(&self.key).into_iter().zip(&names).zip(&self.types);
        let same: Vec<_> = same
            .map(|((column, name), of)| format!("{column} = w.{name}::{of}"))
            .collect();
        format!(
            "unnest({}) WITH ORDINALITY AS w({}, n) JOIN {} AS t ON {}",
            arrays.join(", "),
            names.join(", "),
            self.table,
            same.join(" AND ")
        )
    }

    /// Adds rows to what was found: as they are, or by their keys where they are too wide.
    async fn list(
        &self,
        client: &Client,
        rows: &[&Keyed],
        found: &mut FoundRows,
    ) -> Result<(), tokio_postgres::Error> {
        let (wide, rows): (Vec<&Keyed>, Vec<&Keyed>) =
            rows.iter().partition(|row| row.bytes > WIDE_BYTES);
        let csv = self
            .copied(client, &rows, &self.listed, found.csv.is_empty())
            .await?;
        let keys = self
            .copied(client, &wide, &self.key, found.keys.is_empty())
            .await?;
        found.csv.extend(csv);
        found.keys.extend(keys);
        found.count += (rows.len() + wide.len()) as u64;
        found.wide += wide.len() as u64;
        Ok(())
    }

    /// Columns of these rows as CSV, in the order of their keys.
    async fn copied(
        &self,
        client: &Client,
        rows: &[&Keyed],
        columns: &[String],
        header: bool,
    ) -> Result<Vec<u8>, tokio_postgres::Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "COPY (SELECT {} FROM {} ORDER BY w.n) TO STDOUT (FORMAT csv, HEADER {header})",
            of_t(columns).join(", "),
            self.wanted(client, rows).await?
        );
        let mut stream = pin!(client.copy_out(&sql).await?);
        let mut csv = Vec::new();
        while let Some(part) = stream.try_next().await? {
            csv.extend_from_slice(&part);
        }
        Ok(csv)
    }
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
