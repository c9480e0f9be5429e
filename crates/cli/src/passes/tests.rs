//! A call is made again until it is done, and no longer than that makes sense.

use super::*;
use crate::{
    arguments::Output,
    fake::{OTHER, well},
    terminal::Terminal,
};

async fn came(said: Said) -> (Came, Vec<String>, usize) {
    let mut account = well();
    account
        .place(OTHER)
        .says
        .insert("aurora-failover-dns-flip".into(), said);
    let terminal = Terminal::typed(&[]);
    let call = Call::forced(
        &OTHER.into(),
        ("dns-flip", None),
        (&"orders".into(), Epoch(2)),
    );
    let act = async |desk: &Desk<'_>| until_done(desk, &call).await;
    let came = account.at_desk(&terminal, Output::Table, act).await;
    (came, terminal.said(), account.called().len())
}

#[tokio::test]
async fn what_says_the_same_is_shown_once_and_comes_to_an_end() {
    let pending = json!({"progress": "pending", "wait_seconds": 1, "reason": "waits for the zone"});
    let (came, said, calls) = came(Said::Answer(pending)).await;
    assert!(
        matches!(&came, Came::Silent(why) if why.contains("waits for the zone")),
        "{came:?}"
    );
    assert_eq!(said, ["  dns-flip in us-east-1: waits for the zone"]);
    assert_eq!(calls, PASSES);
}

#[tokio::test]
async fn a_refusal_ends_it_at_once_and_silence_after_a_while() {
    let failure = |name: &str| Said::Failure {
        name: name.into(),
        why: "why".into(),
    };
    // A run that only confirms gives the plan back within seconds.
    for (name, times) in [("NotReady", 1), ("RunRefused", 1 + HELD)] {
        let (refused, said, calls) = came(failure(name)).await;
        assert!(
            matches!(&refused, Came::Refused(why) if why == "why"),
            "{refused:?}"
        );
        let shown = usize::from(times > 1);
        assert_eq!((calls, said.len()), (times, shown), "{name}");
    }
    for name in ["Unavailable", "", "Sandbox.Timedout", "Runtime.ExitError"] {
        let (silent, said, calls) = came(failure(name)).await;
        assert!(
            matches!(&silent, Came::Silent(why) if why == "why"),
            "{silent:?}"
        );
        assert_eq!((calls, said.len()), (UNANSWERED, 1));
    }
}
