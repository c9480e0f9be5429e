//! Watches the state machines' executions: tells what each state did as it happens, and keeps it for the report.

mod history;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_sfn::{Client, types::ExecutionStatus};
use failover::{installation::named, plan::TopologyKind};
use tokio::task::JoinHandle;

use crate::{
    emulator::Emulator,
    profile::ACCOUNT,
    report::Run,
    timeline::{Kind, Timeline},
};

/// Whether a machine leaves a Region that is lost: what a suspicion starts.
pub(crate) fn is_unplanned(machine: &str) -> bool {
    let mut kinds = TopologyKind::ALL.iter();
    kinds.any(|kind| kind.runs().unplanned == machine)
}

/// The machines of whole workloads, whose plans are of no topology that has a writer.
const OF_WORKLOADS: [&str; 2] = ["restore-home", "revert-home"];

/// Every machine.
fn machines() -> impl Iterator<Item = &'static str> {
    let of_topologies = TopologyKind::ALL.into_iter().flat_map(|kind| {
        let runs = kind.runs();
        let others = runs.planned.into_iter().chain(runs.failback);
        std::iter::once(runs.unplanned).chain(others)
    });
    of_topologies.chain(OF_WORKLOADS)
}

const LOOK: Duration = Duration::from_millis(200);

type ByName<T> = Arc<Mutex<BTreeMap<String, T>>>;

/// The executions seen so far, by name; watching ends when it is dropped.
pub struct Runs {
    seen: ByName<Run>,
    /// Each history whole, as text.
    histories: ByName<String>,
    task: JoinHandle<()>,
}

impl Runs {
    /// Watches the executions in `members` that start from now on, and tells of them in `timeline`.
    pub async fn watch(emulator: &Emulator, members: &[&'static str], timeline: &Timeline) -> Self {
        let seen = Arc::new(Mutex::new(BTreeMap::new()));
        let clients: Vec<_> = members
            .iter()
            .map(|region| (*region, Client::new(&emulator.sdk_config(region))))
            .collect();
        let mut before = BTreeSet::new();
        for (region, client) in &clients {
            before.extend(
                executions(client, region)
                    .await
                    .into_iter()
                    .map(|execution| execution.name),
            );
        }
        let histories = Arc::new(Mutex::new(BTreeMap::new()));
        let task = tokio::spawn(watch(
            clients,
            timeline.clone(),
            (seen.clone(), histories.clone()),
            before,
        ));
        Self {
            seen,
            histories,
            task,
        }
    }

    /// The whole history of each execution, with every state's input and output, by the execution's name.
    #[must_use]
    pub fn histories(&self) -> BTreeMap<String, String> {
        let histories = self.histories.lock();
        histories.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every execution seen so far, in the order of their start.
    #[must_use]
    pub fn seen(&self) -> Vec<Run> {
        let mut runs: Vec<_> = self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect();
        runs.sort_by_key(|run| run.states.first().map(|state| state.entered_at));
        runs
    }

    /// The first execution that came to a state: of two suspicions at once the other one's run is refused.
    #[must_use]
    pub fn that_entered(&self, state: &str) -> Option<Run> {
        let mut runs = self.seen().into_iter();
        runs.find(|run| run.states.iter().any(|entered| entered.name == state))
    }

    /// Waits until an execution has ended and none is under way; answers all of them.
    ///
    /// # Errors
    /// When that does not happen within `limit`.
    pub async fn ended(&self, limit: Duration) -> Result<Vec<Run>, String> {
        let deadline = tokio::time::Instant::now() + limit;
        while tokio::time::Instant::now() < deadline {
            let runs = self.seen();
            if !runs.is_empty() && runs.iter().all(|run| run.status != "RUNNING") {
                return Ok(runs);
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(format!(
            "no run ended within {limit:?}; seen: {:?}",
            self.seen()
        ))
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(
    clients: Vec<(&'static str, Client)>,
    timeline: Timeline,
    (seen, histories): (ByName<Run>, ByName<String>),
    earlier: BTreeSet<String>,
) {
    let mut told = BTreeMap::new();
    loop {
        for (region, client) in &clients {
            let executions = executions(client, region).await.into_iter();
            let new = executions.filter(|execution| !earlier.contains(&execution.name));
            for Execution {
                machine,
                arn,
                name,
                status,
            } in new
            {
                let before = seen
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get(&name)
                    .cloned();
                if before.as_ref().is_some_and(|run| run.status != "RUNNING") {
                    continue;
                }
                if before.is_none() {
                    timeline.say(Kind::Run, *region, format!("starts run {name}"));
                }
                let Some(events) = history::read(client, &arn).await else {
                    continue;
                };
                histories
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(name.clone(), history::text(&events));
                history::tell(
                    &events,
                    &timeline,
                    region,
                    told.entry(name.clone()).or_default(),
                );
                let run = history::run(&events, &name, (machine, region), status.as_str());
                if run.status != "RUNNING" {
                    let outcome = run.outcome.as_deref().unwrap_or("refused");
                    timeline.say(Kind::Run, *region, format!("run {name} ended: {outcome}"));
                }
                seen.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(name, run);
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

struct Execution {
    machine: &'static str,
    arn: String,
    name: String,
    status: ExecutionStatus,
}

/// A Region's executions; none when it does not answer this time.
async fn executions(client: &Client, region: &str) -> Vec<Execution> {
    let asked = machines().map(async |machine| {
        let answer = client
            .list_executions()
            .state_machine_arn(format!(
                "arn:aws:states:{region}:{ACCOUNT}:stateMachine:{}",
                named(machine)
            ))
            .max_results(100)
            .send()
            .await;
        let executions = answer.map(|answer| answer.executions).unwrap_or_default();
        executions.into_iter().map(move |execution| Execution {
            machine,
            arn: execution.execution_arn,
            name: execution.name,
            status: execution.status,
        })
    });
    let executions = futures::future::join_all(asked).await;
    executions.into_iter().flatten().collect()
}
