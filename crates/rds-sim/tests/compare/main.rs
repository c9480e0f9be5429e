//! The comparison of two databases on real PostgreSQL: what only one of them has is found, whatever the keys are.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod large;
mod one_sided;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use aws_sdk_rds::{Client as Rds, error::ProvideErrorMetadata};
use failover::{
    ledger::TableIn,
    plan::KeyedTable,
    ports::{LATE, ListedRows, Reached, RowBatch},
};
use postgres::{Why, compare::batch};
use rds_sim::Simulator;
use tokio_postgres::Client;

use support::database::{connect, holds};
use support::{EAST, EAST_ARN, GLOBAL, OnPostgres, WEST, available, on_postgres};

const BEFORE: &str = "
    CREATE SCHEMA \"Odd Names\";
    CREATE TABLE numbers (id bigint PRIMARY KEY, what text, twice bigint GENERATED ALWAYS AS (id * 2) STORED);
    INSERT INTO numbers SELECT n, 'row ' || n FROM generate_series(1, 1000) AS n;
    CREATE TABLE \"Odd Names\".\"The Table\" (\"Part, One\" text COLLATE \"C\", two char(8), at timestamptz NOT NULL DEFAULT 'epoch',
        what text, PRIMARY KEY (\"Part, One\", two));
    INSERT INTO \"Odd Names\".\"The Table\"
        SELECT chr(65 + n % 26) || E'\\'\\\\,\"' || n, n::text, '2026-01-01'::timestamptz + n * interval '1 s', NULL
        FROM generate_series(1, 500) AS n;
    CREATE TABLE nulls (id bigint UNIQUE, what text);
    CREATE TABLE gone (id bigint PRIMARY KEY);
    CREATE TABLE empty (id uuid PRIMARY KEY);
    CREATE TABLE named (key bigint, row int, PRIMARY KEY (key, row));
    INSERT INTO named SELECT n, 1 FROM generate_series(1, 300) AS n;";

/// On the deposed writer alone.
const DEPOSED: &str = "
    INSERT INTO named VALUES (250, 2), (301, 1);
    INSERT INTO numbers SELECT n, 'lost ' || n FROM generate_series(1001, 1007) AS n;
    UPDATE numbers SET what = '' WHERE id IN (3, 500);
    UPDATE numbers SET what = NULL WHERE id = 4;
    INSERT INTO \"Odd Names\".\"The Table\" VALUES ('Z''; DROP TABLE numbers; --', 'x', now(), E'two\\nlines');";

/// On the promoted one since.
const PROMOTED: &str = "
    INSERT INTO numbers SELECT n, 'new ' || n FROM generate_series(1005, 1100) AS n;
    UPDATE numbers SET what = 'changed' WHERE id = 700;
    INSERT INTO \"Odd Names\".\"The Table\" SELECT 'M new ' || n, 'y' FROM generate_series(1, 50) AS n;
    ALTER TABLE numbers ADD COLUMN later int DEFAULT 7;
    DROP TABLE gone;";

fn table(table: &str, key: &[&str]) -> KeyedTable {
    KeyedTable {
        table: table.into(),
        key: key.iter().map(|&column| column.into()).collect(),
    }
}

/// Every batch to the table's end, a few rows at once; what they found is put together.
async fn whole(west: &Client, east: &Client, table: &KeyedTable, rows: u32) -> RowBatch {
    let mut all = RowBatch::default();
    let mut after = None;
    for _ in 0..200 {
        let found = batch(west, east, table, (after, rows), Duration::ZERO)
            .await
            .unwrap();
        all.compared += found.compared;
        all.only_here.count += found.only_here.count;
        all.only_here.csv.extend(found.only_here.csv);
        all.differs.count += found.differs.count;
        all.differs.csv.extend(found.differs.csv);
        all.left_out = found.left_out;
        all.found_in = found.found_in;
        if found.reached == Reached::End {
            return all;
        }
        after = found.reached.key().map(<[String]>::to_vec);
    }
    panic!("no end");
}

fn lines(csv: &[u8]) -> Vec<&str> {
    std::str::from_utf8(csv).unwrap().lines().collect()
}

async fn refusal(west: &Client, east: &Client, table: &KeyedTable) -> String {
    let found = batch(west, east, table, (None, 10), Duration::ZERO).await;
    let why = found.unwrap_err();
    assert!(matches!(why, Why::Misconfigured(_)), "{why:?}");
    why.to_string()
}

#[tokio::test]
async fn what_only_the_deposed_writer_has_is_found_by_any_key() {
    let Some(OnPostgres {
        simulator,
        west,
        east,
        folder: _folder,
    }) = on_postgres().await
    else {
        return;
    };
    let (deposed, promoted) = apart(&simulator, &east).await;

    let numbers = table("public.numbers", &["id"]);
    let found = whole(&deposed, &promoted, &numbers, 97).await;
    assert_eq!(
        (found.compared, found.only_here.count, found.differs.count),
        (1007, 4, 7)
    );
    assert_eq!(found.left_out, ["later"]);
    let only_here = lines(&found.only_here.csv);
    assert_eq!(
        only_here,
        [
            "id,what",
            "1001,lost 1001",
            "1002,lost 1002",
            "1003,lost 1003",
            "1004,lost 1004"
        ]
    );
    let differs = lines(&found.differs.csv);
    // Nothing is not the same as an empty text; what stands there is what the deposed one has.
    for row in ["3,\"\"", "4,", "700,row 700", "1006,lost 1006"] {
        assert!(differs.contains(&row), "{row} is not in {differs:?}");
    }
    // In one go it is the same, with one header each.
    let at_once = whole(&deposed, &promoted, &numbers, 20_000).await;
    assert_eq!(
        (at_once.only_here, at_once.differs.count),
        (found.only_here, 7)
    );

    let odd = table("Odd Names.The Table", &["Part, One", "two"]);
    let found = whole(&deposed, &promoted, &odd, 13).await;
    assert_eq!(
        (found.compared, found.only_here.count, found.differs.count),
        (501, 1, 0)
    );
    let text = String::from_utf8(found.only_here.csv.clone()).unwrap();
    assert!(
        text.contains("Z'; DROP TABLE numbers; --") && text.contains("\"two\nlines\""),
        "{text}"
    );

    // Columns that are called as what the query puts out; each batch here begins with its own header.
    let named = table("public.named", &["key", "row"]);
    let found = whole(&deposed, &promoted, &named, 20).await;
    assert_eq!(
        (found.compared, lines(&found.only_here.csv)),
        (302, vec!["key,row", "250,2", "key,row", "301,1"])
    );

    let empty = whole(&deposed, &promoted, &table("public.empty", &["id"]), 10).await;
    assert_eq!(empty, RowBatch::default());

    wrong_tables_are_refused(&deposed, &promoted).await;
    put_back(&promoted, &text).await;
    let restored = restored(&simulator, &west).await;
    let again = whole(&restored, &promoted, &numbers, 500).await;
    assert_eq!((again.only_here.count, again.differs.count), (4, 7));
    simulator.stop().await;
}

/// Each is named with what is wrong with it.
async fn wrong_tables_are_refused(deposed: &Client, promoted: &Client) {
    for (wrong, says) in [
        (
            table("public.none", &["id"]),
            "in the deposed database there is no such table",
        ),
        (table("public.nulls", &["id"]), "NOT NULL"),
        (table("public.numbers", &["who"]), "NOT NULL"),
        (
            table("Odd Names.The Table", &["two"]),
            "no unique index is over just these columns",
        ),
    ] {
        let why = refusal(deposed, promoted, &wrong).await;
        assert!(why.contains(says) && why.contains(&wrong.table), "{why}");
    }
}

/// The standby, detached once it holds so many numbers, and a cluster of its own since.
async fn promoted(simulator: &Simulator, east: &Rds, rows: i64) -> Client {
    let promoted = connect(simulator, EAST, "orders-east").await.unwrap();
    holds(&promoted, rows).await;
    east.remove_from_global_cluster()
        .global_cluster_identifier(GLOBAL)
        .db_cluster_identifier(EAST_ARN)
        .send()
        .await
        .unwrap();
    available(east, "orders-east").await;
    promoted
}

/// A deposed and a promoted writer that have gone different ways.
async fn apart(simulator: &Simulator, east: &Rds) -> (Client, Client) {
    let deposed = connect(simulator, WEST, "orders-west").await.unwrap();
    deposed.batch_execute(BEFORE).await.unwrap();
    let promoted = promoted(simulator, east, 1000).await;
    deposed.batch_execute(DEPOSED).await.unwrap();
    promoted.batch_execute(PROMOTED).await.unwrap();
    (deposed, promoted)
}

/// A cluster of its own from a snapshot of the deposed one.
async fn restored(simulator: &Simulator, west: &Rds) -> Client {
    west.create_db_cluster_snapshot()
        .db_cluster_identifier("orders-west")
        .db_cluster_snapshot_identifier("orders-west-final")
        .send()
        .await
        .unwrap();
    let restore = async || {
        west.restore_db_cluster_from_snapshot()
            .db_cluster_identifier("orders-west-restored")
            .snapshot_identifier("orders-west-final")
            .engine("aurora-postgresql")
            .send()
            .await
    };
    let early = restore().await.unwrap_err();
    assert_eq!(early.code(), Some("InvalidDBClusterSnapshotStateFault"));
    for _ in 0..200 {
        if restore().await.is_ok() {
            break;
        }
        #[expect(clippy::disallowed_methods, reason = "tests wait for processes")]
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    available(west, "orders-west-restored").await;
    connect(simulator, WEST, "orders-west-restored")
        .await
        .unwrap()
}

/// What was found goes back with one COPY.
async fn put_back(promoted: &Client, csv: &str) {
    use futures::SinkExt;
    let copy = "COPY \"Odd Names\".\"The Table\" FROM STDIN (FORMAT csv, HEADER)";
    let sink = promoted.copy_in(copy).await.unwrap();
    let mut sink = std::pin::pin!(sink);
    sink.send(bytes::Bytes::from(csv.to_owned())).await.unwrap();
    assert_eq!(sink.finish().await.unwrap(), 1);
    let back = "SELECT count(*) FROM \"Odd Names\".\"The Table\" WHERE what = E'two\\nlines'";
    assert_eq!(
        promoted
            .query_one(back, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        1
    );
}

#[tokio::test]
async fn a_key_is_compared_by_its_own_operators_wherever_their_schema_is() {
    let Some(world) = on_postgres().await else {
        return;
    };
    let deposed = connect(&world.simulator, WEST, "orders-west")
        .await
        .unwrap();
    deposed
        .batch_execute(
            "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;
             CREATE TABLE people (name ext.citext PRIMARY KEY, what text);
             CREATE DOMAIN ext.name AS ext.citext; CREATE DOMAIN short AS ext.name CHECK (length(VALUE) < 9);
             CREATE TABLE clients (name short PRIMARY KEY, what text);
             CREATE TABLE numbers (id int PRIMARY KEY);
             INSERT INTO people VALUES ('anna', '1'), ('Berta', '2'), ('carl', '3'), ('Dora', '4');
             INSERT INTO clients SELECT * FROM people;
             INSERT INTO numbers VALUES (1)",
        )
        .await
        .unwrap();
    let promoted = promoted(&world.simulator, &world.east, 1).await;
    deposed
        .batch_execute(
            "INSERT INTO people VALUES ('Emil', '5'), ('bea', '6');
             INSERT INTO clients VALUES ('Emil', '5'), ('bea', '6')",
        )
        .await
        .unwrap();
    promoted
        .batch_execute(
            "UPDATE people SET name = 'CARL' WHERE what = '3'; UPDATE clients SET name = 'CARL' WHERE what = '3'",
        )
        .await
        .unwrap();
    // A domain over a domain is compared as what lies beneath both.
    let tables = ["public.people", "public.clients"].map(|name| table(name, &["name"]));
    for (rows, table) in [2, 3, 100]
        .iter()
        .flat_map(|rows| tables.iter().map(move |table| (*rows, table)))
    {
        let found = whole(&deposed, &promoted, table, rows).await;
        let mut lost = lines(&found.only_here.csv);
        lost.retain(|line| *line != "name,what");
        assert_eq!(lost.len(), 2, "{lost:?}");
        assert!(
            lost.contains(&"Emil,5") && lost.contains(&"bea,6"),
            "{lost:?}"
        );
        assert_eq!(found.differs.count, 1, "CARL is carl, written otherwise");
        assert_eq!(found.compared, 6);
    }
    world.simulator.stop().await;
}
