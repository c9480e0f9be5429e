//! The record of what members are made of, refreshed on schedule while a member is healthy and in its right role. A failover finds it as
//! it was before the outage.

use futures::future::join_all;
use serde::Serialize;

use failover::{
    Error,
    domain::{PlanName, Region},
    ledger::{Current, KeptPlan},
    ports::{Ledger, Runtime},
    topology::Blueprint,
};

/// What became of one plan's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The plan.
    pub plan: PlanName,
    /// What was done.
    pub action: &'static str,
    /// Why, or what went wrong.
    pub reason: String,
}

/// What was done about one member, and why.
type Done = (&'static str, String);

/// Keeps what this Region's member of every plan is made of for which `step` is: `keep` is told the member's name, what was noted of it
/// to be made again, and the writer. One plan's fault is told beside the others, and fails the invocation.
///
/// # Errors
/// `NotReady` that names each plan whose record could not be kept; `Unavailable`.
pub async fn sweep<W: Ledger + Runtime>(
    world: &W,
    step: &str,
    keep: impl AsyncFn(&KeptPlan, (&str, Option<Blueprint>), &Current) -> Result<Done, Error>,
) -> Result<Vec<Kept>, Error> {
    let plans = world.all_known(world.region()).await?;
    let own_kind = plans.iter().filter(|known| known.plan.admits(step).is_ok());
    let kept = join_all(own_kind.map(async |known| {
        (
            known.plan.plan.clone(),
            Box::pin(own(world, known, &keep)).await,
        )
    }))
    .await;
    let mut done = Vec::new();
    let mut failed = Vec::new();
    for (plan, kept) in kept {
        match kept {
            Ok((action, reason)) => {
                tracing::info!(%plan, action, reason, "what a member is made of");
                done.push(Kept {
                    plan,
                    action,
                    reason,
                });
            }
            Err(why) => failed.push(format!("{plan}: {why}")),
        }
    }
    if failed.is_empty() {
        return Ok(done);
    }
    Err(Error::NotReady(format!(
        "what the members of {} plan(s) are made of could not be kept: {}",
        failed.len(),
        failed.join(". ")
    )))
}

async fn own<W: Ledger + Runtime>(
    world: &W,
    known: &KeptPlan,
    keep: &impl AsyncFn(&KeptPlan, (&str, Option<Blueprint>), &Current) -> Result<Done, Error>,
) -> Result<Done, Error> {
    let (plan, here) = (&known.plan, world.region());
    let Some(member) = plan.members().get(here) else {
        return Ok(("none", "the plan has no member here".into()));
    };
    let row = world.row(here, &plan.plan).await?;
    if row.intent.is_some() {
        return Ok(("none", "a change of writer is open".into()));
    }
    let Some(current) = &row.current else {
        return Ok(("none", "no writer was adopted yet".into()));
    };
    let noted = world.blueprint(&plan.plan, here).await?;
    let kept = keep(known, (&member.identifier, noted), current).await?;
    // A rebuild that is under way tells at its end what came back different.
    if row.live_lease(world.now()).is_none() {
        succeed(world, &plan.plan, here).await?;
    }
    Ok(kept)
}

/// Marks what was retired of a member once its successor was seen healthy with all of it.
async fn succeed(world: &impl Ledger, plan: &PlanName, region: &Region) -> Result<(), Error> {
    let retired = world.blueprint(plan, region).await?;
    let healthy = world.healthy(plan, region).await?;
    let marked = retired.zip(healthy).and_then(|(retired, healthy)| {
        let newest = &healthy.newest;
        let is_since = newest.seen_at > retired.seen_at;
        retired
            .succeeded(&newest.shape, newest.seen_at)
            .filter(|_| is_since)
    });
    match marked {
        Some(marked) => world.put_blueprint(plan, region, &marked).await,
        None => Ok(()),
    }
}
