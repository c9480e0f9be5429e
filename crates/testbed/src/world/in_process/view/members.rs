//! RDS, from the simulator.

use aurora_global::AuroraGlobal;
use aurora_global::members::{Accepted, BlueGreen, Members, Quota};
use failover::{
    Error,
    domain::Region,
    evidence::Rds,
    plan::TopologyKind,
    topologies::Topologies,
    topology::{Call, Cluster, Forwarding, GlobalCluster, ParameterGroup, Reach, Shape, Snapshot},
};

use super::View;

impl Topologies for View {
    type Topology = AuroraGlobal;

    fn topology(&self, _: TopologyKind) -> AuroraGlobal {
        AuroraGlobal
    }
}

impl Members for View {
    async fn look(&self, region: &Region, identifier: &str) -> Rds {
        let look = async {
            self.reach(region).await?;
            self.within(async { Ok(self.rds()?.look(region, identifier).await) })
                .await
        };
        look.await.unwrap_or_else(|why| Rds::Silent {
            why: why.to_string(),
        })
    }

    async fn cluster(&self, region: &Region, identifier: &str) -> Result<Option<Cluster>, Error> {
        self.reach(region).await?;
        self.within(self.rds()?.cluster(region, identifier)).await
    }

    async fn forwarding(&self, cluster: &Cluster) -> Result<Forwarding, Error> {
        self.within(self.rds()?.forwarding(cluster)).await
    }

    async fn global_cluster(
        &self,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<GlobalCluster>, Error> {
        self.reach(region).await?;
        self.within(self.rds()?.global_cluster(region, identifier))
            .await
    }

    async fn blue_green(&self, region: &Region) -> Result<Vec<BlueGreen>, Error> {
        self.reach(region).await?;
        self.within(self.rds()?.blue_green(region)).await
    }

    async fn account_quotas(&self, region: &Region) -> Result<Vec<Quota>, Error> {
        self.reach(region).await?;
        self.within(self.rds()?.account_quotas(region)).await
    }

    fn reach(&self) -> Option<&Reach> {
        None
    }

    async fn shape(&self, region: &Region, cluster: &str) -> Result<Option<Shape>, Error> {
        self.reach(region).await?;
        self.within(self.rds()?.shape(region, cluster)).await
    }

    async fn snapshot(&self, region: &Region, snapshot: &str) -> Result<Option<Snapshot>, Error> {
        self.reach(region).await?;
        self.within(self.rds()?.snapshot(region, snapshot)).await
    }

    async fn unplanned_snapshots(
        &self,
        region: &Region,
        cluster: &str,
    ) -> Result<Vec<Snapshot>, Error> {
        self.reach(region).await?;
        self.within(self.rds()?.unplanned_snapshots(region, cluster))
            .await
    }

    async fn family(
        &self,
        region: &Region,
        group: &ParameterGroup,
    ) -> Result<Option<String>, Error> {
        self.reach(region).await?;
        self.within(self.rds()?.family(region, group)).await
    }

    async fn fail_over(&self, region: &Region, to: &str, arn: &str) -> Result<Accepted, Error> {
        self.reach(region).await?;
        self.within(self.rds()?.fail_over(region, to, arn)).await
    }

    async fn detach(&self, region: &Region, from: &str, arn: &str) -> Result<Accepted, Error> {
        self.reach(region).await?;
        self.within(self.rds()?.detach(region, from, arn)).await
    }

    async fn switch_over(&self, region: &Region, to: &str, arn: &str) -> Result<Accepted, Error> {
        self.reach(region).await?;
        self.within(self.rds()?.switch_over(region, to, arn)).await
    }

    async fn call(&self, region: &Region, call: &Call) -> Result<Accepted, Error> {
        self.reach(region).await?;
        self.within(Members::call(self.rds()?, region, call)).await
    }
}
