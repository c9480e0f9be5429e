//! Keeps a run's leases until its window opens.

use failover::{
    Error,
    pass::{Progress, is_false},
};
use serde::Serialize;

use super::{PhaseInput, World, ask::keep};
use crate::pass::opened;

/// The longest that a pass asks to wait for the next one, in seconds. The state machine waits for the window itself, and looks then.
const WAIT_SECONDS_MAX: i64 = 60;

/// What waiting answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Waiting {
    progress: Progress,
    wait_seconds: u64,
    action: &'static str,
    reason: String,
    #[serde(skip_serializing_if = "is_false")]
    dry_run: bool,
}

pub(super) async fn run<W: World>(world: &W, input: &PhaseInput) -> Result<Waiting, Error> {
    let of = input.of().ok_or_else(|| {
        Error::InvalidRequest("run_id or epoch is missing; a run's steps carry both".into())
    })?;
    let pass = opened(world, &of).await?;
    let waiting = |progress, seconds, reason: String| Waiting {
        progress,
        wait_seconds: seconds,
        action: "window",
        reason,
        dry_run: pass.dry_run,
    };
    let Some(open) = pass.run.not_before.filter(|at| *at > pass.now) else {
        return Ok(waiting(Progress::Done, 0, "the window is open".into()));
    };
    if !pass.dry_run {
        keep(world, &pass.run, open).await?;
    }
    let seconds = open.duration_since(pass.now).as_secs();
    let seconds = seconds.clamp(1, WAIT_SECONDS_MAX).unsigned_abs();
    let reason = format!("the business is not stopped before {open}");
    Ok(waiting(Progress::Pending, seconds, reason))
}
