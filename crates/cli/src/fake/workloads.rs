//! What an account for tests holds of workloads: runs, rows of resources, and machines that are started.

use failover::domain::Region;
use serde_json::{Value, json};
use workload::run::WorkloadRun;

use super::{
    Place,
    wire::{items, wire},
};

/// What is asked.
pub(super) enum OfWorkload {
    Runs,
    /// What the items of the rows begin with.
    Rows(String),
    /// The run's item.
    Run(String),
    Start {
        machine: String,
        /// The execution's name.
        name: String,
        input: String,
    },
}

impl OfWorkload {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Runs => "workload runs",
            Self::Rows(_) => "workload rows",
            Self::Run(_) => "workload run",
            Self::Start { .. } => "start",
        }
    }
}

/// What is answered, and what is to be kept as written.
pub(super) fn answer(
    place: &Place,
    region: &Region,
    asked: &OfWorkload,
) -> (Value, Option<String>) {
    match asked {
        OfWorkload::Runs => {
            let runs = place.workload_runs.iter();
            (items(runs.map(|run| json!(run))), None)
        }
        OfWorkload::Rows(begin) => {
            let rows = place.workload_rows.iter();
            let rows = rows.filter(|row| row.item().starts_with(begin));
            (items(rows.map(|row| json!(row))), None)
        }
        OfWorkload::Run(name) => {
            let mut runs = place.workload_runs.iter();
            let run = runs.find(|run| WorkloadRun::item(&run.run_id) == *name);
            let item = run.map(|run| json!({"Item": {"body": wire(&json!(run))}}));
            (item.unwrap_or_else(|| json!({})), None)
        }
        OfWorkload::Start {
            machine,
            name,
            input,
        } => {
            let execution = machine.replace("stateMachine", "execution");
            let answer = json!({"executionArn": format!("{execution}:{name}"), "startDate": 0});
            (answer, Some(format!("{region} start {machine} {input}")))
        }
    }
}
