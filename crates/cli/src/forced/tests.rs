//! What is forced, in which order, and where it stops.

use failover::ledger::Outcome;

use super::*;
use crate::{
    arguments::Output,
    fake::{Fake, HOME, OTHER, refused, row, run as past, well},
    terminal::Terminal,
};

/// Each function is done at once.
fn deployed() -> Fake {
    let mut account = well();
    let done = json!({"progress": "done", "action": "none", "reason": "it is so"});
    for region in [HOME, OTHER] {
        account.place(region).says_else = Some(Said::Answer(done.clone()));
    }
    account
}

async fn forced(account: &Fake, epoch: u64, abandon: bool) -> (Answer, Terminal) {
    let terminal = Terminal::typed(&["orders"]);
    let (plan, to) = ("orders".into(), OTHER.into());
    let wanted = Wanted {
        plan: &plan,
        to: &to,
        epoch: Some(epoch),
        abandon_living_writer: abandon,
        writer_takes_writes: false,
    };
    let act = async |desk: &Desk<'_>| run(desk, wanted, Consent::default()).await;
    let answer = account.at_desk(&terminal, Output::Table, act).await;
    (answer, terminal)
}

/// The calls, each as `<Region> <function> <operation>`, with the epoch that is forced.
fn calls(account: &Fake) -> Vec<String> {
    let calls = account.called();
    let shown = calls.iter().map(|call| {
        let mut parts = call.splitn(3, ' ');
        let (region, function) = (parts.next().unwrap(), parts.next().unwrap());
        let payload: serde_json::Value = serde_json::from_str(parts.next().unwrap()).unwrap();
        let operation = payload["operation"].as_str().unwrap_or("-").to_owned();
        let dry = if payload["dry_run"] == true {
            " dry"
        } else {
            ""
        };
        let function = function.replace("aurora-failover-", "");
        format!(
            "{region} {function} {operation} {}{dry}",
            payload["force"].as_str().unwrap()
        )
    });
    shown.collect()
}

