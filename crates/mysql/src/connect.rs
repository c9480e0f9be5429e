//! Connects to a member: tries its addresses, and verifies its certificate.

use std::{net::IpAddr, path::Path, time::Duration};

use failover::ports::{Credentials, Place};
use mysql_async::{
    Conn, OptsBuilder, Params, Row, SslOpts, Value,
    prelude::{Query, Queryable, WithParams},
};
use resolver::{Resolver, first_to_answer};

use super::{Flavour, Why, why::Kind};

/// What every session of this product has as its default: by that its sessions are told from those of others who log in by the same
/// accounts.
pub(crate) const SCHEMA: &str = "aurora_failover";
/// A session that the network lost is ended by the server after this long, and lets go of its lock.
const IDLE_SECONDS: usize = 60;
/// The longest statement that is sent.
const PACKET_BYTES: usize = 1 << 20;

/// Makes connections that verify the server's certificate against a given bundle.
#[derive(Clone)]
pub struct Connector {
    resolver: Resolver,
    tls: SslOpts,
}

impl Connector {
    /// A connector that trusts the certificates in `ca_bundle` (PEM), which is read at the first connection.
    #[must_use]
    pub fn new(resolver: Resolver, ca_bundle: &Path) -> Self {
        let tls = SslOpts::default()
            .with_root_certs(vec![ca_bundle.to_path_buf().into()])
            .with_disable_built_in_roots(true);
        Self { resolver, tls }
    }

    /// Connects; statements and waits for locks are given up after `limit`.
    ///
    /// # Errors
    /// [`Why`], also when connecting takes longer than `limit`.
    pub async fn connect(
        &self,
        flavour: Flavour,
        place: &Place,
        login: &Credentials,
        limit: Duration,
    ) -> Result<Client, Why> {
        self.open(flavour, place, login, (limit, Some(SCHEMA)))
            .await
    }

    /// The same before this product's schema exists, or to the plan's own database: whether that is there shows here.
    ///
    /// # Errors
    /// As [`Connector::connect`].
    pub async fn connect_to(
        &self,
        flavour: Flavour,
        place: &Place,
        login: &Credentials,
        limit: Duration,
    ) -> Result<Client, Why> {
        let database = Some(place.database.as_str()).filter(|name| !name.is_empty());
        self.open(flavour, place, login, (limit, database)).await
    }

    async fn open(
        &self,
        flavour: Flavour,
        place: &Place,
        login: &Credentials,
        (limit, database): (Duration, Option<&str>),
    ) -> Result<Client, Why> {
        let opening = async {
            let addresses = self.resolver.addresses(&place.host).await?;
            let at = |address| self.open_at(address, flavour, place, login, (limit, database));
            first_to_answer(addresses, at, Why::is_nobody).await
        };
        tokio::time::timeout(limit, opening)
            .await
            .unwrap_or_else(|_| {
                Err(Why::new(
                    Kind::Failed,
                    format!("connecting to {} timed out after {limit:?}", place.host),
                ))
            })
    }

    async fn open_at(
        &self,
        address: IpAddr,
        flavour: Flavour,
        place: &Place,
        login: &Credentials,
        (limit, database): (Duration, Option<&str>),
    ) -> Result<Client, Why> {
        // The token of a login by IAM is sent as it is, and only within TLS.
        let options = OptsBuilder::default()
            .ip_or_hostname(place.host.clone())
            .resolved_ips(Some(vec![address]))
            .tcp_port(place.port)
            .user(Some(&login.user))
            .pass(Some(&login.password))
            .db_name(database)
            .ssl_opts(self.tls.clone())
            .enable_cleartext_plugin(true)
            .prefer_socket(false)
            .max_allowed_packet(Some(PACKET_BYTES))
            .wait_timeout(Some(IDLE_SECONDS))
            .tcp_keepalive(Some(Duration::from_secs(5)))
            .stmt_cache_size(0)
            .init(vec![settings(flavour, limit)]);
        let conn = Conn::new(options).await?;
        Ok(Client {
            version: conn.server_version(),
            conn: Some(conn),
            flavour,
            limit,
        })
    }
}

/// The settings of a session, whatever the server or the account has: what a statement means depends on none of them.
fn settings(flavour: Flavour, limit: Duration) -> String {
    let bounds = flavour.bounds(limit.as_millis());
    format!(
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES', time_zone = '+00:00', autocommit = 1, wait_timeout = {IDLE_SECONDS}, {bounds}; \
         SET SESSION TRANSACTION READ WRITE"
    )
}

