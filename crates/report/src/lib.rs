//! A drill's result as data: its story, what `report.json` holds, how the verdict follows, and where it is written. The page that
//! shows it shows a run of the real thing, too, by what its record tells.
//!
//! What could not be measured is `null`, never 0. It knows neither what is drilled nor where: whoever drills fills it in.

mod calls;
mod comparison;
mod confirmed;
mod file;
mod html;
mod negative;
mod planned;
mod real;
mod record;
mod rto;
mod summary;
pub mod timeline;
mod told;
pub mod words;
mod writes;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use calls::{Call, CallCount};
pub use comparison::Comparison;
pub use confirmed::{Confirmed, Piece};
pub use file::{Error, write, write_page};
pub use html::STYLE;
pub use planned::PlannedMove;
pub use real::page_of;
pub use record::{Ack, Answer, ClientRecord, OUTAGE_MS, Outage, Resolution, Unacknowledged};
pub use rto::{Allowances, Moments, Phases, Rto};
pub use told::Told;
pub use writes::{BUCKET_MS, Gap, Rate, Series, Writes};

use crate::timeline::{Event, Kind};

/// The whole result of one drill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The scenario's name.
    pub scenario: String,
    /// What the scenario does, in one sentence for a newcomer.
    #[serde(rename = "story")]
    pub summary: String,
    /// The version of this project.
    pub version: String,
    /// Pass when every check held, and there was at least one.
    pub verdict: Verdict,
    /// Every check that failed; when none did, every check that held.
    pub verdict_reasons: Vec<String>,
    /// What the scenario expected and what it found.
    pub checks: Vec<Check>,
    /// When the drill began: the zero of the timeline's seconds.
    pub started_at: Timestamp,
    /// When the drill had its result.
    pub finished_at: Timestamp,
    /// All configured durations and choices: group → name → value; a name's end tells its unit.
    pub profile: Profile,
    /// What became of the client's writes.
    pub writes: Writes,
    /// The loss that the ledger measured.
    pub rpo: Rpo,
    /// The recovery time and its parts.
    pub rto: Rto,
    /// Planned moves of the writer that succeeded, in order.
    pub planned_moves: Vec<PlannedMove>,
    /// What the run that acted found of the outage, and what that rests on.
    pub confirmed: Option<Confirmed>,
    /// What people were told, oldest first.
    pub messages: Vec<Told>,
    /// Every execution of a state machine.
    pub runs: Vec<Run>,
    /// Calls to AWS, counted per function, service, Region and operation.
    pub calls: Vec<CallCount>,
    /// Everything that was told, oldest first.
    pub timeline: Vec<TimelineEntry>,
}

/// Configured values: group → name → value.
pub type Profile = BTreeMap<String, BTreeMap<String, serde_json::Value>>;

/// How the drill ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything came out as expected.
    Pass,
    /// At least one expectation did not.
    Fail,
}

/// One expectation of the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What must come out, as a sentence.
    pub expected: String,
    /// What came out.
    pub found: String,
    /// Whether the two agree.
    pub held: bool,
}

impl Check {
    /// An expectation and what was found.
    pub fn new(expected: impl Into<String>, found: impl Into<String>, held: bool) -> Self {
        Self {
            expected: expected.into(),
            found: found.into(),
            held,
        }
    }

    fn reason(&self) -> String {
        if self.held {
            format!("{}: {}", self.expected, self.found)
        } else {
            format!("expected: {}; found: {}", self.expected, self.found)
        }
    }
}

/// The recovery point, from the run's ledger.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rpo {
    /// Beats that the old writer acknowledged and the new one lacks.
    pub lost_beats: Option<u64>,
    /// The time they span.
    pub lost_window_seconds: Option<f64>,
}

/// One execution of a state machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The execution's name.
    pub name: String,
    /// The state machine, such as `unplanned-failover`.
    pub machine: String,
    /// The Region it ran in.
    pub region: String,
    /// Step Functions' word for how it stands, such as `SUCCEEDED`.
    pub status: String,
    /// The ledger's word for how it ended, such as `succeeded` or `stood_down`.
    pub outcome: Option<String>,
    /// What it left to be done, or why it was stopped, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// The states it went through, in the order of their first entry.
    pub states: Vec<RunState>,
}

