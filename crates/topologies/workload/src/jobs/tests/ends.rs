//! Runs that do not come home: refusals, noes, dry runs, and the way back.

use super::*;

/// The plan with a service in either Region.
pub(super) fn with_services() -> Value {
    let mut document = crate::testing::document();
    let light = json!({"service": "shop", "takeover_count": 2});
    document["services"] = json!([
        {"kind": "ecs", "region": RECOVERY, "cluster": "west", "services": ["shop"]},
        {"kind": "ecs", "region": HOME, "cluster": "east", "services": [light]},
    ]);
    document
}

pub(super) fn serving() -> Stage {
    let stage = Stage::of(&with_services());
    stage.shelf.books.scaled("west/shop", (0, 3));
    stage.shelf.books.scaled("east/shop", (0, 0));
    stage
}

pub(super) fn size(stage: &Stage, service: &str) -> u32 {
    stage.shelf.books.size(service).unwrap().1
}

#[tokio::test]
async fn a_refusal_is_said_with_every_other_once_all_are_at_rest_and_changes_nothing() {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    for name in ["billing", "carts"] {
        stage.things.refuse(name, Phase::Prepare);
    }
    let why = stage.done(&run, "prepare", None).await.unwrap_err();
    let said = why.to_string();
    assert!(
        why.name() == "NotReady" && said.contains("billing: ") && said.contains("carts: "),
        "{said}"
    );
    for (name, row) in stage.shelf.kept() {
        assert_ne!(row.state, crate::row::State::Pending, "{name} is at rest");
    }
    assert_eq!(stage.close(&run).await["outcome"], "aborted");
    recovery_serves(&stage, 7);
    nobody_holds(&stage);
    assert!(stage.calls().is_empty());
}

#[tokio::test]
async fn a_run_that_is_to_do_what_no_phase_does_is_refused_and_nothing_is_kept() {
    let stage = Stage::usual();
    let before = stage.everything();
    let asked = json!({
        "operation": "open", "plan": "orders", "kind": "restore_home", "execution": "a", "test_recovery": true
    });
    let why = stage.call(asked).await.unwrap_err();
    assert_eq!(why.name(), "InvalidRequest");
    assert!(why.to_string().contains("test_recovery is true"), "{why}");
    assert!(before == stage.everything());
}

#[tokio::test]
async fn the_end_says_the_sentence_of_a_cause_and_not_what_is_around_it() {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    let of_a_function = r#"{"errorType": "NotReady", "errorMessage": "carts are not there"}"#;
    let trouble = |cause: &str| json!([{"state": "Prepare", "error": "NotReady", "cause": cause}]);
    for (cause, said) in [
        (of_a_function, "Prepare: NotReady: carts are not there. "),
        (
            &of_a_function[..30],
            "Prepare: NotReady: the execution's history has the cause. ",
        ),
        ("a word", "Prepare: NotReady: a word. "),
    ] {
        let words = [
            ("operation", json!("close")),
            ("trouble", trouble(cause)),
            ("dry_run", true.into()),
        ];
        let closed = stage.call(Stage::told(&run, &words)).await.unwrap();
        let reason = closed["reason"].as_str().unwrap();
        assert!(reason.starts_with(said), "{reason}");
    }
}

#[tokio::test]
async fn a_refusal_holds_up_the_groups_behind_it_and_no_other_of_its_own() {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "cut_over").await.unwrap();
    stage.things.refuse("billing", Phase::CutOver);
    let why = stage.done(&run, "cut_over", None).await.unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert_eq!(stage.calls_in(Phase::CutOver), ["sessions"]);
    let closed = stage.close(&run).await;
    assert_eq!(closed["outcome"], "failed");
    let (_, text) = stage.shelf.books.messages().pop().unwrap();
    assert!(
        text.contains("aurora-failover revert orders"),
        "the undo is named: {text}"
    );
}

