//! One PostgreSQL cluster: how it is started, and how it is asked.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use rustix::process::Signal;
use tokio_postgres::{Client, NoTls};

use crate::storage::{
    StorageError,
    member::Member,
    postgres::config::{ADMIN, Source, postgresql_conf},
    process::Spawner,
    volume::write,
};

const START_LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// What every member needs to know of its surroundings.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) binaries: PathBuf,
    pub(crate) password: String,
    pub(crate) spawner: Arc<Spawner>,
}

impl Member {
    pub(crate) fn set_slot(&self, slot: &str) {
        self.state().slot = Some(slot.to_owned());
    }

    /// Writes the settings and starts the server; returns when it takes connections.
    pub(crate) async fn start(&self, site: &Site) -> Result<(), StorageError> {
        let settings = self.settings(site);
        write(&self.data().join("postgresql.conf"), &settings).await?;
        write(&self.data().join("postgresql.auto.conf"), "").await?;
        let data = self.data().display().to_string();
        self.release_port();
        let server = site
            .spawner
            .spawn(
                &site.binaries.join("postgres"),
                &["-D", &data],
                &[],
                &self.log(),
            )
            .await?;
        self.seat(server, Signal::QUIT).await?;
        self.wait_until_it_answers(site).await
    }

    fn settings(&self, site: &Site) -> String {
        let state = self.state();
        let source = state
            .relay
            .as_ref()
            .zip(state.follows.as_ref())
            .map(|(relay, primary)| Source {
                region: &primary.key.region,
                relay: relay.address(),
                password: &site.password,
                slot: state.slot.as_deref(),
            });
        postgresql_conf(&self.key, self.address().port(), source)
    }

    async fn wait_until_it_answers(&self, site: &Site) -> Result<(), StorageError> {
        let deadline = tokio::time::Instant::now() + START_LIMIT;
        loop {
            let error = match self.connect(site, "postgres").await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            if !self.is_running() {
                return Err(StorageError::Failed(format!(
                    "postgres of {} has ended; see its log",
                    self.key
                )));
            }
            if tokio::time::Instant::now() > deadline {
                return Err(error);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Connects as the administrator.
    pub(crate) async fn connect(
        &self,
        site: &Site,
        database: &str,
    ) -> Result<Client, StorageError> {
        self.connect_over(site, self.address(), database).await
    }

    /// The same over a road that leads to it.
    pub(crate) async fn connect_over(
        &self,
        site: &Site,
        road: SocketAddr,
        database: &str,
    ) -> Result<Client, StorageError> {
        let (client, connection) = tokio_postgres::Config::new()
            .host("127.0.0.1")
            .port(road.port())
            .user(ADMIN)
            .password(&site.password)
            .dbname(database)
            .connect_timeout(Duration::from_secs(2))
            .connect(NoTls)
            .await
            .map_err(StorageError::sql(format!("connecting to {}", self.key)))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection to a simulated database ended");
            }
        });
        Ok(client)
    }
}
