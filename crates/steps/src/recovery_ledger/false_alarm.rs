//! Marks a run as a false alarm: a human says that nothing had been wrong when it was started. The mark is a field of the run's record,
//! in each member Region's ledger that holds one of its name. Marked again in the same words nothing is written.

use std::time::Duration;

use serde::Serialize;

use super::{FalseAlarmInput, plan_or_last};
use failover::{
    Error,
    domain::Region,
    ledger::{FalseAlarm, Outcome, Run, RunKind},
    pass::Output,
    ports::{Ledger, Parameters, Runtime},
};

/// How long a Region is waited for: one of them may be lost.
const LIMIT: Duration = Duration::from_secs(2);

/// What was marked where.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Observed {
    /// The Regions whose ledger took the mark now, or would.
    marked: Vec<Region>,
    /// The Regions whose ledger did not answer.
    silent: Vec<Region>,
}

/// The records of the run, and where nobody could look.
struct Found {
    records: Vec<(Region, Run)>,
    silent: Vec<Region>,
}

pub(super) async fn run(
    world: &(impl Ledger + Runtime + Parameters),
    input: &FalseAlarmInput,
) -> Result<Output<Observed>, Error> {
    match mark(world, input).await {
        Err(why) if input.dry_run => Output::refused(why, None, Vec::new()),
        marked => marked,
    }
}

async fn mark(
    world: &(impl Ledger + Runtime + Parameters),
    input: &FalseAlarmInput,
) -> Result<Output<Observed>, Error> {
    let why = FalseAlarm::reason(&input.why)
        .map_err(|fault| Error::InvalidRequest(format!("why {fault}")))?;
    let found = find(world, input).await?;
    for (_, run) in &found.records {
        markable(run)?;
    }
    let FalseAlarmInput { plan, run_id, .. } = input;
    let mut marked = Vec::new();
    for (region, _) in found.records {
        // Read anew: somebody else may have marked it meanwhile.
        let Some(mut run) = world.run(&region, plan, run_id).await? else {
            continue;
        };
        let is_said = |mark: &FalseAlarm| mark.why == why;
        if run.false_alarm.as_ref().is_some_and(is_said) {
            continue;
        }
        if !input.dry_run {
            run.false_alarm = Some(FalseAlarm {
                at: world.now(),
                why: why.clone(),
            });
            // Its end may be noted as told at the same time: of two that write the record one looks again.
            run.count();
            world.note_call(&region, &run).await?;
        }
        marked.push(region);
    }
    let (action, is) = match (marked.is_empty(), input.dry_run) {
        (true, _) => ("none", "is already"),
        (false, true) => ("false_alarm", "would be"),
        (false, false) => ("false_alarm", "is"),
    };
    let reason = format!("run {run_id} of plan {plan} {is} marked as a false alarm");
    let observed = Observed {
        marked,
        silent: found.silent,
    };
    tracing::info!(%plan, %run_id, action, ?observed, "a false alarm");
    Ok(Output {
        dry_run: input.dry_run,
        ..Output::done(action, reason, observed)
    })
}

/// The run's records, which lie where it acted: in most cases one.
async fn find(
    world: &(impl Ledger + Runtime + Parameters),
    input: &FalseAlarmInput,
) -> Result<Found, Error> {
    let plan = plan_or_last(world, &input.plan).await?;
    let looks = plan.members().keys().map(async |region| {
        let look = world.run(region, &plan.plan, &input.run_id);
        (region.clone(), tokio::time::timeout(LIMIT, look).await)
    });
    let mut found = Found {
        records: Vec::new(),
        silent: Vec::new(),
    };
    for (region, read) in futures::future::join_all(looks).await {
        match read {
            Ok(Ok(Some(run))) => found.records.push((region, run)),
            Ok(Ok(None)) => {}
            Ok(Err(why)) if region == *world.region() => return Err(why),
            _ => found.silent.push(region),
        }
    }
    if found.records.is_empty() {
        return Err(nowhere(input, &found.silent));
    }
    Ok(found)
}

/// What is said of a run that no ledger which answered has.
fn nowhere(input: &FalseAlarmInput, silent: &[Region]) -> Error {
    let FalseAlarmInput { plan, run_id, .. } = input;
    if silent.is_empty() {
        return Error::InvalidRequest(format!(
            "run_id is {run_id}, which is no run of plan {plan} that a ledger holds; name one that aurora-failover history {plan} lists"
        ));
    }
    let silent: Vec<_> = silent.iter().map(Region::as_str).collect();
    Error::Unavailable(format!(
        "no ledger that answers holds run {run_id} of plan {plan}, and that of {} does not answer; mark it when it does",
        silent.join(", ")
    ))
}

