//! What operators ask of the fence: to give logins back, and to try it while all is well.

use serde::{Deserialize, Serialize};

use super::World;
use crate::{
    Error,
    domain::PlanName,
    ledger::{Rows, update},
    notify::{Message, Severity, tell},
    steps::{Input, by_hand},
    switches::maintenance,
};

/// What unfencing answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unfenced {
    /// Whether anything was changed.
    pub action: &'static str,
    /// Why, or why not.
    pub reason: String,
    /// The roles that have their login again.
    pub roles: Vec<String>,
    /// The jobs and subscriptions that work again.
    pub others: Vec<String>,
    /// What was dropped meanwhile.
    pub missing: Vec<String>,
    /// What could not be given back, and why; it stays on record.
    pub refused: Vec<String>,
}

/// Only by hand, forced, and while a switch keeps the schedule from fencing again.
pub(super) async fn unfence(world: &impl World, input: &Input) -> Result<Unfenced, Error> {
    let (here, name) = (world.region(), &input.plan);
    let known = by_hand::known(world, input).await?;
    let rows = Rows(by_hand::reachable(world, &known).await?);
    let current = rows.current().ok_or_else(by_hand::no_writer)?;
    let stands = format!("{name}@{}", current.epoch);
    let Some(force) = &input.force else {
        return Ok(Unfenced {
            action: "none",
            reason: format!(
                "would give applications their logins at the member in {here} again; say \"force\": {stands:?} to do so"
            ),
            roles: Vec::new(),
            others: Vec::new(),
            missing: Vec::new(),
            refused: Vec::new(),
        });
    };
    if *force != stands {
        return Err(Error::InvalidRequest(format!(
            "force is {force:?}, and the plan stands at epoch {}; write {stands:?} if you mean that",
            current.epoch
        )));
    }
    let is_deposed = current.writer != *here;
    if is_deposed && !world.switches(name).await?.is_on() {
        return Err(Error::NotReady(format!(
            "the schedule would fence it again within a minute; switch {} on first",
            maintenance(name)
        )));
    }
    let given = world.reopen(&known).await?;
    update(world, here, name, |row| {
        Ok(row.fence(None).unwrap_or_else(|| row.clone()))
    })
    .await?;
    let message = Message {
        severity: Severity::Action,
        what: format!("the member in {here} was unfenced by hand"),
        evidence: format!(
            "{} is the writer of epoch {}. {} role(s) may log in here again. Dropped meanwhile: {}. Not given back: {}.",
            current.writer,
            current.epoch,
            given.roles.len(),
            super::some(given.missing.iter()),
            super::some(given.refused.iter())
        ),
        next: "Nothing, if you know who did it.".into(),
        ..Message::default()
    };
    tell(world, &known.plan, &message).await;
    Ok(Unfenced {
        action: "unfence",
        reason: message.evidence,
        roles: given.roles,
        others: given.others,
        missing: given.missing,
        refused: given.refused,
    })
}

/// What trying the rights answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// What the administrator may not do, one sentence each.
    pub refused: Vec<String>,
    /// What a change of writer breaks, one sentence each.
    #[serde(default)]
    pub moves_break: Vec<String>,
}

pub(super) async fn rights(world: &impl World, plan: &PlanName) -> Result<Rights, Error> {
    let known = by_hand::known(world, &Input::of(plan.clone())).await?;
    world.rights(&known).await
}
