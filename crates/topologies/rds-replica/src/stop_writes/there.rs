//! What is done in the writer's own Region: the database is stopped under the mark that this Region's row bears, looked at, and opened
//! by that mark once no row bears it. Nobody's word counts for more than that row and the database.

use failover::{
    Error,
    domain::{Region, StopToken},
    guard::not_adopted,
    ledger::{KeptPlan, PlanState, Stage},
    pass::{Input, by_hand},
    ports::{Fenced, Ledger, NotStopped, Runtime, Services, Stopped, Unfenced},
};
use steps::fence_writer::{FENCING, OBSERVING, in_time, what_is_open};

use super::services;
use crate::members::{
    Stops,
    stops::{Asked, OfStop, Stands},
};

/// Carries out what another Region asks.
///
/// # Errors
/// `RunRefused` where this Region's row does not allow it, `NotReady` where the database does not, `Unavailable`.
pub(super) async fn answer(
    world: &(impl Ledger + Runtime + Services + Stops),
    asked: &Asked,
) -> Result<Stands, Error> {
    let (Asked::Stop(of) | Asked::Look(of) | Asked::Position(of) | Asked::Open(of)) = asked;
    let known = by_hand::known(world, &Input::of(of.plan.clone())).await?;
    known.plan.admits(super::STEP)?;
    match asked {
        Asked::Stop(of) => stop(world, &known, of).await,
        Asked::Look(_) => look(world, &known).await,
        Asked::Position(of) => position(world, &known, of).await,
        Asked::Open(of) => open(world, &known, of).await,
    }
}

/// Stops it, where this Region's row bears the mark, behind the services that the plan stops first. A mark of another stop that no row
/// bears is opened before: nobody else would.
async fn stop(
    world: &(impl Ledger + Runtime + Services + Stops),
    known: &KeptPlan,
    of: &OfStop,
) -> Result<Stands, Error> {
    let here = world.region();
    let row = world.row(here, &of.plan).await?;
    is_to_be_stopped(&row, here, of)?;
    // What is refused here leaves the applications their logins.
    services::bring_down(world, known, of).await?;
    let what = format!("stopping the writer in {here}");
    let stopped = in_time(
        world,
        FENCING,
        &what,
        world.stop(known, of.epoch, &of.token),
    );
    match stopped.await? {
        Ok(fenced) => Ok(was_stopped(fenced)),
        // Read behind the mark: by a row of before, one that goes on by now would be opened.
        Err(NotStopped::OtherMark(mark)) => {
            let row = world.row(here, &of.plan).await?;
            let said = open_by(world, known, &row, &mark.token).await?;
            Ok(Stands {
                said: format!("it bore the mark of another stop, {}: {said}", mark.token),
                ..Stands::default()
            })
        }
        Err(why) => Err(Error::NotReady(not_stopped(here, of, &why))),
    }
}

fn is_to_be_stopped(row: &PlanState, here: &Region, of: &OfStop) -> Result<(), Error> {
    let current = row.current.as_ref().ok_or_else(|| not_adopted(&of.plan))?;
    if current.writer != *here || current.epoch != of.epoch {
        return Err(Error::RunRefused(format!(
            "the writer of plan {} is in {} under epoch {}, and what is to be stopped is the one of epoch {} in {here}",
            of.plan, current.writer, current.epoch, of.epoch
        )));
    }
    let stop = row.stop.as_ref().filter(|stop| stop.token == of.token);
    if stop.is_none_or(|stop| stop.stage != Stage::Stopping) {
        return Err(Error::RunRefused(format!(
            "the ledger of {here} bears no stop {} of plan {}: it was withdrawn, or goes forward",
            of.token, of.plan
        )));
    }
    Ok(())
}

fn was_stopped(fenced: Fenced) -> Stands {
    let left = fenced.after.and_then(what_is_open);
    let roles = fenced.roles.len();
    Stands {
        open: fenced.refused.into_iter().chain(left).collect(),
        said: format!(
            "{roles} role(s) lost their login, {} session(s) were ended",
            fenced.sessions
        ),
        ..Stands::default()
    }
}

