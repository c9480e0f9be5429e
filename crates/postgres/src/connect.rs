//! Connects to a member: resolves its name, verifies its certificate, and says why a connection failed.

use std::{
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use failover::{
    Error,
    beat::Write,
    ports::{Credentials, Place},
};
use futures::{StreamExt, stream::FuturesUnordered};
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    lookup_ip::LookupIp,
    net::runtime::TokioRuntimeProvider,
    proto::rr::{RData, Record},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres::{Client, Config, config::SslMode, error::SqlState};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Why a connection or a statement failed, as far as it matters for a verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Refused, reset, timed out, or a server that is going away: nobody answers.
    #[error("{0}")]
    Failed(String),
    /// All connection slots are used.
    #[error("{0}")]
    Saturated(String),
    /// The server is starting, stopping or recovering.
    #[error("{0}")]
    Starting(String),
    /// The server is out of disk, memory or another resource.
    #[error("{0}")]
    Exhausted(String),
    /// The server answers with any other error: it lives.
    #[error("{0}")]
    Answered(String),
    /// The login, the certificate or the schema is wrong.
    #[error("{0}")]
    Misconfigured(String),
    /// The server is a standby.
    #[error("the server is a standby and takes no writes")]
    ReadOnly,
}

impl From<Why> for Write {
    fn from(why: Why) -> Self {
        match why {
            Why::Failed(why) => Self::Failed { why },
            Why::Saturated(why) => Self::Saturated { why },
            Why::Starting(why) => Self::Starting { why },
            Why::Exhausted(why) => Self::Exhausted { why },
            Why::Answered(why) => Self::Answered { why },
            Why::Misconfigured(why) => Self::Misconfigured { why },
            Why::ReadOnly => Self::ReadOnly,
        }
    }
}

impl From<Why> for Error {
    fn from(why: Why) -> Self {
        match why {
            Why::Failed(why)
            | Why::Saturated(why)
            | Why::Starting(why)
            | Why::Exhausted(why)
            | Why::Answered(why) => Self::Unavailable(why),
            Why::Misconfigured(_) => Self::NotReady(why.to_string()),
            Why::ReadOnly => Self::UnexpectedTopology(why.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for Why {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(server) = error.as_db_error() {
            return Self::of_server(server.code(), server.message());
        }
        match certificate_fault(&error) {
            Some(fault) => Self::Misconfigured(format!(
                "the server's certificate is refused ({fault}); look at the packaged CA bundle"
            )),
            None => Self::Failed(chain(&error)),
        }
    }
}

impl Why {
    /// Whether the server refuses the login: class 28 of SQLSTATE, a wrong password among it.
    #[must_use]
    pub fn refuses_login(&self) -> bool {
        matches!(self, Self::Misconfigured(said) if said.contains("(SQLSTATE 28"))
    }

    fn of_server(code: &SqlState, message: &str) -> Self {
        let said = format!("{message} (SQLSTATE {})", code.code());
        match *code {
            SqlState::READ_ONLY_SQL_TRANSACTION => Self::ReadOnly,
            SqlState::TOO_MANY_CONNECTIONS => Self::Saturated(said),
            SqlState::CANNOT_CONNECT_NOW => Self::Starting(said),
            SqlState::DISK_FULL
            | SqlState::OUT_OF_MEMORY
            | SqlState::CONFIGURATION_LIMIT_EXCEEDED => Self::Exhausted(said),
            SqlState::INVALID_PASSWORD
            | SqlState::INVALID_AUTHORIZATION_SPECIFICATION
            | SqlState::INVALID_CATALOG_NAME
            | SqlState::UNDEFINED_TABLE
            | SqlState::INVALID_SCHEMA_NAME
            | SqlState::UNDEFINED_COLUMN
            | SqlState::INSUFFICIENT_PRIVILEGE => Self::Misconfigured(said),
            SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => Self::Failed(said),
            // A pooler's word about a server that it does not reach.
            _ if code.code().starts_with("08") => Self::Failed(said),
            _ => Self::Answered(said),
        }
    }
}

/// The fault rustls found with the server's certificate, if that is what went wrong.
fn certificate_fault(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        let tls = error.downcast_ref::<rustls::Error>().or_else(|| {
            error
                .downcast_ref::<std::io::Error>()
                .and_then(|io| io.get_ref()?.downcast_ref::<rustls::Error>())
        });
        if let Some(rustls::Error::InvalidCertificate(fault)) = tls {
            return Some(fault.to_string());
        }
        next = error.source();
    }
    None
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

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
            Some(server) => {
                let at_port = |mut connection: ConnectionConfig| {
                    connection.port = server.port();
                    connection
                };
                let connections = vec![
                    at_port(ConnectionConfig::udp()),
                    at_port(ConnectionConfig::tcp()),
                ];
                let name_server = NameServerConfig::new(server.ip(), true, connections);
                TokioResolver::builder_with_config(
                    ResolverConfig::from_name_servers(vec![name_server]),
                    TokioRuntimeProvider::default(),
                )
            }
        };
        builder.options_mut().timeout = Duration::from_secs(1);
        builder.options_mut().attempts = 1;
        Ok(Self(builder.build().map_err(unreadable)?))
    }

