//! One database: its folder, its process, the road to what it follows. How its engine is started, the engine says.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use crate::{
    model::ClusterKey,
    storage::{
        StorageError,
        port::Port,
        process::{Paused, Process},
        relay::Relay,
    },
};

/// A server's last system calls take no longer.
const STILL_LIMIT: Duration = Duration::from_secs(10);
const STILL_POLL: Duration = Duration::from_millis(1);

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
    log: &'static str,
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
    pub(crate) slot: Option<String>,
    pub(crate) relay: Option<Relay>,
}

impl Member {
    pub(crate) fn new(key: ClusterKey, port: Port, data: &Path, log: &'static str) -> Self {
        let folder = unused(&data.join(&key.region), &key.id);
        Self {
            key,
            port,
            folder,
            log,
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
        self.folder.join(self.log)
    }

    /// Kills what runs, at once, and lets nothing start until [`Self::allow`]. Says whether anything ran.
    pub(crate) async fn lose(&self) -> bool {
        let server = {
            let mut state = self.state();
            state.lost = true;
            state.relay = None;
            state.server.take()
        };
        let Some(mut server) = server else {
            return false;
        };
        server.kill_with_children().await;
        self.port.retake();
        true
    }

    pub(crate) fn allow(&self) {
        self.state().lost = false;
    }

    /// Stops the server if it runs, by a signal that its engine knows.
    pub(crate) async fn stop(&self, signal: Signal) {
        let server = self.state().server.take();
        if let Some(server) = server {
            server.end(signal).await;
            self.port.retake();
        }
    }

    /// Stops it for good, roads included.
    pub(crate) async fn shut_down(&self, signal: Signal) {
        self.state().relay = None;
        self.stop(signal).await;
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
            return Err(self.lost());
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

    /// Lets go of its port, for a server that is about to start.
    pub(crate) fn release_port(&self) {
        self.port.release();
    }

    /// A server has been started for it. Where its Region was lost meanwhile, that ends by the signal.
    pub(crate) async fn seat(&self, server: Process, signal: Signal) -> Result<(), StorageError> {
        let refused = {
            let mut state = self.state();
            if state.lost {
                Some(server)
            } else {
                state.server = Some(server);
                None
            }
        };
        let Some(server) = refused else {
            return Ok(());
        };
        server.end(signal).await;
        Err(self.lost())
    }

    /// Whether its server runs. One that has ended is put away.
    pub(crate) fn is_running(&self) -> bool {
        let mut state = self.state();
        let runs = state.server.as_mut().is_some_and(|it| !it.has_ended());
        if !runs {
            state.server = None;
        }
        runs
    }

    /// Stops the server where it is, if it runs, until what is answered is dropped.
    pub(crate) async fn hold_still(&self) -> Result<Option<Paused>, StorageError> {
        if !self.is_running() {
            return Ok(None);
        }
        let paused = self.state().server.as_ref().and_then(Process::pause);
        let deadline = Instant::now() + STILL_LIMIT;
        while paused.as_ref().is_some_and(|paused| !paused.is_still()) {
            if Instant::now() > deadline {
                return Err(StorageError::Failed(format!(
                    "the server of {} does not stand still",
                    self.key
                )));
            }
            sleep(STILL_POLL).await;
        }
        Ok(paused)
    }

    fn lost(&self) -> StorageError {
        StorageError::Failed(format!("the Region of {} is lost", self.key))
    }

    /// Removes its volume, and nothing else of it.
    pub(crate) async fn remove_volume(&self) -> Result<(), StorageError> {
        crate::storage::volume::remove(&self.data()).await
    }

    /// A folder of its own, without a volume.
    pub(crate) async fn empty_folder(&self) -> Result<(), StorageError> {
        self.remove_volume().await?;
        let doing = format!("creating {}", self.folder.display());
        tokio::fs::create_dir_all(&self.folder)
            .await
            .map_err(StorageError::io(doing))
    }

    /// Replaces its volume by a copy of another one.
    pub(crate) async fn restore_volume(&self, from: &Path) -> Result<(), StorageError> {
        self.empty_folder().await?;
        crate::storage::volume::copy(from, &self.data()).await
    }
}
