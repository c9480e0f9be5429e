//! What is brought home by copied snapshots, on real PostgreSQL: a server of its own under the old name, with the rows of the snapshot.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]
#![allow(clippy::disallowed_methods, reason = "tests wait for processes")]

mod support;

use std::time::Duration;

use aws_sdk_rds::{Client as Rds, error::ProvideErrorMetadata};
use rds_sim::{Side, Simulator};
use support::{
    EAST, WEST, available, client,
    database::{connect, count, insert, processes_in, reconnect},
    postgres_binaries, servers, simulator,
};
use tokio_postgres::Client;

const NAME: &str = "orders";
const OLD: &str = "old-orders";
const CLUSTER: &str = "orders-cluster";

/// A simulator on real PostgreSQL, and the folder that it keeps.
struct World {
    simulator: Simulator,
    west: Rds,
    east: Rds,
    folder: tempfile::TempDir,
}

/// That, or `None` where no PostgreSQL is installed.
async fn world() -> Option<World> {
    let binaries = postgres_binaries()?;
    let folder = tempfile::tempdir().unwrap();
    let simulator = simulator(servers(binaries, folder.path().join("data"))).await;
    let address = simulator.address();
    Some(World {
        west: client(address, WEST),
        east: client(address, EAST),
        simulator,
        folder,
    })
}

impl World {
    /// An instance with a table of so many rows.
    async fn instance(&self, region: &str, multi_az: bool, rows: i32) -> Client {
        let rds = if region == WEST {
            &self.west
        } else {
            &self.east
        };
        rds.create_db_instance()
            .db_instance_identifier(NAME)
            .db_instance_class("db.m6g.large")
            .engine("postgres")
            .allocated_storage(20)
            .master_username("postgres_admin")
            .master_user_password("it's not a secret")
            .db_name("orders")
            .backup_retention_period(0)
            .multi_az(multi_az)
            .send()
            .await
            .unwrap();
        is_there(rds, NAME).await;
        let writer = connect(&self.simulator, region, NAME).await.unwrap();
        fill(&writer, rows).await;
        writer
    }

    /// Takes a snapshot of the instance in the west and copies it to the east under the same name.
    async fn copy_home(&self, snapshot: &str) {
        let take = self.west.create_db_snapshot();
        take.db_instance_identifier(NAME)
            .db_snapshot_identifier(snapshot)
            .send()
            .await
            .unwrap();
        is_kept(&self.west, snapshot).await;
        is_there(&self.west, NAME).await;
        let arn = format!("arn:aws:rds:us-west-2:123456789012:snapshot:{snapshot}");
        let copy = self.east.copy_db_snapshot();
        copy.source_db_snapshot_identifier(arn)
            .target_db_snapshot_identifier(snapshot)
            .send()
            .await
            .unwrap();
        is_kept(&self.east, snapshot).await;
    }

    async fn restore(&self, name: &str, snapshot: &str) -> Result<(), String> {
        let restore = self.east.restore_db_instance_from_db_snapshot();
        let restored = restore
            .db_instance_identifier(name)
            .db_snapshot_identifier(snapshot)
            .send()
            .await;
        restored
            .map(|_| ())
            .map_err(|error| error.code().unwrap().to_owned())
    }

    /// Ends the simulator; nothing of it runs on.
    async fn end(self) {
        self.simulator.stop().await;
        assert_eq!(processes_in(&self.folder.path().join("data")), 0);
    }
}

async fn fill(writer: &Client, rows: i32) {
    let table = "CREATE TABLE numbers (number int PRIMARY KEY)";
    writer.batch_execute(table).await.unwrap();
    for number in 1..=rows {
        insert(writer, number).await.unwrap();
    }
}

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..1_500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("within 30 s it was not so that {what}");
}

async fn is_there(rds: &Rds, instance: &str) {
    until(&format!("{instance} is available"), async || {
        let shown = rds.describe_db_instances().db_instance_identifier(instance);
        let shown = shown.send().await;
        shown.is_ok_and(|shown| shown.db_instances()[0].db_instance_status() == Some("available"))
    })
    .await;
}

