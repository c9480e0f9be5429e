//! The other functions, machines and Regions that a function asks and starts.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Error,
    beat::{Beat, Vantage},
    domain::{Incident, PlanName, Region, RunId},
    plan::TopologyKind,
};

use super::Rights;

/// What came of calling a function of the plan's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hooked {
    /// It answered.
    Answered,
    /// It failed, and says this of it.
    Failed(String),
    /// It ran out of its own time, and may have done its work.
    OutOfTime(String),
    /// Lambda did not start it: too much was asked, or it is being made ready.
    NotTaken(String),
}

/// Asks other functions, and starts runs.
pub trait Functions: Sync {
    /// Asks this Region's probe for a fresh look; in a dry run, which commits no beat, for what it saw last.
    fn ask_probe(
        &self,
        plan: &PlanName,
        dry_run: bool,
    ) -> impl Future<Output = Result<Confirmation, Error>> + Send;
    /// Asks the witness.
    fn ask_witness(
        &self,
        witness: &Region,
        input: &ReachInput,
    ) -> impl Future<Output = Result<ReachOutput, Error>> + Send;
    /// Asks the witness ahead of time, whether it hears a member's Region. It has time for a cold start.
    fn hears(
        &self,
        witness: &Region,
        input: &ReachInput,
    ) -> impl Future<Output = Result<ReachOutput, Error>> + Send;
    /// Asks data planes of a Region that share nothing with its RDS and its DynamoDB; any answer counts, an error too. Says
    /// which one answered.
    fn ask_data_planes(
        &self,
        region: &Region,
    ) -> impl Future<Output = Result<String, Error>> + Send;
    /// Asks another Region's fence, what the administrator could not do if the writer in `region` had to be fenced.
    fn ask_rights(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> impl Future<Output = Result<Rights, Error>> + Send;
    /// Asks the function of this Region that makes members again, what a dry run of it would be refused, every reason.
    fn ask_rebuild(
        &self,
        function: &str,
        input: &Value,
    ) -> impl Future<Output = Result<Vec<String>, Error>> + Send;
    /// Calls a function of the plan's own in this Region and waits so long for its answer, once. What it answers does not matter.
    ///
    /// # Errors
    /// `Unavailable` where nobody knows what came of the call, `NotReady` for a function that is not there, `Denied`.
    fn call_hook(
        &self,
        function: &str,
        payload: &Value,
        limit: Duration,
    ) -> impl Future<Output = Result<Hooked, Error>> + Send;
    /// Looks whether a function of the plan's own is there in this Region and can be called.
    ///
    /// # Errors
    /// `NotReady` for one that is not there or not active.
    fn look_at_hook(&self, function: &str) -> impl Future<Output = Result<(), Error>> + Send;
    /// Sends a function what keeps it awake, and waits for its answer.
    fn warm(
        &self,
        region: &Region,
        function: &str,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// Publishes a suspicion on this Region's bus.
    fn suspect(&self, suspicion: &Suspicion) -> impl Future<Output = Result<(), Error>> + Send;
    /// Publishes a `Primary Suspect` with this detail on the bus of `region`, which starts a run there.
    fn suspect_in(
        &self,
        region: &Region,
        detail: &Value,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// Publishes on this Region's bus that a run has ended, with this detail. Nothing of ours listens.
    fn run_ended(&self, detail: &Value) -> impl Future<Output = Result<(), Error>> + Send;
    /// Starts an execution of the function's own machine, of this name and with this input, in this Region, and answers its ARN;
    /// of no name, the service gives it one. `None` where one of the name has ended or was given another input.
    fn start(
        &self,
        name: Option<&RunId>,
        input: &Value,
    ) -> impl Future<Output = Result<Option<String>, Error>> + Send;
    /// The ARN of the execution of this name.
    ///
    /// # Errors
    /// `InvalidRequest` where the function was not told which machine is its own.
    fn execution(&self, name: &RunId) -> Result<String, Error>;
    /// Looks at the execution of this name.
    fn look_at_execution(
        &self,
        name: &RunId,
    ) -> impl Future<Output = Result<Execution, Error>> + Send;
}

/// What a fresh look answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The vantage's record after the look.
    pub vantage: Vantage,
    /// Whether the local reader answered this time.
    pub readable: bool,
    /// The plan's switches whose objects Route 53's checkers do not see, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blind: Vec<String>,
}

/// What a suspicion says; the detail of the `Primary Suspect` event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suspicion {
    /// The plan.
    pub plan: PlanName,
    /// Which topology it has: each has a machine of its own for an outage, and a rule that starts it. The first one need not be said.
    #[serde(skip_serializing_if = "TopologyKind::is_default")]
    pub topology: TopologyKind,
    /// What the detections of one outage have in common.
    pub incident: Incident,
    /// The Region that suspects.
    pub observer_region: Region,
    /// The Region of the suspected writer.
    pub writer_region: Region,
    /// What was seen.
    pub evidence: Vantage,
    /// The last acknowledged beat, where there is one.
    pub last_beat: Option<Beat>,
}

/// What the witness is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReachInput {
    /// The plan.
    pub plan: PlanName,
    /// The Region to reach.
    pub region: Region,
    /// The member cluster there.
    pub cluster: String,
    /// Which topology it is a member of.
    #[serde(default, skip_serializing_if = "TopologyKind::is_default")]
    pub kind: TopologyKind,
}

/// What the witness answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReachOutput {
    /// Whether anything in that Region answered.
    pub reaches: bool,
    /// Whether neither its RDS nor its ledger did: its writer may be dead.
    #[serde(default)]
    pub others_only: bool,
    /// What answered, or what was seen instead.
    pub reason: String,
}

/// What Step Functions shows of an execution.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// Its ARN.
    pub arn: String,
    /// Whether it has ended, however it did.
    pub ended: bool,
    /// What it was started with; `None` where that is not shown.
    pub input: Option<Value>,
}
