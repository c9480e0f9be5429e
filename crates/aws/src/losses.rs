//! Both databases of a comparison, read over SQL as their administrator; and the bucket with what was found.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use failover::{
    Error,
    beat::Write,
    domain::Epoch,
    ledger::{KeptPlan, TableLoss},
    ports::{Comparison, Held, Pair, RowBatch, Runtime},
};
use postgres::{Why, compare};

use super::{Aws, Session, client, databases::Client, errors::error};

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
        let (mut deposed, mut writer) = self.readers(known, pair).await?;
        let transactions = match (&mut deposed, &mut writer) {
            (Client::Mysql(deposed), Client::Mysql(writer)) => mysql::lost(deposed, writer).await?,
            _ => None,
        };
        let (before, deposed) = held(deposed).await?;
        let (after, _) = held(writer).await?;
        let reading = deposed.read(self.region()).await.map_err(unread)?;
        Ok(Held {
            deposed: before,
            beats: reading.beats,
            writer: after,
            transactions,
        })
    }

    async fn compare(
        &self,
        known: &KeptPlan,
        pair: &Pair,
        table: &TableLoss,
        limit: Duration,
    ) -> Result<RowBatch, Error> {
        let (Client::Postgres(deposed), Client::Postgres(writer)) =
            self.readers(known, pair).await?
        else {
            return Err(Error::InvalidRequest(format!(
                "{} cannot be compared: the rows of MariaDB and MySQL are not; leave loss_ledger empty in the plan",
                table.table.table
            )));
        };
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

/// The epoch that a database holds, and the session that its beats are read over.
async fn held(client: Client) -> Result<(Option<Epoch>, Session), Error> {
    match client {
        Client::Postgres(client) => {
            let held = client
                .query_opt("SELECT epoch FROM aurora_failover.epoch", &[])
                .await
                .map_err(Why::from)?;
            let epoch = held.map(|row| Epoch(row.get::<_, i64>(0).unsigned_abs()));
            Ok((
                epoch,
                Session::Postgres(postgres::Session::new(client, LIMIT)),
            ))
        }
        Client::Mysql(mut client) => {
            let epoch = mysql::fence::epoch(&mut client).await?;
            Ok((epoch, Session::Mysql(mysql::Session::new(client))))
        }
    }
}

fn unread(why: Write) -> Error {
    Error::Unavailable(why.to_string())
}
