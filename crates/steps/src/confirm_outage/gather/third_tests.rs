//! What a third member's probe, and a ledger that is only busy, change in what a pass gathers.

use super::*;
use crate::confirm_outage::Signs;
use failover::{
    beat::Beat,
    domain::Epoch,
    evidence::Verdict,
    ledger::{PlanState, Rows},
    ports::Ledger,
    testing,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// What eu-west-1's probe, the third member's, recorded of the writer then.
fn third(second: i64, write: Write) -> Vantage {
    let last_beat = if let Write::Committed { beat } = &write {
        Some(*beat)
    } else {
        None
    };
    Vantage {
        write,
        last_beat,
        ..testing::probe::vantage("eu-west-1".into(), at(second))
    }
}

fn commits(second: i64) -> Write {
    let beat = Beat {
        seq: 9,
        epoch: Epoch(7),
        at: at(second),
    };
    Write::Committed { beat }
}

/// What a run gathers at 1,000 s beside this record of a third member, while our own beats fail from 900 s on; and the verdict
/// where RDS at home is silent and the witness does not reach home either.
async fn beside(books: testing::Books, record: &Vantage) -> (Pass, Gathered, Verdict) {
    let mut run = testing::run();
    let member = run.plan.members()[&run.to].clone();
    run.plan
        .topology
        .members_mut()
        .insert("eu-west-1".into(), member);
    let own = Vantage {
        failing_since: Some(at(900)),
        ..testing::probe::vantage("us-east-1".into(), at(999))
    };
    for seen in [record, &own] {
        books.put_vantage(run.name(), seen).await.unwrap();
    }
    let pass = Pass {
        run,
        rows: Rows(Default::default()),
        now: at(1_000),
        dry_run: true,
    };
    let gathered = gather(&books, &pass).await.unwrap();
    let seen = Evidence {
        home_vantage: gathered.evidence.home_vantage,
        said: gathered.evidence.said,
        writer_ledger_answers: gathered.evidence.writer_ledger_answers,
        ..testing::evidence(at(1_000))
    };
    let verdict = seen.verdict_under(&pass.run.plan);
    (pass, gathered, verdict)
}

#[tokio::test]
async fn a_writer_that_commits_for_a_third_member_is_not_left() {
    let books = || testing::Books::with(&PlanState::new("orders".into())).silence("us-west-2");
    let living = third(995, commits(995));
    let (pass, gathered, verdict) = beside(books(), &living).await;
    assert_eq!(verdict, Verdict::PathImpaired);
    assert_eq!(gathered.evidence.home_vantage, HomeVantage::OthersSuccess);
    let signs = Signs::of(&pass, &gathered, verdict);
    assert_eq!(signs.alive_at, Some(at(995)));
    assert_eq!(signs.acknowledged[&"eu-west-1".into()].at, at(995));

    let silent = books().silence("eu-west-1");
    assert_eq!(beside(silent, &living).await.2, Verdict::RegionDown);
    let elsewhere = Vantage {
        writer_region: "eu-west-1".into(),
        ..living
    };
    assert_eq!(beside(books(), &elsewhere).await.2, Verdict::RegionDown);
    let before = third(899, commits(899));
    assert_eq!(beside(books(), &before).await.2, Verdict::RegionDown);
}

#[tokio::test]
async fn what_a_writer_answers_a_third_member_tells_that_it_lives_and_that_members_failure_is_no_second_one()
 {
    let why = || "why".to_owned();
    let mut found = Vec::new();
    for write in [
        Write::Saturated { why: why() },
        Write::Answered { why: why() },
        Write::Failed { why: why() },
    ] {
        let books = testing::Books::with(&PlanState::new("orders".into())).silence("us-west-2");
        let (_, gathered, verdict) = beside(books, &third(995, write)).await;
        found.push((gathered.evidence.home_vantage, verdict));
    }
    assert_eq!(
        found,
        [
            (HomeVantage::Saturated, Verdict::WriterSaturated),
            (HomeVantage::Unknown, Verdict::Undetermined),
            (HomeVantage::Unknown, Verdict::RegionDown),
        ]
    );
}

#[tokio::test]
async fn a_ledger_that_answers_that_it_is_busy_shows_that_its_region_is_there() {
    let books = || testing::Books::with(&PlanState::new("orders".into()));
    let failing = third(995, Write::Failed { why: String::new() });
    let busy = beside(books().busy("us-west-2"), &failing).await;
    assert_eq!(busy.2, Verdict::Undetermined);
    let silent = beside(books().silence("us-west-2"), &failing).await;
    assert_eq!(silent.2, Verdict::RegionDown);
}
