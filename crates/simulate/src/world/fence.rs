//! The access to this Region's member, and the comparison of two databases, as their administrator.

use std::{collections::BTreeSet, time::Duration};

use failover::{
    Error,
    beat::Write,
    domain::Epoch,
    ledger::{KeptPlan, TableLoss},
    ports::{
        Access, Comparison, Fence, Fenced, Held, ListedRows, Pair, Place, Reached, Rights,
        RowBatch, Unfenced,
    },
};

use super::Invocation;
use crate::{
    api::Api,
    database::{Database, Entry},
};

/// The one login of applications.
const ROLE: &str = "app";

/// How many rows one batch has.
const BATCH: usize = 100;

/// The rows of a table's next batch, and the last of them where there are more.
fn batch(all: BTreeSet<u64>, table: &TableLoss) -> (BTreeSet<u64>, Option<u64>) {
    let after = table
        .after
        .as_ref()
        .and_then(|key| key.first()?.parse().ok());
    let left = all
        .into_iter()
        .filter(|row| after.is_none_or(|after| *row > after));
    let mut left = left.peekable();
    let rows: BTreeSet<u64> = left.by_ref().take(BATCH).collect();
    let last = left.peek().and(rows.last().copied());
    (rows, last)
}

fn gone() -> Write {
    Write::Failed {
        why: "it is gone".into(),
    }
}

fn access(database: &Database) -> Access {
    Access {
        in_recovery: !database.takes_writes(),
        epoch: database.epoch(),
        roles: database
            .is_open()
            .then(|| ROLE.to_owned())
            .into_iter()
            .collect(),
        ..Access::default()
    }
}

impl Invocation {
    fn own_host(&self, known: &KeptPlan) -> Result<String, Error> {
        let own = known.endpoints.get(&self.region);
        let own =
            own.ok_or_else(|| Error::NotReady("no endpoint of the member is known".into()))?;
        Ok(own.writer.clone())
    }
}

impl Fence for Invocation {
    async fn access(&self, known: &KeptPlan) -> Result<Access, Error> {
        let host = self.own_host(known)?;
        self.as_administrator(&host, |made, own| {
            made.state.databases.get(own).map(access).ok_or_else(gone)
        })
        .await
    }

    async fn fence(&self, known: &KeptPlan, proven: Epoch) -> Result<Option<Fenced>, Error> {
        let host = self.own_host(known)?;
        let fenced = self.as_administrator(&host, |made, own| {
            let now = made.now;
            let found = made.state.database(own).ok_or_else(gone)?;
            if !found.takes_writes() {
                return Ok(Err(Error::UnexpectedTopology("it is a standby".into())));
            }
            if found.epoch().is_some_and(|held| held >= proven) {
                return Ok(Ok(None));
            }
            let was_open = found.is_open();
            if was_open {
                found.commit(now, Entry::Access(false));
            }
            let after = access(found);
            made.state.truth.fenced(own);
            made.state.note(now, || format!("{own} is fenced"));
            Ok(Ok(Some(Fenced {
                roles: was_open.then(|| ROLE.to_owned()).into_iter().collect(),
                after: Some(after),
                ..Fenced::default()
            })))
        });
        fenced.await?
    }

    async fn unfence(&self, known: &KeptPlan) -> Result<Unfenced, Error> {
        let host = self.own_host(known)?;
        self.as_administrator(&host, |made, own| {
            let now = made.now;
            let found = made.state.database(own).ok_or_else(gone)?;
            if !found.takes_writes() {
                return Err(Write::ReadOnly);
            }
            let given = !found.is_open();
            if given {
                found.commit(now, Entry::Access(true));
                made.state.truth.opened(own);
                made.state.note(now, || format!("{own} is opened again"));
            }
            Ok(Unfenced {
                roles: given.then(|| ROLE.to_owned()).into_iter().collect(),
                ..Unfenced::default()
            })
        })
        .await
    }

    async fn log_in(&self, known: &KeptPlan) -> Result<(), Error> {
        let host = self.own_host(known)?;
        self.as_administrator(&host, |_, _| Ok(())).await
    }

    async fn rights(&self, known: &KeptPlan) -> Result<Rights, Error> {
        self.log_in(known).await?;
        Ok(Rights {
            refused: Vec::new(),
            moves_break: Vec::new(),
        })
    }
}

impl Comparison for Invocation {
    async fn held(&self, _: &KeptPlan, pair: &Pair) -> Result<Held, Error> {
        let deposed = self.as_administrator(&pair.deposed.host, |made, own| {
            let found = made.state.databases.get(own).ok_or_else(gone)?;
            Ok((found.epoch(), found.beats().clone()))
        });
        let (deposed, beats) = deposed.await?;
        let writer = self.as_administrator(&pair.writer.host, |made, own| {
            Ok(made.state.databases.get(own).and_then(Database::epoch))
        });
        Ok(Held {
            deposed,
            beats,
            writer: writer.await?,
            transactions: None,
        })
    }

    async fn compare(
        &self,
        _: &KeptPlan,
        pair: &Pair,
        table: &TableLoss,
        _: Duration,
    ) -> Result<RowBatch, Error> {
        let (deposed, more) = batch(self.rows_of(&pair.deposed).await?, table);
        let writer = self.rows_of(&pair.writer).await?;
        let only_here: Vec<_> = deposed.difference(&writer).collect();
        let lines = only_here.iter().map(|row| format!("{row}\n"));
        Ok(RowBatch {
            reached: more.map_or(Reached::End, |key| Reached::Key(vec![key.to_string()])),
            rows: 20_000,
            compared: u64::try_from(deposed.len()).unwrap_or(u64::MAX),
            only_here: ListedRows {
                count: u64::try_from(only_here.len()).unwrap_or(u64::MAX),
                csv: if only_here.is_empty() {
                    Vec::new()
                } else {
                    format!("id\n{}", lines.collect::<String>()).into_bytes()
                },
                ..ListedRows::default()
            },
            ..RowBatch::default()
        })
    }

    async fn keep(&self, name: &str, _: Vec<u8>) -> Result<String, Error> {
        let what = "S3 PutObject";
        let kept = format!("s3://aurora-failover-losses/{name}");
        let at = (Api::DataPlanes, &self.region);
        self.change(at, what, move |_| Ok(kept.clone())).await
    }
}

impl Invocation {
    async fn rows_of(&self, place: &Place) -> Result<BTreeSet<u64>, Error> {
        self.as_administrator(&place.host, |made, own| {
            made.state
                .databases
                .get(own)
                .map(Database::rows)
                .ok_or_else(gone)
        })
        .await
    }
}
