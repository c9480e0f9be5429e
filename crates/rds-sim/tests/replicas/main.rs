//! Instances of their own on real PostgreSQL: what RDS says of sources and replicas is true of the databases.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]
#![allow(clippy::disallowed_methods, reason = "tests wait for processes")]

mod pair;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use aws_sdk_rds::{Client as Rds, types::DbInstance};
use pair::{
    Pair, REPLICA, SOURCE, arn, available, described, follow, held_back, in_recovery,
    log_a_megabyte, pair, promote, rename, shows, slots, until,
};
use rds_sim::Simulator;
use support::database::{connect, count, holds, insert, processes_in, reconnect};
use support::{EAST, WEST};

fn code(error: &tokio_postgres::Error) -> &str {
    error.code().unwrap().code()
}

#[tokio::test]
async fn a_replica_streams_through_a_slot_stalls_while_the_regions_are_parted_and_catches_up() {
    let Some(Pair {
        simulator,
        west,
        east: _,
        writer,
        folder,
    }) = pair().await
    else {
        return;
    };
    let replica = connect(&simulator, EAST, REPLICA).await.unwrap();
    holds(&replica, 1).await;
    assert!(in_recovery(&replica).await);
    assert_eq!(code(&insert(&replica, 2).await.unwrap_err()), "25006");
    let source = described(&west, SOURCE).await;
    assert_eq!(
        source.read_replica_db_instance_identifiers(),
        [arn(EAST, REPLICA)]
    );
    let held = slots(&simulator, WEST, SOURCE).await;
    let (slot, is_active) = &held[0];
    assert!(
        slot.starts_with("rds_us_east_1_db_") && *is_active,
        "{held:?}"
    );

    insert(&writer, 2).await.unwrap();
    holds(&replica, 2).await;
    simulator.cut_replication(EAST).await;
    insert(&writer, 3).await.unwrap();
    log_a_megabyte(&simulator, WEST, SOURCE).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(count(&replica).await, 2);
    let held = held_back(&simulator, WEST, SOURCE).await;
    assert!(held > 1_000_000, "{held} bytes: the source keeps its log");
    let parted = simulator.replication(EAST, REPLICA).await.unwrap();
    assert_eq!(parted.source.id, SOURCE);
    assert_eq!(
        parted.status,
        Some("replicating"),
        "RDS tells nothing of it"
    );
    assert!(parted.behind_bytes.unwrap() > 0);
    assert!(parted.replay_age.unwrap() >= Duration::from_secs(1));

    simulator.mend_replication(EAST).await;
    holds(&replica, 3).await;
    insert(&writer, 4).await.unwrap();
    holds(&replica, 4).await;
    let mended = simulator.replication(EAST, REPLICA).await.unwrap();
    assert!(mended.replay_age.unwrap() < parted.replay_age.unwrap());
    assert!(simulator.replication(WEST, SOURCE).await.is_none());
    let data = folder.path().join("data");
    simulator.stop().await;
    assert_eq!(processes_in(&data), 0);
}

#[tokio::test]
async fn a_promoted_replica_takes_over_and_the_deposed_source_makes_room_for_a_new_replica() {
    let Some(Pair {
        simulator,
        west,
        east,
        writer,
        folder: _folder,
    }) = pair().await
    else {
        return;
    };
    let replica = connect(&simulator, EAST, REPLICA).await.unwrap();
    holds(&replica, 1).await;
    simulator.cut_replication(EAST).await;
    insert(&writer, 2).await.unwrap();
    simulator.lose_region(WEST).await;
    assert!(insert(&writer, 3).await.is_err());
    let before = described(&east, REPLICA).await;
    let promoted = promote(&east, REPLICA).await;
    assert_eq!(promoted.endpoint(), before.endpoint(), "its name stays");
    assert_eq!(promoted.backup_retention_period(), Some(1));
    assert!(replica.is_closed(), "a promotion starts the server anew");
    let standing = reconnect(&simulator, EAST, REPLICA).await;
    assert!(!in_recovery(&standing).await);
    insert(&standing, 4).await.unwrap();
    assert_eq!(
        count(&standing).await,
        2,
        "1 and 4: row 2 never left the west"
    );

    simulator.return_region(WEST);
    simulator.mend_replication(EAST).await;
    let deposed = reconnect(&simulator, WEST, SOURCE).await;
    insert(&deposed, 5).await.unwrap();
    assert_eq!(count(&deposed).await, 3, "1, 2 and 5: RDS fences nobody");
    until("the slot is given up", async || {
        slots(&simulator, WEST, SOURCE).await.is_empty()
    })
    .await;
    make_room(&simulator, &west).await;
    follow(&west, SOURCE, &arn(EAST, REPLICA)).await;
    let anew = reconnect(&simulator, WEST, SOURCE).await;
    assert!(in_recovery(&anew).await);
    holds(&anew, 2).await;
    insert(&standing, 6).await.unwrap();
    holds(&anew, 3).await;
    simulator.stop().await;
}

