//! Opens a run: takes the plan's lease in both Regions, makes the run's record and a row for each resource. Rerunning it finds the same run.

use failover::{
    Error,
    domain::{Epoch, PlanName, Region, RunId, stable_hash},
    ledger::{Claim, Current, PlanState, Rows, RunKind},
    ports,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{OpenInput, World, commands, revert};
use crate::{
    pass::save,
    plan::WorkloadPlan,
    run::{Kind, Opening, WorkloadRun},
};

/// The longest that a window is waited for.
const WINDOW_MAX: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What every step of a run carries.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Carried {
    plan: PlanName,
    run_id: RunId,
    epoch: Epoch,
}

/// What opening answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Opened {
    action: &'static str,
    reason: String,
    dry_run: bool,
    run: Carried,
    run_id: RunId,
    epoch: Epoch,
    kind: Kind,
    from: Region,
    to: Region,
    wish: Wish,
}

/// What the state machine remembers of the run beside.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Wish {
    rehearse: bool,
    /// Long past where nobody named a window.
    not_before: Timestamp,
    approval_seconds: u64,
}

/// Nothing is promised that no phase does.
fn asks_for_what_there_is(input: &OpenInput) -> Result<(), Error> {
    if input.test_recovery {
        return Err(Error::InvalidRequest(
            "test_recovery is true, and no run builds the recovery side beside yet; leave it out"
                .into(),
        ));
    }
    Ok(())
}

pub(super) async fn run<W: World>(world: &W, input: &OpenInput) -> Result<Opened, Error> {
    let kind = kind(input)?;
    asks_for_what_there_is(input)?;
    let (here, now) = (world.region(), world.now());
    let (plan, undone) = planned(world, (&input.plan, kind)).await?;
    if *here != plan.home_region {
        return Err(Error::InvalidRequest(format!(
            "plan {} comes home to {}, and this is {here}; start the run in {}",
            plan.plan, plan.home_region, plan.home_region
        )));
    }
    is_near(input.not_before, now)?;
    world
        .switches(&plan.plan)
        .await?
        .admit_planned(&plan.plan)?;
    let rows = ledgers(world, &plan).await?;
    let run_id = run_id(input, &rows, (&plan, kind));
    if let Some(run) = world.workload_run(here, &plan.plan, &run_id).await? {
        return again(world, run, &rows, (now, input.dry_run)).await;
    }
    serves(&plan, kind, &rows)?;
    if let Some(undone) = &undone {
        revert::may_open(world, undone, &rows, input.accept_data_loss).await?;
    }
    let mut run = WorkloadRun {
        execution: input.execution.clone(),
        not_before: input.not_before,
        accept_data_loss: input.accept_data_loss,
        test_recovery: input.test_recovery,
        ..WorkloadRun::opened(Opening {
            run_id,
            kind,
            plan,
            epoch: rows.proven_epoch(),
            opened_at: now,
        })
    };
    if input.dry_run {
        for row in rows.0.values() {
            row.claim(&claim(&run), now)?;
        }
        return Ok(opened("open", "would be opened", &run, true));
    }
    lease(world, &run, now).await?;
    run.note(now, "open", "open", "the plan is held in both Regions");
    save(world, &mut run).await?;
    revert::seed(world, &run).await?;
    tracing::info!(plan = %run.name(), run_id = %run.run_id, kind = run.kind.name(), "opened");
    Ok(opened("open", "is open", &run, false))
}

/// The plan that a run opens with: as it stands, or, to undo a run, that run's own, and that run. What stands today may name other
/// things than were moved.
async fn planned<W: World>(
    world: &W,
    (name, kind): (&PlanName, Kind),
) -> Result<(WorkloadPlan, Option<WorkloadRun>), Error> {
    let here = world.region();
    match kind {
        Kind::RestoreHome | Kind::Rehearse => Ok((world.workload_plan(here, name).await?, None)),
        Kind::Revert => {
            let undone = revert::undone(world, here, name).await?;
            Ok((undone.plan.clone(), Some(undone)))
        }
    }
}

fn kind(input: &OpenInput) -> Result<Kind, Error> {
    match (input.kind, input.rehearse) {
        (kind, false) => Ok(kind),
        (Kind::RestoreHome | Kind::Rehearse, true) => Ok(Kind::Rehearse),
        (Kind::Revert, true) => Err(Error::InvalidRequest(
            "rehearse is true, and the kind is revert, which has no rehearsal; leave one out"
                .into(),
        )),
    }
}

fn is_near(not_before: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
    match not_before.filter(|at| at.duration_since(now) > WINDOW_MAX) {
        Some(at) => Err(Error::InvalidRequest(format!(
            "not_before is {at}, more than 14 days away; start the run nearer to it"
        ))),
        None => Ok(()),
    }
}

/// Both Regions' rows. A run that cannot see one of them changes nothing.
async fn ledgers<W: World>(world: &W, plan: &WorkloadPlan) -> Result<Rows, Error> {
    let mut rows = Rows(std::collections::BTreeMap::new());
    for region in plan.regions() {
        let row = world.row(region, &plan.plan).await;
        let row = row.map_err(|why| match region == &plan.home_region {
            true => Error::NotReady(format!(
                "{region} is not back yet: its ledger does not answer ({why}); nothing was changed, start the run again when it does"
            )),
            false => Error::NotReady(format!(
                "{region} does not answer: its ledger is silent ({why}), and what serves there cannot be copied; nothing was changed, start the run again when it does"
            )),
        })?;
        rows.0.insert(region.clone(), row);
    }
    Ok(rows)
}

