//! Being sure: gathers every piece of evidence about a suspected writer in parallel and gives the verdict. In the witness
//! Region the same function answers what that Region can reach, and on schedule it makes a survey. It changes no resource, so every
//! pass may be repeated.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::{choose::Candidate, gather::Gathered, judged::Judged, signs::Signs};
use failover::{
    Error,
    beat::Loss,
    evidence::{Evidence, Verdict},
    ledger::{Declined, HandOver, Resolved},
    metric,
    pass::{Input, Output, Pass, answer, operation},
    policy::Decision,
    ports::{Functions, Ledger, Parameters, People, ReachInput, Runtime, update_if},
    topologies::Topologies,
};

mod choose;
mod declined;
mod finding;
mod gather;
mod judged;
mod lease;
mod patience;
mod reach;
mod reason;
mod signs;
mod survey;
mod way;

pub use reach::reach;
pub use survey::{OLD as BEAT_OLD, STEP as SURVEY, Surveyed, SurveyedPlan};
pub use way::is_gone;

/// The step's name in timelines and logs.
pub const STEP: &str = "confirm_outage";

/// The longest any piece of evidence is waited for: what a dead Region costs.
pub const TIMEOUT: Duration = Duration::from_secs(3);

/// What the function takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Gives the verdict, in a run.
    Confirm(Input),
    /// Gives it again, after a human approved what it leads to.
    ConfirmApproved(Input),
    /// Answers, in the witness Region, whether it reaches a member's Region.
    Reach(ReachInput),
    /// Measures, on schedule, whether everything is there that a failover would need.
    Survey {},
}

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// Every piece of evidence.
    pub evidence: Evidence,
    /// What a promotion would lose; `None` when that is unknown.
    pub loss: Option<Loss>,
    /// The most seconds of writes that it can lose, whatever was counted.
    pub at_most_seconds: Option<f64>,
    /// How the standby is to be promoted; resolved when the outage is confirmed.
    pub strategy: Option<Resolved>,
    /// The standby that is better than this Region's.
    pub hand_over: Option<HandOver>,
}

/// What the pass answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// What every step answers.
    #[serde(flatten)]
    pub output: Output<Observed>,
    /// The verdict.
    pub verdict: Verdict,
    /// What it leads to.
    pub decision: Decision,
    /// How long a human has to answer when `decision` is `ask`.
    pub approval_seconds: u64,
}

/// One invocation.
///
/// # Errors
/// `InvalidRequest` for a wrong payload, and those of the operations.
pub async fn handle(
    world: &(impl Ledger + Runtime + Topologies + Functions + Parameters + People),
    payload: Value,
) -> Result<Value, Error> {
    match operation::<Request>(payload)? {
        Request::Confirm(input) => {
            let is_dry = input.dry_run || input.run_id.is_none();
            match Box::pin(confirm(world, &input, false)).await {
                Err(why) if is_dry => answer(Output::<Observed>::refused(why, None, Vec::new())?),
                confirmed => answer(confirmed?),
            }
        }
        Request::ConfirmApproved(input) => answer(Box::pin(confirm(world, &input, true)).await?),
        Request::Reach(input) => answer(Box::pin(reach(world, &input)).await?),
        Request::Survey {} => answer(Box::pin(survey::survey(world)).await?),
    }
}

/// One pass in a run; `approved` says that a human has just agreed.
///
/// # Errors
/// The guards' refusals; `Unavailable` when this Region's ledger does not answer.
pub async fn confirm(
    world: &(impl Ledger + Runtime + Topologies + Functions),
    input: &Input,
    approved: bool,
) -> Result<Answer, Error> {
    let mut pass = Pass::open_to_confirm(world, input).await?;
    if approved {
        pass.run.approve(pass.now, STEP);
    }
    let gathered = gather::gather(world, &pass).await?;
    let topology = world.topology(pass.run.plan.kind());
    let judged = Judged::of(&pass, &gathered);
    remember(world, &pass, &judged.signs).await?;
    let decision = judged.leads_to(topology, &mut pass, &gathered);
    let (decision, declined) =
        settle(world, &mut pass, (judged.verdict, decision), gathered).await?;
    let reason = judged.reason(topology, &pass, decision, declined.as_ref());
    let name = judged.verdict.name();
    pass.run.confirmed = Some(judged.confirmed());
    pass.record(world, STEP, name, &reason).await?;
    if !pass.dry_run {
        let members = [("Plan", input.plan.as_str()), ("Verdict", name)];
        metric::put(&[(&metric::VERDICTS, 1.0)], &members, pass.now);
    }
    tracing::info!(plan = %input.plan, step = STEP, verdict = name, reason, "pass");
    Ok(judged.answer(&pass, decision, reason))
}

/// What a verdict's decision comes to: the leases have their word, then a human's earlier no, then a better standby.
async fn settle(
    world: &(impl Ledger + Runtime + Topologies),
    pass: &mut Pass,
    (verdict, decision): (Verdict, Decision),
    gathered: Gathered,
) -> Result<(Decision, Option<Declined>), Error> {
    let decision = lease::settle(world, pass, verdict, decision, gathered.lease).await?;
    let declined = declined::before(pass, verdict, decision);
    let decision = match declined {
        Some(_) => Decision::StandDown,
        None => decision,
    };
    let target = gathered.target.as_ref();
    let own = Candidate::of(&pass.run, target, gathered.vantage.as_ref());
    let decision = choose::or_hand_over(world, pass, decision, own).await;
    Ok((decision, declined))
}

/// Keeps in this Region's ledger when the writer was alive, and when RDS worked on it: when its Region dies later, nobody else will
/// know.
async fn remember(
    world: &(impl Ledger + Runtime),
    pass: &Pass,
    signs: &Signs,
) -> Result<(), Error> {
    let seen = signs.alive_at.max(signs.maybe_alive_at).max(signs.busy_at);
    if pass.dry_run || seen.is_none() {
        return Ok(());
    }
    update_if(world, world.region(), pass.run.name(), |row| {
        let alive = row.seen_alive(signs.alive_at, signs.maybe_alive_at);
        let busy = alive.as_ref().unwrap_or(row).seen_busy(signs.busy_at);
        busy.or(alive)
    })
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{
        evidence::Rds,
        ledger::{PlanState, Rows},
        testing,
    };

    #[tokio::test]
    async fn a_busy_status_that_a_run_saw_is_kept_for_the_runs_behind_it() {
        let now = jiff::Timestamp::from_second(1_000).unwrap();
        let pass = |dry_run| Pass {
            run: testing::run(),
            rows: Rows(Default::default()),
            now,
            dry_run,
        };
        let mut evidence = testing::evidence(now);
        evidence.writer_rds = Rds::Status {
            cluster: "available".into(),
            instances: vec!["rebooting".into()],
        };
        let gathered = Gathered::with(evidence);
        let kept = async |dry_run| {
            let books = testing::Books::with(&PlanState::new("orders".into()));
            let pass = pass(dry_run);
            let signs = Signs::of(&pass, &gathered, Verdict::WriterRestarting);
            remember(&books, &pass, &signs).await.unwrap();
            books.rows()[&"us-east-1".into()].busy_at
        };
        assert_eq!(kept(false).await, Some(now));
        assert_eq!(kept(true).await, None, "a dry run changes nothing");
    }
}