/// The deposed source goes by another name, with what it holds, and its old one leads nowhere.
async fn make_room(simulator: &Simulator, west: &Rds) {
    let old = described(west, SOURCE).await;
    rename(west, SOURCE, "orders-west-old").await;
    assert!(simulator.backend(WEST, SOURCE).is_none());
    let renamed = described(west, "orders-west-old").await;
    assert_eq!(renamed.dbi_resource_id(), old.dbi_resource_id());
    assert_ne!(renamed.endpoint(), old.endpoint());
    assert_eq!(renamed.read_replica_db_instance_identifiers(), [""; 0]);
    let gone = west.describe_db_instances().db_instance_identifier(SOURCE);
    let gone = gone.send().await.unwrap_err().into_service_error();
    assert!(gone.is_db_instance_not_found_fault(), "{gone:?}");
    let kept = reconnect(simulator, WEST, "orders-west-old").await;
    assert_eq!(count(&kept).await, 3);
}

#[tokio::test]
async fn a_renamed_source_keeps_its_replica_and_a_deleted_one_leaves_it_behind() {
    let Some(Pair {
        simulator,
        west,
        east,
        writer: _,
        folder,
    }) = pair().await
    else {
        return;
    };
    rename(&west, SOURCE, "orders-moved").await;
    let source = arn(WEST, "orders-moved");
    let replica = described(&east, REPLICA).await;
    assert_eq!(
        replica.read_replica_source_db_instance_identifier(),
        Some(&*source)
    );
    let writer = reconnect(&simulator, WEST, "orders-moved").await;
    insert(&writer, 2).await.unwrap();
    let reader = reconnect(&simulator, EAST, REPLICA).await;
    holds(&reader, 2).await;
    // Also after its own Region went and came back, when it looks for its source anew.
    simulator.lose_region(EAST).await;
    insert(&writer, 3).await.unwrap();
    simulator.return_region(EAST);
    let reader = reconnect(&simulator, EAST, REPLICA).await;
    holds(&reader, 3).await;

    west.delete_db_instance()
        .db_instance_identifier("orders-moved")
        .final_db_snapshot_identifier("orders-last")
        .send()
        .await
        .unwrap();
    let is = |instance: &DbInstance| {
        let infos = instance.status_infos();
        infos[0].status() == Some("terminated") && infos[0].normal() == Some(false)
    };
    let left = shows(&east, REPLICA, "terminated", is).await;
    assert_eq!(left.db_instance_status(), Some("available"));
    let volume = folder
        .path()
        .join("data/snapshots/us-west-2/db:orders-last");
    assert!(volume.join("PG_VERSION").is_file(), "the last snapshot");
    assert!(simulator.backend(WEST, "orders-moved").is_none());
    assert_eq!(count(&reader).await, 3);
    assert!(in_recovery(&reader).await, "nobody promoted it");
    promote(&east, REPLICA).await;
    let standing = reconnect(&simulator, EAST, REPLICA).await;
    insert(&standing, 4).await.unwrap();
    simulator.stop().await;
}

