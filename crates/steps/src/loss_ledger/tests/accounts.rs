//! Of what an account is, what it lists, and what it lets be deleted.

use super::*;

#[test]
fn progress_is_kept_by_table_and_key_so_that_a_corrected_plan_is_compared_by_its_own() {
    let mut found = losses();
    found.tables[0].is_done = true;
    found.summary = Some("s3://kept/summary.json".into());
    assert!(found.clone().by(&[orders()], LATER).is_complete());
    let listed = |losses: &Losses, tables: &[KeyedTable]| {
        let under = (Epoch(8), Some(fence(100)));
        let account = Some(losses.clone());
        let member = ("orders-east", "cluster-A", &"us-east-1".into());
        unlisted(account, member, tables, under)
    };
    assert_eq!(listed(&found, &[orders()]), None);
    let corrected = KeyedTable {
        key: vec!["number".into()],
        ..orders()
    };
    let again = found.clone().by(&[corrected.clone(), orders()], LATER);
    assert!(!again.is_complete());
    assert!(listed(&found, &[corrected.clone(), orders()]).is_some());
    let unknown = Losses {
        unknown: Some("it was gone".into()),
        ..found.clone()
    };
    let why = listed(&unknown, &[orders()]).unwrap();
    assert!(
        why.contains("is unknown: it was gone; retire it by rename"),
        "{why}"
    );
    let done: Vec<_> = again.tables.iter().map(|table| table.is_done).collect();
    assert_eq!(
        done,
        [false, true],
        "what was compared by the same key stands"
    );
    let places: Vec<_> = again.tables.iter().map(TableLoss::place).collect();
    assert_eq!(
        places,
        [
            "public.orders/19700101T010000Z",
            "public.orders/19700101T000000Z"
        ],
        "what was found by the other key is not listed beside it"
    );
    let mut seen = observed(Some(Standing::Deposed));
    seen.losses = Some(again);
    assert_eq!(next_action(&seen, 2), Ok(Action::Compare(0)));
}

#[test]
fn an_answer_is_as_short_for_thousands_of_files_as_for_one() {
    let mut found = losses();
    found.tables[0].kept = 2_400;
    found.tables[0].left_out = vec!["a_long_column_name".into(); 1_000];
    let mut seen = observed(Some(Standing::Deposed));
    seen.losses = Some(found);
    let said = serde_json::to_string(&seen).unwrap();
    assert!(said.len() < 1_000 && said.contains("2400"), "{said}");
    let before = serde_json::json!({"table": "public.orders", "key": ["id"], "after": null, "rows_at_once": 5, "compared": 1,
        "only_here": 1, "differs": 0, "left_out": [], "files": ["s3://kept/a.csv"], "is_done": false});
    let before = serde_json::from_value::<TableLoss>(before).unwrap();
    assert_eq!(before.place(), "public.orders");
}

#[test]
fn nothing_is_listed_by_no_account_by_an_empty_plan_or_by_that_of_another_fence() {
    let complete = Losses {
        summary: Some("s3://kept/summary.json".into()),
        ..losses()
    };
    let named_by_hand = Losses {
        fenced_at: None,
        ..complete.clone()
    };
    let of_the_epoch_before = Losses {
        epoch: Epoch(7),
        ..complete.clone()
    };
    let why = |account: &Losses, tables: &[KeyedTable], fenced_at| {
        let member = ("orders-east", "cluster-A", &"us-east-1".into());
        let account = Some(account.clone());
        unlisted(account, member, tables, (Epoch(8), fenced_at)).unwrap_or_default()
    };
    let tables = [orders()];
    let now = Some(fence(100));
    let first =
        "nothing lists yet what only orders-east has; invoke loss-ledger in us-east-1 first";
    let again = "orders-east was open since its losses were listed";
    assert_eq!(why(&complete, &tables, now), "");
    for (account, tables, fenced_at, says) in [
        (&complete, &[][..], now, "loss_ledger is empty in the plan"),
        (&losses(), &tables, now, first),
        (&named_by_hand, &tables, now, first),
        (&of_the_epoch_before, &tables, now, first),
        (&complete, &tables, Some(fence(101)), again),
        (&complete, &tables, None, again),
    ] {
        let said = why(account, tables, fenced_at);
        assert!(
            said.contains(says) && said.ends_with("or retire it by rename"),
            "{said:?} lacks {says:?}"
        );
    }
}

