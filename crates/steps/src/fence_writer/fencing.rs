//! Shuts the doors of a deposed writer, looks whether they are, and notes it.

use std::collections::BTreeSet;

use super::{
    AccessCounts, FENCING, Observed,
    messages::{fenced, tell_administrator},
    patience, words,
};
use failover::{
    Error,
    domain::Region,
    ledger::{KeptPlan, PlanState},
    notify::tell_claimed,
    ports::{Fence, Fenced, Ledger, People, Runtime, update_if},
};

/// How shutting ended.
pub(super) enum Ended {
    /// A look saw everything shut, or the database has followed the writer.
    Fenced(String),
    /// Somebody whose login stays came back after being ended.
    CameBack(String),
}

/// Shuts the doors, and notes it in this Region's ledger once a look has seen them shut. Where they are not, what the ledger says
/// of an earlier look is taken back.
pub(super) async fn fence(
    world: &(impl Ledger + Runtime + People + Fence),
    known: &KeptPlan,
    observed: &Observed,
) -> Result<Ended, Error> {
    let (here, plan) = (world.region(), &known.plan);
    let ended = try_to(world, known, observed).await;
    let is_open = match &ended {
        Ok((_, is_closed)) => !is_closed,
        Err(_) => true,
    };
    if is_open
        && observed.fenced.is_some()
        && let Err(why) = update_if(world, here, &plan.plan, PlanState::open).await
    {
        tracing::warn!(plan = %plan.plan, step = super::STEP, %why, "the ledger still calls the member fenced");
    }
    ended.map(|(ended, _)| ended)
}

/// How it ended, and whether nothing is left open.
async fn try_to(
    world: &(impl Ledger + Runtime + People + Fence),
    known: &KeptPlan,
    observed: &Observed,
) -> Result<(Ended, bool), Error> {
    let here = world.region();
    let what = format!("shutting the doors in {here}");
    let done = patience::in_time(world, FENCING, &what, world.fence(known, observed.epoch));
    let Some(mut done) = done.await? else {
        return Ok((Ended::Fenced(left_alone(here)), true));
    };
    done.refused.extend(observed.forwarded.access().cloned());
    let stays = stays(&done);
    if !stays.is_empty() {
        tell_administrator(world, known, observed, &stays).await;
    }
    none_refused(here, known, &done)?;
    let after = done.after.clone().map(AccessCounts::from);
    let is_shut = after.as_ref().is_some_and(AccessCounts::is_shut);
    if is_shut {
        note(world, known, observed, &done).await?;
    }
    if came_back(observed, &done) {
        return Ok((Ended::CameBack(words::came_back(here, &stays)), is_shut));
    }
    if is_shut {
        return Ok((Ended::Fenced(words::done(&done)), true));
    }
    Err(still_open(here, after.as_ref()))
}

fn left_alone(here: &Region) -> String {
    format!("the database in {here} has followed the writer meanwhile; it was left alone")
}

/// That nothing could not be shut.
fn none_refused(here: &Region, known: &KeptPlan, done: &Fenced) -> Result<(), Error> {
    if done.refused.is_empty() {
        return Ok(());
    }
    Err(Error::NotReady(format!(
        "{} door(s) in {here} stay open: {}; give the role of {} the rights, or shut them by hand",
        done.refused.len(),
        words::some(done.refused.iter()),
        known
            .plan
            .database
            .admin_secret
            .as_deref()
            .unwrap_or_default()
    )))
}

fn still_open(here: &Region, after: Option<&AccessCounts>) -> Error {
    Error::Unavailable(format!(
        "the doors in {here} were shut, and a look after that saw open: {}; the next pass tries again",
        after.map_or_else(|| "nothing, for it was not made".into(), words::open)
    ))
}

/// Whoever was ended, or is back already, and whose login stays.
fn stays(done: &Fenced) -> Vec<String> {
    let after = done.after.iter().flat_map(|after| &after.as_administrator);
    let all: BTreeSet<_> = done.as_administrator.iter().chain(after).cloned().collect();
    all.into_iter().collect()
}

/// Whether somebody whose login stays was there although everything had been shut before.
fn came_back(observed: &Observed, done: &Fenced) -> bool {
    let after = done.after.as_ref();
    let is_back = after.is_some_and(|after| !after.as_administrator.is_empty());
    let was_shut = observed.fenced == Some(observed.epoch);
    is_back || (was_shut && !done.as_administrator.is_empty())
}

/// Marks what a look saw shut, claims to tell people, and tells them: whoever dies in between leaves the mark that they were not
/// told, and of two passes that come in at once one tells.
async fn note(
    world: &(impl Ledger + Runtime + People),
    known: &KeptPlan,
    observed: &Observed,
    done: &Fenced,
) -> Result<(), Error> {
    let (here, plan, epoch) = (world.region(), &known.plan, observed.epoch);
    let is_told = plan.notify.contains_key(here);
    let is_news = |row: &PlanState| {
        is_told && (!done.roles.is_empty() || row.is_fence_news(epoch, observed.fenced))
    };
    let message = fenced(world, known, observed, &words::done(done));
    let now = world.now();
    let noted = update_if(world, here, &plan.plan, |row| {
        // Another pass may have noted a fence that somebody opened since.
        let open = row.open().filter(|_| done.took_something());
        let from = open.as_ref().unwrap_or(row);
        let fenced = from.fence(epoch, now, is_news(row));
        let next = fenced.as_ref().unwrap_or(from);
        let claimed = next.claim_telling(&message.what, now);
        claimed.filter(|_| is_news(row)).or(fenced)
    });
    let noted = noted.await?;
    if noted.is_some_and(|row| row.has_claimed_telling(&message.what)) {
        tell_claimed(world, plan, &message, PlanState::tell_fenced).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
