//! The run that a forced pass is: one step's, under the name of its work.

use super::run_id;
use crate::{
    Error,
    domain::{Epoch, Region, RunId},
    guard::not_adopted,
    ledger::{Claim, Current, KeptPlan, Rows, Run, RunKind},
    pass::Input,
    plan::Plan,
    ports::{Ledger, Runtime},
};

/// The run that a forced pass of a step is, without its leases.
pub(super) async fn prepare(
    world: &(impl Ledger + Runtime),
    step: &str,
    input: &Input,
    (known, rows): (KeptPlan, &Rows),
) -> Result<Run, Error> {
    let here = world.region();
    is_for(here, input)?;
    known.plan.admits(step)?;
    let current = rows.current();
    let current = current.ok_or_else(|| not_adopted(&input.plan))?;
    is_of(current, input)?;
    let left = left(&known.plan, current, here);
    let mut run = new_run(world, input, known, current.epoch, &left)?;
    run.run_id = RunId(run_id(step, here, current.epoch));
    run.forced = true;
    // An earlier pass of the same work has begun it: what it did to services and records still counts.
    if let Some(earlier) = world.run(here, run.name(), &run.run_id).await? {
        run = continued(run, earlier);
    }
    run.accept_data_loss = input.accept_data_loss;
    run.abandons_living_writer = input.abandon_living_writer;
    run.leased.clear();
    Ok(run)
}

/// A forced pass acts in its own Region only.
fn is_for(here: &Region, input: &Input) -> Result<(), Error> {
    let target = input.target_region.as_ref();
    match target.filter(|target| *target != here) {
        None => Ok(()),
        Some(target) => Err(Error::InvalidRequest(format!(
            "target_region is {target}; call the function in that Region, this is {here}"
        ))),
    }
}

/// Whoever forces a pass names the writer that they mean.
fn is_of(current: &Current, input: &Input) -> Result<(), Error> {
    let stands = format!("{}@{}", input.plan, current.epoch);
    match input.force.as_ref().filter(|force| **force != stands) {
        None => Ok(()),
        Some(force) => Err(Error::InvalidRequest(format!(
            "force is {force:?}, and the plan stands at epoch {}; write {stands:?} if you mean that writer, in {}",
            current.epoch, current.writer
        ))),
    }
}

/// The run with what an earlier pass of its work left: its record where that is open, and the leases that it kept.
fn continued(run: Run, earlier: Run) -> Run {
    if earlier.closed.is_none() {
        return earlier;
    }
    Run {
        kept: earlier.kept,
        ..run
    }
}

/// A run by hand of one pass, by what was asked for.
pub(super) fn new_run(
    world: &impl Runtime,
    input: &Input,
    known: KeptPlan,
    epoch: Epoch,
    writer: &Region,
) -> Result<Run, Error> {
    let here = world.region();
    let to = input.target_region.clone().unwrap_or_else(|| here.clone());
    are_members(&known.plan, input, &to, writer)?;
    let claim = Claim {
        run_id: "by-hand".into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: input.from_region.clone().unwrap_or_else(|| writer.clone()),
        to,
    };
    Ok(Run {
        leased: [here.clone()].into(),
        ..Run::opened(claim, known.plan, epoch, world.now())
    })
}

/// Refuses Regions that the plan does not name.
fn are_members(plan: &Plan, input: &Input, to: &Region, writer: &Region) -> Result<(), Error> {
    let given = [
        ("target_region", Some(to)),
        ("from_region", input.from_region.as_ref()),
        ("the current writer's Region", Some(writer)),
    ];
    let mut given = given
        .into_iter()
        .filter_map(|(field, region)| Some((field, region?)));
    let Some((field, stranger)) = given.find(|(_, region)| !plan.members().contains_key(*region))
    else {
        return Ok(());
    };
    let members: Vec<_> = plan.members().keys().map(Region::as_str).collect();
    Err(Error::InvalidRequest(format!(
        "{field} is {stranger}, which is not a member of plan {}; use one of {}",
        input.plan,
        members.join(", ")
    )))
}

/// The Region that a forced pass leaves behind where the caller does not say: the current writer's, or, where that is this
/// one already, the only other member's.
fn left(plan: &Plan, current: &Current, here: &Region) -> Region {
    let mut others = plan.members().keys().filter(|region| *region != here);
    match (others.next(), others.next()) {
        (Some(other), None) if current.writer == *here => other.clone(),
        _ => current.writer.clone(),
    }
}
