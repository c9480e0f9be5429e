//! A connection to PostgreSQL.

use tokio::task::JoinSet;
use tokio_postgres::{Client, Statement, config::SslMode, error::SqlState, types::ToSql};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Answer, ClientConfig, Outcome};

const INSERT: &str = "INSERT INTO app.rows (n, written_at) VALUES ($1, clock_timestamp())";

pub(super) struct Connection {
    client: Client,
    insert: Statement,
    // Ends the task that moves the connection's bytes, also when the other side has gone silent.
    _task: JoinSet<()>,
}

impl Connection {
    pub(super) async fn open(
        config: &ClientConfig,
        tls: &MakeRustlsConnect,
        answer: &Answer,
    ) -> Result<Self, String> {
        let opening = async {
            let (client, connection) = settings(config, answer).connect(tls.clone()).await?;
            let mut task = JoinSet::new();
            task.spawn(async move {
                // A broken connection shows as a failed insert, where it is handled.
                let _ = connection.await;
            });
            let insert = client.prepare(INSERT).await?;
            Ok(Self {
                client,
                insert,
                _task: task,
            })
        };
        opening.await.map_err(|error| describe(&error))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub(super) async fn insert(&self, n: i64) -> Outcome {
        let values: [&(dyn ToSql + Sync); 1] = [&n];
        match self.client.execute(&self.insert, &values).await {
            Ok(_) => Outcome::Acknowledged,
            Err(error) if was_refused(&error) => Outcome::Refused(describe(&error)),
            Err(error) => Outcome::Unknown(describe(&error)),
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
fn describe(error: &tokio_postgres::Error) -> String {
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
