//! A function's view from its Region: ledgers in memory, RDS from the simulator, SQL over its own roads. Calls to a Region
//! that is cut off hang until they time out, as they would.

mod heart;
mod ledger;
mod members;

use std::{sync::Arc, time::Duration};

use aws::Session;
use failover::{
    Error,
    domain::{PlanName, Region, RunId},
    plan::Plan,
    ports::{
        Confirmation, Credentials, Execution, Functions, Heart, Hooked, Parameter, Parameters,
        People, Place, ReachInput, ReachOutput, Rights, Rotation, Runtime, Secrets, Spares,
        Suspicion,
    },
    switches::Switches,
};
use serde_json::Value;
use steps::{
    confirm_outage,
    health_probe::{self, LookAt},
};

use super::{super::databases, InProcess, Table, locked};
use crate::{
    profile::{HOME, PLAN},
    world::Trouble,
};

/// A call with all its attempts, as in the functions.
const OPERATION: Duration = Duration::from_secs(6);

/// A function's view from its Region.
#[derive(Clone)]
pub struct View {
    world: Arc<InProcess>,
    region: Region,
    spares: Arc<Spares<Session>>,
}

impl View {
    pub(super) fn new(world: Arc<InProcess>, region: Region) -> Self {
        Self {
            world,
            region,
            spares: Arc::default(),
        }
    }

    /// Answers at once where the Region can be reached, and after the time-outs where it cannot.
    async fn reach(&self, region: &Region) -> Result<(), Error> {
        let is_cut = || locked(&self.world.cut).contains(&(self.region.clone(), region.clone()));
        if is_cut() {
            tokio::time::sleep(OPERATION).await;
            return Err(Error::Unavailable(format!("{region} does not answer")));
        }
        Ok(())
    }

    async fn within<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let silent = |_| Err(Error::Unavailable("no answer".into()));
        tokio::time::timeout(OPERATION, call)
            .await
            .unwrap_or_else(silent)
    }

    fn with<T>(&self, region: &Region, change: impl FnOnce(&mut Table) -> T) -> T {
        change(
            locked(&self.world.tables)
                .entry(region.clone())
                .or_default(),
        )
    }

    fn rds(&self) -> Result<&aws::Aws, Error> {
        let found = self.world.rds.get(&self.region);
        found.ok_or_else(|| Error::NotReady(format!("{} has no RDS", self.region)))
    }

    /// A probe's session on the writer.
    pub(super) async fn session(&self) -> Result<Session, Trouble> {
        const LIMIT: Duration = Duration::from_secs(1);
        let endpoints = &self.world.endpoints[HOME];
        let place = Place {
            host: endpoints.writer.clone(),
            port: endpoints.port,
            database: PLAN.into(),
            engine: failover::plan::Engine::Postgres,
        };
        let plan = failover::plan::read(&self.world.document)?;
        let login = self
            .probe_login(&plan, &self.region, &place.host, place.port)
            .await?;
        let session = self.connect(&place, &login, LIMIT).await;
        Ok(session.map_err(|why| format!("the probe cannot log in: {why:?}"))?)
    }
}

impl Runtime for View {
    fn region(&self) -> &Region {
        &self.region
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        tokio::time::timeout(limit, work).await.ok()
    }
}

impl Parameters for View {
    async fn plans(&self) -> Result<Vec<(PlanName, String)>, Error> {
        Ok(vec![(PLAN.into(), self.world.document.clone())])
    }

    async fn plan(&self, _: &PlanName) -> Result<String, Error> {
        Ok(self.world.document.clone())
    }

    async fn plan_in(&self, region: &Region, plan: &PlanName) -> Result<String, Error> {
        self.reach(region).await?;
        self.plan(plan).await
    }

    async fn switches(&self, _: &PlanName) -> Result<Switches, Error> {
        Ok(Switches::default())
    }

    async fn parameter(&self, _: &Region, _: &str) -> Result<Option<Parameter>, Error> {
        Ok(None)
    }

