//! A loopback port that belongs to one database, also while that database is down.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::net::TcpSocket;

use crate::storage::StorageError;

/// Below the range that Linux gives to outgoing connections.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// The ports of this process's databases, also of those that have just let go of theirs to start.
static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port, held by a socket that is bound but does not listen: callers are refused, nobody else can take it.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    held: Mutex<Option<TcpSocket>>,
}

impl Port {
    /// Takes a free port; where the search begins differs from process to process.
    pub(crate) fn reserve() -> Result<Self, StorageError> {
        let span = u32::from(PORTS.end - PORTS.start);
        let start = std::process::id().wrapping_mul(61);
        let mut taken = locked(&TAKEN);
        (0..span)
            .filter_map(|step| u16::try_from(start.wrapping_add(step) % span).ok())
            .map(|offset| SocketAddr::from(([127, 0, 0, 1], PORTS.start + offset)))
            .find_map(|address| {
                if taken.contains(&address.port()) {
                    return None;
                }
                let held = Mutex::new(Some(hold(address)?));
                taken.insert(address.port());
                Some(Self { address, held })
            })
            .ok_or_else(|| StorageError::Failed("no loopback port is free".to_owned()))
    }

    /// Where the database listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets go of it, for the database to take.
    pub(crate) fn release(&self) {
        locked(&self.held).take();
    }

    /// Takes it back once the database is down; best effort, since the kernel may not have let go of it yet.
    pub(crate) fn retake(&self) {
        let mut held = locked(&self.held);
        if held.is_none() {
            *held = hold(self.address);
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        locked(&TAKEN).remove(&self.address.port());
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hold(address: SocketAddr) -> Option<TcpSocket> {
    let socket = TcpSocket::new_v4().ok()?;
    // Not to be shared: with address reuse on both sides, another process could bind it too.
    socket.set_reuseaddr(false).ok()?;
    socket.bind(address).ok()?;
    Some(socket)
}

#[cfg(test)]
mod tests {
    use std::{
        iter, thread,
        time::{Duration, Instant},
    };

    use super::*;

    #[test]
    fn a_held_port_refuses_callers_and_is_given_to_nobody_else() {
        let first = Port::reserve().unwrap();
        let second = Port::reserve().unwrap();
        assert_ne!(first.address(), second.address());
        assert!(std::net::TcpStream::connect(first.address()).is_err());
        assert!(std::net::TcpListener::bind(first.address()).is_err());
        first.release();
        // Whoever starts a process meanwhile has its socket, too, until that process runs its program.
        let until = Instant::now() + Duration::from_secs(2);
        let mut waits = iter::from_fn(|| (Instant::now() < until).then(thread::yield_now));
        let is_free = waits.any(|()| std::net::TcpListener::bind(first.address()).is_ok());
        assert!(is_free, "nobody gets {}", first.address());
    }

    #[test]
    fn a_port_that_waits_for_its_database_is_given_to_no_other() {
        let first = Port::reserve().unwrap();
        first.release();
        let second = Port::reserve().unwrap();
        assert_ne!(first.address(), second.address());
    }
}
