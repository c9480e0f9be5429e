//! RDS, as steps read and change it: at the port, or through its adapter.

use aurora_global::{
    AuroraGlobal,
    members::{Accepted, BlueGreen, Members, Quota},
};
use failover::{
    Error,
    domain::Region,
    evidence::Rds as Seen,
    plan::TopologyKind,
    topologies::Topologies,
    topology::{Call, Cluster, Forwarding, GlobalCluster, ParameterGroup, Reach, Shape, Snapshot},
};

use super::Invocation;

mod ports;
#[cfg(all(test, feature = "adapters"))]
mod tests;

use ports::Ports;

impl Topologies for Invocation {
    type Topology = AuroraGlobal;

    fn topology(&self, _: TopologyKind) -> AuroraGlobal {
        AuroraGlobal
    }
}

/// A call of the port, at the depth that the case is played at.
macro_rules! at_depth {
    ($self:ident.$call:ident($($given:ident),*)) => {{
        #[cfg(feature = "adapters")]
        if let Some(aws) = $self.adapters() {
            return aws.$call($($given),*).await;
        }
        Ports($self).$call($($given),*).await
    }};
}

impl Members for Invocation {
    async fn look(&self, region: &Region, identifier: &str) -> Seen {
        at_depth!(self.look(region, identifier))
    }

    async fn cluster(&self, region: &Region, identifier: &str) -> Result<Option<Cluster>, Error> {
        at_depth!(self.cluster(region, identifier))
    }

    async fn forwarding(&self, cluster: &Cluster) -> Result<Forwarding, Error> {
        at_depth!(self.forwarding(cluster))
    }

    async fn global_cluster(
        &self,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<GlobalCluster>, Error> {
        at_depth!(self.global_cluster(region, identifier))
    }

    async fn blue_green(&self, region: &Region) -> Result<Vec<BlueGreen>, Error> {
        at_depth!(self.blue_green(region))
    }

    async fn account_quotas(&self, region: &Region) -> Result<Vec<Quota>, Error> {
        at_depth!(self.account_quotas(region))
    }

    fn reach(&self) -> Option<&Reach> {
        None
    }

    async fn shape(&self, region: &Region, cluster: &str) -> Result<Option<Shape>, Error> {
        at_depth!(self.shape(region, cluster))
    }

    async fn snapshot(&self, region: &Region, snapshot: &str) -> Result<Option<Snapshot>, Error> {
        at_depth!(self.snapshot(region, snapshot))
    }

    async fn unplanned_snapshots(
        &self,
        region: &Region,
        cluster: &str,
    ) -> Result<Vec<Snapshot>, Error> {
        at_depth!(self.unplanned_snapshots(region, cluster))
    }

    async fn family(
        &self,
        region: &Region,
        group: &ParameterGroup,
    ) -> Result<Option<String>, Error> {
        at_depth!(self.family(region, group))
    }

    async fn fail_over(&self, region: &Region, global: &str, arn: &str) -> Result<Accepted, Error> {
        at_depth!(self.fail_over(region, global, arn))
    }

    async fn detach(&self, region: &Region, global: &str, arn: &str) -> Result<Accepted, Error> {
        at_depth!(self.detach(region, global, arn))
    }

    async fn switch_over(
        &self,
        region: &Region,
        global: &str,
        arn: &str,
    ) -> Result<Accepted, Error> {
        at_depth!(self.switch_over(region, global, arn))
    }

    async fn call(&self, region: &Region, call: &Call) -> Result<Accepted, Error> {
        // The caller has a `call` of its own.
        #[cfg(feature = "adapters")]
        if let Some(aws) = self.adapters() {
            return Members::call(aws, region, call).await;
        }
        Members::call(&Ports(self), region, call).await
    }
}
