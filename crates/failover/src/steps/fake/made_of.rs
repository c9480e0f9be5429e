//! A world in which nobody knows what a member is made of.

use super::Books;
use crate::{
    Error,
    domain::{PlanName, Region},
    steps::{
        detach_and_promote::Accepted,
        loss_ledger::{Found, Losses},
        rebuild_global::{
            Blueprint, Blueprints, Build, Call, Healthy, ParameterGroup, Reach, Shape, Snapshot,
        },
    },
};

impl Build for Books {
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

    async fn call(&self, _: &Region, _: &Call) -> Result<Accepted, Error> {
        Ok(Accepted::NotNow("nothing is built here".into()))
    }
}

impl Blueprints for Books {
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

impl Found for Books {
    async fn losses(&self, _: &Region, _: &PlanName, _: &str) -> Result<Option<Losses>, Error> {
        Ok(None)
    }

    async fn put_losses(&self, _: &PlanName, _: &Losses) -> Result<(), Error> {
        Ok(())
    }
}
