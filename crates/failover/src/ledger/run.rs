//! The record of one run: what it knew, decided and did, and what came of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    beat::{Beat, Beats, Loss},
    domain::{Epoch, Incident, PlanName, Region, RunId, seconds_between},
    evidence::{Evidence, Said, Verdict},
    ledger::{Answer, Attempt, Claim, Looks, RunKind, attempt},
    patience::Refusal,
    plan::{Endpoint, Plan, Strategy},
    policy::{Human, covers, is_approved},
};

/// The `run/<run_id>` item of the acting Region's ledger. Only the run that holds the lease writes it.
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
    /// Whether people were sent its end, or nobody is to be.
    #[serde(default)]
    pub told: bool,
    /// The leases that a forced pass held and could not give back when it ended, by their tokens: the next forced pass may take
    /// them.
    #[serde(default)]
    pub kept: BTreeMap<Region, u64>,
}

/// What the last confirmation found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confirmed {
    /// The verdict.
    pub verdict: Verdict,
    /// What it rests on.
    pub evidence: Evidence,
    /// What a promotion would lose; `None` when that is unknown.
    pub loss: Option<Loss>,
    /// The last beats that were acknowledged to the vantages which survive.
    pub acknowledged: Beats,
    /// When anything but those beats last showed the writer alive.
    pub alive_at: Option<Timestamp>,
    /// When it may have lived, although no verdict rests on that: it makes a loss unknown.
    #[serde(default)]
    pub maybe_alive_at: Option<Timestamp>,
    /// Since when the outage lasts: the first failure after the latest sign of life.
    #[serde(default)]
    pub outage_since: Option<Timestamp>,
    /// Until when the old writer may have taken writes; what the target lacks of that time is the most that is lost.
    #[serde(default)]
    pub writes_until: Option<Timestamp>,
    /// Whether a human had approved it lately enough.
    #[serde(default)]
    pub approved: bool,
    /// Whether a human started the run, and its look met a writer that fails.
    #[serde(default)]
    pub by_hand: bool,
}

impl Confirmed {
    /// The human's part in it.
    #[must_use]
    pub const fn human(&self) -> Human {
        Human {
            approved: self.approved,
            started_it: self.by_hand,
        }
    }

    /// When anything last told that the old writer lived, or may have.
    #[must_use]
    pub fn last_sign(&self) -> Option<Timestamp> {
        self.alive_at.max(self.maybe_alive_at)
    }

    /// The most seconds of writes that a member which holds these beats can lack.
    #[must_use]
    pub fn at_most_seconds(&self, held: &Beats) -> Option<f64> {
        let newest = held.values().map(|beat| beat.at).max()?;
        let until = self.writes_until?;
        Some(seconds_between(newest, until).max(0.0))
    }
}

/// A standby that is better than the acting Region's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// Its Region.
    pub to: Region,
    /// Why.
    pub reason: String,
}

/// How the standby is promoted, and why so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// `managed` or `detach`.
    pub strategy: Strategy,
    /// Why.
    pub reason: String,
}

/// A question that a human was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Tells its token from others, and is none.
    pub question: String,
    /// When.
    pub at: Timestamp,
    /// Whether it is known to have been sent.
    pub is_sent: bool,
    /// The verdict that it was about; `None` where it was about no outage.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// What the writer itself had said by then.
    #[serde(default)]
    pub said: Said,
}

impl Asked {
    /// Whether a yes to it is one to what was found since: to no weaker verdict, nor to a writer that answers, where it told of a
    /// silent one.
    #[must_use]
    pub fn covers(&self, found: Verdict, said: Said) -> bool {
        let is_known = said == Said::Nothing || self.said != Said::Nothing;
        is_known && self.verdict.is_some_and(|asked| covers(asked, found))
    }
}

/// A change of a hosted zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsChange {
    /// Its id; `None` when the answer to the call was never seen.
    pub id: Option<String>,
    /// When it was asked for.
    pub at: Timestamp,
}

/// Why a parameter, the parameters of a Region, or a zone could not be led to the new writer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "unled", rename_all = "snake_case")]
pub enum Unled {
    /// Nobody answered; it is tried again after the others.
    Silent {
        /// When it was tried last.
        at: Timestamp,
        /// How often.
        times: u32,
        /// What was seen instead of an answer.
        why: String,
    },
    /// It was refused.
    Refused {
        /// In these words.
        why: String,
    },
}

