//! The right to act for a plan, and what a run says of itself to get it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::PlanState;
use crate::{
    Error,
    domain::{Epoch, Incident, Region, RunId},
};

/// How long a lease holds after the last pass that renewed it.
pub const LEASE: SignedDuration = SignedDuration::from_mins(15);

/// How long an unplanned run may be silent before another one takes its place: longer than any such run that lives goes
/// without a renewal before its promotion, which a cross-check computes from waits, time-outs and retries.
pub const SUPERSEDED_AFTER: SignedDuration = SignedDuration::from_mins(6);

/// The right to act for a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// The run that holds it.
    pub run_id: RunId,
    /// Grows whenever the lease changes hands.
    pub token: u64,
    /// What the run is doing.
    pub kind: RunKind,
    /// The Region the run leaves.
    pub from: Region,
    /// The Region the run goes to.
    pub to: Region,
    /// When it lapses unless a pass renews it.
    pub expires_at: Timestamp,
    /// Whether the run waits for a human's answer; one that needs none may take the lease over.
    #[serde(default)]
    pub waits_for_human: bool,
}

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// The writer's Region is lost.
    UnplannedFailover,
    /// The writer is moved while everything is well.
    PlannedFailover,
    /// The standby is rebuilt after an outage, and the writer moved home.
    Failback,
}

impl RunKind {
    /// Its name, as records and metrics have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnplannedFailover => "unplanned_failover",
            Self::PlannedFailover => "planned_failover",
            Self::Failback => "failback",
        }
    }
}

/// What a run asks for when it opens.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The run.
    pub run_id: RunId,
    /// What it does.
    pub kind: RunKind,
    /// The outage it answers, where it answers one.
    pub incident: Option<Incident>,
    /// The Region it leaves.
    pub from: Region,
    /// The Region it goes to.
    pub to: Region,
}

impl PlanState {
    /// Gives the lease to a run; a run re-enters its own.
    ///
    /// # Errors
    /// `RunRefused` while another run holds it, when the incident's epoch is past, or where a run of the same name to another
    /// Region held it last: all that goes by the name would take the one for the other.
    pub fn claim(&self, claim: &Claim, now: Timestamp) -> Result<Self, Error> {
        self.is_current(claim.incident.as_ref())?;
        self.has_no_namesake(claim)?;
        if let Some(other) = self.held_by_another(&claim.run_id, now)
            && !self.is_superseded_by(claim, now)
        {
            return Err(Error::RunRefused(format!(
                "run {} holds plan {} until {}",
                other.run_id, self.plan, other.expires_at
            )));
        }
        let held = self.live_lease(now);
        let held = held.filter(|lease| lease.run_id == claim.run_id);
        let token = held.map_or(self.token + 1, |own| own.token);
        Ok(self.leased(claim, token, now))
    }

    /// Refuses an outage whose writer another one has followed.
    fn is_current(&self, incident: Option<&Incident>) -> Result<(), Error> {
        match incident.filter(|incident| incident.epoch < self.proven_epoch()) {
            None => Ok(()),
            Some(incident) => Err(Error::RunRefused(format!(
                "incident {incident} has been dealt with: epoch {} is current",
                self.proven_epoch()
            ))),
        }
    }

    /// Refuses the name of a run to another Region.
    fn has_no_namesake(&self, claim: &Claim) -> Result<(), Error> {
        let namesake = self.lease.as_ref();
        let namesake = namesake.filter(|lease| lease.run_id == claim.run_id);
        match namesake.filter(|lease| lease.to != claim.to) {
            None => Ok(()),
            Some(lease) => Err(Error::RunRefused(format!(
                "run_id is {}, which is a run of plan {} to {}, and this one goes to {}; start it under another name",
                claim.run_id, self.plan, lease.to, claim.to
            ))),
        }
    }

    /// Gives a pass by hand the lease. It goes by the name of the work it continues, so it does not re-enter: a lease of that
    /// name belongs to a pass beside it, which will give it back under this one. Only the lease of the token `kept`, which a pass
    /// by hand that has ended could not give back, whatever its step, is taken again, under a new token.
    ///
    /// # Errors
    /// As [`PlanState::claim`], and `RunRefused` while such a pass is under way.
    pub fn claim_by_hand(
        &self,
        claim: &Claim,
        kept: Option<u64>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        match &self.lease {
            Some(ended) if Some(ended.token) == kept => Ok(self.leased(claim, self.token + 1, now)),
            Some(own) if own.run_id == claim.run_id && own.expires_at > now => {
                Err(Error::RunRefused(format!(
                    "another pass by hand, {}, holds plan {} until {}; wait for its end, or release it where it has died",
                    own.run_id, self.plan, own.expires_at
                )))
            }
            _ => self.claim(claim, now),
        }
    }

