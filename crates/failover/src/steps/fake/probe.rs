//! A world in which a probe looks and never logs in, and a fence is answered one thing: what is tested is where they look and
//! what they make of it.

use std::time::Duration;

use jiff::Timestamp;

use super::Books;
use crate::{
    Error,
    beat::{Vantage, Write},
    domain::{Epoch, PlanName, Region},
    ledger::{Known, Row, update_if},
    plan::Plan,
    sql::{
        Connector, Credentials,
        fence::{Doors, Reopened, Shut},
    },
    steps::{
        Here,
        dns_flip::{Parameter, Parameters},
        fence_writer::{Forwarding, Gate, Rights},
        health_probe::{Probe, Spares, Suspicion},
        recovery_ledger::Plans,
    },
    topology::Cluster,
};

/// What a Region's probe recorded then.
pub(crate) fn vantage(region: Region, at: Timestamp) -> Vantage {
    Vantage {
        region,
        writer_region: "us-west-2".into(),
        at,
        write: Write::Failed {
            why: "timed out".into(),
        },
        last_beat: None,
        failing_since: None,
        failures: 0,
        reading: None,
        moved_at: None,
        signs: Default::default(),
    }
}

impl Books {
    /// After so many looks this row lies in every ledger.
    pub(crate) fn after_looks(mut self, looks: usize, row: &Row) -> Self {
        self.turn = Some((looks, row.clone()));
        self
    }

    /// After so many looks no ledger answers a read or records a look.
    pub(crate) const fn hang_after_looks(mut self, looks: usize) -> Self {
        self.hangs_after = Some(looks);
        self
    }

    /// What the probe recorded.
    /// EventBridge takes so many suspicions not.
    pub(crate) fn refuse_suspicions(&self, times: u32) {
        *self.refuses.lock().unwrap() = times;
    }

    pub(crate) fn looks(&self) -> Vec<Vantage> {
        self.kept.lock().unwrap().looks.clone()
    }
}

impl Books {
    /// RDS shows this Region's member as a cluster of its own, and whoever fences it is answered so.
    pub(crate) fn alone(mut self, fence: Result<(), Error>) -> Self {
        self.cluster = Some(super::cluster(&["available"]));
        self.fence = fence;
        self
    }

    /// RDS shows that cluster with another status.
    pub(crate) fn in_status(mut self, status: &str) -> Self {
        if let Some(cluster) = &mut self.cluster {
            cluster.status = status.into();
        }
        self
    }
}

impl Books {
    /// While the doors are given back somebody else writes this row here.
    pub(crate) fn beside_reopening(mut self, row: &Row) -> Self {
        self.beside = Some(row.clone());
        self
    }

    /// How often somebody logged in as the administrator just to note what serves.
    pub(crate) fn logins(&self) -> u32 {
        self.kept.lock().unwrap().logins
    }
}

/// What fencing this Region's member sees and does.
pub(crate) struct Doorway {
    /// What a look sees.
    pub(crate) open: Doors,
    /// What shutting does, and sees after it.
    pub(crate) shut: Shut,
    /// What never ends: the server lets in and stalls.
    pub(crate) stalls: Option<Stall>,
    /// What RDS shows of write forwarding to it.
    pub(crate) forwarding: Result<Forwarding, Error>,
}

/// Where a server stalls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stall {
    Looking,
    Shutting,
    /// Not the server: what is asked of it first does not end.
    Before,
}

impl Default for Doorway {
    /// One role may log in, under an epoch that is past, until that is taken.
    fn default() -> Self {
        let shut = Doors {
            epoch: Some(Epoch(7)),
            ..Doors::default()
        };
        Self {
            open: Doors {
                roles: vec!["app".into()],
                ..shut.clone()
            },
            shut: Shut {
                roles: vec!["app".into()],
                after: Some(shut),
                ..Shut::default()
            },
            stalls: None,
            forwarding: Ok(Forwarding::default()),
        }
    }
}

impl Books {
    /// Changes what fencing sees and does from now on.
    pub(crate) fn doorway(&self, change: impl FnOnce(&mut Doorway)) {
        change(&mut self.kept.lock().unwrap().doorway);
    }

