//! The plan's services of the Region that a move leaves: brought to none before the writer there is stopped, where the plan says so, and given
//! back what they had where the stop is. This Region's row bears what that was before anything is asked of them. Nobody waits for tasks to
//! end: the stop ends sessions itself, and writes are to be out for as short as may be.

use std::time::Duration;

use failover::{
    Error,
    ledger::{Former, KeptPlan, PlanState},
    pass::Pass,
    ports::{Ledger, Runtime, Services, update, update_if},
};
use futures::future::join_all;
use steps::{
    fence_writer::in_time,
    services::down::{self, Up},
};

use crate::members::stops::OfStop;

/// For how long a service is waited for that is given back what it had.
const PATIENCE: Duration = Duration::from_secs(15);

/// For how long ECS and Auto Scaling are waited for before the writer is stopped: whoever asks for the stop gives up after ten seconds, and
/// asks again beside this one.
const PATIENCE_DOWN: Duration = Duration::from_secs(7);

/// What a move would bring to none first, with what each has. What cannot be read is one of readiness's reasons.
pub(super) async fn first(world: &impl Services, pass: &Pass) -> Vec<String> {
    let run = &pass.run;
    if !run.plan.topology.stops_services() {
        return Vec::new();
    }
    let (found, _) = down::standing(world, &run.plan, &run.from).await;
    found.iter().map(Former::said).collect()
}

/// What the row of the Region that is left says of them: those that do not have again what they had, and why one was not brought down.
pub(super) fn down(pass: &Pass) -> (Vec<String>, Option<String>) {
    let row = pass.rows.0.get(&pass.run.from);
    let Some(down) = row.and_then(|row| row.brought_down.as_deref()) else {
        return (Vec::new(), None);
    };
    let services = down.lacking().map(Former::said).collect();
    let own = super::written::token(&pass.run);
    (services, down.refused.clone().filter(|_| down.by == own))
}

/// Brings the plan's services of this Region to none, where it says so. What they have is written down before, and what this stop wrote first
/// stands.
///
/// # Errors
/// Why one of them cannot be read or is not brought down; those of the ledger. A refusal is kept in this Region's row, where the run sees it.
pub(super) async fn bring_down(
    world: &(impl Ledger + Runtime + Services),
    known: &KeptPlan,
    of: &OfStop,
) -> Result<(), Error> {
    if !known.plan.topology.stops_services() {
        return Ok(());
    }
    let what = format!("bringing services in {} to none", world.region());
    let work = Box::pin(brought_down(world, known, of));
    let brought = in_time(world, PATIENCE_DOWN, &what, work).await;
    if let Err(why) = &brought {
        refused(world, of, why).await;
    }
    brought
}

async fn brought_down(
    world: &(impl Ledger + Runtime + Services),
    known: &KeptPlan,
    of: &OfStop,
) -> Result<(), Error> {
    let here = world.region();
    let (found, unread) = down::standing(world, &known.plan, here).await;
    all(unread)?;
    if found.is_empty() {
        return Ok(());
    }
    let now = world.now();
    let change = |row: &PlanState| row.bring_down(&of.token, now, &found);
    update(world, here, &of.plan, change).await?;
    let asked = found.iter();
    let asked = asked.map(async |one| down::bring_down(world, here, one).await.err());
    let faults = join_all(asked).await.into_iter().flatten().collect();
    all(faults)?;
    let named: Vec<_> = found.iter().map(Former::said).collect();
    tracing::info!(plan = %of.plan, token = %of.token, services = named.join(", "), "brought to none");
    Ok(())
}

/// All faults as one: the first that is an answer names it.
fn all(faults: Vec<Error>) -> Result<(), Error> {
    let is_answer = |why: &&Error| !matches!(why, Error::Unavailable(_));
    let Some(first) = faults.iter().find(is_answer).or(faults.first()) else {
        return Ok(());
    };
    let said: Vec<_> = faults.iter().map(ToString::to_string).collect();
    Err(first.reworded(said.join("; ")))
}

/// Keeps a refusal for the run to see. What got no answer is asked for again.
async fn refused(world: &(impl Ledger + Runtime), of: &OfStop, why: &Error) {
    if matches!(why, Error::Unavailable(_)) {
        return;
    }
    let (why, now) = (why.to_string(), world.now());
    let change = |row: &PlanState| row.refuse_to_bring_down(&of.token, now, &why);
    if let Err(silent) = update_if(world, world.region(), &of.plan, change).await {
        tracing::warn!(plan = %of.plan, why, %silent, "a refusal was not kept, and the next pass meets it again");
    }
}

/// The same as [`bring_up`], said behind what else was done. What stays undone is the next sweep's, which fails by it.
pub(super) async fn and_brought_up(
    world: &(impl Ledger + Runtime + Services),
    row: &PlanState,
    said: String,
) -> String {
    match bring_up(world, row).await {
        Ok(None) => said,
        Ok(Some(services)) => format!("{said}. {services}"),
        Err(why) => {
            tracing::error!(plan = %row.plan, %why, "services do not have again what they had");
            format!("{said}. {why}")
        }
    }
}

/// Gives services back what they had, as this Region's row tells, where it says that nothing stops the writer here; what was done, in words,
/// where anything was. Only then is it noted: whoever dies in between finds them up. They stay known until no call of the stop can come
/// late, and one that does is made up for by the next look.
///
/// # Errors
/// Those of every service that does not have it again, each with a command that gives it back; those of the ledger.
pub(super) async fn bring_up(
    world: &(impl Ledger + Runtime + Services),
    row: &PlanState,
) -> Result<Option<String>, Error> {
    let here = world.region();
    if row.to_bring_up(here).is_none() {
        return Ok(None);
    }
    // Read behind all that was done meanwhile: the next stop may have begun.
    let row = world.row(here, &row.plan).await?;
    let Some(down) = row.to_bring_up(here) else {
        return Ok(None);
    };
    let known = world.known(here, &row.plan).await?;
    let plan = known.as_ref().map(|known| &known.plan);
    let asked = down.services.iter().map(async |one| {
        let is_named = plan.is_none_or(|plan| down::names(plan, here, one));
        let work = Box::pin(down::bring_up(world, here, (one, is_named)));
        let late = || Error::Unavailable(format!("no answer within {} s", PATIENCE.as_secs()));
        let came = world.within(PATIENCE, work).await;
        came.unwrap_or_else(|| Err(down::by_hand(here, one, &late())))
    });
    let came = join_all(asked).await;
    let (mut said, mut done, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    for (one, came) in down.services.iter().zip(came) {
        let was_noted = down.back.contains(&one.key());
        match came {
            Ok(Up::GivenBack) => said.push(format!("{} has that again", one.said())),
            Ok(Up::Has) => {}
            Ok(Up::Left(_)) if was_noted => {}
            Ok(Up::Left(why)) => said.push(why),
            Err(why) => {
                faults.push(why);
                continue;
            }
        }
        done.push(one.key());
    }
    let now = world.now();
    let change = |row: &PlanState| row.brought_up(&done, here, now);
    update_if(world, here, &row.plan, change).await?;
    if !said.is_empty() {
        tracing::warn!(plan = %row.plan, services = said.join("; "), "given back");
    }
    all(faults)?;
    Ok((!said.is_empty()).then(|| said.join(". ")))
}

#[cfg(test)]
mod tests;