#[tokio::test]
async fn a_member_that_is_fenced_again_is_listed_anew_and_beside_what_was_listed_before() {
    let mut world = FencedMember::of(vec![
        batch(None, 1, 0),
        batch(Some("10"), 2, 0),
        batch(None, 1, 0),
    ]);
    for progress in ["pending", "done", "done"] {
        assert_eq!(world.forced().await.unwrap()["progress"], progress);
    }
    assert!(world.losses.lock().unwrap().as_ref().unwrap().is_complete());
    let here = Region::from("us-east-1");
    let open = world.books.rows()[&here].unfence().unwrap();
    world.books = world.books.with_row("us-east-1", &open);
    let why = world.forced().await.unwrap_err();
    assert!(
        why.to_string().contains("is not fenced under epoch 8"),
        "{why}"
    );
    let again = world.books.rows()[&here]
        .fence(Epoch(8), fence(200), false)
        .unwrap();
    world.books = world.books.with_row("us-east-1", &again);
    for progress in ["pending", "pending", "done"] {
        assert_eq!(world.forced().await.unwrap()["progress"], progress);
    }
    let found = world.losses.lock().unwrap().clone().unwrap();
    assert_eq!(
        (found.fenced_at, Account::from(&found).only_here),
        (Some(fence(200)), 3)
    );
    let files = world.files.lock().unwrap();
    let in_folder = |folder: &str| files.keys().filter(|name| name.starts_with(folder)).count();
    assert_eq!(
        in_folder("orders/orders-east-8-19700101T000140Z-cluster-A/"),
        2
    );
    assert_eq!(
        in_folder("orders/orders-east-8-19700101T000320Z-cluster-A/"),
        3
    );
}

#[test]
fn that_nobody_can_know_is_told_again_only_until_the_member_stands_deposed() {
    let unknown = Losses {
        unknown: Some("it follows again".into()),
        fenced_at: None,
        ..losses()
    };
    let cluster = Some("cluster-A");
    let counts = |standing| {
        account::counts(
            &unknown,
            (Some(standing), cluster),
            (Epoch(8), Some(fence(100))),
        )
    };
    assert!(counts(Standing::Follows) && counts(Standing::Gone));
    assert!(!counts(Standing::Deposed));
}

#[tokio::test]
async fn an_account_is_a_resource_ids_and_not_that_of_another_snapshot_under_the_same_name() {
    for named in [Value::Null, "orders-east-restored".into()] {
        let payload = serde_json::json!({"plan": "orders", "cluster": named, "force": "orders@8"});
        let batches = [1, 2, 3].map(|only_here| batch(None, only_here, 0));
        let mut world = FencedMember::of(batches.into());
        let mut lost = Vec::new();
        for restored in ["cluster-A", "cluster-B"] {
            world.resource_id = Some(restored);
            for progress in ["pending", "done", "done"] {
                let says = Box::pin(handle(&world, payload.clone())).await.unwrap();
                assert_eq!(says["progress"], progress, "{says}");
            }
            let account = world.losses.lock().unwrap().clone().unwrap();
            assert_eq!(account.resource_id.as_deref(), Some(restored));
            lost.push(Account::from(&account).only_here);
        }
        assert_eq!(lost, [1, 2], "each is listed by itself");
        let is_summary = |name: &&String| name.ends_with("/summary.json");
        let summaries = world
            .files
            .lock()
            .unwrap()
            .keys()
            .filter(is_summary)
            .count();
        assert_eq!(summaries, 2, "and beside the other");
        // An account of before resource ids were kept is another's too.
        world.losses.lock().unwrap().as_mut().unwrap().resource_id = None;
        let says = Box::pin(handle(&world, payload)).await.unwrap();
        assert_eq!(says["progress"], "pending", "{says}");
    }
}

#[test]
fn what_is_listed_of_another_resource_id_lets_nothing_be_deleted() {
    let complete = Losses {
        summary: Some("s3://kept/summary.json".into()),
        ..losses()
    };
    let of_an_earlier_version = Losses {
        resource_id: None,
        ..complete.clone()
    };
    let why = |account: &Losses, resource_id| {
        let member = ("orders-east", resource_id, &"us-east-1".into());
        let under = (Epoch(8), Some(fence(100)));
        unlisted(Some(account.clone()), member, &[orders()], under)
    };
    assert_eq!(why(&complete, "cluster-A"), None);
    for (account, resource_id, says) in [
        (
            &complete,
            "cluster-B",
            "is of cluster-A, and it is cluster-B now",
        ),
        (
            &of_an_earlier_version,
            "cluster-A",
            "an unknown resource id",
        ),
        (&of_an_earlier_version, "", "an unknown resource id"),
    ] {
        let said = why(account, resource_id).unwrap();
        assert!(
            said.contains(says) && said.ends_with("or retire it by rename"),
            "{said:?} lacks {says:?}"
        );
    }
}

#[test]
fn every_beat_of_a_vantage_that_the_writer_never_heard_of_is_lost() {
    let (east, west) = (Region::from("us-east-1"), Region::from("us-west-2"));
    let held: Beats = [(east.clone(), beat(9)), (west.clone(), beat(12))].into();
    let lost = |before: Beats| {
        let lost = databases::lost(&held, &before);
        let lost = lost.into_iter().map(|lost| (lost.count, lost.seconds));
        lost.collect::<Vec<_>>()
    };
    assert_eq!(
        lost([(east, beat(7))].into()),
        [(2, Some(2.0)), (12, Some(5.0))]
    );
    assert_eq!(lost(Beats::new()), [(9, None), (12, None)]);
    let told = Losses {
        beats: Some(databases::lost(&held, &Beats::new())),
        ..losses()
    };
    let said = told.told();
    assert!(
        said.contains("21 beat(s) are lost, which is every one"),
        "{said}"
    );
}
