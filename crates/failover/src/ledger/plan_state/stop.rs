//! The stop of a living writer for a planned move: who may stop it, who may promote behind it, and who may let its applications in
//! again. The row of the Region that is left decides: it is written first, and a withdrawal and a promotion exclude each other there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Intent, PlanState};
use crate::{
    Error,
    domain::{Epoch, Region, RunId, StopToken},
};

/// How far a stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The writer is stopped, or about to be: nothing is promoted, and whoever withdraws it may open the writer.
    Stopping,
    /// The Region that is left has agreed to the promotion: it goes forward, and nobody opens the old writer.
    Promoting,
}

/// A stop, as a row bears it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Its mark in the writer's database.
    pub token: StopToken,
    /// The epoch of the writer to come.
    pub epoch: Epoch,
    /// The Region it leaves.
    pub from: Region,
    /// The Region to promote.
    pub to: Region,
    /// The run that carries it out.
    pub run_id: RunId,
    /// When it was written.
    pub written_at: Timestamp,
    /// How far it has come.
    pub stage: Stage,
}

impl Stop {
    fn is_of(&self, token: &StopToken, stage: Stage) -> bool {
        self.token == *token && self.stage == stage
    }
}

impl PlanState {
    /// Writes a stop down before the writer is stopped, or takes over one that another run to the same target left.
    ///
    /// # Errors
    /// `RunRefused` without the lease, or where a promotion has begun; `UnexpectedTopology` when the epoch would not grow.
    pub fn stop(&self, stop: Stop) -> Result<Self, Error> {
        self.own_lease(&stop.run_id)?;
        if self.is_promoting() {
            return Err(Error::RunRefused(format!(
                "a promotion of plan {} has begun: it goes forward, and its writer is not stopped anew",
                self.plan
            )));
        }
        let open = self.stop.as_ref();
        let same = open.is_some_and(|open| open.to == stop.to && open.epoch == stop.epoch);
        if !same && stop.epoch <= self.spent_epoch() {
            return Err(Error::UnexpectedTopology(format!(
                "epoch {} is not above {}, which the ledger of plan {} holds",
                stop.epoch,
                self.spent_epoch(),
                self.plan
            )));
        }
        Ok(Self {
            stop: Some(Box::new(Stop {
                stage: Stage::Stopping,
                ..stop
            })),
            ..self.clone()
        })
    }

    /// Turns this very stop into a promotion, in the row of the Region that is left first: behind it the run may promote, and nobody
    /// withdraws it. Where it was turned before, by this run or by one that it continues, the intent is the run's own then.
    ///
    /// # Errors
    /// `RunRefused` without the lease, or where the row bears another stop or none: that was withdrawn, and the writer may be open.
    pub fn promote_stopped(&self, token: &StopToken, intent: Intent) -> Result<Self, Error> {
        self.own_lease(&intent.run_id)?;
        let stop = self.stop.as_ref().filter(|stop| stop.token == *token);
        let stop = stop.filter(|stop| stop.epoch == intent.epoch && stop.to == intent.to);
        let stop = stop.ok_or_else(|| {
            Error::RunRefused(format!(
                "the stop {token} of plan {} was withdrawn: its writer may be open, and nothing is promoted behind it",
                self.plan
            ))
        })?;
        Ok(Self {
            stop: Some(Box::new(Stop {
                stage: Stage::Promoting,
                run_id: intent.run_id.clone(),
                ..Stop::clone(stop)
            })),
            intent: Some(intent),
            ..self.clone()
        })
    }

    /// Withdraws this very stop, whoever asks: `None` where the row bears another one or none, or where a promotion has begun. Only
    /// after it has been written may the writer be opened by that mark.
    #[must_use]
    pub fn withdraw_stop(&self, token: &StopToken) -> Option<Self> {
        let stop = self.stop.as_ref()?;
        stop.is_of(token, Stage::Stopping).then(|| Self {
            stop: None,
            withdrawn: self.withdrawn.max(stop.epoch),
            ..self.clone()
        })
    }

    /// Whether a promotion has begun, planned or not.
    #[must_use]
    pub fn is_promoting(&self) -> bool {
        let stop = self.stop.as_ref();
        let agreed = stop.is_some_and(|stop| stop.stage == Stage::Promoting);
        self.intent.is_some() || agreed
    }

    /// Whether the writer may be opened by this mark, as far as the row of the Region it is in tells: it bears no such stop, no
    /// promotion has begun, and `writer` is the current one.
    #[must_use]
    pub fn may_open(&self, token: &StopToken, writer: &Region) -> bool {
        let borne = self.stop.as_ref().is_some_and(|stop| stop.token == *token);
        let current = self.current.as_ref();
        !borne && !self.is_promoting() && current.is_some_and(|current| current.writer == *writer)
    }
}
