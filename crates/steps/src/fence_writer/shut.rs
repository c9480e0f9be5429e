//! Shuts the doors of a deposed writer, looks whether they are, and tells people.

use std::collections::BTreeSet;

use super::{Observed, Open, SHUT, Standing, patience, standing, words};
use failover::{
    Error,
    ledger::{Known, Row, Rows},
    notify::{Message, Severity, claim_and_tell, commands, tell_claimed, tell_news},
    ports::{Fence, Here, Ledger, Members, People, Shut, update_if},
};

/// How shutting ended.
pub(super) enum Ended {
    /// A look saw everything shut, or the database has followed the writer.
    Shut(String),
    /// Somebody whose login stays came back after being ended.
    CameBack(String),
}

/// Shuts the doors, and notes it in this Region's ledger once a look has seen them shut. Where they are not, what the ledger says
/// of an earlier look is taken back.
pub(super) async fn shut(
    world: &(impl Ledger + Here + People + Fence),
    known: &Known,
    observed: &Observed,
) -> Result<Ended, Error> {
    let (here, plan) = (world.region(), &known.plan);
    let ended = try_to(world, known, observed).await;
    let is_open = match &ended {
        Ok((_, is_seen_shut)) => !is_seen_shut,
        Err(_) => true,
    };
    if is_open
        && observed.fenced.is_some()
        && let Err(why) = update_if(world, here, &plan.plan, Row::open).await
    {
        tracing::warn!(plan = %plan.plan, step = super::STEP, %why, "the ledger still calls the member fenced");
    }
    ended.map(|(ended, _)| ended)
}

/// How it ended, and whether nothing is left open.
async fn try_to(
    world: &(impl Ledger + Here + People + Fence),
    known: &Known,
    observed: &Observed,
) -> Result<(Ended, bool), Error> {
    let (here, plan, epoch) = (world.region(), &known.plan, observed.epoch);
    let what = format!("shutting the doors in {here}");
    let done = patience::in_time(world, SHUT, &what, world.shut(known, epoch));
    let Some(mut done) = done.await? else {
        let said =
            format!("the database in {here} has followed the writer meanwhile; it was left alone");
        return Ok((Ended::Shut(said), true));
    };
    done.refused.extend(observed.forwarded.doors().cloned());
    let after = done.after.clone().map(Open::from);
    let stays = stays(&done);
    if !stays.is_empty() {
        tell_administrator(world, known, observed, &stays).await;
    }
    if !done.refused.is_empty() {
        return Err(Error::NotReady(format!(
            "{} door(s) in {here} stay open: {}; give the role of {} the rights, or shut them by hand",
            done.refused.len(),
            words::some(done.refused.iter()),
            plan.database.admin_secret
        )));
    }
    let is_shut = after.as_ref().is_some_and(Open::is_shut);
    if is_shut {
        note(world, known, observed, &done).await?;
    }
    if came_back(observed, &done) {
        return Ok((Ended::CameBack(words::came_back(here, &stays)), is_shut));
    }
    if is_shut {
        return Ok((Ended::Shut(words::done(&done)), true));
    }
    Err(Error::Unavailable(format!(
        "the doors in {here} were shut, and a look after that saw open: {}; the next pass tries again",
        after.map_or_else(
            || "nothing, for it was not made".into(),
            |after| words::open(&after)
        )
    )))
}

/// Whoever was ended, or is back already, and whose login stays.
fn stays(done: &Shut) -> Vec<String> {
    let after = done.after.iter().flat_map(|after| &after.as_administrator);
    let all: BTreeSet<_> = done.as_administrator.iter().chain(after).cloned().collect();
    all.into_iter().collect()
}

/// Whether somebody whose login stays was there although everything had been shut before.
fn came_back(observed: &Observed, done: &Shut) -> bool {
    let after = done.after.as_ref();
    let is_back = after.is_some_and(|after| !after.as_administrator.is_empty());
    let was_shut = observed.fenced == Some(observed.epoch);
    is_back || (was_shut && !done.as_administrator.is_empty())
}

