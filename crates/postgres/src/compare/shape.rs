//! What a table is in both databases: its columns, its key and how that is ordered, and the SQL that reads it in this order.

use failover::{ledger::TableIn, plan::KeyedTable};
use tokio_postgres::{Client, types::Type};

use super::{as_text, of_t};
use crate::Why;

/// Who keeps a table from being read.
const HOLDERS: &str = "
    SELECT DISTINCT format('%s (%s, pid %s)', coalesce(a.usename, 'nobody'),
        coalesce(nullif(a.application_name, ''), 'without a name'), coalesce(l.pid::text, 'none'))
    FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND l.relation = to_regclass($1)
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY 1";

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

fn wrong(table: &KeyedTable, place: &str, what: &str) -> Why {
    let key = table.key.join(", ");
    Why::Misconfigured(format!(
        "loss_ledger names {} by ({key}), and in {place} {what}; correct the plan",
        table.table
    ))
}

/// A table of the first database; every name in it was quoted by the server.
pub(super) struct Shape {
    pub(super) table: String,
    pub(super) found_in: TableIn,
    /// All that are not computed: a row is listed with them.
    pub(super) listed: Vec<String>,
    /// Those that are compared.
    pub(super) columns: Vec<String>,
    /// Those that the second database lacks.
    pub(super) own: Vec<String>,
    pub(super) key: Vec<String>,
    pub(super) types: Vec<String>,
    /// Where the operators of the key's types are, besides `pg_catalog`.
    pub(super) operators: Vec<String>,
}

impl Shape {
    /// The table, and the columns that are not compared; `None` where only the second database has it.
    pub(super) async fn common(
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
        self.found_in = TableIn::Both;
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
            found_in: TableIn::Deposed,
            listed: row.get(1),
            columns: row.get(1),
            own: Vec::new(),
            key: row.get(2),
            types,
            operators: row.get(5),
        }))
    }

    /// Who holds the table locked now, as far as that can be seen.
    pub(super) async fn holders(&self, ours: &Client, theirs: &Client) -> Vec<String> {
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
    pub(super) fn row(&self) -> String {
        as_text(&self.columns)
    }

    pub(super) fn key_as_text(&self) -> String {
        let parts = of_t(&self.key).into_iter();
        let parts: Vec<_> = parts.map(|name| format!("{name}::text")).collect();
        format!("ARRAY[{}]", parts.join(", "))
    }

    /// The parameters from `first` on, as a key.
    pub(super) fn key_from(&self, first: usize) -> String {
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
    pub(super) fn next(&self, what: &str, after: Option<&[String]>, rows: usize) -> String {
        // A bare name in ORDER BY is what the query puts out before it is a column: one that is called `key` would be sorted as text.
        format!(
            "SELECT {what} FROM {} AS t WHERE {} ORDER BY {} LIMIT {rows}",
            self.table,
            self.beyond(after),
            of_t(&self.key).join(", ")
        )
    }

    /// Arrays of keys, one for each column, as `w`, numbered from 1, joined with their rows in the table as `t`.
    pub(super) fn joined(&self, arrays: &[String]) -> String {
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
}
