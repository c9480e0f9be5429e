//! What one pass sees: RDS in the target's Region, the ledgers, and the guards' word on promoting now.

use super::{Observed, Tried, resolve};
use crate::members::{Members, in_region};
use failover::{
    Error,
    ledger::Run,
    pass::{Pass, calls},
    plan::Strategy,
    ports::{Ledger, Parameters, Runtime},
    switches::Switches,
    topology::{Cluster, GlobalCluster, Group, Named, Role, is_led_by, role},
};
use steps::{
    confirm_outage::is_gone,
    promotion::{IntentState, life, refusal},
};

pub(super) async fn observe(
    world: &(impl Ledger + Runtime + Members + Parameters),
    pass: &Pass,
) -> Result<Observed, Error> {
    let run = &pass.run;
    let (global, target, switches) = shown(world, pass).await?;
    let intent = IntentState::of(pass);
    let role = role(global.as_ref(), &target);
    let may_promote = intent == IntentState::OwnIntent && role == Role::Standby;
    let lived_at = life::last(
        world,
        run,
        life::asks_everywhere(run, may_promote, pass.now),
    )
    .await;
    let confirmed = run.confirmed.as_ref();
    let tried = Tried::of(run, global.as_ref(), pass.now);
    let may_pass = calls::may_show(run, pass.now);
    Ok(Observed {
        led_by_the_writer: is_led_by_the_left(run, global.as_ref()),
        is_between_writers: may_pass
            && global
                .as_ref()
                .is_some_and(GlobalCluster::is_between_writers),
        strategy: strategy(run, &target, global.as_ref(), &tried),
        refusal: refusal(run, &switches, lived_at, world.now())
            .or_else(|| unasked(run, &target, global.as_ref())),
        may_detach: run.plan.topology.strategy() != Some(Strategy::Managed),
        tried,
        global,
        target,
        intent,
        region_is_down: confirmed.is_some_and(|confirmed| is_gone(confirmed.verdict)),
    })
}

/// The global cluster, the target and the plan's switches, in the target's Region.
async fn shown(
    world: &(impl Ledger + Runtime + Members + Parameters),
    pass: &Pass,
) -> Result<(Option<GlobalCluster>, Cluster, Switches), Error> {
    let run = &pass.run;
    let member = run.plan.members().get(&run.to).ok_or_else(|| {
        Error::InvalidRequest(format!(
            "target_region is {}, which is not a member of plan {}",
            run.to,
            run.name()
        ))
    })?;
    let named = named(pass);
    let global = async {
        match &named {
            Some(named) => in_region(world, &run.to, named).await,
            None => Ok(None),
        }
    };
    let target = world.cluster(&run.to, &member.identifier);
    let switches = world.switches(run.name());
    let (global, target, switches) = futures::future::try_join3(global, target, switches).await?;
    let target = target.ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "RDS in {} knows no cluster {}",
            run.to, member.identifier
        ))
    })?;
    Ok((global, target, switches))
}

/// The global cluster that a change of writer to the target was begun in, or the ledger's current one.
fn named(pass: &Pass) -> Option<Named> {
    let intent = pass.rows.intent().filter(|intent| intent.to == pass.run.to);
    let of_intent = intent.and_then(|intent| intent.global_cluster.clone());
    let current = pass.rows.current();
    of_intent.or_else(|| current.and_then(|current| current.global_cluster.clone()))
}

fn is_led_by_the_left(run: &Run, global: Option<&GlobalCluster>) -> bool {
    let left = run.plan.members().get(&run.from);
    let left = left.map(|member| member.identifier.as_str());
    global.is_some_and(|global| is_led_by(global, &run.from, left.unwrap_or_default()))
}

/// Why nothing is promoted where RDS, which did not answer when the outage was confirmed, shows now what `auto` would answer with a
/// detach: of a Region that is not gone people are asked about that.
fn unasked(run: &Run, target: &Cluster, global: Option<&GlobalCluster>) -> Option<Error> {
    let confirmed = run.confirmed.as_ref().filter(|_| !run.forced)?;
    let is_auto = run.plan.topology.strategy() == Some(Strategy::Auto) && run.strategy.is_none();
    if !is_auto || is_gone(confirmed.verdict) {
        return None;
    }
    let resolved = resolve(&run.plan, Some(target), global.map(Group::from).as_ref());
    (resolved.strategy == Strategy::Detach).then(|| {
        Error::EvidenceStale(format!(
            "{}, so that auto would detach {}, about which people are asked; confirming again",
            resolved.reason, target.identifier
        ))
    })
}

/// How to promote: as it was resolved when the outage was confirmed, or now where a human forces it or RDS did not answer then.
fn strategy(
    run: &Run,
    target: &Cluster,
    global: Option<&GlobalCluster>,
    tried: &Tried,
) -> Strategy {
    match &run.strategy {
        // A human is the evidence: nothing is to be confirmed anew.
        None if run.forced && tried.given_up.is_some() => Strategy::Detach,
        Some(resolved) => resolved.strategy,
        None => resolve(&run.plan, Some(target), global.map(Group::from).as_ref()).strategy,
    }
}

#[cfg(test)]
mod tests;
