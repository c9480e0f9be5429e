//! The ledgers, in DynamoDB.

use failover::{
    Error,
    beat::Vantage,
    domain::{PlanName, Region, RunId},
    ledger::{KeptPlan, Losses, PlanState, Run},
    ports::Ledger,
    topology::{Blueprint, Healthy},
};

use super::{Invocation, Made};
use crate::{api::Api, state::Table};

impl Invocation {
    async fn read<T>(
        &self,
        region: &Region,
        what: &'static str,
        read: impl Fn(&Table) -> T + Send + Sync,
    ) -> Result<T, Error> {
        self.call((Api::Ledger, region), what, |made: Made<'_>| {
            Ok(read(made.state.tables.entry(region.clone()).or_default()))
        })
        .await
    }

    async fn write(
        &self,
        region: &Region,
        what: &'static str,
        write: impl Fn(&mut Table) + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let at = region.clone();
        self.change((Api::Ledger, region), what, move |made: Made<'_>| {
            write(made.state.tables.entry(at.clone()).or_default());
            Ok(())
        })
        .await
    }

    async fn put(&self, region: &Region, run: &Run, notes_call: bool) -> Result<(), Error> {
        let (at, run) = (region.clone(), run.clone());
        let what = "DynamoDB PutItem of the run";
        self.change((Api::Ledger, region), what, move |made: Made<'_>| {
            let table = made.state.tables.entry(at.clone()).or_default();
            let before = table.runs.get(&run.run_id);
            if before.is_some_and(|before| !before.gives_way_to(&run, notes_call)) {
                return Err(run.overtaken());
            }
            table.runs.insert(run.run_id.clone(), run.clone());
            Ok(())
        })
        .await
    }
}

impl Ledger for Invocation {
    async fn row(&self, region: &Region, plan: &PlanName) -> Result<PlanState, Error> {
        let found = self.read(region, "DynamoDB GetItem of the row", |table| {
            table.row.clone()
        });
        Ok(found.await?.unwrap_or_else(|| PlanState::new(plan.clone())))
    }

    async fn replace_row(&self, region: &Region, row: &PlanState) -> Result<bool, Error> {
        let what = "DynamoDB PutItem of the row";
        let (at, row) = (region.clone(), row.clone());
        self.change((Api::Ledger, region), what, move |made: Made<'_>| {
            let table = made.state.tables.entry(at.clone()).or_default();
            let before = table.row.as_ref().map_or(0, |row| row.version);
            if before != row.version {
                return Ok(false);
            }
            let next = PlanState {
                version: row.version + 1,
                ..row.clone()
            };
            let old = table.row.replace(next.clone());
            let (truth, now) = (&mut made.state.truth, made.now);
            truth.row_changed(now, &at, old.as_ref(), &next);
            Ok(true)
        })
        .await
    }

    async fn vantage(&self, region: &Region, _: &PlanName) -> Result<Option<Vantage>, Error> {
        let what = "DynamoDB GetItem of the vantage";
        self.read(region, what, |table| table.vantage.clone()).await
    }

    async fn run(
        &self,
        region: &Region,
        _: &PlanName,
        run_id: &RunId,
    ) -> Result<Option<Run>, Error> {
        let what = "DynamoDB GetItem of the run";
        self.read(region, what, |table| table.runs.get(run_id).cloned())
            .await
    }

    async fn put_run(&self, region: &Region, run: &Run) -> Result<(), Error> {
        self.put(region, run, false).await
    }

    async fn note_call(&self, region: &Region, run: &Run) -> Result<(), Error> {
        self.put(region, run, true).await
    }

    async fn known(&self, region: &Region, _: &PlanName) -> Result<Option<KeptPlan>, Error> {
        let what = "DynamoDB GetItem of the plan";
        self.read(region, what, |table| table.known.clone()).await
    }

    async fn all_known(&self, region: &Region) -> Result<Vec<KeptPlan>, Error> {
        let what = "DynamoDB Query of the plans";
        let known = self.read(region, what, |table| table.known.clone()).await?;
        Ok(known.into_iter().collect())
    }

    async fn ask_ledger(&self, region: &Region, _: &PlanName) -> Result<String, Error> {
        let what = "DynamoDB GetItem, once";
        let asked = self
            .read(region, what, |_| "the ledger answers".to_owned())
            .await;
        match asked {
            // Any response counts.
            Err(why) if !why.to_string().ends_with("timed out") => Ok(why.to_string()),
            other => other,
        }
    }

    async fn put_vantage(&self, _: &PlanName, vantage: &Vantage) -> Result<(), Error> {
        let vantage = vantage.clone();
        let put = move |table: &mut Table| table.vantage = Some(vantage.clone());
        self.write(&self.region, "DynamoDB PutItem of the vantage", put)
            .await
    }

    async fn put_known(&self, known: &KeptPlan) -> Result<(), Error> {
        let known = known.clone();
        let put = move |table: &mut Table| table.known = Some(known.clone());
        self.write(&self.region, "DynamoDB PutItem of the plan", put)
            .await
    }

    async fn end_known(&self, region: &Region, _: &KeptPlan) -> Result<(), Error> {
        let put = |table: &mut Table| table.known = None;
        self.write(region, "DynamoDB UpdateItem of the plan", put)
            .await
    }

    async fn losses(
        &self,
        region: &Region,
        _: &PlanName,
        cluster: &str,
    ) -> Result<Option<Losses>, Error> {
        let what = "DynamoDB GetItem of the losses";
        self.read(region, what, |table| table.losses.get(cluster).cloned())
            .await
    }

    async fn put_losses(&self, _: &PlanName, losses: &Losses) -> Result<(), Error> {
        let losses = losses.clone();
        let put = move |table: &mut Table| {
            drop(table.losses.insert(losses.cluster.clone(), losses.clone()));
        };
        self.write(&self.region, "DynamoDB PutItem of the losses", put)
            .await
    }

    async fn blueprint(&self, _: &PlanName, member: &Region) -> Result<Option<Blueprint>, Error> {
        let what = "DynamoDB GetItem of the blueprint";
        self.read(member, what, |table| table.blueprint.clone())
            .await
    }

    async fn put_blueprint(
        &self,
        _: &PlanName,
        member: &Region,
        blueprint: &Blueprint,
    ) -> Result<(), Error> {
        let blueprint = blueprint.clone();
        let put = move |table: &mut Table| table.blueprint = Some(blueprint.clone());
        self.write(member, "DynamoDB PutItem of the blueprint", put)
            .await
    }

    async fn healthy(&self, _: &PlanName, member: &Region) -> Result<Option<Healthy>, Error> {
        let what = "DynamoDB GetItem of the healthy member";
        self.read(member, what, |table| table.healthy.clone()).await
    }

    async fn put_healthy(
        &self,
        _: &PlanName,
        member: &Region,
        healthy: &Healthy,
    ) -> Result<(), Error> {
        let healthy = healthy.clone();
        let put = move |table: &mut Table| table.healthy = Some(healthy.clone());
        self.write(member, "DynamoDB PutItem of the healthy member", put)
            .await
    }
}
