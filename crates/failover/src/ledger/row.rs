//! One plan's row in one Region's ledger, and the only ways in which it may change.
//!
//! Every change is a pure function from a row to the next one; the store writes it only if nobody else did meanwhile.

mod lease;
mod telling;
mod unheard;
mod writer;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    domain::{Epoch, PlanName, Region, RunId},
    evidence::Verdict,
    topology::Named,
};

pub use lease::{Claim, LEASE, Lease, RunKind, SUPERSEDED_AFTER};
pub use telling::Telling;
pub use unheard::{Heard, Unheard};
pub use writer::{Current, Intent};

/// The `state` item: who may act for the plan, and who its writer is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The plan.
    pub plan: PlanName,
    /// Counts the writes of this row; a write names the one it replaces.
    pub version: u64,
    /// The last fencing token that was given out.
    pub token: u64,
    /// The run that may act.
    pub lease: Option<Lease>,
    /// The writer that was last proven.
    pub current: Option<Current>,
    /// A change of writer that has begun and is not proven yet; it outranks `current`.
    pub intent: Option<Intent>,
    /// When anything but our own beats last showed the current writer alive.
    #[serde(default)]
    pub alive_at: Option<Timestamp>,
    /// When it may have lived, although no verdict rests on that: it makes a loss unknown.
    #[serde(default)]
    pub maybe_alive_at: Option<Timestamp>,
    /// When RDS last said that it was working on the current writer, as a run's look saw it.
    #[serde(default)]
    pub busy_at: Option<Timestamp>,
    /// What people were last told about the suspected writer; cleared by the next beat that is committed.
    #[serde(default)]
    pub told: Option<String>,
    /// What people were told about it since then, each cause once; cleared with it.
    #[serde(default)]
    pub told_causes: Vec<String>,
    /// The question that a human answered with no, so that no suspicion asks it again; cleared by the next beat that is
    /// committed.
    #[serde(default)]
    pub declined: Option<Declined>,
    /// What people were last told is wrong with the plan's parameter; cleared when it is right again.
    #[serde(default)]
    pub plan_fault: Option<String>,
    /// The epoch of the open intent that people were paged about.
    #[serde(default)]
    pub paged: Option<Epoch>,
    /// The proven epoch under which this Region's member was last fenced, as a deposed writer.
    #[serde(default)]
    pub fenced: Option<Epoch>,
    /// When that was noted; tells two fences under one epoch apart.
    #[serde(default)]
    pub fenced_at: Option<Timestamp>,
    /// What people were told about a deposed writer here that is not fenced: the epoch and the cause, each once.
    #[serde(default)]
    pub unfenced: Vec<String>,
    /// Whether people are still to be told that this Region's member is fenced.
    #[serde(default)]
    pub fence_untold: bool,
    /// Whom people were told of, who works as the administrator of the deposed writer here: the epoch and who, each once.
    #[serde(default)]
    pub administrators_told: Vec<String>,
    /// The version of the administrator's secret that last opened this Region's member.
    #[serde(default)]
    pub served: Option<Served>,
    /// The highest epoch of a change of writer that was withdrawn; 0 where none was. No later one takes it again, and a copy
    /// that a silent Region keeps of such a change to this Region is void.
    #[serde(default)]
    pub withdrawn: Epoch,
    /// The other member Regions whose probe is not heard of while their ledger answers.
    #[serde(default)]
    pub unheard: BTreeMap<Region, Unheard>,
    /// What people are being told, by the message's first words.
    #[serde(default)]
    pub telling: BTreeMap<String, Telling>,
}

/// How many characters are kept of what is wrong with a plan's parameter.
const PLAN_FAULT_MAX: usize = 500;

/// How many characters are kept of what people were told is the cause.
const CAUSE_MAX: usize = 300;
/// How many such causes are remembered.
const CAUSES_MAX: usize = 8;
/// What a mark begins with that says that the plan itself refused a run, by a switch or its cool-down.
pub const REFUSED: &str = "refused: ";
/// What a mark of the probe begins with that says that its suspicion starts no run.
pub const NO_RUN: &str = "no run: ";
/// Of how many people are told under one epoch who work as the administrator: the row is read at every look.
const ADMINISTRATORS_MAX: usize = 20;

