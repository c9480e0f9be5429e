//! A connection to MariaDB.

use std::path::Path;

use mysql_async::{
    Conn, DriverError, Error, IoError, OptsBuilder, SslOpts, Statement, prelude::Queryable,
};

use super::{Answer, ClientConfig, Outcome};

const INSERT: &str = "INSERT INTO app.rows (n, written_at) VALUES (?, UTC_TIMESTAMP(6))";
/// No row is longer.
const PACKET_BYTES_MAX: usize = 1024 * 1024;
/// Seconds until the server ends a session that is idle.
const IDLE_SECONDS: usize = 28_800;

/// Errors that a server answers whatever it has done with the statement: it shuts down, somebody ends the session or the statement,
/// or the commit itself failed. Source: MariaDB's documentation, "MariaDB Error Codes".
const UNCERTAIN: [u16; 6] = [
    1053, // ER_SERVER_SHUTDOWN
    1180, // ER_ERROR_DURING_COMMIT
    1317, // ER_QUERY_INTERRUPTED
    1927, // ER_CONNECTION_KILLED
    1969, // ER_STATEMENT_TIMEOUT
    3024, // ER_QUERY_TIMEOUT
];

pub(super) struct Connection {
    session: Conn,
    insert: Statement,
}

impl Connection {
    pub(super) async fn open(
        config: &ClientConfig,
        tls: &SslOpts,
        answer: &Answer,
    ) -> Result<Self, String> {
        let opening = async {
            let mut session = Conn::new(settings(config, tls, answer)).await?;
            let insert = session.prep(INSERT).await?;
            Ok(Self { session, insert })
        };
        opening.await.map_err(|error| describe(&error))
    }

    pub(super) async fn insert(&mut self, n: i64) -> Outcome {
        match self.session.exec_drop(&self.insert, (n,)).await {
            Ok(()) => Outcome::Acknowledged,
            Err(error) if was_refused(&error) => Outcome::Refused(describe(&error)),
            Err(error) => Outcome::Unknown(describe(&error)),
        }
    }
}

/// Trusts what is in the file, and nothing else.
pub(super) fn trust(ca_pem: &Path) -> SslOpts {
    SslOpts::default()
        .with_root_certs(vec![ca_pem.to_owned().into()])
        .with_disable_built_in_roots(true)
}

/// Verified against the endpoint's name, at the address that DNS gave. No database is chosen: the application may use its own only.
fn settings(config: &ClientConfig, tls: &SslOpts, answer: &Answer) -> OptsBuilder {
    OptsBuilder::default()
        .ip_or_hostname(&*answer.endpoint)
        .resolved_ips(Some(vec![answer.address]))
        .tcp_port(config.port)
        .user(Some(&*config.user))
        .pass(Some(&*config.password))
        .ssl_opts(tls.clone())
        .prefer_socket(false)
        .max_allowed_packet(Some(PACKET_BYTES_MAX))
        .wait_timeout(Some(IDLE_SECONDS))
}

/// An error ends the statement and nothing of it stays, but where the server was going away meanwhile.
fn was_refused(error: &Error) -> bool {
    match error {
        Error::Server(server) => !UNCERTAIN.contains(&server.code),
        Error::Driver(_) | Error::Io(_) | Error::Other(_) | Error::Url(_) => false,
    }
}

fn describe(error: &Error) -> String {
    match error {
        Error::Server(server) => format!("{} ({})", server.message, server.code),
        Error::Io(IoError::Io(why)) => why.to_string(),
        Error::Driver(DriverError::ConnectionClosed) => "connection closed".to_owned(),
        Error::Driver(_) | Error::Io(_) | Error::Other(_) | Error::Url(_) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use mysql_async::ServerError;

    use super::*;

    fn answered(code: u16) -> Error {
        Error::Server(ServerError {
            code,
            message: "no".into(),
            state: "HY000".into(),
        })
    }

    #[test]
    fn a_row_is_refused_by_what_is_said_of_the_statement_alone() {
        // Read-only, no rights, a lock that is not given, a deadlock.
        for code in [1290, 1142, 1205, 1213] {
            assert!(was_refused(&answered(code)), "{code}");
        }
        for code in UNCERTAIN {
            assert!(!was_refused(&answered(code)), "{code}");
        }
        let gone = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        assert!(!was_refused(&gone.into()));
        assert_eq!(describe(&answered(1290)), "no (1290)");
    }
}
