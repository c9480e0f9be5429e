//! An outage that no run answers, because a run that is no answer to it holds the plan: people are told, and decide.

use jiff::{SignedDuration, Timestamp};

use super::is_of_the_writer;
use failover::{
    beat::Vantage,
    ledger::{Lease, PlanState, RunKind},
    notify::{Message, Severity, claim_and_tell, commands},
    plan::{Detection, Plan},
    ports::{Ledger, People, Runtime},
};

/// What is marked in the row.
const MARK: &str = "held";

/// Tells people once of an outage that a planned run or a failback stands in the way of.
pub(super) async fn tell(
    world: &(impl Ledger + Runtime + People),
    plan: &Plan,
    seen: &Vantage,
    row: &PlanState,
) {
    let Some(lease) = holder(seen, row, &plan.detection, world.now()) else {
        return;
    };
    if row.tell(MARK).is_some() {
        let message = message(plan, seen, lease);
        claim_and_tell(world, plan, &message, |row| row.tell(MARK)).await;
    }
}

/// For how long a run that has begun to move the writer may stop its writes.
const MOVES: SignedDuration = SignedDuration::from_mins(5);

/// Who keeps a suspicion from coming to anything. A run that has begun to move the writer stops its writes itself, for a while, and
/// one that waits for a human is taken over.
fn holder<'a>(
    seen: &Vantage,
    row: &'a PlanState,
    detection: &Detection,
    now: Timestamp,
) -> Option<&'a Lease> {
    let is_out = seen.failures >= detection.failures && is_of_the_writer(seen, row);
    let lease = row.live_lease(now).filter(|_| is_out)?;
    let begun = row.intent.as_ref().map(|intent| intent.written_at);
    let moves = begun.is_some_and(|begun| now.duration_since(begun) < MOVES);
    let is_answer = lease.kind == RunKind::UnplannedFailover || moves;
    (!lease.waits_for_human && !is_answer).then_some(lease)
}

fn message(plan: &Plan, seen: &Vantage, lease: &Lease) -> Message {
    let (writer, run_id) = (&seen.writer_region, &lease.run_id);
    let kind = match lease.kind {
        RunKind::Failback => "failback",
        RunKind::PlannedFailover => "planned failover",
        RunKind::UnplannedFailover => "failover",
    };
    let payload = serde_json::json!({"operation": "release", "plan": plan.plan, "run_id": run_id});
    Message {
        severity: Severity::Critical,
        what: format!("the writer in {writer} fails while a {kind} holds the plan"),
        evidence: format!(
            "{} attempt(s) in a row did not commit. The last one: {}. Run {run_id} to {} does not answer the outage, and no run that \
             does is started before it ends.",
            seen.failures, seen.write, lease.to
        ),
        out_since: seen.failing_since,
        next: "Release the run where the outage is to be met. It stops at its next pass. The next suspicion starts another one, unless \
               a switch is on."
            .into(),
        commands: vec![commands::invoke(
            &seen.region,
            "recovery-ledger",
            &payload,
        )],
        ..Message::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{
        domain::Epoch,
        ledger::{Claim, Intent},
        ports::Ledger,
        testing::{self, Books},
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn failing(region: &str, failures: u32) -> Vantage {
        let seen = testing::probe::vantage(region.into(), at(10));
        Vantage {
            failures,
            failing_since: Some(at(0)),
            ..seen
        }
    }

    /// The plan's row with a run that holds it since second 0.
    fn held_by(kind: RunKind) -> PlanState {
        let claim = Claim {
            kind,
            ..Claim::of(&testing::run())
        };
        testing::row("us-west-2", 7).claim(&claim, at(0)).unwrap()
    }

    #[test]
    fn only_a_live_run_that_is_no_answer_to_an_outage_stands_in_its_way() {
        let detection = testing::run().plan.detection;
        let stands =
            |seen: &Vantage, row: &PlanState, now| holder(seen, row, &detection, at(now)).is_some();
        let out = failing("us-east-1", 3);
        let failback = held_by(RunKind::Failback);
        assert!(stands(&out, &failback, 10));
        assert!(stands(&out, &held_by(RunKind::PlannedFailover), 10));
        let moves = PlanState {
            intent: Some(Intent {
                epoch: Epoch(8),
                from: "us-west-2".into(),
                to: "us-east-1".into(),
                run_id: "a".into(),
                written_at: at(0),
                global_cluster: None,
            }),
            ..failback.clone()
        };
        let asks = failback.ask(&"a".into(), at(3_600)).unwrap();
        let answers = held_by(RunKind::UnplannedFailover);
        for row in [&moves, &asks, &answers, &testing::row("us-west-2", 7)] {
            assert!(!stands(&out, row, 10), "{row:?}");
        }
        assert!(stands(&out, &moves, 300), "a move that takes too long");
        assert!(!stands(&out, &failback, 901), "its lease has lapsed");
        assert!(
            !stands(&failing("us-east-1", 2), &failback, 10),
            "too early"
        );
        assert!(!stands(&failing("us-west-2", 9), &failback, 10), "at home");
    }

    #[tokio::test]
    async fn an_outage_during_a_failback_is_told_once_with_the_command_that_frees_the_plan() {
        let row = held_by(RunKind::Failback);
        let mut books = Books::with(&row);
        books.set_time(at(60));
        let known = books.known(&"us-east-1".into(), &"orders".into()).await;
        let plan = known.unwrap().unwrap().plan;
        let out = failing("us-east-1", 3);
        for _ in 0..3 {
            let row = books.rows()[&"us-east-1".into()].clone();
            tell(&books, &plan, &out, &row).await;
        }
        let wanted =
            "CRITICAL orders: the writer in us-west-2 fails while a failback holds the plan";
        assert_eq!(books.told(), [wanted]);
        let message = message(&plan, &out, row.lease.as_ref().unwrap());
        let text = message.text(at(60));
        assert_eq!(failover::notify::unreadable(&text), Vec::<&str>::new());
        let release = r#""operation":"release","plan":"orders","run_id":"a""#;
        assert!(text.contains(release), "{text}");
    }

    #[test]
    fn an_outage_behind_another_run_is_told_as_its_example_shows() {
        use failover::testing::example;
        let mut lease = held_by(RunKind::Failback).lease.unwrap();
        lease.run_id = "3f1d".into();
        let seen = Vantage {
            failing_since: Some(example::before(41)),
            ..failing("us-east-1", 3)
        };
        let plan = example::plan();
        example::is("held", &message(&plan, &seen, &lease));
    }
}
