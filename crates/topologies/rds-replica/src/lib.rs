//! An RDS DB instance with cross-Region read replicas as a topology: a replica takes over by being promoted. RDS has no switchover for
//! it: a planned move stops the writer first. Whoever was left makes room for a new replica of its name.

#[cfg(feature = "aws")]
mod aws;
pub mod members;
pub mod open_writer;
pub mod promote_replica;
pub mod replace_replica;
pub mod stop_writes;

use jiff::Timestamp;

use crate::members::{Makes, Members};
use failover::{
    Error,
    domain::Region,
    evidence::Rds,
    ledger::{Current, Resolved, Run},
    plan::Plan,
    ports::{Ledger, Runtime},
    topologies::Topology,
    topology::{Cluster, Forwarding, Group},
};

/// The topology, as shared steps ask it.
#[derive(Debug, Clone, Copy, Default)]
pub struct RdsReplica;

impl<W: Members + Makes + Ledger + Runtime> Topology<W> for RdsReplica {
    async fn look(self, world: &W, region: &Region, identifier: &str) -> Rds {
        world.look(region, identifier).await
    }

    /// The instance as a cluster that has it alone.
    async fn cluster(
        self,
        world: &W,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<Cluster>, Error> {
        let found = world.instance(region, identifier).await?;
        Ok(found.map(Cluster::from))
    }

    /// Instances have no group that bears a name: it is called by the ARN of the one that leads, as the member here shows it.
    async fn group(
        self,
        world: &W,
        plan: &Plan,
        region: &Region,
        name: Option<&str>,
    ) -> Result<Option<Group>, Error> {
        let Some(member) = plan.members().get(region) else {
            return Ok(None);
        };
        let found = world.instance(region, &member.identifier).await?;
        if let Some(found) = &found {
            found.fits(plan.database.engine)?;
        }
        let group = found.as_ref().map(Group::from);
        Ok(group.filter(|group| name.is_none_or(|name| group.named.name == name)))
    }

    /// Instances forward nothing.
    async fn forwarding(self, _: &W, _: &Cluster) -> Result<Forwarding, Error> {
        Ok(Forwarding::default())
    }

    async fn keep_member(
        self,
        world: &W,
        plan: &Plan,
        region: &Region,
        identifier: &str,
        current: &Current,
    ) -> Result<(&'static str, String), Error> {
        replace_replica::keep_member(world, plan, region, (identifier, None), current).await
    }

    fn resolve(self, _: &Plan, _: Option<&Cluster>, _: Option<&Group>) -> Option<Resolved> {
        None
    }

    fn gives_up(self, _: &Run, _: Timestamp) -> Option<(Timestamp, Resolved)> {
        None
    }

    fn asks_people(self, _: &Plan, _: &Resolved) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use failover::{guard, notify::commands, testing};

    use super::*;

    #[test]
    fn the_plan_knows_the_steps_of_its_topology_by_name() {
        let runs = members::tests::plan().kind().runs();
        assert_eq!(runs.promote_by, promote_replica::STEP);
        assert_eq!(runs.planned, Some("replica-switchover"));
        assert_eq!(runs.moving, Some(stop_writes::STEP));
        assert_eq!(runs.opening, Some(open_writer::STEP));
        assert_eq!(runs.failback, Some("replica-failback"));
        assert_eq!(runs.rebuilding, Some(replace_replica::STEP));
    }

    #[test]
    fn every_command_that_is_printed_names_what_is_of_this_topology() {
        let (plan, home, away) = (
            members::tests::plan(),
            "us-west-2".into(),
            "us-east-1".into(),
        );
        let failback = commands::failback(&plan, &home).unwrap();
        let machine = ":stateMachine:aurora-failover-replica-failback ";
        assert!(failback.contains(machine), "{failback}");
        let planned = commands::planned(&plan, &away).unwrap();
        let machine = ":stateMachine:aurora-failover-replica-switchover ";
        assert!(planned.contains(machine), "{planned}");
        let mut run = testing::run();
        run.plan = plan;
        let now = Timestamp::from_second(1_000).unwrap();
        let why = guard::abandoned(&run, Some(now), now).unwrap_err();
        let said = "start aurora-failover-replica-switchover in us-east-1";
        assert!(why.to_string().contains(said), "{why}");
    }
}
