//! The databases: created through the simulated RDS, as anybody would.

mod instances;

use std::{collections::HashMap, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_rds::{
    Client,
    types::{DbCluster, DbInstance, Filter},
};
use failover::plan::{Engine, TopologyKind};
use futures::{StreamExt, TryStreamExt};
use rds_sim::Simulator;
use tokio_postgres::error::SqlState;

use super::{
    Secrets, Trouble,
    properties::{self, tag},
};
use crate::{
    database::{Database, quoted},
    profile::{HOME, Profile, global_cluster, member},
    roads::Roads,
};

const ENGINE: &str = "aurora-postgresql";
const ENGINE_VERSION: &str = "16.6";
const ADMIN: &str = "orders_admin";
/// How many plans' databases are created at a time.
const AT_A_TIME: usize = 2;
/// How long a member may take to become available.
const AVAILABLE: Duration = Duration::from_secs(60);

/// Roles of other applications than the client's: what each may do.
const APPLICATIONS: [(&str, &str); 3] = [
    ("app_reports", "SELECT"),
    ("app_jobs", "SELECT, INSERT, UPDATE"),
    ("app_import", "INSERT"),
];
/// A second database of the first plan's members.
const SECOND: &str = "archive";

/// Where a member is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The cluster endpoint.
    pub writer: String,
    /// The reader endpoint.
    pub reader: String,
    /// The endpoints of its instances, the first one's first.
    pub instances: Vec<String>,
    /// The port of every member.
    pub port: u16,
}

/// The endpoints of one plan's members, by Region.
pub type Members = HashMap<String, Endpoints>;

/// Creates every plan's members, the writer at home and its standbys; answers their endpoints by plan.
pub(super) async fn create(
    config: &impl Fn(&str) -> SdkConfig,
    simulator: &Simulator,
    secrets: &Secrets,
    profile: &Profile,
) -> Result<HashMap<String, Members>, Trouble> {
    // Every member has the same port: the roads listen on it, each on its own address.
    let port = Roads::free_port().await?;
    let plans = profile.plans.iter().map(async |plan| {
        let members = match profile.topology {
            TopologyKind::AuroraGlobal => {
                global(config, simulator, secrets, profile, plan, port).await?
            }
            TopologyKind::RdsReplica => {
                instances::create(config, simulator, secrets, profile, plan, port).await?
            }
        };
        Ok::<_, Trouble>(((*plan).to_owned(), members))
    });
    futures::stream::iter(plans)
        .buffer_unordered(AT_A_TIME)
        .try_collect()
        .await
}

/// What is created, in words for people.
pub(super) fn created(profile: &Profile) -> String {
    let what = match profile.topology {
        TopologyKind::AuroraGlobal => "a global database",
        TopologyKind::RdsReplica => "an instance with a read replica",
    };
    let engine = match profile.engine {
        // Nothing of the product logs in to it.
        Engine::Sqlserver => "PostgreSQL, in place of SQL Server".to_owned(),
        engine @ (Engine::Postgres | Engine::Mariadb | Engine::Mysql) => {
            format!("real {}", engine.called())
        }
    };
    format!("creates {what} on {engine}, with a writer and a standby")
}

/// The endpoints of the members that somebody else built, by plan.
pub(super) async fn built(
    config: &impl Fn(&str) -> SdkConfig,
    simulator: &Simulator,
    profile: &Profile,
) -> Result<HashMap<String, Members>, Trouble> {
    let mut found = HashMap::new();
    for plan in profile.plans {
        let mut members = Members::new();
        for region in profile.members {
            let client = client(config, simulator, region);
            let name = member(plan, region);
            let instances = endpoints_of(&client, &name).await?;
            let of_member = endpoints(&described(&client, &name).await?, instances)?;
            members.insert((*region).to_owned(), of_member);
        }
        found.insert((*plan).to_owned(), members);
    }
    Ok(found)
}

/// The simulated RDS, as a Region calls it.
fn client(config: &impl Fn(&str) -> SdkConfig, simulator: &Simulator, region: &str) -> Client {
    let config = config(region)
        .into_builder()
        .endpoint_url(format!("http://{}", simulator.address()));
    Client::new(&config.build())
}

fn endpoints(cluster: &DbCluster, instances: Vec<String>) -> Result<Endpoints, Trouble> {
    Ok(Endpoints {
        writer: cluster.endpoint().unwrap_or_default().to_owned(),
        reader: cluster.reader_endpoint().unwrap_or_default().to_owned(),
        instances,
        port: cluster.port().unwrap_or_default().try_into()?,
    })
}

async fn global(
    config: &impl Fn(&str) -> SdkConfig,
    simulator: &Simulator,
    secrets: &Secrets,
    profile: &Profile,
    plan: &str,
    port: u16,
) -> Result<Members, Trouble> {
    let client = |region: &str| client(config, simulator, region);
    client(HOME)
        .create_global_cluster()
        .global_cluster_identifier(global_cluster(plan))
        .engine(ENGINE)
        .engine_version(ENGINE_VERSION)
        .storage_encrypted(true)
        .tags(tag("plan", plan))
        .send()
        .await?;
    let mut members = HashMap::new();
    for region in profile.members {
        let client = client(region);
        let name = member(plan, region);
        properties::groups(&client, plan).await?;
        let limit = profile.patience(AVAILABLE);
        cluster(&client, plan, region, port, secrets, limit).await?;
        let instances = if profile.headless == Some(region) {
            Vec::new()
        } else {
            instances(&client, plan, region, limit).await?
        };
        let of_member = endpoints(&described(&client, &name).await?, instances)?;
        members.insert((*region).to_owned(), of_member);
    }
    Ok(members)
}

