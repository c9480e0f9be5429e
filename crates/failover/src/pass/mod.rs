//! A pass: one call of a step. It observes, decides by a pure function, and changes at most one thing.

use jiff::Timestamp;

use crate::{
    Error,
    domain::RunId,
    guard,
    ledger::{Intent, Rows, Run},
    ports::{self, Ledger, Runtime},
    topology::Named,
};

pub mod by_hand;
pub mod calls;
pub mod frame;
mod input;
mod output;
mod renewal;
mod waits;

pub use crate::json::{operation, read};
pub use by_hand::unknown;
pub use input::{Input, take};
pub use output::{Output, Progress, Refusal, answer, is_false};
use renewal::renew;
pub use waits::{Pace, SILENCE, briefly, wait_seconds, wait_seconds_at};

/// What one pass of a run stands on: its record, the ledgers it counts on, and the proof that it may act.
#[derive(Debug, Clone)]
pub struct Pass {
    /// The run's record.
    pub run: Run,
    /// The rows of the Regions whose lease the run holds, or of this Region alone.
    pub rows: Rows,
    /// When the pass began.
    pub now: Timestamp,
    /// Whether nothing may be changed.
    pub dry_run: bool,
}

impl Pass {
    /// Reads the run's record, renews its leases (guard a), and checks what their ledgers say of the writer (guard b).
    ///
    /// # Errors
    /// `RunRefused`, `UnexpectedTopology`, `InvalidRequest`, `Unavailable`.
    pub async fn open(world: &(impl Ledger + Runtime), input: &Input) -> Result<Self, Error> {
        by_hand::is_unforced(input)?;
        let Some(run_id) = &input.run_id else {
            return by_hand::dry(world, input).await;
        };
        let (here, now) = (world.region(), world.now());
        let epoch = input.epoch.ok_or_else(|| {
            Error::InvalidRequest("epoch is missing; a run's steps carry it".into())
        })?;
        let run = recorded(world, input, run_id).await?;
        let rows = renew(world, &run, (epoch, now), input.dry_run).await?;
        guard::lease(&rows, here, run_id, epoch, now)?;
        guard::writer(&rows, &run.from, &run.to)?;
        Ok(Self {
            run,
            rows,
            now,
            dry_run: input.dry_run,
        })
    }

    /// As [`Pass::open`], for a run that confirms behind another one which waits for a human's answer: it holds no lease,
    /// and every other step refuses it.
    ///
    /// # Errors
    /// As [`Pass::open`].
    pub async fn open_to_confirm(
        world: &(impl Ledger + Runtime),
        input: &Input,
    ) -> Result<Self, Error> {
        by_hand::is_unforced(input)?;
        let Some(run_id) = &input.run_id else {
            return Self::open(world, input).await;
        };
        let run = recorded(world, input, run_id).await?;
        if !run.waits_behind() {
            return Self::open(world, input).await;
        }
        let members = run.plan.members().keys();
        let counted_on = members.filter(|region| **region != run.from);
        let rows = ports::rows(world, counted_on, run.name()).await?;
        guard::writer(&rows, &run.from, &run.to)?;
        Ok(Self {
            run,
            rows,
            now: world.now(),
            dry_run: input.dry_run,
        })
    }

    /// The change of writer that the run is about to begin. One to the same target that is open already keeps its epoch.
    #[must_use]
    pub fn intent(&self, global_cluster: Option<Named>) -> Intent {
        let run = &self.run;
        let open = self.rows.intent().filter(|intent| intent.to == run.to);
        Intent {
            epoch: open.map_or_else(|| self.rows.next_epoch(), |intent| intent.epoch),
            from: run.from.clone(),
            to: run.to.clone(),
            global_cluster,
            run_id: run.run_id.clone(),
            written_at: self.now,
        }
    }

    /// Writes what the pass did into the run's record; a dry run leaves no trace.
    ///
    /// # Errors
    /// `Unavailable` when the ledger does not answer.
    pub async fn record(
        &mut self,
        world: &(impl Ledger + Runtime),
        step: &str,
        action: &str,
        reason: &str,
    ) -> Result<(), Error> {
        if self.dry_run {
            return Ok(());
        }
        self.run.note(world.now(), step, action, reason);
        world.put_run(world.region(), &self.run).await
    }

    /// What a pass says of what it does, and what a dry run says of what it would do.
    #[must_use]
    pub const fn says<'a>(&self, does: &'a str, would: &'a str) -> &'a str {
        if self.dry_run { would } else { does }
    }

    /// The steps after ProveWriter lead clients to the target: it must be the proven writer, and no later change begun.
    ///
    /// # Errors
    /// `UnexpectedTopology`.
    pub fn require_proven(&self) -> Result<(), Error> {
        let proven = self
            .rows
            .current()
            .is_some_and(|current| current.writer == self.run.to);
        if proven && self.rows.intent().is_none() {
            return Ok(());
        }
        Err(Error::UnexpectedTopology(format!(
            "{} is not proven as the writer; what follows the proof waits for it",
            self.run.to
        )))
    }

    /// When the run came to this step: when another one last did something.
    #[must_use]
    pub fn entered(&self, step: &str) -> Timestamp {
        let mut latest_first = self.run.timeline.iter().rev();
        let other = latest_first.find(|entry| entry.step != step);
        other.map_or(self.now, |entry| entry.at)
    }
}

async fn recorded(
    world: &(impl Ledger + Runtime),
    input: &Input,
    run_id: &RunId,
) -> Result<Run, Error> {
    let here = world.region();
    world.run(here, &input.plan, run_id).await?.ok_or_else(|| {
        Error::RunRefused(format!(
            "the ledger of {here} holds no run {run_id} of plan {}",
            input.plan
        ))
    })
}
