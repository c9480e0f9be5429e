//! What only the simulation knows: who wrote what where and when, and what it was told beside.

use std::collections::{BTreeMap, BTreeSet};

use failover::{
    domain::{Epoch, Region},
    ledger::PlanState,
    ports::Record,
};
use jiff::{SignedDuration, Timestamp};

use crate::theirs::Theirs;

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Which rule.
    pub rule: Rule,
    /// What was seen.
    pub what: String,
}

/// What must hold.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Two members never acknowledge an application's write in one epoch.
    OneWriter,
    /// A fenced member acknowledges no application's write.
    FencedIsShut,
    /// No writer that could take writes is abandoned without a human's word.
    NoLivingWriterLeft,
    /// No writer changes unless a ledger has it on record before, for a run that may change something.
    ChangeIsOnRecord,
    /// No ledger's epoch goes back.
    EpochNeverGoesBack,
    /// No name goes back to an earlier epoch.
    NamesNeverGoBack,
    /// Nothing of the proven writer is taken away.
    WriterIsKept,
    /// No only copy of a row is taken away.
    OnlyCopyIsKept,
    /// A planned move loses nothing.
    PlannedMoveLosesNothing,
    /// What is reported as lost is no less than what was lost.
    LossIsTold,
    /// The time without writes is told rightly.
    OutageIsTold,
    /// A run that says that it succeeded has led the names to a writer that takes writes.
    SuccessIsSeen,
    /// An outage that lasts ends in a proven writer with its names, or in a message.
    OutageIsAnswered,
    /// Nobody is told twice, or of nothing.
    ToldOnce,
    /// When the faults stop, the system comes to rest.
    ComesToRest,
    /// No deposed writer stays open untold.
    DeposedIsShut,
    /// What nothing hinders is done.
    UnhinderedIsDone,
    /// RDS is asked for nothing that the simulation does not know.
    CallIsServed,
    /// No object that leads an application's name goes back to an earlier epoch.
    SwitchNeverGoesBack,
    /// When everything is at rest, the application's name leads to the proven writer's Region.
    SwitchFollows,
    /// No probe commits beats on a writer whose successor its own ledger names.
    ProbeFollows,
}

/// So long after its ledger was written every look of a probe has seen that: four of its looks.
const SEEN: SignedDuration = SignedDuration::from_secs(8);

/// A write of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// When.
    pub at: Timestamp,
    /// Its row.
    pub row: u64,
    /// The cluster that took it.
    pub resource_id: String,
    /// The epoch of that database.
    pub epoch: Option<Epoch>,
    /// Where the application is.
    pub from: Region,
    /// Whether a way leads there from another member's Region.
    pub is_heard: bool,
}

/// What only the simulation knows.
#[derive(Debug, Default)]
pub struct Truth {
    /// Every write that an application was told of.
    pub acknowledged: Vec<Acknowledged>,
    /// Clusters that were fenced.
    pub fenced: BTreeSet<String>,
    /// Broken rules.
    pub violations: Vec<Violation>,
    /// The next row's number.
    pub next_row: u64,
    /// When the system had settled.
    pub began_at: Option<Timestamp>,
    /// When something last happened to it.
    pub disturbed_at: Option<Timestamp>,
    /// Whether a human said that the writer may be left.
    pub is_allowed: bool,
    /// Since when nobody outside reached a working writer, and until when.
    pub unreachable: Option<(Timestamp, Timestamp)>,
    /// When somebody last deleted the plan's name.
    pub unnamed_at: Option<Timestamp>,
    /// What somebody deleted.
    pub deleted: Vec<Theirs>,
    /// Since when nobody outside heard RDS in the writer's Region, and until when.
    pub unheard: Option<(Timestamp, Timestamp)>,
    /// Whether what takes effect now was asked for long ago.
    pub is_late: bool,
    /// The transitions of machines that were taken.
    pub transitions: BTreeSet<(&'static str, String, String)>,
    /// Which cluster took writes in an epoch.
    wrote: BTreeMap<Epoch, String>,
    /// The cluster that RDS promoted last.
    pub promoted: Option<String>,
    /// The proven epoch that each Region's ledger holds, and since when.
    learnt: BTreeMap<Region, (Epoch, Timestamp)>,
}

impl Truth {
    /// A rule was broken.
    pub fn violated(&mut self, rule: Rule, what: String) {
        let found = Violation { rule, what };
        if !self.violations.contains(&found) {
            self.violations.push(found);
        }
    }

    /// A ledger's row was replaced.
    pub(crate) fn row_changed(
        &mut self,
        now: Timestamp,
        region: &Region,
        old: Option<&PlanState>,
        next: &PlanState,
    ) {
        let before = old.map(PlanState::proven_epoch).unwrap_or_default();
        if next.proven_epoch() < before {
            let what = format!(
                "{now}: the ledger of {region} goes from epoch {before} to {}",
                next.proven_epoch()
            );
            self.violated(Rule::EpochNeverGoesBack, what);
        }
        if next.proven_epoch() > before {
            let learnt = (next.proven_epoch(), now);
            self.learnt.insert(region.clone(), learnt);
        }
    }

    /// A Region's probe committed a beat, and nothing hindered it in reading its ledger.
    pub(crate) fn beat(&mut self, now: Timestamp, region: &Region, epoch: Epoch) {
        let learnt = self.learnt.get(region);
        let learnt =
            learnt.filter(|(next, since)| *next > epoch && now.duration_since(*since) > SEEN);
        if let Some((next, since)) = learnt {
            let what = format!(
                "{now}: the probe in {region} commits a beat of epoch {epoch}, and its ledger names epoch {next} since {since}"
            );
            self.violated(Rule::ProbeFollows, what);
        }
    }

    /// A member was fenced.
    pub(crate) fn fenced(&mut self, resource_id: &str) {
        self.fenced.insert(resource_id.to_owned());
    }

    /// A member was opened again.
    pub(crate) fn opened(&mut self, resource_id: &str) {
        self.fenced.remove(resource_id);
    }

    /// Records of Route 53 were replaced.
    pub(crate) fn names_changed(
        &mut self,
        now: Timestamp,
        before: &BTreeMap<(String, &'static str), Record>,
        next: &BTreeMap<(String, &'static str), Record>,
    ) {
        for (key, record) in next.iter().filter(|((_, kind), _)| *kind == "TXT") {
            let was = before.get(key).and_then(epoch_of);
            let is = epoch_of(record);
            if let (Some(was), Some(is)) = (was, is)
                && is < was
            {
                let what = format!("{now}: {} goes from epoch {was} to {is}", key.0);
                self.violated(Rule::NamesNeverGoBack, what);
            }
        }
    }

    /// An application's write was acknowledged.
    pub(crate) fn wrote(&mut self, write: Acknowledged) {
        if self.fenced.contains(&write.resource_id) {
            let what = format!("{}: {} took row {}", write.at, write.resource_id, write.row);
            self.violated(Rule::FencedIsShut, what);
        }
        if let Some(epoch) = write.epoch {
            let first = self.wrote.entry(epoch);
            let first = first.or_insert_with(|| write.resource_id.clone()).clone();
            if first != write.resource_id {
                let what = format!(
                    "{}: {} takes writes in epoch {epoch}, and so did {first}",
                    write.at, write.resource_id
                );
                self.violated(Rule::OneWriter, what);
            }
        }
        self.acknowledged.push(write);
    }
}

/// The epoch that a TXT record bears.
fn epoch_of(record: &Record) -> Option<u64> {
    record.values.first()?.trim_matches('"').parse().ok()
}
