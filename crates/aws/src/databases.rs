//! The databases of members, of whichever engine: how they are connected to, and what a connection is.

use std::{path::Path, time::Duration};

use failover::{
    Error,
    beat::{Reading, Write},
    domain::{Epoch, Region, RunId},
    plan::Plan,
    ports::{Credentials, Place},
};
use mysql::Flavour;
use resolver::Resolver;

/// Connects to members, over names that its resolver knows.
pub struct Databases {
    resolver: Resolver,
    postgres: postgres::Connector,
    mysql: mysql::Connector,
}

/// The probe's connection to a member.
pub enum Session {
    /// To PostgreSQL.
    Postgres(postgres::Session),
    /// To MariaDB or MySQL.
    Mysql(mysql::Session),
}

/// What speaks to a server of one engine or of the other.
pub(super) enum Client {
    Postgres(tokio_postgres::Client),
    Mysql(mysql::Client),
}

/// Why nobody was let in.
#[derive(Debug, Clone)]
pub(super) struct Closed {
    /// Whether the server refuses the login itself, a wrong password among it.
    pub(super) refuses_login: bool,
    pub(super) why: Error,
}

impl From<postgres::Why> for Closed {
    fn from(why: postgres::Why) -> Self {
        Self {
            refuses_login: why.refuses_login(),
            why: why.into(),
        }
    }
}

impl From<mysql::Why> for Closed {
    fn from(why: mysql::Why) -> Self {
        Self {
            refuses_login: why.refuses_login(),
            why: why.into(),
        }
    }
}

impl Databases {
    /// Trusts the certificates in `ca_bundle` (PEM).
    ///
    /// # Errors
    /// `InvalidRequest` when the bundle cannot be read.
    pub fn new(resolver: Resolver, ca_bundle: &Path) -> Result<Self, Error> {
        Ok(Self {
            postgres: postgres::Connector::new(resolver.clone(), ca_bundle)?,
            mysql: mysql::Connector::new(resolver.clone(), ca_bundle),
            resolver,
        })
    }

    /// The resolver that members are found with.
    #[must_use]
    pub const fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// What connects to PostgreSQL.
    pub(super) const fn postgres(&self) -> &postgres::Connector {
        &self.postgres
    }

    /// What connects to MariaDB and MySQL.
    pub(super) const fn mysql(&self) -> &mysql::Connector {
        &self.mysql
    }

    /// Connects as the probe; every question is given up after `limit`, as connecting is.
    ///
    /// # Errors
    /// What the attempt saw of the writer.
    pub async fn open(
        &self,
        place: &Place,
        login: &Credentials,
        limit: Duration,
    ) -> Result<Session, Write> {
        match Flavour::of(place.engine) {
            None => {
                let client = self.postgres.connect(place, login, limit).await?;
                Ok(Session::Postgres(postgres::Session::new(client, limit)))
            }
            Some(flavour) => {
                let client = self.mysql.connect(flavour, place, login, limit).await?;
                Ok(Session::Mysql(mysql::Session::new(client)))
            }
        }
    }

    /// Connects as an administrator, to write.
    pub(super) async fn open_to_write(
        &self,
        place: &Place,
        login: &Credentials,
        limit: Duration,
    ) -> Result<Client, Closed> {
        match Flavour::of(place.engine) {
            None => {
                let client = self.postgres.connect_to_write(place, login, limit).await?;
                Ok(Client::Postgres(client))
            }
            Some(flavour) => {
                let client = self.mysql.connect(flavour, place, login, limit).await?;
                Ok(Client::Mysql(client))
            }
        }
    }

    /// Makes the heartbeat schema and the probe's login as the administrator; answers the epoch that the database holds.
    ///
    /// # Errors
    /// As the connection and the engine's setup do.
    pub async fn set_up(
        &self,
        place: &Place,
        admin: &Credentials,
        (plan, epoch): (&Plan, Epoch),
        (password, limit): (Option<&str>, Duration),
    ) -> Result<Epoch, Error> {
        match Flavour::of(place.engine) {
            None => {
                let client = self.postgres.connect(place, admin, limit).await?;
                Ok(postgres::setup(&client, plan, epoch, password).await?)
            }
            Some(flavour) => {
                let mut client = self.mysql.connect_to(flavour, place, admin, limit).await?;
                Ok(mysql::setup(&mut client, plan, epoch, password).await?)
            }
        }
    }
}

impl Session {
    /// Commits a beat under `epoch`.
    pub async fn beat(&self, vantage: &Region, epoch: Epoch) -> Write {
        match self {
            Self::Postgres(session) => session.beat(vantage, epoch).await,
            Self::Mysql(session) => session.beat(vantage, epoch).await,
        }
    }

    /// Reads what has arrived at the member of a Region.
    ///
    /// # Errors
    /// What the attempt saw.
    pub async fn read(&self, region: &Region) -> Result<Reading, Write> {
        Ok(match self {
            Self::Postgres(session) => session.read(region).await?,
            Self::Mysql(session) => session.read().await?,
        })
    }

    /// Opens `epoch` in the database and commits the first beat under it.
    pub async fn prove(&self, vantage: &Region, epoch: Epoch, run_id: &RunId) -> Write {
        match self {
            Self::Postgres(session) => session.prove(vantage, epoch, run_id).await,
            Self::Mysql(session) => session.prove(vantage, epoch, run_id).await,
        }
    }

    /// Whether the connection is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Postgres(session) => session.is_closed(),
            Self::Mysql(session) => session.is_closed(),
        }
    }
}
