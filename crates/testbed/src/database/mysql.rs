//! An administrator's session with MariaDB.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use mysql_async::{Conn, Error, OptsBuilder, prelude::Queryable};
use tokio::time::timeout;

/// How long it may take until a session is open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// No statement of a drill is longer.
const PACKET_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Seconds until the server ends a session that is idle.
const IDLE_SECONDS: usize = 28_800;

/// A session of this user with a database.
pub(super) async fn connect(
    backend: SocketAddr,
    (user, password): (&str, &str),
    database: &str,
) -> Result<Conn, Error> {
    let settings = settings(backend, user, password).db_name(Some(database));
    let opening = timeout(CONNECT_TIMEOUT, Conn::new(settings)).await;
    opening.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
}

/// How a session is opened, without TLS; nothing else is asked of the server before it is there.
fn settings(backend: SocketAddr, user: &str, password: &str) -> OptsBuilder {
    OptsBuilder::default()
        .ip_or_hostname(backend.ip().to_string())
        .tcp_port(backend.port())
        .user(Some(user))
        .pass(Some(password))
        .prefer_socket(false)
        .max_allowed_packet(Some(PACKET_BYTES_MAX))
        .wait_timeout(Some(IDLE_SECONDS))
}

pub(super) async fn execute(session: &mut Conn, statement: &str) -> Result<(), Error> {
    session.query_drop(statement).await
}

pub(super) async fn numbers(session: &mut Conn, query: &str) -> Result<BTreeMap<i64, i64>, Error> {
    let rows: Vec<(i64, i64)> = session.query(query).await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn number(session: &mut Conn, query: &str) -> Result<Option<i64>, Error> {
    session.query_first(query).await
}