/// Creates a member, and waits until it is available.
async fn cluster(
    client: &Client,
    plan: &str,
    region: &str,
    port: u16,
    secrets: &Secrets,
    limit: Duration,
) -> Result<(), Trouble> {
    let name = member(plan, region);
    let create = client
        .create_db_cluster()
        .db_cluster_identifier(&name)
        .global_cluster_identifier(global_cluster(plan))
        .engine(ENGINE)
        .engine_version(ENGINE_VERSION)
        .port(port.into());
    let create = properties::of_cluster(create, plan, region);
    // A secondary takes its logins and its database from the primary.
    let create = if region == HOME {
        create
            .master_username(ADMIN)
            .master_user_password(&secrets.admin)
            .database_name(plan)
            .storage_encrypted(true)
    } else {
        create.enable_global_write_forwarding(true)
    };
    create.send().await?;
    until(&name, limit, async || {
        Ok(described(client, &name).await?.status() == Some("available"))
    })
    .await
}

/// Creates a member's writer and its reader, and waits until both are available; answers their endpoints.
async fn instances(
    client: &Client,
    plan: &str,
    region: &str,
    limit: Duration,
) -> Result<Vec<String>, Trouble> {
    let cluster = &member(plan, region);
    for (number, tier) in [(1, 0), (2, 1)] {
        let create = client
            .create_db_instance()
            .db_instance_identifier(format!("{cluster}-{number}"))
            .db_cluster_identifier(cluster)
            .db_instance_class("db.r6g.large")
            .engine(ENGINE)
            .promotion_tier(tier);
        properties::of_instance(create, plan, region, number)
            .send()
            .await?;
    }
    properties::export_role(client, cluster).await?;
    let of_cluster = Filter::builder()
        .name("db-cluster-id")
        .values(cluster)
        .build();
    let describe = client.describe_db_instances().filters(of_cluster);
    until(cluster, limit, async || {
        let answer = describe.clone().send().await?;
        let all = answer.db_instances();
        let is_available = |found: &DbInstance| found.db_instance_status() == Some("available");
        Ok(all.len() == 2 && all.iter().all(is_available))
    })
    .await?;
    endpoints_of(client, cluster).await
}

/// The endpoints of a member's instances, the first one's first.
async fn endpoints_of(client: &Client, cluster: &str) -> Result<Vec<String>, Trouble> {
    let of_cluster = Filter::builder().name("db-cluster-id").values(cluster);
    let describe = client.describe_db_instances().filters(of_cluster.build());
    let answer = describe.send().await?;
    let endpoints = answer.db_instances().iter();
    let address = |found: &DbInstance| found.endpoint()?.address().map(str::to_owned);
    Ok(endpoints.filter_map(address).collect())
}

/// Gives the first plan's database more applications than the client, and its member a second database.
pub(super) async fn customers(admin: &Database, secrets: &Secrets) -> Result<(), Trouble> {
    for (role, may) in APPLICATIONS {
        let password = &secrets.app;
        let statements = match admin {
            Database::Postgres(_) => vec![
                format!("CREATE ROLE {role} LOGIN PASSWORD '{password}'"),
                format!("GRANT USAGE ON SCHEMA app TO {role}"),
                format!("GRANT {may} ON app.rows TO {role}"),
            ],
            Database::Mysql(_) => vec![
                format!("CREATE USER {role}@'%' IDENTIFIED BY {}", quoted(password)),
                format!("GRANT {may} ON app.rows TO {role}@'%'"),
            ],
        };
        admin.execute(&statements).await?;
    }
    // PostgreSQL does not create it in a transaction.
    let grant = match admin {
        Database::Postgres(_) => format!("GRANT CONNECT ON DATABASE {SECOND} TO app_reports"),
        Database::Mysql(_) => format!("GRANT SELECT ON {SECOND}.* TO app_reports@'%'"),
    };
    let statements = [format!("CREATE DATABASE {SECOND}"), grant];
    Ok(admin.execute(&statements).await?)
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
    limit: Duration,
    is_available: impl AsyncFn() -> Result<bool, Trouble>,
) -> Result<(), Trouble> {
    let deadline = tokio::time::Instant::now() + limit;
    while tokio::time::Instant::now() < deadline {
        if is_available().await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(format!("{what} was not available within {limit:?}").into())
}

/// Whether a database refused a password.
pub(super) fn is_wrong_password(why: &tokio_postgres::Error) -> bool {
    why.code() == Some(&SqlState::INVALID_PASSWORD)
}

/// The login in the administrator's secret.
pub const fn admin_user() -> &'static str {
    ADMIN
}
