//! What the world hears of a run's end: an event on this Region's default bus, and metrics. Neither keeps a run from being closed.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use failover::{
    Error,
    domain::{Epoch, Incident, PlanName, Region, RunId},
    evidence::Verdict,
    ledger::{Closed, Outcome, Run, RunKind},
    metric::{self, Counted, Metric},
    ports::{Functions, Runtime, within},
};

/// How long EventBridge is waited for.
const LIMIT: Duration = Duration::from_secs(2);

/// The detail of the event `Run Ended`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Ended<'a> {
    plan: &'a PlanName,
    run_id: &'a RunId,
    kind: RunKind,
    outcome: Outcome,
    incident: Option<&'a Incident>,
    verdict: Option<Verdict>,
    from_region: &'a Region,
    target_region: &'a Region,
    epoch: Epoch,
    opened_at: Timestamp,
    closed_at: Timestamp,
    rto_seconds: Option<f64>,
    rpo_seconds: Option<f64>,
    rpo_beats: Option<u64>,
    left: &'a [String],
    execution: Option<&'a str>,
}

impl<'a> Ended<'a> {
    fn of(run: &'a Run, closed: &'a Closed) -> Self {
        let loss = closed.rpo.as_ref();
        Self {
            plan: run.name(),
            run_id: &run.run_id,
            kind: run.kind,
            outcome: closed.outcome,
            incident: run.incident.as_ref(),
            verdict: run.confirmed.as_ref().map(|confirmed| confirmed.verdict),
            from_region: &run.from,
            target_region: &run.to,
            epoch: run.proof.as_ref().map_or(run.epoch, |proof| proof.epoch),
            opened_at: run.opened_at,
            closed_at: closed.at,
            rto_seconds: closed.rto_seconds,
            rpo_seconds: loss.map(|loss| loss.seconds),
            rpo_beats: loss.map(|loss| loss.beats),
            left: &closed.left,
            execution: run.execution.as_deref(),
        }
    }
}

/// Publishes the end, each time that the run is closed: at least once where EventBridge answers at all. What it does not take is
/// counted.
pub(super) async fn publish(world: &(impl Runtime + Functions), run: &Run) {
    let Some(closed) = run.closed.as_ref() else {
        return;
    };
    let published = match serde_json::to_value(Ended::of(run, closed)) {
        Ok(detail) => within(world, LIMIT, world.run_ended(&detail)).await,
        Err(why) => Err(Error::InvalidRequest(why.to_string())),
    };
    if let Err(why) = published {
        tracing::error!(plan = %run.name(), run_id = %run.run_id, %why, "its end could not be published");
        metric::failed(Counted::Event, run.name(), world.now());
    }
}

/// Measures the end. A run is closed once, whatever closes it again.
pub(super) fn measure(run: &Run, closed: &Closed) {
    let members = [
        ("Plan", run.name().as_str()),
        ("Kind", run.kind.name()),
        ("Outcome", closed.outcome.name()),
    ];
    let mut measured: Vec<(&Metric, f64)> = vec![(&metric::RUNS_ENDED, 1.0)];
    if let Some(seconds) = closed.rto_seconds {
        measured.push((&metric::RTO, seconds));
    }
    if let Some(loss) = &closed.rpo {
        measured.push((&metric::RPO, loss.seconds));
    }
    metric::put(&measured, &members, closed.at);
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{
        beat::Loss,
        ledger::PlanState,
        testing::{self, Books},
    };

    fn ended() -> Run {
        Run {
            closed: Some(Closed {
                rto_seconds: Some(14.5),
                rpo: Some(Loss {
                    beats: 2,
                    seconds: 4.0,
                }),
                ..testing::closed(Outcome::Succeeded)
            }),
            ..testing::run()
        }
    }

    #[test]
    fn the_reference_has_every_field_of_the_event_and_no_other() {
        let page = include_str!("../../../../../docs/reference/events.md");
        let documented = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let documented = documented.filter_map(|line| line.split_once('`'));
        let documented: Vec<_> = documented.map(|(name, _)| name).collect();
        let run = ended();
        let detail = Ended::of(&run, run.closed.as_ref().unwrap());
        let detail = serde_json::to_value(detail).unwrap();
        let mut fields: Vec<_> = detail.as_object().unwrap().keys().cloned().collect();
        let mut documented: Vec<_> = documented.into_iter().map(str::to_owned).collect();
        fields.sort();
        documented.sort();
        assert_eq!(documented, fields);
        let wanted = serde_json::json!({"plan": "orders", "run_id": "a", "kind": "unplanned_failover", "outcome": "succeeded",
            "incident": null, "verdict": null, "from_region": "us-west-2", "target_region": "us-east-1", "epoch": 7,
            "opened_at": "1970-01-01T00:00:00Z", "closed_at": "1970-01-01T00:00:00Z", "rto_seconds": 14.5,
            "rpo_seconds": 4.0, "rpo_beats": 2, "left": [], "execution": null});
        assert_eq!(detail, wanted);
    }

    #[tokio::test]
    async fn an_end_that_eventbridge_does_not_take_is_counted_and_published_when_the_run_is_closed_again()
     {
        let books = Books::with(&PlanState::new("orders".into()));
        books.refuse_suspicions(1);
        drop(metric::counted());
        publish(&books, &ended()).await;
        assert_eq!(metric::counted(), [(Counted::Event, "orders".into())]);
        assert!(books.ends().is_empty());
        publish(&books, &ended()).await;
        assert!(metric::counted().is_empty());
        assert_eq!(books.ends()[0]["run_id"], "a");
        publish(&books, &testing::run()).await;
        assert_eq!(books.ends().len(), 1, "it is open");
    }

    #[test]
    fn what_is_not_known_of_a_run_is_not_measured() {
        let run = ended();
        drop(metric::measured());
        measure(&run, run.closed.as_ref().unwrap());
        let all = [("RunsEnded", 1.0), ("RTO", 14.5), ("RPO", 4.0)];
        assert_eq!(metric::measured(), all);
        measure(&run, &testing::closed(Outcome::StoodDown));
        assert_eq!(metric::measured(), [("RunsEnded", 1.0)]);
    }
}
