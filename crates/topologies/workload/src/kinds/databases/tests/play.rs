//! Plays the phases of a run over one database: looks, decides, keeps, calls.

use failover::{
    Error,
    domain::{Epoch, RunId},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{super::*, small_rds::SmallRds};
use crate::{
    plan::WorkloadPlan,
    row::Row,
    run::{self, Opening, WorkloadRun},
    verbs::Verbs,
};

pub(super) const HOME: &str = "us-east-1";
pub(super) const RECOVERY: &str = "us-west-2";
pub(super) const SHORT: &str = "1f0c9d34";

/// More than any phase needs.
const PASSES_MAX: usize = 200;

pub(super) struct Play {
    pub(super) kind: Kind,
    pub(super) world: SmallRds,
    pub(super) run: WorkloadRun,
    pub(super) row: Row,
    pub(super) now: Timestamp,
    /// After so many calls it stops.
    pub(super) calls_max: Option<usize>,
}

pub(super) fn plan(kind: Kind) -> WorkloadPlan {
    let kind = match kind {
        Kind::Instance => "rds_instance",
        Kind::Cluster => "aurora_cluster",
    };
    let plan = json!({
        "kind": "workload",
        "plan": "shop",
        "revision": 1,
        "home_region": HOME,
        "recovery_region": RECOVERY,
        "resources": [{
            "kind": kind,
            "name": "orders",
            "home": "orders",
            "recovery": "orders-dr",
            "kms_key": "alias/home",
            "rehearsal": {"subnet_group": "isolated", "security_groups": ["sg-0isolated"]},
        }],
    });
    serde_json::from_value(plan).unwrap()
}

impl Play {
    pub(super) fn new(kind: Kind, does: run::Kind) -> Self {
        let now: Timestamp = "2026-11-30T08:00:00Z".parse().unwrap();
        let run_id = RunId::from("1f0c9d34-aaaa");
        let run = WorkloadRun::opened(Opening {
            run_id: run_id.clone(),
            kind: does,
            plan: plan(kind),
            epoch: Epoch(4),
            opened_at: now,
        });
        Self {
            kind,
            world: SmallRds::with(kind),
            run,
            row: Row::new(run_id, "orders", now),
            now,
            calls_max: None,
        }
    }

    /// As another run, in the world that one before has left.
    pub(super) fn again_in(&mut self, world: SmallRds, run_id: &str) {
        let run_id = RunId::from(run_id);
        self.world = world;
        self.run.run_id = run_id.clone();
        self.row = Row::new(run_id, "orders", self.now);
    }

    pub(super) fn answer(&mut self, phase: Phase, yes: bool) {
        self.run.answers.push(run::Answered {
            phase,
            yes,
            by: "somebody".into(),
            at: self.now,
        });
    }

    /// What a phase says at its end.
    pub(super) async fn phase(&mut self, phase: Phase) -> Result<String, Error> {
        match self.kind {
            Kind::Instance => self.played(RdsInstances, phase).await,
            Kind::Cluster => self.played(AuroraClusters, phase).await,
        }
    }

    async fn played<V>(&mut self, verbs: V, phase: Phase) -> Result<String, Error>
    where
        V: Verbs<SmallRds, Seen = Seen, Call = Change>,
    {
        self.row.again(phase);
        for _ in 0..PASSES_MAX {
            let on = on_of(&self.run, phase, &self.row, self.now);
            let seen = verbs.look(&self.world, &on).await?;
            match verbs.decide(&on, &seen)? {
                Next::Done { reason, keep } => {
                    self.row.keep(keep);
                    self.row.done(self.now, &reason);
                    return Ok(reason);
                }
                Next::Wait { .. } => {}
                Next::Remember { keep, .. } => self.row.keep(keep),
                Next::Call { keep, call, .. } => {
                    if self.calls_max == Some(self.world.effects().len()) {
                        return Err(Error::RunRefused("the machine was stopped".into()));
                    }
                    self.row.keep(keep);
                    let on = on_of(&self.run, phase, &self.row, self.now);
                    match verbs.call(&self.world, &on, &call).await {
                        Ok(()) | Err(Error::Unavailable(_)) => {}
                        Err(why) => return Err(why),
                    }
                }
            }
            self.world.tick();
            self.world.keeps_what_stood_at_home();
            self.now += SignedDuration::from_secs(30);
        }
        panic!("{phase} of {} never ends", self.row.resource);
    }
}

fn on_of<'a>(run: &'a WorkloadRun, phase: Phase, row: &'a Row, now: Timestamp) -> On<'a> {
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
