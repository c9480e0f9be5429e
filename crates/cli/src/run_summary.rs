//! A run as a list shows it: what its record in the ledger says of itself, without the evidence, and of the plan the modes alone.

use failover::{
    domain::{Epoch, Incident, Region, RunId},
    evidence::Verdict,
    ledger::{Closed, Entry, FalseAlarm, Outcome, Run, RunKind},
    pass::by_hand::is_by_hand,
    plan::Mode,
    policy::{Lost, lost},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A run, by its record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The run.
    pub run_id: RunId,
    /// What it does.
    pub kind: RunKind,
    /// The epoch at which the plan stood when it opened.
    #[serde(default)]
    pub epoch: Epoch,
    /// The outage that it answers, where it answers one.
    #[serde(default)]
    pub incident: Option<Incident>,
    /// The run that handed over to it.
    #[serde(default)]
    pub handed_over_by: Option<RunId>,
    /// The Region it leaves.
    pub from: Region,
    /// The Region it goes to.
    pub to: Region,
    /// When it opened.
    pub opened_at: Timestamp,
    /// What each step did, in order.
    #[serde(default)]
    pub timeline: Vec<Entry>,
    /// What came of it.
    pub closed: Option<Closed>,
    /// That it was a false alarm, where a human said so.
    #[serde(default)]
    pub false_alarm: Option<FalseAlarm>,
    /// What it found, where it confirms anything.
    #[serde(default)]
    pub confirmed: Option<Found>,
    /// What its plan does about that.
    #[serde(default)]
    pub plan: Option<Intended>,
}

/// What a run found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The last verdict.
    pub verdict: Verdict,
}

/// Of a plan, what an outage leads to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Intended {
    /// What a verdict leads to.
    pub unplanned: Modes,
}

/// What a verdict leads to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Modes {
    /// A lost Region.
    pub region_down: Mode,
    /// A lost writer.
    pub writer_down: Mode,
}

impl RunSummary {
    /// The fields of a record that it is made of, each by its path.
    pub const FIELDS: [&str; 14] = [
        "run_id",
        "kind",
        "epoch",
        "incident",
        "handed_over_by",
        "from",
        "to",
        "opened_at",
        "timeline",
        "closed",
        "false_alarm",
        "confirmed.verdict",
        "plan.unplanned.region_down",
        "plan.unplanned.writer_down",
    ];

    /// Who or what started it, as far as its record and its name tell.
    #[must_use]
    pub fn started_by(&self) -> String {
        if is_by_hand(&self.run_id) {
            return "a person, one step by force".to_owned();
        }
        if self.run_id.is_resumption() {
            return "a schedule, to go on with what was begun".to_owned();
        }
        if let Some(run) = &self.handed_over_by {
            return format!("run {run}, which handed over");
        }
        match &self.incident {
            Some(_) => "a suspicion".to_owned(),
            None => "a person".to_owned(),
        }
    }

    /// What came of it, in one word; nothing where it was not closed.
    #[must_use]
    pub fn outcome(&self) -> Option<&'static str> {
        self.closed.as_ref().map(|closed| closed.outcome.name())
    }

    /// Whether it stood down because its plan only observes, and would have failed over.
    #[must_use]
    pub fn would_have_failed_over(&self) -> bool {
        let (Some(found), Some(plan)) = (self.confirmed, self.plan) else {
            return false;
        };
        let mode = match lost(found.verdict) {
            Some(Lost::Region) => plan.unplanned.region_down,
            Some(Lost::Writer) => plan.unplanned.writer_down,
            None => return false,
        };
        mode == Mode::Observe && self.outcome() == Some(Outcome::StoodDown.name())
    }

    /// Whether it changed anything, as far as its record says.
    #[must_use]
    pub fn has_acted(&self) -> bool {
        let outcome = self.closed.as_ref().map(|closed| closed.outcome);
        matches!(
            outcome,
            Some(Outcome::Succeeded | Outcome::Rebuilt | Outcome::Failed)
        )
    }
}

