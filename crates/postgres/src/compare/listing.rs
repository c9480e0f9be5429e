//! Rows as CSV, copied from the first database by their keys.

use std::pin::pin;

use failover::{ledger::WIDE_BYTES, ports::ListedRows};
use futures::TryStreamExt;
use tokio_postgres::Client;

use super::{of_t, rows::Keyed, shape::Shape};

impl Shape {
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

    /// Adds rows to what was found: as they are, or by their keys where they are too wide.
    pub(super) async fn list(
        &self,
        client: &Client,
        rows: &[&Keyed],
        found: &mut ListedRows,
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
