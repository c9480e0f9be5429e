//! What came of a forced pass: recorded, its leases given back, and told.

use jiff::Timestamp;

use super::{
    leases::{Tokens, give_back, keep},
    message::message,
};
use crate::{
    Error,
    ledger::{Closed, Outcome, Run},
    notify::tell,
    pass::{Output, Progress},
    ports::{Ledger, People, Runtime},
};

/// Records what came of the pass, gives the leases back, and tells people: whatever was forced must be known.
pub(super) async fn close<O>(
    world: &(impl Ledger + Runtime + People),
    step: &str,
    (run, held): (&mut Run, &Tokens),
    result: &Result<Output<O>, Error>,
) {
    let (here, now) = (world.region(), world.now());
    if let Ok(Some(recorded)) = world.run(here, run.name(), &run.run_id).await {
        *run = recorded;
    }
    let ended = ended(world, run, result).await;
    run.note(now, step, "by_hand", &said(result));
    run.closed = ended.map(|outcome| closed(outcome, now));
    if let Err(why) = world.put_run(here, run).await {
        tracing::error!(run_id = %run.run_id, %why, "the forced pass could not be recorded");
    }
    let silent = give_back(world, run).await;
    if keep(run, held, &silent)
        && let Err(why) = world.put_run(here, run).await
    {
        tracing::warn!(run_id = %run.run_id, %why, "the leases that were not given back are not noted; they lapse");
    }
    tell(world, &run.plan, &message(step, here, result)).await;
}

/// What the run's record says of the pass.
fn said<O>(result: &Result<Output<O>, Error>) -> String {
    match result {
        Ok(output) => format!("{}: {}", output.action, output.reason),
        Err(why) => format!("{}: {why}", why.name()),
    }
}

/// What came of the run; `None` where it goes on. Silence ends nothing: the next pass goes on in the same record.
async fn ended<O>(
    world: &(impl Ledger + Runtime),
    run: &Run,
    result: &Result<Output<O>, Error>,
) -> Option<Outcome> {
    match result {
        Ok(output) => (output.progress == Progress::Done).then_some(Outcome::Succeeded),
        Err(Error::Unavailable(_)) => None,
        Err(_) => Some(trouble(world, run).await),
    }
}

fn closed(outcome: Outcome, at: Timestamp) -> Closed {
    Closed {
        at,
        outcome,
        left: Vec::new(),
        rto_seconds: None,
        rpo: None,
        at_most_seconds: None,
        came_back_until: None,
        is_heard_again: false,
        step_seconds: Default::default(),
    }
}

/// What trouble makes of a forced pass: `Failed` where this Region's ledger says that a change of writer to the target is
/// begun or done, or does not answer; else nothing was changed.
async fn trouble(world: &(impl Ledger + Runtime), run: &Run) -> Outcome {
    match world.row(world.region(), run.name()).await {
        Ok(row) => {
            let begun = row.intent.is_some_and(|intent| intent.to == run.to);
            let done = row.current.is_some_and(|current| current.writer == run.to);
            if begun || done {
                Outcome::Failed
            } else {
                Outcome::Aborted
            }
        }
        Err(_) => Outcome::Failed,
    }
}
