//! Ledgers in memory, one in each Region, some of them out of reach.

use failover::{
    Error,
    beat::Vantage,
    domain::{PlanName, Region, RunId},
    ledger::{KeptPlan, Losses, PlanState, Run},
    ports::Ledger,
    topology::{Blueprint, Healthy},
};

use super::View;
use crate::profile::PLAN;

impl Ledger for View {
    async fn row(&self, region: &Region, plan: &PlanName) -> Result<PlanState, Error> {
        self.reach(region).await?;
        let row = self.with(region, |table| table.row.clone());
        Ok(row.unwrap_or_else(|| PlanState::new(plan.clone())))
    }

    async fn replace_row(&self, region: &Region, row: &PlanState) -> Result<bool, Error> {
        self.reach(region).await?;
        Ok(self.with(region, |table| {
            let before = table.row.as_ref().map_or(0, |row| row.version);
            if before != row.version {
                return false;
            }
            let mut next = row.clone();
            next.version += 1;
            table.row = Some(next);
            true
        }))
    }

    async fn vantage(&self, region: &Region, _: &PlanName) -> Result<Option<Vantage>, Error> {
        self.reach(region).await?;
        Ok(self.with(region, |table| table.vantage.clone()))
    }

    async fn run(
        &self,
        region: &Region,
        _: &PlanName,
        run_id: &RunId,
    ) -> Result<Option<Run>, Error> {
        self.reach(region).await?;
        Ok(self.with(region, |table| table.runs.get(run_id).cloned()))
    }

    async fn put_run(&self, region: &Region, run: &Run) -> Result<(), Error> {
        self.reach(region).await?;
        self.with(region, |table| {
            table.runs.insert(run.run_id.clone(), run.clone())
        });
        Ok(())
    }

    /// No run has two passes at once here.
    async fn note_call(&self, region: &Region, run: &Run) -> Result<(), Error> {
        self.put_run(region, run).await
    }

    async fn known(&self, region: &Region, _: &PlanName) -> Result<Option<KeptPlan>, Error> {
        self.reach(region).await?;
        Ok(self.with(region, |table| table.known.clone()))
    }

    async fn all_known(&self, region: &Region) -> Result<Vec<KeptPlan>, Error> {
        let known = self.known(region, &PLAN.into()).await?;
        Ok(known.into_iter().collect())
    }

    async fn ask_ledger(&self, region: &Region, _: &PlanName) -> Result<String, Error> {
        self.reach(region).await?;
        Ok("the ledger answers".into())
    }

    async fn put_vantage(&self, _: &PlanName, vantage: &Vantage) -> Result<(), Error> {
        self.with(&self.region, |table| table.vantage = Some(vantage.clone()));
        Ok(())
    }

    async fn put_known(&self, known: &KeptPlan) -> Result<(), Error> {
        self.with(&self.region, |table| table.known = Some(known.clone()));
        Ok(())
    }

    async fn end_known(&self, region: &Region, _: &KeptPlan) -> Result<(), Error> {
        self.reach(region).await
    }

    /// No bench compares.
    async fn losses(&self, _: &Region, _: &PlanName, _: &str) -> Result<Option<Losses>, Error> {
        Ok(None)
    }

    async fn put_losses(&self, _: &PlanName, _: &Losses) -> Result<(), Error> {
        Ok(())
    }

    /// Nor does any adopt or rebuild.
    async fn blueprint(&self, _: &PlanName, _: &Region) -> Result<Option<Blueprint>, Error> {
        Ok(None)
    }

    async fn put_blueprint(&self, _: &PlanName, _: &Region, _: &Blueprint) -> Result<(), Error> {
        Ok(())
    }

    async fn healthy(&self, _: &PlanName, _: &Region) -> Result<Option<Healthy>, Error> {
        Ok(None)
    }

    async fn put_healthy(&self, _: &PlanName, _: &Region, _: &Healthy) -> Result<(), Error> {
        Ok(())
    }
}
