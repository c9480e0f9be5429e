//! One verified connection to the writer, and what the end of each insert says about its row.

use std::time::Duration;

use tokio::{task::JoinSet, time::timeout};
use tokio_postgres::{Client, Statement, config::SslMode, error::SqlState, types::ToSql};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Answer, ClientConfig};

const INSERT: &str = "INSERT INTO app.rows (n, written_at) VALUES ($1, clock_timestamp())";

/// An open connection; dropping it ends it.
pub(super) struct Session {
    pub(super) endpoint: String,
    client: Client,
    insert: Statement,
    statement_timeout: Duration,
    // Ends the task that moves the connection's bytes, also when the other side has gone silent.
    _connection: JoinSet<()>,
}

/// How an insert ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The row is committed.
    Acknowledged,
    /// The database said that the row is not there.
    Refused(String),
    /// No answer came: the row may be there or not.
    Unknown(String),
}

impl Session {
    /// Connects to the answer's address within `limit` and verifies the server against the answer's endpoint name.
    pub(super) async fn open(
        config: &ClientConfig,
        tls: &MakeRustlsConnect,
        answer: &Answer,
        limit: Duration,
    ) -> Result<Self, String> {
        let opening = async {
            let (client, connection) = settings(config, answer).connect(tls.clone()).await?;
            let mut tasks = JoinSet::new();
            tasks.spawn(async move {
                // A broken connection shows as a failed insert, where it is handled.
                let _ = connection.await;
            });
            let insert = client.prepare(INSERT).await?;
            Ok::<_, tokio_postgres::Error>(Self {
                endpoint: answer.endpoint.clone(),
                client,
                insert,
                statement_timeout: config.statement_timeout,
                _connection: tasks,
            })
        };
        match timeout(limit, opening).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(error)) => Err(describe(&error)),
            Err(_) => Err(format!("no answer within {} ms", limit.as_millis())),
        }
    }

    /// Whether the connection is known to be gone.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Inserts the number once.
    pub(super) async fn write(&self, n: i64) -> Outcome {
        let values: [&(dyn ToSql + Sync); 1] = [&n];
        let inserting = self.client.execute(&self.insert, &values);
        match timeout(self.statement_timeout, inserting).await {
            Ok(Ok(_)) => Outcome::Acknowledged,
            Ok(Err(error)) if was_refused(&error) => Outcome::Refused(describe(&error)),
            Ok(Err(error)) => Outcome::Unknown(describe(&error)),
            Err(_) => Outcome::Unknown(format!(
                "no answer within {} ms",
                self.statement_timeout.as_millis()
            )),
        }
    }
}

fn settings(config: &ClientConfig, answer: &Answer) -> tokio_postgres::Config {
    let mut settings = tokio_postgres::Config::new();
    settings
        .host(&answer.endpoint)
        .hostaddr(answer.address)
        .port(config.port)
        .dbname(&config.database)
        .user(&config.user)
        .password(&config.password)
        .application_name("drill-client")
        .ssl_mode(SslMode::Require)
        .connect_timeout(config.connect_timeout)
        .options(format!(
            "-c statement_timeout={}",
            config.statement_timeout.as_millis().max(1)
        ));
    settings
}

/// An ERROR ends the statement and nothing of it stays; a FATAL one ends the session, perhaps after the commit.
fn was_refused(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|database| {
        database.severity() == "ERROR" && database.code() != &SqlState::ADMIN_SHUTDOWN
    })
}

/// The error with its causes; tokio-postgres' own text says only "db error".
pub(super) fn describe(error: &tokio_postgres::Error) -> String {
    if let Some(database) = error.as_db_error() {
        return format!("{} ({})", database.message(), database.code().code());
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    // Chains of causes are short; the bound is for the one that is not.
    for _ in 0..8 {
        let Some(cause) = source else { break };
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