/// One state of a run, all its passes together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunState {
    /// The state's name.
    pub name: String,
    /// When it was first entered.
    pub entered_at: Timestamp,
    /// When it was last left; `None` when it never was.
    pub exited_at: Option<Timestamp>,
    /// How often it was entered.
    pub passes: u32,
}

/// One event of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When it happened.
    pub at: Timestamp,
    /// Seconds since the drill began.
    pub seconds: f64,
    /// What it is about.
    pub kind: Kind,
    /// Who it happened to.
    pub source: String,
    /// What happened.
    pub text: String,
    /// Its mark in the picture.
    pub label: Option<String>,
}

impl TimelineEntry {
    /// The entries for the told events, their seconds counted from `started_at_ms`.
    pub fn from_events(events: &[Event], started_at_ms: i64) -> Vec<Self> {
        events
            .iter()
            .map(|event| Self {
                at: timestamp(event.at_ms),
                seconds: seconds(event.at_ms - started_at_ms),
                kind: event.kind,
                source: event.source.clone(),
                text: event.text.clone(),
                label: event.label.clone(),
            })
            .collect()
    }
}

/// What the scenario's runner brings together; the verdict follows from the checks.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The scenario's name.
    pub scenario: String,
    /// What the scenario does, in one sentence for a newcomer.
    pub summary: String,
    /// When the drill began, in milliseconds of Unix time.
    pub started_at_ms: i64,
    /// When it had its result, in milliseconds of Unix time.
    pub finished_at_ms: i64,
    /// All configured durations and choices.
    pub profile: Profile,
    /// What became of the client's writes.
    pub writes: Writes,
    /// The loss that the ledger measured.
    pub rpo: Rpo,
    /// The recovery time and its parts.
    pub rto: Rto,
    /// Planned moves of the writer that succeeded, in order.
    pub planned_moves: Vec<PlannedMove>,
    /// What the run that acted found of the outage.
    pub confirmed: Option<Confirmed>,
    /// What people were told.
    pub messages: Vec<Told>,
    /// Every execution of a state machine.
    pub runs: Vec<Run>,
    /// Calls to AWS, counted.
    pub calls: Vec<CallCount>,
    /// Everything that was told.
    pub events: Vec<Event>,
    /// What was expected and what was found.
    pub checks: Vec<Check>,
}

impl Findings {
    /// Whether every figure is one that can be: no time that is measured lies before the moment that it counts from.
    #[must_use]
    pub fn no_figure_is_negative(&self) -> Check {
        let figures = serde_json::json!({
            "writes": self.writes, "rpo": self.rpo, "rto": self.rto, "planned_moves": self.planned_moves,
        });
        let found = negative::figures(&figures);
        let text = if found.is_empty() {
            "none is".into()
        } else {
            found.join(", ")
        };
        Check::new("no figure is negative", text, found.is_empty())
    }
}

impl From<Findings> for Report {
    fn from(findings: Findings) -> Self {
        let (verdict, verdict_reasons) = judge(&findings.checks);
        Self {
            scenario: findings.scenario,
            summary: findings.summary,
            version: env!("CARGO_PKG_VERSION").into(),
            verdict,
            verdict_reasons,
            checks: findings.checks,
            started_at: timestamp(findings.started_at_ms),
            finished_at: timestamp(findings.finished_at_ms),
            profile: findings.profile,
            writes: findings.writes,
            rpo: findings.rpo,
            rto: findings.rto,
            planned_moves: findings.planned_moves,
            confirmed: findings.confirmed,
            messages: findings.messages,
            runs: findings.runs,
            calls: findings.calls,
            timeline: TimelineEntry::from_events(&findings.events, findings.started_at_ms),
        }
    }
}

fn judge(checks: &[Check]) -> (Verdict, Vec<String>) {
    let failed: Vec<String> = checks
        .iter()
        .filter(|check| !check.held)
        .map(Check::reason)
        .collect();
    if checks.is_empty() {
        // A drill that checked nothing has shown nothing.
        return (Verdict::Fail, vec!["nothing was checked".into()]);
    }
    if failed.is_empty() {
        return (Verdict::Pass, checks.iter().map(Check::reason).collect());
    }
    (Verdict::Fail, failed)
}

/// Milliseconds of Unix time as a timestamp; a value outside the calendar becomes its nearest end.
pub fn timestamp(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// Milliseconds as seconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "a drill's milliseconds are far below 2^52"
)]
pub fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

#[doc(hidden)]
pub mod fixtures;
#[cfg(test)]
mod tests;