impl From<Run> for RunSummary {
    fn from(run: Run) -> Self {
        Self {
            run_id: run.run_id,
            kind: run.kind,
            epoch: run.epoch,
            incident: run.incident,
            handed_over_by: run.handed_over_by,
            from: run.from,
            to: run.to,
            opened_at: run.opened_at,
            timeline: run.timeline,
            closed: run.closed,
            false_alarm: run.false_alarm,
            confirmed: run.confirmed.map(|confirmed| Found {
                verdict: confirmed.verdict,
            }),
            plan: Some(Intended {
                unplanned: Modes {
                    region_down: run.plan.unplanned.region_down,
                    writer_down: run.plan.unplanned.writer_down,
                },
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use failover::ledger::Claim;

    use super::*;

    #[test]
    fn it_is_read_from_the_fields_of_a_record_that_it_asks_for() {
        let text = include_str!("../tests/plans/good.json");
        let plan = failover::plan::read(text).unwrap();
        let claim = Claim {
            run_id: "a".into(),
            kind: RunKind::Failback,
            incident: None,
            from: "us-east-1".into(),
            to: "us-west-2".into(),
        };
        let run = Run::opened(claim, plan, Default::default(), Timestamp::UNIX_EPOCH);
        let whole = serde_json::to_value(&run).unwrap();
        let mut record = serde_json::json!({});
        for path in RunSummary::FIELDS {
            let pointer = format!("/{}", path.replace('.', "/"));
            // What a record lacks DynamoDB leaves out.
            let Some(value) = whole.pointer(&pointer) else {
                assert_eq!(path, "confirmed.verdict");
                continue;
            };
            let mut place = &mut record;
            for part in path.split('.') {
                place = &mut place[part];
            }
            *place = value.clone();
        }
        let read: RunSummary = serde_json::from_value(record).unwrap();
        assert_eq!(read, RunSummary::from(run));
    }

    #[test]
    fn who_started_a_run_is_told_by_its_record_and_its_name() {
        let text = include_str!("../tests/plans/good.json");
        let plan = failover::plan::read(text).unwrap();
        let of = |id: &str, incident: Option<Incident>, by: Option<&str>| {
            let claim = Claim {
                run_id: id.into(),
                kind: RunKind::UnplannedFailover,
                incident,
                from: "us-west-2".into(),
                to: "us-east-1".into(),
            };
            let epoch = Epoch(1);
            let mut run = Run::opened(claim, plan.clone(), epoch, Timestamp::UNIX_EPOCH);
            run.handed_over_by = by.map(RunId::from);
            RunSummary::from(run).started_by()
        };
        let incident = || serde_json::from_value(serde_json::json!("orders/1")).unwrap();
        assert_eq!(of("a", None, None), "a person");
        assert_eq!(of("a", Some(incident()), None), "a suspicion");
        assert_eq!(
            of("a", Some(incident()), Some("b")),
            "run b, which handed over"
        );
        assert!(of("by-hand-dns_flip-us-east-1-2", None, None).starts_with("a person, one step"));
        assert!(of("resume-a", None, None).starts_with("a schedule"));
    }

    #[test]
    fn only_a_run_that_stood_down_since_its_plan_observes_would_have_failed_over() {
        let of = |verdict: Option<Verdict>, mode: Mode, outcome: Outcome| {
            let mut run = crate::fake::run("a", 60, outcome);
            run.confirmed = verdict.map(|verdict| Found { verdict });
            let modes = &mut run.plan.as_mut().unwrap().unplanned;
            (modes.region_down, modes.writer_down) = (mode, Mode::Automatic);
            run.would_have_failed_over()
        };
        let (observe, stood_down) = (Mode::Observe, Outcome::StoodDown);
        assert!(of(Some(Verdict::RegionDown), observe, stood_down));
        assert!(of(
            Some(Verdict::RegionDownUnwitnessed),
            observe,
            stood_down
        ));
        assert!(!of(Some(Verdict::WriterDown), observe, stood_down));
        assert!(!of(Some(Verdict::Healthy), observe, stood_down));
        assert!(!of(None, observe, stood_down));
        assert!(!of(Some(Verdict::RegionDown), Mode::Approval, stood_down));
        assert!(!of(Some(Verdict::RegionDown), observe, Outcome::Succeeded));
    }
}
