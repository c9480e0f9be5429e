//! Which Region serves, in both ledgers: a change is intended before the first thing is stopped, and proven after the last yes.

use failover::{
    Error,
    domain::{Epoch, Region, RunId},
    ledger::{Current, Intent, PlanState},
    pass::briefly,
    ports::{self, Ledger},
};

use crate::{pass::Pass, run::WorkloadRun};

/// Writes the change of Region down in both rows, under the next epoch. One that the run has begun keeps its epoch.
///
/// # Errors
/// `RunRefused` without the lease, `UnexpectedTopology` where the epoch would not grow, `Unavailable`.
pub(super) async fn intend<W: Ledger>(world: &W, pass: &mut Pass) -> Result<Epoch, Error> {
    let run = &pass.run;
    let own = pass.ledgers.intent();
    let own = own.filter(|intent| intent.run_id == run.run_id);
    let intent = own.cloned().unwrap_or_else(|| Intent {
        epoch: pass.ledgers.next_epoch(),
        from: run.from.clone(),
        to: run.to.clone(),
        global_cluster: None,
        run_id: run.run_id.clone(),
        written_at: pass.now,
    });
    let epoch = intent.epoch;
    for region in run.plan.regions() {
        let row = pass.ledgers.0.get(region);
        if row.is_some_and(|row| row.intent.as_ref() == Some(&intent)) {
            continue;
        }
        let change = |row: &PlanState| row.intend(intent.clone());
        let row = ports::update(world, region, run.name(), change).await?;
        pass.ledgers.0.insert(region.clone(), row);
    }
    Ok(epoch)
}

/// Makes the Region that the run goes to the one that serves, at home first, which clears the intent. A copy that a silent recovery
/// Region keeps is void: its row learns of the later epoch when it answers.
///
/// # Errors
/// `UnexpectedTopology` where the run has not intended it; `RunRefused` without the lease; `Unavailable`.
pub(super) async fn prove<W: Ledger>(world: &W, pass: &mut Pass) -> Result<Epoch, Error> {
    let run = pass.run.clone();
    let (home, recovery) = (&run.plan.home_region, &run.plan.recovery_region);
    let own = |current: &&Current| current.run_id == run.run_id && current.writer == run.to;
    let current = pass.ledgers.current().filter(own).cloned();
    let current = match current {
        Some(current) => current,
        None => proven(pass)?,
    };
    if pass
        .ledgers
        .0
        .get(home)
        .and_then(|row| row.current.as_ref())
        != Some(&current)
    {
        let change = |row: &PlanState| row.prove(&run.run_id, current.clone());
        let row = ports::update(world, home, run.name(), change).await?;
        pass.ledgers.0.insert(home.clone(), row);
    }
    let learn = |row: &PlanState| row.learn(&current);
    let learnt = ports::update_if(world, recovery, run.name(), learn);
    match briefly(recovery, learnt).await {
        Ok(Some(row)) => drop(pass.ledgers.0.insert(recovery.clone(), row)),
        Ok(None) => {}
        Err(why) => {
            tracing::warn!(region = %recovery, %why, "its row does not know yet who serves");
        }
    }
    Ok(current.epoch)
}

fn proven(pass: &Pass) -> Result<Current, Error> {
    let run = &pass.run;
    let intent = pass.ledgers.intent();
    let intent = intent.filter(|intent| intent.run_id == run.run_id && intent.to == run.to);
    let intent = intent.ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "run {} of plan {} has not written down that {} is to serve; start another run",
            run.run_id,
            run.name(),
            run.to
        ))
    })?;
    Ok(Current {
        epoch: intent.epoch,
        writer: intent.to.clone(),
        global_cluster: None,
        run_id: run.run_id.clone(),
        proven_at: pass.now,
        unplanned: false,
        acknowledged_at: None,
    })
}

/// Takes the run's change of Region back, in the row of the Region that it leads to first; whether there was one.
///
/// # Errors
/// `Unavailable` where that Region's ledger does not answer.
pub(super) async fn withdraw<W: Ledger>(world: &W, run: &WorkloadRun) -> Result<bool, Error> {
    taken_back(world, run, &run.to, |row| row.withdraw(&run.run_id)).await
}

/// Takes back what another run to this Region has begun, which this one undoes.
///
/// # Errors
/// As [`withdraw`].
pub(super) async fn withdraw_other<W: Ledger>(
    world: &W,
    run: &WorkloadRun,
    target: &Region,
) -> Result<bool, Error> {
    taken_back(world, run, target, |row| taken_over(row, &run.run_id)).await
}

/// The row without the intent that was another run's: it is taken over and withdrawn in one write.
fn taken_over(row: &PlanState, run_id: &RunId) -> Option<PlanState> {
    let intent = row.intent.clone()?;
    let own = Intent {
        run_id: run_id.clone(),
        ..intent
    };
    row.intend(own).ok()?.withdraw(run_id)
}

async fn taken_back<W: Ledger>(
    world: &W,
    run: &WorkloadRun,
    target: &Region,
    change: impl Fn(&PlanState) -> Option<PlanState>,
) -> Result<bool, Error> {
    let mut any = ports::update_if(world, target, run.name(), &change)
        .await?
        .is_some();
    let others = run.plan.regions().into_iter();
    for region in others.filter(|region| *region != target) {
        match briefly(region, ports::update_if(world, region, run.name(), &change)).await {
            Err(Error::Unavailable(why)) => {
                tracing::warn!(%region, why, "a copy of what was taken back stays, and is void");
            }
            other => any |= other?.is_some(),
        }
    }
    Ok(any)
}
