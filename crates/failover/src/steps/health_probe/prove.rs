//! Proves the promoted writer: commits the new epoch and a beat on it, then makes it the current writer in the ledgers.
//! Repeated, it commits the same epoch again, and the ledgers stay as they are.

use std::time::Duration;

use serde::Serialize;

use super::{World, look};
use crate::{
    Error,
    beat::{Loss, Write, loss},
    domain::{Epoch, Region},
    ledger::{Current, Proof, update},
    plan::Strategy,
    steps::{Input, Output, Pass, Progress, wait_seconds},
};

/// The step's name in timelines and logs.
pub(super) const STEP: &str = "prove_writer";

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The promoted Region.
    pub writer: Region,
    /// The epoch to open.
    pub epoch: Epoch,
    /// What came of committing it.
    pub write: Option<Write>,
    /// What the promotion lost; `None` when that is unknown.
    pub loss: Option<Loss>,
}

/// What a pass does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// The epoch is proven: make it current.
    Conclude,
    /// The writer does not take writes yet.
    Wait,
}

/// Decides what the attempt to commit the epoch leads to.
///
/// # Errors
/// `NotReady` for a wrong login or schema, `UnexpectedTopology` when the database holds a later epoch.
pub(super) fn next_action(write: &Write) -> Result<Action, Error> {
    match write {
        Write::Committed { .. } => Ok(Action::Conclude),
        Write::Failed { .. } | Write::ReadOnly => Ok(Action::Wait),
        Write::Misconfigured { why } => Err(Error::NotReady(format!(
            "the promoted writer cannot be proven: {why}"
        ))),
        Write::OtherEpoch { epoch } => Err(Error::UnexpectedTopology(format!(
            "the promoted writer's database already holds epoch {epoch}: another run has moved on"
        ))),
    }
}

pub(super) async fn run(world: &impl World, input: &Input) -> Result<Output<Observed>, Error> {
    let mut pass = Pass::open(world, input).await?;
    let epoch = epoch(&pass)?;
    let mut observed = Observed {
        writer: pass.run.to.clone(),
        epoch,
        write: None,
        loss: None,
    };
    if pass.dry_run {
        let reason = format!(
            "would commit epoch {epoch} on the writer in {}",
            observed.writer
        );
        return Ok(Output {
            progress: Progress::Pending,
            wait_seconds: 0,
            action: "prove",
            reason,
            observed,
        });
    }
    let write = commit(world, &mut pass, epoch, &mut observed).await?;
    observed.write = Some(write.clone());
    let action = next_action(&write)?;
    let Write::Committed { beat } = write else {
        let reason = format!(
            "the writer in {} does not take writes yet: {write:?}",
            observed.writer
        );
        let wait_seconds =
            wait_seconds(pass.began(super::super::detach_and_promote::STEP), pass.now);
        return Ok(Output {
            progress: Progress::Pending,
            wait_seconds,
            action: "wait",
            reason,
            observed,
        });
    };
    debug_assert_eq!(action, Action::Conclude);
    let proof = Proof {
        epoch,
        beat,
        loss: observed.loss.clone(),
    };
    conclude(world, &pass, epoch).await?;
    pass.run.proof = Some(
        pass.run
            .proof
            .clone()
            .filter(|earlier| earlier.epoch == epoch)
            .unwrap_or(proof),
    );
    let reason = format!("the writer in {} committed epoch {epoch}", observed.writer);
    pass.record(world, STEP, "prove", &reason).await?;
    tracing::info!(plan = %input.plan, step = STEP, %epoch, reason, "pass");
    Ok(Output {
        progress: Progress::Done,
        wait_seconds: 0,
        action: "prove",
        reason,
        observed,
    })
}

/// The epoch this run is to prove: that of its intent, or the one it proved before.
fn epoch(pass: &Pass) -> Result<Epoch, Error> {
    let run = &pass.run;
    if let Some(intent) = pass.rows.intent().filter(|intent| intent.to == run.to) {
        return Ok(intent.epoch);
    }
    let current = pass
        .rows
        .current()
        .filter(|current| current.writer == run.to);
    current.map(|current| current.epoch).ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "no ledger holds an intent to promote {}; nothing is there to be proven",
            run.to
        ))
    })
}

/// Reads what the promoted writer holds, keeps what was lost, and commits the epoch.
async fn commit(
    world: &impl World,
    pass: &mut Pass,
    epoch: Epoch,
    observed: &mut Observed,
) -> Result<Write, Error> {
    let plan = pass.run.plan.clone();
    let limit = Duration::from_secs(plan.detection.timeout_seconds);
    let known = look::only(world, plan, &pass.run.to).await?;
    let session = match look::open(
        world,
        &known,
        &pass.run.to,
        |endpoints| &endpoints.writer,
        limit,
    )
    .await
    {
        Ok(session) => session,
        Err(why) => return Ok(why.into()),
    };
    if pass.run.held.is_none() {
        let reading = match session.read(&pass.run.to).await {
            Ok(reading) => reading,
            Err(why) => return Ok(why.into()),
        };
        // Written before the first beat of our own would cover it.
        pass.run.held = reading.beats.get(&pass.run.to).copied();
        world.put_run(world.region(), &pass.run).await?;
    }
    let acknowledged = pass
        .run
        .confirmed
        .as_ref()
        .and_then(|confirmed| confirmed.last_beat);
    observed.loss = loss(acknowledged.as_ref(), pass.run.held.as_ref());
    Ok(session.prove(&pass.run.to, epoch, &pass.run.run_id).await)
}

/// Turns the intent into the current row of every ledger that the run leased.
async fn conclude(world: &impl World, pass: &Pass, epoch: Epoch) -> Result<(), Error> {
    let run = &pass.run;
    let detached = run
        .strategy
        .as_ref()
        .is_some_and(|resolved| resolved.strategy == Strategy::Detach);
    let intent = pass
        .rows
        .intent()
        .and_then(|intent| intent.global_cluster.clone());
    let current = Current {
        epoch,
        writer: run.to.clone(),
        global_cluster: intent.filter(|_| !detached),
        run_id: run.run_id.clone(),
        proven_at: pass.now,
    };
    for region in &run.leased {
        update(world, region, run.name(), |row| {
            let proven = row
                .current
                .as_ref()
                .is_some_and(|proven| proven.epoch == epoch);
            if proven {
                Ok(row.clone())
            } else {
                row.prove(&run.run_id, current.clone())
            }
        })
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_that_does_not_take_writes_yet_is_waited_for() {
        for write in [
            Write::ReadOnly,
            Write::Failed {
                why: "starting up".into(),
            },
        ] {
            assert_eq!(next_action(&write), Ok(Action::Wait));
        }
    }

    #[test]
    fn a_wrong_login_is_named_and_not_waited_for() {
        let why = next_action(&Write::Misconfigured {
            why: "password".into(),
        })
        .unwrap_err();
        assert_eq!(why.name(), "NotReady");
    }

    #[test]
    fn a_database_with_a_later_epoch_stops_the_run() {
        assert_eq!(
            next_action(&Write::OtherEpoch { epoch: Epoch(9) })
                .unwrap_err()
                .name(),
            "UnexpectedTopology"
        );
    }
}
