//! A failback is started in the home Region, with the words that the machine takes.

use serde_json::json;

use super::*;
use crate::{
    account::Said,
    arguments::Output,
    fake::{Fake, HOME, OTHER, refused, row, well, would},
    terminal::Terminal,
};

const FUNCTION: &str = "aurora-failover-rebuild-global";
const AGREED: (Consent, Watching) = (
    Consent {
        dry_run: false,
        yes: true,
    },
    Watching {
        no_wait: true,
        wait: 1,
    },
);

/// The writer is away.
fn away(says: Said) -> Fake {
    let mut account = well();
    for region in [HOME, OTHER] {
        account.place(region).row = Some(row(OTHER, 2));
    }
    account.place(HOME).says.insert(FUNCTION.into(), says);
    account
}

async fn brought(account: &Fake, change: impl Fn(&mut Wanted<'_>)) -> Answer {
    let plan = "orders".into();
    let mut wanted = Wanted {
        plan: &plan,
        rehearse: false,
        not_before: None,
        approved: false,
    };
    change(&mut wanted);
    let act = async |desk: &Desk<'_>| run(desk, wanted, AGREED).await;
    account
        .at_desk(&Terminal::typed(&[]), Output::Table, act)
        .await
}

#[tokio::test]
async fn its_input_says_what_was_asked_for() {
    let said =
        json!({"reason": "a", "execution": "arn:aws:states:us-west-2:123456789012:execution:m:a"});
    let account = away(Said::Answer(said));
    let answer = brought(&account, |_| {}).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    assert_eq!(answer.text, "look at it with aurora-failover run a\n");
    brought(&account, |wanted| wanted.rehearse = true).await;
    brought(&account, |wanted| {
        wanted.not_before = Some("2026-12-01T02:00:00Z".parse().unwrap());
        wanted.approved = true;
    })
    .await;
    let starts: Vec<_> = account
        .called()
        .into_iter()
        .filter(|call| call.contains("start"))
        .collect();
    let call = |input: &str| format!("us-west-2 {FUNCTION} {input}");
    assert_eq!(
        starts,
        [
            call(r#"{"plan":"orders","start":true}"#),
            call(r#"{"plan":"orders","rehearse":true,"start":true}"#),
            call(
                r#"{"approval":"given","not_before":"2026-12-01T02:00:00Z","plan":"orders","start":true}"#
            )
        ]
    );
}

#[tokio::test]
async fn where_the_writer_is_at_home_or_a_rebuild_is_refused_nothing_is_started() {
    let answer = brought(&well(), |_| {}).await;
    assert_eq!(answer.ending, Ending::Misused);
    assert!(
        answer.complaints[0].contains("its home Region, already"),
        "{answer:?}"
    );
    let account = away(refused(&["the deposed member is not fenced"]));
    let answer = brought(&account, |_| {}).await;
    assert_eq!(answer.ending, Ending::NotWell);
    assert!(answer.text.contains("- the deposed member is not fenced"));
    assert_eq!(account.called().len(), 1);
    let mut account = away(would("fences it"));
    account.dead.insert(HOME.into());
    let answer = brought(&account, |_| {}).await;
    assert_eq!(answer.ending, Ending::Unknown, "{answer:?}");
}
