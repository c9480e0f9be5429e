//! Passes over a fenced member: what is compared, kept, told and refused.

use super::*;

#[tokio::test]
async fn what_batches_find_is_kept_as_files_and_told_in_the_end() {
    let world = FencedMember::of(vec![batch(Some("10"), 2, 0), batch(None, 1, 1)]);
    let dry = serde_json::json!({"plan": "orders"});
    let says = Box::pin(handle(&world, dry)).await.unwrap();
    assert_eq!(says["action"], "compare");
    assert!(world.files.lock().unwrap().is_empty() && world.losses.lock().unwrap().is_none());

    for progress in ["pending", "pending", "done", "done"] {
        assert_eq!(world.forced().await.unwrap()["progress"], progress);
    }
    let files: Vec<_> = world.files.lock().unwrap().keys().cloned().collect();
    assert_eq!(
        files,
        [
            "orders/orders-east-8-19700101T000140Z-cluster-A/public.orders/19700101T001640Z/differs-000000000010.csv",
            "orders/orders-east-8-19700101T000140Z-cluster-A/public.orders/19700101T001640Z/only-here-000000000000.csv",
            "orders/orders-east-8-19700101T000140Z-cluster-A/public.orders/19700101T001640Z/only-here-000000000010.csv",
            "orders/orders-east-8-19700101T000140Z-cluster-A/summary.json",
        ]
    );
    let found = world.losses.lock().unwrap().clone().unwrap();
    assert!(found.is_complete());
    assert_eq!(
        found.told(),
        "3 row(s) are only in orders-east and 1 differ there, of 20 in 1 table(s); 7 beat(s) of 3.0 s are lost"
    );
    let told = world.books.told();
    assert!(
        told.iter()
            .any(|subject| subject.contains("the loss ledger of orders-east is written")),
        "{told:?}"
    );
}

#[tokio::test]
async fn lost_beats_are_unknown_where_another_writer_came_between() {
    let mut world = FencedMember::of(vec![batch(None, 0, 0)]);
    world.held.deposed = Some(Epoch(6));
    for _ in 0..2 {
        world.forced().await.unwrap();
    }
    let found = world.losses.lock().unwrap().clone().unwrap();
    assert!(found.is_complete() && found.beats.is_none(), "{found:?}");
}

#[tokio::test]
async fn a_database_that_is_not_the_one_it_is_taken_for_is_not_compared() {
    for (deposed, writer) in [
        (Some(8), Some(8)),
        (None, Some(8)),
        (Some(7), Some(7)),
        (Some(7), None),
    ] {
        let mut world = FencedMember::of(vec![batch(None, 0, 0)]);
        world.held.deposed = deposed.map(Epoch);
        world.held.writer = writer.map(Epoch);
        let why = world.forced().await.unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology", "{why}");
    }
}

#[tokio::test]
async fn another_cluster_named_by_hand_has_to_stand_alone() {
    let world = FencedMember::of(vec![batch(None, 1, 0)]);
    let named = async |cluster: Value| {
        let payload = serde_json::json!({"plan": "orders", "cluster": cluster});
        Box::pin(handle(&world, payload)).await
    };
    for (cluster, says) in [
        ("nowhere".into(), "knows none of that name"),
        ("follows".into(), "name one that stands alone"),
        (7.into(), "cluster is 7; give it a text"),
        ("".into(), "write the identifier"),
    ] {
        let why = named(cluster).await.unwrap_err();
        assert!(
            why.name() == "InvalidRequest" && why.to_string().contains(says),
            "{why}"
        );
    }
    let says = named("orders-east-restored".into()).await.unwrap();
    assert_eq!(says["observed"]["cluster"], "orders-east-restored");
    assert_eq!(says["action"], "compare");
}

#[tokio::test]
async fn a_table_is_done_only_when_its_end_was_read() {
    let not_begun = RowBatch {
        reached: Reached::NotBegun,
        compared: 0,
        ..batch(None, 0, 0)
    };
    let world = FencedMember::of(vec![not_begun, batch(Some("10"), 1, 0), batch(None, 0, 0)]);
    for (progress, is_done) in [
        ("pending", false),
        ("pending", false),
        ("pending", true),
        ("done", true),
    ] {
        assert_eq!(world.forced().await.unwrap()["progress"], progress);
        let table = world.losses.lock().unwrap().clone().unwrap().tables[0].clone();
        assert_eq!(table.is_done, is_done, "{table:?}");
    }
}

