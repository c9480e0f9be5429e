//! Who has access to this Region's member, over SQL as its administrator.

mod mysql;
mod postgres;

use std::time::Duration;

use failover::{
    Error,
    domain::{Epoch, PlanName},
    ledger::KeptPlan,
    ports::{Access, Credentials, Fence, Fenced, Place, Rights, Runtime, Unfenced, update_if},
};

use super::{Aws, databases::Client};

/// Taking a login away may wait for locks.
const LIMIT: Duration = Duration::from_secs(10);

/// A login at this Region's member.
pub(super) struct Administrator<C> {
    pub(super) client: C,
    place: Place,
    login: Credentials,
}

/// The same, by what the member runs.
pub(super) enum Door {
    Postgres(Administrator<tokio_postgres::Client>),
    Mysql(Administrator<::mysql::Client>),
}

/// Notes which version of the administrator's secret opens this Region's member: that may be needed once the secret has been
/// rotated twice and nothing else names it. What cannot be noted now is noted at the next login.
async fn note<K>(aws: &Aws<K>, plan: &PlanName, version: &str) {
    let now = aws.now();
    let noted = update_if(aws, aws.region(), plan, |row| row.serve(version, now)).await;
    if let Err(why) = noted {
        tracing::warn!(%plan, %why, "which version of the administrator's secret serves could not be noted");
    }
}

/// The roles that are never fenced.
fn kept<'a>(admin: &'a str, known: &'a KeptPlan) -> Vec<&'a str> {
    let probe = known.plan.database.probe.iter();
    let probe = probe.map(|probe| probe.user.as_str());
    std::iter::once(admin).chain(probe).collect()
}

impl<K> Aws<K> {
    pub(super) async fn administrator(&self, known: &KeptPlan) -> Result<Door, Error> {
        let (administrator, version) = self.let_in(known).await?;
        if let Some(version) = &version {
            note(self, &known.plan.plan, version).await;
        }
        Ok(administrator)
    }

    /// The same for a look, which a dry run takes too: nothing is noted. And the version of the secret that opened.
    pub(super) async fn let_in(&self, known: &KeptPlan) -> Result<(Door, Option<String>), Error> {
        let here = self.region();
        let endpoints = known.endpoints.get(here).ok_or_else(|| {
            Error::NotReady(format!(
                "no endpoint of the member in {here} is known: no probe has seen it yet"
            ))
        })?;
        let place = Place::of(&known.plan, &endpoints.writer, endpoints.port);
        let opened = self.as_administrator(known, (here, &place), LIMIT).await?;
        let login = opened.login;
        let door = match opened.client {
            Client::Postgres(client) => Door::Postgres(Administrator {
                client,
                place,
                login,
            }),
            Client::Mysql(client) => Door::Mysql(Administrator {
                client,
                place,
                login,
            }),
        };
        Ok((door, opened.version))
    }
}

impl<K> Fence for Aws<K> {
    async fn log_in(&self, known: &KeptPlan) -> Result<(), Error> {
        self.administrator(known).await.map(|_| ())
    }

    async fn access(&self, known: &KeptPlan) -> Result<Access, Error> {
        match self.let_in(known).await?.0 {
            Door::Postgres(admin) => self.seen(&admin, known).await,
            Door::Mysql(admin) => self.access_mysql(admin, known).await,
        }
    }

    async fn fence(&self, known: &KeptPlan, proven: Epoch) -> Result<Option<Fenced>, Error> {
        match self.administrator(known).await? {
            Door::Postgres(admin) => self.fence_postgres(admin, known, proven).await,
            Door::Mysql(admin) => self.fence_mysql(admin, known, proven).await,
        }
    }

    async fn unfence(&self, known: &KeptPlan) -> Result<Unfenced, Error> {
        match self.administrator(known).await? {
            Door::Postgres(admin) => self.unfence_postgres(admin).await,
            Door::Mysql(admin) => self.unfence_mysql(admin).await,
        }
    }

    async fn rights(&self, known: &KeptPlan) -> Result<Rights, Error> {
        match self.let_in(known).await?.0 {
            Door::Postgres(admin) => self.rights_postgres(admin, known).await,
            Door::Mysql(admin) => self.rights_mysql(admin, known).await,
        }
    }
}
