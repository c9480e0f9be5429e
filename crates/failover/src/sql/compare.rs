//! Finds what only one of two databases has, by keys: a stretch at a time, in bounded memory, changing nothing.

use std::{collections::HashMap, pin::pin, time::Duration};

use futures::TryStreamExt;
use tokio::time::Instant;
use tokio_postgres::{
    Client, Row,
    error::SqlState,
    types::{ToSql, Type},
};

use super::Why;
use crate::plan::KeyedTable;

/// Rows that are read at once, unless the database is too slow for that.
pub const ROWS: u32 = 20_000;
/// A stretch ends once it has found so much, in bytes of rows.
const FOUND_BYTES: i64 = 8 * 1024 * 1024;

/// What both sessions have to agree on, so that equal rows read alike; and a table whose rows are kept from the administrator
/// is an error rather than an empty one.
const ALIKE: &str =
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';
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
                    = ARRAY(SELECT name COLLATE \"C\" FROM unnest($3::text[]) AS name ORDER BY 1))
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')";

/// What one stretch of a table found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stretch {
    /// The key up to which the table has been compared; `None` at its end.
    pub after: Option<Vec<String>>,
    /// Rows that were read at once in the end.
    pub rows: u32,
    /// Rows of the first database that were compared.
    pub compared: u64,
    /// Rows that the second database lacks, as CSV with a header.
    pub only_here: Found,
    /// Rows that are otherwise in the second database, as the first one has them.
    pub differs: Found,
    /// Columns that only one of the databases has: they are not compared, nor are computed ones.
    pub left_out: Vec<String>,
}

/// Rows that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// How many.
    pub count: u64,
    /// They themselves, as `COPY … FROM … (FORMAT csv, HEADER)` takes them.
    pub csv: Vec<u8>,
}

/// Compares a table of `ours` with that of `theirs` from the key `after` on, for about as long as `limit`.
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
    ours.batch_execute(ALIKE).await?;
    theirs.batch_execute(ALIKE).await?;
    let (shape, left_out) = Shape::common(ours, theirs, table).await?;
    let mut found = Stretch {
        after,
        rows: rows.max(1),
        left_out,
        ..Stretch::default()
    };
    let mut bytes = 0;
    loop {
        match chunk(ours, theirs, &shape, &mut found, &mut bytes).await {
            Ok(is_end) if is_end => {
                found.after = None;
                return Ok(found);
            }
            Ok(_) => {}
            // The rows are too wide, or there are too many between them over there: fewer at once.
            Err(why) if why.code() == Some(&SqlState::QUERY_CANCELED) && found.rows > 1 => {
                found.rows = (found.rows / 4).max(1);
            }
            Err(why) => return Err(why.into()),
        }
        if bytes >= FOUND_BYTES || began.elapsed() >= limit {
            return Ok(found);
        }
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
    let read = shape.read(ours, found.after.as_deref(), found.rows).await?;
    let Some(last) = read.last() else {
        return Ok(true);
    };
    let is_end = read.len() < found.rows as usize;
    let range = Range {
        after: found.after.as_deref(),
        to: &last.key,
    };
    let fates = if shape.is_alike(theirs, &range, &read).await? {
        vec![Fate::Same; read.len()]
    } else {
        shape.fates(theirs, &range, &read).await?
    };
    // No more than a stretch may find, and at least one row, so that every stretch gets on.
    let (mut only_here, mut differs) = (Vec::new(), Vec::new());
    let mut taken: usize = 0;
    for (row, fate) in read.iter().zip(fates) {
        if fate != Fate::Same {
            if *bytes >= FOUND_BYTES {
                break;
            }
            *bytes += row.bytes;
            match fate {
                Fate::OnlyHere => only_here.push(&row.key),
                Fate::Differs | Fate::Same => differs.push(&row.key),
            }
        }
        taken += 1;
    }
    let found_only_here = shape.copied(ours, &only_here, &found.only_here).await?;
    let found_differs = shape.copied(ours, &differs, &found.differs).await?;
    found.only_here.add(only_here.len(), found_only_here);
    found.differs.add(differs.len(), found_differs);
    found.compared += taken as u64;
    if let Some(row) = taken.checked_sub(1).and_then(|last| read.get(last)) {
        found.after = Some(row.key.clone());
    }
    Ok(is_end && taken == read.len())
}

