//! Instances of MariaDB on real servers: a replica follows, is cut off, is promoted; what dies comes back; what its master user may do.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests wait for processes and read their environment"
)]

mod pair;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use mysql_async::prelude::Queryable;

use crate::{
    pair::{
        MASTER, PASSWORD, REPLICA, SOURCE, arn, available, code, described, follow, insert, pair,
        promote, promoted, source, until,
    },
    support::{EAST, WEST},
};

/// `ER_OPTION_PREVENTS_STATEMENT`: the server runs with `--read-only`.
const READ_ONLY: u16 = 1290;
/// `ER_SPECIFIC_ACCESS_DENIED_ERROR`: a right is missing.
const NO_RIGHT: u16 = 1227;
/// `ER_KILL_DENIED_ERROR`: it is not the caller's session.
const NOT_OWNER: u16 = 1095;
/// `ER_SIGNAL_EXCEPTION`: a procedure refuses.
const REFUSED: u16 = 1644;

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_follows_is_cut_off_and_is_promoted() {
    let Some(pair) = pair().await else {
        return;
    };
    let shown = described(&pair.west, SOURCE).await;
    assert_eq!(
        (
            shown.engine(),
            shown.engine_version(),
            shown.license_model()
        ),
        (
            Some("mariadb"),
            Some("10.11.14"),
            Some("general-public-license")
        )
    );
    assert_eq!(shown.endpoint().unwrap().port(), Some(3_306));
    let group = &shown.db_parameter_groups()[0];
    assert_eq!(
        group.db_parameter_group_name(),
        Some("default.mariadb10.11")
    );
    let options = &shown.option_group_memberships()[0];
    assert_eq!(options.option_group_name(), Some("default:mariadb-10-11"));

    pair.has(EAST, REPLICA, &[1]).await;
    pair.write(WEST, SOURCE, 2).await;
    pair.has(EAST, REPLICA, &[1, 2]).await;
    let replication = || pair.simulator.replication(EAST, REPLICA);
    until("the replica says that it is up to date", async || {
        let seen = replication().await.unwrap();
        seen.replay_age == Some(Duration::ZERO) && seen.behind_bytes == Some(0)
    })
    .await;
    let mut reader = pair.connect(EAST, REPLICA).await.unwrap();
    assert_eq!(code(insert(&mut reader, 3).await), READ_ONLY);
    let off = reader.query_drop("SET GLOBAL read_only = OFF").await;
    assert_eq!(code(off), NO_RIGHT);

    pair.simulator.cut_replication(EAST).await;
    pair.write(WEST, SOURCE, 3).await;
    until("the replica knows that it hears nothing", async || {
        replication().await.unwrap().replay_age.is_none()
    })
    .await;
    assert_eq!(pair.numbers(EAST, REPLICA).await, Some(vec![1, 2]));
    assert!(replication().await.unwrap().behind_bytes > Some(0));
    pair.simulator.mend_replication(EAST).await;
    pair.has(EAST, REPLICA, &[1, 2, 3]).await;

    promote(&pair.east, REPLICA).await;
    assert!(!pair.is_read_only(EAST, REPLICA).await);
    assert!(!pair.is_set_up_to_follow(EAST, REPLICA).await);
    pair.write(EAST, REPLICA, 4).await;
    pair.write(WEST, SOURCE, 5).await;
    assert_eq!(pair.numbers(EAST, REPLICA).await, Some(vec![1, 2, 3, 4]));
    // What was left is replaced by a replica of the promoted one, whose log goes on where the source's was.
    follow(&pair.west, "orders-west-2", &arn(EAST, REPLICA)).await;
    pair.write(EAST, REPLICA, 6).await;
    pair.has(WEST, "orders-west-2", &[1, 2, 3, 4, 6]).await;
    pair.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_dies_comes_back_as_it_was_and_is_followed_again() {
    let Some(pair) = pair().await else {
        return;
    };
    pair.has(EAST, REPLICA, &[1]).await;
    pair.write(WEST, SOURCE, 2).await;
    pair.simulator.lose_region(WEST).await;
    assert!(pair.connect(WEST, SOURCE).await.is_err());
    let seen = pair.simulator.replication(EAST, REPLICA).await.unwrap();
    assert_eq!(seen.behind_bytes, None, "its source does not answer");
    pair.simulator.return_region(WEST);
    pair.has(WEST, SOURCE, &[1, 2]).await;
    pair.write(WEST, SOURCE, 3).await;
    pair.has(EAST, REPLICA, &[1, 2, 3]).await;

    pair.simulator.crash(EAST, REPLICA).await;
    pair.write(WEST, SOURCE, 4).await;
    pair.simulator.revive(EAST, REPLICA).await.unwrap();
    pair.has(EAST, REPLICA, &[1, 2, 3, 4]).await;
    assert!(pair.is_read_only(EAST, REPLICA).await);

    let rename = pair.west.modify_db_instance();
    rename
        .db_instance_identifier(SOURCE)
        .new_db_instance_identifier("orders-old")
        .apply_immediately(true)
        .send()
        .await
        .unwrap();
    available(&pair.west, "orders-old").await;
    assert!(pair.simulator.backend(WEST, SOURCE).is_none());
    pair.write(WEST, "orders-old", 5).await;
    pair.has(EAST, REPLICA, &[1, 2, 3, 4, 5]).await;

    // With its Region away, its replica is promoted all the same, and what it has applied stays.
    pair.simulator.lose_region(WEST).await;
    promote(&pair.east, REPLICA).await;
    pair.write(EAST, REPLICA, 6).await;
    assert_eq!(
        pair.numbers(EAST, REPLICA).await,
        Some(vec![1, 2, 3, 4, 5, 6])
    );
    pair.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_user_may_do_what_rds_lets_it_do() {
    let Some(pair) = source().await else {
        return;
    };
    let mut master = pair.connect(WEST, SOURCE).await.unwrap();
    let tls = master.query_first("SHOW STATUS LIKE 'Ssl_cipher'").await;
    let (_, cipher): (String, String) = tls.unwrap().unwrap();
    assert!(!cipher.is_empty(), "its session is encrypted");
    for statement in [
        "SET GLOBAL read_only = ON",
        "SET GLOBAL max_connections = 10",
        "CHANGE MASTER TO MASTER_DELAY = 1",
    ] {
        assert_eq!(
            code(master.query_drop(statement).await),
            NO_RIGHT,
            "{statement}"
        );
    }
    master
        .query_drop("CREATE USER 'app'@'%' IDENTIFIED BY 'app'")
        .await
        .unwrap();
    master
        .query_drop("GRANT SELECT, INSERT ON orders.* TO 'app'@'%'")
        .await
        .unwrap();

    let rds = pair.simulator.connect_as_rds_to_mariadb(WEST, SOURCE);
    let mut rds = rds.await.unwrap();
    let owner: Option<String> = rds.query_first("SELECT CURRENT_USER()").await.unwrap();
    assert_eq!(owner.as_deref(), Some("rdsadmin@localhost"));
    let accounts = "SELECT CONCAT(user, '@', host) FROM mysql.user ORDER BY 1";
    let accounts: Vec<String> = master.query(accounts).await.unwrap();
    let wanted = [
        "app@%",
        "mariadb.sys@localhost",
        "orders_admin@%",
        "rdsadmin@localhost",
        "rdsrepladmin@%",
    ];
    assert_eq!(accounts, wanted);

    let foreign = rds.id();
    let kill = master.query_drop(format!("KILL {foreign}")).await;
    assert_eq!(code(kill), NOT_OWNER);
    let kill = master.query_drop(format!("CALL mysql.rds_kill({foreign})"));
    assert_eq!(code(kill.await), REFUSED, "that of RDS itself");
    let address = pair.simulator.backend(WEST, SOURCE).unwrap();
    let options = mysql_async::OptsBuilder::default()
        .ip_or_hostname(address.ip().to_string())
        .tcp_port(address.port())
        .prefer_socket(false)
        .user(Some("app"))
        .pass(Some("app"));
    let mut app = mysql_async::Conn::new(options).await.unwrap();
    let kill = master.query_drop(format!("KILL {}", app.id())).await;
    assert_eq!(code(kill), NOT_OWNER);
    let kill = format!("CALL mysql.rds_kill({})", app.id());
    master.query_drop(kill).await.unwrap();
    assert!(app.query_drop("SELECT 1").await.is_err(), "it was ended");
    pair.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_of_the_master_user_holds_and_no_file_has_it() {
    let Some(pair) = source().await else {
        return;
    };
    let change = pair.west.modify_db_instance();
    change
        .db_instance_identifier(SOURCE)
        .master_user_password("an'other one")
        .send()
        .await
        .unwrap();
    until("the new password holds", async || {
        pair.connect_with(WEST, SOURCE, "an'other one")
            .await
            .is_ok()
    })
    .await;
    assert!(pair.connect_with(WEST, SOURCE, PASSWORD).await.is_err());
    assert_no_secret(pair.folder.path(), &[PASSWORD, "an'other one"]);
    assert_eq!(
        MASTER,
        described(&pair.west, SOURCE)
            .await
            .master_username()
            .unwrap()
    );
    pair.simulator.stop().await;
}

/// No file below a folder holds one of these.
fn assert_no_secret(folder: &std::path::Path, secrets: &[&str]) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_no_secret(&path, secrets);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        for secret in secrets {
            let mut parts = bytes.windows(secret.len());
            assert!(!parts.any(|part| part == secret.as_bytes()), "{path:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_kept_copied_and_restored_and_a_deleted_source_leaves_a_writer() {
    let Some(pair) = pair().await else {
        return;
    };
    let snapshot = pair.west.create_db_snapshot();
    snapshot
        .db_instance_identifier(SOURCE)
        .db_snapshot_identifier("kept")
        .send()
        .await
        .unwrap();
    let taken = async |rds: &aws_sdk_rds::Client, id: &str| {
        until(&format!("{id} is available"), async || {
            let shown = rds.describe_db_snapshots().db_snapshot_identifier(id);
            let shown = shown.send().await.unwrap();
            let shown = &shown.db_snapshots()[0];
            assert_eq!(shown.engine(), Some("mariadb"));
            shown.status() == Some("available")
        })
        .await;
    };
    taken(&pair.west, "kept").await;
    let copy = pair.east.copy_db_snapshot();
    copy.source_db_snapshot_identifier("arn:aws:rds:us-west-2:123456789012:snapshot:kept")
        .target_db_snapshot_identifier("kept-here")
        .send()
        .await
        .unwrap();
    taken(&pair.east, "kept-here").await;
    let copied = "data/mariadb/snapshots/us-east-1/db:kept-here/ibdata1";
    assert!(pair.folder.path().join(copied).is_file());
    let restore = pair.east.restore_db_instance_from_db_snapshot();
    restore
        .db_instance_identifier("restored")
        .db_snapshot_identifier("kept-here")
        .send()
        .await
        .unwrap();
    available(&pair.east, "restored").await;
    pair.has(EAST, "restored", &[1]).await;
    pair.write(EAST, "restored", 9).await;
    assert!(!pair.is_set_up_to_follow(EAST, "restored").await);

    // Unlike PostgreSQL's, a replica in another Region is promoted then.
    available(&pair.west, SOURCE).await;
    let delete = pair.west.delete_db_instance();
    delete
        .db_instance_identifier(SOURCE)
        .skip_final_snapshot(true)
        .send()
        .await
        .unwrap();
    promoted(&pair.east, REPLICA).await;
    pair.write(EAST, REPLICA, 2).await;
    pair.has(EAST, REPLICA, &[1, 2]).await;
    pair.simulator.stop().await;
}
