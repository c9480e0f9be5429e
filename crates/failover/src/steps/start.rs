//! Starts a state machine's run by one call of the function that the run is about: who repeats the call finds the first run.

use serde::Serialize;
use serde_json::Value;

use super::{Here, answer, is_false, recovery_ledger::Asked, take};
use crate::{
    Error,
    domain::RunId,
    ledger::{Ledger, Row, RunKind, update_if},
};

/// How often another name is tried where the last one's run has ended.
const NAMES: usize = 3;
/// The longest plan name that fits into an execution's, which has 80 characters at most.
const PLAN_CHARACTERS: usize = 40;

/// What came of starting an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// It was begun, or is under way under this name already; its ARN.
    Runs(String),
    /// One of this name has ended.
    Ended,
}

/// The state machine that a function may start.
pub trait Start: Sync {
    /// Starts an execution of this name with this input, in this Region; of no name, the service gives it one.
    fn start(
        &self,
        name: Option<&RunId>,
        input: &Value,
    ) -> impl Future<Output = Result<Started, Error>> + Send;
    /// The ARN of the execution of this name.
    ///
    /// # Errors
    /// `InvalidRequest` where the function was not told which machine is its own.
    fn execution(&self, name: &RunId) -> Result<String, Error>;
}

/// What a start answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Answer {
    action: &'static str,
    reason: String,
    #[serde(skip_serializing_if = "is_false")]
    dry_run: bool,
    execution: String,
}

/// Starts the machine where the payload says `start`, or else makes a pass.
///
/// # Errors
/// `InvalidRequest` for a word that the machine does not take, `RunRefused` while another run holds the plan, and those of
/// the ledger and of the pass.
pub async fn or<W: Ledger + Here + Start>(
    world: &W,
    kind: RunKind,
    mut payload: Value,
    pass: impl AsyncFnOnce(Value) -> Result<Value, Error>,
) -> Result<Value, Error> {
    let starts: bool = take(&mut payload, "start")?.unwrap_or_default();
    if !starts {
        return pass(payload).await;
    }
    let asked = Asked::read(kind, payload.clone())?;
    if asked.dry_run {
        let Started::Runs(execution) = world.start(None, &payload).await? else {
            return Err(again(&asked));
        };
        return said("start_dry_run", "the machine's dry run", true, execution);
    }
    for _ in 0..NAMES {
        let row = world.row(world.region(), &asked.plan).await?;
        if let Some(lease) = row
            .lease
            .as_ref()
            .filter(|lease| lease.expires_at > world.now())
        {
            if !is_ours(&lease.run_id, &row, kind) {
                return Err(Error::RunRefused(format!(
                    "run {} holds plan {} until {}; wait for its end",
                    lease.run_id, asked.plan, lease.expires_at
                )));
            }
            let execution = world.execution(&lease.run_id)?;
            return said("none", "is under way already", false, execution);
        }
        match world.start(Some(&name(&row, kind)), &payload).await? {
            Started::Runs(execution) => return said("start", "is under way", false, execution),
            Started::Ended => {
                let token = row.token;
                update_if(world, world.region(), &asked.plan, |row| {
                    row.count_on(token, world.now())
                })
                .await?;
            }
        }
    }
    Err(again(&asked))
}

fn again(asked: &Asked) -> Error {
    Error::Unavailable(format!(
        "the run of plan {} could not be named: others start and end meanwhile; call again",
        asked.plan
    ))
}

fn said(
    action: &'static str,
    what: &str,
    dry_run: bool,
    execution: String,
) -> Result<Value, Error> {
    let name = execution.rsplit(':').next().unwrap_or_default();
    let reason = format!("{name}: {what}");
    tracing::info!(action, reason, execution, "start");
    answer(Answer {
        action,
        reason,
        dry_run,
        execution,
    })
}

const fn word(kind: RunKind) -> &'static str {
    match kind {
        RunKind::UnplannedFailover => "unplanned-failover",
        RunKind::PlannedFailover => "planned-failover",
        RunKind::Failback => "failback",
    }
}

/// The execution's name: the plan, its epoch, the kind, and the ledger's count of leases. Until a run has opened, every call
/// finds the same name.
fn name(row: &Row, kind: RunKind) -> RunId {
    let plan: String = row.plan.0.chars().take(PLAN_CHARACTERS).collect();
    RunId(format!(
        "{plan}-{}-{}-{}",
        row.proven_epoch(),
        word(kind),
        row.token
    ))
}

/// Whether a lease belongs to a run of this kind that was started like this.
fn is_ours(run_id: &RunId, row: &Row, kind: RunKind) -> bool {
    let plan: String = row.plan.0.chars().take(PLAN_CHARACTERS).collect();
    let rest = run_id.0.strip_prefix(&format!("{plan}-"));
    let rest = rest.and_then(|rest| rest.split_once(&format!("-{}-", word(kind))));
    rest.is_some_and(|(epoch, count)| {
        [epoch, count]
            .iter()
            .all(|number| number.parse::<u64>().is_ok())
    })
}

#[cfg(test)]
mod tests;
