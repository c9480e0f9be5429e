//! What a pass has to hold before it looks at anything: the run's record, its lease in both Regions, its epoch, and no switch that is on.

use std::collections::BTreeMap;

use failover::{
    Error,
    domain::{PlanName, Region, RunId},
    ledger::{PlanState, Rows},
    pass::briefly,
    ports::{self, Ledger, Parameters, Runtime},
};
use jiff::Timestamp;

use super::{Of, Pass};
use crate::{
    phase::Phase,
    records::Records,
    row::Row,
    run::{Kind, WorkloadRun},
};

/// Reads the run's record and renews its leases. The recovery Region must answer until the business there is suspended.
///
/// # Errors
/// `RunRefused` for a run that does not hold the plan, is of another epoch or closed, and while the kill switch is on; `Unavailable`.
pub async fn opened<W>(world: &W, of: &Of) -> Result<Pass, Error>
where
    W: Ledger + Runtime + Records + Parameters,
{
    let now = world.now();
    let run = recorded(world, &of.plan, &of.run_id).await?;
    may_act(&run, of)?;
    world.switches(&of.plan).await?.admit_planned(&of.plan)?;
    let ledgers = renewed(world, &run, now, of.dry_run).await?;
    let rows = rows_of(world, &run).await?;
    Ok(Pass {
        run,
        ledgers,
        rows,
        now,
        dry_run: of.dry_run,
    })
}

async fn recorded<W: Runtime + Records>(
    world: &W,
    plan: &PlanName,
    run_id: &RunId,
) -> Result<WorkloadRun, Error> {
    let here = world.region();
    let run = world.workload_run(here, plan, run_id).await?;
    let run = run.ok_or_else(|| {
        Error::RunRefused(format!(
            "run_id is {run_id}, and the ledger of {here} holds no such run of plan {plan}; call with the operation status to see its runs"
        ))
    })?;
    is_home(here, &run)?;
    Ok(run)
}

/// The record of home has the last word, and only home counts its writes.
fn is_home(here: &Region, run: &WorkloadRun) -> Result<(), Error> {
    let home = &run.plan.home_region;
    if here == home {
        return Ok(());
    }
    Err(Error::InvalidRequest(format!(
        "plan {} comes home to {home}, and this is {here}; call the function in {home}",
        run.name()
    )))
}

/// Whether a run is open, not being closed, and of the epoch that the pass names.
fn may_act(run: &WorkloadRun, of: &Of) -> Result<(), Error> {
    if let Some(closed) = &run.closed {
        return Err(Error::RunRefused(format!(
            "run {} of plan {} was closed at {} as {}; start another one",
            run.run_id, of.plan, closed.at, closed.outcome
        )));
    }
    if let Some(at) = run.closing {
        return Err(Error::RunRefused(format!(
            "run {} of plan {} is being closed since {at}; close it, and start another one",
            run.run_id, of.plan
        )));
    }
    if run.epoch != of.epoch {
        return Err(Error::RunRefused(format!(
            "epoch is {}, and run {} of plan {} was opened at epoch {}; give it that",
            of.epoch, run.run_id, of.plan, run.epoch
        )));
    }
    Ok(())
}

/// Whether the recovery Region's ledger may be silent: the business there is suspended, and nobody else may take the plan at home.
#[must_use]
pub fn may_be_silent(run: &WorkloadRun) -> bool {
    match run.kind {
        Kind::RestoreHome | Kind::Rehearse => run.left.contains_key(&Phase::Suspend),
        Kind::Revert => false,
    }
}

/// Renews the lease in both Regions' rows, or finds out whether it could be renewed.
async fn renewed<W: Ledger>(
    world: &W,
    run: &WorkloadRun,
    now: Timestamp,
    dry_run: bool,
) -> Result<Rows, Error> {
    let change = |row: &PlanState| row.renew(&run.run_id, run.epoch, now);
    let renew = async |region: &Region| {
        if dry_run {
            return change(&world.row(region, run.name()).await?);
        }
        ports::update(world, region, run.name(), change).await
    };
    let (home, recovery) = (&run.plan.home_region, &run.plan.recovery_region);
    let mut rows = BTreeMap::from([(home.clone(), renew(home).await?)]);
    let other = match may_be_silent(run) {
        true => briefly(recovery, renew(recovery)).await,
        false => renew(recovery).await,
    };
    match other {
        Err(Error::Unavailable(why)) if may_be_silent(run) => {
            tracing::warn!(region = %recovery, why, "its lease is not renewed, and nothing there is needed any more");
        }
        other => drop(rows.insert(recovery.clone(), other?)),
    }
    Ok(Rows(rows))
}

/// What is kept of a run's resources, by name.
///
/// # Errors
/// `Unavailable` when the ledger of home does not answer.
pub async fn rows_of<W: Records>(
    world: &W,
    run: &WorkloadRun,
) -> Result<BTreeMap<String, Row>, Error> {
    let home = &run.plan.home_region;
    let rows = world.rows(home, run.name(), &run.run_id).await?;
    let rows = rows.into_iter();
    Ok(rows.map(|row| (row.resource.clone(), row)).collect())
}