/// Refuses what is no alarm, what is not over, and what did more than look: whether a failover was needed is no question of how often
/// a plan would have failed over for nothing.
fn markable(run: &Run) -> Result<(), Error> {
    let id = &run.run_id;
    let wrong = |is: String| Err(Error::InvalidRequest(format!("run_id is {id}, which {is}")));
    if run.kind != RunKind::UnplannedFailover {
        return wrong("no alarm began; name an unplanned failover that changed nothing".to_owned());
    }
    let Some(closed) = &run.closed else {
        return Err(Error::NotReady(format!(
            "run {id} is not over; mark it when it is, and where it asks answer it with no"
        )));
    };
    match closed.outcome {
        Outcome::StoodDown | Outcome::Aborted => Ok(()),
        Outcome::HandedOver => {
            wrong("handed over to a run in another Region; name that one".to_owned())
        }
        Outcome::Succeeded | Outcome::Rebuilt | Outcome::Failed => {
            let outcome = closed.outcome.name();
            wrong(format!(
                "did more than look and is no false alarm ({outcome}); acknowledge it once it is understood"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recovery_ledger::handle;
    use failover::testing::{self, Books, closed};
    use serde_json::{Value, json};

    fn ended(outcome: Outcome) -> Run {
        Run {
            closed: Some(closed(outcome)),
            ..testing::run()
        }
    }

    async fn with(run: &Run) -> Books {
        let books = Books::with(&testing::row("us-west-2", 6));
        books.put_run(&"us-east-1".into(), run).await.unwrap();
        books
    }

    fn asked(more: Value) -> Value {
        let mut payload = json!({"operation": "false_alarm", "plan": "orders", "run_id": "a", "why": "Ada: a router"});
        let more = more.as_object().unwrap().clone();
        payload.as_object_mut().unwrap().extend(more);
        payload
    }

    fn mark_of(books: &Books) -> Option<FalseAlarm> {
        books.runs()[&"a".into()].false_alarm.clone()
    }

    #[tokio::test]
    async fn a_run_that_changed_nothing_is_marked_once_and_other_words_take_the_place_of_the_first()
    {
        for outcome in [Outcome::StoodDown, Outcome::Aborted] {
            let books = with(&ended(outcome)).await;
            let said = handle(&books, asked(json!({}))).await.unwrap();
            assert_eq!(said["action"], "false_alarm");
            assert_eq!(
                said["reason"],
                "run a of plan orders is marked as a false alarm"
            );
            let marked = FalseAlarm {
                at: books.now(),
                why: "Ada: a router".into(),
            };
            assert_eq!(mark_of(&books), Some(marked));
            let calls = books.runs()[&"a".into()].calls;
            let said = handle(&books, asked(json!({}))).await.unwrap();
            assert_eq!(
                (&said["action"], &said["progress"]),
                (&"none".into(), &"done".into())
            );
            assert_eq!(books.runs()[&"a".into()].calls, calls, "nothing is written");
            let others = asked(json!({"why": " Bob: a switch\n"}));
            handle(&books, others).await.unwrap();
            assert_eq!(mark_of(&books).unwrap().why, "Bob: a switch");
        }
    }

    #[tokio::test]
    async fn a_dry_run_says_what_would_be_marked_or_refused_and_marks_nothing() {
        let dry = || asked(json!({"dry_run": true}));
        let books = with(&ended(Outcome::StoodDown)).await;
        let said = handle(&books, dry()).await.unwrap();
        assert_eq!(
            (&said["dry_run"], said.get("refusal")),
            (&true.into(), None)
        );
        assert_eq!(
            said["reason"],
            "run a of plan orders would be marked as a false alarm"
        );
        assert_eq!(mark_of(&books), None);
        let books = with(&testing::run()).await;
        let said = handle(&books, dry()).await.unwrap();
        assert_eq!(said["refusal"]["error"], "NotReady");
    }

    #[tokio::test]
    async fn what_moved_the_writer_handed_over_is_open_or_is_no_alarm_is_refused() {
        let moved = Run {
            kind: RunKind::PlannedFailover,
            ..ended(Outcome::StoodDown)
        };
        for (run, name, part) in [
            (ended(Outcome::Succeeded), "InvalidRequest", "(succeeded)"),
            (ended(Outcome::Failed), "InvalidRequest", "(failed)"),
            (ended(Outcome::Rebuilt), "InvalidRequest", "(rebuilt)"),
            (
                ended(Outcome::HandedOver),
                "InvalidRequest",
                "name that one",
            ),
            (moved, "InvalidRequest", "which no alarm began"),
            (testing::run(), "NotReady", "run a is not over"),
        ] {
            let books = with(&run).await;
            let why = handle(&books, asked(json!({}))).await.unwrap_err();
            assert_eq!(why.name(), name);
            assert!(why.to_string().contains(part), "{why}");
            assert_eq!(mark_of(&books), None);
        }
    }

    #[tokio::test]
    async fn a_run_that_no_ledger_holds_and_words_that_say_nothing_are_named() {
        let books = with(&ended(Outcome::StoodDown)).await;
        for (more, part) in [
            (
                json!({"run_id": "b"}),
                "run_id is b, which is no run of plan orders",
            ),
            (json!({"why": " "}), "why is empty; write who says so"),
            (json!({"why": "x".repeat(201)}), "why has 201 characters"),
        ] {
            let why = handle(&books, asked(more)).await.unwrap_err();
            assert_eq!(why.name(), "InvalidRequest");
            assert!(why.to_string().contains(part), "{why}");
        }
        assert_eq!(mark_of(&books), None);
    }

    #[test]
    fn a_run_that_may_lie_in_a_silent_ledger_is_not_called_unknown() {
        let input = FalseAlarmInput {
            plan: "orders".into(),
            run_id: "a".into(),
            why: "Ada".into(),
            dry_run: false,
        };
        let why = nowhere(&input, &["us-west-2".into()]);
        assert_eq!(why.name(), "Unavailable");
        assert!(why.to_string().contains("that of us-west-2"), "{why}");
    }
}