/// How long a note of what served is taken for fresh.
pub const SERVED_FRESH: SignedDuration = SignedDuration::from_mins(10);

/// A version of a secret that opened a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// Its `VersionId`, which is the same in every Region that the secret is replicated to.
    pub version: String,
    /// When it was noted.
    pub at: Timestamp,
}

/// A human's no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    /// The run that asked.
    pub run_id: RunId,
    /// What it had found; another verdict is another question.
    pub verdict: Verdict,
}

impl Row {
    /// The row of a plan that nothing was ever written about.
    #[must_use]
    pub const fn new(plan: PlanName) -> Self {
        Self {
            plan,
            version: 0,
            token: 0,
            lease: None,
            current: None,
            intent: None,
            alive_at: None,
            maybe_alive_at: None,
            busy_at: None,
            told: None,
            told_causes: Vec::new(),
            declined: None,
            plan_fault: None,
            paged: None,
            fenced: None,
            fenced_at: None,
            unfenced: Vec::new(),
            fence_untold: false,
            administrators_told: Vec::new(),
            served: None,
            withdrawn: Epoch(0),
            unheard: BTreeMap::new(),
            telling: BTreeMap::new(),
        }
    }

    /// The highest epoch this row knows, intents included.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        let current = self.current.as_ref().map(|current| current.epoch);
        let intent = self.intent.as_ref().map(|intent| intent.epoch);
        current.max(intent).unwrap_or_default()
    }

    /// The highest epoch that was ever given out as far as this row knows, withdrawn ones included.
    #[must_use]
    pub fn spent_epoch(&self) -> Epoch {
        self.epoch().max(self.withdrawn)
    }

    /// The epoch of the proven writer.
    #[must_use]
    pub fn proven_epoch(&self) -> Epoch {
        self.current
            .as_ref()
            .map(|current| current.epoch)
            .unwrap_or_default()
    }

    /// Gives the lease to a run; a run re-enters its own.
    ///
    /// # Errors
    /// `RunRefused` while another run holds it, when the incident's epoch is past, or where a run of the same name to another
    /// Region held it last: all that goes by the name would take the one for the other.
    pub fn claim(&self, claim: &Claim, now: Timestamp) -> Result<Self, Error> {
        if let Some(incident) = claim
            .incident
            .as_ref()
            .filter(|incident| incident.epoch < self.proven_epoch())
        {
            return Err(Error::RunRefused(format!(
                "incident {incident} has been dealt with: epoch {} is current",
                self.proven_epoch()
            )));
        }
        let namesake = self.lease.as_ref();
        let namesake = namesake.filter(|lease| lease.run_id == claim.run_id);
        if let Some(lease) = namesake.filter(|lease| lease.to != claim.to) {
            return Err(Error::RunRefused(format!(
                "run_id is {}, which is a run of plan {} to {}, and this one goes to {}; start it under another name",
                claim.run_id, self.plan, lease.to, claim.to
            )));
        }
        let superseded = self.is_superseded_by(claim, now);
        if let Some(other) = self.held_by_another(&claim.run_id, now)
            && !superseded
        {
            return Err(Error::RunRefused(format!(
                "run {} holds plan {} until {}",
                other.run_id, self.plan, other.expires_at
            )));
        }
        let held = self.lease.as_ref().filter(|lease| lease.expires_at > now);
        let held = held.filter(|lease| lease.run_id == claim.run_id);
        let token = held.map_or(self.token + 1, |own| own.token);
        Ok(self.leased(claim, token, now))
    }

    /// Gives a pass by hand the lease. It goes by the name of the work it continues, so it does not re-enter: a lease of that
    /// name belongs to a pass beside it, which will give it back under this one. Only the lease of the token `kept`, which a pass
    /// by hand that has ended could not give back, whatever its step, is taken again, under a new token.
    ///
    /// # Errors
    /// As [`Row::claim`], and `RunRefused` while such a pass is under way.
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
    /// As [`Row::claim`], when the other run waits for nobody.
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

    /// The lease of another run, where it has not lapsed.
    #[must_use]
    pub fn held_by_another(&self, run_id: &RunId, now: Timestamp) -> Option<&Lease> {
        self.lease
            .as_ref()
            .filter(|lease| lease.expires_at > now && lease.run_id != *run_id)
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
    fn own_lease(&self, run_id: &RunId) -> Result<&Lease, Error> {
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
        let intent = self
            .intent
            .clone()
            .filter(|intent| intent.epoch > current.epoch);
        Ok(Self {
            current: Some(current),
            intent,
            alive_at: None,
            maybe_alive_at: None,
            busy_at: None,
            ..self.clone()
        })
    }

    /// Takes over a proven epoch that another Region's ledger holds (rule 6); `None` when this one knows as much.
    #[must_use]
    pub fn learn(&self, other: &Current) -> Option<Self> {
        if self.proven_epoch() >= other.epoch {
            return None;
        }
        let intent = self
            .intent
            .clone()
            .filter(|intent| intent.epoch > other.epoch);
        Some(Self {
            current: Some(other.clone()),
            intent,
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

    /// Notes what people are told about the suspected writer; `None` when they were told just that, whatever is counted in it.
    #[must_use]
    pub fn tell(&self, what: &str) -> Option<Self> {
        let mark = cause(what);
        (!self.told_causes.contains(&mark)).then(|| Self {
            told: Some(mark.clone()),
            told_causes: with_cause(self.told_causes.iter(), mark),
            ..self.clone()
        })
    }

    /// Notes what people are told is wrong with the plan's parameter, or that nothing is; `None` when that is known.
    #[must_use]
    pub fn tell_plan_fault(&self, fault: Option<&str>) -> Option<Self> {
        // The row is read at every look: a sentence for every field would make it large.
        let fault = fault.map(|fault| fault.chars().take(PLAN_FAULT_MAX).collect::<String>());
        (self.plan_fault != fault).then(|| Self {
            plan_fault: fault,
            ..self.clone()
        })
    }

    /// Notes a human's no; `None` when it is known.
    #[must_use]
    pub fn decline(&self, declined: &Declined) -> Option<Self> {
        let news = self.declined.as_ref() != Some(declined);
        news.then(|| Self {
            declined: Some(declined.clone()),
            ..self.clone()
        })
    }

    /// Notes that the writer commits again, so that the next suspicion is news and may ask; `None` when nobody was told or
    /// asked anything.
    #[must_use]
    pub fn calm(&self) -> Option<Self> {
        let spoken = self.told.is_some() || self.declined.is_some();
        spoken.then(|| Self {
            told: None,
            told_causes: Vec::new(),
            declined: None,
            ..self.clone()
        })
    }

    /// Notes that people are paged about the open intent; `None` when there is none, a run holds the plan, or they know.
    #[must_use]
    pub fn page(&self, now: Timestamp) -> Option<Self> {
        let intent = self
            .intent
            .as_ref()
            .filter(|intent| intent.epoch > self.proven_epoch())?;
        let covered = self
            .lease
            .as_ref()
            .is_some_and(|lease| lease.expires_at > now);
        let news = !covered && self.paged != Some(intent.epoch);
        news.then(|| Self {
            paged: Some(intent.epoch),
            ..self.clone()
        })
    }

    /// Notes that this Region's member was seen shut, and whether people are still to be told; `None` when that is known.
    #[must_use]
    pub fn fence(&self, under: Epoch, at: Timestamp, untold: bool) -> Option<Self> {
        let next = Self {
            fenced: Some(under),
            fenced_at: self.fence_under(under).or(Some(at)),
            unfenced: Vec::new(),
            fence_untold: untold,
            ..self.clone()
        };
        (next != *self).then_some(next)
    }

    /// The fence that this Region's member stands under, where it is one of this epoch.
    #[must_use]
    pub fn fence_under(&self, epoch: Epoch) -> Option<Timestamp> {
        self.fenced_at.filter(|_| self.fenced == Some(epoch))
    }

    /// Whether it is news to people that this Region's member is fenced under an epoch, where it was `fenced` when the pass looked.
    /// Another pass may have fenced it since, and told them.
    #[must_use]
    pub fn is_fence_news(&self, under: Epoch, fenced: Option<Epoch>) -> bool {
        let is_new = fenced != Some(under) && self.fenced != Some(under);
        is_new || self.fence_untold || !self.unfenced.is_empty()
    }

    /// Notes that people were told that this Region's member is fenced; `None` when that is known.
    #[must_use]
    pub fn tell_fenced(&self) -> Option<Self> {
        (self.fence_untold || !self.unfenced.is_empty()).then(|| Self {
            unfenced: Vec::new(),
            fence_untold: false,
            ..self.clone()
        })
    }

    /// Notes that this Region's member is open, or may be: whatever was found out under its fence counts no more. `None` when that is
    /// known. What people were told stays told, and what they are owed is owed.
    #[must_use]
    pub fn open(&self) -> Option<Self> {
        self.fenced.is_some().then(|| Self {
            fenced: None,
            fenced_at: None,
            ..self.clone()
        })
    }

    /// Notes that this Region's member was given back; `None` when that is known.
    #[must_use]
    pub fn unfence(&self) -> Option<Self> {
        let given_back = Self {
            fenced: None,
            fenced_at: None,
            unfenced: Vec::new(),
            fence_untold: false,
            ..self.clone()
        };
        (given_back != *self).then_some(given_back)
    }

    /// Marks that people were told who works as the administrator of a deposed writer; `None` when they know of each, or of as many
    /// as are remembered.
    #[must_use]
    pub fn tell_administrators(&self, epoch: Epoch, who: &[String]) -> Option<Self> {
        let of_epoch = format!("{epoch}/");
        let told = self.administrators_told.iter();
        // Those of another epoch are past.
        let mut told: Vec<_> = told
            .filter(|told| told.starts_with(&of_epoch))
            .cloned()
            .collect();
        let known = told.len();
        for one in who {
            let mark: String = of_epoch
                .chars()
                .chain(one.chars())
                .take(CAUSE_MAX)
                .collect();
            if told.len() < ADMINISTRATORS_MAX && !told.contains(&mark) {
                told.push(mark);
            }
        }
        (told.len() > known).then(|| Self {
            administrators_told: told,
            ..self.clone()
        })
    }

    /// Whether it was noted lately what opens this Region's member.
    #[must_use]
    pub fn is_served_noted(&self, now: Timestamp) -> bool {
        let served = self.served.as_ref();
        served.is_some_and(|served| now.duration_since(served.at) < SERVED_FRESH)
    }

    /// Notes which version of the administrator's secret opened this Region's member; `None` when that is known and fresh.
    #[must_use]
    pub fn serve(&self, version: &str, now: Timestamp) -> Option<Self> {
        let same = self
            .served
            .as_ref()
            .is_some_and(|served| served.version == version);
        let news = !same || !self.is_served_noted(now);
        news.then(|| Self {
            served: Some(Served {
                version: version.into(),
                at: now,
            }),
            ..self.clone()
        })
    }

    /// Marks that people were told why a deposed writer is not fenced; `None` when they know.
    #[must_use]
    pub fn tell_unfenced(&self, epoch: Epoch, why: &str) -> Option<Self> {
        let mark = format!("{epoch}/{}", cause(why));
        (!self.unfenced.contains(&mark)).then(|| {
            // Those of another epoch are past.
            let same = self.unfenced.iter();
            let same = same.filter(|told| told.starts_with(&format!("{epoch}/")));
            Self {
                unfenced: with_cause(same, mark),
                fence_untold: false,
                ..self.clone()
            }
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

/// The causes that people were told, and one more; the oldest beyond the bound are forgotten.
fn with_cause<'a>(told: impl Iterator<Item = &'a String>, mark: String) -> Vec<String> {
    let mut causes: Vec<_> = told.cloned().chain([mark]).collect();
    let past = causes.len().saturating_sub(CAUSES_MAX);
    causes.drain(..past);
    causes
}

/// What stays the same of a sentence from one look to the next: its beginning, and no count or time.
fn cause(why: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words = why.split_inclusive(|c: char| !is_word(c)).map(|word| {
        let core = word.trim_end_matches(|c: char| !is_word(c));
        // A time in its usual form is cut into words as 26T12 and 09Z.
        let digits = core.trim_end_matches('Z').replacen('T', "", 1);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            word.replacen(core, "#", 1)
        } else {
            word.to_owned()
        }
    });
    words.collect::<String>().chars().take(CAUSE_MAX).collect()
}

#[cfg(test)]
mod tests;