fn not_stopped(here: &Region, of: &OfStop, why: &NotStopped) -> String {
    match why {
        NotStopped::OtherEpoch(Some(epoch)) => format!(
            "the database in {here} holds epoch {epoch}, and the writer that is to be stopped is the one of epoch {}",
            of.epoch
        ),
        NotStopped::OtherEpoch(None) => format!(
            "the database in {here} has no aurora_failover.epoch; call health-probe with the operation setup there"
        ),
        NotStopped::OtherMark(mark) => format!(
            "the database in {here} bears the mark of another stop, {}",
            mark.token
        ),
        NotStopped::Fenced => format!("the database in {here} is deposed, and fenced"),
    }
}

/// What stands there.
async fn look(world: &(impl Runtime + Stops), known: &KeptPlan) -> Result<Stands, Error> {
    let what = format!("looking at the stop in {}", world.region());
    let Stopped { mark, access } = in_time(world, OBSERVING, &what, world.stopped(known)).await?;
    Ok(Stands {
        mark,
        open: what_is_open(access).into_iter().collect(),
        ..Stands::default()
    })
}

/// The same, and how far it has written once every door is shut. That counts by the mark that stands behind it.
async fn position(
    world: &(impl Runtime + Stops),
    known: &KeptPlan,
    of: &OfStop,
) -> Result<Stands, Error> {
    let stands = look(world, known).await?;
    if !stands.bears(&of.token) || !stands.open.is_empty() {
        return Ok(stands);
    }
    Ok(Stands {
        position: world.position(known, &of.token).await?,
        ..stands
    })
}

/// Opens it, and gives its services back what they had behind that: writes matter more.
async fn open(
    world: &(impl Ledger + Runtime + Services + Stops),
    known: &KeptPlan,
    of: &OfStop,
) -> Result<Stands, Error> {
    let row = world.row(world.region(), &of.plan).await?;
    let said = open_by(world, known, &row, &of.token).await?;
    let said = services::and_brought_up(world, &row, said).await;
    Ok(Stands {
        said,
        ..Stands::default()
    })
}

/// Opens the writer here by a mark, where this Region's row allows it; what was done.
///
/// # Errors
/// `RunRefused` where the row bears the mark, a promotion has begun, or the writer is elsewhere; those of the database.
pub(super) async fn open_by(
    world: &(impl Runtime + Stops),
    known: &KeptPlan,
    row: &PlanState,
    token: &StopToken,
) -> Result<String, Error> {
    let here = world.region();
    if !row.may_open(token, here) {
        return Err(Error::RunRefused(format!(
            "the ledger of {here} does not allow to open the writer of plan {} by the mark {token}: it bears that stop, a promotion has begun, or the writer is elsewhere",
            row.plan
        )));
    }
    let what = format!("opening the writer in {here}");
    let opened = in_time(
        world,
        FENCING,
        &what,
        world.open(known, row.proven_epoch(), token),
    );
    let said = opened.await?.map(given_back);
    let what = format!("looking whether the mark is gone in {here}");
    let left = in_time(world, OBSERVING, &what, world.mark(known)).await?;
    match (said, left) {
        (Some(said), left) if left.as_ref().is_none_or(|left| left.token != *token) => Ok(said),
        (None, left) if left.as_ref().is_none_or(|left| left.token != *token) => {
            Ok("the mark was gone already".to_owned())
        }
        (Some(said), _) => Err(Error::NotReady(format!(
            "nobody can log in at the writer in {here} yet: {said}; give the roles their logins by hand"
        ))),
        (None, _) => Err(Error::NotReady(format!(
            "the database in {here} bears the mark {token}, and not the epoch {} that its ledger has proven; call health-probe with the operation setup there",
            row.proven_epoch()
        ))),
    }
}

/// What was given back, in words.
pub(crate) fn given_back(given: Unfenced) -> String {
    let roles = format!("{} role(s) have their login again", given.roles.len());
    if given.refused.is_empty() {
        return roles;
    }
    format!("{roles}; not given back: {}", given.refused.join("; "))
}

#[cfg(test)]
mod tests;
