//! Passes called by hand: forced ones, each a run of one step which takes the plan's lease for its one pass; and dry runs,
//! which find out what the forced pass would do or be refused with.

use crate::{
    Error,
    domain::{Epoch, Region, RunId},
    ledger::{Rows, Run},
    notify::commands,
    pass::{Input, Output, Progress},
    plan::{Phase, Plan, function_of},
    ports::{Ledger, People, Runtime},
};

mod close;
mod dry;
mod leases;
mod ledgers;
mod message;
mod prepare;

pub use dry::{dry, rehearse};
pub use ledgers::{known, reachable, unknown};

use close::close;
use leases::{Tokens, ended, give_back, lease};
use prepare::prepare;

/// The step that proves what was promoted.
pub const PROVE: &str = "prove_writer";

/// Makes a forced pass of a step; `carried_out` says whether RDS shows that this Region's member is promoted already.
///
/// # Errors
/// `InvalidRequest` for a `force` that does not fit, `RunRefused` while a run holds the plan, and those of the step.
pub async fn forced<O>(
    world: &(impl Ledger + Runtime + People),
    step: &str,
    input: &Input,
    carried_out: impl AsyncFn(&Plan, &Rows) -> bool,
    pass: impl AsyncFn(&Input) -> Result<Output<O>, Error>,
) -> Result<Output<O>, Error> {
    let (mut run, held) = open(world, step, input, carried_out).await?;
    let forced = Input {
        run_id: Some(run.run_id.clone()),
        from_region: Some(run.from.clone()),
        target_region: Some(run.to.clone()),
        epoch: Some(run.epoch),
        ..Input::of(input.plan.clone())
    };
    let mut result = pass(&forced).await;
    if let Ok(output) = &mut result
        && output.progress == Progress::Done
    {
        output.next = follow(world, step, &run).await;
        output.reason.extend(uncalled(step, &run.plan));
    }
    close(world, step, (&mut run, &held), &result).await;
    result
}

/// The calls that follow a forced pass of a step, in their order: a promotion is proven, and what is proven fences the member that
/// was left, leads applications over, and has listed what only that member took.
async fn follow(world: &impl Ledger, step: &str, run: &Run) -> Vec<String> {
    let (plan, to, left) = (&run.plan, &run.to, &run.from);
    match step {
        // Whoever proves a writer without a heart says that it takes writes, and no program says that.
        promoting
            if plan.has_heart() && plan.kind().runs().promoting().any(|step| step == promoting) =>
        {
            vec![commands::prove(plan, to, run.epoch)]
        }
        PROVE => {
            // It has just written there under which epoch it proved the writer.
            let row = world.row(to, run.name()).await;
            let epoch = row.map_or(run.epoch.next(), |row| row.proven_epoch());
            let of = |region: &Region, function: &str| {
                commands::force(plan, region, (function, None), epoch)
            };
            let fence = commands::force(plan, left, ("fence-writer", Some("fence")), epoch);
            // Names wait for the logins that a stop took: locks travel to a replica.
            let opening = plan.kind().runs().opening.map(function_of);
            let opening = opening.map(|function| of(to, &function));
            let names = [of(to, "dns-flip"), of(to, "ecs-restart")];
            let losses = of(left, "loss-ledger");
            let first = std::iter::once(fence).chain(opening);
            let led = with_hooks(names, |phase| {
                let hook = plan.hooks.of(phase);
                hook.map(|_| commands::hook(plan, to, phase, epoch))
            });
            first.chain(led).chain([losses]).collect()
        }
        _ => Vec::new(),
    }
}

/// The calls that lead names and restart services, each among the plan's own functions of its phase, in a run's order.
fn with_hooks(
    [names, services]: [String; 2],
    hook: impl Fn(Phase) -> Option<String>,
) -> impl Iterator<Item = String> {
    let in_order = [
        hook(Phase::AfterPromote),
        hook(Phase::BeforeNames),
        Some(names),
        hook(Phase::AfterNames),
        hook(Phase::BeforeServices),
        Some(services),
        hook(Phase::AfterServices),
    ];
    in_order.into_iter().flatten()
}

/// What a forced promotion says of the plan's own function before one, which it does not call.
fn uncalled(step: &str, plan: &Plan) -> Option<String> {
    let hook = plan.hooks.of(Phase::BeforePromote)?;
    let mut promoting = plan.kind().runs().promoting();
    let phase = Phase::BeforePromote.name();
    let said = format!(
        "; the hook {phase} ({}) is not called by hand",
        hook.function
    );
    promoting.any(|promoting| promoting == step).then_some(said)
}

/// Refuses words that do not go together, before anything is looked at.
pub fn is_consistent(input: &Input) -> Result<(), Error> {
    let forced = input.force.is_some();
    for (field, given) in [
        ("accept_data_loss", input.accept_data_loss),
        ("abandon_living_writer", input.abandon_living_writer),
    ] {
        if given && !forced && !input.dry_run {
            return Err(Error::InvalidRequest(format!(
                "{field} is true without force; it is for forced passes by hand only"
            )));
        }
        if input.run_id.is_some() && (forced || given) {
            return Err(Error::InvalidRequest(format!(
                "force or {field} stands beside run_id; a run needs neither, leave one out"
            )));
        }
    }
    Ok(())
}

/// Refuses force where a step has no use for it: what arrives here has been forced already, or changes nothing.
pub fn is_unforced(input: &Input) -> Result<(), Error> {
    if input.force.is_some() || input.accept_data_loss || input.abandon_living_writer {
        return Err(Error::InvalidRequest(
            "force, accept_data_loss and abandon_living_writer are for steps that change something; leave them out".into(),
        ));
    }
    Ok(())
}

/// The name that forced passes of a step go by in the ledgers: the same for those that finish one piece of work. Two
/// Regions' passes are two pieces of work: under one name they would share a lease.
#[must_use]
pub fn run_id(step: &str, region: &Region, epoch: Epoch) -> String {
    format!("by-hand-{step}-{region}-{epoch}")
}

/// Whether forced passes go by this name.
#[must_use]
pub fn is_by_hand(run: &RunId) -> bool {
    run.as_str().starts_with("by-hand-")
}

/// Takes the plan's lease in every member Region, the one that is left only if it answers, and keeps a record.
async fn open(
    world: &(impl Ledger + Runtime),
    step: &str,
    input: &Input,
    carried_out: impl AsyncFn(&Plan, &Rows) -> bool,
) -> Result<(Run, Tokens), Error> {
    let here = world.region();
    let known = known(world, input).await?;
    let rows = Rows(reachable(world, &known).await?);
    let mut run = prepare(world, step, input, (known, &rows)).await?;
    let is_promoted = is_promoted(here, &run, &rows, carried_out).await;
    let mut held = Tokens::new();
    let ended = ended(world, &run, &rows).await;
    if let Err(why) = lease(world, &mut run, (&ended, &mut held), is_promoted).await {
        give_back(world, &run).await;
        return Err(why);
    }
    world.put_run(here, &run).await?;
    tracing::warn!(plan = %input.plan, step, run_id = %run.run_id, "a forced pass by hand");
    Ok((run, held))
}

/// Whether this Region has the proven writer, or RDS shows that its member is promoted: none of the others can hold anything up
/// then by being silent.
async fn is_promoted(
    here: &Region,
    run: &Run,
    rows: &Rows,
    carried_out: impl AsyncFn(&Plan, &Rows) -> bool,
) -> bool {
    let current = rows.current();
    let is_proven = current.is_some_and(|current| current.writer == *here);
    is_proven || carried_out(&run.plan, rows).await
}

#[cfg(test)]
mod tests;
