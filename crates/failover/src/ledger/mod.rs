//! The ledger: what each Region durably knows about a plan, and what several Regions' ledgers say as one.

use std::collections::BTreeMap;

use crate::domain::{Epoch, Region};

mod attempt;
mod kept_plan;
mod looks;
mod losses;
mod plan_state;
mod question;
mod run;

pub use attempt::{Answer, Attempt};
pub use kept_plan::{Endpoints, KeptPlan};
pub use looks::{Looks, Seen, Sight};
pub use losses::{Losses, LostBeats, LostTransactions, ROWS, TableIn, TableLoss, WIDE_BYTES};
pub use plan_state::{
    BroughtDown, Claim, Current, Declined, Former, Heard, Intent, LEASE, Lease, NO_RUN, PlanState,
    REFUSED, Readiness, ReadinessNews, RunKind, SERVED_FRESH, SUPERSEDED_AFTER, Served, Stage,
    Stop, Telling, Unheard,
};
pub use question::{EXPIRES, Fate, KEPT, Question, Reply, page};
pub use run::{
    Asked, Closed, Confirmed, DnsChange, Entry, FalseAlarm, HandOver, Outcome, Proof, Resolved,
    Restart, Run, Unled,
};

/// Several Regions' rows of one plan, read in one pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows(pub BTreeMap<Region, PlanState>);

impl Rows {
    /// The highest epoch any of them knows, intents included.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.0
            .values()
            .map(PlanState::epoch)
            .max()
            .unwrap_or_default()
    }

    /// The proven writer with the highest epoch.
    #[must_use]
    pub fn current(&self) -> Option<&Current> {
        self.0
            .values()
            .filter_map(|row| row.current.as_ref())
            .max_by_key(|current| current.epoch)
    }

    /// The epoch of that writer.
    #[must_use]
    pub fn proven_epoch(&self) -> Epoch {
        self.current()
            .map(|current| current.epoch)
            .unwrap_or_default()
    }

    /// The epoch that the next change of writer takes: above every one that was given out, withdrawn ones included.
    #[must_use]
    pub fn next_epoch(&self) -> Epoch {
        let spent = self.0.values().map(PlanState::spent_epoch).max();
        spent.unwrap_or_default().next()
    }

    /// The open intent with the highest epoch, where it outranks the current writer. A copy that its target's row says was
    /// withdrawn is none.
    #[must_use]
    pub fn intent(&self) -> Option<&Intent> {
        let proven = self.current().map(|current| current.epoch);
        let is_withdrawn = |intent: &&Intent| {
            let target = self.0.get(&intent.to);
            target.is_some_and(|row| intent.epoch <= row.withdrawn)
        };
        let highest = self
            .0
            .values()
            .filter_map(|row| row.intent.as_ref())
            .filter(|intent| !is_withdrawn(intent))
            .max_by_key(|intent| intent.epoch);
        highest.filter(|intent| proven.is_none_or(|epoch| intent.epoch > epoch))
    }
}
