//! Who the writer is, who is to be it, and how the one becomes the other.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{PlanState, Stop};
use crate::{
    Error,
    domain::{Epoch, Region, RunId},
    topology::Named,
};

/// The proven writer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Current {
    /// Its epoch.
    pub epoch: Epoch,
    /// Its Region.
    pub writer: Region,
    /// The global cluster it belongs to; `None` after a detach, until one is rebuilt.
    pub global_cluster: Option<Named>,
    /// The run that proved it, or `adopt`.
    pub run_id: RunId,
    /// When it was proven.
    pub proven_at: Timestamp,
    /// Whether an outage made it the writer: that starts the cool-down.
    #[serde(default)]
    pub unplanned: bool,
    /// When a human acknowledged that run, which ends the cool-down.
    #[serde(default)]
    pub acknowledged_at: Option<Timestamp>,
}

/// A change of writer that has begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The epoch of the new writer.
    pub epoch: Epoch,
    /// The Region it leaves.
    pub from: Region,
    /// The Region to promote.
    pub to: Region,
    /// The global cluster it will belong to.
    pub global_cluster: Option<Named>,
    /// The run that carries it out.
    pub run_id: RunId,
    /// When it was written.
    pub written_at: Timestamp,
}

impl PlanState {
    /// Writes a change of writer down before it begins, or takes over one that another run to the same target left.
    ///
    /// # Errors
    /// `RunRefused` without the lease; `UnexpectedTopology` when the epoch would not grow.
    pub fn intend(&self, intent: Intent) -> Result<Self, Error> {
        self.own_lease(&intent.run_id)?;
        let same = self
            .intent
            .as_ref()
            .is_some_and(|open| open.to == intent.to && open.epoch == intent.epoch);
        if !same && intent.epoch <= self.spent_epoch() {
            return Err(Error::UnexpectedTopology(format!(
                "epoch {} is not above {}, which the ledger of plan {} holds",
                intent.epoch,
                self.spent_epoch(),
                self.plan
            )));
        }
        Ok(Self {
            intent: Some(intent),
            ..self.clone()
        })
    }

    /// Notes the global cluster that the current writer leads.
    ///
    /// # Errors
    /// `RunRefused` without the lease; `UnexpectedTopology` when another epoch is current.
    pub fn lead(
        &self,
        run_id: &RunId,
        epoch: Epoch,
        global_cluster: &Named,
    ) -> Result<Self, Error> {
        self.own_lease(run_id)?;
        let current = self.current.as_ref();
        let current = current
            .filter(|current| current.epoch == epoch)
            .ok_or_else(|| {
                Error::UnexpectedTopology(format!(
                    "epoch {} is current for plan {}, not {epoch}",
                    self.proven_epoch(),
                    self.plan
                ))
            })?;
        Ok(Self {
            current: Some(Current {
                global_cluster: Some(global_cluster.clone()),
                ..current.clone()
            }),
            ..self.clone()
        })
    }

    /// Takes back a change of writer of the run's own that never came about; `None` where none of its own is open.
    ///
    /// Only for a change that RDS shows was not carried out, and that nothing under way can carry out any more.
    #[must_use]
    pub fn withdraw(&self, run_id: &RunId) -> Option<Self> {
        self.own_lease(run_id).ok()?;
        let intent = self.intent.as_ref()?;
        (intent.run_id == *run_id).then(|| Self {
            intent: None,
            stop: None,
            withdrawn: self.withdrawn.max(intent.epoch),
            ..self.clone()
        })
    }

    /// Drops the copy of a change of writer that `target`, the row of the Region it leads to, says was withdrawn; `None` where
    /// this row keeps no such copy.
    #[must_use]
    pub fn void(&self, target: &Region, row: &Self) -> Option<Self> {
        let intent = self.intent.as_ref()?;
        (intent.to == *target && intent.epoch <= row.withdrawn).then(|| Self {
            intent: None,
            stop: None,
            withdrawn: self.withdrawn.max(intent.epoch),
            ..self.clone()
        })
    }

    /// Turns a proven intent into the current row.
    ///
    /// # Errors
    /// `RunRefused` without the lease; `UnexpectedTopology` when a later epoch is already current.
    pub fn prove(&self, run_id: &RunId, current: Current) -> Result<Self, Error> {
        self.own_lease(run_id)?;
        if self.proven_epoch() > current.epoch {
            return Err(Error::UnexpectedTopology(format!(
                "epoch {} is already current for plan {}, {} is past",
                self.proven_epoch(),
                self.plan,
                current.epoch
            )));
        }
        let (intent, stop) = self.begun_above(current.epoch);
        Ok(Self {
            current: Some(current),
            intent,
            stop,
            alive_at: None,
            maybe_alive_at: None,
            busy_at: None,
            ..self.clone()
        })
    }

    /// What has begun under a later epoch than one that is proven.
    fn begun_above(&self, proven: Epoch) -> (Option<Intent>, Option<Box<Stop>>) {
        let intent = self.intent.clone();
        let stop = self.stop.clone();
        (
            intent.filter(|intent| intent.epoch > proven),
            stop.filter(|stop| stop.epoch > proven),
        )
    }

    /// Takes over a proven epoch that another Region's ledger holds (rule 6); `None` when this one knows as much.
    #[must_use]
    pub fn learn(&self, other: &Current) -> Option<Self> {
        if self.proven_epoch() >= other.epoch {
            return None;
        }
        let (intent, stop) = self.begun_above(other.epoch);
        Some(Self {
            current: Some(other.clone()),
            intent,
            stop,
            alive_at: None,
            maybe_alive_at: None,
            busy_at: None,
            ..self.clone()
        })
    }

    /// What another Region's row teaches this one: a later proven epoch, a withdrawal; `None` when this one knows as much.
    #[must_use]
    pub fn learn_of(&self, region: &Region, other: &Self) -> Option<Self> {
        let learnt = other.current.as_ref().and_then(|other| self.learn(other));
        let row = learnt.as_ref().unwrap_or(self);
        row.void(region, other).or(learnt)
    }

    /// Notes when the current writer was seen alive, and when it may have been; `None` when that is known.
    #[must_use]
    pub fn seen_alive(&self, at: Option<Timestamp>, maybe_at: Option<Timestamp>) -> Option<Self> {
        let news = at > self.alive_at || maybe_at > self.maybe_alive_at;
        news.then(|| Self {
            alive_at: self.alive_at.max(at),
            maybe_alive_at: self.maybe_alive_at.max(maybe_at),
            ..self.clone()
        })
    }

    /// Notes when RDS was seen to work on the current writer; `None` when that is known.
    #[must_use]
    pub fn seen_busy(&self, at: Option<Timestamp>) -> Option<Self> {
        (at > self.busy_at).then(|| Self {
            busy_at: at,
            ..self.clone()
        })
    }

    /// Ends the cool-down after a run; `None` when the current writer is not that run's work or it is acknowledged.
    #[must_use]
    pub fn acknowledge(&self, run_id: &RunId, now: Timestamp) -> Option<Self> {
        let current = self
            .current
            .as_ref()
            .filter(|current| current.run_id == *run_id && current.acknowledged_at.is_none())?;
        Some(Self {
            current: Some(Current {
                acknowledged_at: Some(now),
                ..current.clone()
            }),
            ..self.clone()
        })
    }
}