/// Marks what a look saw shut, claims to tell people, and tells them: whoever dies in between leaves the mark that they were not
/// told, and of two passes that come in at once one tells.
async fn note(
    world: &(impl Ledger + Here + People),
    known: &Known,
    observed: &Observed,
    done: &Shut,
) -> Result<(), Error> {
    let (here, plan, epoch) = (world.region(), &known.plan, observed.epoch);
    let is_told = plan.notify.contains_key(here);
    let is_news = |row: &Row| {
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
        tell_claimed(world, plan, &message, Row::tell_fenced).await;
    }
    Ok(())
}

/// Tells people that a deposed writer is fenced, where an earlier pass ended before it could, or told them that it is not.
pub(super) async fn all_clear(
    world: &(impl Ledger + Here + People),
    known: &Known,
    rows: &Rows,
    observed: &Observed,
) {
    let row = rows.0.get(world.region());
    if row.and_then(Row::tell_fenced).is_some() {
        let message = fenced(world, known, observed, "Nothing stands open there");
        claim_and_tell(world, &known.plan, &message, Row::tell_fenced).await;
    }
}

fn fenced(world: &impl Here, known: &Known, observed: &Observed, what: &str) -> Message {
    let here = world.region();
    Message {
        severity: Severity::Action,
        what: format!("the deposed writer in {here} was fenced"),
        evidence: format!(
            "{} has been the writer since epoch {}. {what}.",
            observed.writer, observed.epoch
        ),
        next: "Bring the writer home when it suits you.".into(),
        commands: vec![commands::failback(&known.plan, here)],
        ..Message::default()
    }
}

/// Tells people once for each epoch, and each of them, who is not kept out, and what keeps them out.
async fn tell_administrator(
    world: &(impl Ledger + Here + People),
    known: &Known,
    observed: &Observed,
    stays: &[String],
) {
    let here = world.region();
    let message = Message {
        severity: Severity::Critical,
        what: format!(
            "split brain: somebody works as the administrator of the deposed writer in {here}"
        ),
        evidence: format!(
            "{} has been the writer since epoch {}. Sessions there were ended, and the fence cannot take their login: {}.",
            observed.writer,
            observed.epoch,
            words::some(stays.iter())
        ),
        next: format!(
            "{} The fence ends such sessions every minute, and this is told once for each of them. A person who has to look there sets \
             PGAPPNAME to aurora-failover.",
            words::KEEP_OUT
        ),
        ..Message::default()
    };
    let news = |row: &Row| row.tell_administrators(observed.epoch, stays);
    tell_news(world, &known.plan, &message, news).await;
}

/// Tells people once that a deposed writer is not fenced, and why: until it is, there are two writers. Once for each epoch and
/// cause; a failure that says nothing of where this Region's member stands is only counted.
pub(super) async fn tell_unfenced(
    world: &(impl Ledger + Here + Members + People),
    known: &Known,
    rows: &Rows,
    why: &Error,
) {
    let here = world.region();
    let Ok((Standing::Deposed, cluster)) = standing(world, &known.plan, rows).await else {
        return;
    };
    let Some(current) = rows.current() else {
        return;
    };
    if let Some(shut) = cluster.and_then(|cluster| cluster.shut(here)) {
        let message = Message {
            severity: Severity::Action,
            what: format!("the deposed writer in {here} is not fenced, and nobody can connect to it"),
            evidence: format!(
                "{} has been the writer since epoch {}. {shut}. It takes no writes as it is.",
                current.writer, current.epoch
            ),
            next: "Let nothing write there when it is started: the fence shuts it within a minute then. RDS starts a stopped cluster by \
                   itself after seven days."
                .into(),
            ..Message::default()
        };
        // What keeps the fence out once it is started is told all the same.
        let news = |row: &Row| row.tell_unfenced(current.epoch, "Shut");
        claim_and_tell(world, &known.plan, &message, news).await;
        return;
    }
    let message = Message {
        severity: Severity::Critical,
        what: format!("split brain: the deposed writer in {here} is not fenced"),
        evidence: format!(
            "{} has been the writer since epoch {}, and applications may still write in {here}. {why}.",
            current.writer, current.epoch
        ),
        next: "Put right what stands in the way, or stop what writes there. The fence tries again every minute, and this is told \
               once."
            .into(),
        ..Message::default()
    };
    let cause = format!("{}: {why}", why.name());
    let news = |row: &Row| row.tell_unfenced(current.epoch, &cause);
    claim_and_tell(world, &known.plan, &message, news).await;
}

#[cfg(test)]
mod tests;
