//! The world in memory, as an Aurora global database's steps meet it: RDS shows one cluster and one global cluster at most, and nobody
//! knows what a member is made of.

use failover::{
    Error,
    domain::Region,
    evidence::Rds,
    ledger::PlanState,
    testing::{Books, topologies::Detaches},
    topologies::Topology,
    topology::{
        Call, Cluster, Forwarding, GlobalCluster, GlobalSettings, Named, ParameterGroup, Reach,
        Shape, Snapshot,
    },
};

use super::{Accepted, BlueGreen, Members, Quota, in_region};

fn nothing_is_changed() -> Accepted {
    Accepted::NotNow("nothing is changed here".into())
}

impl Members for Books {
    async fn look(&self, region: &Region, cluster: &str) -> Rds {
        Detaches.look(self, region, cluster).await
    }

    async fn cluster(&self, region: &Region, cluster: &str) -> Result<Option<Cluster>, Error> {
        Detaches.cluster(self, region, cluster).await
    }

    async fn forwarding(&self, cluster: &Cluster) -> Result<Forwarding, Error> {
        Detaches.forwarding(self, cluster).await
    }

    async fn global_cluster(
        &self,
        _: &Region,
        identifier: &str,
    ) -> Result<Option<GlobalCluster>, Error> {
        Ok(self.global(identifier))
    }

    async fn blue_green(&self, _: &Region) -> Result<Vec<BlueGreen>, Error> {
        Ok(Vec::new())
    }

    async fn account_quotas(&self, _: &Region) -> Result<Vec<Quota>, Error> {
        Ok(Vec::new())
    }

    fn reach(&self) -> Option<&Reach> {
        Self::reach(self)
    }

    async fn shape(&self, _: &Region, _: &str) -> Result<Option<Shape>, Error> {
        Ok(None)
    }

    async fn snapshot(&self, _: &Region, _: &str) -> Result<Option<Snapshot>, Error> {
        Ok(None)
    }

    async fn unplanned_snapshots(&self, _: &Region, _: &str) -> Result<Vec<Snapshot>, Error> {
        Ok(Vec::new())
    }

    async fn family(&self, _: &Region, _: &ParameterGroup) -> Result<Option<String>, Error> {
        Ok(None)
    }

    async fn fail_over(&self, _: &Region, _: &str, _: &str) -> Result<Accepted, Error> {
        Ok(nothing_is_changed())
    }

    async fn detach(&self, _: &Region, _: &str, _: &str) -> Result<Accepted, Error> {
        Ok(nothing_is_changed())
    }

    async fn switch_over(&self, _: &Region, _: &str, _: &str) -> Result<Accepted, Error> {
        Ok(nothing_is_changed())
    }

    async fn call(&self, _: &Region, _: &Call) -> Result<Accepted, Error> {
        Ok(nothing_is_changed())
    }
}

#[tokio::test]
async fn what_took_the_recorded_global_clusters_name_is_not_answered_for_it() {
    let books = Books::with(&PlanState::new("orders".into())).showing(GlobalCluster {
        identifier: "orders-global-1".into(),
        resource_id: Some("cluster-B".into()),
        status: "available".into(),
        engine_version: "16.6".into(),
        members: Vec::new(),
        failover: None,
        settings: GlobalSettings::default(),
    });
    let west = "us-west-2".into();
    let recorded = |resource_id: &str| Named {
        name: "orders-global-1".into(),
        resource_id: Some(resource_id.into()),
    };
    let found = in_region(&books, &west, &recorded("cluster-A")).await;
    assert_eq!(found, Ok(None));
    let own = in_region(&books, &west, &recorded("cluster-B")).await;
    assert!(own.unwrap().is_some());
}
