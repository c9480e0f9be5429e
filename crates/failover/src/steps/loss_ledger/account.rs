//! The account of what a deposed cluster alone has: it grows table by table, and ends with a summary that is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::World;
use crate::{
    Error,
    domain::{Epoch, Region},
    ledger::Known,
    notify::{Message, tell},
    plan::KeyedTable,
    sql::compare::{self, Stretch},
};

/// What has been found so far of what a deposed cluster alone has: the `loss/<cluster>` item of its Region's ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Losses {
    /// The deposed cluster.
    pub cluster: String,
    /// The epoch of the writer that it is compared with.
    pub epoch: Epoch,
    /// When that began.
    pub begun_at: Timestamp,
    /// The plan's tables, in their order.
    pub tables: Vec<TableLoss>,
    /// The beats of each vantage; `None` when nothing tells what the writer had when it was promoted.
    pub beats: Option<Vec<LostBeats>>,
    /// Why nobody can know what was lost.
    pub unknown: Option<String>,
    /// Where the summary lies, once everything is compared.
    pub summary: Option<String>,
}

/// What has been found of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableLoss {
    /// The table and its key.
    #[serde(flatten)]
    pub table: KeyedTable,
    /// The last key that was compared.
    pub after: Option<Vec<String>>,
    /// Rows that are read at once.
    pub rows_at_once: u32,
    /// Rows that were compared.
    pub compared: u64,
    /// Rows that the writer lacks.
    pub only_here: u64,
    /// Rows that are otherwise on the writer.
    pub differs: u64,
    /// Columns that were not compared.
    pub left_out: Vec<String>,
    /// The files with the rows that were found.
    pub files: Vec<String>,
    /// Whether the table's end was reached.
    pub is_done: bool,
}

/// The beats of one vantage that the writer never had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LostBeats {
    /// The vantage.
    pub vantage: Region,
    /// How many.
    pub count: u64,
    /// Seconds between the last beat that the writer had and the last one of all.
    pub seconds: f64,
}

impl Losses {
    pub(super) fn of(cluster: &str, epoch: Epoch, tables: &[KeyedTable], now: Timestamp) -> Self {
        let tables = tables.iter().map(|table| TableLoss {
            table: table.clone(),
            after: None,
            rows_at_once: compare::ROWS,
            compared: 0,
            only_here: 0,
            differs: 0,
            left_out: Vec::new(),
            files: Vec::new(),
            is_done: false,
        });
        Self {
            cluster: cluster.to_owned(),
            epoch,
            begun_at: now,
            tables: tables.collect(),
            beats: None,
            unknown: None,
            summary: None,
        }
    }

    /// Whether everything was compared and the summary is written.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.summary.is_some()
    }

    /// One sentence for people.
    pub(super) fn told(&self) -> String {
        if let Some(why) = &self.unknown {
            return format!("what {} alone had is unknown: {why}", self.cluster);
        }
        let sum = |of: fn(&TableLoss) -> u64| self.tables.iter().map(of).sum::<u64>();
        let beats = match &self.beats {
            None => "the lost beats are unknown".to_owned(),
            Some(beats) => {
                let lost = beats.iter().map(|beat| beat.count).sum::<u64>();
                let seconds = beats.iter().map(|beat| beat.seconds).fold(0.0, f64::max);
                format!("{lost} beat(s) of {seconds:.1} s are lost")
            }
        };
        format!(
            "{} row(s) are only in {} and {} differ there, of {} in {} table(s); {beats}",
            sum(|table| table.only_here),
            self.cluster,
            sum(|table| table.differs),
            sum(|table| table.compared),
            self.tables.len()
        )
    }
}

pub(super) fn folder(plan: &str, cluster: &str, epoch: Epoch) -> String {
    format!("{plan}/{cluster}-{epoch}")
}

/// Keeps what a stretch found, first as files and then in the table's account: a pass that dies between the two writes the
/// same files again.
pub(super) async fn note(
    world: &impl World,
    folder: &str,
    table: &mut TableLoss,
    stretch: Stretch,
) -> Result<String, Error> {
    for (kind, found) in [
        ("only-here", &stretch.only_here),
        ("differs", &stretch.differs),
    ] {
        if found.count > 0 {
            let name = format!(
                "{folder}/{}/{kind}-{:012}.csv",
                table.table.table, table.compared
            );
            table
                .files
                .push(world.keep(&name, found.csv.clone()).await?);
        }
    }
    table.is_done = stretch.after.is_none();
    table.after = stretch.after;
    table.rows_at_once = stretch.rows;
    table.compared += stretch.compared;
    table.only_here += stretch.only_here.count;
    table.differs += stretch.differs.count;
    table.left_out = stretch.left_out;
    Ok(format!(
        "{}: {} row(s) compared, {} only here, {} differ{}",
        table.table.table,
        table.compared,
        table.only_here,
        table.differs,
        if table.is_done {
            ""
        } else {
            ", and more to come"
        }
    ))
}

pub(super) async fn summarize(
    world: &impl World,
    known: &Known,
    losses: &mut Losses,
) -> Result<String, Error> {
    let plan = &known.plan;
    let content = serde_json::to_vec_pretty(&losses)
        .map_err(|why| Error::InvalidRequest(format!("the summary cannot be written: {why}")))?;
    let folder = folder(plan.plan.as_str(), &losses.cluster, losses.epoch);
    let place = world
        .keep(&format!("{folder}/summary.json"), content)
        .await?;
    let said = losses.told();
    let message = Message {
        what: format!("the loss ledger of {} is written", losses.cluster),
        evidence: format!("{said}; the files are beside {place}"),
        execution: None,
        next: "look through the files and put back what belongs on the writer".into(),
    };
    losses.summary = Some(place);
    tell(world, plan, &message).await;
    Ok(said)
}
