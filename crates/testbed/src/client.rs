//! The application that the drill protects: it writes numbered rows to the writer's name and remembers every answer.

#[cfg(test)]
mod fake_databases;
mod names;
mod session;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    fmt,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use failover::plan::Engine;
use hickory_resolver::net::NetError;
use report::timeline::{Timeline, now_ms};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::database::{self, Database, quoted};

pub use report::{
    Ack, Answer, ClientRecord, Comparison, OUTAGE_MS, Outage, Resolution, Unacknowledged,
};

/// Where the client writes, as whom, how often and how patiently.
#[derive(Clone)]
pub struct ClientConfig {
    /// What the writer runs.
    pub engine: Engine,
    /// The DNS server it asks.
    pub resolver: SocketAddr,
    /// The writer's name in the private zone.
    pub writer_name: String,
    /// The port of every database endpoint.
    pub port: u16,
    /// The certificates it trusts, a PEM file.
    pub ca_pem: PathBuf,
    /// The database.
    pub database: String,
    /// The application's role.
    pub user: String,
    /// The role's password.
    pub password: String,
    /// Time between two writes.
    pub interval: Duration,
    /// Bound of one DNS question and of one attempt to connect, TLS and login included.
    pub connect_timeout: Duration,
    /// Bound of one insert.
    pub statement_timeout: Duration,
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the password.
        formatter
            .debug_struct("ClientConfig")
            .field("resolver", &self.resolver)
            .field("writer_name", &self.writer_name)
            .field("port", &self.port)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Why the client cannot start, wait or compare.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The trusted certificates cannot be used.
    #[error("the trusted certificates in {path}: {reason}")]
    Certificates {
        /// The PEM file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The resolver cannot be built.
    #[error("the client's resolver")]
    Resolver(#[source] NetError),
    /// The table or the role cannot be created.
    #[error("preparing the client's table")]
    Prepare(#[source] database::Error),
    /// The table cannot be read.
    #[error("reading the client's table")]
    Compare(#[source] database::Error),
    /// What was waited for did not come in time.
    #[error("the client did not get there within {0:?}: {1:?}")]
    Waited(Duration, Progress),
}

/// How far the client is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Numbers acknowledged so far.
    pub acknowledged: usize,
    /// The last acknowledgement.
    pub last: Option<Ack>,
}

/// A running client; dropping it stops it at once, [`Client::stop`] after the insert under way.
#[derive(Debug)]
pub struct Client {
    record: Arc<Mutex<ClientRecord>>,
    progress: watch::Receiver<Progress>,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Client {
    /// Starts writing; what happens to the client is told in `timeline`. Needs a Tokio runtime.
    ///
    /// # Errors
    /// When the certificates or the resolver cannot be used.
    pub fn start(config: ClientConfig, timeline: Timeline) -> Result<Self, Error> {
        let trust = session::Trust::of(&config)?;
        let names = names::Names::new(config.resolver, &config.writer_name, config.connect_timeout)
            .map_err(Error::Resolver)?;
        let record = Arc::new(Mutex::new(ClientRecord {
            started_ms: now_ms(),
            ..ClientRecord::default()
        }));
        let (stop, stopped) = watch::channel(false);
        let (reported, progress) = watch::channel(Progress::default());
        let writer = writer::Writer::new(config, trust, names, timeline, record.clone(), reported);
        Ok(Self {
            record,
            progress,
            stop,
            task: Some(tokio::spawn(writer.run(stopped))),
        })
    }

    /// How far it is now.
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// Waits until `reached` holds.
    ///
    /// # Errors
    /// When it does not within `limit`.
    pub async fn wait_for(
        &self,
        limit: Duration,
        reached: impl FnMut(&Progress) -> bool,
    ) -> Result<Progress, Error> {
        let mut progress = self.progress.clone();
        match timeout(limit, progress.wait_for(reached)).await {
            Ok(Ok(progress)) => Ok(progress.clone()),
            Ok(Err(_)) | Err(_) => Err(Error::Waited(limit, self.progress())),
        }
    }

    /// A copy of its record so far.
    pub fn record(&self) -> ClientRecord {
        let mut record = self
            .record
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        record.stopped_ms = now_ms();
        record
    }

    /// Ends it after the insert under way and returns its record.
    pub async fn stop(mut self) -> ClientRecord {
        // It fails only when the task has ended already.
        let _ = self.stop.send(true);
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
        self.record()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

/// Creates schema `app`, its table and the client's role; asked again it changes nothing but the password. What is a schema to
/// PostgreSQL is a database to MySQL.
///
/// The table has no key on purpose: a row written twice must be seen twice.
///
/// # Errors
/// When a statement fails; `admin` must be allowed to create roles and schemas.
pub async fn prepare(admin: &Database, user: &str, password: &str) -> Result<(), Error> {
    let prepared = match admin {
        Database::Postgres(session) => match postgres(session, user, password).await {
            Ok(statements) => admin.execute(&[statements]).await,
            Err(why) => Err(why.into()),
        },
        Database::Mysql(_) => admin.execute(&mysql(user, password)).await,
    };
    prepared.map_err(Error::Prepare)
}

async fn postgres(
    admin: &tokio_postgres::Client,
    user: &str,
    password: &str,
) -> Result<String, tokio_postgres::Error> {
    let statements = "SELECT format(
                 CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = $1::text)
                      THEN 'ALTER' ELSE 'CREATE' END || ' ROLE %1$I LOGIN PASSWORD %2$L;
                 CREATE SCHEMA IF NOT EXISTS app;
                 CREATE TABLE IF NOT EXISTS app.rows (
                    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n bigint NOT NULL, written_at timestamptz NOT NULL);
                 GRANT USAGE ON SCHEMA app TO %1$I;
                 GRANT INSERT ON app.rows TO %1$I', $1::text, $2::text)";
    let row = admin.query_one(statements, &[&user, &password]).await?;
    row.try_get(0)
}

/// Names are used as they are written: `rows` is a word of MySQL's own, but not after a dot.
fn mysql(user: &str, password: &str) -> [String; 5] {
    let (user, password) = (quoted(user), quoted(password));
    [
        format!("CREATE USER IF NOT EXISTS {user}@'%' IDENTIFIED BY {password}"),
        format!("ALTER USER {user}@'%' IDENTIFIED BY {password}"),
        "CREATE DATABASE IF NOT EXISTS app".to_owned(),
        "CREATE TABLE IF NOT EXISTS app.rows (
            id char(36) CHARACTER SET ascii PRIMARY KEY DEFAULT (uuid()), n bigint NOT NULL, written_at datetime(6) NOT NULL)"
            .to_owned(),
        format!("GRANT INSERT ON app.rows TO {user}@'%'"),
    ]
}

/// Reads the table on the current writer and compares it with the client's record.
///
/// # Errors
/// When the table cannot be read.
pub async fn compare(record: &ClientRecord, writer: &Database) -> Result<Comparison, Error> {
    let copies = writer.numbers("SELECT n, count(*) FROM app.rows GROUP BY n");
    let copies = copies.await.map_err(Error::Compare)?;
    Ok(Comparison::of(record, &copies))
}

fn trust(ca_pem: &PathBuf) -> Result<rustls::ClientConfig, Error> {
    let wrong = |reason: String| Error::Certificates {
        path: ca_pem.clone(),
        reason,
    };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(ca_pem).map_err(|error| wrong(error.to_string()))?
    {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("it holds no certificate".into()));
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider().into();
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
