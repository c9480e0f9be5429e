//! What stands between a run and what cannot be taken back: rights, writers, leases, and its own closing.

use failover::ports::Runtime;

use super::{
    ends::{serving, size},
    *,
};

#[tokio::test]
async fn without_the_destructive_rights_no_run_is_prepared_and_the_command_is_named() {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    stage.shelf.give_rights(None);
    stage.things.refuse("billing", Phase::Prepare);
    let why = stage.done(&run, "prepare", None).await.unwrap_err();
    let said = why.to_string();
    let command = "make failback-rights ANSWERS=<file> REGION=us-east-1";
    assert!(why.name() == "NotReady" && said.contains(command), "{said}");
    assert!(
        said.contains("billing: "),
        "every other reason, too: {said}"
    );
    stage.close(&run).await;
    stage.things.relent("billing", Phase::Prepare);
    let rehearsal = stage.open("rehearse", "b").await;
    stage.done(&rehearsal, "prepare", None).await.unwrap();
}

#[tokio::test]
async fn the_rights_are_looked_at_again_before_the_business_is_stopped() {
    let stage = serving();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "suspend").await.unwrap();
    stage.shelf.give_rights(Some("billing"));
    let why = stage.pass(&run, "suspend", None).await.unwrap_err();
    assert!(
        why.to_string().contains("does not name plan orders"),
        "{why}"
    );
    assert_eq!(size(&stage, "west/shop"), 3);
    for row in stage.shelf.books.rows().values() {
        assert!(row.intent.is_none());
    }
}

#[tokio::test]
async fn whoever_raises_a_service_during_the_last_copies_ends_them() {
    let stage = serving();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "last_sync").await.unwrap();
    stage.pass(&run, "last_sync", None).await.unwrap();
    stage.shelf.books.scaled("west/shop", (0, 1));
    let why = stage.done(&run, "last_sync", None).await.unwrap_err();
    assert!(why.to_string().contains("west/shop"), "{why}");
    stage.done(&run, "give_back", None).await.unwrap();
    assert_eq!(stage.close(&run).await["outcome"], "aborted");
    assert_eq!(size(&stage, "west/shop"), 1, "what somebody gave it stays");
    recovery_serves(&stage, 7);
}

#[tokio::test]
async fn no_cut_over_begins_while_a_service_of_the_plan_runs() {
    let stage = serving();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "cut_over").await.unwrap();
    stage.shelf.books.scaled("west/shop", (0, 1));
    let why = stage.pass(&run, "cut_over", None).await.unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert!(stage.calls_in(Phase::CutOver).is_empty());
    assert_eq!(stage.close(&run).await["outcome"], "aborted");
    recovery_serves(&stage, 7);
}

#[tokio::test]
async fn a_question_says_what_was_observed_and_what_was_not() {
    let stage = serving();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "verify").await.unwrap();
    stage.done(&run, "verify", None).await.unwrap();
    stage.ask(&run, "verified").await.unwrap();
    let status = json!({"operation": "status", "plan": "orders"});
    let status = stage.call(status).await.unwrap();
    let text = status["run"]["question"]["text"].as_str().unwrap();
    for says in [
        "services of the plan in us-west-2 are at zero; writers outside the plan were not looked at",
        "needs accept_data_loss",
    ] {
        assert!(text.contains(says), "{text}");
    }
}

#[tokio::test]
async fn a_retire_that_fails_keeps_home_from_nothing_and_is_said() {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "retire").await.unwrap();
    stage.things.refuse("carts", Phase::Retire);
    let answered = Some("verified");
    stage.done(&run, "retire", answered).await.unwrap_err();
    stage.done(&run, "conclude", None).await.unwrap();
    let closed = stage.close(&run).await;
    assert_eq!(closed["outcome"], "succeeded", "{closed}");
    let (subject, text) = stage.shelf.books.messages().pop().unwrap();
    assert!(text.contains("not retired in us-west-2: carts"), "{text}");
    assert!(subject.starts_with("ACTION"), "{subject}");
    assert!(!text.contains("aurora-failover revert"), "{text}");
    home_serves(&stage, 8);
}

