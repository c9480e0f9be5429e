//! What is refused before anything is started, what is started, and what comes of it.

use failover::ledger::{Lease, Outcome, RunKind};
use serde_json::Value;

use super::*;
use crate::{
    account::Said,
    arguments::Output,
    fake::{Fake, HOME, OTHER, record, refused, well, would},
    terminal::Terminal,
};

const FUNCTION: &str = "aurora-failover-planned-failover";
const WATCHING: Watching = Watching {
    no_wait: false,
    wait: 1,
};

/// An account whose function starts the run `a`, of which the ledger holds this record.
fn starts(says: Said, outcome: Option<Outcome>) -> Fake {
    let mut account = well();
    let place = account.place(OTHER);
    place.says.insert(FUNCTION.into(), says);
    place
        .records
        .extend(outcome.map(|outcome| record("a", 1, outcome)));
    account
}

fn started() -> Said {
    Said::Answer(
        json!({"action": "start", "reason": "a: is under way", "observed": {},
        "execution": "arn:aws:states:us-east-1:123456789012:execution:m:a"}),
    )
}

async fn moved(account: &Fake, to: Option<&str>, consent: Consent) -> (Answer, Vec<String>) {
    let terminal = Terminal::typed(&["orders"]);
    let (plan, to) = ("orders".into(), to.map(Region::from));
    let act = async |desk: &Desk<'_>| run(desk, (&plan, to.as_ref()), (consent, WATCHING)).await;
    let answer = account.at_desk(&terminal, Output::Table, act).await;
    (answer, terminal.said())
}

#[tokio::test]
async fn the_run_is_started_where_the_writer_goes_and_each_thing_that_it_does_is_shown() {
    let account = starts(started(), Some(Outcome::Succeeded));
    let (answer, said) = moved(&account, None, Consent::default()).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    let calls = account.called();
    assert!(
        calls[0].starts_with("us-east-1 aurora-failover-planned-failover"),
        "{calls:?}"
    );
    let asked: Vec<Value> = calls
        .iter()
        .map(|call| serde_json::from_str(call.splitn(3, ' ').nth(2).unwrap()).unwrap())
        .collect();
    assert_eq!(
        asked,
        [
            json!({"plan": "orders", "dry_run": true}),
            json!({"plan": "orders", "start": true})
        ]
    );
    assert_eq!(
        said,
        [
            "run a in us-east-1; Ctrl-C leaves it running",
            "  01:59:54  flip_dns: points writer.orders.internal to us-east-1"
        ]
    );
    assert!(
        answer
            .text
            .contains("succeeded 2026-01-31 01:59:59 UTC, RTO 14.8 s"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn what_stands_against_it_is_told_and_nothing_is_started() {
    let mut account = starts(refused(&["orders-east is not available"]), None);
    let dry = Consent {
        dry_run: true,
        yes: false,
    };
    let (answer, _) = moved(&account, None, dry).await;
    assert_eq!(
        (answer.ending, answer.complaints.len()),
        (Ending::NotWell, 0)
    );
    assert_eq!(
        answer.text,
        "orders: from us-west-2 to us-east-1\n  planned failover to us-east-1: not ready\n    - orders-east is not available\n"
    );
    let (answer, _) = moved(&account, None, Consent::default()).await;
    assert_eq!(
        answer.complaints,
        ["the move of plan orders to us-east-1 is refused as things are; nothing was changed"]
    );
    assert!(account.called().iter().all(|call| !call.contains("start")));
    account
        .place(OTHER)
        .says
        .insert(FUNCTION.into(), would("moves it"));
    let lease = Lease {
        run_id: "b".into(),
        token: 1,
        kind: RunKind::Failback,
        from: OTHER.into(),
        to: HOME.into(),
        expires_at: "2100-01-01T00:00:00Z".parse().unwrap(),
        waits_for_human: true,
    };
    account.place(OTHER).row.as_mut().unwrap().lease = Some(lease);
    let (answer, _) = moved(&account, None, Consent::default()).await;
    assert!(
        answer.text.contains("- run b holds plan orders until 2100"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn nothing_is_started_before_the_plans_name_was_typed() {
    let account = starts(would("moves it"), None);
    let terminal = Terminal::typed(&["orders-2"]);
    let plan = "orders".into();
    let given = (Consent::default(), WATCHING);
    let act = async |desk: &Desk<'_>| run(desk, (&plan, None), given).await;
    let answer = account.at_desk(&terminal, Output::Table, act).await;
    assert_eq!(answer.ending, Ending::Misused);
    assert_eq!(account.called().len(), 1);
}

#[tokio::test]
async fn a_run_that_ends_otherwise_makes_the_exit_code_1() {
    for outcome in [Outcome::Aborted, Outcome::Failed, Outcome::StoodDown] {
        let account = starts(started(), Some(outcome));
        let (answer, _) = moved(&account, Some(OTHER), Consent::default()).await;
        assert_eq!(answer.ending, Ending::NotWell, "{outcome:?}");
    }
    let mut refused = starts(started(), None);
    refused.place(OTHER).execution = Some(("FAILED", "RunRefused", "the kill switch is on"));
    let (answer, _) = moved(&refused, None, Consent::default()).await;
    assert_eq!(answer.ending, Ending::NotWell);
    assert_eq!(
        answer.complaints,
        ["run a ended before it held the plan: RunRefused: the kill switch is on"]
    );
}

#[tokio::test]
async fn a_run_whose_execution_ended_while_its_record_is_open_may_have_moved_the_writer() {
    let mut account = starts(started(), None);
    let mut open = record("a", 1, Outcome::Succeeded);
    open.closed = None;
    account.place(OTHER).records = vec![open];
    account.place(OTHER).execution = Some(("TIMED_OUT", "", ""));
    let (answer, _) = moved(&account, None, Consent::default()).await;
    assert_eq!(answer.ending, Ending::Unknown);
    assert_eq!(
        answer.complaints,
        [
            "the execution of run a has ended (TIMED_OUT) and its record was not seen closed, so that the writer may have moved; look with \
             aurora-failover status orders"
        ]
    );
}

#[tokio::test]
async fn a_start_that_was_cut_off_may_have_come_about() {
    for name in ["Sandbox.Timedout", "", "Unavailable"] {
        let cut = Said::Failure {
            name: name.into(),
            why: "cut off".into(),
        };
        let mut account = starts(would("moves it"), None);
        let (answer, terminal) = {
            let terminal = Terminal::typed(&["orders"]);
            let start = Start {
                plan: &"orders".into(),
                region: &OTHER.into(),
                function: FUNCTION.into(),
                input: json!({"plan": "orders"}),
            };
            account.place(OTHER).says.insert(FUNCTION.into(), cut);
            let act = async |desk: &Desk<'_>| crate::started::start(desk, start, WATCHING).await;
            let answer = account.at_desk(&terminal, Output::Table, act).await;
            (answer, terminal)
        };
        assert_eq!(answer.ending, Ending::Unknown, "{name}");
        assert!(
            answer.complaints[0]
                .starts_with("nobody can tell whether the run was started: cut off"),
            "{answer:?}"
        );
        assert_eq!(terminal.said(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_writers_own_region_and_a_strange_one_are_refused() {
    let account = starts(started(), None);
    for to in [HOME, "eu-west-1"] {
        let (answer, _) = moved(&account, Some(to), Consent::default()).await;
        assert_eq!(answer.ending, Ending::Misused);
        assert!(
            answer.complaints[0].ends_with("choose one of us-east-1"),
            "{answer:?}"
        );
    }
    assert_eq!(account.called(), Vec::<String>::new());
}
