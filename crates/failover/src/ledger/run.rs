//! The record of one run: what it knew, decided and did, and what came of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    beat::Beats,
    domain::{Epoch, Incident, PlanName, Region, RunId},
    ledger::{Answer, Attempt, Claim, Looks, RunKind, attempt},
    patience::Refusal,
    plan::Plan,
};

mod changes;
mod closed;
mod confirmed;
mod false_alarm;

pub use changes::{DnsChange, Proof, Restart, Unled};
pub use closed::{Closed, Entry, Outcome};
pub use confirmed::{Asked, Confirmed, HandOver, Resolved};
pub use false_alarm::FalseAlarm;

/// The `run/<run_id>` item of the acting Region's ledger. Until it is over only the run that holds the lease writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The run.
    pub run_id: RunId,
    /// What it does.
    pub kind: RunKind,
    /// The plan as it stood when the run opened; later revisions do not concern this run.
    pub plan: Plan,
    /// The outage it answers.
    pub incident: Option<Incident>,
    /// The ARN of the state machine's execution, for people.
    #[serde(default)]
    pub execution: Option<String>,
    /// The run that found this Region's standby to be the better one.
    #[serde(default)]
    pub handed_over_by: Option<RunId>,
    /// The run that waits for a human's answer and holds the plan; this one may take it over when it needs none.
    #[serde(default)]
    pub behind: Option<RunId>,
    /// The Region it leaves.
    pub from: Region,
    /// The Region it goes to.
    pub to: Region,
    /// The epoch when it opened.
    pub epoch: Epoch,
    /// When it opened.
    pub opened_at: Timestamp,
    /// The Regions whose lease it holds.
    pub leased: BTreeSet<Region>,
    /// Whether a human forced its one pass: they are the evidence.
    #[serde(default)]
    pub forced: bool,
    /// Whether they accept that writes are lost.
    #[serde(default)]
    pub accept_data_loss: bool,
    /// Whether they promote past an old writer that answers.
    #[serde(default)]
    pub abandons_living_writer: bool,
    /// What the last confirmation found.
    pub confirmed: Option<Confirmed>,
    /// When a human approved it.
    #[serde(default)]
    pub approved_at: Option<Timestamp>,
    /// The Region whose standby is the better one, and why.
    #[serde(default)]
    pub hand_over: Option<HandOver>,
    /// The later run that did what this one had left, where it proved the writer and did not succeed.
    #[serde(default)]
    pub finished_by: Option<RunId>,
    /// How the standby is promoted; resolved once.
    pub strategy: Option<Resolved>,
    /// The beats that the promoted member held before its first one of its own.
    pub held: Option<Beats>,
    /// What proving the new writer showed.
    pub proof: Option<Proof>,
    /// The change that each hosted zone last took.
    #[serde(default)]
    pub dns_changes: BTreeMap<String, DnsChange>,
    /// What could not be led to the new writer, by the name that sentences give it.
    #[serde(default)]
    pub unled: BTreeMap<String, Unled>,
    /// What was done to each service, by `<region>/<cluster>/<service>`.
    #[serde(default)]
    pub restarts: BTreeMap<String, Restart>,
    /// The calls that change something, each noted before it was made.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// How many of them were noted, whatever came of them, and how often a pass counted that wants no call beside it. It never
    /// falls.
    #[serde(default)]
    pub calls: u64,
    /// How far the writer that a planned move stopped had written when every door was first seen shut, in bytes of its log: whoever
    /// has replayed that holds every row that was acknowledged.
    #[serde(default)]
    pub stopped_at: Option<i64>,
    /// What its looks at RDS showed, and for how long.
    #[serde(default)]
    pub looks: Looks,
    /// The question that a human was asked last.
    #[serde(default)]
    pub asked: Option<Asked>,
    /// When its target was seen to be promoted.
    #[serde(default)]
    pub promoted_at: Option<Timestamp>,
    /// The call that is not taken, while that lasts.
    #[serde(default)]
    pub refusal: Option<Refusal>,
    /// What each step did, in order.
    #[serde(default)]
    pub timeline: Vec<Entry>,
    /// What came of it.
    pub closed: Option<Closed>,
    /// That nothing was wrong when it was started, as a human said once it was over.
    #[serde(default)]
    pub false_alarm: Option<FalseAlarm>,
    /// Whether people were sent its end, or nobody is to be.
    #[serde(default)]
    pub told: bool,
    /// The leases that a forced pass held and could not give back when it ended, by their tokens: the next forced pass may take
    /// them.
    #[serde(default)]
    pub kept: BTreeMap<Region, u64>,
}

