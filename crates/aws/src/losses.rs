//! Both databases of a comparison, read over SQL as their administrator; and the bucket with what was found.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use failover::{
    Error,
    domain::Epoch,
    ledger::{KeptPlan, TableLoss},
    ports::{Comparison, Held, Pair, RowBatch, Runtime},
};
use postgres::{Session, Why, compare};
use tokio_postgres::Client;

use super::{Aws, client, errors::error};

/// How long one question to a database may take. What takes longer is asked about fewer rows.
const LIMIT: Duration = Duration::from_secs(10);

impl<K> Aws<K> {
    async fn readers(&self, known: &KeptPlan, pair: &Pair) -> Result<(Client, Client), Error> {
        let deposed = (self.region(), &pair.deposed);
        let deposed = self.as_administrator(known, deposed, LIMIT).await?;
        let writer = (&pair.writer_region, &pair.writer);
        let writer = self.as_administrator(known, writer, LIMIT).await?;
        Ok((deposed.client, writer.client))
    }
}

impl<K> Comparison for Aws<K> {
    async fn held(&self, known: &KeptPlan, pair: &Pair) -> Result<Held, Error> {
        let (deposed, writer) = self.readers(known, pair).await?;
        let (before, after) = tokio::try_join!(epoch(&deposed), epoch(&writer))?;
        let session = Session::new(deposed, LIMIT);
        let reading = session.read(self.region()).await?;
        Ok(Held {
            deposed: before,
            beats: reading.beats,
            writer: after,
        })
    }

    async fn compare(
        &self,
        known: &KeptPlan,
        pair: &Pair,
        table: &TableLoss,
        limit: Duration,
    ) -> Result<RowBatch, Error> {
        let (deposed, writer) = self.readers(known, pair).await?;
        let from = (table.after.clone(), table.rows_at_once);
        Ok(compare::batch(&deposed, &writer, &table.table, from, limit).await?)
    }

    async fn keep(&self, name: &str, content: Vec<u8>) -> Result<String, Error> {
        let bucket = self.settings.loss_bucket.as_deref().ok_or_else(|| {
            Error::InvalidRequest("LOSS_BUCKET is not set; deploy the templates again".into())
        })?;
        let place = format!("s3://{bucket}/{name}");
        client!(self, aws_sdk_s3, self.region)
            .put_object()
            .bucket(bucket)
            .key(name)
            .body(ByteStream::from(content))
            .send()
            .await
            .map_err(|why| error(&format!("S3 PutObject {place}"), &why))?;
        Ok(place)
    }
}

async fn epoch(client: &Client) -> Result<Option<Epoch>, Why> {
    let held = client
        .query_opt("SELECT epoch FROM aurora_failover.epoch", &[])
        .await?;
    Ok(held.map(|row| Epoch(row.get::<_, i64>(0).unsigned_abs())))
}
