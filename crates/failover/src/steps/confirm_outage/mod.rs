//! Being sure: gathers every piece of evidence about a suspected writer in parallel and gives the verdict. In the witness
//! Region the same function answers what that Region can reach. It changes no resource, so every pass may be repeated.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::{choose::Candidate, gather::Gathered};
use super::{Here, Input, Output, Pass, Progress, answer, read};
use crate::{
    Error,
    beat::{Beats, Loss, Vantage, loss},
    domain::{PlanName, Region},
    evidence::{Evidence, HomeVantage, Progress as Replication, Rds, Verdict},
    ledger::{Confirmed, Declined, HandOver, Ledger, Resolved, update_if},
    policy::{Decision, decide, is_approved, mode},
    steps::health_probe,
    topology::Describe,
};

mod choose;
mod decide;
mod gather;
mod lease;

pub use decide::{name, resolve};

/// The step's name in timelines and logs.
pub const STEP: &str = "confirm_outage";

/// The longest any piece of evidence is waited for: what a dead Region costs.
pub const TIMEOUT: Duration = Duration::from_secs(3);

/// What the function takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Request {
    /// Gives the verdict, in a run.
    Confirm(Input),
    /// Gives it again, after a human approved what it leads to.
    ConfirmApproved(Input),
    /// Answers, in the witness Region, whether it reaches a member's Region.
    Reach(ReachInput),
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
}

/// What the witness answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReachOutput {
    /// Whether anything in that Region answered.
    pub reaches: bool,
    /// What answered, or what was seen instead.
    pub reason: String,
}

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// Every piece of evidence.
    pub evidence: Evidence,
    /// What a promotion would lose; `None` when that is unknown.
    pub loss: Option<Loss>,
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

/// The other functions that are asked.
pub trait Ask: Sync {
    /// Asks this Region's probe for a fresh look.
    fn ask_probe(
        &self,
        plan: &PlanName,
    ) -> impl Future<Output = Result<health_probe::Confirmation, Error>> + Send;
    /// Asks the witness.
    fn ask_witness(
        &self,
        witness: &Region,
        input: &ReachInput,
    ) -> impl Future<Output = Result<ReachOutput, Error>> + Send;
    /// Runs `work` for at most `limit`.
    fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> impl Future<Output = Result<T, Error>> + Send;
}

/// One invocation.
///
/// # Errors
/// `InvalidRequest` for a wrong payload, and those of the operations.
pub async fn handle(
    world: &(impl Ledger + Here + Describe + Ask),
    payload: Value,
) -> Result<Value, Error> {
    match read::<Request>(payload)? {
        Request::Confirm(input) => answer(Box::pin(confirm(world, &input, false)).await?),
        Request::ConfirmApproved(input) => answer(Box::pin(confirm(world, &input, true)).await?),
        Request::Reach(input) => answer(Box::pin(reach(world, &input)).await?),
    }
}

/// One pass in a run; `approved` says that a human has just agreed.
///
/// # Errors
/// The guards' refusals; `Unavailable` when this Region's ledger does not answer.
pub async fn confirm(
    world: &(impl Ledger + Here + Describe + Ask),
    input: &Input,
    approved: bool,
) -> Result<Answer, Error> {
    let mut pass = Pass::open_to_confirm(world, input).await?;
    if approved {
        pass.run.approve(pass.now, STEP);
    }
    let approved = is_approved(pass.run.approved_at, pass.now);
    let gathered = gather::gather(world, &pass).await?;
    let evidence = gathered.evidence.clone();
    let verdict = evidence.verdict(&pass.run.plan.detection);
    let vantages = [gathered.vantage.as_ref(), gathered.home.as_ref()];
    let (acknowledged, alive_at) = last_signs(&pass, &evidence, vantages);
    let held = gathered
        .vantage
        .as_ref()
        .and_then(|vantage| vantage.reading.as_ref());
    let loss = held.and_then(|held| loss(&acknowledged, &held.beats, alive_at));
    remember_alive(world, &pass, alive_at).await?;
    let decision = decide(verdict, &pass.run.plan, approved);
    let decision = decide::after_refusals(&mut pass.run, verdict, decision, pass.now);
    let (decision, declined) = settle(world, &mut pass, (verdict, decision), gathered).await?;
    let reason = decide::reason(
        verdict,
        decision,
        &pass.run,
        &evidence,
        loss.as_ref(),
        declined.as_ref(),
    );
    let name = decide::name(verdict);
    pass.run.confirmed = Some(Confirmed {
        verdict,
        evidence: evidence.clone(),
        loss: loss.clone(),
        acknowledged,
        alive_at,
        approved,
    });
    pass.record(world, STEP, name, &reason).await?;
    tracing::info!(plan = %input.plan, step = STEP, verdict = name, reason, "pass");
    let (progress, wait_seconds) = if decision == Decision::Wait {
        (Progress::Pending, 1)
    } else {
        (Progress::Done, 0)
    };
    let observed = Observed {
        evidence,
        loss,
        strategy: pass.run.strategy,
        hand_over: pass.run.hand_over,
    };
    Ok(Answer {
        output: Output {
            progress,
            wait_seconds,
            action: name,
            reason,
            observed,
        },
        verdict,
        decision,
        approval_seconds: pass.run.plan.unplanned.approval_minutes * 60,
    })
}