impl Claim {
    /// What a run that is open asks for.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        Self {
            run_id: run.run_id.clone(),
            kind: run.kind,
            incident: run.incident.clone(),
            from: run.from.clone(),
            to: run.to.clone(),
        }
    }
}

impl Run {
    /// What a run is when it opens: nothing has been found out or done, and it holds no lease.
    #[must_use]
    pub fn opened(claim: Claim, plan: Plan, epoch: Epoch, opened_at: Timestamp) -> Self {
        let Claim {
            run_id,
            kind,
            incident,
            from,
            to,
        } = claim;
        Self {
            run_id,
            kind,
            plan,
            incident,
            execution: None,
            handed_over_by: None,
            behind: None,
            from,
            to,
            epoch,
            opened_at,
            leased: BTreeSet::new(),
            forced: false,
            accept_data_loss: false,
            abandons_living_writer: false,
            confirmed: None,
            approved_at: None,
            hand_over: None,
            finished_by: None,
            strategy: None,
            held: None,
            proof: None,
            dns_changes: BTreeMap::new(),
            unled: BTreeMap::new(),
            restarts: BTreeMap::new(),
            attempts: Vec::new(),
            calls: 0,
            stopped_at: None,
            looks: Looks::default(),
            asked: None,
            promoted_at: None,
            refusal: None,
            timeline: Vec::new(),
            closed: None,
            false_alarm: None,
            told: false,
            kept: BTreeMap::new(),
        }
    }

    /// The plan's name.
    #[must_use]
    pub const fn name(&self) -> &PlanName {
        &self.plan.plan
    }

    /// Whether it confirms behind another run that waits for a human's answer, without any lease.
    #[must_use]
    pub fn waits_behind(&self) -> bool {
        self.behind.is_some() && self.leased.is_empty()
    }

    /// Notes a call that changes something, before it is made.
    pub fn attempt(&mut self, at: Timestamp, step: &str, action: &str) {
        attempt::begin(&mut self.attempts, at, step, action);
        self.count();
    }

    /// Counts what must not go beside a call: once that is noted, no pass that read the record before notes one.
    pub const fn count(&mut self) {
        self.calls += 1;
    }

    /// Whether this record may be replaced by the one that a pass hands in. Of two passes that come in at once one notes its call,
    /// and no note of a call is lost to a pass that read the record before it.
    #[must_use]
    pub const fn gives_way_to(&self, next: &Self, notes_call: bool) -> bool {
        self.calls < next.calls || self.calls == next.calls && !notes_call
    }

    /// What a pass is told whose record is not taken.
    #[must_use]
    pub fn overtaken(&self) -> Error {
        Error::Unavailable(format!(
            "another pass of run {} noted a call since this one read its record; the next pass looks again",
            self.run_id
        ))
    }

    /// Notes what the call that was noted last was answered.
    pub fn answered(&mut self, answer: Answer) {
        attempt::answered(&mut self.attempts, answer);
    }

    /// Takes the note of the last call back: it was turned away unseen.
    pub fn not_made(&mut self) {
        self.attempts.pop();
    }

    /// Adds an entry to the timeline, once per step and action.
    pub fn note(&mut self, at: Timestamp, step: &str, action: &str, reason: &str) {
        let repeated = self
            .timeline
            .last()
            .is_some_and(|last| last.step == step && last.action == action);
        if !repeated {
            self.timeline.push(Entry {
                at,
                step: step.into(),
                action: action.into(),
                reason: reason.into(),
            });
        }
    }
}
