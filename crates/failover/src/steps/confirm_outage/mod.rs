//! Being sure: gathers every piece of evidence about a suspected writer in parallel and gives the verdict. In the witness
//! Region the same function answers what that Region can reach. It changes no resource, so every pass may be repeated.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Here, Input, Output, Pass, Progress, read};
use crate::{
    Error,
    beat::{Beat, Loss, Vantage, loss},
    domain::{PlanName, Region},
    evidence::{Evidence, HomeVantage, Verdict},
    ledger::{Confirmed, Ledger, Resolved},
    steps::health_probe,
    topology::Describe,
};

mod decide;
mod gather;

pub use decide::{decide, resolve};

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
}

/// What a verdict leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// On to the promotion.
    GoOn,
    /// Nothing is changed.
    StandDown,
    /// Look again.
    Wait,
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
    let answer = match read::<Request>(payload)? {
        Request::Confirm(input) => serde_json::to_value(Box::pin(confirm(world, &input)).await?),
        Request::Reach(input) => serde_json::to_value(Box::pin(reach(world, &input)).await?),
    };
    answer.map_err(|why| Error::InvalidRequest(format!("the answer cannot be written: {why}")))
}

/// One pass in a run.
///
/// # Errors
/// The guards' refusals; `Unavailable` when this Region's ledger does not answer.
pub async fn confirm(
    world: &(impl Ledger + Here + Describe + Ask),
    input: &Input,
) -> Result<Answer, Error> {
    let mut pass = Pass::open(world, input).await?;
    let gathered = gather::gather(world, &pass).await?;
    let evidence = gathered.evidence;
    let verdict = evidence.verdict(&pass.run.plan.detection);
    let decision = decide(verdict, &pass.run.plan);
    let (last_beat, loss) = measured_loss(&evidence, gathered.vantage.as_ref());
    count_on(&mut pass, verdict, decision, gathered.lease)?;
    if decision == Decision::GoOn && pass.run.strategy.is_none() {
        pass.run.strategy = Some(resolve(
            &pass.run.plan,
            gathered.target.as_ref(),
            gathered.global.as_ref(),
        ));
    }
    let reason = decide::reason(verdict, &pass.run, &evidence);
    let name = decide::name(verdict);
    pass.run.confirmed = Some(Confirmed {
        verdict,
        evidence: evidence.clone(),
        loss: loss.clone(),
        last_beat,
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
    })
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
    let rds = world.within(limit, world.cluster(&input.region, &input.cluster));
    let ledger = world.within(limit, world.row(&input.region, &input.plan));
    let (rds, ledger) = futures::future::join(rds, ledger).await;
    let silent =
        |error: Option<&Error>| error.is_some_and(|error| matches!(error, Error::Unavailable(_)));
    let reaches = !silent(rds.as_ref().err()) || !silent(ledger.as_ref().err());
    let say = |error: Option<Error>| {
        error.map_or_else(|| "answers".to_owned(), |error| error.to_string())
    };
    let reason = format!("RDS: {}; ledger: {}", say(rds.err()), say(ledger.err()));
    tracing::info!(region = %input.region, reaches, reason, "reach");
    Ok(ReachOutput { reaches, reason })
}

/// The last acknowledged beat, and what a promotion would lose by it. A loss is void, so unknown, when the writer was seen
/// alive after the beat it was measured by.
fn measured_loss(evidence: &Evidence, vantage: Option<&Vantage>) -> (Option<Beat>, Option<Loss>) {
    let held = vantage.and_then(|vantage| vantage.reading.as_ref()?.beats.get(&vantage.region));
    let last_beat = vantage.and_then(|vantage| vantage.last_beat);
    let measured = loss(last_beat.as_ref(), held);
    (
        last_beat,
        measured.filter(|_| evidence.home_vantage != HomeVantage::FreshSuccess),
    )
}

/// Notes which Regions the run counts on from here. A silent one is left out only when the verdict is that it is gone.
fn count_on(
    pass: &mut Pass,
    verdict: Verdict,
    decision: Decision,
    lease: Result<Region, Error>,
) -> Result<(), Error> {
    let gone = matches!(
        verdict,
        Verdict::RegionDown | Verdict::RegionDownUnwitnessed
    );
    match lease {
        Ok(region) => {
            pass.run.leased.insert(region);
        }
        Err(Error::Unavailable(_)) if gone => {
            pass.run.leased.remove(&pass.run.from);
        }
        Err(why) if decision == Decision::GoOn => return Err(why),
        Err(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Rows;

    fn pass() -> Pass {
        let mut run = crate::steps::fake::run();
        run.leased = ["us-east-1".into()].into();
        Pass {
            run,
            rows: Rows(Default::default()),
            now: jiff::Timestamp::UNIX_EPOCH,
            dry_run: false,
        }
    }

    fn silent() -> Result<Region, Error> {
        Err(Error::Unavailable("timed out".into()))
    }

    #[test]
    fn a_held_lease_in_the_region_that_is_left_refuses_the_run() {
        let held = Err(Error::RunRefused("held".into()));
        assert!(count_on(&mut pass(), Verdict::WriterDown, Decision::GoOn, held).is_err());
    }

    #[test]
    fn a_silent_region_is_left_out_only_when_it_is_gone() {
        let mut pass = pass();
        pass.run.leased.insert("us-west-2".into());
        assert_eq!(
            count_on(&mut pass, Verdict::RegionDown, Decision::GoOn, silent()),
            Ok(())
        );
        assert_eq!(pass.run.leased, ["us-east-1".into()].into());
        assert!(count_on(&mut pass, Verdict::WriterDown, Decision::GoOn, silent()).is_err());
    }

    #[test]
    fn a_lease_that_was_taken_is_remembered_so_that_standing_down_gives_it_back() {
        let mut pass = pass();
        let lease = Ok("us-west-2".into());
        assert_eq!(
            count_on(&mut pass, Verdict::PathImpaired, Decision::StandDown, lease),
            Ok(())
        );
        assert!(pass.run.leased.contains(&"us-west-2".into()));
    }
}
