//! RDS, as steps read and change it.

use aurora_global::{
    AuroraGlobal,
    members::{Accepted, BlueGreen, Members},
};
use failover::{
    Error,
    domain::Region,
    evidence::Rds as Seen,
    plan::TopologyKind,
    topologies::Topologies,
    topology::{Call, Cluster, Forwarding, GlobalCluster, ParameterGroup, Reach, Shape, Snapshot},
};
use jiff::Timestamp;

use super::{Invocation, Made};
use crate::{api::Api, rds::Rds};

impl Topologies for Invocation {
    type Topology = AuroraGlobal;

    fn topology(&self, _: TopologyKind) -> AuroraGlobal {
        AuroraGlobal
    }
}

impl Invocation {
    async fn shown<T>(
        &self,
        region: &Region,
        what: &'static str,
        show: impl Fn(&Rds) -> T + Send + Sync,
    ) -> Result<T, Error> {
        self.call((Api::Rds, region), what, |made: Made<'_>| {
            Ok(show(made.state.rds_of(made.now, made.age)))
        })
        .await
    }

    async fn asked(
        &self,
        region: &Region,
        what: &'static str,
        change: impl Fn(&mut Rds, Timestamp) -> Result<Accepted, Error> + Send + Sync + 'static,
    ) -> Result<Accepted, Error> {
        let at = region.clone();
        let asked = self.change((Api::Rds, region), what, move |made: Made<'_>| {
            if made.state.refuses(what) {
                let why = format!("InvalidGlobalClusterStateFault: {what} is refused");
                return Ok(Accepted::NotNow(why));
            }
            made.state.settle(made.now);
            let came = change(&mut made.state.rds, made.now);
            made.state.settle(made.now);
            made.state
                .note(made.now, || format!("{what} in {at}: {came:?}"));
            came
        });
        match asked.await {
            Err(Error::Unavailable(why)) if why.ends_with("ThrottlingException") => {
                Ok(Accepted::Throttled(why))
            }
            other => other,
        }
    }
}

impl Members for Invocation {
    async fn look(&self, region: &Region, identifier: &str) -> Seen {
        let what = "RDS DescribeDBClusters, once";
        let found = self.shown(region, what, |rds| rds.look(region, identifier));
        match found.await {
            Ok(seen) => seen,
            Err(Error::Unavailable(why)) => Seen::Silent { why },
            Err(why) => Seen::Other {
                why: why.to_string(),
            },
        }
    }

    async fn cluster(&self, region: &Region, identifier: &str) -> Result<Option<Cluster>, Error> {
        let what = "RDS DescribeDBClusters";
        self.shown(region, what, |rds| rds.cluster(region, identifier))
            .await
    }

    async fn forwarding(&self, cluster: &Cluster) -> Result<Forwarding, Error> {
        let what = "RDS DescribeDBClusters for forwarding";
        self.shown(&self.region, what, |rds| {
            rds.forwarding(&self.region, cluster)
        })
        .await?
    }

    async fn global_cluster(
        &self,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<GlobalCluster>, Error> {
        let what = "RDS DescribeGlobalClusters";
        self.shown(region, what, |rds| rds.global_cluster(region, identifier))
            .await
    }

    async fn blue_green(&self, region: &Region) -> Result<Vec<BlueGreen>, Error> {
        let what = "RDS DescribeBlueGreenDeployments";
        self.shown(region, what, |rds| rds.blue_green(region)).await
    }

    fn reach(&self) -> Option<&Reach> {
        None
    }

    async fn shape(&self, region: &Region, cluster: &str) -> Result<Option<Shape>, Error> {
        let what = "RDS DescribeDBClusters with all that belongs to it";
        self.shown(region, what, |rds| rds.shape(region, cluster))
            .await
    }

    async fn snapshot(&self, region: &Region, snapshot: &str) -> Result<Option<Snapshot>, Error> {
        let what = "RDS DescribeDBClusterSnapshots";
        self.shown(region, what, |rds| rds.snapshot(region, snapshot))
            .await
    }

    async fn unplanned_snapshots(
        &self,
        region: &Region,
        cluster: &str,
    ) -> Result<Vec<Snapshot>, Error> {
        let what = "RDS DescribeDBClusterSnapshots of a managed failover";
        self.shown(region, what, |rds| rds.unplanned_snapshots(region, cluster))
            .await
    }

    async fn family(
        &self,
        region: &Region,
        group: &ParameterGroup,
    ) -> Result<Option<String>, Error> {
        let what = "RDS DescribeDBParameterGroups";
        self.shown(region, what, |rds| rds.family(region, group))
            .await
    }

    async fn fail_over(&self, region: &Region, global: &str, arn: &str) -> Result<Accepted, Error> {
        let what = "RDS FailoverGlobalCluster";
        let (at, global, arn) = (region.clone(), global.to_owned(), arn.to_owned());
        self.asked(region, what, move |rds, now| {
            rds.fail_over(now, &at, &global, &arn)
        })
        .await
    }

    async fn detach(&self, region: &Region, global: &str, arn: &str) -> Result<Accepted, Error> {
        let what = "RDS RemoveFromGlobalCluster";
        let (at, global, arn) = (region.clone(), global.to_owned(), arn.to_owned());
        self.asked(region, what, move |rds, now| {
            rds.detach(now, &at, &global, &arn)
        })
        .await
    }

    async fn switch_over(
        &self,
        region: &Region,
        global: &str,
        arn: &str,
    ) -> Result<Accepted, Error> {
        let what = "RDS SwitchoverGlobalCluster";
        let (at, global, arn) = (region.clone(), global.to_owned(), arn.to_owned());
        self.asked(region, what, move |rds, now| {
            rds.switch_over(now, &at, &global, &arn)
        })
        .await
    }

    async fn call(&self, region: &Region, call: &Call) -> Result<Accepted, Error> {
        let (at, made) = (region.clone(), call.clone());
        let asked = self.asked(region, call.operation(), move |rds, now| {
            rds.call(now, &at, &made)
        });
        asked.await
    }
}
