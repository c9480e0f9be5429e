//! What makes the evidence stale, and when the Region that is left is asked.

use super::*;
use failover::{
    beat::Beat,
    domain::Epoch,
    evidence::{Evidence, Verdict},
    ports::Ledger,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn one_failed_attempt_since_the_last_beat_does_not_hide_a_writer_that_lived_a_moment_ago() {
    let beat = |second| Beat {
        seq: 1,
        epoch: Epoch(1),
        at: at(second),
    };
    let failed = Vantage {
        region: "us-east-1".into(),
        writer_region: "us-west-2".into(),
        at: at(1_005),
        write: Write::Failed {
            why: "timed out".into(),
        },
        last_beat: Some(beat(1_000)),
        failing_since: Some(at(1_002)),
        failures: 1,
        reading: None,
        moved_at: None,
        signs: Default::default(),
        version: None,
    };
    let mut failing = failed.clone();
    failing.signs.uncommitted_since = Some(at(1_002));
    assert_eq!(lived_at(&failing, false), Some(at(1_002)));
    failing.signs.saturated_at = Some(at(1_004));
    assert_eq!(lived_at(&failing, false), Some(at(1_004)));
    let mut long_ago = failed;
    long_ago.last_beat = Some(beat(100));
    long_ago.signs.uncommitted_since = Some(at(1_002));
    assert_eq!(lived_at(&long_ago, false), None, "nobody looked in between");
}

#[test]
fn a_detach_that_auto_takes_from_a_region_that_answers_is_confirmed_again_first() {
    let target = failover::testing::cluster(&[]);
    let why = |verdict, change: fn(&mut Run)| {
        let mut run = failover::testing::run();
        run.confirmed = Some(failover::testing::confirmed(verdict));
        change(&mut run);
        unasked(&run, &target, None).map(|why| why.name())
    };
    assert_eq!(why(Verdict::WriterDown, |_| {}), Some("EvidenceStale"));
    assert_eq!(why(Verdict::RegionDown, |_| {}), None);
    assert_eq!(why(Verdict::WriterDown, |run| run.forced = true), None);
    let detach = |run: &mut Run| *run.plan.topology.strategy_mut() = Strategy::Detach;
    assert_eq!(why(Verdict::WriterDown, detach), None);
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
    let books = failover::testing::Books::with(&ledger::PlanState::new("orders".into()));
    books.put_vantage(run.name(), seen).await.unwrap();
    refused_by(&books, run).await
}

/// In the pass that makes the call.
async fn refused_by(books: &failover::testing::Books, run: &Run) -> Option<&'static str> {
    let everywhere = asks_everywhere(run, IntentState::OwnIntent, Role::Standby, at(1_010));
    let lived = last_life(books, run, everywhere).await;
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
        let books = failover::testing::Books::with(&ledger::PlanState::new("orders".into()));
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

#[test]
fn the_region_that_is_left_is_asked_where_the_very_pass_may_promote() {
    let mut run = failover::testing::run();
    run.confirmed = Some(failover::testing::confirmed(Verdict::RegionDown));
    let asks = |run: &Run, intent, role, second| asks_everywhere(run, intent, role, at(second));
    assert!(asks(&run, IntentState::OwnIntent, Role::Standby, 5));
    assert!(!asks(&run, IntentState::OwnIntent, Role::Standby, 4));
    assert!(!asks(&run, IntentState::Nothing, Role::Standby, 5));
    assert!(!asks(&run, IntentState::OwnIntent, Role::Standalone, 5));
    run.forced = true;
    assert!(asks(&run, IntentState::Nothing, Role::Standby, 0));
}
