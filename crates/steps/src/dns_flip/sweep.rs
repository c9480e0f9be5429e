//! What the schedule does once a minute for switches, and an operator once: every object holds the word of the epoch that the ledgers
//! have proven, where its bucket missed it. It needs no lease: each write is conditional on what was read, and a run's word wins.

use futures::future::join_all;
use serde::{Deserialize, Serialize};

use crate::routes::health_switch::{self, ByHand};
use failover::{
    Error,
    domain::PlanName,
    ledger::{KeptPlan, PlanState, Rows},
    notify::{Message, Severity, claim_and_tell, utc},
    pass::{Input, by_hand},
    ports::{Ledger, Objects, Parameters, People, Runtime},
};

/// The step's name in logs.
const STEP: &str = "switch_sweep";
/// One plan's sweep.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(20);

/// Names the plan whose objects are set up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// The plan.
    pub plan: PlanName,
    /// Whether nothing may be changed.
    #[serde(default)]
    pub dry_run: bool,
}

/// What became of one plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Swept {
    /// The plan.
    pub plan: PlanName,
    /// What was done.
    pub action: &'static str,
    /// What was written, or why nothing was.
    pub reason: String,
}

/// Every plan that this Region knows and that has a switch. One plan's fault keeps no other from being swept.
///
/// # Errors
/// The first fault's, with the names of all plans that could not be swept.
pub(super) async fn sweep(
    world: &(impl Ledger + Runtime + Parameters + Objects + People),
) -> Result<Vec<Swept>, Error> {
    let plans = world.all_known(world.region()).await?;
    let with_switch = plans.iter().filter(|known| known.plan.has_switch());
    let sweeps = with_switch.map(async |known| {
        let plan = &known.plan.plan;
        let work = Box::pin(sweep_plan(world, known, false));
        let late = || Err(Error::Unavailable("it did not end in 20 s".into()));
        let swept = world.within(LIMIT, work).await.unwrap_or_else(late);
        swept.map_err(|why| {
            tracing::error!(%plan, step = STEP, %why, "could not be swept");
            (plan, why)
        })
    });
    let (mut done, mut faults) = (Vec::new(), Vec::new());
    for swept in join_all(sweeps).await {
        match swept {
            Ok(swept) => done.push(swept),
            Err(fault) => faults.push(fault),
        }
    }
    let Some((_, first)) = faults.first() else {
        return Ok(done);
    };
    let each: Vec<_> = faults
        .iter()
        .map(|(plan, why)| format!("{plan}: {}: {why}", why.name()))
        .collect();
    Err(first.reworded(format!(
        "the switches of {} plan(s) could not be swept: {}",
        each.len(),
        each.join("; ")
    )))
}

/// Writes the first word into every bucket of a plan that holds none, as an operator asks for it.
///
/// # Errors
/// `InvalidRequest` for a plan that is not known, or has no switch; what stands in the way of its sweep, in one sentence.
pub(super) async fn set_up(
    world: &(impl Ledger + Runtime + Parameters + Objects + People),
    asked: &SetUp,
) -> Result<Swept, Error> {
    let known = by_hand::known(world, &Input::of(asked.plan.clone())).await?;
    if !known.plan.has_switch() {
        return Err(Error::InvalidRequest(format!(
            "plan {} has no route of kind health_switch; add one, or leave this out",
            asked.plan
        )));
    }
    let swept = Box::pin(sweep_plan(world, &known, asked.dry_run)).await?;
    tracing::warn!(plan = %asked.plan, step = STEP, action = swept.action, reason = swept.reason, "set up by hand");
    Ok(swept)
}

