//! What is called by hand, where, and what is told of it.

use super::*;
use crate::{
    account::Said,
    adopt,
    arguments::Output,
    fake::{Fake, HOME, OTHER, refused, well},
    fence, losses, messages, set_up,
    terminal::Terminal,
};
use serde_json::json;

const AGREED: Consent = Consent {
    dry_run: false,
    yes: true,
};

fn deployed(function: &str, said: &Said) -> Fake {
    let mut account = well();
    for region in [HOME, OTHER] {
        let name = format!("aurora-failover-{function}");
        account.place(region).says.insert(name, said.clone());
    }
    account
}

fn done(reason: &str) -> Said {
    Said::Answer(json!({"progress": "done", "action": "none", "reason": reason}))
}

async fn at(account: &Fake, act: impl AsyncFnOnce(&Desk<'_>) -> Answer) -> Answer {
    account
        .at_desk(&Terminal::typed(&[]), Output::Table, act)
        .await
}

fn plan() -> PlanName {
    "orders".into()
}

#[tokio::test]
async fn a_fence_is_forced_where_the_writer_is_not() {
    let account = deployed("fence-writer", &done("it is fenced"));
    let act = async |desk: &Desk<'_>| fence::fence(desk, (&plan(), None), AGREED).await;
    let answer = at(&account, act).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    assert_eq!(answer.text, "orders:\n  us-east-1: done: it is fenced\n");
    assert_eq!(
        account.called(),
        [
            r#"us-east-1 aurora-failover-fence-writer {"dry_run":true,"force":"orders@1","operation":"fence","plan":"orders"}"#,
            r#"us-east-1 aurora-failover-fence-writer {"force":"orders@1","operation":"fence","plan":"orders"}"#
        ]
    );
}

#[tokio::test]
async fn what_is_refused_is_told_and_not_called() {
    let account = deployed("fence-writer", &refused(&["switch it on first"]));
    let act = async |desk: &Desk<'_>| fence::unfence(desk, (&plan(), None), AGREED).await;
    let answer = at(&account, act).await;
    assert_eq!(answer.ending, Ending::NotWell);
    assert!(
        answer
            .text
            .contains("refused: would be refused: switch it on first")
    );
    assert_eq!(answer.complaints, ["nothing was changed"]);
    assert_eq!(account.called().len(), 1);
}

#[tokio::test]
async fn losses_are_only_listed_where_that_is_asked_for() {
    let account = deployed("loss-ledger", &done("3 row(s) are only in orders-east"));
    let look = async |desk: &Desk<'_>| losses::run(desk, (&plan(), None, false), AGREED).await;
    let answer = at(&account, look).await;
    assert!(
        answer.text.contains("3 row(s) are only in orders-east"),
        "{}",
        answer.text
    );
    assert_eq!(account.called().len(), 1);
    let list = async |desk: &Desk<'_>| losses::run(desk, (&plan(), None, true), AGREED).await;
    at(&account, list).await;
    assert_eq!(account.called().len(), 3);
}

#[tokio::test]
async fn a_writer_is_adopted_from_its_home_and_set_up_where_it_is() {
    let account = deployed("recovery-ledger", &done("us-west-2 is the writer"));
    let act = async |desk: &Desk<'_>| adopt::run(desk, &plan(), AGREED).await;
    assert_eq!(at(&account, act).await.ending, Ending::Well);
    assert!(account.called()[1].starts_with("us-west-2 aurora-failover-recovery-ledger"));
    let account = deployed(
        "health-probe",
        &Said::Answer(json!({"plan": "orders", "epoch": 1})),
    );
    let act = async |desk: &Desk<'_>| set_up::run(desk, &plan(), AGREED).await;
    let answer = at(&account, act).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    // It knows no dry run, so that none is asked for.
    assert_eq!(
        account.called(),
        [r#"us-west-2 aurora-failover-health-probe {"operation":"setup","plan":"orders"}"#]
    );
}

#[tokio::test]
async fn a_test_message_goes_to_every_region_that_answers() {
    let mut account = deployed("recovery-ledger", &done("the topic took it"));
    account.dead.insert(HOME.into());
    let act = async |desk: &Desk<'_>| messages::test(desk, &plan(), AGREED).await;
    let answer = at(&account, act).await;
    assert_eq!(answer.ending, Ending::Unknown);
    assert_eq!(
        answer.text,
        "orders:\n  us-east-1: done: the topic took it\n  us-west-2: silent: the Region is silent\n"
    );
}

#[tokio::test]
async fn a_strange_region_is_refused() {
    let account = well();
    let strange = Region::from("eu-west-1");
    let act = async |desk: &Desk<'_>| fence::fence(desk, (&plan(), Some(&strange)), AGREED).await;
    let answer = at(&account, act).await;
    assert_eq!(answer.ending, Ending::Misused);
    assert!(answer.complaints[0].ends_with("choose one of us-east-1, us-west-2"));
}
