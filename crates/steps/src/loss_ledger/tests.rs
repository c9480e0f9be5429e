mod again;
mod lab;
mod third;
mod unknown;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;
use failover::{
    beat::{Beat, Beats},
    ledger::{FoundIn, Row, Run, RunKind, TableLoss},
    plan::KeyedTable,
    ports::{FoundRows, Reached, Stretch},
    testing::Books,
    topology::{Blueprint, GlobalCluster, Healthy, Instance, Shape},
};
use lab::Lab;

fn orders() -> KeyedTable {
    KeyedTable {
        table: "public.orders".into(),
        key: vec!["id".into()],
    }
}

/// When the plan's tables were corrected.
const LATER: Timestamp = Timestamp::constant(3_600, 0);

fn losses() -> Losses {
    let under = (Epoch(8), Some(fence(100)));
    let cluster = ("orders-east", Some("cluster-A"));
    Losses::of(cluster, under, &[orders()], Timestamp::UNIX_EPOCH)
}

/// A fence that was noted then.
fn fence(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn observed(standing: Option<Standing>) -> Observed {
    Observed {
        cluster: "orders-east".into(),
        resource_id: Some("cluster-A".into()),
        standing,
        writer: "us-west-2".into(),
        epoch: Epoch(8),
        fenced_at: Some(fence(100)),
        planned_from: None,
        kept: None,
        shut: None,
        losses: None,
    }
}

#[test]
fn tables_are_compared_one_after_the_other_and_summarized_once() {
    let mut seen = observed(Some(Standing::Deposed));
    let next = |seen: &Observed| next_action(seen, 1).unwrap();
    assert_eq!(next(&seen), Action::Compare(0));
    let mut found = losses();
    seen.losses = Some(found.clone());
    assert_eq!(next(&seen), Action::Compare(0));
    found.tables[0].is_done = true;
    seen.losses = Some(found.clone());
    assert_eq!(next(&seen), Action::Summarize);
    found.summary = Some("s3://kept/orders/summary.json".into());
    seen.losses = Some(found);
    assert_eq!(next(&seen).name(), "none");
    assert_eq!(
        next_action(&observed(Some(Standing::Deposed)), 0),
        Ok(Action::Summarize)
    );
}

#[test]
fn a_deposed_writer_that_may_still_take_rows_is_not_compared() {
    let mut seen = observed(Some(Standing::Deposed));
    seen.fenced_at = None;
    let why = next_action(&seen, 1).unwrap_err();
    assert!(
        why.name() == "NotReady" && why.to_string().contains("fence-writer"),
        "{why}"
    );
    seen.standing = None;
    assert_eq!(
        next_action(&seen, 1),
        Ok(Action::Compare(0)),
        "a restored one takes none"
    );
}

#[test]
fn a_stopped_deposed_cluster_is_said_before_anything_is_compared_and_needs_nothing_more_afterwards()
{
    let mut seen = observed(Some(Standing::Deposed));
    seen.shut = Some("cluster orders-east in us-east-1 is stopped".into());
    for fenced_at in [None, Some(fence(100))] {
        seen.fenced_at = fenced_at;
        let why = next_action(&seen, 1).unwrap_err();
        assert!(
            why.name() == "NotReady" && why.to_string().contains("is stopped"),
            "{why}"
        );
    }
    let mut found = losses();
    found.summary = Some("s3://kept/orders/summary.json".into());
    seen.losses = Some(found);
    assert_eq!(next_action(&seen, 1).unwrap().name(), "none");
}

#[test]
fn what_nobody_can_know_is_said_to_be_unknown() {
    for (standing, says) in [
        (
            Standing::Follows,
            "rds:unplanned-global-failover-orders-east",
        ),
        (Standing::Gone, "final snapshot"),
    ] {
        let action = next_action(&observed(Some(standing)), 1).unwrap();
        let Action::Unknown(why) = action else {
            panic!("{standing:?}: {action:?}");
        };
        assert!(why.contains(says), "{why}");
    }
    let home = next_action(&observed(Some(Standing::Endorsed)), 1).unwrap();
    assert_eq!(home.name(), "none");
}

fn beat(seq: u64) -> Beat {
    Beat {
        seq,
        epoch: Epoch(7),
        at: Timestamp::from_second(i64::try_from(seq).unwrap()).unwrap(),
    }
}

fn stretch(after: Option<&str>, only_here: u64, differs: u64) -> Stretch {
    let found = |count| FoundRows {
        count,
        csv: if count > 0 {
            b"id\n1\n".to_vec()
        } else {
            Vec::new()
        },
        ..FoundRows::default()
    };
    Stretch {
        reached: after.map_or(Reached::End, |key| Reached::Key(vec![key.to_owned()])),
        rows: 5,
        compared: 10,
        only_here: found(only_here),
        differs: found(differs),
        ..Stretch::default()
    }
}

#[tokio::test]
async fn what_stretches_find_is_kept_as_files_and_told_in_the_end() {
    let lab = Lab::of(vec![stretch(Some("10"), 2, 0), stretch(None, 1, 1)]);
    let dry = serde_json::json!({"plan": "orders"});
    let says = Box::pin(handle(&lab, dry)).await.unwrap();
    assert_eq!(says["action"], "compare");
    assert!(lab.files.lock().unwrap().is_empty() && lab.losses.lock().unwrap().is_none());

    for progress in ["pending", "pending", "done", "done"] {
        assert_eq!(lab.forced().await.unwrap()["progress"], progress);
    }
    let files: Vec<_> = lab.files.lock().unwrap().keys().cloned().collect();
    assert_eq!(
        files,
        [
            "orders/orders-east-8-19700101T000140Z-cluster-A/public.orders/19700101T001640Z/differs-000000000010.csv",
            "orders/orders-east-8-19700101T000140Z-cluster-A/public.orders/19700101T001640Z/only-here-000000000000.csv",
            "orders/orders-east-8-19700101T000140Z-cluster-A/public.orders/19700101T001640Z/only-here-000000000010.csv",
            "orders/orders-east-8-19700101T000140Z-cluster-A/summary.json",
        ]
    );
    let found = lab.losses.lock().unwrap().clone().unwrap();
    assert!(found.is_complete());
    assert_eq!(
        found.told(),
        "3 row(s) are only in orders-east and 1 differ there, of 20 in 1 table(s); 7 beat(s) of 3.0 s are lost"
    );
    let told = lab.books.told();
    assert!(
        told.iter()
            .any(|subject| subject.contains("the loss ledger of orders-east is written")),
        "{told:?}"
    );
}

#[tokio::test]
async fn lost_beats_are_unknown_where_another_writer_came_between() {
    let mut lab = Lab::of(vec![stretch(None, 0, 0)]);
    lab.held.deposed = Some(Epoch(6));
    for _ in 0..2 {
        lab.forced().await.unwrap();
    }
    let found = lab.losses.lock().unwrap().clone().unwrap();
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
        let mut lab = Lab::of(vec![stretch(None, 0, 0)]);
        lab.held.deposed = deposed.map(Epoch);
        lab.held.writer = writer.map(Epoch);
        let why = lab.forced().await.unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology", "{why}");
    }
}

