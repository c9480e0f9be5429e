//! The simulated RDS builds the databases.

use std::time::{Duration, Instant};

use aws_sdk_rds::config::{BehaviorVersion, Credentials as Keys, Region as AwsRegion};
use rds_sim::{Durations, Simulator};

use super::{ADMIN, ADMIN_PASSWORD, GLOBAL, PATIENCE, WEST};

const ENGINE: &str = "aurora-postgresql";

/// Transitions that take as long as PostgreSQL does.
pub(super) fn quick() -> Durations {
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
        retry_ms: 100,
        ..Durations::default()
    }
}

fn keys() -> Keys {
    Keys::new("AKIAEXAMPLE", "example", None, None, "test")
}

/// Creates a member of the global cluster, the first with its data; answers its endpoint once it is available.
pub(super) async fn member(simulator: &Simulator, region: &'static str, name: &str) -> String {
    let config = aws_sdk_rds::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(AwsRegion::new(region))
        .credentials_provider(keys())
        .http_client(simulator.connector());
    let client = aws_sdk_rds::Client::from_conf(config.build());
    let create = client
        .create_db_cluster()
        .db_cluster_identifier(name)
        .engine(ENGINE)
        .global_cluster_identifier(GLOBAL);
    let create = if region == WEST {
        client
            .create_global_cluster()
            .global_cluster_identifier(GLOBAL)
            .engine(ENGINE)
            .send()
            .await
            .unwrap();
        create
            .master_username(ADMIN)
            .master_user_password(ADMIN_PASSWORD)
            .database_name("orders")
    } else {
        create
    };
    create.send().await.unwrap();
    let began = Instant::now();
    loop {
        let answer = client
            .describe_db_clusters()
            .db_cluster_identifier(name)
            .send()
            .await
            .unwrap();
        let cluster = &answer.db_clusters()[0];
        if cluster.status() == Some("available") {
            return cluster.endpoint().unwrap().to_owned();
        }
        assert!(began.elapsed() < PATIENCE, "{cluster:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
