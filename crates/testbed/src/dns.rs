//! The drill's DNS: an authoritative server per vantage. It answers for the database endpoints, whose addresses differ
//! per vantage, and for one Route 53 private zone, which it reads through the API as Route 53's own servers would. Which of a name's
//! failover records is answered follows from the states of their health checks.

mod answer;
mod empty;
mod failover;
mod server;
#[cfg(test)]
mod tests;
mod zone;

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hickory_proto::rr::{Name, RData, Record};
use hickory_server::Server;
use tokio::{
    net::{TcpListener, UdpSocket},
    sync::watch,
};

pub use self::empty::empty_route53;
use self::{answer::Records, server::View, zone::Zone};
use crate::health_checks::States;

/// The names of database endpoints end so; the DNS answers for all of it.
pub const ENDPOINT_DOMAIN: &str = "rds.amazonaws.com";
/// How long an endpoint's address may be cached: what AWS advises for Aurora's endpoints.
pub const ENDPOINT_TTL_SECONDS: u32 = 5;

/// A TCP client of the DNS that says nothing for this long is dropped.
const TCP_TIMEOUT: Duration = Duration::from_secs(10);
const TCP_ANSWERS_BUFFERED: usize = 32;
/// Ports tried for one that is free for UDP and TCP.
const PORTS_TRIED: u32 = 32;

/// Why the DNS could not start or change.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// Route 53 could not be read.
    #[error("the hosted zone {zone} could not be read: {reason}")]
    Zone {
        /// The hosted zone's identifier.
        zone: String,
        /// What Route 53 or the way to it said.
        reason: String,
    },
    /// A name is no DNS name.
    #[error("{name} is not a DNS name")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        source: hickory_proto::ProtoError,
    },
    /// No socket for a view.
    #[error("no socket for a view")]
    Socket(#[from] io::Error),
    /// The vantage has no view.
    #[error("{vantage} has no view")]
    NoView {
        /// The vantage.
        vantage: String,
    },
}

/// The drill's DNS. When it is dropped, its views stop answering.
pub struct Dns {
    zone: Arc<Zone>,
    states: watch::Sender<States>,
    views: Mutex<HashMap<String, Served>>,
}

struct Served {
    endpoints: watch::Sender<Records>,
    _server: Server<View>,
}

impl Dns {
    /// Reads the hosted zone for the first time; there is no view yet. `route53` should not pass a front door's faults:
    /// it stands for Route 53's own servers.
    pub async fn start(zone_id: &str, route53: aws_sdk_route53::Client) -> Result<Self, DnsError> {
        Ok(Self {
            zone: Arc::new(Zone::open(zone_id, route53).await?),
            states: watch::Sender::default(),
            views: Mutex::default(),
        })
    }

    /// Starts answering for a vantage on a loopback socket of its own, UDP and TCP. `endpoints` are the names of
    /// database endpoints and the addresses at which this vantage reaches them.
    pub async fn view(
        &self,
        vantage: &str,
        endpoints: &HashMap<String, IpAddr>,
    ) -> Result<SocketAddr, DnsError> {
        let (endpoints, changes) = watch::channel(records(endpoints)?);
        let (udp, tcp) = sockets().await?;
        let address = udp.local_addr()?;
        let mut server = Server::new(View::new(
            changes,
            self.zone.clone(),
            self.states.subscribe(),
        ));
        server.register_socket(udp);
        server.register_listener(tcp, TCP_TIMEOUT, TCP_ANSWERS_BUFFERED);
        let served = Served {
            endpoints,
            _server: server,
        };
        self.locked().insert(vantage.to_owned(), served);
        Ok(address)
    }

    /// Lets failover records follow the states of these health checks. Until then no check has a state, and none is healthy.
    pub fn heed(&self, states: States) {
        self.states.send_replace(states);
    }

    /// Lets a vantage's view know another endpoint.
    pub fn add_endpoint(
        &self,
        vantage: &str,
        endpoint: &str,
        address: IpAddr,
    ) -> Result<(), DnsError> {
        let record = record(endpoint, address)?;
        match self.locked().get(vantage) {
            Some(view) => {
                view.endpoints.send_modify(|records| records.add(record));
                Ok(())
            }
            None => Err(DnsError::NoView {
                vantage: vantage.to_owned(),
            }),
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<String, Served>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn records(endpoints: &HashMap<String, IpAddr>) -> Result<Records, DnsError> {
    let mut records = Records::of_zone(&name(ENDPOINT_DOMAIN)?);
    for (endpoint, address) in endpoints {
        records.add(record(endpoint, *address)?);
    }
    Ok(records)
}

fn record(endpoint: &str, address: IpAddr) -> Result<Record, DnsError> {
    let data = match address {
        IpAddr::V4(address) => RData::A(address.into()),
        IpAddr::V6(address) => RData::AAAA(address.into()),
    };
    Ok(Record::from_rdata(
        name(endpoint)?,
        ENDPOINT_TTL_SECONDS,
        data,
    ))
}

/// An absolute name, whether written with its last dot or without.
fn name(text: &str) -> Result<Name, DnsError> {
    let named = Name::from_ascii(text).map(|mut name| {
        name.set_fqdn(true);
        name
    });
    named.map_err(|source| DnsError::Name {
        name: text.to_owned(),
        source,
    })
}

/// A loopback port that is free for UDP and TCP.
async fn sockets() -> io::Result<(UdpSocket, TcpListener)> {
    let mut error = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..PORTS_TRIED {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(in_use) => error = in_use,
        }
    }
    Err(error)
}
