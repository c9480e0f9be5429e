//! How far a change of writer has been written down.

use serde::Serialize;

use failover::{ledger, pass::Pass};

/// How far the change of writer has been written down in the ledgers that the run leased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentState {
    /// Not at all, or not everywhere.
    Nothing,
    /// Another run to this target left an open intent.
    AnotherRunsIntent,
    /// This run's intent stands in the acting Region, and another one lacks it or does not answer now.
    OwnIntentHere,
    /// This run's intent stands in all of them.
    OwnIntent,
    /// The target is the proven writer.
    Proven,
}

impl IntentState {
    /// How far the ledgers say that the run's own change of writer is written down.
    #[must_use]
    pub fn of(pass: &Pass) -> Self {
        let run = &pass.run;
        let own = |row: &ledger::PlanState| {
            row.intent
                .as_ref()
                .is_some_and(|intent| intent.run_id == run.run_id)
        };
        if pass
            .rows
            .current()
            .is_some_and(|current| current.writer == run.to)
        {
            Self::Proven
        } else if run
            .leased
            .iter()
            .all(|region| pass.rows.0.get(region).is_some_and(own))
        {
            Self::OwnIntent
        } else if pass.rows.0.get(&run.to).is_some_and(own) {
            Self::OwnIntentHere
        } else if pass
            .rows
            .intent()
            .is_some_and(|intent| intent.to == run.to && intent.run_id != run.run_id)
        {
            Self::AnotherRunsIntent
        } else {
            Self::Nothing
        }
    }
}
