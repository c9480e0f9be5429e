//! What one pass sees: RDS in the target's Region, the ledgers, and the guards' word on promoting now.

use jiff::{SignedDuration, Timestamp};

use super::{IntentState, Observed, Tried, resolve};
use crate::members::{Members, in_region};
use failover::{
    Error,
    beat::{Vantage, Write},
    evidence::Said,
    guard,
    ledger::{self, Confirmed, Run},
    pass::{Pass, SILENCE, calls},
    plan::Strategy,
    ports::{Ledger, Parameters, Runtime},
    switches::Switches,
    topology::{Cluster, GlobalCluster, Group, Named, Role, is_led_by, role},
};
use steps::confirm_outage::is_gone;

pub(super) async fn observe(
    world: &(impl Ledger + Runtime + Members + Parameters),
    pass: &Pass,
) -> Result<Observed, Error> {
    let run = &pass.run;
    let (global, target, switches) = shown(world, pass).await?;
    let intent = intent_state(pass);
    let role = role(global.as_ref(), &target);
    let everywhere = asks_everywhere(run, intent, role, pass.now);
    let lived_at = last_life(world, run, everywhere).await;
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
        may_detach: run.plan.topology.strategy() != Strategy::Managed,
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
    let target = world.cluster(&run.to, &member.cluster);
    let switches = world.switches(run.name());
    let (global, target, switches) = futures::future::try_join3(global, target, switches).await?;
    let target = target.ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "RDS in {} knows no cluster {}",
            run.to, member.cluster
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
    let left = left.map(|member| member.cluster.as_str());
    global.is_some_and(|global| is_led_by(global, &run.from, left.unwrap_or_default()))
}

/// Whether every member Region's probe is asked for a last sign of life: where this very pass may promote, because the road may be
/// cut from here alone, and where somebody forces it, who is the evidence and may not know. A dead Region costs that pass a second,
/// so it is spared where the evidence, in which all of them were asked, is as new as another look.
fn asks_everywhere(run: &Run, intent: IntentState, role: Role, now: Timestamp) -> bool {
    const AS_NEW: SignedDuration = SignedDuration::from_secs(5);
    let confirmed = run.confirmed.as_ref();
    let is_new = confirmed
        .is_some_and(|confirmed| now.duration_since(confirmed.evidence.gathered_at) < AS_NEW);
    run.forced || (intent == IntentState::OwnIntent && role == Role::Standby && !is_new)
}

/// When a probe last knew the old writer alive: this Region's, or any. What does not answer knows nothing.
async fn last_life(world: &impl Ledger, run: &Run, everywhere: bool) -> Option<Timestamp> {
    let was_silent = |confirmed: &Confirmed| confirmed.evidence.said == Said::Nothing;
    let answers_are_new = !run.forced && run.confirmed.as_ref().is_some_and(was_silent);
    let members = run.plan.members().keys();
    let members = members.filter(|region| everywhere || **region == run.to);
    let asked = members.map(async |region| {
        let vantage = world.vantage(region, run.name());
        let vantage = tokio::time::timeout(SILENCE, vantage).await.ok()?.ok()??;
        let lived = lived_at(&vantage, answers_are_new);
        lived.filter(|_| vantage.writer_region == run.from)
    });
    let seen = futures::future::join_all(asked).await;
    seen.into_iter().flatten().max()
}

/// When a vantage last knew the writer alive, by its own clock. One attempt that failed since is no death. An answer without a
/// commit counts where it is new: what was answered before the evidence is in it already, and may have been approved.
fn lived_at(vantage: &Vantage, answers_are_new: bool) -> Option<Timestamp> {
    const AT_ONCE: SignedDuration = SignedDuration::from_mins(3);
    let commits = matches!(vantage.write, Write::Committed { .. });
    let answers = answers_are_new && Said::of(&vantage.write) != Said::Nothing;
    let last = (commits || answers).then_some(vantage.at);
    // Where nobody looked between the last beat and the first failure, the failure tells nothing of the writer's end.
    let beat = vantage.last_beat.map(|beat| beat.at);
    let ended = vantage.signs.uncommitted_since;
    let ended = ended.filter(|ended| beat.is_some_and(|at| ended.duration_since(at) < AT_ONCE));
    let answered = vantage.signs.answered_at.max(vantage.signs.spoke_at);
    let answered = answered.filter(|_| answers_are_new);
    let saturated = vantage.signs.saturated_at;
    last.max(ended).max(saturated).max(answered)
}

/// Why the first promoting call may not be made now: a switch, or the guards' word on the evidence and the loss.
fn refusal(
    run: &Run,
    switches: &Switches,
    lived_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<Error> {
    let judge = || {
        switches.admit(run.name())?;
        if run.forced {
            guard::abandoned(run, lived_at, now)?;
            return guard::forced(run.accept_data_loss);
        }
        let confirmed = run.confirmed.as_ref();
        guard::freshness(&run.plan, confirmed, now)?;
        guard::still_down(confirmed, lived_at)?;
        confirmed.map_or(Ok(()), |confirmed| {
            guard::loss(&run.plan, confirmed.loss.as_ref())
        })
    };
    judge().err()
}

/// Why nothing is promoted where RDS, which did not answer when the outage was confirmed, shows now what `auto` would answer with a
/// detach: of a Region that is not gone people are asked about that.
fn unasked(run: &Run, target: &Cluster, global: Option<&GlobalCluster>) -> Option<Error> {
    let confirmed = run.confirmed.as_ref().filter(|_| !run.forced)?;
    let is_auto = run.plan.topology.strategy() == Strategy::Auto && run.strategy.is_none();
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

pub(crate) fn intent_state(pass: &Pass) -> IntentState {
    let run = &pass.run;
    let own = |row: &ledger::PlanState| {
        row.intent
            .as_ref()
            .is_some_and(|intent| intent.run_id == run.run_id)
    };
    if pass
        .rows
        .current()
        .is_some_and(|current| current.writer == run.to)
    {
        IntentState::Proven
    } else if run
        .leased
        .iter()
        .all(|region| pass.rows.0.get(region).is_some_and(own))
    {
        IntentState::OwnIntent
    } else if pass.rows.0.get(&run.to).is_some_and(own) {
        IntentState::OwnIntentHere
    } else if pass
        .rows
        .intent()
        .is_some_and(|intent| intent.to == run.to && intent.run_id != run.run_id)
    {
        IntentState::AnotherRunsIntent
    } else {
        IntentState::Nothing
    }
}

#[cfg(test)]
mod tests;