    /// Gives a run the lease that another one holds while it waits for a human's answer.
    ///
    /// # Errors
    /// As [`PlanState::claim`], when the other run waits for nobody.
    pub fn take_over(&self, claim: &Claim, now: Timestamp) -> Result<Self, Error> {
        match self.held_by_another(&claim.run_id, now) {
            Some(other) if other.waits_for_human => {
                let free = Self {
                    lease: None,
                    ..self.clone()
                };
                free.claim(claim, now)
            }
            _ => self.claim(claim, now),
        }
    }

    /// Whether an unplanned run takes the place of another one that has been silent for longer than it can be and live. One
    /// that waits for a human renews nothing meanwhile, one that has begun to promote or has promoted is finished and not
    /// replaced: their leases lapse.
    fn is_superseded_by(&self, claim: &Claim, now: Timestamp) -> bool {
        let promoted = |run: &RunId| self.current.as_ref().is_some_and(|own| own.run_id == *run);
        let unplanned = |kind| kind == RunKind::UnplannedFailover;
        self.intent.is_none()
            && unplanned(claim.kind)
            && self.lease.as_ref().is_some_and(|lease| {
                unplanned(lease.kind)
                    && !lease.waits_for_human
                    && !promoted(&lease.run_id)
                    && lease.expires_at - LEASE + SUPERSEDED_AFTER < now
            })
    }

    /// The lease, where it has not lapsed.
    #[must_use]
    pub fn live_lease(&self, now: Timestamp) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| lease.expires_at > now)
    }

    /// The lease of another run, where it has not lapsed.
    #[must_use]
    pub fn held_by_another(&self, run_id: &RunId, now: Timestamp) -> Option<&Lease> {
        self.live_lease(now).filter(|lease| lease.run_id != *run_id)
    }

    fn leased(&self, claim: &Claim, token: u64, now: Timestamp) -> Self {
        let lease = Lease {
            run_id: claim.run_id.clone(),
            token,
            kind: claim.kind,
            from: claim.from.clone(),
            to: claim.to.clone(),
            expires_at: now + LEASE,
            waits_for_human: false,
        };
        Self {
            // A run that re-enters its lease takes back nothing that was counted on since.
            token: self.token.max(token),
            lease: Some(lease),
            ..self.clone()
        }
    }

    /// Keeps the lease while a human is asked, until `until` and a lease's time beyond it.
    ///
    /// # Errors
    /// `RunRefused` without the lease.
    pub fn ask(&self, run_id: &RunId, until: Timestamp) -> Result<Self, Error> {
        let lease = self.own_lease(run_id)?;
        Ok(Self {
            lease: Some(Lease {
                expires_at: until + LEASE,
                waits_for_human: true,
                ..lease.clone()
            }),
            ..self.clone()
        })
    }

    /// Guard (a): the run holds the lease, and the epoch is the input's or the run's own. Renews the lease.
    ///
    /// # Errors
    /// `RunRefused` when either does not hold.
    pub fn renew(&self, run_id: &RunId, epoch: Epoch, now: Timestamp) -> Result<Self, Error> {
        let lease = self.own_lease(run_id)?;
        let own_epoch = self
            .current
            .as_ref()
            .is_some_and(|current| current.run_id == *run_id);
        if self.proven_epoch() != epoch && !own_epoch {
            return Err(Error::RunRefused(format!(
                "plan {} stands at epoch {}, this run was opened at epoch {epoch}",
                self.plan,
                self.proven_epoch()
            )));
        }
        Ok(Self {
            lease: Some(Lease {
                expires_at: now + LEASE,
                waits_for_human: false,
                ..lease.clone()
            }),
            ..self.clone()
        })
    }

    /// Whoever took over an expired lease raised the token and put its own name: the old run never matches again.
    pub(super) fn own_lease(&self, run_id: &RunId) -> Result<&Lease, Error> {
        self.lease
            .as_ref()
            .filter(|lease| lease.run_id == *run_id)
            .ok_or_else(|| {
                let holder = self
                    .lease
                    .as_ref()
                    .map_or("no run".to_owned(), |lease| format!("run {}", lease.run_id));
                Error::RunRefused(format!(
                    "run {run_id} does not hold plan {}: {holder} does",
                    self.plan
                ))
            })
    }

    /// Counts one on, past leases that nobody took, so that a run of the next name can be started; `None` where somebody has
    /// taken the plan or counted meanwhile.
    #[must_use]
    pub fn count_on(&self, seen: u64) -> Option<Self> {
        (self.token == seen).then(|| Self {
            token: seen + 1,
            ..self.clone()
        })
    }

    /// Gives the lease back; `None` when the run does not hold it.
    #[must_use]
    pub fn release(&self, run_id: &RunId) -> Option<Self> {
        self.own_lease(run_id).ok()?;
        Some(Self {
            lease: None,
            ..self.clone()
        })
    }
}
