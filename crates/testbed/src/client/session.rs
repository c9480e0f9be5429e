//! One verified connection to the writer, and what the end of each insert says about its row.

mod mysql;
mod postgres;

use std::time::Duration;

use failover::plan::Engine;
use mysql_async::SslOpts;
use tokio::time::timeout;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Answer, ClientConfig, Error, trust};

/// What every server is verified by, in the words of what it speaks.
pub(super) enum Trust {
    Postgres(MakeRustlsConnect),
    Mysql(SslOpts),
}

impl Trust {
    pub(super) fn of(config: &ClientConfig) -> Result<Self, Error> {
        let tls = trust(&config.ca_pem)?;
        Ok(match config.engine {
            Engine::Postgres | Engine::Sqlserver => Self::Postgres(MakeRustlsConnect::new(tls)),
            Engine::Mariadb | Engine::Mysql => Self::Mysql(mysql::trust(&config.ca_pem)),
        })
    }
}

/// An open connection; dropping it ends it.
pub(super) struct Session {
    pub(super) endpoint: String,
    connection: Connection,
    statement_timeout: Duration,
}

enum Connection {
    Postgres(postgres::Connection),
    Mysql(mysql::Connection),
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
        trust: &Trust,
        answer: &Answer,
        limit: Duration,
    ) -> Result<Self, String> {
        let opening = async {
            match trust {
                Trust::Postgres(tls) => {
                    let opened = postgres::Connection::open(config, tls, answer).await;
                    opened.map(Connection::Postgres)
                }
                Trust::Mysql(tls) => {
                    let opened = mysql::Connection::open(config, tls, answer).await;
                    opened.map(Connection::Mysql)
                }
            }
        };
        let connection = match timeout(limit, opening).await {
            Ok(opened) => opened?,
            Err(_) => return Err(silence(limit)),
        };
        Ok(Self {
            endpoint: answer.endpoint.clone(),
            connection,
            statement_timeout: config.statement_timeout,
        })
    }

    /// Whether the connection is known to be gone. MySQL's shows it at the next insert.
    pub(super) fn is_closed(&self) -> bool {
        match &self.connection {
            Connection::Postgres(connection) => connection.is_closed(),
            Connection::Mysql(_) => false,
        }
    }

    /// Inserts the number once.
    pub(super) async fn write(&mut self, n: i64) -> Outcome {
        let limit = self.statement_timeout;
        let inserting = async {
            match &mut self.connection {
                Connection::Postgres(connection) => connection.insert(n).await,
                Connection::Mysql(connection) => connection.insert(n).await,
            }
        };
        let ended = timeout(limit, inserting).await;
        ended.unwrap_or_else(|_| Outcome::Unknown(silence(limit)))
    }
}

fn silence(limit: Duration) -> String {
    format!("no answer within {} ms", limit.as_millis())
}
