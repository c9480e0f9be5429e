//! The front door: one loopback port per calling function, before the emulator and the RDS simulator. It knows who
//! calls which service in which Region, so it records every call and can make a Region fall silent.
//! Requests pass through as they came, `Host` included, because signatures cover it.

mod call;
mod deployments;
mod fault;
mod journal;
mod limit;
mod pass;
#[cfg(test)]
mod tests;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

pub use self::fault::{Fault, FaultId, Scope};
use self::{deployments::Deployments, fault::Faults, journal::Journal, limit::Limits};
pub use report::Call;

use crate::accept::accept;

/// Who calls through a port: a function and the Region it runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The function's name.
    pub function: String,
    /// The Region the function runs in.
    pub region: String,
}

/// The front door. Clones share its ports, faults and journal; when the last one goes, its ports close.
#[derive(Clone)]
pub struct FrontDoor {
    shared: Arc<Shared>,
    ports: Arc<Mutex<JoinSet<()>>>,
}

struct Shared {
    emulator: SocketAddr,
    simulator: SocketAddr,
    faults: Faults,
    deployments: Deployments,
    limits: Limits,
    journal: Arc<Journal>,
}

impl FrontDoor {
    /// A front door before the emulator and the RDS simulator, with no port open yet.
    pub fn start(emulator: SocketAddr, simulator: SocketAddr) -> Self {
        let shared = Shared {
            emulator,
            simulator,
            faults: Faults::default(),
            deployments: Deployments::default(),
            limits: Limits::default(),
            journal: Arc::new(Journal::default()),
        };
        Self {
            shared: Arc::new(shared),
            ports: Arc::default(),
        }
    }

    /// Opens a free loopback port through which everything counts as `caller`'s.
    pub async fn open(&self, caller: Caller) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = self.shared.clone();
        locked(&self.ports).spawn(listen(listener, shared, Arc::new(caller)));
        Ok(address)
    }

    /// Sets a fault for the calls in its scope, also those under way. Where several match, the newest counts.
    pub fn set(&self, scope: Scope, fault: Fault) -> FaultId {
        self.shared.faults.set(scope, fault)
    }

    /// Removes a fault; calls it held so far are closed unanswered.
    pub fn remove(&self, fault: FaultId) {
        self.shared.faults.remove(fault);
    }

    /// Silences a Region: calls to its endpoints and calls by its functions hang. [`FrontDoor::remove`] both to end it.
    pub fn lose_region(&self, region: &str) -> [FaultId; 2] {
        [
            self.set(Scope::to_region(region), Fault::Hang),
            self.set(Scope::from_region(region), Fault::Hang),
        ]
    }

    /// Shows every forced ECS deployment as `IN_PROGRESS` for this long from the call that began it.
    pub fn hold_deployments(&self, hold: Duration) {
        self.shared.deployments.hold_for(hold);
    }

    /// Lets through so many calls a second to a service, whoever makes them; the others meet its throttling error.
    pub fn limit(&self, service: &str, per_second: usize) {
        self.shared.limits.set(service, per_second);
    }

    /// Lets every deployment of a service that is begun from now on fail, as its circuit breaker would.
    pub fn fail_deployments(&self, service: &str) {
        self.shared.deployments.fail(service);
    }

    /// Every call so far in the order in which they came, also those still under way.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.journal.calls()
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>, caller: Arc<Caller>) {
    accept(listener, "the front door", |stream| {
        serve(stream, shared.clone(), caller.clone())
    })
    .await;
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, caller: Arc<Caller>) {
    let service = service_fn(|request| pass::pass(shared.clone(), caller.clone(), request));
    let served = http1::Builder::new()
        .preserve_header_case(true)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // An error here is how a call is left unanswered, or a caller that went away: the journal has it.
    if let Err(error) = served {
        tracing::debug!(%error, caller = %caller.function, "connection at the front door ended");
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