impl Found {
    fn add(&mut self, count: usize, csv: Vec<u8>) {
        self.count += count as u64;
        self.csv.extend(csv);
    }
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

/// The keys beyond `after`, up to `to`.
struct Range<'a> {
    after: Option<&'a [String]>,
    to: &'a [String],
}

impl<'a> Range<'a> {
    fn parameters(&self) -> Vec<Parameter<'a>> {
        let after = self.after.unwrap_or_default().iter();
        after.chain(self.to).map(parameter).collect()
    }
}

/// A parameter with its type, which saves a round trip.
type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

fn parameter(part: &String) -> Parameter<'_> {
    (part, Type::TEXT)
}

/// A table that both databases have; every name in it was quoted by the server.
struct Shape {
    table: String,
    columns: Vec<String>,
    key: Vec<String>,
    types: Vec<String>,
}

impl Shape {
    /// The table as both have it, and the columns that are not compared.
    async fn common(
        ours: &Client,
        theirs: &Client,
        table: &KeyedTable,
    ) -> Result<(Self, Vec<String>), Why> {
        let mut here = Self::of(ours, table, "the deposed database").await?;
        let there = Self::of(theirs, table, "the writer").await?;
        let (both, only): (Vec<_>, Vec<_>) = here
            .columns
            .into_iter()
            .partition(|column| there.columns.contains(column));
        let mut left_out = only;
        left_out.extend(
            there
                .columns
                .into_iter()
                .filter(|name| !both.contains(name)),
        );
        here.columns = both;
        Ok((here, left_out))
    }

    async fn of(client: &Client, table: &KeyedTable, place: &str) -> Result<Self, Why> {
        let wrong = |what: &str| {
            let key = table.key.join(", ");
            Why::Misconfigured(format!(
                "loss_ledger names {} by ({key}), and in {place} {what}; correct the plan",
                table.table
            ))
        };
        let (schema, name) = table.parts();
        let row = client
            .query_opt(SHAPE, &[&schema, &name, &table.key])
            .await?
            .ok_or_else(|| wrong("there is no such table"))?;
        let types: Vec<String> = row.get(3);
        if types.len() != table.key.len() {
            return Err(wrong("not every one of these is a column that is NOT NULL"));
        }
        if !row.get::<_, bool>(4) {
            return Err(wrong("no unique index is over just these columns"));
        }
        Ok(Self {
            table: row.get(0),
            columns: row.get(1),
            key: row.get(2),
            types,
        })
    }

    fn row(&self) -> String {
        format!("ROW({})::text", self.columns.join(", "))
    }

    fn key_as_text(&self) -> String {
        let parts: Vec<_> = self
            .key
            .iter()
            .map(|name| format!("{name}::text"))
            .collect();
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
        let key = self.key.join(", ");
        match after {
            Some(_) => format!("({key}) > ({})", self.key_from(1)),
            None => "true".into(),
        }
    }

    fn within(&self, range: &Range<'_>) -> String {
        let key = self.key.join(", ");
        let first = range.after.map_or(1, |after| after.len() + 1);
        let beyond = self.beyond(range.after);
        format!("{beyond} AND ({key}) <= ({})", self.key_from(first))
    }

