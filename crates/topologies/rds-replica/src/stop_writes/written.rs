//! How far a stop has been written down, and what a run calls it.

use failover::{
    domain::{Region, StopToken},
    ledger::{Attempt, PlanState, Run, Stage, Stop},
    pass::Pass,
};
use serde::Serialize;

/// How far the stop of a run has been written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Written {
    /// Nowhere.
    Nothing,
    /// In the row of the Region that is left, and not in the target's.
    InPart,
    /// In both.
    Everywhere,
    /// It was written, and the row of the Region that is left bears it no more.
    Withdrawn,
    /// The Region that is left has agreed to the promotion, or the target is proven.
    Promoting,
}

impl Written {
    /// How far the rows say that it is.
    #[must_use]
    pub fn of(pass: &Pass) -> Self {
        let run = &pass.run;
        let row = |region: &Region| pass.rows.0.get(region);
        let promoting = pass.rows.0.values().any(PlanState::is_promoting);
        let proven = pass.rows.current();
        if promoting || proven.is_some_and(|current| current.writer == run.to) {
            return Self::Promoting;
        }
        let bears = |region| row(region).is_some_and(|row| own(run, row).is_some());
        match (bears(&run.from), bears(&run.to)) {
            (true, true) => Self::Everywhere,
            (true, false) => Self::InPart,
            // What is not seen of the Region that is left tells nothing of a withdrawal.
            (false, _) if row(&run.from).is_none() && was_written(run) => Self::InPart,
            (false, _) if was_written(run) => Self::Withdrawn,
            (false, _) => Self::Nothing,
        }
    }

    /// Whether a writer may be stopped by it.
    #[must_use]
    pub const fn may_be_stopped(self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

/// The mark of a run's stop. A run stops once: what was withdrawn is written no more, for its epoch is spent.
pub(super) fn token(run: &Run) -> StopToken {
    run.run_id.as_str().into()
}

/// What the plan calls the member of the Region that is left.
pub(super) fn left(run: &Run) -> &str {
    let member = run.plan.members().get(&run.from);
    member
        .map(|member| member.identifier.as_str())
        .unwrap_or_default()
}

/// The run's own stop, as a row bears it.
pub(super) fn own<'a>(run: &Run, row: &'a PlanState) -> Option<&'a Stop> {
    let stop = row.stop.as_deref()?;
    (stop.token == token(run) && stop.stage == Stage::Stopping).then_some(stop)
}

/// Whether the run has written one, or was about to.
fn was_written(run: &Run) -> bool {
    calls(run, &[super::WRITE]) > 0
}

/// How often the run's record says that these were called.
pub(super) fn calls(run: &Run, actions: &[&str]) -> u32 {
    let own = |attempt: &&Attempt| {
        attempt.step == super::STEP && actions.contains(&attempt.action.as_str())
    };
    let times = run.attempts.iter().filter(own).map(|attempt| attempt.times);
    times.sum()
}
