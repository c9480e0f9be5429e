//! Closes a run: reads from the ledger whether the point of no return was passed, measures RTO and RPO, and gives the
//! leases back. A run that closes again answers what it answered first.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Serialize;

use super::{CloseInput, HandOver, Here, Ledger, Notify, Trouble, news};
use crate::{
    Error,
    beat::Beats,
    domain::seconds_between,
    evidence::Verdict,
    ledger::{self, Closed, Confirmed, Declined, Entry, Outcome, Row, Run, RunKind, update_if},
    policy::{Decision, Human, decide},
    steps::{Output, calls},
};

/// The state that asks a human.
const ASKS: &str = "AwaitApproval";

/// For how long a run is closed again whose end could not be told. Behind that its record and its log have it.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// What the pass answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Answer {
    #[serde(flatten)]
    output: Output<Closed>,
    outcome: Outcome,
    left: Vec<String>,
}

pub(super) async fn run(
    world: &(impl Ledger + Here + Notify + HandOver),
    request: &CloseInput,
) -> Result<Answer, Error> {
    let (here, plan, run_id) = (world.region(), &request.plan, &request.run_id);
    let mut run = world.run(here, plan, run_id).await?.ok_or_else(|| {
        Error::RunRefused(format!(
            "the ledger of {here} holds no run {run_id} of plan {plan}"
        ))
    })?;
    if run.closed.is_none() && !request.dry_run {
        withdraw(world, &mut run).await?;
        let row = world.row(here, plan).await?;
        let (outcome, left) = outcome(&row, &run, request.verdict, &request.trouble);
        let now = world.now();
        run.note(now, super::STEP, "close", outcome.name());
        let end = measure(&run, outcome, left, now);
        run.closed = Some(end);
        run.told = !run.plan.notify.contains_key(here);
        world.put_run(here, &run).await?;
    }
    if !request.dry_run {
        tell_end(world, &mut run).await;
        // Each time: the call that closed the run may have died before it came here.
        remember_no(world, &run, request).await?;
        super::release::give_back(world, &run).await;
        hand_over(world, &run).await?;
    }
    let closed = run.closed.clone().ok_or_else(|| {
        Error::RunRefused(format!("run {run_id} is open; a dry run closes nothing"))
    })?;
    if !request.dry_run && !run.told && world.now().duration_since(closed.at) < TOLD_WITHIN {
        return Err(Error::Unavailable(format!(
            "run {run_id} is closed, its leases are given back, and its end could not be told; close it again"
        )));
    }
    tracing::info!(%plan, %run_id, outcome = ?closed.outcome, left = ?closed.left, "a run closed");
    Ok(Answer {
        outcome: closed.outcome,
        left: closed.left.clone(),
        output: Output {
            dry_run: request.dry_run,
            ..Output::done("close", sentence(&closed), closed)
        },
    })
}

/// Tells people of the run's end, until one call of those that close it was taken, and marks that: the call that closed it may
/// have died before it came here.
async fn tell_end(world: &(impl Ledger + Here + Notify), run: &mut Run) {
    let Some(end) = run.closed.as_ref().filter(|_| !run.told) else {
        return;
    };
    run.told = news::closed(world, run, end).await;
    if run.told
        && let Err(why) = world.put_run(world.region(), run).await
    {
        tracing::warn!(run_id = %run.run_id, %why, "its end is not marked as told; it may be told again");
    }
}

/// Takes a change of writer back that the run wrote down and never asked anybody to carry out. One with a call that may have
/// been taken stays on record, with that call: the next run to its target takes both over.
async fn withdraw(world: &(impl Ledger + Here), run: &mut Run) -> Result<(), Error> {
    if run.proof.is_some() || calls::open(run).is_some() || !ledger::withdraw(world, run).await? {
        return Ok(());
    }
    let now = world.now();
    run.note(
        now,
        super::STEP,
        "withdraw",
        "nobody was asked to carry it out",
    );
    Ok(())
}

