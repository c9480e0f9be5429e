//! The simulator on real PostgreSQL: what it says about writers and standbys is true of the databases.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]
#![allow(clippy::disallowed_methods, reason = "tests wait for processes")]

mod support;

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use rds_sim::Simulator;
use support::database::{connect, count, holds, insert, processes_in, reconnect, status};
use support::{
    EAST, EAST_ARN, GLOBAL, OnPostgres, WEST, WEST_ARN, available, build, client, on_postgres,
    postgres_binaries, settled,
};
use tokio_postgres::Client;

#[tokio::test]
async fn a_lost_region_costs_only_what_was_not_replicated() {
    let Some(OnPostgres {
        simulator,
        west: _,
        east: _,
        folder,
    }) = on_postgres().await
    else {
        return;
    };
    let data = folder.path().join("data");

    let writer = connect(&simulator, WEST, "orders-west").await.unwrap();
    writer
        .batch_execute("CREATE TABLE numbers (number int PRIMARY KEY)")
        .await
        .unwrap();
    insert(&writer, 1).await.unwrap();
    let standby = connect(&simulator, EAST, "orders-east").await.unwrap();
    holds(&standby, 1).await;
    assert_eq!(
        insert(&standby, 2)
            .await
            .unwrap_err()
            .code()
            .unwrap()
            .code(),
        "25006"
    );

    let seen = status(&writer).await;
    assert_eq!(
        seen.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(),
        [WEST, EAST]
    );
    assert_eq!((seen[0].2, seen[1].2 >= 0), (-1, true));
    let before = status(&standby).await;
    assert_eq!(
        before
            .iter()
            .map(|row| (row.0.as_str(), row.2 == -1))
            .collect::<Vec<_>>(),
        [(WEST, true), (EAST, false)]
    );

    simulator.cut_replication(EAST).await;
    insert(&writer, 2).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(count(&standby).await, 1);
    assert!(simulator.behind_bytes(EAST, "orders-east").await.unwrap() > 0);
    simulator.mend_replication(EAST).await;
    holds(&standby, 2).await;
    let after = status(&standby).await;
    assert!(
        after[1].1 > before[1].1,
        "the standby's own row shows progress"
    );

    lose_the_writer(&simulator, &writer, &standby).await;
    simulator.stop().await;
    assert_eq!(processes_in(&data), 0);
}

#[tokio::test]
async fn a_database_that_crashed_comes_back_with_its_rows_while_its_status_says_what_it_is_told() {
    let Some(OnPostgres {
        simulator,
        west,
        east: _,
        folder: _folder,
    }) = on_postgres().await
    else {
        return;
    };
    let writer = connect(&simulator, WEST, "orders-west").await.unwrap();
    writer
        .batch_execute("CREATE TABLE numbers (number int PRIMARY KEY)")
        .await
        .unwrap();
    insert(&writer, 1).await.unwrap();

    simulator.crash(WEST, "orders-west").await;
    simulator.show_status(WEST, "orders-west", Some("rebooting"));
    assert!(insert(&writer, 2).await.is_err());
    assert!(connect(&simulator, WEST, "orders-west").await.is_err());
    let answer = west
        .describe_db_instances()
        .db_instance_identifier("orders-west-1")
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer.db_instances()[0].db_instance_status(),
        Some("rebooting")
    );

    simulator.revive(WEST, "orders-west").await.unwrap();
    simulator.show_status(WEST, "orders-west", None);
    let writer = reconnect(&simulator, WEST, "orders-west").await;
    insert(&writer, 2).await.unwrap();
    available(&west, "orders-west").await;
    let standby = connect(&simulator, EAST, "orders-east").await.unwrap();
    holds(&standby, 2).await;
    simulator.stop().await;
}

/// Loses the Region of the writer with a row that was not replicated, and promotes the standby without it.
async fn lose_the_writer(simulator: &Simulator, writer: &Client, standby: &Client) {
    let (west, east) = (
        client(simulator.address(), WEST),
        client(simulator.address(), EAST),
    );
    simulator.cut_replication(EAST).await;
    insert(writer, 3).await.unwrap();
    simulator.lose_region(WEST).await;
    assert!(insert(writer, 4).await.is_err());
    assert!(connect(simulator, WEST, "orders-west").await.is_err());
    east.remove_from_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .db_cluster_identifier(EAST_ARN)
        .send()
        .await
        .unwrap();
    available(&east, "orders-east").await;
    insert(standby, 5).await.unwrap();
    assert_eq!(
        count(standby).await,
        3,
        "1, 2 and 5: row 3 never left the lost Region"
    );
    assert_eq!(status(standby).await.len(), 1);

    simulator.return_region(WEST);
    available(&west, "orders-west").await;
    let deposed = reconnect(simulator, WEST, "orders-west").await;
    assert_eq!(
        count(&deposed).await,
        3,
        "1, 2 and 3: the deposed writer has what it acknowledged"
    );
    insert(&deposed, 6).await.unwrap();
}

