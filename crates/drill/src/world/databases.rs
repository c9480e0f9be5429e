//! The global database: created through the simulated RDS, as anybody would.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use aurora_sim::Simulator;
use aws_sdk_rds::{Client, types::DbCluster};
use tokio_postgres::{Config, NoTls};

use super::{Secrets, Trouble};
use crate::{
    emulator::Emulator,
    profile::{DATABASE, GLOBAL_CLUSTER, HOME, STANDBY, cluster},
    roads::Roads,
};

const ENGINE: &str = "aurora-postgresql";
const ENGINE_VERSION: &str = "16.6";
const ADMIN: &str = "orders_admin";
const AVAILABLE: Duration = Duration::from_secs(60);

/// Where a member is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The cluster endpoint.
    pub writer: String,
    /// The reader endpoint.
    pub reader: String,
    /// The port of every member.
    pub port: u16,
}

/// Creates the global cluster with a writer at home and a standby; answers their endpoints by Region.
pub(super) async fn create(
    emulator: &Emulator,
    simulator: &Simulator,
    secrets: &Secrets,
) -> Result<HashMap<String, Endpoints>, Trouble> {
    let client = |region: &str| {
        let config = emulator
            .sdk_config(region)
            .into_builder()
            .endpoint_url(format!("http://{}", simulator.address()));
        Client::new(&config.build())
    };
    // Every member has the same port: the roads listen on it, each on its own address.
    let port = Roads::free_port().await?;
    client(HOME)
        .create_global_cluster()
        .global_cluster_identifier(GLOBAL_CLUSTER)
        .engine(ENGINE)
        .engine_version(ENGINE_VERSION)
        .send()
        .await?;
    let mut endpoints = HashMap::new();
    for region in [HOME, STANDBY] {
        endpoints.insert(
            region.to_owned(),
            member(&client(region), region, port, secrets).await?,
        );
    }
    Ok(endpoints)
}

/// Creates a member and its instance, each once the one before is available.
async fn member(
    client: &Client,
    region: &str,
    port: u16,
    secrets: &Secrets,
) -> Result<Endpoints, Trouble> {
    let (name, instance) = (cluster(region), format!("{}-1", cluster(region)));
    let create = client
        .create_db_cluster()
        .db_cluster_identifier(name)
        .global_cluster_identifier(GLOBAL_CLUSTER)
        .engine(ENGINE)
        .engine_version(ENGINE_VERSION)
        .port(port.into());
    // A secondary takes its logins and its database from the primary.
    let create = if region == HOME {
        create
            .master_username(ADMIN)
            .master_user_password(&secrets.admin)
            .database_name(DATABASE)
    } else {
        create
    };
    create.send().await?;
    until(name, async || {
        Ok(described(client, name).await?.status() == Some("available"))
    })
    .await?;
    client
        .create_db_instance()
        .db_instance_identifier(&instance)
        .db_cluster_identifier(name)
        .db_instance_class("db.r6g.large")
        .engine(ENGINE)
        .send()
        .await?;
    until(&instance, async || {
        let answer = client
            .describe_db_instances()
            .db_instance_identifier(&instance)
            .send()
            .await?;
        Ok(answer
            .db_instances()
            .iter()
            .all(|instance| instance.db_instance_status() == Some("available")))
    })
    .await?;
    let found = described(client, name).await?;
    Ok(Endpoints {
        writer: found.endpoint.unwrap_or_default(),
        reader: found.reader_endpoint.unwrap_or_default(),
        port,
    })
}

async fn described(client: &Client, name: &str) -> Result<DbCluster, Trouble> {
    let answer = client
        .describe_db_clusters()
        .db_cluster_identifier(name)
        .send()
        .await?;
    Ok(answer
        .db_clusters
        .unwrap_or_default()
        .into_iter()
        .next()
        .ok_or("the cluster is gone")?)
}

async fn until(
    what: &str,
    is_available: impl AsyncFn() -> Result<bool, Trouble>,
) -> Result<(), Trouble> {
    let deadline = tokio::time::Instant::now() + AVAILABLE;
    while tokio::time::Instant::now() < deadline {
        if is_available().await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(format!("{what} was not available within {AVAILABLE:?}").into())
}

/// An administrator's connection to a database, past every road.
pub(super) async fn connect(
    backend: SocketAddr,
    password: &str,
) -> Result<tokio_postgres::Client, Trouble> {
    let (client, connection) = Config::new()
        .hostaddr(backend.ip())
        .port(backend.port())
        .user(ADMIN)
        .password(password)
        .dbname(DATABASE)
        .connect_timeout(Duration::from_secs(3))
        .connect(NoTls)
        .await?;
    tokio::spawn(async move {
        // Whoever waits on the client learns of a broken connection there.
        let _ = connection.await;
    });
    Ok(client)
}

/// The login in the administrator's secret.
pub(super) const fn admin_user() -> &'static str {
    ADMIN
}
