//! Roads: one TCP relay per vantage and member, on a loopback address of its own and the port that all roads share.
//! A road ends TLS for a member that has none, as PostgreSQL, MySQL or the web begins it, and can fall silent, refuse, or lead elsewhere.

mod carry;
mod flow;
mod handshake;
#[cfg(test)]
mod tests;
mod web;

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use failover::plan::Engine;
use rustls::ServerConfig;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tokio_rustls::TlsAcceptor;

/// Addresses tried for one road before giving up.
const ADDRESSES_TRIED: u32 = 64;

/// What a road does with its traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Traffic {
    Flowing,
    Silent,
    Refused,
}

/// How the connections on a road begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaks {
    Postgres,
    Mysql,
    Web,
}

#[derive(Debug, Clone, Copy)]
struct Condition {
    traffic: Traffic,
    backend: SocketAddr,
}

struct Road {
    address: IpAddr,
    condition: watch::Sender<Condition>,
    _relay: JoinSet<()>,
}

/// All roads of a drill. When it is dropped, they close.
pub struct Roads {
    port: u16,
    /// How connections with databases begin.
    speaks: Speaks,
    addresses_used: AtomicU32,
    roads: Mutex<BTreeMap<(String, String), Road>>,
}

/// There is no road from that vantage to that member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no road from {vantage} to {member}")]
pub struct NoRoad {
    /// Where the road would begin.
    pub vantage: String,
    /// Where the road would lead.
    pub member: String,
}

impl Roads {
    /// No roads yet; all will listen on `port`, and lead to PostgreSQL.
    pub fn new(port: u16) -> Self {
        Self::to(Engine::Postgres, port)
    }

    /// The same to databases of an engine.
    pub fn to(engine: Engine, port: u16) -> Self {
        Self {
            port,
            speaks: match engine {
                Engine::Postgres | Engine::Sqlserver => Speaks::Postgres,
                Engine::Mariadb | Engine::Mysql => Speaks::Mysql,
            },
            addresses_used: AtomicU32::new(0),
            roads: Mutex::default(),
        }
    }

    /// A port that is free on the addresses which roads are given.
    pub async fn free_port() -> io::Result<u16> {
        let listener = TcpListener::bind((address(0), 0)).await?;
        Ok(listener.local_addr()?.port())
    }

    /// The port that all roads share.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Opens a road on a loopback address of its own, which is returned. `tls` is the member's certificate.
    pub async fn open(
        &self,
        vantage: &str,
        member: &str,
        backend: SocketAddr,
        tls: Arc<ServerConfig>,
    ) -> io::Result<IpAddr> {
        self.open_to(vantage, member, backend, tls, self.speaks)
            .await
    }

    /// The same to a server of the web: what comes without TLS passes as it is.
    pub async fn open_web(
        &self,
        vantage: &str,
        member: &str,
        backend: SocketAddr,
        tls: Arc<ServerConfig>,
    ) -> io::Result<IpAddr> {
        let speaks = Speaks::Web;
        self.open_to(vantage, member, backend, tls, speaks).await
    }

    async fn open_to(
        &self,
        vantage: &str,
        member: &str,
        backend: SocketAddr,
        tls: Arc<ServerConfig>,
        speaks: Speaks,
    ) -> io::Result<IpAddr> {
        let listener = self.listen().await?;
        let address = listener.local_addr()?.ip();
        let (condition, changes) = watch::channel(Condition {
            traffic: Traffic::Flowing,
            backend,
        });
        let mut relay = JoinSet::new();
        relay.spawn(carry::keep(
            listener,
            (speaks, TlsAcceptor::from(tls)),
            changes,
        ));
        let road = Road {
            address,
            condition,
            _relay: relay,
        };
        self.locked()
            .insert((vantage.to_owned(), member.to_owned()), road);
        Ok(address)
    }

    async fn listen(&self) -> io::Result<TcpListener> {
        let mut error = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..ADDRESSES_TRIED {
            let number = self.addresses_used.fetch_add(1, Ordering::Relaxed);
            match TcpListener::bind((address(number), self.port)).await {
                Ok(listener) => return Ok(listener),
                Err(in_use) => error = in_use,
            }
        }
        Err(error)
    }

    /// The address of a road.
    pub fn address(&self, vantage: &str, member: &str) -> Option<IpAddr> {
        let key = (vantage.to_owned(), member.to_owned());
        self.locked().get(&key).map(|road| road.address)
    }

    /// Cuts a road like a broken cable: new connections get no word, existing ones no byte, not even their end. A
    /// connection lives on if the road is mended within 120 s, else it is dropped.
    pub fn cut(&self, vantage: &str, member: &str) -> Result<(), NoRoad> {
        self.change(vantage, member, |road| road.traffic = Traffic::Silent)
    }

    /// Refuses new connections and drops the existing ones.
    pub fn refuse(&self, vantage: &str, member: &str) -> Result<(), NoRoad> {
        self.change(vantage, member, |road| road.traffic = Traffic::Refused)
    }

    /// Lets traffic flow again.
    pub fn mend(&self, vantage: &str, member: &str) -> Result<(), NoRoad> {
        self.change(vantage, member, |road| road.traffic = Traffic::Flowing)
    }

    /// Where a road leads.
    pub fn backend(&self, vantage: &str, member: &str) -> Option<SocketAddr> {
        let key = (vantage.to_owned(), member.to_owned());
        let roads = self.locked();
        roads.get(&key).map(|road| road.condition.borrow().backend)
    }

    /// Leads new connections to another address.
    pub fn set_backend(
        &self,
        vantage: &str,
        member: &str,
        backend: SocketAddr,
    ) -> Result<(), NoRoad> {
        let key = (vantage.to_owned(), member.to_owned());
        let roads = self.locked();
        let road = roads.get(&key).ok_or(NoRoad {
            vantage: key.0,
            member: key.1,
        })?;
        road.condition.send_if_modified(|road| {
            let is_new = road.backend != backend;
            road.backend = backend;
            is_new
        });
        Ok(())
    }

    /// Cuts every road to a member. To be called before the member is killed, or its end would still get through.
    pub fn lose_member(&self, member: &str) {
        self.change_all(member, Traffic::Silent);
    }

    /// Mends every road to a member.
    pub fn mend_member(&self, member: &str) {
        self.change_all(member, Traffic::Flowing);
    }

    fn change_all(&self, member: &str, traffic: Traffic) {
        for ((_, to), road) in self.locked().iter() {
            if to == member {
                road.condition.send_modify(|road| road.traffic = traffic);
            }
        }
    }

    fn change(
        &self,
        vantage: &str,
        member: &str,
        change: impl FnOnce(&mut Condition),
    ) -> Result<(), NoRoad> {
        let key = (vantage.to_owned(), member.to_owned());
        match self.locked().get(&key) {
            Some(road) => {
                road.condition.send_modify(change);
                Ok(())
            }
            None => Err(NoRoad {
                vantage: key.0,
                member: key.1,
            }),
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<(String, String), Road>> {
        self.roads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address of the road with this number: a block of 127.0.0.0/8 per process, so that drills do not meet.
fn address(number: u32) -> IpAddr {
    let block = (std::process::id() % 0x7f00) << 8;
    let host = 0x7f01_0000 + block + 1 + number % 254;
    IpAddr::V4(Ipv4Addr::from_bits(host))
}