/// A connection, and the patience it has. One that was given up in the middle of a statement is not used again.
pub struct Client {
    conn: Option<Conn>,
    version: (u16, u16, u16),
    flavour: Flavour,
    limit: Duration,
}

impl Client {
    /// Which of the two its server is.
    pub(crate) const fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// The server's version.
    pub(crate) const fn version(&self) -> (u16, u16, u16) {
        self.version
    }

    /// Whether the connection is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.conn.as_ref().is_none_or(Conn::is_disconnected)
    }

    /// Says goodbye, and waits for that: the server lets go of the session's lock then, and not only once the process runs again.
    pub async fn close(&mut self) {
        if let Some(conn) = self.conn.take() {
            // One that is gone has let go of it, too.
            let _ = tokio::time::timeout(self.limit, conn.disconnect()).await;
        }
    }

    /// Runs a statement with values for its question marks; the rows of its answer.
    pub(crate) async fn ask(
        &mut self,
        statement: &str,
        values: impl Into<Params>,
    ) -> Result<Vec<Row>, Why> {
        let values = values.into();
        self.within(async |conn| {
            if matches!(values, Params::Empty) {
                statement.fetch(conn).await
            } else {
                statement.with(values).fetch(conn).await
            }
        })
        .await
    }

    /// Runs a statement, and answers how many rows it changed.
    pub(crate) async fn run(
        &mut self,
        statement: &str,
        values: impl Into<Params>,
    ) -> Result<u64, Why> {
        let values = values.into();
        self.within(async |conn| {
            if matches!(values, Params::Empty) {
                conn.query_drop(statement).await?;
            } else {
                conn.exec_drop(statement, values).await?;
            }
            Ok(conn.affected_rows())
        })
        .await
    }

    /// Runs one statement; what the server says where it refuses.
    pub(crate) async fn attempt(&mut self, statement: &str) -> Result<Result<(), String>, Why> {
        match self.run(statement, ()).await {
            Ok(_) => Ok(Ok(())),
            Err(why) if why.is_of_the_statement() => Ok(Err(why.to_string())),
            Err(why) => Err(why),
        }
    }

    /// Runs several statements in one round trip, and answers the rows of the last that has some. Where one is refused the ones
    /// behind it are not run.
    pub(crate) async fn run_all(&mut self, statements: &str) -> Result<Vec<Row>, Why> {
        self.within(async |conn| {
            let mut result = conn.query_iter(statements).await?;
            let mut last = Vec::new();
            while !result.is_empty() || result.columns().is_some() {
                let rows: Vec<Row> = result.collect().await?;
                if !rows.is_empty() {
                    last = rows;
                }
                if result.is_empty() {
                    break;
                }
            }
            result.drop_result().await?;
            Ok(last)
        })
        .await
    }

    async fn within<T>(
        &mut self,
        doing: impl AsyncFnOnce(&mut Conn) -> Result<T, mysql_async::Error>,
    ) -> Result<T, Why> {
        let Some(mut conn) = self.conn.take() else {
            return Err(Why::new(Kind::Failed, "the connection is gone"));
        };
        let Ok(done) = tokio::time::timeout(self.limit, doing(&mut conn)).await else {
            let limit = self.limit;
            return Err(Why::new(
                Kind::Failed,
                format!("no answer within {limit:?}"),
            ));
        };
        if !done.as_ref().is_err_and(mysql_async::Error::is_fatal) {
            self.conn = Some(conn);
        }
        Ok(done?)
    }
}

/// A text as it stands in a statement that takes no values, such as one on accounts.
pub(crate) fn literal(text: &str) -> String {
    Value::from(text).as_sql(false)
}

/// A name as it stands in a statement.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A column of an answer, where it holds something of this kind.
pub(crate) fn column<T: mysql_async::prelude::FromValue>(row: &Row, at: usize) -> Option<T> {
    row.get_opt::<Option<T>, usize>(at)?.ok().flatten()
}

/// The same by the column's name.
pub(crate) fn named<T: mysql_async::prelude::FromValue>(row: &Row, name: &str) -> Option<T> {
    row.get_opt::<Option<T>, &str>(name)?.ok().flatten()
}
