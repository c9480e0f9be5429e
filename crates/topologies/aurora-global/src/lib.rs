//! An Aurora global database as a topology: its writer is moved by a managed failover, by detaching a standby or by a switchover,
//! and its members are made again around the writer.

#[cfg(feature = "aws")]
mod aws;
pub mod detach_and_promote;
pub mod members;
pub mod planned_failover;
pub mod rebuild_global;

use jiff::Timestamp;

use crate::members::Members;
use failover::{
    Error,
    domain::Region,
    evidence::Rds,
    ledger::{Current, Resolved, Run},
    plan::{Plan, Strategy},
    ports::{Ledger, Runtime},
    topologies::Topology,
    topology::{Cluster, Forwarding, Group},
};

/// The topology, as shared steps ask it.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuroraGlobal;

impl<W: Ledger + Runtime + Members> Topology<W> for AuroraGlobal {
    async fn look(self, world: &W, region: &Region, identifier: &str) -> Rds {
        world.look(region, identifier).await
    }

    async fn cluster(
        self,
        world: &W,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<Cluster>, Error> {
        world.cluster(region, identifier).await
    }

    async fn group(
        self,
        world: &W,
        _: &Plan,
        region: &Region,
        name: Option<&str>,
    ) -> Result<Option<Group>, Error> {
        let Some(name) = name else {
            return Ok(None);
        };
        let found = world.global_cluster(region, name).await?;
        Ok(found.map(Group::from))
    }

    async fn forwarding(self, world: &W, cluster: &Cluster) -> Result<Forwarding, Error> {
        world.forwarding(cluster).await
    }

    async fn keep_member(
        self,
        world: &W,
        plan: &Plan,
        region: &Region,
        cluster: &str,
        current: &Current,
    ) -> Result<(&'static str, String), Error> {
        let member = (cluster, None);
        rebuild_global::keep_member(world, &plan.plan, region, member, current).await
    }

    fn resolve(
        self,
        plan: &Plan,
        target: Option<&Cluster>,
        group: Option<&Group>,
    ) -> Option<Resolved> {
        Some(detach_and_promote::resolve(plan, target, group))
    }

    /// From a managed failover the way leads to a detach, and from there nowhere.
    fn gives_up(self, run: &Run, now: Timestamp) -> Option<(Timestamp, Resolved)> {
        let (last, reason) = detach_and_promote::gives_up(run, &run.looks, now)?;
        let strategy = Strategy::Detach;
        Some((last.at, Resolved { strategy, reason }))
    }

    /// About a detach that `auto` chose.
    fn asks_people(self, plan: &Plan, way: &Resolved) -> bool {
        plan.topology.strategy() == Some(Strategy::Auto) && way.strategy == Strategy::Detach
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_knows_the_steps_of_its_topology_by_name() {
        let runs = failover::testing::run().plan.kind().runs();
        let promoting = [detach_and_promote::STEP, planned_failover::STEP];
        assert!(runs.promoting().eq(promoting));
        assert_eq!(runs.rebuilding, Some(rebuild_global::STEP));
    }
}