/// What the schedule does for one plan.
async fn sweep_plan(
    world: &(impl Ledger + Runtime + Parameters + Objects + People),
    known: &KeptPlan,
    dry_run: bool,
) -> Result<Swept, Error> {
    let plan = &known.plan;
    let done = |action, reason| Swept {
        plan: plan.plan.clone(),
        action,
        reason,
    };
    let rows = Rows(by_hand::reachable(world, known).await?);
    if let Some(why) = is_left_alone(world, known, &rows).await? {
        return Ok(done("none", why));
    }
    let Some(current) = rows.current() else {
        return Ok(done("none", "no writer was adopted yet".into()));
    };
    let to = (&current.writer, current.epoch);
    let swept = plan.routes.iter().map(async |route| {
        let swept = health_switch::sweep(world, route, to, dry_run).await?;
        for found in swept.by_hand.iter().filter(|_| !dry_run) {
            tell(world, known, found).await;
        }
        Some(swept)
    });
    let (mut wrote, mut left) = (Vec::new(), Vec::new());
    for swept in join_all(swept).await.into_iter().flatten() {
        if let Some(why) = swept.refused.into_iter().next() {
            return Err(why);
        }
        wrote.extend(swept.wrote);
        left.extend(swept.left);
        let by_hand = swept.by_hand.iter();
        left.extend(by_hand.map(|found| format!("{} was put there by hand", found.what)));
    }
    if wrote.is_empty() {
        let stands = "every object says what the epoch wants".to_owned();
        left.is_empty().then(|| left.push(stands));
        return Ok(done("none", left.join("; ")));
    }
    let reason = [wrote, left].concat().join("; ");
    if !dry_run {
        tracing::warn!(plan = %plan.plan, step = STEP, reason, "switches were put right");
    }
    Ok(done("put_object", reason))
}

/// Why a plan's objects are left as they are just now.
async fn is_left_alone(
    world: &(impl Ledger + Runtime + Parameters),
    known: &KeptPlan,
    rows: &Rows,
) -> Result<Option<String>, Error> {
    let plan = &known.plan;
    // A plan that was taken away stays known, and its epochs are none of its successor's.
    if let Err(why @ Error::InvalidRequest(_)) = world.plan(&plan.plan).await {
        return Ok(Some(why.to_string()));
    }
    let members = plan.members().keys();
    let silent: Vec<_> = members
        .filter(|region| !rows.0.contains_key(*region))
        .map(ToString::to_string)
        .collect();
    if !silent.is_empty() {
        return Ok(Some(format!(
            "the ledger in {} does not answer, so that nobody knows which epoch is proven",
            silent.join(", ")
        )));
    }
    let now = world.now();
    let is_held = |row: &PlanState| row.live_lease(now).is_some();
    if rows.intent().is_some() || rows.0.values().any(is_held) {
        return Ok(Some("a run holds the plan".into()));
    }
    let switches = world.switches(&plan.plan).await?;
    Ok(switches
        .is_on()
        .then(|| "the kill or maintenance switch is on".into()))
}

/// Tells people once of what somebody put into this Region's bucket.
async fn tell(world: &(impl Ledger + Runtime + People), known: &KeptPlan, found: &ByHand) {
    if found.region != *world.region() {
        return;
    }
    let at = found.at.map_or_else(String::new, utc);
    let mark = format!("{} {at}", found.what);
    let news = |row: &PlanState| row.tell_by_hand(&mark);
    claim_and_tell(world, &known.plan, &message(found, &at), news).await;
}

fn message(found: &ByHand, at: &str) -> Message {
    let effect = match &found.leads_to {
        Some(region) => {
            format!("A health check finds in it that {region} is active, and moves traffic by that")
        }
        None => "No health check finds anything in it that moves traffic".to_owned(),
    };
    Message {
        severity: Severity::Action,
        what: format!("an object of {} was put by hand", found.name),
        evidence: format!(
            "The {} was written {at} and is no run's. {effect}.",
            found.what
        ),
        next: format!(
            "Whoever put it there should say so. The next run writes over it, and so does the sweep {} minutes after it was written. \
             To move the writer, too, start a run.",
            found.minutes
        ),
        ..Message::default()
    }
}

#[cfg(test)]
mod tests;
