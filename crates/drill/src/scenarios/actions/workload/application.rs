//! The shop's application in the recovery Region: it sells as long as its service there has a task, and remembers what was acknowledged.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::task::AbortHandle;

use super::shop::{AWAY, BILLING_AWAY, LEDGER_AWAY, SERVICE, insert};
use crate::{
    profile::{ECS_CLUSTER, STANDBY},
    scenario::{Drill, SOON},
    world::Trouble,
};

/// Between two sales.
const PAUSE: Duration = Duration::from_millis(250);

type Sold = Arc<Mutex<BTreeSet<i64>>>;

/// A running application; it ends when this is dropped.
pub(crate) struct Application {
    sold: Sold,
    task: AbortHandle,
}

impl Drop for Application {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Application {
    /// Starts it over the databases of the recovery Region, which hold what was sold there before.
    pub(crate) fn start(drill: &Drill<'_>) -> Result<Self, Trouble> {
        let simulator = &drill.world.simulator;
        let mut backends = Vec::new();
        for name in [BILLING_AWAY, LEDGER_AWAY] {
            let backend = simulator.backend(STANDBY, name);
            backends.push(backend.ok_or_else(|| format!("{name} has no database"))?);
        }
        let sold: Sold = Arc::new(Mutex::new((1..=AWAY).collect()));
        let ecs = aws_sdk_ecs::Client::new(&drill.world.emulator.sdk_config(STANDBY));
        let task = tokio::spawn(sell(ecs, backends, sold.clone()));
        Ok(Self {
            sold,
            task: task.abort_handle(),
        })
    }

    /// The numbers that both databases have acknowledged.
    pub(crate) fn sold(&self) -> BTreeSet<i64> {
        let sold = self.sold.lock();
        sold.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it sells; whether it does.
    pub(crate) async fn sells(&self, drill: &Drill<'_>) -> bool {
        let before = self.sold().len();
        drill
            .until(SOON, "a sale", async || self.sold().len() > before)
            .await
    }
}

/// Sells for ever: whoever started it ends it.
async fn sell(ecs: aws_sdk_ecs::Client, backends: Vec<SocketAddr>, sold: Sold) {
    let mut number = AWAY;
    loop {
        tokio::time::sleep(PAUSE).await;
        if !has_tasks(&ecs).await {
            continue;
        }
        // A number is given once, whatever became of it.
        number += 1;
        if is_taken(&backends, number).await {
            let mut sold = sold.lock().unwrap_or_else(PoisonError::into_inner);
            sold.insert(number);
        }
    }
}

async fn has_tasks(ecs: &aws_sdk_ecs::Client) -> bool {
    let asked = ecs.describe_services().cluster(ECS_CLUSTER);
    let answer = asked.services(SERVICE).send().await;
    let found = answer.ok().and_then(|answer| answer.services);
    let mut found = found.unwrap_or_default().into_iter();
    found.any(|service| service.desired_count > 0)
}

async fn is_taken(backends: &[SocketAddr], number: i64) -> bool {
    for backend in backends {
        if insert(*backend, number).await.is_err() {
            return false;
        }
    }
    true
}
