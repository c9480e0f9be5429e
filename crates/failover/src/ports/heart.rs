//! The heart of a member's database: the beats that its probe commits and reads, and the epoch that they stand under.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    Error,
    beat::{Reading, Write},
    domain::{Epoch, PlanName, Region, RunId},
    plan::{Engine, Plan},
};

use super::Credentials;

/// A member's database as its probe meets it. What the engine is asked, and in which language, is the adapter's.
pub trait Heart: Sync {
    /// A login that was let in, with the patience that it was made with.
    type Session: Send + Sync;

    /// Logs in; every question over the session is given up after `limit`, as logging in is.
    fn connect(
        &self,
        place: &Place,
        login: &Credentials,
        limit: Duration,
    ) -> impl Future<Output = Result<Self::Session, Write>> + Send;
    /// Whether the connection is gone.
    fn is_closed(&self, session: &Self::Session) -> bool;
    /// What the last invocation left open.
    fn spares(&self) -> &Spares<Self::Session>;
    /// Commits a beat of a vantage under `epoch`.
    fn beat(
        &self,
        session: &Self::Session,
        vantage: &Region,
        epoch: Epoch,
    ) -> impl Future<Output = Write> + Send;
    /// Reads what has arrived at the member of a Region.
    fn read(
        &self,
        session: &Self::Session,
        region: &Region,
    ) -> impl Future<Output = Result<Reading, Write>> + Send;
    /// Opens `epoch` in the database and commits the first beat of a vantage under it; both or neither.
    fn open_epoch(
        &self,
        session: &Self::Session,
        vantage: &Region,
        epoch: Epoch,
        run_id: &RunId,
    ) -> impl Future<Output = Write> + Send;
    /// Makes the heartbeat schema and the probe's role as the administrator, and gives the role a password where there is one,
    /// with so much patience; answers the epoch that the database holds.
    fn set_up(
        &self,
        place: &Place,
        admin: &Credentials,
        plan: &Plan,
        epoch: Epoch,
        password: (Option<&str>, Duration),
    ) -> impl Future<Output = Result<Epoch, Error>> + Send;
    /// The name at the end of a name's CNAMEs, or what a resolver says instead.
    ///
    /// # Errors
    /// `InvalidRequest` where no resolver can be asked.
    fn leads_to(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Result<String, Write>, Error>> + Send;
    /// Every address that a name leads to, or what a resolver says instead.
    ///
    /// # Errors
    /// As [`Heart::leads_to`].
    fn addresses(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Result<BTreeSet<IpAddr>, Write>, Error>> + Send;
}

/// Where a member is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its name, which its certificate must carry.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// What runs it.
    pub engine: Engine,
}

impl Place {
    /// Where a server of a plan's database is reached.
    #[must_use]
    pub fn of(plan: &Plan, host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            port,
            database: plan.database.name.clone(),
            engine: plan.database.engine,
        }
    }
}

/// Connections to writers that the last invocation left open, one a plan.
///
/// Every invocation connects anew, so that a login which is wrong by now is noticed. Where all slots are used nobody is let
/// in, and the connection that is still open goes on committing beats: without them an outage that follows would be refused.
pub struct Spares<S>(Mutex<BTreeMap<PlanName, (Region, S)>>);

impl<S> Default for Spares<S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<S> Spares<S> {
    /// Takes what was kept of a plan.
    pub fn take(&self, plan: &PlanName) -> Option<(Region, S)> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(plan)
    }

    /// Keeps a connection for the next invocation.
    pub fn keep(&self, plan: &PlanName, region: Region, session: S) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(plan.clone(), (region, session));
    }
}