    /// Ends never where the world stalls there.
    pub(super) async fn stall(&self, at: Stall) {
        let stalls = self.kept.lock().unwrap().doorway.stalls;
        if stalls == Some(at) {
            std::future::pending::<()>().await;
        }
    }
}

impl Gate for Books {
    async fn doors(&self, _: &Known) -> Result<Doors, Error> {
        self.stall(Stall::Looking).await;
        self.fence.clone()?;
        Ok(self.kept.lock().unwrap().doorway.open.clone())
    }

    async fn shut(&self, _: &Known, _: Epoch) -> Result<Option<Shut>, Error> {
        self.stall(Stall::Shutting).await;
        Ok(Some(self.kept.lock().unwrap().doorway.shut.clone()))
    }

    async fn forwarding(&self, _: &Cluster) -> Result<Forwarding, Error> {
        self.kept.lock().unwrap().doorway.forwarding.clone()
    }

    /// Its seconds pass as milliseconds.
    async fn in_time<T: Send>(
        &self,
        limit: Duration,
        what: &str,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let late = |_| {
            Err(Error::Unavailable(format!(
                "{what} had not ended after {limit:?}"
            )))
        };
        tokio::time::timeout(limit / 1_000, work)
            .await
            .unwrap_or_else(late)
    }

    async fn reopen(&self, _: &Known) -> Result<Reopened, Error> {
        if let Some(row) = self.beside.clone() {
            let mut kept = self.kept.lock().unwrap();
            kept.rows.insert(self.here.clone(), row);
            return Ok(Reopened::default());
        }
        Err(Error::Denied("given back".into()))
    }

    async fn log_in(&self, known: &Known) -> Result<(), Error> {
        self.kept.lock().unwrap().logins += 1;
        self.fence.clone()?;
        let now = self.now();
        update_if(self, self.region(), &known.plan.plan, |row| {
            row.serve("v3", now)
        })
        .await?;
        Ok(())
    }

    async fn rights(&self, _: &Known) -> Result<Rights, Error> {
        Err(Error::Denied("nobody tries".into()))
    }
}

fn nothing_to_log_in_with() -> Error {
    Error::Unavailable("this world has no secrets".into())
}

impl Probe for Books {
    async fn plans(&self) -> Result<Vec<(PlanName, String)>, Error> {
        let name = PlanName::from("orders");
        let document = Plans::plan(self, &name).await?;
        Ok(vec![(name, document)])
    }

    async fn plan(&self, plan: &PlanName) -> Result<String, Error> {
        Plans::plan(self, plan).await
    }

    async fn put_known(&self, _: &Known) -> Result<(), Error> {
        Ok(())
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

    async fn suspect(&self, _: &Suspicion) -> Result<(), Error> {
        let mut refuses = self.refuses.lock().unwrap();
        if *refuses > 0 {
            *refuses -= 1;
            return Err(Error::Unavailable(
                "EventBridge PutEvents: timed out".into(),
            ));
        }
        Ok(())
    }

    async fn probe_login(
        &self,
        _: &Plan,
        _: &Region,
        _: &str,
        _: u16,
    ) -> Result<Credentials, Error> {
        Err(nothing_to_log_in_with())
    }

    async fn other_probe_logins(&self, _: &Plan) -> Vec<Credentials> {
        Vec::new()
    }

    async fn admin_login(&self, _: &Plan) -> Result<Credentials, Error> {
        Err(nothing_to_log_in_with())
    }

    fn spares(&self) -> &Spares {
        &self.spares
    }

    fn connector(&self) -> Result<&Connector, Error> {
        Err(nothing_to_log_in_with())
    }

    async fn pause(&self, time: Duration) {
        let mut now = self.now.lock().unwrap();
        *now += time;
    }
}

impl Parameters for Books {
    async fn parameter(&self, _: &Region, _: &str) -> Result<Option<Parameter>, Error> {
        Ok(None)
    }

    async fn put_parameter(&self, _: &Region, _: &str, _: &Parameter) -> Result<(), Error> {
        Ok(())
    }
}
