//! What machines share: how a run is opened, confirmed, asked for, taken over and closed.

use crate::{
    json::Json,
    machine::Part,
    retry::Retry,
    state::{Call, Catch, Function, Seconds, State},
};

mod ask;
mod close;
mod confirm;
mod fail_back;
mod hook;
mod leave;
mod open;
mod take_over;

use ask::{APPROVAL, PROOF, ask};
pub(crate) use close::{Close, close};
use confirm::{QUESTIONS, confirm, stale};
pub(crate) use fail_back::{FailBack, fail_back};
pub(crate) use hook::BEFORE_PROMOTE;
pub(crate) use leave::{Leave, leave};
pub(crate) use open::{Open, open};
pub(crate) use take_over::{Proof, RESTART_AFTER_A_MOVE, TakeOver, take_over};

/// A call of recovery-ledger that hands its answer on.
pub(crate) fn ledger(
    comment: &'static str,
    payload: Json,
    catches: Vec<Catch>,
    next: &'static str,
) -> Call {
    Call {
        comment: comment.into(),
        function: Function("recovery-ledger"),
        payload,
        asks: false,
        seconds: Seconds::Fixed(35),
        retries: Retry::usual(),
        catches,
        assign: Vec::new(),
        output: Some("$states.result.Payload".into()),
        next: next.into(),
    }
}

pub(crate) fn state(name: &'static str, call: Call) -> Part {
    Part::State(name, State::Call(Box::new(call)))
}
