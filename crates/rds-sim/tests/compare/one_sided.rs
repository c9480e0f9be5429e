//! Columns and tables that only one of the databases has.

use super::*;

#[tokio::test]
async fn a_column_that_only_the_deposed_database_has_stands_in_what_is_listed_and_is_named() {
    let Some(world) = on_postgres().await else {
        return;
    };
    let (deposed, promoted) = apart(&world.simulator, &world.east).await;
    deposed
        .batch_execute(
            "ALTER TABLE numbers ADD COLUMN secret text;
             UPDATE numbers SET secret = 's' WHERE id IN (5, 500, 1001);
             INSERT INTO numbers (id, secret) VALUES (2002, repeat('x', 5000000))",
        )
        .await
        .unwrap();
    let numbers = table("public.numbers", &["id"]);
    let from = (None, 20_000);
    let found = batch(&deposed, &promoted, &numbers, from, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(found.reached, Reached::End);
    assert_eq!(
        (found.own_columns, found.left_out),
        (vec!["secret".into()], vec!["secret".into(), "later".into()])
    );
    assert_eq!((found.only_here.count, found.differs.count), (5, 7));
    let only_here = lines(&found.only_here.csv);
    assert_eq!(only_here[..2], ["id,what,secret", "1001,lost 1001,s"]);
    assert!(lines(&found.differs.csv).contains(&"500,\"\",s"));
    assert_eq!(
        lines(&found.only_here.keys),
        ["id", "2002"],
        "as wide as all of it"
    );
    world.simulator.stop().await;
}

#[tokio::test]
async fn a_table_that_only_one_database_has_is_listed_whole_or_has_nothing_to_lose() {
    let Some(world) = on_postgres().await else {
        return;
    };
    let (deposed, promoted) = apart(&world.simulator, &world.east).await;
    deposed
        .batch_execute("INSERT INTO gone VALUES (1), (2), (3); CREATE VIEW shown AS SELECT 1 AS id")
        .await
        .unwrap();
    promoted
        .batch_execute(
            "CREATE TABLE fresh (id int PRIMARY KEY); CREATE TABLE shown (id int PRIMARY KEY)",
        )
        .await
        .unwrap();
    let found = whole(&deposed, &promoted, &table("public.gone", &["id"]), 2).await;
    assert_eq!(
        (found.found_in, found.compared, found.only_here.count),
        (TableIn::Deposed, 3, 3)
    );
    assert_eq!(lines(&found.only_here.csv), ["id", "1", "2", "id", "3"]);
    let found = whole(&deposed, &promoted, &table("public.fresh", &["id"]), 2).await;
    let nothing = RowBatch {
        found_in: TableIn::Writer,
        ..RowBatch::default()
    };
    assert_eq!(found, nothing);
    for (name, says) in [
        (
            "public.none",
            "in the deposed database there is no such table",
        ),
        ("public.shown", "what has that name is no table"),
    ] {
        let why = refusal(&deposed, &promoted, &table(name, &["id"])).await;
        assert!(why.contains(says), "{why}");
    }
    world.simulator.stop().await;
}