/// What a verdict's decision comes to: the leases have their word, then a human's earlier no, then a better standby.
async fn settle(
    world: &(impl Ledger + Here + Describe + Ask),
    pass: &mut Pass,
    (verdict, decision): (Verdict, Decision),
    gathered: Gathered,
) -> Result<(Decision, Option<Declined>), Error> {
    let decision = lease::settle(world, pass, verdict, decision, gathered.lease).await?;
    let declined = decide::declined(pass, verdict, decision);
    let decision = match declined {
        Some(_) => Decision::StandDown,
        None => decision,
    };
    let target = gathered.target.as_ref();
    let own = Candidate::of(&pass.run, target, gathered.vantage.as_ref());
    let decision = choose::or_hand_over(world, pass, decision, own).await;
    let leads_somewhere = mode(verdict, &pass.run.plan).is_some();
    if leads_somewhere && pass.run.strategy.is_none() {
        let resolved = resolve(&pass.run.plan, target, gathered.global.as_ref());
        pass.run.strategy = Some(resolved);
    }
    Ok((decision, declined))
}

/// Answers whether a Region can be reached from here: by its RDS, or by its ledger.
///
/// # Errors
/// None today; the signature is that of every operation.
pub async fn reach(
    world: &(impl Ledger + Describe + Ask),
    input: &ReachInput,
) -> Result<ReachOutput, Error> {
    // The asker waits for `TIMEOUT` in all, for the way and a cold start too: a later answer helps nobody.
    let limit = TIMEOUT.saturating_sub(Duration::from_secs(1));
    let rds = world.within(limit, async {
        Ok(world.look(&input.region, &input.cluster).await)
    });
    let ledger = world.within(limit, world.row(&input.region, &input.plan));
    let (rds, ledger) = futures::future::join(rds, ledger).await;
    let rds = rds.unwrap_or_else(|why| Rds::Silent {
        why: why.to_string(),
    });
    let reaches = rds.answers() || gather::answers(&ledger);
    let ledger = ledger.map_or_else(|why| why.to_string(), |_| "answers".into());
    let reason = format!("RDS: {rds:?}; ledger: {ledger}");
    tracing::info!(region = %input.region, reaches, reason, "reach");
    Ok(ReachOutput { reaches, reason })
}

/// The last beats that the readable vantages had acknowledged, and when anything else last showed the writer alive.
fn last_signs(
    pass: &Pass,
    evidence: &Evidence,
    vantages: [Option<&Vantage>; 2],
) -> (Beats, Option<Timestamp>) {
    let about_the_writer = |vantage: &&Vantage| vantage.writer_region == pass.run.from;
    let vantages = vantages.into_iter().flatten().filter(about_the_writer);
    let acknowledged: Beats = vantages
        .clone()
        .filter_map(|vantage| Some((vantage.region.clone(), vantage.last_beat?)))
        .collect();
    let moved = vantages
        .filter(|_| evidence.progress == Replication::Moving)
        .filter_map(|vantage| vantage.moved_at)
        .max();
    let known = pass.rows.0.values().filter_map(|row| row.alive_at).max();
    let last = acknowledged.values().map(|beat| beat.at).max();
    // What a vantage acknowledged is measured beat by beat; only a later sign leaves a gap.
    let alive_at = moved.max(known).filter(|alive_at| Some(*alive_at) > last);
    (
        acknowledged,
        alive_at.or_else(|| fresh_success(evidence, last)),
    )
}

fn fresh_success(evidence: &Evidence, last: Option<Timestamp>) -> Option<Timestamp> {
    last.filter(|_| evidence.home_vantage == HomeVantage::FreshSuccess)
}

/// Keeps in this Region's ledger that the writer was alive: when its Region dies later, nobody else will know.
async fn remember_alive(
    world: &(impl Ledger + Here),
    pass: &Pass,
    alive_at: Option<Timestamp>,
) -> Result<(), Error> {
    let Some(alive_at) = alive_at.filter(|_| !pass.dry_run) else {
        return Ok(());
    };
    update_if(world, world.region(), pass.run.name(), |row| {
        row.seen_alive(alive_at)
    })
    .await?;
    Ok(())
}