#[tokio::test]
async fn a_source_stops_only_without_replicas_and_comes_back_with_its_rows() {
    let Some(Pair {
        simulator,
        west,
        east,
        writer,
        folder: _folder,
    }) = pair().await
    else {
        return;
    };
    let stop = || west.stop_db_instance().db_instance_identifier(SOURCE);
    let refused = stop().send().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_db_instance_state_fault(), "{refused:?}");
    east.delete_db_instance()
        .db_instance_identifier(REPLICA)
        .skip_final_snapshot(true)
        .send()
        .await
        .unwrap();
    let is = |instance: &DbInstance| instance.read_replica_db_instance_identifiers().is_empty();
    shows(&west, SOURCE, "without a replica", is).await;
    stop().send().await.unwrap();
    let is = |instance: &DbInstance| instance.db_instance_status() == Some("stopped");
    shows(&west, SOURCE, "stopped", is).await;
    assert!(insert(&writer, 2).await.is_err());
    assert!(connect(&simulator, WEST, SOURCE).await.is_err());
    let start = west.start_db_instance().db_instance_identifier(SOURCE);
    start.send().await.unwrap();
    available(&west, SOURCE).await;
    let writer = reconnect(&simulator, WEST, SOURCE).await;
    assert_eq!(count(&writer).await, 1);
    assert_eq!(slots(&simulator, WEST, SOURCE).await, []);
    simulator.stop().await;
}

#[tokio::test]
async fn a_region_that_dies_while_its_replica_is_promoted_finishes_it_when_it_returns() {
    let Some(Pair {
        simulator,
        west,
        east,
        writer,
        folder: _folder,
    }) = pair().await
    else {
        return;
    };
    let promote = east.promote_read_replica().db_instance_identifier(REPLICA);
    promote.send().await.unwrap();
    let is = |instance: &DbInstance| instance.db_instance_status() == Some("rebooting");
    shows(&east, REPLICA, "rebooting", is).await;
    simulator.lose_region(EAST).await;
    insert(&writer, 2).await.unwrap();
    simulator.return_region(EAST);
    let is = |instance: &DbInstance| {
        let follows = instance.read_replica_source_db_instance_identifier();
        instance.db_instance_status() == Some("available") && follows.is_none()
    };
    shows(&east, REPLICA, "promoted", is).await;
    let standing = reconnect(&simulator, EAST, REPLICA).await;
    assert!(!in_recovery(&standing).await);
    insert(&standing, 3).await.unwrap();
    assert_eq!(count(&writer).await, 2, "1 and 2: nothing flows back");
    let is = |instance: &DbInstance| instance.read_replica_db_instance_identifiers().is_empty();
    shows(&west, SOURCE, "without a replica", is).await;
    simulator.stop().await;
}

#[tokio::test]
async fn an_instance_that_crashed_comes_back_and_its_replica_follows_on() {
    let Some(Pair {
        simulator,
        west: _,
        east: _,
        writer,
        folder: _folder,
    }) = pair().await
    else {
        return;
    };
    simulator.crash(WEST, SOURCE).await;
    assert!(insert(&writer, 2).await.is_err());
    assert_eq!(
        simulator
            .replication(EAST, REPLICA)
            .await
            .unwrap()
            .behind_bytes,
        None,
        "nobody can tell while the source is silent"
    );
    simulator.revive(WEST, SOURCE).await.unwrap();
    let writer = reconnect(&simulator, WEST, SOURCE).await;
    insert(&writer, 2).await.unwrap();
    let replica = reconnect(&simulator, EAST, REPLICA).await;
    holds(&replica, 2).await;
    let delay = |seconds| simulator.delay_replay(EAST, REPLICA, Duration::from_secs(seconds));
    delay(600).await.unwrap();
    let held_back = first_held_back(&writer, &replica, 3).await;
    delay(0).await.unwrap();
    holds(&replica, held_back).await;
    simulator.stop().await;
}

/// Inserts rows from this one on until one is not replayed: the replica takes a delay over when it looks at its settings next. Which one
/// that was.
async fn first_held_back(
    writer: &tokio_postgres::Client,
    replica: &tokio_postgres::Client,
    from: i32,
) -> i64 {
    for row in from..from + 20 {
        insert(writer, row).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        if count(replica).await < i64::from(row) {
            return i64::from(row);
        }
    }
    panic!("the replica replays every row at once");
}