#[tokio::test]
async fn a_no_before_the_stop_leaves_everything_as_it_is() {
    let stage = serving();
    let run = stage.open("restore_home", "a").await;
    stage.done(&run, "prepare", None).await.unwrap();
    stage.yes(&run, "prepared").await;
    stage.done(&run, "sync", None).await.unwrap();
    stage.ask(&run, "suspend").await.unwrap();
    stage.answer(&run, "suspend", "decline").await.unwrap();
    let why = stage.pass(&run, "suspend", None).await.unwrap_err();
    assert_eq!(why.name(), "NotReady", "no yes, no stop");
    assert_eq!(stage.close(&run).await["outcome"], "aborted");
    recovery_serves(&stage, 7);
    nobody_holds(&stage);
    assert_eq!(size(&stage, "west/shop"), 3);
    assert!(stage.calls_in(Phase::Suspend).is_empty());
}

#[tokio::test]
async fn services_are_stopped_with_the_business_and_given_back_by_a_failure_before_the_cut_over() {
    let stage = serving();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "suspend").await.unwrap();
    stage.done(&run, "suspend", None).await.unwrap();
    assert_eq!(size(&stage, "west/shop"), 0);
    stage.things.refuse("carts", Phase::LastSync);
    let why = stage.done(&run, "last_sync", None).await.unwrap_err();
    assert_eq!(why.name(), "NotReady");
    stage.done(&run, "give_back", None).await.unwrap();
    assert_eq!(size(&stage, "west/shop"), 3);
    let closed = stage.close(&run).await;
    assert_eq!(closed["outcome"], "aborted");
    assert_eq!(closed["left"], json!([]));
    recovery_serves(&stage, 7);
    let late = stage.pass(&run, "last_sync", None).await.unwrap_err();
    assert_eq!(late.name(), "RunRefused", "it is closed");
}

#[tokio::test]
async fn a_run_that_is_closed_between_stop_and_cut_over_gives_its_services_back_itself() {
    let stage = serving();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "last_sync").await.unwrap();
    assert_eq!(size(&stage, "west/shop"), 0);
    let closed = stage.close(&run).await;
    assert_eq!(size(&stage, "west/shop"), 3);
    assert!(!closed["left"].as_array().unwrap().is_empty(), "{closed}");
    recovery_serves(&stage, 7);
    let again = stage.close(&run).await;
    assert_eq!(again["outcome"], "aborted", "how it closed first counts");
}

#[tokio::test]
async fn a_no_after_the_cut_over_changes_nothing_more_and_a_revert_goes_back_where_the_loss_is_accepted()
 {
    let stage = serving();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "verify").await.unwrap();
    stage.done(&run, "verify", None).await.unwrap();
    stage.ask(&run, "verified").await.unwrap();
    stage.answer(&run, "verified", "decline").await.unwrap();
    let why = stage.pass(&run, "retire", None).await.unwrap_err();
    assert_eq!(why.name(), "NotReady", "no yes, and home does not serve");
    assert_eq!(stage.close(&run).await["outcome"], "failed");
    assert_eq!(size(&stage, "east/shop"), 2, "home's pilot light was lit");
    let why = stage.try_open("restore_home", "b").await.unwrap_err();
    assert!(why.to_string().contains("undo it first"), "{why}");
    let why = stage.try_open("revert", "c").await.unwrap_err();
    assert!(
        why.name() == "DataLossTooLarge" && why.to_string().contains("are lit since"),
        "{why}"
    );
    let payload = json!({"operation": "open", "plan": "orders", "kind": "revert", "execution": "c", "accept_data_loss": true});
    let back = stage.call(payload).await.unwrap();
    stage.done(&back, "revert", None).await.unwrap();
    assert_eq!(stage.calls_in(Phase::Revert).len(), 4);
    assert_eq!(stage.close(&back).await["outcome"], "reverted");
    recovery_serves(&stage, 7);
    nobody_holds(&stage);
    assert_eq!(size(&stage, "west/shop"), 3);
    assert_eq!(size(&stage, "east/shop"), 0);
    let kept = stage.shelf.kept();
    assert!(kept.values().any(|row| row.kept.contains_key("cut_over")));
    let twice = stage.try_open("revert", "d").await.unwrap_err();
    assert_eq!(twice.name(), "NotReady", "there is nothing to undo");
}

