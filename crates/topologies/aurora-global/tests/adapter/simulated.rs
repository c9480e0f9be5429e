//! The RDS adapter against the simulated RDS: what the steps wait for comes about.

use std::time::{Duration, Instant};

use aurora_global::members::{Accepted, Members, Quota};
use aws::Aws;
use aws_sdk_rds::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
};
use failover::topology::{Cluster, Forwarding, GlobalCluster, Role, role};
use rds_sim::{Durations, Simulator, SimulatorConfig};

use crate::replay::{aws_in, aws_through};

const GLOBAL: &str = "orders-global-1";
const EAST: &str = "us-east-1";
const WEST: &str = "us-west-2";
const EAST_ARN: &str = "arn:aws:rds:us-east-1:123456789012:cluster:orders-east";
const WEST_ARN: &str = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";
const PATIENCE: Duration = Duration::from_secs(30);

struct World {
    simulator: Simulator,
    aws: Aws,
}

impl World {
    /// A global cluster with its writer in the west and a standby in the east, each with an instance.
    async fn build() -> Self {
        let durations = Durations {
            create_cluster_ms: 20,
            create_instance_ms: 20,
            promote_ms: 300,
            failover_pending_ms: 300,
            managed_failover_ms: 100,
            switchover_ms: 100,
            resync_ms: 50,
            modify_ms: 20,
            upgrade_ms: 20,
            retry_ms: 50,
            ..Durations::default()
        };
        let config = SimulatorConfig {
            durations,
            ..SimulatorConfig::default()
        };
        let simulator = Simulator::start(config).await.unwrap();
        let aws = aws_through(simulator.connector(), Duration::from_secs(2));
        let world = Self { simulator, aws };
        let west = world.client(WEST);
        west.create_global_cluster()
            .global_cluster_identifier(GLOBAL)
            .engine("aurora-postgresql")
            .send()
            .await
            .unwrap();
        let writer = west
            .create_db_cluster()
            .master_username("orders_admin")
            .master_user_password("an example")
            .database_name("orders");
        let standby = world.client(EAST).create_db_cluster();
        for (region, name, create) in [
            (WEST, "orders-west", writer),
            (EAST, "orders-east", standby),
        ] {
            let create = create
                .db_cluster_identifier(name)
                .engine("aurora-postgresql")
                .global_cluster_identifier(GLOBAL);
            create.send().await.unwrap();
            world
                .until(region, name, |_, cluster| cluster.status == "available")
                .await;
            let instance = world.client(region).create_db_instance();
            let instance = instance
                .db_instance_identifier(format!("{name}-1"))
                .db_instance_class("db.r6g.large")
                .engine("aurora-postgresql")
                .db_cluster_identifier(name);
            instance.send().await.unwrap();
            world
                .until(region, name, |_, cluster| available(cluster))
                .await;
        }
        world
    }

