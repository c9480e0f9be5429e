//! Connects to a member: tries its addresses, and verifies its certificate.

use std::{net::IpAddr, path::Path, sync::Arc, time::Duration};

use failover::{
    Error,
    ports::{Credentials, Place},
};
use resolver::{Resolver, first_to_answer};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres::{Client, Config, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Why;

/// The settings of a session whose statements and locks are given up after `limit`, and which finds nothing by a path but what is
/// PostgreSQL's own: a function that an application made, with the name of one of those and types that fit better, would else run
/// with the administrator's rights. They come before what a database or a role is set to.
fn bounded(limit: Duration) -> String {
    let limit_ms = limit.as_millis();
    format!("-c statement_timeout={limit_ms} -c lock_timeout={limit_ms} -c search_path=pg_catalog")
}

/// Those of one that writes where somebody made read-only transactions the default, which binds no session that asks for others.
/// A standby refuses its writes all the same.
#[must_use]
pub fn to_write(limit: Duration) -> String {
    format!("{} -c default_transaction_read_only=off", bounded(limit))
}

/// The certificates of a bundle.
fn roots(ca_bundle: &Path) -> Result<RootCertStore, Box<dyn std::error::Error>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca_bundle)? {
        roots.add(certificate?)?;
    }
    Ok(roots)
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
        let roots = roots(ca_bundle).map_err(|why| unusable(why.to_string()))?;
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
        let at = |address| self.open_at(address, place, login, limit, options);
        first_to_answer(addresses, at, |why| matches!(why, Why::Failed(_))).await
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
