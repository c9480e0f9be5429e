//! Every topology, chosen by the kind of the plan that is asked about. Beside the plan's own types this file alone lists them.

use aurora_global::AuroraGlobal;
use jiff::Timestamp;
use rds_replica::RdsReplica;

use failover::{
    Error,
    domain::Region,
    evidence::Rds,
    ledger::{Current, Resolved, Run},
    plan::{Plan, TopologyKind},
    topologies::Topology,
    topology::{Cluster, Forwarding, Group},
};

/// The topology of plans of one kind.
#[derive(Debug, Clone, Copy)]
pub struct ByKind(TopologyKind);

impl ByKind {
    /// The topology of plans of a kind.
    #[must_use]
    pub const fn of(kind: TopologyKind) -> Self {
        Self(kind)
    }
}

/// Asks the topology of a kind. A kind that is missing here does not compile.
macro_rules! ask {
    ($by:ident, |$topology:ident| $asked:expr) => {
        match $by.0 {
            TopologyKind::AuroraGlobal => {
                let $topology = AuroraGlobal;
                $asked
            }
            TopologyKind::RdsReplica => {
                let $topology = RdsReplica;
                $asked
            }
        }
    };
}

impl<W: Sync> Topology<W> for ByKind
where
    AuroraGlobal: Topology<W>,
    RdsReplica: Topology<W>,
{
    async fn look(self, world: &W, region: &Region, identifier: &str) -> Rds {
        ask!(self, |it| it.look(world, region, identifier).await)
    }

    async fn cluster(
        self,
        world: &W,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<Cluster>, Error> {
        ask!(self, |it| it.cluster(world, region, identifier).await)
    }

    async fn group(
        self,
        world: &W,
        plan: &Plan,
        region: &Region,
        name: Option<&str>,
    ) -> Result<Option<Group>, Error> {
        ask!(self, |it| it.group(world, plan, region, name).await)
    }

    async fn forwarding(self, world: &W, cluster: &Cluster) -> Result<Forwarding, Error> {
        ask!(self, |it| it.forwarding(world, cluster).await)
    }

    async fn keep_member(
        self,
        world: &W,
        plan: &Plan,
        region: &Region,
        cluster: &str,
        current: &Current,
    ) -> Result<(&'static str, String), Error> {
        ask!(self, |it| it
            .keep_member(world, plan, region, cluster, current)
            .await)
    }

    fn resolve(
        self,
        plan: &Plan,
        target: Option<&Cluster>,
        group: Option<&Group>,
    ) -> Option<Resolved> {
        ask!(self, |it| Topology::<W>::resolve(it, plan, target, group))
    }

    fn gives_up(self, run: &Run, now: Timestamp) -> Option<(Timestamp, Resolved)> {
        ask!(self, |it| Topology::<W>::gives_up(it, run, now))
    }

    fn asks_people(self, plan: &Plan, way: &Resolved) -> bool {
        ask!(self, |it| Topology::<W>::asks_people(it, plan, way))
    }
}

#[cfg(test)]
mod tests {
    use aws::Aws;
    use failover::testing;

    use super::*;

    #[test]
    fn a_plan_is_asked_of_its_own_kinds_topology() {
        let mut run = testing::run();
        let of = ByKind::of(run.plan.kind());
        let asked = Topology::<Aws>::resolve(of, &run.plan, None, None);
        let own = Topology::<Aws>::resolve(AuroraGlobal, &run.plan, None, None);
        assert_eq!(asked, own);
        run.strategy = asked;
        let way = run.strategy.as_ref().unwrap();
        assert!(Topology::<Aws>::asks_people(of, &run.plan, way));
    }
}