    async fn lookup(&self, name: &str) -> Result<LookupIp, Why> {
        // The trailing dot keeps search domains out of it.
        let absolute = format!("{}.", name.trim_end_matches('.'));
        let found = self.0.lookup_ip(absolute).await;
        found.map_err(|why| {
            // The resolver's words end in its own notation of the question.
            let said = why.to_string();
            let said = said.split(" for Query {").next().unwrap_or_default();
            Why::Failed(format!("{name} does not resolve: {said}"))
        })
    }

    /// Every address of a name, one of each family in turn: a resolver may prefer a family that nobody routes.
    ///
    /// # Errors
    /// [`Why::Failed`] when it does not resolve.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Why> {
        let found = self.lookup(name).await?;
        Ok(in_turn(found.iter()))
    }

    /// The address of a name, and what its own CNAME points to: the name itself where it has none.
    ///
    /// # Errors
    /// [`Why::Failed`] when it does not resolve.
    pub async fn resolve(&self, name: &str) -> Result<(IpAddr, String), Why> {
        let found = self.lookup(name).await?;
        let address = found
            .iter()
            .next()
            .ok_or_else(|| Why::Failed(format!("{name} has no address")))?;
        let target = direct_target(name, found.as_lookup().answers());
        Ok((address, target))
    }
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
/// An address that has not answered after this long is tried beside the next one.
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

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

/// Tries one address after the other, the next beside those that do not answer; the first answer counts, a server's
/// refusal too.
async fn first_to_answer<T, F: Future<Output = Result<T, Why>>>(
    addresses: Vec<IpAddr>,
    attempt: impl Fn(IpAddr) -> F,
) -> Result<T, Why> {
    let mut attempts = FuturesUnordered::new();
    let mut waiting = addresses.into_iter();
    let mut last = Why::Failed("the name has no address".into());
    loop {
        let next = waiting.next();
        let is_last = next.is_none();
        attempts.extend(next.map(&attempt));
        let tried = if is_last {
            attempts.next().await
        } else {
            let tried = tokio::time::timeout(NEXT_ADDRESS, attempts.next());
            match tried.await {
                Ok(tried) => tried,
                Err(_) => continue,
            }
        };
        match tried {
            // Nobody there is no answer, as long as there is another address.
            Some(Err(why @ Why::Failed(_))) => last = why,
            Some(answer) => return answer,
            None if is_last => return Err(last),
            None => {}
        }
    }
}

/// The settings of a session whose statements and locks are given up after `limit`.
fn bounded(limit: Duration) -> String {
    let limit_ms = limit.as_millis();
    format!("-c statement_timeout={limit_ms} -c lock_timeout={limit_ms}")
}