    async fn read(
        &self,
        client: &Client,
        after: Option<&[String]>,
        rows: u32,
    ) -> Result<Vec<Keyed>, tokio_postgres::Error> {
        let sql = format!(
            "SELECT key, hashtextextended(row, 0), octet_length(row)::bigint
             FROM (SELECT {} AS key, {} AS row FROM {} WHERE {} ORDER BY {} LIMIT {rows}) AS found",
            self.key_as_text(),
            self.row(),
            self.table,
            self.beyond(after),
            self.key.join(", ")
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

    /// Whether a database has just these rows in the range: one answer, so that a road between Regions carries little where
    /// nothing was lost.
    async fn is_alike(
        &self,
        client: &Client,
        range: &Range<'_>,
        read: &[Keyed],
    ) -> Result<bool, tokio_postgres::Error> {
        let sql = format!(
            "SELECT count(*), coalesce(sum(hashtextextended({}, 0)), 0)::text FROM {} WHERE {}",
            self.row(),
            self.table,
            self.within(range)
        );
        let digest = client.query_typed(&sql, &range.parameters()).await?;
        let sum: i128 = read.iter().map(|row| i128::from(row.hash)).sum();
        Ok(digest.first().is_some_and(|digest| {
            let (count, theirs): (i64, &str) = (digest.get(0), digest.get(1));
            usize::try_from(count) == Ok(read.len()) && theirs == sum.to_string()
        }))
    }

    async fn fates(
        &self,
        client: &Client,
        range: &Range<'_>,
        read: &[Keyed],
    ) -> Result<Vec<Fate>, tokio_postgres::Error> {
        let sql = format!(
            "SELECT {}, hashtextextended({}, 0) FROM {} WHERE {}",
            self.key_as_text(),
            self.row(),
            self.table,
            self.within(range)
        );
        let keys = read.iter().enumerate();
        let places: HashMap<&[String], usize> = keys
            .map(|(place, row)| (row.key.as_slice(), place))
            .collect();
        let mut fates = vec![Fate::OnlyHere; read.len()];
        let mut theirs = pin!(client.query_typed_raw(&sql, range.parameters()).await?);
        while let Some(row) = theirs.try_next().await? {
            let (key, hash): (Vec<String>, i64) = (row.get(0), row.get(1));
            let place = places.get(key.as_slice()).copied();
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

    /// The rows of these keys as CSV, with a header where they are the first.
    async fn copied(
        &self,
        client: &Client,
        keys: &[&Vec<String>],
        before: &Found,
    ) -> Result<Vec<u8>, tokio_postgres::Error> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        // The server quotes the keys itself: COPY takes no parameters.
        let mut arrays = Vec::new();
        for (index, of) in self.types.iter().enumerate() {
            let parts: Vec<_> = keys.iter().filter_map(|key| key.get(index)).collect();
            let quoted = client
                .query_one("SELECT quote_literal($1::text[]::text)", &[&parts])
                .await?;
            arrays.push(format!("{}::{of}[]", quoted.get::<_, String>(0)));
        }
        let names: Vec<_> = (0..self.key.len())
            .map(|index| format!("k{index}"))
            .collect();
        let same = self.key.iter().zip(&names);
        let same: Vec<_> = same
            .map(|(column, name)| format!("t.{column} = w.{name}"))
            .collect();
        let of_table = |names: &[String]| {
            let names: Vec<_> = names.iter().map(|name| format!("t.{name}")).collect();
            names.join(", ")
        };
        let sql = format!(
            "COPY (SELECT {} FROM unnest({}) AS w({}) JOIN {} AS t ON {} ORDER BY {}) TO STDOUT (FORMAT csv, HEADER {})",
            of_table(&self.columns),
            arrays.join(", "),
            names.join(", "),
            self.table,
            same.join(" AND "),
            of_table(&self.key),
            before.count == 0
        );
        let mut stream = pin!(client.copy_out(&sql).await?);
        let mut csv = Vec::new();
        while let Some(part) = stream.try_next().await? {
            csv.extend_from_slice(&part);
        }
        Ok(csv)
    }
}