#[tokio::test]
async fn once_home_serves_the_way_back_needs_its_loss_to_be_accepted_and_takes_the_next_epoch() {
    let stage = serving();
    let run = stage.open("restore_home", "a").await;
    stage.home(&run).await.unwrap();
    stage.close(&run).await;
    home_serves(&stage, 8);
    let why = stage.try_open("revert", "b").await.unwrap_err();
    assert_eq!(why.name(), "DataLossTooLarge");
    let payload = json!({"operation": "open", "plan": "orders", "kind": "revert", "execution": "b", "accept_data_loss": true});
    let back = stage.call(payload).await.unwrap();
    stage.done(&back, "revert", None).await.unwrap();
    assert_eq!(stage.close(&back).await["outcome"], "reverted");
    recovery_serves(&stage, 9);
    assert_eq!(size(&stage, "east/shop"), 0, "home was suspended first");
    assert_eq!(size(&stage, "west/shop"), 3);
}

#[tokio::test]
async fn a_dry_run_writes_and_calls_nothing() {
    let stage = serving();
    let untouched = stage.everything();
    let mut open = json!({"operation": "open", "plan": "orders", "kind": "restore_home", "execution": "a", "dry_run": true});
    let said = stage.call(open.clone()).await.unwrap();
    assert_eq!(said["dry_run"], true);
    let prepare = json!({"operation": "prepare", "plan": "orders", "dry_run": true});
    let said = stage.call(prepare).await.unwrap();
    assert_eq!(said["progress"], "done", "{said}");
    assert_eq!(stage.everything(), untouched);
    open["dry_run"] = false.into();
    let run = stage.call(open).await.unwrap();
    stage.until(&run, "suspend").await.unwrap();
    let before = stage.everything();
    let dry = |operation: &str, more: &[(&str, Value)]| {
        let mut told = Stage::told(&run, more);
        told["operation"] = operation.into();
        told["dry_run"] = true.into();
        told
    };
    for operation in [
        "prepare",
        "sync",
        "suspend",
        "cut_over",
        "give_back",
        "window",
    ] {
        stage.call(dry(operation, &[])).await.unwrap();
    }
    let question = [("phase", json!("verified")), ("token", json!("t"))];
    stage.call(dry("ask", &question)).await.unwrap();
    stage.call(dry("close", &[])).await.unwrap();
    assert_eq!(stage.everything(), before);
}

#[tokio::test]
async fn a_window_is_waited_for_under_the_lease_and_the_business_is_not_stopped_before() {
    let stage = Stage::usual();
    let open = json!({"operation": "open", "plan": "orders", "kind": "restore_home", "execution": "a", "not_before": "1970-01-01T02:00:00Z"});
    let run = stage.call(open).await.unwrap();
    stage.until(&run, "suspend").await.unwrap();
    let window = stage.pass(&run, "window", None).await.unwrap();
    assert_eq!(window["progress"], "pending");
    assert!(window["wait_seconds"].as_u64().unwrap() <= 60);
    let why = stage.pass(&run, "suspend", None).await.unwrap_err();
    assert!(why.to_string().contains("not_before"), "{why}");
    for row in stage.shelf.books.rows().values() {
        let lease = row.lease.as_ref().unwrap();
        assert!(lease.run_id.as_str() == run["run_id"].as_str().unwrap());
    }
    let later = std::time::Duration::from_secs(7_200);
    failover::ports::Runtime::pause(&stage.shelf, later).await;
    let window = stage.pass(&run, "window", None).await.unwrap();
    assert_eq!(window["progress"], "done");
}
