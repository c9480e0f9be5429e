//! Ledgers in memory, of Regions that may be silent, busy or full.

use std::collections::BTreeMap;

use crate::{
    Error,
    beat::Vantage,
    domain::{PlanName, Region, RunId},
    ledger::{KeptPlan, Losses, PlanState, Run},
    ports::Ledger,
    testing::{Books, run},
    topology::{Blueprint, Healthy},
};

impl Books {
    fn put(&self, run: &Run, notes_call: bool) -> Result<(), Error> {
        let mut kept = self.kept.lock().unwrap();
        let before = kept.runs.get(&run.run_id);
        if before.is_some_and(|before| !before.gives_way_to(run, notes_call)) {
            return Err(run.overtaken());
        }
        kept.runs.insert(run.run_id.clone(), run.clone());
        Ok(())
    }
}

impl Ledger for Books {
    async fn row(&self, region: &Region, plan: &PlanName) -> Result<PlanState, Error> {
        self.answers(region)?;
        if self
            .hangs_after
            .is_some_and(|looks| self.looks().len() > looks)
        {
            std::future::pending::<()>().await;
        }
        let kept = self.kept.lock().unwrap();
        let row = kept.rows.get(region).cloned();
        Ok(row.unwrap_or_else(|| PlanState::new(plan.clone())))
    }

    async fn replace_row(&self, region: &Region, row: &PlanState) -> Result<bool, Error> {
        self.answers(region)?;
        let asks = row
            .lease
            .as_ref()
            .is_some_and(|lease| lease.waits_for_human);
        if asks && self.full.contains(region) {
            return Err(Error::Unavailable(format!("{region} takes no write")));
        }
        if row.lease.is_none() && self.keeps.contains(region) {
            return Err(Error::Unavailable(format!("{region} takes no write")));
        }
        let mut kept = self.kept.lock().unwrap();
        let before = kept.rows.get(region).map_or(0, |row| row.version);
        if before != row.version {
            return Ok(false);
        }
        let next = PlanState {
            version: row.version + 1,
            ..row.clone()
        };
        kept.rows.insert(region.clone(), next);
        if row.lease.is_some() && self.swallows.contains(region) {
            return Err(Error::Unavailable(format!("{region} does not answer")));
        }
        Ok(true)
    }

    async fn vantage(&self, region: &Region, _: &PlanName) -> Result<Option<Vantage>, Error> {
        self.answers(region)?;
        Ok(self.kept.lock().unwrap().looked.get(region).cloned())
    }

    async fn run(&self, _: &Region, _: &PlanName, run_id: &RunId) -> Result<Option<Run>, Error> {
        Ok(self.kept.lock().unwrap().runs.get(run_id).cloned())
    }

    async fn put_run(&self, _: &Region, run: &Run) -> Result<(), Error> {
        self.put(run, false)
    }

    async fn note_call(&self, _: &Region, run: &Run) -> Result<(), Error> {
        self.put(run, true)
    }

    async fn known(&self, _: &Region, name: &PlanName) -> Result<Option<KeptPlan>, Error> {
        let mut plan = self.plan.clone().unwrap_or_else(|| run().plan);
        if plan.plan != *name {
            return Ok(None);
        }
        let topic = "arn:aws:sns:us-east-1:123456789012:orders-alerts";
        plan.notify.insert(self.here.clone(), topic.into());
        if let Some(routes) = &self.routes {
            plan.routes.clone_from(routes);
        }
        if let (Some(third), Some(member)) = (&self.third, plan.members().get(&self.here).cloned())
        {
            plan.topology.members_mut().insert(third.clone(), member);
        }
        Ok(Some(KeptPlan {
            plan,
            endpoints: BTreeMap::new(),
        }))
    }

    async fn all_known(&self, region: &Region) -> Result<Vec<KeptPlan>, Error> {
        self.answers(region)?;
        if self.ignorant.contains(region) {
            return Ok(Vec::new());
        }
        let known = self.known(region, &"orders".into()).await?;
        let unseen = self.unseen.iter().zip(&known).map(|(name, known)| {
            let mut unseen = known.clone();
            unseen.plan.plan = name.clone();
            for member in unseen.plan.topology.members_mut().values_mut() {
                member.identifier = name.to_string();
            }
            unseen
        });
        Ok(unseen.chain(known.clone()).collect())
    }

    async fn ask_ledger(&self, region: &Region, _: &PlanName) -> Result<String, Error> {
        if self.busy.contains(region) {
            return Ok("the ledger answers".into());
        }
        self.answers(region)?;
        Ok("the ledger answers".into())
    }

    async fn put_vantage(&self, _: &PlanName, vantage: &Vantage) -> Result<(), Error> {
        let mut kept = self.kept.lock().unwrap();
        kept.looks.push(vantage.clone());
        kept.looked.insert(vantage.region.clone(), vantage.clone());
        if let Some((_, row)) = self
            .turn
            .as_ref()
            .filter(|(looks, _)| kept.looks.len() == *looks)
        {
            kept.rows.values_mut().for_each(|kept| *kept = row.clone());
        }
        Ok(())
    }

    async fn put_known(&self, _: &KeptPlan) -> Result<(), Error> {
        Ok(())
    }

    async fn end_known(&self, region: &Region, known: &KeptPlan) -> Result<(), Error> {
        if self.full.contains(region) {
            return Err(Error::Unavailable(format!("{region} takes no write")));
        }
        let ended = format!("plan {} ended in {region}", known.plan.plan);
        self.kept.lock().unwrap().told.push(ended);
        Ok(())
    }

    async fn losses(&self, _: &Region, _: &PlanName, _: &str) -> Result<Option<Losses>, Error> {
        Ok(None)
    }

    async fn put_losses(&self, _: &PlanName, _: &Losses) -> Result<(), Error> {
        Ok(())
    }

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
