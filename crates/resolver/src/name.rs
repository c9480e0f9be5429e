//! A member's name: the addresses that are tried, and the name that its certificate carries.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use failover::Error;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    lookup_ip::LookupIp,
    net::runtime::TokioRuntimeProvider,
    proto::rr::{RData, Record},
};

use super::Unresolved;

/// Resolves names, by the system's servers or by one given address.
#[derive(Clone)]
pub struct Resolver(TokioResolver);

impl Resolver {
    /// A resolver that asks `server`, or the system's servers.
    ///
    /// # Errors
    /// `InvalidRequest` when the system's configuration cannot be read.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, Error> {
        let unreadable = |why| {
            Error::InvalidRequest(format!("the resolver's configuration is not usable: {why}"))
        };
        let mut builder = match server {
            None => TokioResolver::builder_tokio().map_err(unreadable)?,
            Some(server) => TokioResolver::builder_with_config(
                ResolverConfig::from_name_servers(vec![name_server(server)]),
                TokioRuntimeProvider::default(),
            ),
        };
        builder.options_mut().timeout = Duration::from_secs(1);
        builder.options_mut().attempts = 1;
        Ok(Self(builder.build().map_err(unreadable)?))
    }

    async fn lookup(&self, name: &str) -> Result<LookupIp, Unresolved> {
        // The trailing dot keeps search domains out of it.
        let absolute = format!("{}.", name.trim_end_matches('.'));
        let found = self.0.lookup_ip(absolute).await;
        found.map_err(|why| {
            // The resolver's words end in its own notation of the question.
            let said = why.to_string();
            let said = said.split(" for Query {").next().unwrap_or_default();
            Unresolved(format!("{name} does not resolve: {said}"))
        })
    }

    /// Every address of a name, one of each family in turn: a resolver may prefer a family that nobody routes.
    ///
    /// # Errors
    /// [`Unresolved`].
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Unresolved> {
        let found = self.lookup(name).await?;
        Ok(in_turn(found.iter()))
    }

    /// The address of a name, and what its own CNAME points to: the name itself where it has none.
    ///
    /// # Errors
    /// [`Unresolved`].
    pub async fn resolve(&self, name: &str) -> Result<(IpAddr, String), Unresolved> {
        let found = self.lookup(name).await?;
        let address = found
            .iter()
            .next()
            .ok_or_else(|| Unresolved(format!("{name} has no address")))?;
        let target = direct_target(name, found.as_lookup().answers());
        Ok((address, target))
    }
}

/// One server, asked over UDP and TCP at its own port.
fn name_server(server: SocketAddr) -> NameServerConfig {
    let at_port = |mut connection: ConnectionConfig| {
        connection.port = server.port();
        connection
    };
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
    NameServerConfig::new(server.ip(), true, connections.map(at_port).into())
}

/// What a name's own CNAME points to. A certificate carries this name and no later one: the endpoint of a publicly accessible
/// cluster is a CNAME too, to a name of the machine below it.
fn direct_target(name: &str, answers: &[Record]) -> String {
    let plain = |name: &str| name.trim_end_matches('.').to_owned();
    let own = plain(name);
    let target = answers.iter().find_map(|record| {
        let RData::CNAME(target) = &record.data else {
            return None;
        };
        plain(&record.name.to_string())
            .eq_ignore_ascii_case(&own)
            .then(|| plain(&target.0.to_string()))
    });
    target.unwrap_or(own)
}

/// How many addresses of a name are tried.
const ADDRESSES_MAX: usize = 4;

fn in_turn(addresses: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let (mut fours, mut sixes) = (Vec::new(), Vec::new());
    for address in addresses {
        let family = if address.is_ipv4() {
            &mut fours
        } else {
            &mut sixes
        };
        if !family.contains(&address) {
            family.push(address);
        }
    }
    let longest = fours.len().max(sixes.len());
    let turns = (0..longest).flat_map(|turn| [fours.get(turn).copied(), sixes.get(turn).copied()]);
    turns.flatten().take(ADDRESSES_MAX).collect()
}

#[cfg(test)]
mod tests;
