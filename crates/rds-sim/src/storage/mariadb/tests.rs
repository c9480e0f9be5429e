//! What no call of the API leads to yet: a volume that is restored.

use std::path::{Path, PathBuf};

use mysql_async::prelude::Queryable;

use super::*;

/// `None` where the project's setup left MariaDB out.
fn tree() -> Option<PathBuf> {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let tree = folders.find_map(|folder| {
        let tree = folder.join(".tools/mariadb");
        tree.join(".installed").is_file().then_some(tree)
    });
    let tree = tree.filter(|tree| !tree.join(".left-out").exists());
    if tree.is_none() {
        eprintln!("SKIPPED: no MariaDB; run `make setup`");
    }
    tree
}

async fn numbers(mariadb: &MariaDb, key: &ClusterKey) -> Vec<u32> {
    let mut conn = mariadb.connect_as_rds(key).await.unwrap();
    conn.query("SELECT number FROM orders.numbers")
        .await
        .unwrap()
}

async fn execute(mariadb: &MariaDb, key: &ClusterKey, statement: &str) {
    let mut conn = mariadb.connect_as_rds(key).await.unwrap();
    conn.query_drop(statement).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_volume_is_a_writer_with_what_was_there_then() {
    let Some(tree) = tree() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let spawner = Arc::new(Spawner::start().unwrap());
    let mariadb = MariaDb::new(&tree, folder.path(), &spawner).unwrap();
    let west = ClusterKey::new("us-west-2", "orders");
    let east = ClusterKey::new("us-east-1", "orders");
    let made = mariadb.create_instance(&west, Some("orders"), "orders_admin", "secret");
    made.await.unwrap();
    execute(&mariadb, &west, "CREATE TABLE orders.numbers (number INT)").await;
    execute(&mariadb, &west, "INSERT INTO orders.numbers VALUES (1)").await;
    mariadb.create_replica(&east, &west).await.unwrap();

    let kept = ClusterKey::new("us-west-2", "db:kept");
    mariadb.snapshot(&west, &kept).await.unwrap();
    assert!(mariadb.has_snapshot(&kept));
    execute(&mariadb, &west, "INSERT INTO orders.numbers VALUES (2)").await;
    let of_stopped = ClusterKey::new("us-east-1", "db:stopped");
    mariadb.halt(&east).await.unwrap();
    mariadb.snapshot(&east, &of_stopped).await.unwrap();

    let restored = ClusterKey::new("us-west-2", "restored");
    mariadb.restore(&kept, &restored).await.unwrap();
    assert_eq!(numbers(&mariadb, &restored).await, [1]);
    execute(&mariadb, &restored, "INSERT INTO orders.numbers VALUES (3)").await;
    // A replica's volume makes a server that follows nothing.
    let again = ClusterKey::new("us-east-1", "restored");
    mariadb.restore(&of_stopped, &again).await.unwrap();
    let mut conn = mariadb.connect_as_rds(&again).await.unwrap();
    let status: Option<mysql_async::Row> = conn.query_first("SHOW SLAVE STATUS").await.unwrap();
    assert!(status.is_none());
    execute(&mariadb, &again, "INSERT INTO orders.numbers VALUES (4)").await;
    mariadb.stop().await;
}