#[tokio::test]
async fn a_locked_table_is_waited_for_and_after_ten_minutes_it_is_named_with_who_holds_it() {
    let locked = |seconds| RowBatch {
        reached: Reached::NotBegun,
        compared: 0,
        locked: std::time::Duration::from_secs(seconds),
        locked_by: vec!["orders_admin (vacuum, pid 7) in the deposed database".into()],
        ..batch(None, 0, 0)
    };
    let batches = vec![
        locked(45),
        locked(555),
        batch(Some("10"), 1, 0),
        batch(None, 0, 0),
    ];
    let world = FencedMember::of(batches);
    let waits = world.forced().await.unwrap();
    let said = waits["reason"].as_str().unwrap();
    assert_eq!(waits["progress"], "pending");
    assert!(
        said.contains("0 row(s) compared") && said.contains("locked for 45 s"),
        "{said}"
    );
    assert!(said.contains("orders_admin (vacuum, pid 7)"), "{said}");
    let why = world.forced().await.unwrap_err();
    assert_eq!(why.name(), "NotReady");
    let said = why.to_string();
    assert!(
        said.contains("600 s") && said.contains("orders_admin (vacuum, pid 7)"),
        "{said}"
    );
    let table = world.losses.lock().unwrap().clone().unwrap().tables[0].clone();
    assert!(!table.is_done && table.locked_seconds == 600, "{table:?}");
    // Started again once it is free, it goes on.
    for _ in 0..3 {
        world.forced().await.unwrap();
    }
    let losses = world.losses.lock().unwrap().clone().unwrap();
    assert!(
        losses.is_complete() && losses.tables[0].is_done,
        "{losses:?}"
    );
    assert!(
        losses
            .told()
            .contains("was locked for 600 s, and compared when it was free")
    );
}

#[test]
fn a_pass_that_came_late_to_reading_reads_for_less_and_always_ends_before_its_function() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let seconds = [0, 12, 35, 50]
        .map(|spent| super::super::comparing::left(at(100), at(100 + spent)).as_secs());
    assert_eq!(seconds, [35, 23, 0, 0]);
}

#[tokio::test]
async fn the_summary_says_that_cells_stand_as_they_are() {
    let world = FencedMember::of(vec![batch(None, 1, 0)]);
    for _ in 0..2 {
        world.forced().await.unwrap();
    }
    let files = world.files.lock().unwrap();
    let summary = String::from_utf8(
        files["orders/orders-east-8-19700101T000140Z-cluster-A/summary.json"].clone(),
    )
    .unwrap();
    assert!(
        summary.contains("begins with =") && summary.contains("\\\\copy"),
        "{summary}"
    );
    let folder = "\"folder\": \"public.orders/19700101T001640Z\"";
    assert!(summary.contains(folder), "{summary}");
}

#[tokio::test]
async fn the_member_named_by_hand_has_to_be_fenced_as_if_it_were_not_named() {
    let mut world = FencedMember::of(vec![batch(None, 1, 0)]);
    let open = world.books.rows()[&"us-east-1".into()].unfence().unwrap();
    world.books = world.books.with_row("us-east-1", &open);
    for named in ["orders-east", "Orders-East"] {
        let payload = serde_json::json!({"plan": "orders", "cluster": named, "force": "orders@8"});
        let why = Box::pin(handle(&world, payload)).await.unwrap_err();
        assert!(
            why.to_string().contains("is not fenced under epoch 8"),
            "{why}"
        );
    }
    assert_eq!(*world.losses.lock().unwrap(), None);
}

#[tokio::test]
async fn a_cluster_that_rds_shows_without_its_resource_id_is_not_compared() {
    let mut world = FencedMember::of(vec![batch(None, 0, 0)]);
    world.resource_id = None;
    let why = world.forced().await.unwrap_err();
    assert_eq!(why.name(), "Unavailable");
    assert!(why.to_string().contains("without its resource id"), "{why}");
}

#[tokio::test]
async fn what_only_one_of_the_databases_has_is_told_and_an_own_column_lets_nothing_be_deleted() {
    let mut without = losses();
    without.summary = Some("s3://kept/summary.json".into());
    let why = |account: &Losses| {
        let member = ("orders-east", "cluster-A", &"us-east-1".into());
        let under = (Epoch(8), Some(fence(100)));
        unlisted(Some(account.clone()), member, &[orders()], under)
    };
    for (found_in, own, says, is_refused) in [
        (
            TableIn::Deposed,
            "",
            "public.orders is not on the writer, and every row is listed",
            false,
        ),
        (
            TableIn::Writer,
            "",
            "public.orders is not in orders-east, so that nothing of it is lost",
            false,
        ),
        (
            TableIn::Both,
            "secret",
            "only orders-east has secret of public.orders, which was not compared",
            true,
        ),
    ] {
        let own_columns = Vec::from_iter((!own.is_empty()).then(|| own.to_owned()));
        let first = RowBatch {
            found_in,
            own_columns,
            ..batch(Some("10"), 0, 0)
        };
        // The writer's column, or its table, is made while it is compared: what was read before that stays so.
        let world = FencedMember::of(vec![first, batch(None, 0, 0)]);
        for _ in 0..3 {
            world.forced().await.unwrap();
        }
        let account = world.losses.lock().unwrap().clone().unwrap();
        let said = account.told();
        assert!(
            said.ends_with(&format!("; {says}")),
            "{said:?} lacks {says:?}"
        );
        let refused = format!("{says}; retire it by rename");
        assert_eq!(why(&account), is_refused.then_some(refused));
    }
    assert_eq!(why(&without), None);
}
