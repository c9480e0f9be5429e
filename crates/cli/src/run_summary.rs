//! A run as a list shows it: what its record in the ledger says of itself, without the plan and the evidence.

use failover::{
    domain::{Region, RunId},
    ledger::{Closed, Entry, Outcome, Run, RunKind},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A run, by its record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The run.
    pub run_id: RunId,
    /// What it does.
    pub kind: RunKind,
    /// The Region it leaves.
    pub from: Region,
    /// The Region it goes to.
    pub to: Region,
    /// When it opened.
    pub opened_at: Timestamp,
    /// What each step did, in order.
    #[serde(default)]
    pub timeline: Vec<Entry>,
    /// What came of it.
    pub closed: Option<Closed>,
}

impl RunSummary {
    /// The fields of a record that it is made of.
    pub const FIELDS: [&str; 7] = [
        "run_id",
        "kind",
        "from",
        "to",
        "opened_at",
        "timeline",
        "closed",
    ];

    /// Whether it changed anything, as far as its record says.
    #[must_use]
    pub fn has_acted(&self) -> bool {
        let outcome = self.closed.as_ref().map(|closed| closed.outcome);
        matches!(
            outcome,
            Some(Outcome::Succeeded | Outcome::Rebuilt | Outcome::Failed)
        )
    }
}

impl From<Run> for RunSummary {
    fn from(run: Run) -> Self {
        Self {
            run_id: run.run_id,
            kind: run.kind,
            from: run.from,
            to: run.to,
            opened_at: run.opened_at,
            timeline: run.timeline,
            closed: run.closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use failover::ledger::Claim;

    use super::*;

    #[test]
    fn it_is_read_from_the_fields_of_a_record_that_it_asks_for() {
        let text = include_str!("../tests/plans/good.json");
        let plan = failover::plan::read(text).unwrap();
        let claim = Claim {
            run_id: "a".into(),
            kind: RunKind::Failback,
            incident: None,
            from: "us-east-1".into(),
            to: "us-west-2".into(),
        };
        let run = Run::opened(claim, plan, Default::default(), Timestamp::UNIX_EPOCH);
        let mut record = serde_json::to_value(&run).unwrap();
        let fields = record.as_object_mut().unwrap();
        fields.retain(|field, _| RunSummary::FIELDS.contains(&field.as_str()));
        assert_eq!(fields.len(), RunSummary::FIELDS.len(), "{fields:?}");
        let read: RunSummary = serde_json::from_value(record).unwrap();
        assert_eq!(read, RunSummary::from(run));
    }
}