/// Tells from the ledger, not from who complained, how far the run went. What an earlier run to the same target began
/// counts as this run's: it took it over.
fn outcome(
    row: &Row,
    run: &Run,
    verdict: Option<Verdict>,
    trouble: &[Trouble],
) -> (Outcome, Vec<String>) {
    let mut left: Vec<_> = trouble
        .iter()
        .map(|trouble| {
            let said = said(&trouble.cause);
            format!("{}: {} {said}", trouble.state, trouble.error)
        })
        .collect();
    let current = row.current.as_ref();
    let proven = run.proof.is_some() || current.is_some_and(|current| current.run_id == run.run_id);
    // A run that lost its lease to another one does not answer for what that one began.
    let superseded = row
        .lease
        .as_ref()
        .is_some_and(|lease| lease.run_id != run.run_id);
    let begun = row
        .intent
        .as_ref()
        .filter(|intent| intent.to == run.to && (intent.run_id == run.run_id || !superseded));
    let confirmed = run.confirmed.as_ref();
    let human = confirmed.map_or(Human::default(), Confirmed::human);
    let stands_down =
        verdict.is_some_and(|verdict| decide(verdict, &run.plan, human) != Decision::GoOn);
    // No answer, or a refusal, is a human's word and no trouble.
    let answered = trouble
        .iter()
        .all(|trouble| is_a_no(run, trouble) || is_silence(trouble));
    let outcome = match (proven, begun) {
        (true, _) if trouble.is_empty() => Outcome::Succeeded,
        (true, _) => Outcome::Failed,
        (false, Some(intent)) => {
            left.push(format!(
                "the promotion of {} (epoch {}) is begun and not proven; start a new run to it",
                intent.to, intent.epoch
            ));
            Outcome::Failed
        }
        (false, None) if trouble.is_empty() && run.hand_over.is_some() => Outcome::HandedOver,
        // The state machine comes here without a move and without trouble after a rehearsal only.
        (false, None) if trouble.is_empty() && run.kind == RunKind::Failback => Outcome::Rebuilt,
        (false, None) if answered && stands_down => Outcome::StoodDown,
        (false, None) => Outcome::Aborted,
    };
    if !proven
        && let Some((attempt, words)) = calls::last_refusal(run)
        && !left.iter().any(|left| left.contains(words))
    {
        left.push(format!(
            "RDS refused {} of {} {} time(s), the last time with: {words}",
            attempt.action, run.to, attempt.times
        ));
    }
    (outcome, left)
}

/// Whether nobody answered in time.
fn is_silence(trouble: &Trouble) -> bool {
    trouble.state == ASKS && trouble.error == "States.Timeout"
}

/// Whether a human said no. Nobody can who was sent no question, and what a function or its service fails with is nobody's word.
fn is_a_no(run: &Run, trouble: &Trouble) -> bool {
    let is_sent = run.asked.as_ref().is_some_and(|asked| asked.is_sent);
    let error = trouble.error.as_str();
    let failed = Error::NAMES.contains(&error)
        || error.starts_with("States.")
        || error.starts_with("Lambda.");
    trouble.state == ASKS && is_sent && !failed
}

/// Keeps a human's no before the plan is free, so that the next suspicion does not ask the same again. Silence is no answer.
async fn remember_no(
    world: &(impl Ledger + Here),
    run: &Run,
    request: &CloseInput,
) -> Result<(), Error> {
    let no = request.trouble.iter().any(|trouble| is_a_no(run, trouble));
    let Some(verdict) = request.verdict.filter(|_| no) else {
        return Ok(());
    };
    let declined = Declined {
        run_id: run.run_id.clone(),
        verdict,
    };
    update_if(world, world.region(), run.name(), |row| {
        row.decline(&declined)
    })
    .await?;
    Ok(())
}