/// What was done to a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "restart", rename_all = "snake_case")]
pub enum Restart {
    /// It was given a new deployment.
    Deployment {
        /// The deployment's id.
        id: String,
        /// When.
        at: Timestamp,
    },
    /// ECS did not answer; it is tried again after the others.
    Postponed {
        /// When it was tried last.
        at: Timestamp,
    },
    /// ECS would not restart it.
    Refused {
        /// What it said.
        why: String,
    },
}

/// What proving the new writer showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// The epoch that was committed.
    pub epoch: Epoch,
    /// The first beat on the new writer.
    pub beat: Beat,
    /// What the promotion lost; `None` when that is unknown.
    pub loss: Option<Loss>,
}

/// One thing a step did or saw completed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The step.
    pub step: String,
    /// What it did.
    pub action: String,
    /// Why.
    pub reason: String,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// When it closed.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: Outcome,
    /// What is left to be done by hand.
    pub left: Vec<String>,
    /// Seconds from the first failure after the old writer's last sign of life to the first beat on the new one: the measured
    /// RTO. Of a planned move, from the old writer's last beat.
    pub rto_seconds: Option<f64>,
    /// The measured RPO.
    pub rpo: Option<Loss>,
    /// The most seconds of writes that can be lost, whatever was counted.
    #[serde(default)]
    pub at_most_seconds: Option<f64>,
    /// Seconds each step took, from the entry before it.
    pub step_seconds: BTreeMap<String, f64>,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The new writer is proven and everything after it went well.
    Succeeded,
    /// The suspicion was not confirmed, or a human refused; nothing was changed.
    StoodDown,
    /// Another Region's standby is the better one: a run there goes on; nothing was changed here.
    HandedOver,
    /// It stopped before the point of no return; nothing was changed.
    Aborted,
    /// The standby was rebuilt, and the writer was not to be moved.
    Rebuilt,
    /// It stopped after the point of no return, or a later step failed.
    Failed,
}

impl Outcome {
    /// Its name, as records and answers have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::StoodDown => "stood_down",
            Self::HandedOver => "handed_over",
            Self::Aborted => "aborted",
            Self::Rebuilt => "rebuilt",
            Self::Failed => "failed",
        }
    }
}

/// The last plan that was read and the addresses of its members: the `plan` item of the partition `known/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// The plan.
    pub plan: Plan,
    /// The endpoints of each member that ever answered.
    pub endpoints: BTreeMap<Region, Endpoints>,
}

/// Where a member cluster is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// The cluster endpoint.
    pub writer: String,
    /// The reader endpoint.
    pub reader: String,
    /// The port of both.
    pub port: u16,
}

impl Endpoints {
    /// The endpoint that a record leads to.
    #[must_use]
    pub fn of(&self, endpoint: Endpoint) -> &str {
        match endpoint {
            Endpoint::Writer => &self.writer,
            Endpoint::Reader => &self.reader,
        }
    }
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
            strategy: None,
            held: None,
            proof: None,
            dns_changes: BTreeMap::new(),
            unled: BTreeMap::new(),
            restarts: BTreeMap::new(),
            attempts: Vec::new(),
            looks: Looks::default(),
            asked: None,
            promoted_at: None,
            refusal: None,
            timeline: Vec::new(),
            closed: None,
            told: false,
            kept: BTreeMap::new(),
        }
    }

    /// Since when writes are out, as far as its evidence tells.
    #[must_use]
    pub fn out_since(&self) -> Option<Timestamp> {
        let confirmed = self.confirmed.as_ref()?;
        confirmed
            .evidence
            .failing_since
            .filter(|_| confirmed.verdict != Verdict::Healthy)
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

    /// Notes that a human has just approved it.
    pub fn approve(&mut self, at: Timestamp, step: &str) {
        self.approved_at = Some(at);
        self.note(at, step, "approved", "a human approved");
    }

    /// Whether a human agreed lately to what is found now.
    #[must_use]
    pub fn is_approved(&self, found: Verdict, said: Said, now: Timestamp) -> bool {
        let asked = self.asked.as_ref();
        is_approved(self.approved_at, now) && asked.is_some_and(|asked| asked.covers(found, said))
    }

    /// Notes a call that changes something, before it is made.
    pub fn attempt(&mut self, at: Timestamp, step: &str, action: &str) {
        attempt::begin(&mut self.attempts, at, step, action);
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
