//! An administrator's session with PostgreSQL.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use tokio_postgres::{Client, Config, Error, NoTls};

/// A session of this user with a database.
pub(crate) async fn connect(
    backend: SocketAddr,
    (user, password): (&str, &str),
    database: &str,
) -> Result<Client, Error> {
    let (client, connection) = Config::new()
        .hostaddr(backend.ip())
        .port(backend.port())
        .user(user)
        .password(password)
        .dbname(database)
        // As the product's own sessions call themselves: another of the administrator's is ended at a deposed writer.
        .application_name("aurora-failover")
        .connect_timeout(Duration::from_secs(3))
        .connect(NoTls)
        .await?;
    tokio::spawn(async move {
        // Whoever waits on the client learns of a broken connection there.
        let _ = connection.await;
    });
    Ok(client)
}

pub(super) async fn numbers(session: &Client, query: &str) -> Result<BTreeMap<i64, i64>, Error> {
    let rows = session.query(query, &[]).await?;
    let pair = |row: tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
    rows.into_iter().map(pair).collect()
}
