//! Resolves the writer's name as an application's resolver does: through the CNAME, and not again before the TTL ends.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use hickory_resolver::{
    Resolver, TokioResolver,
    config::{
        ConnectionConfig, LookupIpStrategy, NameServerConfig, ProtocolConfig, ResolveHosts,
        ResolverConfig,
    },
    lookup::Lookup,
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::rr::{Name, RData, RecordType},
};
use report::{Answer, Resolution, timeline::now_ms};

/// The writer's name and the last answer for it.
pub(super) struct Names {
    resolver: TokioResolver,
    writer: Name,
    cached: Option<(Instant, Answer)>,
}

impl Names {
    /// Asks the DNS server at `server` for `writer`, each attempt bounded by `timeout`.
    pub(super) fn new(
        server: SocketAddr,
        writer: &str,
        timeout: Duration,
    ) -> Result<Self, NetError> {
        let connections = [ProtocolConfig::Udp, ProtocolConfig::Tcp].map(|protocol| {
            let mut connection = ConnectionConfig::new(protocol);
            connection.port = server.port();
            connection
        });
        let server = NameServerConfig::new(server.ip(), true, connections.to_vec());
        let mut builder = Resolver::builder_with_config(
            ResolverConfig::from_name_servers(vec![server]),
            TokioRuntimeProvider::default(),
        );
        let options = builder.options_mut();
        options.timeout = timeout;
        options.attempts = 1;
        options.ip_strategy = LookupIpStrategy::Ipv4Only;
        options.use_hosts_file = ResolveHosts::Never;
        let mut writer = Name::from_utf8(writer)?;
        writer.set_fqdn(true);
        Ok(Self {
            resolver: builder.build()?,
            writer,
            cached: None,
        })
    }

    /// Where the writer is: the cached answer while its TTL lasts, else a fresh one and the record of the question.
    pub(super) async fn resolve(&mut self) -> (Result<Answer, String>, Option<Resolution>) {
        if let Some((expires, answer)) = &self.cached
            && Instant::now() < *expires
        {
            return (Ok(answer.clone()), None);
        }
        self.cached = None;
        // The resolver's own cache would answer from memory without saying so.
        self.resolver.clear_cache();
        let asked_ms = now_ms();
        let looked_up = self
            .resolver
            .lookup(self.writer.clone(), RecordType::A)
            .await;
        let answered_ms = now_ms();
        let answer = match looked_up {
            Ok(lookup) => self.keep(&lookup, answered_ms),
            Err(error) => Err(error.to_string()),
        };
        let resolution = Resolution {
            asked_ms,
            answered_ms,
            answer: answer.clone(),
        };
        (answer, Some(resolution))
    }

    /// How long the cached answer may still be used.
    pub(super) fn time_left(&self) -> Duration {
        self.cached.as_ref().map_or(Duration::ZERO, |(expires, _)| {
            expires.saturating_duration_since(Instant::now())
        })
    }

    fn keep(&mut self, lookup: &Lookup, answered_ms: i64) -> Result<Answer, String> {
        let (endpoint, address) = first_address(lookup)
            .ok_or_else(|| format!("{} leads to no address", self.writer.to_utf8()))?;
        let expires = lookup.valid_until();
        let left = expires.saturating_duration_since(Instant::now());
        let answer = Answer {
            endpoint,
            address,
            expires_ms: answered_ms + i64::try_from(left.as_millis()).unwrap_or(i64::MAX / 2),
        };
        self.cached = Some((expires, answer.clone()));
        Ok(answer)
    }
}

/// The owner of the first address record, which is the end of the CNAME chain, and its address.
fn first_address(lookup: &Lookup) -> Option<(String, IpAddr)> {
    lookup.answers().iter().find_map(|record| {
        let RData::A(address) = &record.data else {
            return None;
        };
        let mut owner = record.name.clone();
        owner.set_fqdn(false);
        Some((owner.to_utf8(), IpAddr::V4(address.0)))
    })
}
