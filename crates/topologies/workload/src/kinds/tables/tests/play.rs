//! Plays a run of one table, pass by pass, as the pass over all resources does: the row is written before a call, and an answer that is
//! lost is noted by nobody.

use std::sync::Mutex;

use failover::{Error, domain::Epoch};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::cloud::{Cloud, Fault, World, items, plain, whole};
use crate::{
    kinds::tables::DynamodbTables,
    phase::Phase,
    plan::{self, WorkloadPlan},
    row::Row,
    run::{Answered, Kind, Opening, WorkloadRun},
    tables::{Change, TimeToLive},
    verbs::{Next, On, Verbs},
};

pub(super) const HOME: &str = "us-east-1";
pub(super) const RECOVERY: &str = "us-west-2";
/// The most passes of a phase.
const PASSES_MAX: usize = 200;
/// Between two passes.
pub(super) const PACE: SignedDuration = SignedDuration::from_secs(8);

pub(super) fn plan() -> WorkloadPlan {
    let document = json!({
        "kind": "workload", "plan": "shop", "revision": 1,
        "home_region": HOME, "recovery_region": RECOVERY,
        "resources": [{
            "kind": "dynamodb_table", "name": "orders", "home": "orders", "recovery": "orders-dr", "deny_writes": true,
        }],
    });
    plan::read(&document.to_string(), None).unwrap()
}

pub(super) struct Play {
    pub(super) cloud: Cloud,
    pub(super) run: WorkloadRun,
    pub(super) row: Row,
}

impl Play {
    /// A table that was rehearsed a day ago, and ten new items in the recovery Region.
    pub(super) fn new(kind: Kind) -> Self {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let mut world = World::new(now);
        let old = items(0..10, "old");
        world.put(HOME, whole(HOME, "orders"), old.clone());
        world.guarded = Some(old);
        let mut recovery = plain(RECOVERY, "orders-dr", "recovery");
        recovery.ttl = TimeToLive {
            attribute: Some("until".into()),
            status: "ENABLED".into(),
        };
        let like = whole(RECOVERY, "orders-dr");
        (recovery.policy, recovery.tags) = (like.policy, like.tags);
        world.put(RECOVERY, recovery, items(5..25, "new"));
        let run = WorkloadRun::opened(Opening {
            run_id: "restore-20261121".into(),
            kind,
            plan: plan(),
            epoch: Epoch(7),
            opened_at: now,
        });
        let mut row = Row::new(run.run_id.clone(), "orders", now);
        let yesterday = now - SignedDuration::from_hours(24);
        row.kept.insert("rehearsed_at".into(), json!(yesterday));
        Self {
            cloud: Cloud(Mutex::new(world)),
            run,
            row,
        }
    }

    pub(super) fn with_fault(self, fault: Fault) -> Self {
        self.world(|world| world.fault = Some(fault));
        self
    }

    pub(super) fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.cloud.0.lock().unwrap())
    }

    pub(super) fn answer(&mut self, phase: Phase, yes: bool) {
        let at = self.world(|world| world.now);
        self.run.answers.push(Answered {
            phase,
            yes,
            by: "ann".into(),
            at,
        });
        self.row.again(phase);
    }

    /// What a phase says against it.
    pub(super) async fn reasons(&self, phase: Phase) -> Vec<String> {
        let (run, now) = (&self.run, self.world(|world| world.now));
        let on = on(run, &self.row, (phase, now));
        let seen = DynamodbTables.look(&self.cloud, &on).await.unwrap();
        Verbs::<Cloud>::reasons(DynamodbTables, &on, &seen)
    }

    /// One pass; whether the phase is done.
    pub(super) async fn pass(&mut self, phase: Phase) -> Result<bool, Error> {
        self.row.enter(phase);
        let now = self.world(|world| world.now);
        let before = self.row.clone();
        let on = on(&self.run, &before, (phase, now));
        let seen = DynamodbTables.look(&self.cloud, &on).await?;
        let next: Next<Change> = Verbs::<Cloud>::decide(DynamodbTables, &on, &seen)?;
        match next {
            Next::Done { reason, keep } => {
                self.row.keep(keep);
                self.row.done(now, &reason);
                return Ok(true);
            }
            Next::Wait { reason, progress } => self.row.waits(now, &reason, progress),
            Next::Remember { reason, keep } => {
                self.row.keep(keep);
                self.row.waits(now, &reason, None);
            }
            Next::Call {
                name, keep, call, ..
            } => {
                self.row.keep(keep);
                self.row.called(now, name);
                match DynamodbTables.call(&self.cloud, &on, &call).await {
                    Ok(()) => self.row.answered(now, Row::TAKEN),
                    Err(Error::Unavailable(_)) => {}
                    Err(why) => {
                        self.row.answered(now, &why.to_string());
                        return Err(why);
                    }
                }
            }
        }
        // What is kept goes through the ledger.
        let kept = serde_json::to_string(&self.row).unwrap();
        self.row = serde_json::from_str(&kept).unwrap();
        self.world(|world| world.tick(PACE));
        Ok(false)
    }

    /// A phase to its end; what it said then.
    pub(super) async fn phase(&mut self, phase: Phase) -> Result<String, Error> {
        for _ in 0..PASSES_MAX {
            if self.pass(phase).await? {
                return Ok(self.row.reason.clone());
            }
        }
        panic!("{phase} does not end: {}", self.row.reason);
    }

    /// Phases one after the other, each to its end.
    pub(super) async fn phases(&mut self, phases: &[Phase]) -> Vec<String> {
        let mut said = Vec::new();
        for phase in phases {
            said.push(self.phase(*phase).await.unwrap());
        }
        said
    }
}

fn on<'a>(run: &'a WorkloadRun, row: &'a Row, (phase, now): (Phase, Timestamp)) -> On<'a> {
    On {
        plan: &run.plan,
        resource: &run.plan.resources[0],
        run,
        phase,
        row,
        now,
        dry_run: false,
    }
}
