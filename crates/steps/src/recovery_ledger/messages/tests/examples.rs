//! The examples of what a run tells at its beginning and at its end.

use super::super::*;
use crate::confirm_outage;
use failover::{
    beat::{Beat, Loss, Vantage},
    domain::Epoch,
    evidence::Verdict,
    ledger::{Proof, RunKind},
    plan::Mode,
    testing::{self, example},
};

fn closed(outcome: Outcome, left: &[&str]) -> Closed {
    Closed {
        at: example::sent(),
        left: left.iter().map(|left| (*left).to_owned()).collect(),
        ..testing::closed(outcome)
    }
}

/// The run, with another verdict than that the Region is lost.
fn found(verdict: Verdict, says: &str) -> Run {
    let mut run = example::run();
    run.confirmed.as_mut().unwrap().verdict = verdict;
    run.timeline.clear();
    run.note(example::before(12), confirm_outage::STEP, "found", says);
    run
}

/// A run that people have started in a Region.
fn started_by_people(kind: RunKind, (from, to, machine): (&str, &str, &str), did: &str) -> Run {
    let mut run = Run {
        kind,
        from: from.into(),
        to: to.into(),
        execution: example::execution(to, machine),
        confirmed: None,
        timeline: Vec::new(),
        ..example::run()
    };
    run.note(example::before(2), "verify_writes", "none", did);
    run
}

#[tokio::test]
async fn a_runs_beginning_is_told_as_its_examples_show() {
    let books = example::books();
    let seen = Vantage {
        failures: 3,
        failing_since: Some(example::before(41)),
        ..testing::probe::vantage("us-east-1".into(), example::before(3))
    };
    books.put_vantage(&"orders".into(), &seen).await.unwrap();
    suspected(&books, &example::run()).await;
    example::is_told("suspected", &books);
    let asked = Opening {
        kind: RunKind::UnplannedFailover,
        incident: None,
        run_id: "8c5e".into(),
        execution: example::execution("us-east-1", "unplanned-failover"),
        handed_over_by: None,
        from_region: "us-west-2".into(),
        target_region: "us-east-1".into(),
        dry_run: false,
    };
    let why = Error::RunRefused(
        "plan orders failed over 12 min ago, and another failover may follow after 60 min".into(),
    );
    refused(&books, &example::plan(), &asked, "cool-down", &why).await;
    example::is_told("run-refused", &books);
    let why = Error::RunRefused("/aurora-failover/kill is on (a drill); write off into it, or delete it, to let runs act again".into());
    refused(&books, &example::plan(), &asked, "switch", &why).await;
    example::is_told("run-refused-by-switch", &books);
    let document = testing::sqlserver_document().to_string();
    let run = Run {
        plan: failover::plan::read(&document).unwrap(),
        execution: example::execution("us-east-1", "replica-failover"),
        ..example::run()
    };
    suspected(&books, &run).await;
    example::is_told("started", &books);
}

#[test]
fn a_failovers_end_is_told_as_its_examples_show() {
    let done = Closed {
        rto_seconds: Some(32.4),
        rpo: Some(Loss {
            beats: 2,
            seconds: 4.0,
        }),
        at_most_seconds: Some(9.5),
        ..closed(Outcome::Succeeded, &[])
    };
    example::is("took-over", &message(&example::run(), &done));
    let route53 = "FlipDns: Unavailable Route 53 did not answer within 35 s";
    let failed = message(&example::run(), &closed(Outcome::Failed, &[route53]));
    example::is("incomplete", &failed);
    let loss = "DetachAndPromote: DataLossTooLarge 41.0 s of writes would be lost, and max_lost_seconds is 30";
    let aborted = message(&example::run(), &closed(Outcome::Aborted, &[loss]));
    example::is("stopped", &aborted);
    let mut observing = example::run();
    observing.plan.unplanned.region_down = Mode::Observe;
    example::is(
        "would-have",
        &message(&observing, &closed(Outcome::StoodDown, &[])),
    );
    let said =
        "RDS shows the writer in us-west-2 as available, and us-east-1 alone does not reach it";
    let impaired = found(Verdict::PathImpaired, said);
    example::is(
        "stood-down",
        &message(&impaired, &closed(Outcome::StoodDown, &[])),
    );
    let back = found(Verdict::Healthy, "the writer in us-west-2 commits again");
    example::is(
        "stood-down-healthy",
        &message(&back, &closed(Outcome::StoodDown, &[])),
    );
}

#[test]
fn the_end_of_what_people_started_is_told_as_its_examples_show() {
    let planned = ("us-west-2", "us-east-1", "planned-failover");
    let done = Closed {
        rto_seconds: Some(24.8),
        rpo: Some(Loss {
            beats: 0,
            seconds: 0.0,
        }),
        ..closed(Outcome::Succeeded, &[])
    };
    let wrote = "applications write in us-east-1 by writer.orders.internal";
    let mut moved = started_by_people(RunKind::PlannedFailover, planned, wrote);
    example::is("moved", &message(&moved, &done));
    let lag = "PlannedFailover: NotReady orders-east is 40 s behind, and 10 s are allowed";
    let stopped = started_by_people(
        RunKind::PlannedFailover,
        planned,
        "everything was looked at",
    );
    example::is(
        "stopped-as-planned",
        &message(&stopped, &closed(Outcome::Aborted, &[lag])),
    );
    moved.proof = Some(Proof {
        epoch: Epoch(2),
        beat: Beat {
            epoch: Epoch(2),
            seq: 1,
            at: example::before(30),
        },
        loss: None,
        came_back_until: None,
    });
    let denied =
        "ProtectAgain: Denied rebuild-global in us-east-1 may not call rds:CreateDBCluster";
    example::is(
        "unprotected",
        &message(&moved, &closed(Outcome::Failed, &[denied])),
    );
    let home = ("us-east-1", "us-west-2", "failback");
    let rebuilt = started_by_people(RunKind::Failback, home, "every member follows orders-east");
    example::is(
        "rebuilt",
        &message(&rebuilt, &closed(Outcome::Rebuilt, &[])),
    );
}
