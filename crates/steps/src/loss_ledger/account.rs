//! The account of what a deposed cluster alone has: it grows table by table, and ends with a summary that is told.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::standing::Standing;
use failover::{
    Error,
    domain::{Epoch, Region},
    ledger::{KeptPlan, Losses, TableIn, TableLoss},
    notify::{Message, Severity, tell},
    ports::{Comparison, People, Reached, RowBatch, Runtime},
};

/// How long a lock on a table is waited for, in seconds, before somebody has to look.
const LOCKED_SECONDS_MAX: u64 = 600;

/// What a summary says of the files.
const VERBATIM: &str = "Every cell stands as it is, as \\copy takes it. One that begins with =, +, - or @ is a formula to a \
                        spreadsheet: open the files in a text editor";

/// The summary's file.
#[derive(Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    losses: &'a Losses,
    read_me: &'static str,
}

/// What an answer says of an account, whatever its size: the lists are in the bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The plan's tables.
    pub tables: usize,
    /// Those that are compared to their end.
    pub done: usize,
    /// Rows that were compared.
    pub compared: u64,
    /// Rows that the writer lacks.
    pub only_here: u64,
    /// Rows that are otherwise on the writer.
    pub differs: u64,
    /// Transactions that the writer lacks, where the engine counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions: Option<u64>,
    /// Files in the bucket.
    pub files: u64,
    /// Where the summary lies.
    pub summary: Option<String>,
}

impl From<&Losses> for Account {
    fn from(losses: &Losses) -> Self {
        let sum = |of: fn(&TableLoss) -> u64| losses.tables.iter().map(of).sum();
        Self {
            tables: losses.tables.len(),
            done: losses.tables.iter().filter(|table| table.is_done).count(),
            compared: sum(|table| table.compared),
            only_here: sum(|table| table.only_here),
            differs: sum(|table| table.differs),
            transactions: losses.transactions.as_ref().map(|lost| lost.count),
            files: sum(|table| table.kept),
            summary: losses.summary.clone(),
        }
    }
}

/// Whether it is of what there is now: of this very cluster that stands so, under this epoch and this fence. What a deposed member
/// took before it was fenced again is in no account of an earlier fence. That nobody can know is told as long as it follows or is
/// gone.
pub(super) fn counts(
    losses: &Losses,
    (standing, resource_id): (Option<Standing>, Option<&str>),
    (epoch, fenced_at): (Epoch, Option<Timestamp>),
) -> bool {
    let is_of_fence = losses.fenced_at.is_some() && losses.fenced_at == fenced_at;
    losses.epoch == epoch
        && match standing {
            None => losses.is_of(resource_id) && losses.fenced_at.is_none(),
            Some(Standing::Deposed | Standing::FollowsDeposed) => {
                losses.is_of(resource_id) && is_of_fence
            }
            Some(Standing::Endorsed | Standing::Gone | Standing::Follows) => {
                is_of_fence || losses.unknown.is_some()
            }
        }
}

/// Adds what a batch found to the table's account; its files lie in the bucket.
pub(super) fn note(table: &mut TableLoss, batch: RowBatch) -> String {
    table.wide += batch.only_here.wide + batch.differs.wide;
    table.is_done = batch.reached == Reached::End;
    if let Reached::Key(key) = batch.reached {
        table.after = Some(key);
    }
    table.rows_at_once = batch.rows;
    table.compared += batch.compared;
    table.only_here += batch.only_here.count;
    table.differs += batch.differs.count;
    table.left_out = batch.left_out;
    learn(&mut table.own_columns, batch.own_columns);
    if batch.found_in != TableIn::Both {
        table.found_in = batch.found_in;
    }
    table.locked_seconds += batch.locked.as_secs();
    format!(
        "{}: {} row(s) compared, {} only here, {} differ{}{}",
        table.table.table,
        table.compared,
        table.only_here,
        table.differs,
        if table.is_done {
            ""
        } else {
            ", and more to come"
        },
        was_locked(batch.locked, &batch.locked_by)
    )
}

/// Adds what is not known yet.
fn learn(known: &mut Vec<String>, found: Vec<String>) {
    for one in found {
        if !known.contains(&one) {
            known.push(one);
        }
    }
}

fn was_locked(locked: Duration, by: &[String]) -> String {
    if locked.is_zero() {
        return String::new();
    }
    format!(
        "; it was locked for {} s of this pass, by {}",
        locked.as_secs(),
        holders(by)
    )
}

/// Says that a table stays locked, where this batch read nothing of it and it has been waited for long enough: nobody else
/// would notice.
pub(super) fn stays_locked(table: &TableLoss, batch: &RowBatch) -> Option<Error> {
    let seconds = table.locked_seconds + batch.locked.as_secs();
    let is_stuck = !batch.locked.is_zero() && batch.compared == 0 && batch.reached != Reached::End;
    (is_stuck && seconds >= LOCKED_SECONDS_MAX).then(|| {
        Error::NotReady(format!(
            "{} has been locked for {seconds} s, and is not compared: {}; end what holds it, and start again",
            table.table.table,
            holders(&batch.locked_by)
        ))
    })
}

fn holders(by: &[String]) -> String {
    if by.is_empty() {
        "a session that cannot be seen".into()
    } else {
        by.join(", ")
    }
}

/// Writes the summary beside the files, and tells people.
pub(super) async fn summarize(
    world: &(impl Runtime + People + Comparison),
    known: &KeptPlan,
    losses: &mut Losses,
) -> Result<String, Error> {
    let plan = &known.plan;
    let content = serde_json::to_vec_pretty(&Summary {
        losses,
        read_me: VERBATIM,
    })
    .map_err(|why| Error::InvalidRequest(format!("the summary cannot be written: {why}")))?;
    let folder = losses.folder(plan.plan.as_str());
    let place = world
        .keep(&format!("{folder}/summary.json"), content)
        .await?;
    let said = losses.told();
    let message = written(world.region(), losses, (&folder, &place), &said);
    losses.summary = Some(place);
    tell(world, plan, &message).await;
    Ok(said)
}

fn written(here: &Region, losses: &Losses, (folder, place): (&str, &str), said: &str) -> Message {
    Message {
        severity: Severity::Action,
        what: format!("the loss ledger of {} is written", losses.cluster),
        evidence: format!(
            "{said}. The files are beside {place}, which names each table's folder; another one there is of a comparison that was \
             begun anew. {VERBATIM}."
        ),
        next: "Look through the files and put back what belongs on the writer.".into(),
        commands: vec![format!(
            "aws s3 cp --recursive --region {here} {} {}",
            place.trim_end_matches("summary.json"),
            folder.replace('/', "-")
        )],
        ..Message::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{plan::KeyedTable, testing::example};

    #[test]
    fn a_loss_ledger_is_told_as_its_example_shows() {
        let fenced_at = Some(example::before(900));
        let under = (Epoch(2), fenced_at);
        let tables = [KeyedTable {
            table: "public.orders".into(),
            key: vec!["id".into()],
        }];
        let cluster = ("orders-west", Some("cluster-A"));
        let mut losses = Losses::of(cluster, under, &tables, example::before(300));
        losses.beats = Some(Vec::new());
        let table = &mut losses.tables[0];
        (table.compared, table.only_here, table.differs) = (1_204, 3, 1);
        (table.kept, table.is_done) = (2, true);
        let folder = losses.folder("orders");
        let place =
            format!("s3://aurora-failover-losses-us-west-2-123456789012/{folder}/summary.json");
        let said = losses.told();
        let message = written(&"us-west-2".into(), &losses, (&folder, &place), &said);
        example::is("losses", &message);
    }
}
