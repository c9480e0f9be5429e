//! What is otherwise than usual in the world.

use super::*;
use crate::{
    ledger::Claim,
    ports::{Ledger, update},
};

impl Books {
    /// The plan that is known.
    pub fn of_plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// Both members' ledgers with a row, in which a run holds the plan in every Region that it leased, beside the run's record.
    pub async fn leased(run: &Run, row: &PlanState) -> Self {
        let books = Self::with(row);
        let (claim, now) = (Claim::of(run), books.now());
        for region in &run.leased {
            let leased = update(&books, region, run.name(), |row| row.claim(&claim, now));
            leased.await.unwrap();
        }
        books.put_run(&run.to, run).await.unwrap();
        books
    }

    /// What of a member this Region's rebuild may make again.
    pub fn reaching(mut self, reach: Reach) -> Self {
        self.reach = Some(reach);
        self
    }

    /// What an endpoint parameter of a Region holds.
    pub fn holding(
        mut self,
        parameter: fn(&str, &str) -> Result<Option<Parameter>, Error>,
    ) -> Self {
        self.parameter = parameter;
        self
    }

    /// The known plan has these routes.
    pub fn routed(mut self, routes: Vec<Route>) -> Self {
        self.routes = Some(routes);
        self
    }

    /// RDS shows one global cluster.
    pub fn showing(mut self, global: GlobalCluster) -> Self {
        self.global = Some(global);
        self
    }

    /// What of a member this Region's rebuild may make again.
    pub const fn reach(&self) -> Option<&Reach> {
        self.reach.as_ref()
    }

    /// The global cluster of this name.
    pub fn global(&self, identifier: &str) -> Option<GlobalCluster> {
        let shown = self.global.clone();
        shown.filter(|global| global.identifier == identifier)
    }

    /// What this Region's plan parameter holds.
    pub fn with_document(self, document: &str) -> Self {
        self.kept.lock().unwrap().document = Some(document.into());
        self
    }

    /// One Region's ledger holds another row.
    pub fn with_row(self, region: &str, row: &PlanState) -> Self {
        let mut kept = self.kept.lock().unwrap();
        kept.rows.insert(region.into(), row.clone());
        drop(kept);
        self
    }

    pub fn silence(mut self, region: &str) -> Self {
        self.silent.insert(region.into());
        self
    }

    /// A Region whose ledger answers every call that too much is asked.
    pub fn busy(mut self, region: &str) -> Self {
        self.busy.insert(region.into());
        self
    }

    /// A Region whose ledger does not take that a run waits for an answer.
    pub fn silence_writes(mut self, region: &str) -> Self {
        self.full.insert(region.into());
        self
    }

    /// A Region whose ledger does not take a lease back.
    pub fn keep_leases(mut self, region: &str) -> Self {
        self.keeps.insert(region.into());
        self
    }

    /// A Region whose ledger gives a lease and does not answer.
    pub fn swallow(mut self, region: &str) -> Self {
        self.swallows.insert(region.into());
        self
    }

    /// The plan that is known has a third member.
    pub fn of_three(mut self, region: &str) -> Self {
        self.third = Some(region.into());
        self
    }

    /// A Region that knows no plan.
    pub fn ignorant(mut self, region: &str) -> Self {
        self.ignorant.insert(region.into());
        self
    }

    /// Its topic takes no message so often.
    pub fn deafen(&self, times: u32) {
        *self.deaf.lock().unwrap() = times;
    }

    /// A Region's probe looked then, and the writer failed.
    pub fn looked(self, region: &str, at: Timestamp) -> Self {
        let region = Region::from(region);
        self.kept
            .lock()
            .unwrap()
            .looked
            .insert(region.clone(), probe::vantage(region, at));
        self
    }

    /// Sets the clock, which stands.
    pub fn set_time(&mut self, now: Timestamp) {
        *self.now.lock().unwrap() = now;
    }

    /// Lets a Region answer again.
    pub fn wake(&mut self, region: &str) {
        self.silent.remove(&region.into());
        self.full.remove(&region.into());
        self.keeps.remove(&region.into());
    }

    /// Every plan's parameter was taken away.
    pub fn without_documents(mut self) -> Self {
        self.has_documents = false;
        self
    }

    /// The kill switch of this Region is on.
    pub fn switched_on(mut self) -> Self {
        self.switches = Ok(Switches {
            kill: Some("on".into()),
            ..Switches::default()
        });
        self
    }

    /// Nobody can tell whether the kill switch of this Region is on.
    pub fn switches_unread(mut self) -> Self {
        let why = "SSM GetParameters /aurora-failover/kill in us-east-1: timed out";
        self.switches = Err(Error::Unavailable(why.into()));
        self
    }

    /// Beside another plan, of whose cluster of the same name RDS tells nothing.
    pub fn beside_unseen(mut self, plan: &str) -> Self {
        self.unseen = Some(plan.into());
        self
    }
}
