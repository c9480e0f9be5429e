//! A run is started to a Region, and one that was left half done is gone on with.

use failover::ledger::Outcome;

use super::*;
use crate::{
    arguments::Output,
    fake::{Fake, HOME, OTHER, record, row, run as ended, well},
    terminal::Terminal,
};

const FUNCTION: &str = "aurora-failover-detach-and-promote";

fn deployed(decision: &str) -> Fake {
    let mut account = well();
    let place = account.place(OTHER);
    let verdict = json!({"decision": decision, "reason": "us-west-2 answers nobody"});
    place.says.insert(
        "aurora-failover-confirm-outage".into(),
        Said::Answer(verdict),
    );
    let said =
        json!({"reason": "a", "execution": "arn:aws:states:us-east-1:123456789012:execution:m:a"});
    place.says.insert(FUNCTION.into(), Said::Answer(said));
    place.records.push(record("a", 1, Outcome::Succeeded));
    account
}

async fn failed_over(account: &Fake, to: &str, is_dry: bool) -> (Answer, Vec<String>) {
    let terminal = Terminal::typed(&["orders"]);
    let consent = Consent {
        dry_run: is_dry,
        yes: false,
    };
    let watching = Watching {
        no_wait: false,
        wait: 1,
    };
    let (plan, to) = ("orders".into(), to.into());
    let act = async |desk: &Desk<'_>| run(desk, (&plan, &to), (consent, watching)).await;
    let answer = account.at_desk(&terminal, Output::Table, act).await;
    (answer, terminal.said())
}

#[tokio::test]
async fn the_run_is_started_where_it_acts_whatever_the_verdict_of_the_moment_is() {
    let account = deployed("stand_down");
    let (answer, said) = failed_over(&account, OTHER, false).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    assert!(said[0].contains("- us-west-2 answers nobody"), "{said:?}");
    assert_eq!(
        account.called()[1],
        format!(
            r#"us-east-1 {FUNCTION} {{"observer_region":"us-east-1","plan":"orders","start":true,"writer_region":"us-west-2"}}"#
        )
    );
}

#[tokio::test]
async fn a_dry_run_tells_the_verdict_and_starts_nothing() {
    for (decision, ending) in [
        ("go_on", Ending::Well),
        ("ask", Ending::Well),
        ("stand_down", Ending::NotWell),
    ] {
        let account = deployed(decision);
        let (answer, _) = failed_over(&account, OTHER, true).await;
        assert_eq!(answer.ending, ending, "{decision}");
        assert!(
            answer.text.contains("us-west-2 answers nobody"),
            "{}",
            answer.text
        );
        assert_eq!(account.called().len(), 1);
    }
}

#[tokio::test]
async fn to_the_writers_own_region_it_goes_on_with_what_the_last_run_left() {
    let mut account = deployed("stand_down");
    for region in [HOME, OTHER] {
        account.place(region).row = Some(row(OTHER, 2));
    }
    let (answer, _) = failed_over(&account, OTHER, false).await;
    assert_eq!(answer.ending, Ending::Misused);
    assert!(
        answer.complaints[0].contains("no run has moved it there"),
        "{answer:?}"
    );
    account.place(OTHER).runs = vec![ended("old", 900, Outcome::Failed)];
    let (answer, _) = failed_over(&account, OTHER, false).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    assert!(account.called()[1].contains(r#""writer_region":"us-west-2""#));
}