#[tokio::test]
async fn everything_is_done_in_the_order_of_the_documents() {
    let account = deployed();
    // The ledger of the test stands still: a proof that changed nothing leaves the plan where it stood.
    let (answer, terminal) = forced(&account, 1, true).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    assert_eq!(
        calls(&account),
        [
            "us-east-1 detach-and-promote - orders@1 dry",
            "us-east-1 detach-and-promote - orders@1",
            "us-east-1 health-probe prove orders@1",
            "us-west-2 fence-writer fence orders@1",
            "us-east-1 dns-flip - orders@1",
            "us-east-1 ecs-restart - orders@1",
            "us-east-1 health-probe verify orders@1",
            "us-west-2 loss-ledger - orders@1",
        ]
    );
    let promotion = &account.called()[1];
    assert!(
        promotion.contains(r#""abandon_living_writer":true,"accept_data_loss":true"#),
        "{promotion}"
    );
    assert_eq!(terminal.said().len(), 7, "{:?}", terminal.said());
    let interrupted = terminal.interrupted();
    assert_eq!(
        interrupted.complaints,
        [
            "interrupted: it stood at loss-ledger in us-west-2; go on with aurora-failover failover orders --to us-east-1 --force \
          --epoch 1"
        ]
    );
}

#[tokio::test]
async fn where_the_old_writer_answers_the_planned_move_is_offered() {
    let mut account = deployed();
    let lives = refused(&["the writer in us-west-2 committed 2 s ago"]);
    account
        .place(OTHER)
        .says
        .insert("aurora-failover-detach-and-promote".into(), lives);
    let (answer, _) = forced(&account, 1, false).await;
    assert_eq!(answer.ending, Ending::NotWell);
    assert!(
        answer
            .text
            .contains("- the writer in us-west-2 committed 2 s ago"),
        "{}",
        answer.text
    );
    assert!(answer.text.contains("! where both Regions answer, the planned move loses nothing: aurora-failover switchover orders --to us-east-1"));
    assert_eq!(account.called().len(), 1);
}

#[tokio::test]
async fn the_epoch_of_another_day_changes_nothing() {
    let account = deployed();
    let (answer, _) = forced(&account, 7, false).await;
    assert_eq!(answer.ending, Ending::Misused);
    assert_eq!(
        answer.complaints,
        [
            "--epoch is 7, and plan orders stands at epoch 1; write --epoch 1 if you mean the writer of today"
        ]
    );
    assert_eq!(account.called(), Vec::<String>::new());
}

#[tokio::test]
async fn a_region_that_is_silent_is_left_out_and_what_is_left_is_told() {
    let mut account = deployed();
    account.dead.insert(HOME.into());
    let (answer, _) = forced(&account, 1, false).await;
    assert_eq!(answer.ending, Ending::NotWell);
    assert!(calls(&account).iter().all(|call| call.starts_with(OTHER)));
    assert_eq!(answer.text, "orders: the writer is in us-east-1, epoch 1\n");
    assert_eq!(
        answer.complaints,
        [
            "fence-writer in us-west-2: the Region is silent; it may take writes: shut it with aurora-failover fence orders, unless its \
             schedule has done so once it answers",
            "loss-ledger in us-west-2: the Region is silent; list what it alone has with aurora-failover losses orders --list"
        ]
    );
}

#[tokio::test]
async fn nothing_follows_a_promotion_that_is_refused() {
    let mut account = deployed();
    let refused = Said::Failure {
        name: "NotReady".into(),
        why: "the new writer takes no write".into(),
    };
    account
        .place(OTHER)
        .says
        .insert("aurora-failover-health-probe".into(), refused);
    let (answer, _) = forced(&account, 1, false).await;
    assert_eq!(calls(&account).len(), 3);
    assert_eq!(
        answer.complaints,
        [
            "health-probe prove in us-east-1 came to no end: the new writer takes no write; once that is put right, go on with aurora-failover \
          failover orders --to us-east-1 --force --epoch 1"
        ]
    );
}

#[tokio::test]
async fn behind_a_proof_only_what_follows_it_is_done() {
    let mut account = deployed();
    for region in [HOME, OTHER] {
        account.place(region).row = Some(row(OTHER, 2));
    }
    // Nothing is done again for a writer that no run has moved there.
    let (never, _) = forced(&account, 2, false).await;
    assert_eq!(never.ending, Ending::Misused);
    assert_eq!(account.called(), Vec::<String>::new());
    account.place(OTHER).runs = vec![past(
        "by-hand-detach_and_promote-us-east-1-1",
        60,
        Outcome::Succeeded,
    )];
    let (answer, _) = forced(&account, 2, false).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    let calls = calls(&account);
    assert_eq!(calls[0], "us-west-2 fence-writer fence orders@2");
    assert_eq!(calls.len(), 5);
}

#[tokio::test]
async fn a_region_that_is_left_and_answers_late_holds_up_no_name() {
    let mut account = deployed();
    let late = Said::Failure {
        name: "Sandbox.Timedout".into(),
        why: "cut off".into(),
    };
    account
        .place(HOME)
        .says
        .insert("aurora-failover-fence-writer".into(), late);
    let (answer, _) = forced(&account, 1, true).await;
    assert_eq!(answer.ending, Ending::NotWell);
    let calls = calls(&account);
    let first = calls
        .iter()
        .position(|call| call.contains("dns-flip"))
        .unwrap();
    let last = calls
        .iter()
        .rposition(|call| call.contains("fence-writer"))
        .unwrap();
    assert!(first < last, "{calls:#?}");
    assert_eq!(
        answer.complaints,
        [
            "fence-writer in us-west-2: cut off; it may take writes: shut it with aurora-failover fence orders, unless its schedule has done so \
          once it answers"
        ]
    );
}

/// The example of a plan over instances, under the name of the others.
fn of_instances(text: &str) -> Fake {
    let mut account = deployed();
    let mut plan: serde_json::Value = serde_json::from_str(text).unwrap();
    plan["plan"] = "orders".into();
    let text = plan.to_string();
    for region in [HOME, OTHER] {
        let place = account.place(region);
        place.parameters = [("/aurora-failover/plans/orders".into(), text.clone())].into();
        place.known = Vec::new();
    }
    account
}

#[tokio::test]
async fn no_name_moves_to_a_writer_that_is_not_opened() {
    let mut account = of_instances(include_str!("../../../../examples/plans/rds-replica.json"));
    let shut = Said::Failure {
        name: "NotReady".into(),
        why: "the mark of the stop is not there yet".into(),
    };
    account
        .place(OTHER)
        .says
        .insert("aurora-failover-open-writer".into(), shut);
    let (answer, _) = forced(&account, 1, true).await;
    assert_eq!(answer.ending, Ending::NotWell);
    let calls = calls(&account);
    assert!(
        calls.iter().any(|call| call.contains("open-writer")),
        "{calls:#?}"
    );
    for function in ["dns-flip", "ecs-restart", "verify"] {
        assert!(
            !calls.iter().any(|call| call.contains(function)),
            "{calls:#?}"
        );
    }
    assert_eq!(answer.complaints.len(), 4, "{answer:#?}");
}

#[tokio::test]
async fn the_plans_own_functions_that_nobody_called_are_told_with_their_commands() {
    let mut plan: serde_json::Value =
        serde_json::from_str(include_str!("../../../../examples/plans/rds-replica.json")).unwrap();
    for phase in ["before_promote", "after_names"] {
        plan["hooks"][phase] = json!({"function": "orders-failover-hook"});
    }
    let account = of_instances(&plan.to_string());
    let (answer, _) = forced(&account, 1, true).await;
    assert_eq!(answer.ending, Ending::NotWell);
    let [told] = answer.complaints.as_slice() else {
        panic!("{answer:#?}");
    };
    for part in [
        "the hook after_names (orders-failover-hook) was not called",
        "aws lambda invoke --region us-east-1 --function-name aurora-failover-call-hook",
        r#""phase":"after_names""#,
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[tokio::test]
async fn a_database_without_heartbeats_waits_for_a_humans_word() {
    let account = of_instances(include_str!(
        "../../../../examples/plans/rds-replica-sqlserver.json"
    ));
    let (answer, _) = forced(&account, 1, true).await;
    assert_eq!(answer.ending, Ending::NotWell);
    assert!(
        answer.complaints[0].contains("say so by --writer-takes-writes"),
        "{answer:?}"
    );
    assert_eq!(calls(&account).len(), 2);
}
