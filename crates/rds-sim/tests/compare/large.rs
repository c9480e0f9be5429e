//! Tables of many rows, of large ones, and tables that are locked.

use super::*;

#[tokio::test]
async fn a_tenant_of_many_rows_is_read_once_and_not_to_its_end_for_every_batch() {
    let Some(world) = on_postgres().await else {
        return;
    };
    let deposed = connect(&world.simulator, WEST, "orders-west")
        .await
        .unwrap();
    deposed
        .batch_execute(
            "CREATE TABLE numbers (id int PRIMARY KEY); INSERT INTO numbers VALUES (1);
             CREATE TABLE lines (tenant int, number int, what text, PRIMARY KEY (tenant, number));
             INSERT INTO lines SELECT 1, n, 'x' FROM generate_series(1, 40000) AS n;
             INSERT INTO lines SELECT t, n, 'x' FROM generate_series(2, 5) AS t, generate_series(1, 3) AS n;
             ANALYZE lines",
        )
        .await
        .unwrap();
    let promoted = promoted(&world.simulator, &world.east, 1).await;
    deposed
        .batch_execute("INSERT INTO lines VALUES (1, 0, 'lost'), (3, 9, 'lost'), (5, 9, 'lost')")
        .await
        .unwrap();
    // What only the new writer has lies between the others, and costs nothing.
    promoted
        .batch_execute(
            "INSERT INTO lines SELECT 3, n, 'new' FROM generate_series(100, 40000) AS n;
             UPDATE lines SET what = 'other' WHERE tenant = 1 AND number = 20000",
        )
        .await
        .unwrap();
    let before = index_blocks(&promoted).await;
    let lines_of = table("public.lines", &["tenant", "number"]);
    let found = whole(&deposed, &promoted, &lines_of, 400).await;
    assert_eq!(
        (found.compared, found.only_here.count, found.differs.count),
        (40_015, 3, 1)
    );
    let mut lost = lines(&found.only_here.csv);
    lost.retain(|line| *line != "tenant,number,what");
    assert_eq!(lost, ["1,0,lost", "3,9,lost", "5,9,lost"]);
    let read = index_blocks(&promoted).await - before;
    assert!(read < 4_000, "{read} blocks for about a hundred batches");
    world.simulator.stop().await;
}

