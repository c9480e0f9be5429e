//! How a plan stands, as programs read it: every field is there, and is null where nothing is known.

use failover::{
    domain::{Epoch, PlanName, Region, RunId},
    ledger::{Endpoints, RunKind},
    plan::Mode,
};
use jiff::Timestamp;
use serde::Serialize;

/// How one plan stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// The plan.
    pub plan: PlanName,
    /// The revision of its newest document.
    pub revision: Option<u64>,
    /// Where the writer normally lives.
    pub home_region: Option<Region>,
    /// The Region that only observes.
    pub witness_region: Option<Region>,
    /// Whether nothing stands against what the plan does in an outage: nothing needs attention. `None` where no ledger answers.
    pub protected: Option<bool>,
    /// What an outage leads to.
    pub modes: Option<Modes>,
    /// The proven writer.
    pub writer: Option<Writer>,
    /// A change of writer that has begun and is not proven.
    pub intent: Option<Change>,
    /// The run that holds the plan.
    pub run: Option<UnderWay>,
    /// The run that opened last and is over.
    pub last_run: Option<LastRun>,
    /// Its members.
    pub regions: Vec<RegionStatus>,
    /// What needs somebody's attention.
    pub attention: Vec<String>,
}

/// What an outage leads to, by the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Modes {
    /// What a lost Region leads to.
    pub region_down: Mode,
    /// What a lost writer in a Region that is there leads to.
    pub writer_down: Mode,
}

/// The proven writer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Writer {
    /// Its Region.
    pub region: Region,
    /// Its epoch.
    pub epoch: Epoch,
    /// When it was proven.
    pub proven_at: Timestamp,
    /// The run that proved it, or `adopt`.
    pub run_id: RunId,
    /// Its global cluster; none after a detach.
    pub global_cluster: Option<String>,
}

/// A change of writer that has begun and is not proven.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The epoch of the new writer.
    pub epoch: Epoch,
    /// The Region it leaves.
    pub from: Region,
    /// The Region to promote.
    pub to: Region,
    /// The run that began it.
    pub run_id: RunId,
    /// When.
    pub written_at: Timestamp,
}

/// A run that holds the plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnderWay {
    /// The run.
    pub run_id: RunId,
    /// What it does.
    pub kind: RunKind,
    /// The Region it leaves.
    pub from: Region,
    /// The Region it goes to.
    pub to: Region,
    /// Who or what started it, where its record was found.
    pub started_by: Option<String>,
    /// The Regions whose ledger says that it holds the plan.
    pub leased_in: Vec<Region>,
    /// Whether it waits for a human's answer.
    pub waits_for_human: bool,
    /// When its lease ends unless it is renewed.
    pub lease_until: Timestamp,
    /// Whether that is past.
    pub has_died: bool,
    /// When it opened, where its record was found.
    pub opened_at: Option<Timestamp>,
    /// The step that last did something.
    pub step: Option<String>,
    /// What it did.
    pub action: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub step_at: Option<Timestamp>,
}

/// A run that is over.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LastRun {
    /// The run.
    pub run_id: RunId,
    /// What it did.
    pub kind: RunKind,
    /// The Region it left.
    pub from: Region,
    /// The Region it went to.
    pub to: Region,
    /// When it opened.
    pub opened_at: Timestamp,
    /// When it closed.
    pub closed_at: Timestamp,
    /// What came of it.
    pub outcome: &'static str,
    /// The measured RTO.
    pub rto_seconds: Option<f64>,
    /// The measured RPO.
    pub rpo_seconds: Option<f64>,
    /// The beats that were lost.
    pub rpo_beats: Option<u64>,
    /// What it left to people.
    pub left: Vec<String>,
}

/// What a member's Region says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RegionStatus {
    /// The Region.
    pub region: Region,
    /// Its cluster, by the plan.
    pub cluster: Option<String>,
    /// What its member is, by the ledgers.
    pub role: Role,
    /// How it does, as the probes see it.
    pub state: MemberState,
    /// Where it is reached, where a probe ever read that.
    pub endpoints: Option<Endpoints>,
    /// How far a standby was behind the writer when its probe last looked and the writer committed, in seconds.
    pub lag_seconds: Option<f64>,
    /// Whether its ledger could be read.
    pub answers: bool,
    /// Why not.
    pub error: Option<String>,
    /// The epoch at which its ledger stands.
    pub epoch: Option<Epoch>,
    /// The revision of its document of the plan.
    pub revision: Option<u64>,
    /// Its switches, where they could be read.
    pub switches: Option<SwitchStatus>,
    /// What its probe saw last.
    pub probe: Option<Probe>,
    /// Since when its member is fenced under the current epoch.
    pub fenced_at: Option<Timestamp>,
    /// Whether the writer could be moved there by plan, where its schedule has looked.
    pub readiness: Option<ReadinessStatus>,
}

/// What a Region's schedule last found of a planned move to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReadinessStatus {
    /// When it looked.
    pub looked_at: Timestamp,
    /// Whether nothing stood against the move.
    pub ready: bool,
    /// What did.
    pub reasons: Vec<String>,
    /// What stands in no way of it and should be put right all the same.
    pub warnings: Vec<String>,
}

/// What a Region's switches say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SwitchStatus {
    /// What the kill switch says, while it is on.
    pub kill: Option<String>,
    /// What the plan's maintenance switch says, while it is on.
    pub maintenance: Option<String>,
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It takes the writes.
    Writer,
    /// It follows.
    Standby,
    /// It was the writer, and another member was proven without it.
    Deposed,
    /// No ledger that answers names a writer.
    Unknown,
}

/// How a member does, as the probes last saw it within three minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// A probe's beat was committed on it.
    TakesWrites,
    /// It is the writer, and no probe's beat was committed on it.
    TakesNoWrites,
    /// Something of the writer arrived at it.
    Follows,
    /// It was read, and nothing arrived.
    StandsStill,
    /// It is deposed, and applications are kept out.
    Fenced,
    /// It is deposed, and may take writes that are lost.
    Open,
    /// Nothing is known.
    Unknown,
}

/// What a Region's probe saw last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Probe {
    /// When it looked.
    pub looked_at: Timestamp,
    /// How long ago, in seconds.
    pub looked_seconds_ago: i64,
    /// The Region that it takes for the writer's.
    pub writer_region: Region,
    /// Whether its last beat was committed.
    pub commits: bool,
    /// What came of that beat.
    pub says: String,
    /// How many failed since the last one that was committed.
    pub failures: u32,
    /// When the last beat was committed, by the writer's clock.
    pub last_beat_at: Option<Timestamp>,
    /// How long ago, in seconds.
    pub last_beat_seconds_ago: Option<i64>,
    /// The version of the functions there, as it was deployed.
    pub version: Option<String>,
}
