//! A world in which RDS shows one cluster and one global cluster at most, and nobody knows what a member is made of.

use crate::{
    Error,
    domain::Region,
    evidence::Rds,
    ports::{Accepted, BlueGreen, Members},
    testing::Books,
    topology::{Call, Cluster, Forwarding, GlobalCluster, ParameterGroup, Reach, Shape, Snapshot},
};

fn nothing_is_changed() -> Accepted {
    Accepted::NotNow("nothing is changed here".into())
}

impl Members for Books {
    async fn look(&self, _: &Region, _: &str) -> Rds {
        Rds::Silent {
            why: "nobody asked".into(),
        }
    }

    async fn cluster(&self, _: &Region, cluster: &str) -> Result<Option<Cluster>, Error> {
        if self
            .unseen
            .as_ref()
            .is_some_and(|unseen| unseen.as_str() == cluster)
        {
            return Err(Error::Unavailable(format!("RDS does not show {cluster}")));
        }
        Ok(self.cluster.clone())
    }

    async fn forwarding(&self, _: &Cluster) -> Result<Forwarding, Error> {
        self.kept.lock().unwrap().doorway.forwarding.clone()
    }

    async fn global_cluster(
        &self,
        _: &Region,
        identifier: &str,
    ) -> Result<Option<GlobalCluster>, Error> {
        let shown = self.global.as_ref();
        let shown = shown.filter(|global| global.identifier == identifier);
        Ok(shown.cloned())
    }

    async fn blue_green(&self, _: &Region) -> Result<Vec<BlueGreen>, Error> {
        Ok(Vec::new())
    }

    fn reach(&self) -> Option<&Reach> {
        self.reach.as_ref()
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