/// Blocks of the index of `lines` that this session has asked for.
async fn index_blocks(client: &Client) -> i64 {
    let flushed = "SELECT pg_stat_force_next_flush()";
    client.query_one(flushed, &[]).await.unwrap();
    let read = "SELECT (idx_blks_read + idx_blks_hit)::bigint FROM pg_statio_user_indexes WHERE indexrelname = 'lines_pkey'";
    client.query_one(read, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn what_outlasts_a_batch_is_cut_off_and_asked_for_in_fewer_rows() {
    let Some(world) = on_postgres().await else {
        return;
    };
    let (deposed, promoted) = apart(&world.simulator, &world.east).await;
    // Whatever is compared with such a key takes half a minute.
    let slow = "CREATE FUNCTION quick(int) RETURNS bool LANGUAGE sql AS 'SELECT true';
        CREATE DOMAIN slow AS int CHECK (public.quick(VALUE));
        CREATE TABLE things (id slow PRIMARY KEY);
        CREATE OR REPLACE FUNCTION quick(int) RETURNS bool LANGUAGE sql AS 'SELECT pg_sleep(30) IS NOT NULL'";
    for client in [&deposed, &promoted] {
        client.batch_execute(slow).await.unwrap();
    }
    let things = table("public.things", &["id"]);
    let from = (Some(vec!["5".to_owned()]), 400);
    let began = std::time::Instant::now();
    let found = batch(&deposed, &promoted, &things, from, Duration::ZERO)
        .await
        .unwrap();
    let took = began.elapsed();
    assert!(took < LATE + Duration::from_secs(5), "{took:?}");
    assert_eq!((found.compared, found.rows), (0, 100));
    assert_eq!(found.reached, Reached::Key(vec!["5".into()]));
    world.simulator.stop().await;
}

/// The most this process has held at once since [`forget_peak`], in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() * 1024
}

/// From now on the peak counts anew. Source: `proc(5)`, `clear_refs`.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

#[tokio::test]
async fn rows_of_forty_megabytes_are_listed_by_their_keys_alone_and_never_held() {
    let Some(world) = on_postgres().await else {
        return;
    };
    let (deposed, promoted) = apart(&world.simulator, &world.east).await;
    // One that only the deposed writer has, one that both have, and one of the widest that is still listed whole.
    deposed
        .batch_execute(
            "INSERT INTO numbers VALUES (2001, 'small'), (2002, repeat('x', 40000000)), (2003, repeat('y', 4194000));
             UPDATE numbers SET what = repeat('z', 40000000) WHERE id = 5",
        )
        .await
        .unwrap();
    forget_peak();
    let before = peak();
    let numbers = table("public.numbers", &["id"]);
    let mut after = None;
    let (mut only_here, mut differs) = (ListedRows::default(), ListedRows::default());
    for turn in 0.. {
        assert!(turn < 10, "no end");
        let from = (after.take(), 20_000);
        let found = batch(&deposed, &promoted, &numbers, from, Duration::ZERO)
            .await
            .unwrap();
        for (all, found) in [
            (&mut only_here, &found.only_here),
            (&mut differs, &found.differs),
        ] {
            all.count += found.count;
            all.wide += found.wide;
            all.csv.extend(&found.csv);
            all.keys.extend(&found.keys);
        }
        if found.reached == Reached::End {
            break;
        }
        after = found.reached.key().map(<[String]>::to_vec);
    }
    let grown = peak() - before;
    assert_eq!((only_here.count, only_here.wide), (4 + 3, 1));
    assert_eq!(lines(&only_here.keys), ["id", "2002"]);
    assert_eq!((differs.count, differs.wide), (7 + 1, 1));
    assert_eq!(lines(&differs.keys), ["id", "5"]);
    let whole = lines(&only_here.csv);
    assert!(whole.contains(&"2001,small"), "{} lines", whole.len());
    let wide = whole.iter().filter(|line| line.len() > 1_000);
    assert_eq!(wide.map(|line| &line[..6]).collect::<Vec<_>>(), ["2003,y"]);
    assert!(
        grown < 32 * 1024 * 1024,
        "{grown} bytes for a row of 4 MB, and none of 40 MB"
    );
    world.simulator.stop().await;
}

#[tokio::test]
async fn a_locked_table_is_told_with_who_holds_it_and_is_compared_when_it_is_free() {
    let Some(world) = on_postgres().await else {
        return;
    };
    let deposed = connect(&world.simulator, WEST, "orders-west")
        .await
        .unwrap();
    deposed.batch_execute(BEFORE).await.unwrap();
    let promoted = connect(&world.simulator, EAST, "orders-east")
        .await
        .unwrap();
    holds(&promoted, 1000).await;
    let other = connect(&world.simulator, WEST, "orders-west")
        .await
        .unwrap();
    other
        .batch_execute(
            "SET application_name = 'vacuum'; BEGIN; LOCK TABLE numbers IN ACCESS EXCLUSIVE MODE",
        )
        .await
        .unwrap();
    let numbers = table("public.numbers", &["id"]);
    let found = batch(&deposed, &promoted, &numbers, (None, 400), Duration::ZERO)
        .await
        .unwrap();
    assert_eq!((found.reached, found.compared), (Reached::NotBegun, 0));
    assert_eq!(found.rows, 400, "fewer rows would wait as well");
    assert!(found.locked >= Duration::from_secs(5), "{:?}", found.locked);
    let by = found.locked_by.join("; ");
    assert!(
        by.starts_with("postgres_admin (vacuum, pid ") && by.contains("in the deposed database"),
        "{by}"
    );
    other.batch_execute("COMMIT").await.unwrap();
    let found = batch(&deposed, &promoted, &numbers, (None, 2_000), Duration::ZERO)
        .await
        .unwrap();
    assert_eq!((found.reached, found.compared), (Reached::End, 1_000));
    assert!(found.locked.is_zero() && found.locked_by.is_empty());
    world.simulator.stop().await;
}