#[tokio::test]
async fn another_cluster_named_by_hand_has_to_stand_alone() {
    let lab = Lab::of(vec![stretch(None, 1, 0)]);
    let named = async |cluster: Value| {
        let payload = serde_json::json!({"plan": "orders", "cluster": cluster});
        Box::pin(handle(&lab, payload)).await
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
    let not_begun = Stretch {
        reached: Reached::NotBegun,
        compared: 0,
        ..stretch(None, 0, 0)
    };
    let lab = Lab::of(vec![
        not_begun,
        stretch(Some("10"), 1, 0),
        stretch(None, 0, 0),
    ]);
    for (progress, is_done) in [
        ("pending", false),
        ("pending", false),
        ("pending", true),
        ("done", true),
    ] {
        assert_eq!(lab.forced().await.unwrap()["progress"], progress);
        let table = lab.losses.lock().unwrap().clone().unwrap().tables[0].clone();
        assert_eq!(table.is_done, is_done, "{table:?}");
    }
}

#[tokio::test]
async fn a_locked_table_is_waited_for_and_after_ten_minutes_it_is_named_with_who_holds_it() {
    let locked = |seconds| Stretch {
        reached: Reached::NotBegun,
        compared: 0,
        locked: std::time::Duration::from_secs(seconds),
        locked_by: vec!["orders_admin (vacuum, pid 7) in the deposed database".into()],
        ..stretch(None, 0, 0)
    };
    let stretches = vec![
        locked(45),
        locked(555),
        stretch(Some("10"), 1, 0),
        stretch(None, 0, 0),
    ];
    let lab = Lab::of(stretches);
    let waits = lab.forced().await.unwrap();
    let said = waits["reason"].as_str().unwrap();
    assert_eq!(waits["progress"], "pending");
    assert!(
        said.contains("0 row(s) compared") && said.contains("locked for 45 s"),
        "{said}"
    );
    assert!(said.contains("orders_admin (vacuum, pid 7)"), "{said}");
    let why = lab.forced().await.unwrap_err();
    assert_eq!(why.name(), "NotReady");
    let said = why.to_string();
    assert!(
        said.contains("600 s") && said.contains("orders_admin (vacuum, pid 7)"),
        "{said}"
    );
    let table = lab.losses.lock().unwrap().clone().unwrap().tables[0].clone();
    assert!(!table.is_done && table.locked_seconds == 600, "{table:?}");
    // Started again once it is free, it goes on.
    for _ in 0..3 {
        lab.forced().await.unwrap();
    }
    let losses = lab.losses.lock().unwrap().clone().unwrap();
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
fn a_pass_that_came_late_to_reading_reads_for_less_and_always_ends_before_its_function() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let seconds = [0, 12, 35, 50].map(|spent| left(at(100), at(100 + spent)).as_secs());
    assert_eq!(seconds, [35, 23, 0, 0]);
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

#[tokio::test]
async fn the_summary_says_that_cells_stand_as_they_are() {
    let lab = Lab::of(vec![stretch(None, 1, 0)]);
    for _ in 0..2 {
        lab.forced().await.unwrap();
    }
    let files = lab.files.lock().unwrap();
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
    let mut lab = Lab::of(vec![
        stretch(None, 1, 0),
        stretch(Some("10"), 2, 0),
        stretch(None, 1, 0),
    ]);
    for progress in ["pending", "done", "done"] {
        assert_eq!(lab.forced().await.unwrap()["progress"], progress);
    }
    assert!(lab.losses.lock().unwrap().as_ref().unwrap().is_complete());
    let here = Region::from("us-east-1");
    let open = lab.books.rows()[&here].unfence().unwrap();
    lab.books = lab.books.with_row("us-east-1", &open);
    let why = lab.forced().await.unwrap_err();
    assert!(
        why.to_string().contains("is not fenced under epoch 8"),
        "{why}"
    );
    let again = lab.books.rows()[&here]
        .fence(Epoch(8), fence(200), false)
        .unwrap();
    lab.books = lab.books.with_row("us-east-1", &again);
    for progress in ["pending", "pending", "done"] {
        assert_eq!(lab.forced().await.unwrap()["progress"], progress);
    }
    let found = lab.losses.lock().unwrap().clone().unwrap();
    assert_eq!(
        (found.fenced_at, Account::from(&found).only_here),
        (Some(fence(200)), 3)
    );
    let files = lab.files.lock().unwrap();
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

#[tokio::test]
async fn the_member_named_by_hand_has_to_be_fenced_as_if_it_were_not_named() {
    let mut lab = Lab::of(vec![stretch(None, 1, 0)]);
    let open = lab.books.rows()[&"us-east-1".into()].unfence().unwrap();
    lab.books = lab.books.with_row("us-east-1", &open);
    for named in ["orders-east", "Orders-East"] {
        let payload = serde_json::json!({"plan": "orders", "cluster": named, "force": "orders@8"});
        let why = Box::pin(handle(&lab, payload)).await.unwrap_err();
        assert!(
            why.to_string().contains("is not fenced under epoch 8"),
            "{why}"
        );
    }
    assert_eq!(*lab.losses.lock().unwrap(), None);
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
        let stretches = [1, 2, 3].map(|only_here| stretch(None, only_here, 0));
        let mut lab = Lab::of(stretches.into());
        let mut lost = Vec::new();
        for restored in ["cluster-A", "cluster-B"] {
            lab.resource_id = Some(restored);
            for progress in ["pending", "done", "done"] {
                let says = Box::pin(handle(&lab, payload.clone())).await.unwrap();
                assert_eq!(says["progress"], progress, "{says}");
            }
            let account = lab.losses.lock().unwrap().clone().unwrap();
            assert_eq!(account.resource_id.as_deref(), Some(restored));
            lost.push(Account::from(&account).only_here);
        }
        assert_eq!(lost, [1, 2], "each is listed by itself");
        let is_summary = |name: &&String| name.ends_with("/summary.json");
        let summaries = lab.files.lock().unwrap().keys().filter(is_summary).count();
        assert_eq!(summaries, 2, "and beside the other");
        // An account of before resource ids were kept is another's too.
        lab.losses.lock().unwrap().as_mut().unwrap().resource_id = None;
        let says = Box::pin(handle(&lab, payload)).await.unwrap();
        assert_eq!(says["progress"], "pending", "{says}");
    }
}

#[tokio::test]
async fn a_cluster_that_rds_shows_without_its_resource_id_is_not_compared() {
    let mut lab = Lab::of(vec![stretch(None, 0, 0)]);
    lab.resource_id = None;
    let why = lab.forced().await.unwrap_err();
    assert_eq!(why.name(), "Unavailable");
    assert!(why.to_string().contains("without its resource id"), "{why}");
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
        let lost = look::lost(&held, &before);
        let lost = lost.into_iter().map(|lost| (lost.count, lost.seconds));
        lost.collect::<Vec<_>>()
    };
    assert_eq!(
        lost([(east, beat(7))].into()),
        [(2, Some(2.0)), (12, Some(5.0))]
    );
    assert_eq!(lost(Beats::new()), [(9, None), (12, None)]);
    let told = Losses {
        beats: Some(look::lost(&held, &Beats::new())),
        ..losses()
    };
    let said = told.told();
    assert!(
        said.contains("21 beat(s) are lost, which is every one"),
        "{said}"
    );
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
            FoundIn::Deposed,
            "",
            "public.orders is not on the writer, and every row is listed",
            false,
        ),
        (
            FoundIn::Writer,
            "",
            "public.orders is not in orders-east, so that nothing of it is lost",
            false,
        ),
        (
            FoundIn::Both,
            "secret",
            "only orders-east has secret of public.orders, which was not compared",
            true,
        ),
    ] {
        let own_columns = Vec::from_iter((!own.is_empty()).then(|| own.to_owned()));
        let first = Stretch {
            found_in,
            own_columns,
            ..stretch(Some("10"), 0, 0)
        };
        // The writer's column, or its table, is made while it is compared: what was read before that stays so.
        let lab = Lab::of(vec![first, stretch(None, 0, 0)]);
        for _ in 0..3 {
            lab.forced().await.unwrap();
        }
        let account = lab.losses.lock().unwrap().clone().unwrap();
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
