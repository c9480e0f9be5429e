//! Opens and closes runs by the ledger's rules, and adopts a writer at first deployment.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use failover::{
    Error,
    domain::{Epoch, PlanName, Region, RunId},
    evidence::Verdict,
    json::time,
    ledger::RunKind,
    pass::{answer, operation, unknown},
    plan::{self, Plan},
    ports::{Functions, Ledger, Parameters, People, Runtime},
    topologies::Topologies,
};

mod acknowledge;
mod adopt;
mod ask;
mod begun;
mod close;
mod false_alarm;
mod input;
mod link;
mod messages;
mod open;
mod opening;
mod proof;
mod release;
mod test_message;

pub use input::{Approval, Asked, FailbackInput};

/// The step's name in timelines and logs.
pub const STEP: &str = "recovery_ledger";

/// What the function takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Opens a run: takes the plan's lease.
    Open(OpenInput),
    /// Closes a run: says what came of it and gives the lease back.
    Close(CloseInput),
    /// Gives back the leases of a run that could not be opened.
    Release(ReleaseInput),
    /// Opens an epoch for the writer that RDS shows.
    Adopt(AdoptInput),
    /// Asks a human, by a task token, whether the run may go on.
    Ask(AskInput),
    /// Keeps the leases of a run until its window opens.
    Keep(KeepInput),
    /// Ends the cool-down after a run.
    Acknowledge(ReleaseInput),
    /// Marks a run that changed nothing as a false alarm, for whoever counts those.
    FalseAlarm(FalseAlarmInput),
    /// Sends a message to this Region's topic, so that people see whether it arrives.
    TestMessage(AdoptInput),
}

/// What opening takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenInput {
    /// What the run does.
    pub kind: RunKind,
    /// The execution's name.
    pub run_id: RunId,
    /// The execution's ARN.
    #[serde(default)]
    pub execution: Option<String>,
    /// What the machine was started with, whole, so that what is wrong with it is said before anything is changed.
    pub input: Value,
}

/// What keeping takes: the run, and until when.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepInput {
    /// The plan.
    pub plan: PlanName,
    /// The run.
    pub run_id: RunId,
    /// The Region the run leaves.
    pub from_region: Region,
    /// The Region the run goes to.
    pub target_region: Region,
    /// The epoch when the run opened.
    pub epoch: Epoch,
    /// Until when.
    #[serde(deserialize_with = "until")]
    pub until: Timestamp,
}

fn until<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let missing = || D::Error::custom("it is null; write a time like 2026-01-31T02:00:00Z");
    time(from)?.ok_or_else(missing)
}

/// What closing takes; what else a run carries is tolerated: nothing may keep one from being closed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CloseInput {
    /// The plan.
    pub plan: PlanName,
    /// The run.
    pub run_id: RunId,
    /// Only says how a closed run ended.
    #[serde(default)]
    pub dry_run: bool,
    /// The last verdict, where there was one.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// What went wrong on the way.
    #[serde(default)]
    pub trouble: Vec<Trouble>,
}

/// What went wrong in a state.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Trouble {
    /// The state.
    pub state: String,
    /// The error's name.
    pub error: String,
    /// What it said.
    #[serde(default)]
    pub cause: String,
}

/// What asking takes: the run, and the token that a human's answer carries.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskInput {
    /// The plan.
    pub plan: PlanName,
    /// The run.
    pub run_id: RunId,
    /// The Region the run leaves.
    pub from_region: Region,
    /// The Region the run goes to.
    pub target_region: Region,
    /// The epoch when the run opened.
    pub epoch: Epoch,
    /// The state machine's task token.
    pub token: String,
}

/// What releasing and acknowledging take.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseInput {
    /// The plan.
    pub plan: PlanName,
    /// The run.
    pub run_id: RunId,
}

/// What marking a false alarm takes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FalseAlarmInput {
    /// The plan.
    pub plan: PlanName,
    /// The run.
    pub run_id: RunId,
    /// Who says so, and why: [`failover::ledger::FalseAlarm::WHY_MAX`] characters at most.
    pub why: String,
    /// Says what would be marked, and marks nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// What adopting and a test message take.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptInput {
    /// The plan.
    pub plan: PlanName,
    /// Says what would be done, and does not.
    #[serde(default)]
    pub dry_run: bool,
}

