//! The one thing that a pass of a rebuild does, and what came of it.

use jiff::Timestamp;

use super::{Action, Observed, Retire, harmless, misnamed, rights, unfinished};
use crate::members::{Accepted, Members};
use failover::{
    Error,
    domain::{Epoch, Region},
    notify::{Message, tell},
    pass::{Pass, frame::Came},
    plan::Plan,
    ports::{Ledger, Parameters, People, Runtime, update},
    topology::{Blueprint, Call, Named},
};
use steps::rebuilding::{self, Retired};

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
                && let Some(message) = unlisted(&pass.run.plan, observed, (region, call))
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

/// What people are told of a call that retires a member of another Region before anybody listed what only it has.
fn unlisted(plan: &Plan, observed: &Observed, (region, call): (&Region, &Call)) -> Option<Message> {
    let Call::RenameCluster { cluster, to } = call else {
        return None;
    };
    let mut members = observed.members.iter();
    let member = members.find(|member| member.region == *region)?;
    let is_told = member.unlisted.is_some() && *region != observed.acting;
    let retired = Retired {
        region,
        name: cluster,
        to,
        snapshot: &member.snapshot_name,
        epoch: observed.epoch,
    };
    is_told.then(|| rebuilding::unlisted(plan, &observed.acting, retired))
}

/// What came of a call, and what gives the right that it lacks.
pub(super) fn called(
    pass: &mut Pass,
    observed: &Observed,
    call: &Call,
    made: Result<Accepted, Error>,
) -> Result<Came, Error> {
    let made = match made {
        Ok(accepted) => Ok(accepted),
        Err(Error::Denied(said)) => Err(rights::denied(observed, call, &said)),
        Err(why) => Err(why),
    };
    rebuilding::called(pass, &call.to_string(), observed.shown(), made)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rebuild_global::{
        SeenMember,
        tests::{deposed, home},
    };
    use failover::testing;

    #[test]
    fn a_member_of_another_region_that_nobody_listed_is_told_when_it_is_retired() {
        let mut observed = deposed();
        home(&mut observed).unlisted = Some("nothing lists yet what only orders-west has".into());
        let third = SeenMember {
            region: "eu-west-1".into(),
            name: "orders-third".into(),
            ..home(&mut observed).clone()
        };
        observed.members.insert(0, third);
        let rename = Call::RenameCluster {
            cluster: "orders-third".into(),
            to: "orders-third-retired-20261126-8".into(),
        };
        let remove = Call::Remove {
            global_cluster: "orders-global-1".into(),
            arn: "arn".into(),
        };
        let plan = testing::run().plan;
        let of = |observed: &Observed, region: &str, call: &Call| {
            unlisted(&plan, observed, (&region.into(), call)).map(|told| told.what)
        };
        let told = of(&observed, "eu-west-1", &rename).unwrap();
        assert!(
            told.starts_with("orders-third-retired-20261126-8"),
            "{told}"
        );
        assert_eq!(of(&observed, "eu-west-1", &remove), None, "not retired yet");
        let own = of(&observed, "us-west-2", &rename);
        assert_eq!(own, None, "the run has listed it or told why not");
        observed.members[0].unlisted = None;
        assert_eq!(of(&observed, "eu-west-1", &rename), None, "it is listed");
    }
}