async fn is_kept(rds: &Rds, snapshot: &str) {
    until(&format!("{snapshot} is available"), async || {
        let shown = rds.describe_db_snapshots().db_snapshot_identifier(snapshot);
        let shown = shown.send().await.unwrap();
        let shown = &shown.db_snapshots()[0];
        assert_eq!(
            shown.percent_progress() == Some(100),
            shown.status() == Some("available")
        );
        shown.status() == Some("available")
    })
    .await;
}

async fn endpoint(rds: &Rds, instance: &str) -> String {
    let shown = rds.describe_db_instances().db_instance_identifier(instance);
    let shown = shown.send().await.unwrap();
    let endpoint = shown.db_instances()[0].endpoint().unwrap().clone();
    endpoint.address().unwrap().to_owned()
}

#[tokio::test]
async fn an_instance_is_restored_from_a_copied_snapshot_with_its_rows_under_its_old_name() {
    let Some(world) = world().await else {
        return;
    };
    let away = world.instance(WEST, true, 3).await;
    let home = world.instance(EAST, false, 1).await;
    world.copy_home("kept").await;
    insert(&away, 4).await.unwrap();
    let side = |region| world.simulator.snapshot_side(region, "kept");
    assert_eq!(
        (side(WEST), side(EAST)),
        (Some(Side::Standby), Some(Side::Standby))
    );

    let taken = world.restore(NAME, "kept").await;
    assert_eq!(taken.unwrap_err(), "DBInstanceAlreadyExists");
    let before = endpoint(&world.east, NAME).await;
    let rename = world.east.modify_db_instance();
    rename
        .db_instance_identifier(NAME)
        .new_db_instance_identifier(OLD)
        .apply_immediately(true)
        .send()
        .await
        .unwrap();
    is_there(&world.east, OLD).await;
    assert!(insert(&home, 9).await.is_err(), "a renaming starts it anew");
    world.restore(NAME, "kept").await.unwrap();
    is_there(&world.east, NAME).await;

    let restored = reconnect(&world.simulator, EAST, NAME).await;
    assert_eq!(
        count(&restored).await,
        3,
        "1, 2 and 3: 4 came after the snapshot"
    );
    insert(&restored, 5).await.unwrap();
    assert_eq!(endpoint(&world.east, NAME).await, before);
    let old = reconnect(&world.simulator, EAST, OLD).await;
    assert_eq!(count(&old).await, 1, "what was there is there still");
    insert(&away, 6).await.unwrap();
    assert_eq!(
        count(&restored).await,
        4,
        "nothing flows from one to the other"
    );
    // The snapshot is what it was, and serves again.
    world.restore("orders-again", "kept").await.unwrap();
    is_there(&world.east, "orders-again").await;
    let again = reconnect(&world.simulator, EAST, "orders-again").await;
    assert_eq!(count(&again).await, 3);
    world.end().await;
}

#[tokio::test]
async fn the_second_copy_of_an_instance_takes_along_what_changed_and_is_whole() {
    let Some(world) = world().await else {
        return;
    };
    let away = world.instance(WEST, false, 2).await;
    world.copy_home("first").await;
    insert(&away, 3).await.unwrap();
    world.copy_home("second").await;
    let of = |snapshot| world.simulator.transfer(EAST, snapshot).unwrap();
    let (first, second) = (of("first"), of("second"));
    assert_eq!(first.since, None);
    assert_eq!(second.since.unwrap().id, "first");
    let (first, second) = (first.bytes.unwrap(), second.bytes.unwrap());
    assert!(first > 20_000_000, "{first} bytes: a whole database");
    assert!(second > 0 && second < first, "{second} bytes of {first}");
    assert_eq!(
        world.simulator.snapshot_side(EAST, "second"),
        Some(Side::Instance)
    );

    let delete = world.east.delete_db_snapshot();
    let delete = delete.db_snapshot_identifier("first");
    delete.send().await.unwrap();
    world.restore(NAME, "second").await.unwrap();
    is_there(&world.east, NAME).await;
    let restored = reconnect(&world.simulator, EAST, NAME).await;
    assert_eq!(count(&restored).await, 3);
    // A Region that dies takes what was restored with it, and brings it back.
    world.simulator.lose_region(EAST).await;
    assert!(insert(&restored, 4).await.is_err());
    world.simulator.return_region(EAST);
    let restored = reconnect(&world.simulator, EAST, NAME).await;
    insert(&restored, 4).await.unwrap();
    assert_eq!(count(&restored).await, 4);
    world.end().await;
}

