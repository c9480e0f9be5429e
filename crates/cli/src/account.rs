//! What the tool asks of an AWS account. Nothing of it changes anything.

use std::collections::BTreeMap;

use failover::{
    Error,
    beat::Vantage,
    domain::{PlanName, Region},
    ledger::{KeptPlan, PlanState},
};
use jiff::Timestamp;
use serde_json::Value;

use crate::RunSummary;

/// An account with its Regions.
pub trait Account: Sync {
    /// The time.
    fn now(&self) -> Timestamp;
    /// Every parameter of a Region below `/aurora-failover/`, by its name: plans and switches.
    fn parameters(
        &self,
        region: &Region,
    ) -> impl Future<Output = Result<BTreeMap<String, String>, Error>> + Send;
    /// Every plan that the Region's probe kept.
    fn known(&self, region: &Region) -> impl Future<Output = Result<Vec<KeptPlan>, Error>> + Send;
    /// A plan's row in the Region's ledger.
    fn row(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> impl Future<Output = Result<PlanState, Error>> + Send;
    /// What the Region's probe last saw.
    fn vantage(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> impl Future<Output = Result<Option<Vantage>, Error>> + Send;
    /// The runs of a plan that the Region's ledger holds.
    fn runs(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> impl Future<Output = Result<Vec<RunSummary>, Error>> + Send;
    /// Calls a function for a dry run.
    fn dry_run(
        &self,
        region: &Region,
        function: &str,
        plan: &PlanName,
    ) -> impl Future<Output = Result<Said, Error>> + Send;
}

/// What a function said.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// An answer.
    Answer(Value),
    /// That it failed.
    Failure {
        /// The error's name.
        name: String,
        /// The sentence.
        why: String,
    },
}
