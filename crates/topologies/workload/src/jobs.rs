//! The jobs of the function `restore-home`: a run is opened, asked about, closed and shown, and the passes of its phases are made.

mod adopt;
mod answer;
mod ask;
mod close;
mod commands;
mod epoch;
mod evidence;
mod input;
mod judges;
mod messages;
mod open;
mod order;
mod phases;
mod revert;
mod rights;
mod rounds;
mod services;
mod status;
mod window;

use failover::{
    Error,
    pass::{answer as written, operation},
    ports::{Approvals, Ledger, Parameters, People, Runtime, Services},
};
use serde_json::Value;

pub use input::{
    AdoptInput, AnswerInput, AskInput, Asks, CloseInput, OpenInput, PhaseInput, ReleaseInput,
    Request, StatusInput, Trouble,
};
pub use judges::{Judged, Judges};
pub use order::{Step, may_enter};
pub use rounds::{Round, next_round};

use crate::{kinds::Serving, records::Records};

/// The function's name.
pub const FUNCTION: &str = "restore-home";

/// All that the jobs ask of the outside, but for the resources themselves.
pub trait World:
    Ledger + Runtime + Records + Parameters + People + Approvals + Judges + Services
{
}

impl<W> World for W where
    W: Ledger + Runtime + Records + Parameters + People + Approvals + Judges + Services
{
}

/// One invocation.
///
/// # Errors
/// `InvalidRequest` for a payload that is not understood; those of the job.
pub async fn handle<W: World, V: Serving<W>>(
    world: &W,
    verbs: V,
    payload: Value,
) -> Result<Value, Error> {
    let (step, input) = match operation::<Request>(payload)? {
        Request::Adopt(input) => return written(adopt::run(world, verbs, &input).await?),
        Request::Open(input) => return written(Box::pin(open::run(world, &input)).await?),
        Request::Window(input) => return written(window::run(world, &input).await?),
        Request::Ask(input) => return written(Box::pin(ask::run(world, &input)).await?),
        Request::Approve(input) => return written(answer::run(world, &input, true).await?),
        Request::Decline(input) => return written(answer::run(world, &input, false).await?),
        Request::Close(input) => return written(Box::pin(close::run(world, &input)).await?),
        Request::Release(input) => return written(close::release(world, &input).await?),
        Request::Status(input) => return written(status::run(world, &input).await?),
        Request::Prepare(input) => (Step::Prepare, input),
        Request::Sync(input) => (Step::Sync, input),
        Request::Rehearse(input) => (Step::Rehearse, input),
        Request::TakeAway(input) => (Step::TakeAway, input),
        Request::Suspend(input) => (Step::Suspend, input),
        Request::LastSync(input) => (Step::LastSync, input),
        Request::CutOver(input) => (Step::CutOver, input),
        Request::Verify(input) => (Step::Verify, input),
        Request::Retire(input) => (Step::Retire, input),
        Request::Conclude(input) => (Step::Conclude, input),
        Request::GiveBack(input) => (Step::GiveBack, input),
        Request::Revert(input) => (Step::Revert, input),
    };
    written(Box::pin(phases::run(world, verbs, &input, step)).await?)
}

#[cfg(test)]
mod tests;
