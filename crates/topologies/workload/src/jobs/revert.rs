//! What a run that undoes a cut-over stands on: the run that made it, and what that one remembered of each resource.

use std::collections::BTreeMap;

use failover::{
    Error,
    domain::{PlanName, Region, RunId},
    ledger::{Current, Rows},
};
use futures::stream::{self, StreamExt};

use super::{
    World,
    services::{anew, lit_at},
};
use crate::{
    pass::{AT_ONCE, Pass, rows_of},
    phase::Phase,
    plan::WorkloadPlan,
    records::Records,
    row::{Kept, Row},
    run::{Kind, WorkloadRun},
};

/// How a rehearsal closes that ended well.
pub(super) const REHEARSED: &str = "rehearsed";
/// What the row of a resource keeps of its rehearsal that later runs ask for.
const REHEARSED_AT: &str = crate::kinds::tables::memory::REHEARSED_AT;

/// The run whose cut-over is to be undone.
///
/// # Errors
/// `NotReady` where no run of the plan has begun to cut over.
pub(super) async fn undone<W: Records>(
    world: &W,
    home: &Region,
    plan: &PlanName,
) -> Result<WorkloadRun, Error> {
    let last = world.last_run(home, plan, Kind::RestoreHome).await?;
    let last = last.filter(|run| run.entered.contains_key(&Phase::Suspend));
    last.ok_or_else(|| {
        Error::NotReady(format!(
            "no run has stopped the business of plan {plan} or begun to cut over; there is nothing to undo"
        ))
    })
}

/// Whether there is something of that run to undo, and whether it loses what home has taken since it serves, or since it was lit.
///
/// # Errors
/// `NotReady` where there is not; `DataLossTooLarge` where writes are lost and nobody has accepted that.
pub(super) async fn may_open<W: Records>(
    world: &W,
    last: &WorkloadRun,
    rows: &Rows,
    accept_data_loss: bool,
) -> Result<(), Error> {
    let plan = &last.plan;
    let begun = rows.intent();
    let begun = begun.is_some_and(|intent| intent.run_id == last.run_id);
    let serves = has_flipped(plan, rows);
    let is_its = serves.is_some_and(|current| current.run_id == last.run_id);
    if !begun && !is_its {
        return Err(Error::NotReady(format!(
            "run {} of plan {} was undone already, or another change has followed it; there is nothing to undo",
            last.run_id, plan.plan
        )));
    }
    if accept_data_loss {
        return Ok(());
    }
    let home = &plan.home_region;
    let says = match serves {
        Some(current) => format!(
            "{} serves plan {} since {}",
            current.writer, plan.plan, current.proven_at
        ),
        None => match lit_at(&rows_of(world, last).await?, home) {
            Some(at) => format!(
                "the pilot lights of plan {} in {home} are lit since {at}",
                plan.plan
            ),
            None => return Ok(()),
        },
    };
    Err(Error::DataLossTooLarge(format!(
        "{says}: what was written there since is lost by going back, and nobody knows how much that is; say \"accept_data_loss\": true to go back all the same"
    )))
}

/// The proof of home, where home serves.
pub(super) fn has_flipped<'a>(plan: &WorkloadPlan, rows: &'a Rows) -> Option<&'a Current> {
    rows.current()
        .filter(|current| current.writer == plan.home_region)
}

/// Makes a row for each resource. One that undoes a cut-over remembers all that the run did which made it. What is there stays.
///
/// # Errors
/// `Unavailable` where the ledger of home does not answer.
pub(super) async fn seed<W: World>(world: &W, run: &WorkloadRun) -> Result<(), Error> {
    let (home, now) = (&run.plan.home_region, world.now());
    let there = rows_of(world, run).await?;
    let rows: Vec<Row> = match run.kind {
        Kind::RestoreHome | Kind::Rehearse => {
            let mut rehearsed = rehearsed(world, run).await?;
            let resources = run.plan.resources.iter();
            resources
                .map(|one| {
                    let mut row = Row::new(run.run_id.clone(), one.name(), now);
                    row.keep(rehearsed.remove(one.name()).unwrap_or_default());
                    row
                })
                .collect()
        }
        Kind::Revert => {
            let before = undone(world, home, run.name()).await?;
            inherited(world, run, &before).await?
        }
    };
    let missing: Vec<_> = rows
        .into_iter()
        .filter(|row| !there.contains_key(&row.resource))
        .collect();
    let puts: Vec<_> = missing
        .iter()
        .map(|row| world.put_row(home, run.name(), row))
        .collect();
    let put: Vec<Result<bool, Error>> = stream::iter(puts).buffered(AT_ONCE).collect().await;
    put.into_iter().try_for_each(|put| put.map(drop))
}

/// The rows of the run that is undone, as the new run's own.
async fn inherited<W: World>(
    world: &W,
    run: &WorkloadRun,
    before: &WorkloadRun,
) -> Result<Vec<Row>, Error> {
    let rows = rows_of(world, before).await?.into_values();
    let own = |row: Row| {
        let mut own = Row {
            run_id: run.run_id.clone(),
            version: 0,
            calls: Vec::new(),
            ..anew(row)
        };
        // However far that run came with it: this one has done nothing yet.
        own.again(Phase::Prepare);
        own
    };
    Ok(rows.map(own).collect())
}

/// What a run home has to know of each resource's rehearsal: when the last one that ended well was, where it was of the same thing.
async fn rehearsed<W: World>(
    world: &W,
    run: &WorkloadRun,
) -> Result<BTreeMap<String, Kept>, Error> {
    if run.kind != Kind::RestoreHome {
        return Ok(BTreeMap::new());
    }
    let home = &run.plan.home_region;
    let last = world.last_run(home, run.name(), Kind::Rehearse).await?;
    let is_well = |last: &WorkloadRun| {
        let closed = last.closed.as_ref();
        closed.is_some_and(|closed| closed.outcome == REHEARSED)
    };
    let Some(last) = last.filter(is_well) else {
        return Ok(BTreeMap::new());
    };
    let rows = rows_of(world, &last).await?.into_values();
    let known = rows.filter_map(|row| {
        let at = row.kept.get(REHEARSED_AT)?.clone();
        let now = run.plan.resource(&row.resource)?;
        let then = last.plan.resource(&row.resource)?;
        let is_same =
            (now.kind(), now.home(), now.recovery()) == (then.kind(), then.home(), then.recovery());
        is_same.then(|| {
            let kept = Kept::from_iter([(REHEARSED_AT.to_owned(), at)]);
            (row.resource, kept)
        })
    });
    Ok(known.collect())
}

/// The run as the kinds of its resources know it: what was made bears the name of the run that made it.
///
/// # Errors
/// As [`undone`].
pub(super) async fn known_as<W: Records>(world: &W, pass: &Pass) -> Result<RunId, Error> {
    match pass.run.kind {
        Kind::RestoreHome | Kind::Rehearse => Ok(pass.run.run_id.clone()),
        Kind::Revert => {
            let (home, plan) = (&pass.run.plan.home_region, pass.run.name());
            Ok(undone(world, home, plan).await?.run_id)
        }
    }
}
