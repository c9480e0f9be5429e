//! What a state machine was started with. Each kind of run knows its own words, and no other is taken.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use failover::{
    Error,
    domain::{Incident, PlanName, Region, RunId},
    json::time,
    ledger::RunKind,
    pass::read,
    topology::names::{Names, Retire},
};

/// What the failback's state machine takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailbackInput {
    /// The plan.
    pub plan: PlanName,
    /// The Region that took over; the current writer's where it is not given.
    #[serde(default)]
    pub from_region: Option<Region>,
    /// What becomes of the deposed cluster.
    #[serde(default)]
    pub retire: Retire,
    /// Names of one's own for what the rebuild makes.
    #[serde(default)]
    pub names: Names,
    /// Stops once the standby is rebuilt.
    #[serde(default)]
    pub rehearse: bool,
    /// Whether a human is asked before the writer moves.
    #[serde(default)]
    pub approval: Approval,
    /// When the writer may move.
    #[serde(default, deserialize_with = "time")]
    pub not_before: Option<Timestamp>,
    /// Says what the run would do, and does nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// Whether a human is asked before the writer moves home.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// A task token is sent, and its answer waited for.
    #[default]
    Ask,
    /// Starting the run was approval enough.
    Given,
}

/// What a planned failover's state machine takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedInput {
    plan: PlanName,
    #[serde(default)]
    from_region: Option<Region>,
    #[serde(default)]
    dry_run: bool,
}

/// What an unplanned failover's state machine takes: the detail of a suspicion, or what a human says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnplannedInput {
    plan: PlanName,
    #[serde(default)]
    incident: Option<Incident>,
    #[serde(default)]
    observer_region: Option<Region>,
    #[serde(default)]
    writer_region: Option<Region>,
    #[serde(default)]
    handed_over_by: Option<RunId>,
    /// What was seen is looked at anew; it is here for people who read the execution.
    #[serde(default, rename = "evidence")]
    _evidence: Option<Value>,
    #[serde(default, rename = "last_beat")]
    _last_beat: Option<Value>,
    /// It chose the machine. What the plan says now is what counts.
    #[serde(default, rename = "topology")]
    _topology: Option<Value>,
    #[serde(default)]
    dry_run: bool,
}

/// What a machine was asked for, whichever it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The plan.
    pub plan: PlanName,
    /// The incident that a suspicion names.
    pub incident: Option<Incident>,
    /// The run that handed over to this one.
    pub handed_over_by: Option<RunId>,
    /// The Region that the run leaves.
    pub from_region: Option<Region>,
    /// The Region that the run goes to.
    pub target_region: Option<Region>,
    /// What a failback is asked for beyond that.
    pub failback: Option<FailbackInput>,
    /// Says what the run would do, and does nothing.
    pub dry_run: bool,
}

impl Asked {
    /// Reads the whole input of a machine.
    ///
    /// # Errors
    /// `InvalidRequest` that names the field which is unknown, missing or not understood.
    pub fn read(kind: RunKind, input: Value) -> Result<Self, Error> {
        Ok(match kind {
            RunKind::UnplannedFailover => Self::suspicion(read(input)?),
            RunKind::PlannedFailover => {
                let input: PlannedInput = read(input)?;
                Self::by_hand(input.plan, input.from_region, input.dry_run)
            }
            RunKind::Failback => {
                let input: FailbackInput = read(input)?;
                Self {
                    failback: Some(input.clone()),
                    ..Self::by_hand(input.plan, input.from_region, input.dry_run)
                }
            }
        })
    }

    fn suspicion(input: UnplannedInput) -> Self {
        Self {
            incident: input.incident,
            handed_over_by: input.handed_over_by,
            target_region: input.observer_region,
            ..Self::by_hand(input.plan, input.writer_region, input.dry_run)
        }
    }

    fn by_hand(plan: PlanName, from_region: Option<Region>, dry_run: bool) -> Self {
        Self {
            plan,
            incident: None,
            handed_over_by: None,
            from_region,
            target_region: None,
            failback: None,
            dry_run,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KINDS: [RunKind; 3] = [
        RunKind::UnplannedFailover,
        RunKind::PlannedFailover,
        RunKind::Failback,
    ];

    #[test]
    fn no_machine_takes_a_word_that_it_does_not_know() {
        for kind in KINDS {
            for word in ["dry", "dryRun", "force", "target", "operation"] {
                let mut input = json!({"plan": "orders"});
                input[word] = json!(true);
                let why = Asked::read(kind, input).unwrap_err();
                assert!(
                    why.name() == "InvalidRequest" && why.to_string().contains(word),
                    "{kind:?}: {why}"
                );
            }
        }
    }

    #[test]
    fn every_machine_takes_a_dry_run() {
        for kind in KINDS {
            let read = |input| Asked::read(kind, input).map(|asked| asked.dry_run);
            assert_eq!(read(json!({"plan": "orders", "dry_run": true})), Ok(true));
            assert_eq!(read(json!({"plan": "orders"})), Ok(false));
            let why = read(json!({"plan": "orders", "dry_run": "yes"})).unwrap_err();
            assert!(why.to_string().contains("dry_run"), "{why}");
        }
    }

    #[test]
    fn an_input_that_is_no_object_or_names_no_plan_is_refused() {
        for kind in KINDS {
            for input in [json!({}), json!([]), json!("orders"), json!(null)] {
                let why = Asked::read(kind, input.clone()).unwrap_err();
                assert_eq!(why.name(), "InvalidRequest", "{input}");
            }
        }
    }

    #[test]
    fn a_suspicion_is_read_whole() {
        let detail = json!({"plan": "orders", "topology": "aurora_global", "incident": "orders/7", "observer_region": "us-east-1",
            "writer_region": "us-west-2", "evidence": {"failures": 3}, "last_beat": null, "handed_over_by": "a"});
        let asked = Asked::read(RunKind::UnplannedFailover, detail).unwrap();
        assert_eq!(asked.from_region, Some("us-west-2".into()));
        assert_eq!(asked.target_region, Some("us-east-1".into()));
        assert!(asked.incident.is_some() && !asked.dry_run);
    }
}