/// A cluster of its own with an instance, and a table of so many rows.
async fn cluster(world: &World, rds: &Rds, region: &str, rows: i32) -> Client {
    rds.create_db_cluster()
        .db_cluster_identifier(CLUSTER)
        .engine("aurora-postgresql")
        .master_username("postgres_admin")
        .master_user_password("it's not a secret")
        .database_name("orders")
        .send()
        .await
        .unwrap();
    available(rds, CLUSTER).await;
    member(rds, CLUSTER).await;
    let writer = connect(&world.simulator, region, CLUSTER).await.unwrap();
    fill(&writer, rows).await;
    writer
}

async fn member(rds: &Rds, cluster: &str) {
    rds.create_db_instance()
        .db_instance_identifier(format!("{cluster}-1"))
        .db_instance_class("db.r6g.large")
        .engine("aurora-postgresql")
        .db_cluster_identifier(cluster)
        .send()
        .await
        .unwrap();
    is_there(rds, &format!("{cluster}-1")).await;
}

async fn is_kept_of_cluster(rds: &Rds, snapshot: &str) {
    until(&format!("{snapshot} is available"), async || {
        let shown = rds.describe_db_cluster_snapshots();
        let shown = shown.db_cluster_snapshot_identifier(snapshot).send().await;
        shown.unwrap().db_cluster_snapshots()[0].status() == Some("available")
    })
    .await;
}

#[tokio::test]
async fn a_cluster_is_restored_from_a_copied_snapshot_with_its_rows_under_its_old_name() {
    let Some(world) = world().await else {
        return;
    };
    let (west, east) = (&world.west, &world.east);
    let away = cluster(&world, west, WEST, 3).await;
    cluster(&world, east, EAST, 1).await;
    let take = west.create_db_cluster_snapshot();
    take.db_cluster_identifier(CLUSTER)
        .db_cluster_snapshot_identifier("kept")
        .send()
        .await
        .unwrap();
    is_kept_of_cluster(west, "kept").await;
    insert(&away, 4).await.unwrap();
    let copy = east.copy_db_cluster_snapshot();
    copy.source_db_cluster_snapshot_identifier(
        "arn:aws:rds:us-west-2:123456789012:cluster-snapshot:kept",
    )
    .target_db_cluster_snapshot_identifier("kept")
    .send()
    .await
    .unwrap();
    is_kept_of_cluster(east, "kept").await;
    let copied = world.simulator.cluster_transfer(EAST, "kept").unwrap();
    assert!(copied.since.is_none() && copied.bytes.unwrap() > 20_000_000);

    make_room(east).await;
    let restore = east.restore_db_cluster_from_snapshot();
    restore
        .db_cluster_identifier(CLUSTER)
        .snapshot_identifier("kept")
        .engine("aurora-postgresql")
        .send()
        .await
        .unwrap();
    available(east, CLUSTER).await;
    member(east, CLUSTER).await;
    let restored = reconnect(&world.simulator, EAST, CLUSTER).await;
    assert_eq!(
        count(&restored).await,
        3,
        "1, 2 and 3: 4 came after the snapshot"
    );
    insert(&restored, 5).await.unwrap();
    assert_eq!(count(&away).await, 4);
    world.end().await;
}

/// Deletes the instance at home, and gives its cluster another name.
async fn make_room(east: &Rds) {
    let first = format!("{CLUSTER}-1");
    let delete = east.delete_db_instance().db_instance_identifier(&first);
    delete.skip_final_snapshot(true).send().await.unwrap();
    until("the instance is gone", async || {
        let shown = east.describe_db_instances().db_instance_identifier(&first);
        shown.send().await.is_err()
    })
    .await;
    let rename = east.modify_db_cluster().db_cluster_identifier(CLUSTER);
    rename
        .new_db_cluster_identifier(OLD)
        .apply_immediately(true)
        .send()
        .await
        .unwrap();
    until("the old name is free", async || {
        let shown = east.describe_db_clusters().db_cluster_identifier(CLUSTER);
        shown.send().await.is_err()
    })
    .await;
}