    fn client(&self, region: &'static str) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(Credentials::new(
                "AKIAEXAMPLE",
                "example",
                None,
                None,
                "test",
            ))
            .http_client(self.simulator.connector());
        Client::from_conf(config.build())
    }

    async fn see(&self, region: &str, cluster: &str) -> (Option<GlobalCluster>, Cluster) {
        let region = region.into();
        let global = self.aws.global_cluster(&region, GLOBAL).await.unwrap();
        let cluster = self.aws.cluster(&region, cluster).await.unwrap().unwrap();
        (global, cluster)
    }

    /// Looks until it is as wanted; answers what was seen.
    #[expect(clippy::disallowed_methods, reason = "a test waits for the simulator")]
    async fn until(
        &self,
        region: &str,
        name: &str,
        wanted: impl Fn(Option<&GlobalCluster>, &Cluster) -> bool,
    ) -> (Option<GlobalCluster>, Cluster) {
        let began = Instant::now();
        loop {
            let (global, cluster) = self.see(region, name).await;
            if wanted(global.as_ref(), &cluster) {
                return (global, cluster);
            }
            assert!(began.elapsed() < PATIENCE, "{global:?} {cluster:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn available(cluster: &Cluster) -> bool {
    let mut statuses = cluster.instances.iter().map(|instance| &instance.status);
    !cluster.instances.is_empty() && statuses.all(|status| status == "available")
}

#[tokio::test]
async fn a_global_cluster_is_described_alike_in_both_regions() {
    let world = World::build().await;
    let (there, west) = world.see(WEST, "orders-west").await;
    let (here, east) = world.see(EAST, "orders-east").await;
    assert_eq!(there, here);
    assert_eq!((west.arn.as_str(), east.arn.as_str()), (WEST_ARN, EAST_ARN));
    assert_eq!(role(here.as_ref(), &west), Role::Primary);
    assert_eq!(role(here.as_ref(), &east), Role::Standby);
    assert!(
        west.is_ready() && !east.is_ready(),
        "a standby has no writer instance"
    );
    assert!(east.endpoint.starts_with("orders-east.cluster-"));
    assert!(east.reader_endpoint.starts_with("orders-east.cluster-ro-"));
    let region = EAST.into();
    assert_eq!(
        world.aws.global_cluster(&region, "payments").await,
        Ok(None)
    );
    assert_eq!(world.aws.cluster(&region, "payments").await, Ok(None));
    world.simulator.stop().await;
}

#[tokio::test]
async fn the_accounts_quotas_are_read_with_what_is_taken_of_them() {
    let world = World::build().await;
    world.simulator.limit_clusters(WEST, Some(2));
    let quota = |name: &str, used, max| Quota {
        name: name.into(),
        used,
        max,
    };
    let expected = vec![
        quota("DBInstances", 1, 40),
        quota("DBClusters", 1, 2),
        quota("ManualSnapshots", 0, 100),
        quota("ManualClusterSnapshots", 0, 100),
    ];
    assert_eq!(world.aws.account_quotas(&WEST.into()).await, Ok(expected));
}

#[tokio::test]
async fn a_detached_standby_becomes_a_writer_of_its_own() {
    let world = World::build().await;
    world.simulator.lose_region(WEST).await;
    let region = EAST.into();
    let silent = world.aws.cluster(&WEST.into(), "orders-west").await;
    assert_eq!(silent.unwrap_err().name(), "Unavailable");
    assert_eq!(
        world.aws.detach(&region, GLOBAL, EAST_ARN).await,
        Ok(Accepted::Yes)
    );
    let (global, east) = world.see(EAST, "orders-east").await;
    assert_eq!(role(global.as_ref(), &east), Role::Standalone);
    assert_eq!(
        (east.status.as_str(), east.is_ready()),
        ("promoting", false)
    );
    assert_eq!(
        world.aws.detach(&region, GLOBAL, EAST_ARN).await,
        Ok(Accepted::Yes),
        "a second pass finds it detached"
    );
    world
        .until(EAST, "orders-east", |_, cluster| cluster.is_ready())
        .await;
    world.simulator.stop().await;
}

#[tokio::test]
async fn a_managed_failover_keeps_the_global_cluster() {
    let world = World::build().await;
    world.simulator.lose_region(WEST).await;
    let region = EAST.into();
    let accepted = world.aws.fail_over(&region, GLOBAL, EAST_ARN).await;
    assert_eq!(accepted, Ok(Accepted::Yes));
    let (global, east) = world.see(EAST, "orders-east").await;
    let state = global
        .as_ref()
        .and_then(|global| global.failover.clone())
        .unwrap();
    assert_eq!(
        (state.status.as_str(), state.to.as_str()),
        ("pending", EAST_ARN)
    );
    assert_eq!(role(global.as_ref(), &east), Role::Standby);
    let again = world
        .aws
        .fail_over(&region, GLOBAL, EAST_ARN)
        .await
        .unwrap();
    assert!(matches!(again, Accepted::NotNow(_)), "{again:?}");
    let promoted = |global: Option<&GlobalCluster>, east: &Cluster| {
        global.is_some_and(|global| global.failover.is_none())
            && role(global, east) == Role::Primary
            && east.is_ready()
    };
    let (global, _) = world.until(EAST, "orders-east", promoted).await;
    let global = global.unwrap();
    let deposed = global.member(WEST_ARN).unwrap();
    assert!(!deposed.is_writer);
    assert_eq!(deposed.synchronization.as_deref(), Some("pending-resync"));
    world.simulator.stop().await;
}

#[tokio::test]
async fn write_forwarding_of_readers_and_of_members_that_follow_is_seen_and_that_to_another_is_not()
{
    let world = World::build().await;
    let west = world.client(WEST).modify_db_cluster();
    let west = west.db_cluster_identifier("orders-west");
    west.enable_local_write_forwarding(true)
        .send()
        .await
        .unwrap();
    let east = world.client(EAST).modify_db_cluster();
    let east = east.db_cluster_identifier("orders-east");
    east.enable_global_write_forwarding(true)
        .send()
        .await
        .unwrap();
    let (_, west) = world
        .until(WEST, "orders-west", |_, west| available(west))
        .await;
    let (_, east) = world
        .until(EAST, "orders-east", |_, east| available(east))
        .await;
    let there = aws_in(WEST, world.simulator.connector());
    assert_eq!(
        there.forwarding(&west).await,
        Ok(Forwarding {
            local: Some("enabled".into()),
            members: vec![(EAST_ARN.into(), Some("enabled".into()))],
        })
    );
    assert_eq!(
        world.aws.forwarding(&east).await,
        Ok(Forwarding {
            local: Some("disabled".into()),
            members: Vec::new(),
        })
    );
    world.simulator.stop().await;
}
