//! A question is found, and answered with its token and with nothing else.

use failover::{
    evidence::{Said, Verdict},
    ledger::{Asked, Entry, Lease, Outcome, Run, RunKind},
};

use super::*;
use crate::{
    approvals,
    arguments::Output,
    fake::{Fake, HOME, OTHER, before, record, well},
    terminal::Terminal,
};

fn waiting(action: &str) -> Fake {
    let mut account = well();
    let mut run: Run = record("a711", 60, Outcome::Succeeded);
    run.closed = None;
    run.execution = Some("arn:aws:states:us-east-1:123456789012:execution:m:a711".into());
    run.asked = Some(Asked {
        question: "0f".into(),
        at: before(60),
        is_sent: true,
        verdict: Some(Verdict::WriterDown),
        said: Said::Nothing,
    });
    run.timeline.push(Entry {
        at: before(60),
        step: "recovery_ledger".into(),
        action: action.into(),
        reason: "a human is asked".into(),
    });
    let lease = Lease {
        run_id: "a711".into(),
        token: 1,
        kind: RunKind::UnplannedFailover,
        from: HOME.into(),
        to: OTHER.into(),
        expires_at: "2100-01-01T00:00:00Z".parse().unwrap(),
        waits_for_human: true,
    };
    let place = account.place(OTHER);
    place.row.as_mut().unwrap().lease = Some(lease);
    place.records = vec![run];
    account
}

async fn answered(account: &Fake, token: Option<&str>, no: Option<&str>) -> Answer {
    let wanted = Wanted {
        run: "a7",
        token,
        no,
        by: None,
    };
    let act = async |desk: &Desk<'_>| run(desk, wanted, Consent::default()).await;
    let terminal = Terminal::typed(&["orders"]);
    account.at_desk(&terminal, Output::Table, act).await
}

async fn listed(account: &Fake) -> Answer {
    let act = async |desk: &Desk<'_>| approvals::run(desk).await;
    account
        .at_desk(&Terminal::typed(&[]), Output::Table, act)
        .await
}

#[tokio::test]
async fn a_question_is_listed_with_both_answers() {
    let answer = listed(&waiting("ask")).await;
    assert_eq!(answer.ending, Ending::NotWell, "{answer:?}");
    for part in [
        "orders: shall us-east-1 take over from us-west-2? (unplanned failover, run a711)\n",
        "  points writer.orders.internal to us-east-1\n",
        "  yes: aurora-failover approve a711\n",
    ] {
        assert!(
            answer.text.contains(part),
            "{part} is missing from\n{}",
            answer.text
        );
    }
    for calm in [well(), waiting("keep")] {
        let answer = listed(&calm).await;
        assert_eq!(answer.text, "nobody waits for an answer\n");
        assert_eq!(answer.ending, Ending::Well);
    }
}

#[tokio::test]
async fn it_is_answered_by_the_token_of_the_message_or_of_the_history() {
    let mut account = waiting("ask");
    let answer = answered(&account, Some("t0"), None).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    answered(&account, Some("t0"), Some("not now")).await;
    assert_eq!(
        account.written(),
        ["us-east-1 yes t0", "us-east-1 no t0 not now"]
    );
    let unseen = answered(&account, None, None).await;
    assert_eq!(unseen.ending, Ending::Unknown);
    assert!(
        unseen.complaints[0].ends_with("give it as --token"),
        "{unseen:?}"
    );
    account.place(OTHER).token = Some("t1".into());
    answered(&account, None, None).await;
    assert_eq!(account.written()[2], "us-east-1 yes t1");
    // The token of another run's question would answer that one.
    let other = answered(&account, Some("t0"), None).await;
    assert_eq!(other.ending, Ending::Misused);
    assert_eq!(
        other.complaints,
        [
            "--token is not that of the question of run a711; leave it out, and the right one is found"
        ]
    );
    assert_eq!(account.written().len(), 3);
}

#[tokio::test]
async fn a_run_that_asks_nothing_is_not_answered() {
    let answer = answered(&well(), Some("t0"), None).await;
    assert_eq!(answer.ending, Ending::Misused);
    assert_eq!(
        answer.complaints,
        ["run a7 is not one that waits for an answer: nobody waits for an answer"]
    );
}