/// Starts the run in the Region whose standby is the better one, now that the leases are free.
async fn hand_over(world: &impl HandOver, run: &Run) -> Result<(), Error> {
    let handed = run
        .closed
        .as_ref()
        .is_some_and(|closed| closed.outcome == Outcome::HandedOver);
    let Some(better) = run.hand_over.as_ref().filter(|_| handed) else {
        return Ok(());
    };
    let detail = serde_json::json!({
        "plan": run.name(),
        "incident": run.incident,
        "observer_region": better.to,
        "writer_region": run.from,
        "handed_over_by": run.run_id,
    });
    world.suspect_in(&better.to, &detail).await
}

fn measure(run: &Run, outcome: Outcome, left: Vec<String>, now: jiff::Timestamp) -> Closed {
    let confirmed = run.confirmed.as_ref();
    let last = out_since(run);
    let proof = run.proof.as_ref();
    Closed {
        at: now,
        outcome,
        left,
        rto_seconds: last
            .zip(proof)
            .map(|(last, proof)| seconds_between(last, proof.beat.at)),
        rpo: proof.and_then(|proof| proof.loss.clone()),
        at_most_seconds: proof
            .and(confirmed)
            .zip(run.held.as_ref())
            .and_then(|(confirmed, held)| confirmed.at_most_seconds(held)),
        step_seconds: step_seconds(run.opened_at, &run.timeline),
    }
}

/// Since when writes were out: where an outage was confirmed, since that began. A planned move loses nothing, so that the new
/// writer holds the old one's last beat.
fn out_since(run: &Run) -> Option<jiff::Timestamp> {
    let newest = |beats: &Beats| beats.values().map(|beat| beat.at).max();
    match &run.confirmed {
        Some(confirmed) => confirmed.outage_since.or(newest(&confirmed.acknowledged)),
        None if run.kind == RunKind::UnplannedFailover => None,
        None => run.held.as_ref().and_then(newest),
    }
}

/// Seconds from each step's previous entry to its own, summed per step.
fn step_seconds(opened_at: jiff::Timestamp, timeline: &[Entry]) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    let mut before = opened_at;
    for entry in timeline {
        *sums.entry(entry.step.clone()).or_insert(0.0) += seconds_between(before, entry.at);
        before = entry.at;
    }
    sums
}

fn sentence(closed: &Closed) -> String {
    let known = |seconds: Option<f64>| {
        seconds.map_or("unknown".to_owned(), |seconds| format!("{seconds:.1} s"))
    };
    match closed.outcome {
        Outcome::Succeeded => format!(
            "the new writer is proven; RTO {}, RPO {}",
            known(closed.rto_seconds),
            known(closed.rpo.as_ref().map(|loss| loss.seconds))
        ),
        Outcome::HandedOver => {
            "another Region's standby is the better one; a run there goes on".into()
        }
        Outcome::StoodDown => "nothing was changed".into(),
        Outcome::Rebuilt => "every member follows the writer, which stays where it is".into(),
        Outcome::Aborted => format!(
            "stopped before the point of no return: {}",
            closed.left.join("; ")
        ),
        Outcome::Failed => format!("left to be done: {}", closed.left.join("; ")),
    }
}

