//! What members are made of: as the simulator shows it, and kept by nobody, since no bench adopts or rebuilds.

use failover::{
    Error,
    domain::{PlanName, Region},
    steps::{
        detach_and_promote::Accepted,
        rebuild_global::{
            Blueprint, Blueprints, Build, Call, Healthy, ParameterGroup, Shape, Snapshot,
        },
    },
};

use super::View;

impl Build for View {
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

    async fn call(&self, region: &Region, call: &Call) -> Result<Accepted, Error> {
        self.reach(region).await?;
        self.within(Build::call(self.rds()?, region, call)).await
    }
}

impl Blueprints for View {
    async fn blueprint(&self, _: &PlanName, _: &Region) -> Result<Option<Blueprint>, Error> {
        Ok(None)
    }

    async fn healthy(&self, _: &PlanName, _: &Region) -> Result<Option<Healthy>, Error> {
        Ok(None)
    }

    async fn put_healthy(&self, _: &PlanName, _: &Region, _: &Healthy) -> Result<(), Error> {
        Ok(())
    }

    async fn put_blueprint(&self, _: &PlanName, _: &Region, _: &Blueprint) -> Result<(), Error> {
        Ok(())
    }
}
