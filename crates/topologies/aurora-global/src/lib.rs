//! An Aurora global database as a topology: its writer is moved by a managed failover, by detaching a standby or by a switchover,
//! and its members are made again around the writer.

pub mod detach_and_promote;
pub mod planned_failover;
pub mod rebuild_global;

use jiff::Timestamp;

use failover::{
    Error,
    domain::{PlanName, Region},
    ledger::{Current, Resolved, Run},
    plan::Plan,
    ports::{Ledger, Members, Runtime},
    topologies::{Blueprints, Strategies},
    topology::{Cluster, Group},
};

/// The topology, as shared steps ask it.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuroraGlobal;

impl Strategies for AuroraGlobal {
    fn resolve(&self, plan: &Plan, target: Option<&Cluster>, group: Option<&Group>) -> Resolved {
        detach_and_promote::resolve(plan, target, group)
    }

    fn gives_up(&self, run: &Run, now: Timestamp) -> Option<(Timestamp, String)> {
        let (last, why) = detach_and_promote::gives_up(run, &run.looks, now)?;
        Some((last.at, why))
    }
}

impl<W: Ledger + Runtime + Members> Blueprints<W> for AuroraGlobal {
    async fn keep_member(
        &self,
        world: &W,
        plan: &PlanName,
        region: &Region,
        cluster: &str,
        current: &Current,
    ) -> Result<(&'static str, String), Error> {
        rebuild_global::keep_member(world, plan, region, (cluster, None), current).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_knows_the_steps_of_its_topology_by_name() {
        let topology = failover::testing::run().plan.topology;
        let promoting = [detach_and_promote::STEP, planned_failover::STEP];
        assert_eq!(topology.promoting_steps(), promoting);
        assert_eq!(topology.rebuilding_step(), rebuild_global::STEP);
    }
}
