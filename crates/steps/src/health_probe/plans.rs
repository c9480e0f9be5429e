//! What an invocation begins with: the plans of its Region, their members' endpoints, and the epoch that others know.

use std::time::Duration;

use super::endpoints::refresh;
use failover::plan::parameters;
use failover::{
    Error,
    domain::{PlanName, Region},
    ledger::{KeptPlan, PlanState},
    notify::{Message, Severity, claim_and_tell, tool},
    plan::Plan,
    ports::{Ledger, Parameters, People, Runtime, update_if},
    topologies::Topologies,
};

/// How long the other Regions are waited for when an invocation begins: a dead one must not delay noticing.
pub(super) const BEGIN: Duration = Duration::from_secs(1);

/// Into how many shards the templates share a Region's plans at most.
pub const SHARDS_MAX: u64 = 4;

/// A plan that can be watched, and what was last known of it.
#[derive(Clone)]
pub(super) struct Readable {
    pub(super) plan: Plan,
    /// What keeps it from being watched as its parameter says.
    pub(super) fault: Option<Fault>,
    before: Option<KeptPlan>,
}

/// What keeps a plan from being watched as its parameter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// What is wrong with the parameter's document: this is the plan that was read last.
    Parameter(String),
    /// It has its turn only once others are over: one look a minute, and a late one.
    Crowded(String),
    /// As before, and there can be no more invocations than there are.
    Full(String),
}

impl Fault {
    pub(super) fn words(&self) -> &str {
        match self {
            Self::Parameter(why) | Self::Crowded(why) | Self::Full(why) => why,
        }
    }
}

/// What makes room for more plans, where their shards are so many.
pub(super) fn makes_room(shards: u64) -> String {
    if shards < SHARDS_MAX {
        return format!("deploy the triggers with more WatchShards than {shards}");
    }
    format!(
        "WatchShards is {shards} and cannot be more: this Region is full, so take plans away from it, or have another account \
         protect them"
    )
}

/// Marks the plans for which one invocation has no room at once.
pub(super) fn crowd(plans: &mut [Result<Readable, (PlanName, String)>], room: usize, shards: u64) {
    for readable in plans.iter_mut().skip(room).flatten() {
        let name = &readable.plan.plan;
        readable.fault.get_or_insert_with(|| {
            let why = format!(
                "one invocation of the probe watches {room} plans at once, and plan {name} comes too late for that: it is looked \
                 at once a minute at most; {}",
                makes_room(shards)
            );
            if shards < SHARDS_MAX {
                Fault::Crowded(why)
            } else {
                Fault::Full(why)
            }
        });
    }
}

/// Every plan of this Region, or its name and what is wrong with it. Where the parameters cannot be read, or one is
/// wrong, the plan that was read last goes on.
pub(super) async fn plans(
    world: &(impl Ledger + Runtime + Parameters),
) -> Result<Vec<Result<Readable, (PlanName, String)>>, Error> {
    let known = world.all_known(world.region()).await?;
    Ok(match world.plans().await {
        Ok(documents) => documents
            .iter()
            .map(|(name, document)| readable(&known, name, document))
            .collect(),
        Err(why) => {
            tracing::warn!(%why, "the plans cannot be read; going on with the last ones");
            let last = known.into_iter().map(|known| Ok(as_known(known, None)));
            last.collect()
        }
    })
}

fn as_known(known: KeptPlan, fault: Option<Fault>) -> Readable {
    Readable {
        plan: known.plan.clone(),
        fault,
        before: Some(known),
    }
}

/// The plan of one parameter. Its name is the parameter's, whatever the document says: a stray comma hides that too.
fn readable(
    known: &[KeptPlan],
    name: &PlanName,
    document: &str,
) -> Result<Readable, (PlanName, String)> {
    let before = known.iter().find(|known| known.plan.plan == *name).cloned();
    match failover::plan::read_named(name, document) {
        Ok(plan) => Ok(Readable {
            plan,
            fault: None,
            before,
        }),
        Err(why) => {
            tracing::error!(plan = %name, %why, "a plan is wrong");
            let last = before.map(|known| as_known(known, Some(Fault::Parameter(why.to_string()))));
            last.ok_or((name.clone(), why.to_string()))
        }
    }
}

/// Tells people once what keeps the plan from being watched as its parameter says, and notes when nothing does any more.
pub(super) async fn tell_fault(
    world: &(impl Ledger + Runtime + People),
    plan: &Plan,
    row: &PlanState,
    fault: Option<&Fault>,
) {
    let news = |row: &PlanState| row.tell_plan_fault(fault.map(Fault::words));
    let (Some(fault), Some(_)) = (fault, news(row)) else {
        if fault.is_none()
            && row.plan_fault.is_some()
            && let Err(why) = update_if(world, world.region(), &plan.plan, news).await
        {
            tracing::warn!(plan = %plan.plan, %why, "that the plan is right again is not noted");
        }
        return;
    };
    let message = faulty(world.region(), plan, fault);
    claim_and_tell(world, plan, &message, news).await;
}

fn faulty(here: &Region, plan: &Plan, fault: &Fault) -> Message {
    let (what, next) = match fault {
        Fault::Parameter(_) => (
            format!("the plan's parameter in {here} is wrong"),
            format!(
                "Correct {parameters}{name} by putting the plan's file. Until then revision {revision} is watched, an unplanned failover asks unless \
             topology and unplanned can be read and are unchanged, and planned runs are refused.",
                parameters = parameters(),
                name = plan.plan,
                revision = plan.revision
            ),
        ),
        Fault::Crowded(_) => (
            format!("the probe in {here} has too many plans to watch this one"),
            "Deploy the triggers with more WatchShards. Until then an outage is noticed late or not at all from here.".into(),
        ),
        Fault::Full(_) => (
            format!("{here} is full: its probe has too many plans to watch this one"),
            "Take plans away from this Region, or have another account protect them. Until then an outage is noticed late or \
             not at all from here."
                .into(),
        ),
    };
    Message {
        severity: Severity::Action,
        what,
        evidence: fault.words().to_owned(),
        next,
        commands: match fault {
            Fault::Parameter(_) => vec![tool::put(&plan.plan, here)],
            Fault::Crowded(_) | Fault::Full(_) => Vec::new(),
        },
        ..Message::default()
    }
}

/// Asks every member's RDS for its endpoints and keeps them for the day it does not answer.
pub(super) async fn remember(world: &(impl Ledger + Topologies), readable: Readable) -> KeptPlan {
    let Readable { plan, before, .. } = readable;
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
pub(super) async fn learn(world: &(impl Ledger + Runtime), plan: &Plan) {
    let here = world.region();
    let others = plan.members().keys().filter(|region| *region != here);
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

#[cfg(test)]
mod tests;
