//! The adapter against the simulated RDS: what the step waits for comes about.

use std::time::{Duration, Instant};

use aws::Aws;
use aws_sdk_rds::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
};
use failover::topology::Accepted;
use rds_replica::members::{Instance, Members, exports::Export};
use rds_sim::{Durations, Simulator, SimulatorConfig};

use crate::replay::aws_through;

const EAST: &str = "us-east-1";
const WEST: &str = "us-west-2";
const SOURCE: &str = "arn:aws:rds:us-west-2:123456789012:db:orders-west";
const PATIENCE: Duration = Duration::from_secs(30);

struct World {
    simulator: Simulator,
    aws: Aws,
}

impl World {
    /// An instance in the west, and a replica of it in the east.
    async fn build() -> Self {
        let durations = Durations {
            create_instance_ms: 20,
            create_replica_ms: 20,
            promote_ms: 300,
            promote_stale_ms: 300,
            snapshot_ms: 20,
            export_ms: 20,
            ..Durations::default()
        };
        let config = SimulatorConfig {
            durations,
            ..SimulatorConfig::default()
        };
        let simulator = Simulator::start(config).await.unwrap();
        let aws = aws_through(simulator.connector(), Duration::from_secs(2));
        let world = Self { simulator, aws };
        let create = world.client(WEST).create_db_instance();
        let create = create
            .db_instance_identifier("orders-west")
            .db_instance_class("db.m6g.large")
            .engine("postgres")
            .allocated_storage(20)
            .master_username("orders_admin")
            .master_user_password("an example")
            .backup_retention_period(7);
        create.send().await.unwrap();
        world.until(WEST, "orders-west", rests).await;
        let create = world.client(EAST).create_db_instance_read_replica();
        let create = create
            .db_instance_identifier("orders-east")
            .source_db_instance_identifier(SOURCE);
        create.send().await.unwrap();
        world.until(EAST, "orders-east", rests).await;
        // A replica is created without backups, whatever its source has.
        let modify = world.client(EAST).modify_db_instance();
        let modify = modify
            .db_instance_identifier("orders-east")
            .backup_retention_period(5)
            .apply_immediately(true);
        modify.send().await.unwrap();
        let is_backed_up = |seen: &Instance| rests(seen) && seen.backup_days == Some(5);
        world.until(EAST, "orders-east", is_backed_up).await;
        world
    }

    fn client(&self, region: &'static str) -> Client {
        let login = Credentials::new("AKIAEXAMPLE", "example", None, None, "test");
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(login)
            .http_client(self.simulator.connector());
        Client::from_conf(config.build())
    }

