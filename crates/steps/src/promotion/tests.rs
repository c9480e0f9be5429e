//! What makes the evidence stale.

use super::*;
use failover::{
    beat::{Beat, Vantage, Write},
    domain::Epoch,
    evidence::{Evidence, Said, Verdict},
    ledger::{Attempt, Confirmed, PlanState, Rows},
    testing::{Books, row, run},
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// The evidence is of 1,000 s, and what the writer had said until then with it.
fn confirmed(said: Said) -> Run {
    let mut run = failover::testing::run();
    let confirmed = failover::testing::confirmed(Verdict::WriterDownUnconfirmed);
    let evidence = Evidence {
        said,
        ..failover::testing::evidence(at(1_000))
    };
    run.confirmed = Some(Confirmed {
        evidence,
        approved: true,
        ..confirmed
    });
    run.approve(at(1_000), "test");
    run
}

async fn refused(run: &Run, seen: &Vantage) -> Option<&'static str> {
    let books = failover::testing::Books::with(&PlanState::new("orders".into()));
    books.put_vantage(run.name(), seen).await.unwrap();
    refused_by(&books, run).await
}

/// In the pass that makes the call.
async fn refused_by(books: &failover::testing::Books, run: &Run) -> Option<&'static str> {
    let everywhere = life::asks_everywhere(run, true, at(1_010));
    let lived = life::last(books, run, everywhere).await;
    let switches = Switches::default();
    let why = refusal(run, &switches, lived, at(1_010));
    why.filter(|why| why.name() == "EvidenceStale")
        .map(|why| why.name())
}

#[tokio::test]
async fn a_writer_that_answers_again_after_the_evidence_makes_that_stale() {
    let why = || "why".to_owned();
    let look = |write: Write| Vantage {
        write,
        ..failover::testing::probe::vantage("us-east-1".into(), at(1_010))
    };
    let silent = look(Write::Failed { why: why() });
    assert_eq!(refused(&confirmed(Said::Nothing), &silent).await, None);
    let mut full = silent.clone();
    full.signs.saturated_at = Some(at(1_005));
    let mut before = silent.clone();
    before.signs.answered_at = Some(at(1_005));
    let mut spoke = silent.clone();
    spoke.signs.spoke_at = Some(at(1_005));
    let mut committed = silent.clone();
    committed.last_beat = Some(Beat {
        seq: 9,
        epoch: Epoch(7),
        at: at(1_005),
    });
    committed.signs.uncommitted_since = Some(at(1_009));
    let answers = [
        look(Write::Starting { why: why() }),
        look(Write::Exhausted { why: why() }),
        look(Write::Answered { why: why() }),
        before.clone(),
        spoke.clone(),
        full.clone(),
        committed.clone(),
    ];
    for seen in &answers {
        let stale = refused(&confirmed(Said::Nothing), seen).await;
        assert_eq!(stale, Some("EvidenceStale"), "{seen:?}");
    }
    // An answer that the human knew of when they agreed is no news; a commit and a full server are.
    let known = confirmed(Said::Answered);
    for seen in &answers[..5] {
        assert_eq!(refused(&known, seen).await, None, "{seen:?}");
    }
    for seen in [&full, &committed] {
        assert_eq!(refused(&known, seen).await, Some("EvidenceStale"));
    }
}

#[tokio::test]
async fn a_writer_that_commits_to_its_own_regions_probe_after_the_evidence_makes_that_stale() {
    let run = confirmed(Said::Nothing);
    let by_home = |second| {
        let beat = Beat {
            seq: 9,
            epoch: Epoch(7),
            at: at(second),
        };
        Vantage {
            write: Write::Committed { beat },
            last_beat: Some(beat),
            ..failover::testing::probe::vantage("us-west-2".into(), at(second))
        }
    };
    let books = |second| async move {
        let books = failover::testing::Books::with(&PlanState::new("orders".into()));
        let name = "orders".into();
        books.put_vantage(&name, &by_home(second)).await.unwrap();
        // Our own road stays cut.
        let own = failover::testing::probe::vantage("us-east-1".into(), at(1_010));
        books.put_vantage(&name, &own).await.unwrap();
        books
    };
    let again = books(1_005).await;
    assert_eq!(refused_by(&again, &run).await, Some("EvidenceStale"));
    assert_eq!(refused_by(&books(999).await, &run).await, None);
    let silent = again.silence("us-west-2");
    assert_eq!(refused_by(&silent, &run).await, None, "a dead Region");
}

#[tokio::test]
async fn the_point_of_no_return_is_told_beside_the_first_call_and_by_no_later_pass() {
    let books = Books::with(&row("us-west-2", 7));
    let mut pass = Pass {
        run: run(),
        rows: Rows([("us-east-1".into(), row("us-west-2", 7))].into()),
        now: Timestamp::from_second(1_000).unwrap(),
        dry_run: false,
    };
    let asked = |times| Attempt {
        step: "detach_and_promote".into(),
        action: "detach".into(),
        first_at: pass.now,
        at: pass.now,
        times,
        answer: None,
    };
    let (first, second) = (asked(1), asked(2));
    let topic = "arn:aws:sns:us-east-1:123456789012:orders-alerts";
    pass.run.plan.notify = [("us-east-1".into(), topic.into())].into();
    pass.run.attempts = vec![first];
    point_of_no_return(&books, &pass, "orders-east", "detach").await;
    let told = books.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("point of no return: orders-east is promoted by detach"),
        "{told:?}"
    );
    pass.run.attempts = vec![second];
    point_of_no_return(&books, &pass, "orders-east", "detach").await;
    assert_eq!(books.told().len(), 1);
}

#[tokio::test]
async fn the_point_of_no_return_is_told_as_its_example_shows() {
    use failover::testing::example;
    let books = example::books();
    let pass = Pass {
        run: example::run(),
        rows: Rows(books.rows()),
        now: example::sent(),
        dry_run: false,
    };
    point_of_no_return(&books, &pass, "orders-east", "detach").await;
    example::is_told("point-of-no-return", &books);
}
