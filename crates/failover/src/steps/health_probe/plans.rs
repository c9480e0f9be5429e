//! What an invocation begins with: the plans of its Region, their members' endpoints, and the epoch that others know.

use std::time::Duration;

use super::{World, look::refresh};
use crate::{
    Error,
    domain::PlanName,
    ledger::{Known, update_if},
    plan::Plan,
};

/// How long the other Regions are waited for when an invocation begins: a dead one must not delay noticing.
const BEGIN: Duration = Duration::from_secs(1);

/// A plan that can be watched, and what was last known of it.
#[derive(Clone)]
pub(super) struct Readable {
    pub(super) plan: Plan,
    before: Option<Known>,
}

/// Every plan of this Region, or its name and what is wrong with it. Where the parameters cannot be read, or one is
/// wrong, the plan that was read last goes on.
pub(super) async fn plans(
    world: &impl World,
) -> Result<Vec<Result<Readable, (PlanName, String)>>, Error> {
    let known = world.all_known().await?;
    let as_known = |known: Known| Readable {
        plan: known.plan.clone(),
        before: Some(known),
    };
    let documents = match world.plans().await {
        Ok(documents) => documents,
        Err(why) => {
            tracing::warn!(%why, "the plans cannot be read; going on with the last ones");
            return Ok(known.into_iter().map(|known| Ok(as_known(known))).collect());
        }
    };
    let last = |name: &PlanName| known.iter().find(|known| known.plan.plan == *name).cloned();
    let read = |document: &String| match crate::plan::read(document) {
        Ok(plan) => Ok(Readable {
            before: last(&plan.plan),
            plan,
        }),
        Err(why) => {
            let name = name_in(document);
            tracing::error!(plan = %name, %why, "a plan is wrong");
            last(&name).map(as_known).ok_or((name, why.to_string()))
        }
    };
    Ok(documents.iter().map(read).collect())
}

fn name_in(document: &str) -> PlanName {
    let name = serde_json::from_str::<serde_json::Value>(document)
        .ok()
        .and_then(|plan| plan["plan"].as_str().map(Into::into));
    name.unwrap_or_else(|| "?".into())
}

/// Asks every member's RDS for its endpoints and keeps them for the day it does not answer.
pub(super) async fn remember(world: &impl World, readable: Readable) -> Known {
    let Readable { plan, before } = readable;
    let known = refresh(world, plan, before.clone(), BEGIN).await;
    if before.as_ref() != Some(&known)
        && let Err(why) = world.put_known(&known).await
    {
        tracing::warn!(plan = %known.plan.plan, %why, "the plan could not be remembered");
    }
    known
}

/// Copies the highest proven epoch that any other Region's ledger shows into our own (rule 6), and drops our copy of a change
/// of writer that its target's ledger says was withdrawn.
pub(super) async fn learn(world: &impl World, plan: &Plan) {
    let here = world.region();
    let others = plan.members.keys().filter(|region| *region != here);
    let reads = others.map(async |region| {
        let read = tokio::time::timeout(BEGIN, world.row(region, &plan.plan)).await;
        Some((region, read.ok()?.ok()?))
    });
    let rows = futures::future::join_all(reads).await;
    for (region, other) in rows.into_iter().flatten() {
        let learnt = update_if(world, here, &plan.plan, |row| row.learn_of(region, &other)).await;
        if let Err(why) = learnt {
            tracing::warn!(plan = %plan.plan, %why, "what the ledger of another Region says could not be copied");
        }
    }
}