    async fn see(&self, region: &str, identifier: &str) -> Option<Instance> {
        let region = region.into();
        self.aws.instance(&region, identifier).await.unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "a test waits for the simulator")]
    async fn until(&self, region: &str, identifier: &str, is: impl Fn(&Instance) -> bool) {
        let began = Instant::now();
        loop {
            let seen = self.see(region, identifier).await;
            if seen.as_ref().is_some_and(&is) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{seen:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Whether nothing is being done to it, so that RDS takes the next call.
fn rests(seen: &Instance) -> bool {
    seen.status == "available"
}

#[tokio::test]
async fn a_promotion_shows_the_old_answer_first_and_in_the_end_no_source() {
    let world = World::build().await;
    let before = world.see(EAST, "orders-east").await.unwrap();
    assert!(before.follows(&WEST.into(), "orders-west"), "{before:?}");
    assert!(before.replication.as_ref().is_some_and(|now| now.is_normal));
    let days = before.backup_days;
    assert_eq!(days, Some(5));
    let taken = world.aws.promote(&EAST.into(), "orders-east", days).await;
    assert_eq!(taken, Ok(Accepted::Yes));
    let at_once = world.see(EAST, "orders-east").await.unwrap();
    assert_eq!(at_once, before, "the trap: nothing of it is seen at first");
    let again = world.aws.promote(&EAST.into(), "orders-east", days).await;
    assert!(matches!(again, Ok(Accepted::NotNow(_))), "{again:?}");
    let is_promoted = |seen: &Instance| rests(seen) && seen.source.is_none();
    world.until(EAST, "orders-east", is_promoted).await;
    let promoted = world.see(EAST, "orders-east").await.unwrap();
    assert_eq!(promoted.backup_days, Some(5), "as they were");
    assert_eq!(promoted.endpoint, before.endpoint, "names may lead to it");
    assert_eq!(promoted.resource_id, before.resource_id);
}

#[tokio::test]
async fn what_is_no_instance_of_its_own_and_what_is_not_there_is_none() {
    let world = World::build().await;
    assert_eq!(world.see(EAST, "orders-west").await, None);
    let looked = world.aws.look(&EAST.into(), "orders-west").await;
    assert!(looked.answers(), "{looked:?}");
}

#[tokio::test]
async fn copies_of_a_writers_backups_are_found_in_the_other_region_once_they_are_made() {
    let world = World::build().await;
    let writer = world.see(WEST, "orders-west").await.unwrap();
    let id = writer.resource_id.unwrap();
    assert_eq!(world.aws.backups(&EAST.into(), &id).await, Ok(None));
    let start = world
        .client(EAST)
        .start_db_instance_automated_backups_replication();
    let start = start.source_db_instance_arn(SOURCE);
    start.send().await.unwrap();
    let copies = world.aws.backups(&EAST.into(), &id).await.unwrap().unwrap();
    let own = world.aws.backups(&WEST.into(), &id).await.unwrap().unwrap();
    assert_eq!(copies.status, "replicating");
    assert_eq!(own.status, "active");
    assert!(copies.latest.is_some());
}

const BUCKET: &str = "orders-exports";
const ROLE: &str = "arn:aws:iam::123456789012:role/orders-exports";

/// Exports the snapshot that RDS took of orders-east, under a name.
async fn export(world: &World, name: &str) -> Result<(), String> {
    let rds = world.client(EAST);
    let snapshots = rds.describe_db_snapshots().snapshot_type("automated");
    let snapshots = snapshots.db_instance_identifier("orders-east");
    let snapshots = snapshots.send().await.unwrap();
    let arn = snapshots.db_snapshots()[0].db_snapshot_arn().unwrap();
    let start = rds.start_export_task().export_task_identifier(name);
    let start = start.source_arn(arn).s3_bucket_name(BUCKET);
    let start = start.iam_role_arn(ROLE).kms_key_id("alias/orders");
    let started = start.send().await;
    started.map_err(|why| format!("{:?}", why.into_service_error()))?;
    Ok(())
}

async fn exports(world: &World) -> Vec<Export> {
    let found = world.aws.exports(&EAST.into(), "orders-east").await;
    let found = found.unwrap().unwrap();
    assert!(found.of.follows(&WEST.into(), "orders-west"));
    let is_later = |export: &Export| export.taken_at > found.made_at;
    assert!(found.made_at.is_some() && found.exports.iter().all(is_later));
    found.exports
}

/// Waits for an export of orders-east with a status.
#[expect(clippy::disallowed_methods, reason = "a test waits for the simulator")]
async fn until_ended(world: &World, status: &str) -> Export {
    let began = Instant::now();
    loop {
        let seen = exports(world).await;
        if let Some(found) = seen.iter().find(|export| export.status == status) {
            return found.clone();
        }
        assert!(began.elapsed() < PATIENCE, "{seen:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn exports_of_the_replicas_snapshots_are_found_with_how_they_ended() {
    let world = World::build().await;
    assert_eq!(exports(&world).await, Vec::new());
    let refused = export(&world, "orders-1").await.unwrap_err();
    assert!(refused.contains("InvalidS3BucketFault"), "{refused}");
    world.simulator.admit_exports(EAST, BUCKET, ROLE);
    world.simulator.fail_export(EAST, "the key is disabled");
    export(&world, "orders-1").await.unwrap();
    let failed = until_ended(&world, "FAILED").await;
    assert_eq!(failed.cause.as_deref(), Some("the key is disabled"));
    let taken = export(&world, "orders-1").await.unwrap_err();
    assert!(taken.contains("ExportTaskAlreadyExists"), "{taken}");
    export(&world, "orders-2").await.unwrap();
    let complete = until_ended(&world, "COMPLETE").await;
    assert_eq!(complete.cause, None);
    assert_eq!(complete.taken_at, failed.taken_at, "of the same snapshot");
    let elsewhere = world.aws.exports(&WEST.into(), "orders-west").await;
    assert_eq!(elsewhere.unwrap().unwrap().exports, Vec::new());
}
