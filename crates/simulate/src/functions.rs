//! Lambda: which function runs what, its containers, its time-outs, and how it dies.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aurora_global::{detach_and_promote, planned_failover, rebuild_global};
use failover::{
    Error,
    domain::Region,
    ledger::RunKind,
    pass::{answer, read},
};
use futures::channel::oneshot;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steps::{
    call_hook, confirm_outage, dns_flip, ecs_restart, fence_writer, health_probe, loss_ledger,
    recovery_ledger, start, warm,
};

use crate::{
    clock::pause,
    deployed::FUNCTIONS,
    fault::PassWay,
    world::{Caller, Failure, Invocation, Kept, Shared},
};

/// How long a function takes to start for the first time.
const COLD: Duration = Duration::from_millis(450);
/// How long it takes at worst.
const VERY_COLD: Duration = Duration::from_secs(3);
/// How long Lambda leaves an invocation that it has no room for.
const NOT_STARTED: Duration = Duration::from_secs(60);
/// How long an idle container is kept.
const IDLE: SignedDuration = SignedDuration::from_mins(10);

/// A Region and a function.
type Key = (Region, &'static str);
/// Since when a container waits, and what its last invocation left.
type Idle = (Timestamp, Kept);

/// Containers that wait for their next invocation, by Region and function.
#[derive(Default)]
pub struct Containers(Mutex<BTreeMap<Key, Vec<Idle>>>);

impl Containers {
    fn take(&self, now: Timestamp, key: &Key) -> Option<Kept> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = all.get_mut(key)?;
        idle.retain(|(since, _)| now.duration_since(*since) < IDLE);
        idle.pop().map(|(_, kept)| kept)
    }

    fn keep(&self, now: Timestamp, key: Key, kept: Kept) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(key).or_default().push((now, kept));
    }

    /// A lost Region keeps none.
    pub fn lose(&self, region: &Region) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(of, _), _| of != region);
    }
}

/// Invokes a function, and waits for its answer.
///
/// # Errors
/// The function's own error by its name, or what Lambda says in its place.
pub async fn invoke(
    shared: &Arc<Shared>,
    containers: &Arc<Containers>,
    region: &Region,
    function: &str,
    payload: Value,
) -> Result<Value, Failure> {
    let found = FUNCTIONS.into_iter().find(|(name, _)| *name == function);
    let Some(found) = found else {
        return Err(failure("Lambda.ResourceNotFoundException", function));
    };
    let way = shared.state().number_pass(found.0);
    if let Some(way) = way {
        shared.note(|| format!("an invocation of {function} in {region}: {way:?}"));
    }
    match way {
        Some(PassWay::Twice) => {
            let (shared, containers) = (shared.clone(), containers.clone());
            let (region, payload) = (region.clone(), payload.clone());
            tokio::task::spawn_local(async move {
                let _ = run(&shared, &containers, &region, found, payload).await;
            });
        }
        Some(PassWay::NotStarted) => pause(NOT_STARTED).await,
        Some(PassWay::Cold) => pause(VERY_COLD).await,
        None => {}
    }
    run(shared, containers, region, found, payload).await
}

/// One invocation, in a container.
async fn run(
    shared: &Arc<Shared>,
    containers: &Containers,
    region: &Region,
    (function, seconds): (&'static str, u32),
    payload: Value,
) -> Result<Value, Failure> {
    let key = (region.clone(), function);
    let kept = match containers.take(shared.now(), &key) {
        Some(kept) => kept,
        None => {
            pause(COLD).await;
            Kept::default()
        }
    };
    let deadline = shared.now() + SignedDuration::from_secs(i64::from(seconds));
    let (dies, died) = oneshot::channel();
    let caller = Caller {
        shared: shared.clone(),
        region: region.clone(),
        function,
        dead: Mutex::new(Some(dies)),
    };
    let invocation = Invocation::new(caller, kept);
    let came = {
        let work = std::pin::pin!(dispatch(&invocation, function, payload, deadline));
        let limit = Duration::from_secs(u64::from(seconds));
        let limited = std::pin::pin!(tokio::time::timeout(limit, work));
        match futures::future::select(limited, died).await {
            futures::future::Either::Left((came, _)) => came.ok(),
            futures::future::Either::Right(_) => {
                shared.note(|| format!("{function} dies in {region}"));
                return Err(failure("Runtime.ExitError", "the function died"));
            }
        }
    };
    match came {
        Some(Ok(answer)) => {
            containers.keep(shared.now(), key, invocation.kept);
            Ok(answer)
        }
        Some(Err(why)) => {
            shared.note(|| format!("{function} in {region} fails: {}: {why}", why.name()));
            containers.keep(shared.now(), key, invocation.kept);
            Err(failure(why.name(), &why.to_string()))
        }
        None => {
            shared.note(|| format!("{function} in {region} is cut off"));
            Err(failure("Sandbox.Timedout", "the function was cut off"))
        }
    }
}

fn failure(error: &str, message: &str) -> Failure {
    Failure {
        error: error.to_owned(),
        cause: json!({"errorType": error, "errorMessage": message}).to_string(),
    }
}

/// What each `main.rs` does.
async fn dispatch(
    world: &Invocation,
    function: &'static str,
    payload: Value,
    deadline: Timestamp,
) -> Result<Value, Error> {
    if function == "recovery-ledger" {
        let others = FUNCTIONS.map(|(name, _)| name);
        let others: Vec<_> = others
            .into_iter()
            .filter(|name| *name != function)
            .collect();
        let pass = async |payload| recovery_ledger::handle(world, payload).await;
        return warm::others_or(world, &others, payload, pass).await;
    }
    warm::or(payload, async |payload| match function {
        "call-hook" => call_hook::handle(world, payload).await,
        "confirm-outage" => confirm_outage::handle(world, payload).await,
        "detach-and-promote" => {
            let pass =
                async |payload| answer(detach_and_promote::run(world, &read(payload)?).await?);
            start::or(world, RunKind::UnplannedFailover, payload, pass).await
        }
        "dns-flip" => dns_flip::handle(world, payload).await,
        "ecs-restart" => ecs_restart::handle(world, payload).await,
        "fence-writer" => fence_writer::handle(world, payload).await,
        "health-probe" => health_probe::handle(world, payload, deadline).await,
        "loss-ledger" => loss_ledger::handle(world, payload).await,
        "planned-failover" => {
            let pass = async |payload| planned_failover::handle(world, payload).await;
            start::or(world, RunKind::PlannedFailover, payload, pass).await
        }
        _ => {
            let pass = async |payload| rebuild_global::handle(world, payload).await;
            start::or(world, RunKind::Failback, payload, pass).await
        }
    })
    .await
}
