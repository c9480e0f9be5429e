//! The one thing that a pass of a rebuild does, and what came of it.

use jiff::Timestamp;

use super::{Action, Observed, Retire, harmless, misnamed, rights, unfinished, unlisted};
use crate::members::{Accepted, Members};
use failover::{
    Error,
    domain::{Epoch, Region},
    notify::tell,
    pass::{Pass, frame::Came},
    patience::{Refusal, Shown, Trouble},
    ports::{Ledger, Parameters, People, Runtime, update},
    topology::{Blueprint, Call, Named},
};

/// Does the one thing.
pub(super) async fn act(
    world: &(impl Ledger + Runtime + Members + Parameters + People),
    pass: &mut Pass,
    observed: &Observed,
    (action, retire): (&Action, Retire),
) -> Result<Came, Error> {
    let known = pass.run.refusal.take();
    match action {
        Action::Wait(_) | Action::Outlast(_) | Action::Fence(_) => {}
        Action::Done => succeed(world, pass, observed).await,
        Action::Remember(region) => remember(world, pass, observed, region).await?,
        Action::Record(global) => record(world, pass, global).await?,
        Action::Name(region, global) => misnamed::name(world, pass, region, global).await?,
        Action::Call(region, call) => {
            harmless(observed, region, call, retire)?;
            pass.run.refusal = known;
            let made = world.call(region, call).await;
            if matches!(made, Ok(Accepted::Yes) | Err(Error::Unavailable(_)))
                && let Some(message) = unlisted::message(&pass.run.plan, observed, (region, call))
            {
                tell(world, &pass.run.plan, &message).await;
            }
            return called(pass, observed, call, made);
        }
    }
    // What is under way ends a refusal, and a pass that waits is not recorded otherwise.
    if known.is_some() {
        world.put_run(world.region(), &pass.run).await?;
    }
    Ok(Came::AsDecided)
}

/// What came of a call: RDS's words are in the reason from the first refusal on.
pub(super) fn called(
    pass: &mut Pass,
    observed: &Observed,
    call: &Call,
    made: Result<Accepted, Error>,
) -> Result<Came, Error> {
    let asked = call.to_string();
    match made {
        Ok(Accepted::Yes) => {
            pass.run.refusal = None;
            Ok(Came::AsDecided)
        }
        Ok(Accepted::NotNow(said)) => {
            refused(pass, &asked, (Trouble::State, &said), observed.shown())?;
            Ok(Came::NotNow(format!(
                "RDS would not yet that {asked}: {said}"
            )))
        }
        Ok(Accepted::Throttled(said)) => {
            refused(pass, &asked, (Trouble::Silent, &said), observed.shown())?;
            Ok(Came::Throttled(said))
        }
        // It may have been taken: the next pass looks.
        Err(Error::Unavailable(said)) if !pass.run.forced => {
            refused(pass, &asked, (Trouble::Silent, &said), observed.shown())?;
            Ok(Came::Unknown(format!(
                "nobody answered that {asked}: {said}"
            )))
        }
        Err(Error::Denied(said)) => Err(rights::denied(observed, call, &said)),
        Err(why) => Err(why),
    }
}

/// Notes a refusal, as long as its kind is waited for.
pub(super) fn refused(
    pass: &mut Pass,
    asked: &str,
    trouble: (Trouble, &str),
    shown: Shown,
) -> Result<(), Error> {
    let known = pass.run.refusal.take();
    pass.run.refusal = Refusal::after(known.as_ref(), asked, trouble, shown, pass.now)?;
    Ok(())
}

async fn remember(
    world: &impl Ledger,
    pass: &Pass,
    observed: &Observed,
    region: &Region,
) -> Result<(), Error> {
    let member = observed.members.iter().find(|seen| seen.region == *region);
    let Some((member, shape)) = member.and_then(|seen| Some((seen, seen.worth_keeping()?))) else {
        return Ok(());
    };
    let noted = world.blueprint(pass.run.name(), region).await?;
    let healthy = member.healthy.as_ref();
    let shape = unfinished::finished(noted.as_ref(), shape, healthy);
    let mut blueprint = Blueprint::of(shape, observed.past.as_ref(), epoch(pass), pass.now);
    if blueprint.global.is_none() {
        blueprint.global = healthy.and_then(|healthy| healthy.newest.global.clone());
    }
    world
        .put_blueprint(pass.run.name(), region, &blueprint)
        .await
}

/// What each successor is from now on counts. Without the mark a later rebuild goes by what was retired, and the schedule that
/// keeps members sets it yet.
async fn succeed(world: &impl Ledger, pass: &Pass, observed: &Observed) {
    for (region, blueprint) in successions(observed, pass.now) {
        let marked = world.put_blueprint(pass.run.name(), region, &blueprint);
        if let Err(why) = marked.await {
            tracing::warn!(%region, %why, "a succession is not noted yet");
        }
    }
}

/// The records that successors stand for, with their mark.
pub(super) fn successions(observed: &Observed, now: Timestamp) -> Vec<(&Region, Blueprint)> {
    let members = observed.members.iter();
    let marked = members.filter_map(|member| {
        let (retired, live) = (member.blueprint.as_ref()?, member.cluster.as_ref()?);
        Some((&member.region, retired.succeeded(live, now)?))
    });
    marked.collect()
}

fn epoch(pass: &Pass) -> Epoch {
    let current = pass.rows.current();
    current.map(|current| current.epoch).unwrap_or_default()
}

/// Every run after this one finds the standby in the global cluster that the ledgers name.
async fn record(world: &impl Ledger, pass: &Pass, global: &Named) -> Result<(), Error> {
    let epoch = epoch(pass);
    for region in &pass.run.leased {
        update(world, region, pass.run.name(), |row| {
            row.lead(&pass.run.run_id, epoch, global)
        })
        .await?;
    }
    Ok(())
}