/// Whether the Region serves that a run of this kind leaves.
fn serves(plan: &WorkloadPlan, kind: Kind, rows: &Rows) -> Result<(), Error> {
    let (name, recovery) = (&plan.plan, &plan.recovery_region);
    let current = rows.current().ok_or_else(|| not_adopted(plan))?;
    let Current { writer, epoch, .. } = current;
    if !plan.regions().contains(&writer) {
        return Err(Error::UnexpectedTopology(format!(
            "the ledgers of plan {name} say that {writer} serves at epoch {epoch}, which the plan does not name; mend the plan"
        )));
    }
    match kind {
        Kind::Revert => Ok(()),
        Kind::RestoreHome | Kind::Rehearse => {
            if let Some(intent) = rows.intent() {
                return Err(Error::RunRefused(format!(
                    "run {} of plan {name} has stopped the business or begun to cut over, and was neither concluded nor undone; undo it first: {}",
                    intent.run_id,
                    commands::revert(plan)
                )));
            }
            if writer == recovery {
                return Ok(());
            }
            Err(Error::RunRefused(format!(
                "{writer} serves plan {name} at epoch {epoch}, and a run home leaves {recovery}; there is nothing to bring home, or adopt {recovery} first"
            )))
        }
    }
}

fn not_adopted(plan: &WorkloadPlan) -> Error {
    Error::NotReady(format!(
        "no ledger says which Region serves plan {}; say so first: {}",
        plan.plan,
        commands::adopt(plan)
    ))
}

/// The run's name. Its first eight characters tell what it renames from what another run did, so that it is a hash: of the execution,
/// which is the same however often it is opened, or else of the ledger's count of leases.
fn run_id(input: &OpenInput, rows: &Rows, (plan, kind): (&WorkloadPlan, Kind)) -> RunId {
    match &input.execution {
        Some(execution) => of_execution(&plan.plan, execution),
        None => {
            let token = rows.0.values().map(|row| row.token).max();
            let kind = kind.name();
            let counted = format!("{kind}/{}", token.unwrap_or_default());
            of_execution(&plan.plan, &counted)
        }
    }
}

/// The name of the run of an execution.
pub(super) fn of_execution(plan: &PlanName, execution: &str) -> RunId {
    RunId(format!(
        "{:016x}",
        stable_hash(&format!("{plan}/{execution}"))
    ))
}

/// The run was opened before: a lost answer is given again, and what is still to be written is.
async fn again<W: World>(
    world: &W,
    run: WorkloadRun,
    rows: &Rows,
    (now, dry_run): (Timestamp, bool),
) -> Result<Opened, Error> {
    if let Some(closed) = &run.closed {
        return Err(Error::RunRefused(format!(
            "run {} of plan {} was closed at {} as {}; start another one",
            run.run_id,
            run.name(),
            closed.at,
            closed.outcome
        )));
    }
    for row in rows.0.values() {
        row.claim(&claim(&run), now)?;
    }
    if !dry_run {
        // What it holds already it keeps, whatever comes of this.
        for region in run.plan.regions() {
            held(world, &run, (region, now)).await?;
        }
        revert::seed(world, &run).await?;
    }
    Ok(opened("none", "is open already", &run, dry_run))
}

pub(super) fn claim(run: &WorkloadRun) -> Claim {
    Claim {
        run_id: run.run_id.clone(),
        kind: RunKind::Failback,
        incident: None,
        from: run.from.clone(),
        to: run.to.clone(),
    }
}

/// Takes the lease in both Regions, or in none.
async fn lease<W: World>(world: &W, run: &WorkloadRun, now: Timestamp) -> Result<(), Error> {
    for region in run.plan.regions() {
        let Err(why) = held(world, run, (region, now)).await else {
            continue;
        };
        for taken in run.plan.regions() {
            let give = |row: &PlanState| row.release(&run.run_id);
            if let Err(silent) = ports::update_if(world, taken, run.name(), give).await {
                tracing::warn!(region = %taken, %silent, "the lease is not given back, and lapses");
            }
        }
        return Err(why);
    }
    Ok(())
}

/// Takes or renews the lease in a Region. One of the run's own that waits for a human is left as long as it is.
async fn held<W: World>(
    world: &W,
    run: &WorkloadRun,
    (region, now): (&Region, Timestamp),
) -> Result<(), Error> {
    let take = |row: &PlanState| {
        let own = row
            .live_lease(now)
            .filter(|lease| lease.run_id == run.run_id);
        match own.is_some_and(|lease| lease.waits_for_human) {
            true => Ok(row.clone()),
            false => row.claim(&claim(run), now),
        }
    };
    ports::update(world, region, run.name(), take)
        .await
        .map(drop)
}

fn opened(action: &'static str, says: &str, run: &WorkloadRun, dry_run: bool) -> Opened {
    Opened {
        action,
        reason: format!(
            "run {} of the kind {} {says}: {} resource(s) from {} to {}",
            run.run_id,
            run.kind.name(),
            run.plan.resources.len(),
            run.from,
            run.to
        ),
        dry_run,
        run: Carried {
            plan: run.name().clone(),
            run_id: run.run_id.clone(),
            epoch: run.epoch,
        },
        run_id: run.run_id.clone(),
        epoch: run.epoch,
        kind: run.kind,
        from: run.from.clone(),
        to: run.to.clone(),
        wish: Wish {
            rehearse: run.kind == Kind::Rehearse,
            not_before: run.not_before.unwrap_or(Timestamp::UNIX_EPOCH),
            approval_seconds: run.plan.approval_minutes.saturating_mul(60),
        },
    }
}
