//! One PostgreSQL cluster: its folder, its process, the road to what it follows.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustix::process::Signal;
use tokio_postgres::{Client, NoTls};

use crate::{
    model::ClusterKey,
    storage::{
        StorageError,
        postgres::{
            config::{ADMIN, Source, postgresql_conf, write},
            port::Port,
            process::{Process, Spawner},
            relay::Relay,
        },
    },
};

const START_LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// What every member needs to know of its surroundings.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) binaries: PathBuf,
    pub(crate) password: String,
    pub(crate) spawner: Spawner,
}

/// A folder of that name, or one beside it: a renamed cluster's keeps the old name.
fn unused(region: &Path, name: &str) -> PathBuf {
    let numbered = (2..).map(|number: u32| region.join(format!("{name}-{number}")));
    let mut all = std::iter::once(region.join(name)).chain(numbered);
    all.find(|folder| !folder.exists())
        .unwrap_or_else(|| region.join(name))
}

/// A cluster's database, or that of an instance of its own.
#[derive(Debug)]
pub(crate) struct Member {
    /// What it was called when it was made. A renamed one's Region is still this.
    pub(crate) key: ClusterKey,
    port: Port,
    pub(crate) folder: PathBuf,
    state: Mutex<State>,
    /// Held for the length of one piece of work.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Its Region is lost: nothing may be started.
    lost: bool,
    server: Option<Process>,
    /// However it is called by now.
    pub(crate) follows: Option<Arc<Member>>,
    /// The slot on what it follows, where it has one.
    slot: Option<String>,
    relay: Option<Relay>,
}

impl Member {
    pub(crate) fn new(key: ClusterKey, port: Port, data: &Path) -> Self {
        let folder = unused(&data.join(&key.region), &key.id);
        Self {
            key,
            port,
            folder,
            state: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.port.address()
    }

    pub(crate) fn follows(&self) -> Option<Arc<Member>> {
        self.state().follows.clone()
    }

    /// Whether it follows that very one.
    pub(crate) fn follows_this(&self, primary: &Arc<Member>) -> bool {
        let follows = self.follows();
        follows.is_some_and(|followed| Arc::ptr_eq(&followed, primary))
    }

    /// Whether what it follows is in another Region.
    pub(crate) fn follows_afar(&self) -> bool {
        let follows = self.follows();
        follows.is_some_and(|followed| followed.key.region != self.key.region)
    }

    pub(crate) fn set_slot(&self, slot: &str) {
        self.state().slot = Some(slot.to_owned());
    }

    pub(crate) fn set_flow(&self, flows: bool) {
        if let Some(relay) = &self.state().relay {
            relay.set_flow(flows);
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("postgres.log")
    }

    /// Kills what runs, at once, and lets nothing start until [`Self::allow`].
    pub(crate) async fn lose(&self) {
        let server = {
            let mut state = self.state();
            state.lost = true;
            state.relay = None;
            state.server.take()
        };
        if let Some(mut server) = server {
            server.kill_with_children().await;
            self.port.retake();
            self.free_shared_memory().await;
        }
    }

    pub(crate) fn allow(&self) {
        self.state().lost = false;
    }

    /// Stops the server if it runs: `INT` in good order, `QUIT` at once.
    pub(crate) async fn stop(&self, signal: Signal) {
        let server = self.state().server.take();
        if let Some(server) = server {
            server.end(signal).await;
            self.port.retake();
        }
    }

    /// Stops it for good, roads included.
    pub(crate) async fn shut_down(&self) {
        self.state().relay = None;
        self.stop(Signal::QUIT).await;
    }

    /// Closes the road to its primary.
    pub(crate) fn close_road(&self) {
        self.state().relay = None;
    }

    /// Forgets its primary, once it is promoted.
    pub(crate) fn forget_primary(&self) {
        let mut state = self.state();
        state.relay = None;
        state.follows = None;
        state.slot = None;
    }

    /// From now on it follows `primary`, over a new road.
    pub(crate) async fn follow(
        &self,
        primary: &Arc<Member>,
        flows: bool,
    ) -> Result<SocketAddr, StorageError> {
        let relay = Relay::open(primary.address(), flows)
            .await
            .map_err(StorageError::io("opening a replication relay"))?;
        let address = relay.address();
        let mut state = self.state();
        if state.lost {
            return Err(lost(&self.key));
        }
        state.relay = Some(relay);
        state.follows = Some(Arc::clone(primary));
        Ok(address)
    }

    /// Points the road of a running standby at another primary.
    pub(crate) fn redirect(&self, primary: &Arc<Member>) {
        let mut state = self.state();
        state.follows = Some(Arc::clone(primary));
        if let Some(relay) = &state.relay {
            relay.set_target(primary.address());
        }
    }

    /// Writes the settings and starts the server; returns when it takes connections.
    pub(crate) async fn start(&self, site: &Site) -> Result<(), StorageError> {
        let settings = self.settings(site);
        write(&self.data().join("postgresql.conf"), &settings).await?;
        write(&self.data().join("postgresql.auto.conf"), "").await?;
        let data = self.data().display().to_string();
        self.port.release();
        let server = site
            .spawner
            .spawn(
                &site.binaries.join("postgres"),
                &["-D", &data],
                &[],
                &self.log(),
            )
            .await?;
        let refused = {
            let mut state = self.state();
            if state.lost {
                Some(server)
            } else {
                state.server = Some(server);
                None
            }
        };
        if let Some(server) = refused {
            server.end(Signal::QUIT).await;
            return Err(lost(&self.key));
        }
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
        postgresql_conf(&self.key, self.port.address().port(), source)
    }

    async fn wait_until_it_answers(&self, site: &Site) -> Result<(), StorageError> {
        let deadline = tokio::time::Instant::now() + START_LIMIT;
        loop {
            let error = match self.connect(site, "postgres").await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            if self.state().server.as_mut().is_none_or(Process::has_ended) {
                self.state().server = None;
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

    pub(crate) fn is_running(&self) -> bool {
        self.state()
            .server
            .as_mut()
            .is_some_and(|server| !server.has_ended())
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

fn lost(key: &ClusterKey) -> StorageError {
    StorageError::Failed(format!("the Region of {key} is lost"))
}