/// Those of one that writes where somebody made read-only transactions the default, which binds no session that asks for others.
/// A standby refuses its writes all the same.
#[must_use]
pub fn to_write(limit: Duration) -> String {
    format!("{} -c default_transaction_read_only=off", bounded(limit))
}

/// Makes connections that verify the server's certificate against a given bundle.
#[derive(Clone)]
pub struct Connector {
    resolver: Resolver,
    tls: MakeRustlsConnect,
}

impl Connector {
    /// A connector that trusts the certificates in `ca_bundle` (PEM).
    ///
    /// # Errors
    /// `InvalidRequest` when the bundle cannot be read.
    pub fn new(resolver: Resolver, ca_bundle: &Path) -> Result<Self, Error> {
        let unusable = |why: String| {
            Error::InvalidRequest(format!(
                "the CA bundle {} is not usable: {why}",
                ca_bundle.display()
            ))
        };
        let mut roots = RootCertStore::empty();
        for certificate in
            CertificateDer::pem_file_iter(ca_bundle).map_err(|why| unusable(why.to_string()))?
        {
            let certificate = certificate.map_err(|why| unusable(why.to_string()))?;
            roots
                .add(certificate)
                .map_err(|why| unusable(why.to_string()))?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .map_err(|why| unusable(why.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
        Ok(Self {
            resolver,
            tls: MakeRustlsConnect::new(config),
        })
    }

    /// The resolver connections go through.
    #[must_use]
    pub const fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// Connects; statements and locks on the connection are given up after `limit`.
    ///
    /// # Errors
    /// [`Why`], also when connecting takes longer than `limit`.
    pub async fn connect(
        &self,
        place: &Place,
        login: &Credentials,
        limit: Duration,
    ) -> Result<Client, Why> {
        self.connect_with(place, login, limit, &bounded(limit))
            .await
    }

    /// Connects to write, whatever the server's default for transactions is.
    ///
    /// # Errors
    /// As [`Connector::connect`].
    pub async fn connect_to_write(
        &self,
        place: &Place,
        login: &Credentials,
        limit: Duration,
    ) -> Result<Client, Why> {
        self.connect_with(place, login, limit, &to_write(limit))
            .await
    }

    async fn connect_with(
        &self,
        place: &Place,
        login: &Credentials,
        limit: Duration,
        options: &str,
    ) -> Result<Client, Why> {
        tokio::time::timeout(limit, self.open(place, login, limit, options))
            .await
            .unwrap_or_else(|_| {
                Err(Why::Failed(format!(
                    "connecting to {} timed out after {limit:?}",
                    place.host
                )))
            })
    }

    async fn open(
        &self,
        place: &Place,
        login: &Credentials,
        limit: Duration,
        options: &str,
    ) -> Result<Client, Why> {
        let addresses = self.resolver.addresses(&place.host).await?;
        first_to_answer(addresses, |address| {
            self.open_at(address, place, login, limit, options)
        })
        .await
    }

    async fn open_at(
        &self,
        address: IpAddr,
        place: &Place,
        login: &Credentials,
        limit: Duration,
        options: &str,
    ) -> Result<Client, Why> {
        let mut config = Config::new();
        config
            .host(&place.host)
            .hostaddr(address)
            .port(place.port)
            .dbname(&place.database)
            .user(&login.user)
            .password(&login.password)
            .application_name("aurora-failover")
            .options(options)
            .ssl_mode(SslMode::Require)
            .connect_timeout(limit)
            .tcp_user_timeout(limit)
            .keepalives_idle(Duration::from_secs(5));
        let (client, connection) = config.connect(self.tls.clone()).await?;
        tokio::spawn(async move {
            // Whoever waits on the client learns of a broken connection there.
            let _ = connection.await;
        });
        Ok(client)
    }
}

#[cfg(test)]
mod tests;
