//! The model with a clock, a folder and HTTP faces.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use serde_json::Value;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    control::Command,
    control_plane::{self, ControlPlane, keep_time},
    http,
    model::{Durations, Limits, Settings},
    storage::{Storage, StorageError},
};

/// What a simulator is started with.
#[derive(Debug, Clone)]
pub struct SimulatorConfig {
    /// Where the HTTP faces listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// An empty folder for volumes and blocks, or one to be made.
    pub data: PathBuf,
    /// The account of every ARN.
    pub account: String,
    /// How long transitions last.
    pub durations: Durations,
    /// How much of something there may be.
    pub limits: Limits,
}

impl SimulatorConfig {
    /// A free port of this machine and the defaults.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        let settings = Settings::default();
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: data.into(),
            account: settings.account,
            durations: settings.durations,
            limits: settings.limits,
        }
    }
}

/// Why a simulator could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address could not be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder could not be used.
    #[error("cannot prepare the folder for volumes")]
    Storage(#[source] StorageError),
}

/// A running simulator. Dropping it ends its faces and its clock, and leaves its folder.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    plane: Arc<ControlPlane>,
    _tasks: JoinSet<()>,
}

impl Simulator {
    /// Starts the clock and the HTTP faces. There is nothing in the account yet.
    ///
    /// # Errors
    /// Where the address is taken or the folder cannot be used.
    pub async fn start(config: SimulatorConfig) -> Result<Self, Error> {
        let storage = Storage::prepare(&config.data).map_err(Error::Storage)?;
        let listen = |source| Error::Listen {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let settings = Settings {
            account: config.account,
            durations: config.durations,
            limits: config.limits,
        };
        let (plane, queue) = ControlPlane::new(settings, storage);
        let plane = Arc::new(plane);
        let mut tasks = JoinSet::new();
        tasks.spawn(keep_time(Arc::clone(&plane)));
        tasks.spawn(control_plane::carry_out(Arc::clone(&plane), queue));
        tasks.spawn(http::serve(listener, Arc::clone(&plane)));
        Ok(Self {
            address,
            plane,
            _tasks: tasks,
        })
    }

    /// Where the HTTP faces listen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Does what a drill could ask for over HTTP, without HTTP.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub async fn control(&self, command: Command) -> Result<Value, String> {
        self.plane.control(command).await
    }
}
