//! The rows that are read of the first database, and what became of each in the second.

use std::pin::pin;

use futures::TryStreamExt;
use tokio_postgres::{
    Client, Row,
    types::{ToSql, Type},
};

use super::{Parameter, as_text, of_t, parameter, shape::Shape};

/// What became of a row over there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Same,
    Differs,
    OnlyHere,
}

impl Fate {
    /// Of a row whose key is there.
    const fn of(is_same: bool) -> Self {
        if is_same { Self::Same } else { Self::Differs }
    }
}

/// One row, by its key.
pub(super) struct Keyed {
    pub(super) key: Vec<String>,
    pub(super) hash: i64,
    pub(super) bytes: i64,
}

impl Shape {
    pub(super) async fn read(
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
    pub(super) async fn is_alike(
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
    pub(super) async fn fates(
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
            let here = place.and_then(|at| Some((fates.get_mut(at)?, read.get(at)?)));
            if let Some((fate, mine)) = here {
                *fate = Fate::of(mine.hash == hash);
            }
        }
        Ok(fates)
    }
}