/// The sentence in a cause: a function's answer to a state machine is JSON around it, which may be cut off.
fn said(cause: &str) -> String {
    if !cause.starts_with('{') {
        return cause.to_owned();
    }
    let whole = serde_json::from_str::<serde_json::Value>(cause).unwrap_or_default();
    let sentence = ["errorMessage", "message", "Message"]
        .iter()
        .find_map(|field| whole.get(field)?.as_str());
    sentence.map_or_else(
        || "the execution's history has the cause".to_owned(),
        str::to_owned,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Epoch,
        ledger::{Current, Intent},
    };

    fn at(second: i64) -> jiff::Timestamp {
        jiff::Timestamp::from_second(second).unwrap()
    }

    fn current(run_id: &str) -> Current {
        Current {
            epoch: Epoch(8),
            writer: "us-east-1".into(),
            global_cluster: None,
            run_id: run_id.into(),
            proven_at: at(0),
            unplanned: false,
            acknowledged_at: None,
        }
    }

    fn row(current: Option<Current>, begun: bool) -> Row {
        let intent = Intent {
            epoch: Epoch(8),
            from: "us-west-2".into(),
            to: "us-east-1".into(),
            global_cluster: None,
            run_id: "a".into(),
            written_at: at(0),
        };
        Row {
            current,
            intent: begun.then_some(intent),
            ..Row::new("orders".into())
        }
    }

    #[test]
    fn what_is_left_is_said_without_the_json_around_it() {
        let answered = r#"{"errorType": "NotReady", "errorMessage": "worker is not there"}"#;
        let of_aws = r#"{"__type": "TooManyRequestsException", "message": "Rate Exceeded"}"#;
        let cut_off = &answered[..30];
        let causes = [answered, of_aws, cut_off, "no end after 240 passes"];
        assert_eq!(
            causes.map(said),
            [
                "worker is not there",
                "Rate Exceeded",
                "the execution's history has the cause",
                "no end after 240 passes"
            ]
        );
    }

    fn trouble() -> Vec<Trouble> {
        vec![Trouble {
            state: "RestartEcs".into(),
            error: "NotReady".into(),
            cause: "worker".into(),
        }]
    }

    #[test]
    fn only_a_human_who_was_sent_the_question_says_no() {
        let mut run = crate::steps::fake::run();
        let said = |run: &Run, error: &str| {
            let trouble = Trouble {
                state: ASKS.into(),
                error: error.into(),
                cause: String::new(),
            };
            is_a_no(run, &trouble)
        };
        assert!(!said(&run, "Refused"), "nobody was sent a question");
        run.asked = Some(crate::ledger::Asked {
            question: "a".into(),
            at: jiff::Timestamp::UNIX_EPOCH,
            is_sent: true,
        });
        assert!(said(&run, "Refused") && said(&run, "NotTonight"));
        for error in [
            "States.Timeout",
            "Unavailable",
            "NotReady",
            "Lambda.Unknown",
        ] {
            assert!(!said(&run, error), "{error}");
        }
    }

    fn of(row: &Row, verdict: Option<Verdict>, trouble: &[Trouble]) -> Outcome {
        outcome(row, &crate::steps::fake::run(), verdict, trouble).0
    }

    #[test]
    fn a_run_whose_writer_is_proven_succeeded_unless_a_later_step_failed() {
        let proven = row(Some(current("a")), false);
        assert_eq!(
            of(&proven, Some(Verdict::RegionDown), &[]),
            Outcome::Succeeded
        );
        assert_eq!(
            of(&proven, Some(Verdict::RegionDown), &trouble()),
            Outcome::Failed
        );
    }

    #[test]
    fn the_rto_of_a_planned_move_goes_from_the_old_writers_last_beat_to_the_new_ones_first() {
        use crate::{beat::Beat, ledger::Proof};
        let beat = |second| Beat {
            seq: 9,
            epoch: Epoch(8),
            at: at(second),
        };
        let mut moved = crate::steps::fake::run();
        moved.confirmed = None;
        moved.held = Some(
            [
                ("us-west-2".into(), beat(95)),
                ("us-east-1".into(), beat(97)),
            ]
            .into(),
        );
        moved.proof = Some(Proof {
            epoch: Epoch(8),
            beat: beat(100),
            loss: None,
        });
        let rto = |run: &Run| measure(run, Outcome::Succeeded, Vec::new(), at(110)).rto_seconds;
        moved.kind = RunKind::PlannedFailover;
        assert_eq!(rto(&moved), Some(3.0));
        // The new writer of an outage may lack the old one's last beats.
        moved.kind = RunKind::UnplannedFailover;
        assert_eq!(rto(&moved), None);
    }

    #[test]
    fn a_run_with_an_open_intent_failed_and_says_what_is_left() {
        let (outcome, left) = outcome(
            &row(None, true),
            &crate::steps::fake::run(),
            Some(Verdict::RegionDown),
            &trouble(),
        );
        assert_eq!(outcome, Outcome::Failed);
        assert!(
            left.iter().any(|left| left.contains("not proven")),
            "{left:?}"
        );
    }

    #[test]
    fn an_end_before_the_proof_says_with_which_words_rds_refused_to_promote() {
        use crate::{ledger::Answer, steps::detach_and_promote::STEP};
        let mut refused = crate::steps::fake::run();
        for words in ["it is busy", "it is no member"] {
            refused.attempt(at(1), STEP, "fail_over");
            refused.answered(Answer::Refused(words.into()));
        }
        let left = |row: &Row, trouble: &[Trouble]| outcome(row, &refused, None, trouble).1;
        let stale = left(&row(None, false), &trouble());
        let said =
            "RDS refused fail_over of us-east-1 2 time(s), the last time with: it is no member";
        assert_eq!(stale.last().unwrap(), said);
        let told = [Trouble {
            cause: "RDS refused it: it is no member".into(),
            ..trouble()[0].clone()
        }];
        assert_eq!(
            left(&row(None, false), &told).len(),
            1,
            "it is said already"
        );
        let proven = left(&row(Some(current("a")), false), &[]);
        assert_eq!(proven, Vec::<String>::new());
    }

    #[test]
    fn a_run_that_took_over_anothers_promotion_answers_for_it() {
        let mut theirs = row(None, true);
        if let Some(intent) = &mut theirs.intent {
            intent.run_id = "before".into();
        }
        assert_eq!(of(&theirs, None, &trouble()), Outcome::Failed);
    }

    /// A run that wrote its intent down in both Regions and made no call.
    async fn intended() -> (crate::steps::fake::Books, Run) {
        use crate::ledger::{Claim, update};
        let mut run = crate::steps::fake::run();
        run.leased = ["us-east-1".into(), "us-west-2".into()].into();
        let mut standing = current("adopt");
        (standing.epoch, standing.writer) = (Epoch(7), "us-west-2".into());
        let books = crate::steps::fake::Books::with(&row(Some(standing), false));
        let (claim, now) = (Claim::of(&run), crate::steps::Here::now(&books));
        let intent = row(None, true).intent.unwrap();
        for region in &run.leased {
            let leased = update(&books, region, run.name(), |row| {
                row.claim(&claim, now)?.intend(intent.clone())
            });
            leased.await.unwrap();
        }
        books.put_run(&run.to, &run).await.unwrap();
        (books, run)
    }

    fn closing(verdict: Verdict) -> CloseInput {
        CloseInput {
            plan: "orders".into(),
            run_id: "a".into(),
            dry_run: false,
            verdict: Some(verdict),
            trouble: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_run_that_stands_down_before_any_call_takes_its_intent_back() {
        let (books, _) = intended().await;
        let answer = run(&books, &closing(Verdict::PathImpaired)).await.unwrap();
        assert_eq!(answer.outcome, Outcome::StoodDown);
        let rows = books.rows();
        assert!(rows.values().all(|row| row.intent.is_none()), "{rows:?}");
    }

    #[tokio::test]
    async fn an_end_that_no_topic_took_is_told_by_the_next_call_that_closes_and_only_once() {
        let (mut books, mut closing_run) = intended().await;
        let topic = "arn:aws:sns:us-east-1:123456789012:orders-alerts";
        let notify = &mut closing_run.plan.notify;
        notify.insert("us-east-1".into(), topic.into());
        books.put_run(&closing_run.to, &closing_run).await.unwrap();
        books.deafen(1);
        let closing = closing(Verdict::RegionDown);
        let why = run(&books, &closing).await.unwrap_err();
        assert_eq!(why.name(), "Unavailable");
        let rows = books.rows();
        assert!(rows.values().all(|row| row.lease.is_none()), "{rows:?}");
        assert_eq!(books.told().len(), 0);
        for _ in 0..2 {
            let answer = run(&books, &closing).await.unwrap();
            assert_eq!(answer.outcome, Outcome::Aborted);
            assert_eq!(books.told().len(), 1);
        }
        // A topic that is gone for good does not keep the outcome from being named.
        let untold = Run {
            told: false,
            ..books.runs()[&"a".into()].clone()
        };
        books.put_run(&untold.to, &untold).await.unwrap();
        crate::ledger::update_if(&books, &untold.to, untold.name(), |row| row.calm())
            .await
            .unwrap();
        books.deafen(9);
        books.set_time(at(1_060));
        assert!(run(&books, &closing).await.is_ok());
    }

    #[tokio::test]
    async fn an_intent_whose_call_may_have_been_taken_stays_on_record_with_it() {
        let (books, mut begun) = intended().await;
        begun.attempt(at(1), crate::steps::planned_failover::STEP, "switch_over");
        books.put_run(&begun.to, &begun).await.unwrap();
        let answer = run(&books, &closing(Verdict::PathImpaired)).await.unwrap();
        assert_eq!(answer.outcome, Outcome::Failed);
        let rows = books.rows();
        assert!(rows.values().all(|row| row.intent.is_some()), "{rows:?}");
        assert!(rows.values().all(|row| row.lease.is_none()), "{rows:?}");
    }

    #[tokio::test]
    async fn a_silent_region_keeps_no_run_from_taking_its_intent_back() {
        let (books, _) = intended().await;
        let books = books.silence("us-west-2");
        let answer = run(&books, &closing(Verdict::RegionDown)).await.unwrap();
        assert_eq!(answer.outcome, Outcome::Aborted);
        let rows = crate::ledger::Rows(books.rows());
        assert!(rows.0[&"us-west-2".into()].intent.is_some());
        assert_eq!(rows.intent(), None, "that copy is void");
    }

    #[test]
    fn a_run_that_wrote_no_intent_stood_down_or_aborted() {
        let untouched = row(Some(current("adopt")), false);
        assert_eq!(
            of(&untouched, Some(Verdict::PathImpaired), &[]),
            Outcome::StoodDown
        );
        assert_eq!(
            of(&untouched, Some(Verdict::RegionDown), &trouble()),
            Outcome::Aborted
        );
        assert_eq!(
            of(&untouched, Some(Verdict::RegionDown), &[]),
            Outcome::Aborted
        );
        assert_eq!(of(&untouched, None, &[]), Outcome::Aborted);
    }

    #[test]
    fn a_failback_that_moved_nothing_and_met_no_trouble_was_a_rehearsal() {
        let untouched = row(Some(current("adopt")), false);
        let run = Run {
            kind: RunKind::Failback,
            ..crate::steps::fake::run()
        };
        assert_eq!(outcome(&untouched, &run, None, &[]).0, Outcome::Rebuilt);
        let stopped = outcome(&untouched, &run, None, &trouble()).0;
        assert_eq!(stopped, Outcome::Aborted);
    }

    #[test]
    fn a_steps_time_is_that_since_the_entry_before_it() {
        let entry = |second, step: &str| Entry {
            at: at(second),
            step: step.into(),
            action: String::new(),
            reason: String::new(),
        };
        let seconds = step_seconds(
            at(0),
            &[
                entry(1, "confirm"),
                entry(3, "promote"),
                entry(9, "promote"),
            ],
        );
        assert_eq!(
            seconds,
            BTreeMap::from([("confirm".into(), 1.0), ("promote".into(), 8.0)])
        );
    }
}