#[tokio::test]
async fn roles_change_without_losing_a_row_and_a_deposed_writer_is_rebuilt() {
    let Some(OnPostgres {
        simulator,
        west,
        east,
        folder,
    }) = on_postgres().await
    else {
        return;
    };
    let data = folder.path().join("data");
    let writer = connect(&simulator, WEST, "orders-west").await.unwrap();
    writer
        .batch_execute("CREATE TABLE numbers (number int PRIMARY KEY)")
        .await
        .unwrap();
    insert(&writer, 1).await.unwrap();

    west.switchover_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .target_db_cluster_identifier(EAST_ARN)
        .send()
        .await
        .unwrap();
    settled(
        &east,
        &[
            "orders-east writer connected",
            "orders-west standby connected",
        ],
    )
    .await;
    let writer = connect(&simulator, EAST, "orders-east").await.unwrap();
    insert(&writer, 2).await.unwrap();
    let standby = reconnect(&simulator, WEST, "orders-west").await;
    holds(&standby, 2).await;
    assert_eq!(status(&standby).await[0].0, EAST);

    rebuild_the_writer(&simulator, &standby).await;
    simulator.stop().await;
    assert_eq!(processes_in(&data), 0);
}

/// Loses the Region of the writer, fails over to `standby`, and gives the Region back.
async fn rebuild_the_writer(simulator: &Simulator, standby: &Client) {
    let west = client(simulator.address(), WEST);
    simulator.lose_region(EAST).await;
    west.failover_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .target_db_cluster_identifier(WEST_ARN)
        .allow_data_loss(true)
        .send()
        .await
        .unwrap();
    settled(
        &west,
        &[
            "orders-west writer connected",
            "orders-east standby pending-resync",
        ],
    )
    .await;
    insert(standby, 3).await.unwrap();
    simulator.return_region(EAST);
    settled(
        &west,
        &[
            "orders-west writer connected",
            "orders-east standby connected",
        ],
    )
    .await;
    let rebuilt = connect(simulator, EAST, "orders-east").await.unwrap();
    holds(&rebuilt, 3).await;
    assert_eq!(
        insert(&rebuilt, 4)
            .await
            .unwrap_err()
            .code()
            .unwrap()
            .code(),
        "25006"
    );
}

#[tokio::test]
async fn a_killed_simulator_takes_its_databases_with_it() {
    let Some(binaries) = postgres_binaries() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut process = Command::new(env!("CARGO_BIN_EXE_rds-sim"))
        .arg("--postgres")
        .arg(binaries)
        .arg("--data")
        .arg(&data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line
        .trim()
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    let (west, east) = (client(address, WEST), client(address, EAST));
    build(&west, &east).await;
    assert!(processes_in(&data) >= 2);
    process.kill().unwrap();
    process.wait().unwrap();
    for _ in 0..500 {
        if processes_in(&data) == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} processes are left", processes_in(&data));
}

#[tokio::test]
async fn a_deleted_cluster_leaves_its_snapshot_and_no_database() {
    let Some(OnPostgres {
        simulator,
        west: _,
        east,
        folder,
    }) = on_postgres().await
    else {
        return;
    };
    let data = folder.path().join("data");
    east.remove_from_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .db_cluster_identifier(EAST_ARN)
        .send()
        .await
        .unwrap();
    available(&east, "orders-east").await;
    east.create_db_cluster_snapshot()
        .db_cluster_identifier("orders-east")
        .db_cluster_snapshot_identifier("while-it-runs")
        .send()
        .await
        .unwrap();
    east.delete_db_instance()
        .db_instance_identifier("orders-east-1")
        .send()
        .await
        .unwrap();
    // Without an instance there is no database to reach, and its volume stays.
    let gone = async || connect(&simulator, EAST, "orders-east").await.is_err();
    until("the database is down", gone).await;
    assert!(data.join("us-east-1/orders-east/data/PG_VERSION").is_file());
    east.delete_db_cluster()
        .db_cluster_identifier("orders-east")
        .final_db_snapshot_identifier("when-it-went")
        .send()
        .await
        .unwrap();
    let deleted = async || !data.join("us-east-1/orders-east/data").exists();
    until("the volume is removed", deleted).await;
    for snapshot in ["while-it-runs", "when-it-went"] {
        let volume = data.join("snapshots/us-east-1").join(snapshot);
        assert!(volume.join("PG_VERSION").is_file(), "{}", volume.display());
    }
    assert!(connect(&simulator, WEST, "orders-west").await.is_ok());
    simulator.stop().await;
}

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("within 10 s it was not so that {what}");
}