/// One invocation.
///
/// # Errors
/// `InvalidRequest`, `RunRefused`, `NotReady`, `UnexpectedTopology`, `Unavailable`, `Denied`.
pub async fn handle<W: Ledger + Runtime + Topologies + Parameters + Functions + People>(
    world: &W,
    payload: Value,
) -> Result<Value, Error> {
    match operation::<Request>(payload)? {
        Request::Open(input) => answer(Box::pin(open::run(world, &input)).await?),
        Request::Close(input) => answer(close::run(world, &input).await?),
        Request::Release(input) => answer(release::run(world, &input).await?),
        Request::Adopt(input) => answer(adopt::run(world, &input).await?),
        Request::Keep(input) => answer(ask::keep(world, &input).await?),
        Request::Ask(input) => answer(ask::run(world, &input).await?),
        Request::Acknowledge(input) => answer(acknowledge::run(world, &input).await?),
        Request::FalseAlarm(input) => answer(false_alarm::run(world, &input).await?),
        Request::TestMessage(input) => answer(test_message::run(world, &input).await?),
    }
}

/// The document of a plan; a name that no parameter bears is told beside those that there are.
async fn document(
    world: &(impl Ledger + Runtime + Parameters),
    name: &PlanName,
) -> Result<String, Error> {
    match world.plan(name).await {
        Err(Error::InvalidRequest(_)) => Err(unknown(world, name).await),
        read => read,
    }
}

async fn plan(
    world: &(impl Ledger + Runtime + Parameters),
    name: &PlanName,
) -> Result<Plan, Error> {
    plan::read_named(name, &document(world, name).await?)
}

/// The plan, or where its document is broken the last good one: what gives something back, or ends a wait, must not stop
/// at a stray comma.
async fn plan_or_last(
    world: &(impl Ledger + Runtime + Parameters),
    name: &PlanName,
) -> Result<Plan, Error> {
    plan_or(world, name, |_, last| last).await
}

/// The plan that an unplanned run goes by. A broken document does not leave an outage alone: the last good plan serves, and
/// asks.
async fn plan_in_an_outage(
    world: &(impl Ledger + Runtime + Parameters),
    name: &PlanName,
) -> Result<Plan, Error> {
    plan_or(world, name, |text, last| plan::salvaged(text, &last)).await
}

async fn plan_or(
    world: &(impl Ledger + Runtime + Parameters),
    name: &PlanName,
    fall_back: impl Fn(&str, Plan) -> Plan,
) -> Result<Plan, Error> {
    let text = document(world, name).await?;
    let why = match plan::read_named(name, &text) {
        Ok(plan) => return Ok(plan),
        Err(why) => why,
    };
    let known = world.known(world.region(), name).await?;
    let last = known.map(|known| known.plan).ok_or_else(|| why.clone())?;
    tracing::warn!(plan = %name, %why, revision = last.revision, "the plan is wrong; going by the last good one");
    Ok(fall_back(&text, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::testing;

    #[tokio::test]
    async fn a_test_message_is_sent_once_and_a_dry_run_sends_none() {
        let of = |account: &str| {
            let mut document = testing::plan_document();
            let topic = format!("arn:aws:sns:us-east-1:{account}:orders-alerts");
            document["notify"] = serde_json::json!({"us-east-1": topic});
            let books = testing::Books::with(&failover::ledger::PlanState::new("orders".into()));
            books.with_document(&document.to_string())
        };
        let send = serde_json::json!({"operation": "test_message", "plan": "orders"});
        let mut dry = send.clone();
        dry["dry_run"] = true.into();
        let books = of("123456789012");
        let said = handle(&books, dry.clone()).await.unwrap();
        assert_eq!((&said["dry_run"], books.told().len()), (&true.into(), 0));
        let said = handle(&books, send).await.unwrap();
        assert_eq!((&said["dry_run"], books.told().len()), (&Value::Null, 1));
        let wrong = handle(&of("210987654321"), dry).await.unwrap();
        assert_eq!(wrong["refusal"]["error"], "NotReady", "{wrong}");
    }

    #[tokio::test]
    async fn an_outage_is_met_by_the_last_good_plan_and_planned_runs_refuse_a_broken_one() {
        let broken = testing::plan_document().to_string().replacen(',', ",,", 1);
        let books = testing::Books::with(&failover::ledger::PlanState::new("orders".into()));
        let books = books.with_document(&broken);
        let name = "orders".into();
        let met = plan_in_an_outage(&books, &name).await.unwrap();
        assert_eq!(met.revision, 3);
        assert_eq!(met.unplanned.region_down, plan::Mode::Approval);
        let planned = super::plan(&books, &name).await.unwrap_err();
        assert_eq!(planned.name(), "InvalidRequest");
        let last = plan_or_last(&books, &name).await.unwrap();
        assert_eq!(last.unplanned.region_down, plan::Mode::Automatic);
    }
}
