//! Noticing: writes a beat on the writer every few seconds, watches replication, and suspects. On request it takes a
//! fresh look, proves a promoted writer, verifies the plan's DNS name, or sets up what it needs.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::of_plan::OfPlan;
use failover::{
    Error,
    domain::{PlanName, stable_hash},
    pass::{Input, answer, operation},
    ports::{Confirmation, Functions, Heart, Ledger, Parameters, People, Runtime, Secrets},
    topologies::Topologies,
};

mod canaries;
mod endpoints;
mod fresh_look;
mod others;
mod plans;
pub mod prove;
mod sessions;
mod set_up;
mod spares;
mod verify;
mod watch;

pub use plans::SHARDS_MAX;
pub use prove::Observed as ProveObserved;
pub use verify::Observed as VerifyObserved;
pub use watch::{Action, Watched, next_action};

/// What the function takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Watches every plan of the Region for just under a minute.
    Watch(Shard),
    /// Creates the heartbeat schema and the probe's role on the writer.
    Setup(OfPlan),
    /// Takes one fresh look at a plan's writer.
    Confirm(LookAt),
    /// Commits the new epoch on the promoted writer.
    Prove(Input),
    /// The same where no heart beats, after a human said that it takes writes.
    ProveApproved(Input),
    /// Commits a beat through the plan's DNS name.
    Verify(Input),
}

/// Which of a Region's plans an invocation watches: those whose name falls to `shard` of `shards`. While their number changes
/// some are watched twice for a minute, which is harmless, and none is unwatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Its number, from 0.
    #[serde(default)]
    pub shard: u64,
    /// How many there are.
    #[serde(default = "Shard::one")]
    pub shards: u64,
}

impl Shard {
    /// All plans.
    pub const WHOLE: Self = Self {
        shard: 0,
        shards: 1,
    };

    const fn one() -> u64 {
        1
    }

    /// Whether a plan falls to it. The hash is the same in every build: it must never leave a plan to nobody.
    #[must_use]
    pub fn holds(self, plan: &PlanName) -> bool {
        stable_hash(plan.as_str()) % self.shards.max(1) == self.shard
    }

    fn checked(self) -> Result<Self, Error> {
        if self.shard < self.shards {
            return Ok(self);
        }
        Err(Error::InvalidRequest(format!(
            "shard is {} and shards is {}; count from 0 to one less than there are",
            self.shard, self.shards
        )))
    }
}

/// Asks for one look at a plan's writer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookAt {
    /// The plan.
    pub plan: PlanName,
    /// Whether nothing may be changed: no beat is committed then, and what was seen last is answered.
    #[serde(default)]
    pub dry_run: bool,
}

/// The longest a pass takes: the state machine gives its task 30 s, and a pass cut off there would go on beside its retry.
const PASS: Duration = Duration::from_secs(25);

async fn in_time<T>(pass: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let late = |_| {
        Err(Error::Unavailable(format!(
            "the pass was not through within {PASS:?}"
        )))
    };
    tokio::time::timeout(PASS, pass).await.unwrap_or_else(late)
}

/// Watches every plan of the Region for just under a minute. `deadline` is when the function will be ended.
///
/// # Errors
/// `Unavailable` when the Region's own ledger does not answer.
pub async fn watch(
    world: &(impl Ledger + Runtime + Topologies + Parameters + Functions + Secrets + People + Heart),
    deadline: Timestamp,
) -> Result<Watched, Error> {
    Box::pin(watch::run(world, Shard::WHOLE, deadline)).await
}

/// One fresh look at a plan's writer; in a dry run what was seen last.
///
/// # Errors
/// `InvalidRequest` for a plan that no probe has read, `NotReady` where no ledger names a writer, `Unavailable` in a dry run where
/// nothing was seen lately.
pub async fn confirm(
    world: &(impl Ledger + Runtime + Secrets + Heart),
    input: &LookAt,
) -> Result<Confirmation, Error> {
    if input.dry_run {
        return Box::pin(fresh_look::recorded(world, &input.plan)).await;
    }
    Box::pin(fresh_look::confirm(world, &input.plan)).await
}

/// One invocation. `deadline` is when the function will be ended.
///
/// # Errors
/// Every name but `EvidenceStale` and `DataLossTooLarge`.
pub async fn handle(
    world: &(impl Ledger + Runtime + Topologies + Parameters + Functions + Secrets + People + Heart),
    payload: Value,
    deadline: Timestamp,
) -> Result<Value, Error> {
    match asked(payload)? {
        Request::Watch(shard) => answer(Box::pin(watch::run(world, shard, deadline)).await?),
        Request::Setup(input) => answer(set_up::run(world, &input.plan).await?),
        Request::Confirm(input) => answer(confirm(world, &input).await?),
        Request::Prove(input) => answer(in_time(prove::run(world, &input)).await?),
        Request::ProveApproved(input) => answer(in_time(prove::approved(world, &input)).await?),
        Request::Verify(input) => answer(in_time(verify::run(world, &input)).await?),
    }
}

/// What is asked for.
pub fn asked(payload: Value) -> Result<Request, Error> {
    let request = operation(payload)?;
    if let Request::Watch(shard) = request {
        shard.checked()?;
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_falls_to_one_shard_of_any_number_and_they_share_evenly() {
        let names = || (0..200).map(|number| PlanName::from(format!("plan-{number}").as_str()));
        for shards in 1..=5 {
            let mut sizes = vec![0; usize::try_from(shards).unwrap()];
            for name in names() {
                let held: Vec<_> = (0..shards)
                    .filter(|shard| {
                        Shard {
                            shard: *shard,
                            shards,
                        }
                        .holds(&name)
                    })
                    .collect();
                assert_eq!(held.len(), 1, "{name} of {shards}");
                sizes[usize::try_from(held[0]).unwrap()] += 1;
            }
            let most = sizes.iter().max().unwrap();
            assert!(
                most * usize::try_from(shards).unwrap() < 200 * 2,
                "{sizes:?}"
            );
        }
    }

    #[test]
    fn a_watch_without_a_shard_watches_every_plan_and_a_wrong_one_is_named() {
        let read = |payload| super::operation::<Request>(payload).unwrap();
        let whole = read(serde_json::json!({"operation": "watch"}));
        assert_eq!(whole, Request::Watch(Shard::WHOLE));
        let wrong = Shard {
            shard: 2,
            shards: 2,
        }
        .checked()
        .unwrap_err();
        assert!(wrong.to_string().contains("shard is 2"), "{wrong}");
        let none = Shard {
            shard: 0,
            shards: 0,
        }
        .checked()
        .unwrap_err();
        assert_eq!(none.name(), "InvalidRequest");
    }
}