    async fn put_parameter(&self, _: &Region, name: &str, _: &Parameter) -> Result<(), Error> {
        Err(Error::NotReady(format!(
            "{name}: this world has no parameters"
        )))
    }
}

impl People for View {
    async fn topic(&self, _: &Region, _: &str) -> Result<(), Error> {
        Ok(())
    }

    async fn publish(&self, _: &str, subject: &str, _: &str) -> Result<(), Error> {
        tracing::info!(subject, "told");
        Ok(())
    }
}

impl Functions for View {
    async fn ask_probe(&self, plan: &PlanName, dry_run: bool) -> Result<Confirmation, Error> {
        let input = LookAt {
            plan: plan.clone(),
            dry_run,
        };
        Box::pin(health_probe::confirm(self, &input)).await
    }

    async fn ask_witness(
        &self,
        witness: &Region,
        input: &ReachInput,
    ) -> Result<ReachOutput, Error> {
        self.reach(witness).await?;
        let there = Self::new(Arc::clone(&self.world), witness.clone());
        Box::pin(confirm_outage::reach(&there, input)).await
    }

    async fn hears(&self, witness: &Region, input: &ReachInput) -> Result<ReachOutput, Error> {
        self.ask_witness(witness, input).await
    }

    async fn ask_data_planes(&self, region: &Region) -> Result<String, Error> {
        self.reach(region).await?;
        // Whoever asks hears at least itself.
        if *region == self.region {
            return Ok("this Region answers".into());
        }
        Err(Error::Unavailable(
            "no other data plane is simulated".into(),
        ))
    }

    async fn ask_rights(&self, region: &Region, _: &PlanName) -> Result<Rights, Error> {
        not_here(&format!("fence in {region}"))
    }

    async fn ask_rebuild(&self, _: &str, _: &Value) -> Result<Vec<String>, Error> {
        not_here("rebuild")
    }

    async fn call_hook(&self, function: &str, _: &Value, _: Duration) -> Result<Hooked, Error> {
        not_here(function)
    }

    async fn look_at_hook(&self, function: &str) -> Result<(), Error> {
        not_here(function)
    }

    async fn warm(&self, _: &Region, function: &str) -> Result<(), Error> {
        not_here(function)
    }

    async fn suspect(&self, suspicion: &Suspicion) -> Result<(), Error> {
        let sent = self.world.suspicions.send(suspicion.clone());
        sent.map_err(|_| Error::Unavailable("nobody listens".into()))
    }

    async fn suspect_in(&self, region: &Region, _: &Value) -> Result<(), Error> {
        Err(Error::NotReady(format!(
            "there is no other standby in {region}"
        )))
    }

    async fn run_ended(&self, _: &Value) -> Result<(), Error> {
        not_here("bus")
    }

    async fn start(&self, _: Option<&RunId>, _: &Value) -> Result<Option<String>, Error> {
        not_here("machine")
    }

    fn execution(&self, _: &RunId) -> Result<String, Error> {
        not_here("machine")
    }

    async fn look_at_execution(&self, _: &RunId) -> Result<Execution, Error> {
        not_here("machine")
    }
}

impl Secrets for View {
    async fn probe_login(
        &self,
        plan: &Plan,
        _: &Region,
        _: &str,
        _: u16,
    ) -> Result<Credentials, Error> {
        Ok(Credentials {
            user: plan.database.probe()?.user.clone(),
            password: self.world.secrets.probe.clone(),
        })
    }

    async fn other_probe_logins(&self, _: &Plan) -> Vec<Credentials> {
        Vec::new()
    }

    async fn admin_login(&self, _: &Plan) -> Result<Credentials, Error> {
        Ok(Credentials {
            user: databases::admin_user().into(),
            password: self.world.secrets.admin.clone(),
        })
    }

    async fn rotation(&self, secret: &str) -> Result<Rotation, Error> {
        not_here(secret)
    }
}

fn not_here<T>(what: &str) -> Result<T, Error> {
    Err(Error::NotReady(format!("this world has no {what}")))
}
