//! A source of MariaDB and its replica under test, and how they are asked and waited for.

use std::time::Duration;

use aws_sdk_rds::{Client as Rds, types::DbInstance};
use mysql_async::{Conn, OptsBuilder, Row, SslOpts, prelude::Queryable};
use rds_sim::{Simulator, StorageConfig};

use crate::support::{EAST, WEST, client, mariadb_tree, postgres_binaries, simulator};

pub(crate) const SOURCE: &str = "orders-west";
pub(crate) const REPLICA: &str = "orders-east";
pub(crate) const MASTER: &str = "orders_admin";
pub(crate) const PASSWORD: &str = "it's not a \\secret";

pub(crate) fn arn(region: &str, id: &str) -> String {
    format!("arn:aws:rds:{region}:123456789012:db:{id}")
}

/// A source in the west with a table and a row, and a replica in the east.
pub(crate) struct Pair {
    pub(crate) simulator: Simulator,
    pub(crate) west: Rds,
    pub(crate) east: Rds,
    pub(crate) folder: tempfile::TempDir,
}

/// A source alone, or `None` where no MariaDB is installed.
pub(crate) async fn source() -> Option<Pair> {
    let (postgres, mariadb) = (postgres_binaries()?, mariadb_tree()?);
    let folder = tempfile::tempdir().unwrap();
    let servers = StorageConfig::Servers {
        postgres,
        mariadb: Some(mariadb),
        data: folder.path().join("data"),
    };
    let simulator = simulator(servers).await;
    let address = simulator.address();
    let (west, east) = (client(address, WEST), client(address, EAST));
    west.create_db_instance()
        .db_instance_identifier(SOURCE)
        .db_instance_class("db.m6g.large")
        .engine("mariadb")
        .allocated_storage(20)
        .master_username(MASTER)
        .master_user_password(PASSWORD)
        .db_name("orders")
        .backup_retention_period(7)
        .send()
        .await
        .unwrap();
    available(&west, SOURCE).await;
    let pair = Pair {
        simulator,
        west,
        east,
        folder,
    };
    let mut writer = pair.connect(WEST, SOURCE).await.unwrap();
    let table = "CREATE TABLE numbers (number INT PRIMARY KEY)";
    writer.query_drop(table).await.unwrap();
    insert(&mut writer, 1).await.unwrap();
    Some(pair)
}

/// The same with a replica.
pub(crate) async fn pair() -> Option<Pair> {
    let pair = source().await?;
    follow(&pair.east, REPLICA, &arn(WEST, SOURCE)).await;
    Some(pair)
}

impl Pair {
    /// The master user's session, through TLS.
    pub(crate) async fn connect(&self, region: &str, id: &str) -> mysql_async::Result<Conn> {
        self.connect_with(region, id, PASSWORD).await
    }

    pub(crate) async fn connect_with(
        &self,
        region: &str,
        id: &str,
        password: &str,
    ) -> mysql_async::Result<Conn> {
        let address = self.simulator.backend(region, id).unwrap();
        let tls = SslOpts::default().with_danger_accept_invalid_certs(true);
        let options = OptsBuilder::default()
            .ip_or_hostname(address.ip().to_string())
            .tcp_port(address.port())
            // Otherwise it would go on over the server's socket.
            .prefer_socket(false)
            .ssl_opts(Some(tls))
            .user(Some(MASTER))
            .pass(Some(password))
            .db_name(Some("orders"));
        let opened = tokio::time::timeout(Duration::from_secs(2), Conn::new(options)).await;
        opened.unwrap_or_else(|_| Err(mysql_async::Error::from(std::io::Error::other("silence"))))
    }

    pub(crate) async fn numbers(&self, region: &str, id: &str) -> Option<Vec<u32>> {
        let mut conn = self.connect(region, id).await.ok()?;
        let query = "SELECT number FROM numbers ORDER BY number";
        conn.query(query).await.ok()
    }

    /// Waits until an instance has just these.
    pub(crate) async fn has(&self, region: &str, id: &str, numbers: &[u32]) {
        let what = format!("{id} has {numbers:?}");
        until(&what, async || {
            self.numbers(region, id).await.as_deref() == Some(numbers)
        })
        .await;
    }

    pub(crate) async fn write(&self, region: &str, id: &str, number: u32) {
        let mut conn = self.connect(region, id).await.unwrap();
        insert(&mut conn, number).await.unwrap();
    }

    pub(crate) async fn is_read_only(&self, region: &str, id: &str) -> bool {
        let mut conn = self.connect(region, id).await.unwrap();
        let query = "SELECT @@read_only";
        conn.query_first(query).await.unwrap().unwrap()
    }

    /// Whether a server is set up as a replica.
    pub(crate) async fn is_set_up_to_follow(&self, region: &str, id: &str) -> bool {
        let mut conn = self.connect(region, id).await.unwrap();
        let status: Option<Row> = conn.query_first("SHOW SLAVE STATUS").await.unwrap();
        status.is_some()
    }
}

pub(crate) async fn insert(conn: &mut Conn, number: u32) -> mysql_async::Result<()> {
    conn.exec_drop("INSERT INTO numbers VALUES (?)", (number,))
        .await
}

/// The number of the error that a server answered.
pub(crate) fn code<T: std::fmt::Debug>(answer: mysql_async::Result<T>) -> u16 {
    let why = answer.unwrap_err();
    let mysql_async::Error::Server(error) = why else {
        panic!("{why}");
    };
    error.code
}

pub(crate) async fn described(rds: &Rds, id: &str) -> DbInstance {
    let answer = rds.describe_db_instances().db_instance_identifier(id);
    let answer = answer.send().await.unwrap();
    answer.db_instances()[0].clone()
}

/// Waits until RDS shows something of an instance.
pub(crate) async fn shows(rds: &Rds, id: &str, what: &str, is: impl Fn(&DbInstance) -> bool) {
    until(&format!("{id} is {what}"), async || {
        let answer = rds.describe_db_instances().db_instance_identifier(id);
        let answer = answer.send().await;
        answer.is_ok_and(|answer| is(&answer.db_instances()[0]))
    })
    .await;
}

pub(crate) async fn available(rds: &Rds, id: &str) {
    let is = |instance: &DbInstance| instance.db_instance_status() == Some("available");
    shows(rds, id, "available", is).await;
}

/// Makes a replica and waits until it replicates.
pub(crate) async fn follow(rds: &Rds, id: &str, source: &str) {
    rds.create_db_instance_read_replica()
        .db_instance_identifier(id)
        .source_db_instance_identifier(source)
        .send()
        .await
        .unwrap();
    available(rds, id).await;
    let info = described(rds, id).await.status_infos()[0].clone();
    assert_eq!(info.status(), Some("replicating"));
}

/// Waits for what callers must wait for: no source any more.
pub(crate) async fn promoted(rds: &Rds, id: &str) {
    let is = |instance: &DbInstance| {
        let follows = instance.read_replica_source_db_instance_identifier();
        instance.db_instance_status() == Some("available") && follows.is_none()
    };
    shows(rds, id, "promoted", is).await;
}

pub(crate) async fn promote(rds: &Rds, id: &str) {
    let promotion = rds.promote_read_replica().db_instance_identifier(id);
    promotion.send().await.unwrap();
    assert_eq!(
        described(rds, id).await.db_instance_status(),
        Some("available"),
        "the trap: nothing of the promotion is seen at first"
    );
    promoted(rds, id).await;
}

pub(crate) async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..1_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it was not so in time that {what}");
}