#[tokio::test]
async fn a_home_that_is_proven_and_not_concluded_is_not_to_be_undone() {
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "conclude").await.unwrap();
    stage.things.refuse("carts", Phase::Conclude);
    stage.done(&run, "conclude", None).await.unwrap_err();
    assert_eq!(stage.close(&run).await["outcome"], "failed");
    let (_, text) = stage.shelf.books.messages().pop().unwrap();
    assert!(!text.contains("aurora-failover revert"), "{text}");
    let status = json!({"operation": "status", "plan": "orders"});
    let status = stage.call(status).await.unwrap();
    assert_eq!(status["next"], json!([]), "{status}");
}

#[tokio::test]
async fn a_run_that_is_being_closed_begins_no_cut_over() {
    let stage = serving();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "cut_over").await.unwrap();
    let before = stage.shelf.runs_in(HOME).into_values().next().unwrap();
    let mut marked = before.clone();
    marked.closing = Some(stage.shelf.now());
    let stage = Stage {
        shelf: stage.shelf.with_run(&marked),
        things: stage.things,
    };
    let why = stage.pass(&run, "cut_over", None).await.unwrap_err();
    assert!(why.name() == "RunRefused" && why.to_string().contains("being closed"));
    assert_eq!(stage.close(&run).await["outcome"], "aborted");
    assert_eq!(size(&stage, "west/shop"), 3);
}

#[tokio::test]
async fn the_mark_of_the_closing_is_written_before_anything_is_given_back() {
    let stage = serving();
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "cut_over").await.unwrap();
    let before = stage.shelf.runs_in(HOME).into_values().next().unwrap();
    stage.close(&run).await;
    let after = stage.shelf.runs_in(HOME).into_values().next().unwrap();
    assert_eq!(after.version, before.version + 2, "the mark, and the end");
    assert!(after.closing.is_some());
}

#[tokio::test]
async fn opening_again_takes_nothing_from_a_lease_that_waits_for_a_human_and_a_dry_run_none_at_all()
{
    let stage = Stage::usual();
    let run = stage.open("restore_home", "a").await;
    stage.shelf.pause(std::time::Duration::from_secs(60)).await;
    let before = stage.everything();
    let dry = json!({"operation": "open", "plan": "orders", "kind": "restore_home", "execution": "a", "dry_run": true});
    let said = stage.call(dry).await.unwrap();
    assert_eq!(said["dry_run"], true);
    assert_eq!(stage.everything(), before);
    stage.done(&run, "prepare", None).await.unwrap();
    stage.ask(&run, "prepared").await.unwrap();
    let asked = stage.shelf.books.rows();
    stage.open("restore_home", "a").await;
    for (region, row) in stage.shelf.books.rows() {
        assert_eq!(row.lease, asked[&region].lease, "{region}");
    }
}

/// The machine's loop: `Sync` of `restore-home`.
const PASSES: u32 = 720;

/// How many rounds are home when the loop ends, and after how many passes.
async fn rounds(most: u32, every_minutes: u32) -> (u32, u32) {
    let mut document = crate::testing::document();
    document["sync"] = json!({"rounds_max": most, "every_minutes": every_minutes});
    let stage = Stage::of(&document);
    let run = stage.open("restore_home", "a").await;
    stage.until(&run, "sync").await.unwrap();
    stage.things.grow();
    for passes in 0..PASSES {
        let passed = stage.pass(&run, "sync", None).await.unwrap();
        if passed["progress"] == "done" {
            let rows = stage.shelf.kept().into_values();
            return (rows.map(|row| row.rounds).min().unwrap(), passes);
        }
        let seconds = passed["wait_seconds"].as_u64().unwrap();
        assert!(seconds <= 60, "{passed}");
        let time = std::time::Duration::from_secs(seconds);
        stage.shelf.pause(time).await;
    }
    panic!("the loop has no pass left");
}

#[tokio::test]
async fn the_rounds_that_a_plan_may_ask_for_fit_into_the_loop_of_the_machine() {
    let (home, passes) = rounds(12, 15).await;
    assert_eq!(home, 12);
    assert!(passes > 150, "{passes}: they were waited for");
    for (most, every) in [(48, 10), (16, 30), (1, 480)] {
        let (home, passes) = rounds(most, every).await;
        assert!(home == most && passes < 650, "{home} rounds, {passes}");
    }
}
