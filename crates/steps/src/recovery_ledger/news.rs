//! What a run's opening and closing tell people.

use jiff::Timestamp;

use super::open::Opening;
use crate::confirm_outage;
use failover::{
    Error,
    evidence::Verdict,
    ledger::{Closed, NO_RUN, Outcome, REFUSED, Row, Run, RunKind},
    notify::{Message, Severity, commands, tell, tell_news},
    plan::{Mode, Plan, UNNAMED},
    policy,
    ports::{Here, Ledger, People},
};

/// What this Region's probe saw last, as a sentence, and since when writes are out.
async fn seen(world: &(impl Ledger + Here), plan: &Plan) -> (String, Option<Timestamp>) {
    let vantage = world.vantage(world.region(), &plan.plan).await;
    match vantage.ok().flatten() {
        None => ("The probe's record cannot be read.".into(), None),
        Some(vantage) => (
            format!(
                "{} attempt(s) in a row did not commit. The last one: {}.",
                vantage.failures, vantage.write
            ),
            vantage.failing_since,
        ),
    }
}

/// A writer is suspected; once until it commits again, and where people were last told that no run is started.
pub(super) async fn suspected(world: &(impl Ledger + Here + People), run: &Run) {
    let (evidence, out_since) = seen(world, &run.plan).await;
    let message = Message {
        severity: Severity::Critical,
        what: format!("the writer in {} is suspected", run.from),
        evidence,
        out_since,
        execution: run.execution.clone(),
        next:
            "Nothing yet. The outage is being confirmed, and this run tells you what comes of it."
                .into(),
        ..Message::default()
    };
    tell_news(world, &run.plan, &message, |row| match &row.told {
        Some(told) if !told.starts_with(NO_RUN) => None,
        _ => row.tell("suspected"),
    })
    .await;
}

/// A run is refused by a switch or the cool-down; once until the writer commits again.
pub(super) async fn refused(
    world: &(impl Ledger + Here + People),
    plan: &Plan,
    input: &Opening,
    by: &str,
    why: &Error,
) {
    let (evidence, out_since) = seen(world, plan).await;
    let message = Message {
        severity: Severity::Critical,
        what: format!(
            "no run from {} to {}: {by}",
            input.from_region, input.target_region
        ),
        evidence: format!("{why}.\n{evidence}"),
        out_since,
        execution: input.execution.clone(),
        next: "Look at the writer. Nothing acts by itself now.".into(),
        commands: vec![commands::confirm(plan, world.region())],
        ..Message::default()
    };
    tell_news(world, plan, &message, |row| {
        row.tell(&format!("{REFUSED}{by}"))
    })
    .await;
}

/// A run ended; whether nobody is left to be told.
pub(super) async fn closed(
    world: &(impl Ledger + Here + People),
    run: &Run,
    closed: &Closed,
) -> bool {
    // A run behind another one that waits for an answer has nothing to say: the question has been asked.
    if run.waits_behind() {
        return true;
    }
    let message = message(run, closed);
    match closed.outcome {
        Outcome::HandedOver => true,
        Outcome::Succeeded | Outcome::Rebuilt | Outcome::Failed => {
            tell(world, &run.plan, &message).await
        }
        // The same end for the same cause is no news, and suspicion comes back every minute.
        Outcome::StoodDown | Outcome::Aborted => {
            let end = format!("{}: {}", message.what, closed.left.join("; "));
            tell_news(world, &run.plan, &message, |row| {
                (!is_a_known_no(row, run, closed)).then(|| row.tell(&end))?
            })
            .await
        }
    }
}

/// Whether a run stood down only since a human had said no to its question before: whoever said it was told then.
fn is_a_known_no(row: &Row, run: &Run, closed: &Closed) -> bool {
    let verdict = run.confirmed.as_ref().map(|confirmed| confirmed.verdict);
    let no = row.declined.as_ref().map(|no| no.verdict);
    closed.outcome == Outcome::StoodDown && closed.left.is_empty() && no.is_some() && no == verdict
}

fn message(run: &Run, closed: &Closed) -> Message {
    let (severity, what, next, command) = end(run, closed);
    let writes_are_out = severity == Severity::Critical;
    Message {
        severity,
        what,
        evidence: evidence(run, closed),
        out_since: run.out_since().filter(|_| writes_are_out),
        until: None,
        execution: run.execution.clone(),
        next: next.into(),
        commands: command.into_iter().collect(),
    }
}

/// How soon a human must look, what happened, what comes next, and the command for it.
fn end(run: &Run, closed: &Closed) -> (Severity, String, &'static str, Option<String>) {
    let (from, to, plan) = (&run.from, &run.to, &run.plan);
    let verdict = run.confirmed.as_ref().map(|confirmed| confirmed.verdict);
    let named = verdict.map_or("no verdict", Verdict::name);
    let observed = verdict.and_then(|verdict| policy::mode(verdict, plan)) == Some(Mode::Observe);
    let unplanned = run.kind == RunKind::UnplannedFailover;
    let confirm = || Some(commands::confirm(plan, to));
    match closed.outcome {
        Outcome::Succeeded if unplanned => (
            Severity::Action,
            format!("{to} took over from {from}"),
            "Look at what is left. When the old Region is back, start the failback there.",
            Some(commands::failback(plan, from)),
        ),
        Outcome::Succeeded => (
            Severity::Notice,
            format!("{to} took over from {from} as planned"),
            "Nothing. A retired cluster and its snapshots are yours to delete.",
            None,
        ),
        Outcome::Rebuilt => (
            Severity::Action,
            format!("the standby in {to} is rebuilt and the writer stays in {from}"),
            "Start the failback without rehearse when the writer is to move.",
            Some(commands::failback(plan, to)),
        ),
        Outcome::Aborted if !unplanned => (
            Severity::Action,
            "stopped before anything was promoted".to_owned(),
            "Put right what is named, and start it again. It goes on from what it finds.",
            Some(again(run)),
        ),
        Outcome::Failed => (
            Severity::Critical,
            format!("the failover to {to} is not complete"),
            "Do what is left, then start it again. It goes on where this run stopped.",
            Some(again(run)),
        ),
        Outcome::StoodDown if observed => (
            Severity::Critical,
            format!("would have failed over to {to} ({named})"),
            "This plan only observes, so decide yourself. The command says what stands in the way of a promotion by hand.",
            Some(commands::invoke(
                to,
                "detach-and-promote",
                &serde_json::json!({"plan": plan.plan}),
            )),
        ),
        Outcome::StoodDown => {
            let (severity, next) =
                verdict.map_or((Severity::Action, "Look at the run."), next_step);
            let command = match verdict {
                Some(Verdict::WriterMoved) => Some(commands::adopt(plan, to)),
                Some(Verdict::Healthy) => None,
                _ => confirm(),
            };
            (severity, format!("stood down ({named})"), next, command)
        }
        Outcome::Aborted => (
            Severity::Critical,
            format!("stopped before anything was promoted ({named})"),
            "Look at what stopped it. The next suspicion tries again.",
            confirm(),
        ),
        Outcome::HandedOver => (Severity::Notice, "handed over".into(), "Nothing.", None),
    }
}

/// What starts a run of this kind again.
fn again(run: &Run) -> String {
    let input = serde_json::json!({"plan": run.plan.plan});
    match run.kind {
        RunKind::UnplannedFailover => commands::unplanned(&run.plan, &run.from, &run.to),
        RunKind::PlannedFailover => commands::start(&run.plan, &run.to, "planned-failover", &input),
        RunKind::Failback => commands::failback(&run.plan, &run.to),
    }
}

/// What a run's rebuild said at its end of what is not as it was.
fn not_as_it_was(run: &Run) -> Option<&str> {
    let rebuilding = run.plan.topology.rebuilding_step();
    let mut entries = run.timeline.iter();
    entries.find_map(|entry| {
        let is_end = entry.step == rebuilding && entry.action == "none";
        let (_, rest) = entry.reason.split_once(". ").filter(|_| is_end)?;
        Some(rest)
    })
}

fn evidence(run: &Run, closed: &Closed) -> String {
    let unplanned = run.kind == RunKind::UnplannedFailover;
    let mut latest_first = run.timeline.iter().rev();
    let shown = latest_first.find(|entry| match unplanned {
        true => entry.step == confirm_outage::STEP,
        false => entry.step != super::STEP,
    });
    let mut evidence = match shown {
        Some(entry) => entry.reason.clone(),
        None if unplanned => "The outage was not confirmed by this run.".into(),
        None => "Nothing was done.".into(),
    };
    if let Some(said) = not_as_it_was(run)
        && !evidence.contains(said)
    {
        evidence.push_str(&format!("\nThe rebuild: {said}."));
    }
    if let Some(rto) = closed.rto_seconds {
        evidence.push_str(&format!("\nRTO {rto:.1} s"));
    }
    if closed.outcome == Outcome::Succeeded {
        evidence.push_str(&rpo(closed));
        // A planned run has just said so itself.
        if !run.plan.names_its_writer() && !evidence.contains(UNNAMED) {
            evidence.push_str(&format!("\nNot seen: {UNNAMED}."));
        }
    }
    for left in &closed.left {
        evidence.push_str(&format!("\nLeft: {left}"));
    }
    evidence
}

/// What was counted as lost, and the most that can be.
fn rpo(closed: &Closed) -> String {
    let counted = match &closed.rpo {
        Some(loss) => format!("\nRPO {:.1} s ({} beats)", loss.seconds, loss.beats),
        None => "\nRPO unknown".into(),
    };
    let most = closed.at_most_seconds;
    most.map_or(counted.clone(), |most| {
        format!("{counted}, at most {most:.1} s")
    })
}

const fn next_step(verdict: Verdict) -> (Severity, &'static str) {
    match verdict {
        Verdict::Healthy => (Severity::Notice, "Nothing. The writer commits again."),
        Verdict::ProbeMisconfigured => (
            Severity::Action,
            "Repair the probe. As long as it cannot look, an outage is not noticed.",
        ),
        Verdict::PathImpaired => (
            Severity::Action,
            "Repair the road between the Regions. The writer's Region is there.",
        ),
        Verdict::WriterRestarting => (
            Severity::Critical,
            "Nothing yet. RDS is working on the writer, and the grace is running.",
        ),
        Verdict::WriterMoved => (
            Severity::Action,
            "Somebody moved the writer. Adopt it, if that was meant.",
        ),
        Verdict::ObserverIsolated => (
            Severity::Action,
            "Look at this Region's network, and at the witness. One of them is cut off.",
        ),
        Verdict::WriterSaturated => (
            Severity::Critical,
            "End idle sessions or raise max_connections. The writer lives and takes no new session.",
        ),
        Verdict::WriterDown
        | Verdict::WriterDownUnconfirmed
        | Verdict::RegionDown
        | Verdict::RegionDownUnwitnessed => (
            Severity::Critical,
            "The next suspicion asks again, unless a human declined. Then start a run by hand to go on.",
        ),
        Verdict::Draining | Verdict::Undetermined => (
            Severity::Critical,
            "Look at the evidence. It fits no verdict, and a run started by hand looks again.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{
        beat::Loss,
        ledger::{Declined, Entry},
        notify, testing,
    };

    fn closed(outcome: Outcome) -> Closed {
        Closed {
            at: jiff::Timestamp::UNIX_EPOCH,
            outcome,
            left: vec!["RestartEcs: NotReady worker".into()],
            rto_seconds: Some(14.8),
            rpo: Some(Loss {
                beats: 2,
                seconds: 4.0,
            }),
            at_most_seconds: Some(9.5),
            step_seconds: Default::default(),
        }
    }

    #[test]
    fn the_end_of_a_failover_says_rto_rpo_and_what_is_left() {
        let message = message(&testing::run(), &closed(Outcome::Succeeded));
        assert_eq!(message.what, "us-east-1 took over from us-west-2");
        for part in [
            "RTO 14.8 s",
            "RPO 4.0 s (2 beats), at most 9.5 s",
            "Left: RestartEcs",
        ] {
            assert!(message.evidence.contains(part), "{}", message.evidence);
        }
    }

    #[test]
    fn the_end_of_a_failback_says_what_of_the_rebuilt_members_is_not_as_it_was() {
        let mut run = testing::run();
        run.kind = RunKind::Failback;
        let said = "Of orders-west this is not as it was: instances.orders-west-1.class";
        let end = format!("every member follows orders-east. {said}");
        let entries = [
            ("remember", "it is kept. Its successor will be another"),
            ("none", end.as_str()),
            ("none", "every member follows orders-east"),
        ];
        for (action, reason) in entries {
            run.timeline.push(Entry {
                at: jiff::Timestamp::UNIX_EPOCH,
                step: run.plan.topology.rebuilding_step().into(),
                action: action.into(),
                reason: reason.into(),
            });
        }
        let told = |run: &Run| message(run, &closed(Outcome::Succeeded)).evidence;
        let evidence = told(&run);
        assert!(
            evidence.contains(&format!("\nThe rebuild: {said}.")),
            "{evidence}"
        );
        run.timeline.pop();
        assert_eq!(told(&run).matches(said).count(), 1, "told once");
        run.timeline.pop();
        assert!(!told(&run).contains("The rebuild"), "all is as it was");
    }

    #[test]
    fn a_success_without_a_name_for_the_writer_says_what_was_not_seen() {
        let mut run = testing::run();
        run.confirmed = Some(testing::confirmed(Verdict::RegionDown));
        let said = |run: &Run| message(run, &closed(Outcome::Succeeded)).evidence;
        assert!(!said(&run).contains("not observed"));
        run.plan.dns.clear();
        let evidence = said(&run);
        assert!(
            evidence.contains("where applications write was not observed"),
            "{evidence}"
        );
    }

    #[test]
    fn every_end_is_told_in_sentences_with_one_command_at_most() {
        let kinds = [
            RunKind::UnplannedFailover,
            RunKind::PlannedFailover,
            RunKind::Failback,
        ];
        let outcomes = [
            Outcome::Succeeded,
            Outcome::StoodDown,
            Outcome::HandedOver,
            Outcome::Aborted,
            Outcome::Rebuilt,
            Outcome::Failed,
        ];
        let verdicts = [
            None,
            Some(Verdict::Healthy),
            Some(Verdict::WriterMoved),
            Some(Verdict::WriterDown),
            Some(Verdict::PathImpaired),
        ];
        for (kind, outcome, verdict) in kinds.into_iter().flat_map(|kind| {
            outcomes
                .into_iter()
                .flat_map(move |outcome| verdicts.map(|verdict| (kind, outcome, verdict)))
        }) {
            let mut run = testing::run();
            run.kind = kind;
            run.confirmed = verdict.map(testing::confirmed);
            let message = message(&run, &closed(outcome));
            let text = message.text(Timestamp::UNIX_EPOCH);
            assert_eq!(notify::unreadable(&text), Vec::<&str>::new());
            assert!(message.commands.len() <= 1, "{text}");
            assert!(message.next.ends_with('.'), "{text}");
        }
    }

    #[test]
    fn while_writes_are_out_it_says_since_when() {
        let mut run = testing::run();
        run.confirmed = Some(testing::confirmed(Verdict::WriterDown));
        let text =
            message(&run, &closed(Outcome::StoodDown)).text(Timestamp::from_second(90).unwrap());
        assert!(text.contains("Writes are out since: "), "{text}");
        let over = message(&run, &closed(Outcome::Succeeded)).text(Timestamp::UNIX_EPOCH);
        assert!(!over.contains("Writes are out since: "), "{over}");
    }

    #[tokio::test]
    async fn a_run_that_opens_after_all_is_told_where_people_were_told_that_none_is_started() {
        let mut run = testing::run();
        let topic = "arn:aws:sns:us-east-1:123456789012:orders-alerts";
        run.plan.notify.insert("us-east-1".into(), topic.into());
        let row = testing::row("us-west-2", 7);
        for (mark, times) in [("no run: switch", 1), ("stood down (healthy): ", 0)] {
            let books = testing::Books::with(&row.tell(mark).unwrap());
            for _ in 0..2 {
                suspected(&books, &run).await;
            }
            assert_eq!(books.told().len(), times, "{mark}");
        }
    }

    #[tokio::test]
    async fn whoever_said_no_is_not_told_that_the_next_suspicion_stood_down() {
        let mut run = testing::run();
        run.confirmed = Some(testing::confirmed(Verdict::RegionDown));
        let topic = "arn:aws:sns:us-east-1:123456789012:orders-alerts";
        run.plan.notify.insert("us-east-1".into(), topic.into());
        let no = |verdict| Declined {
            verdict,
            run_id: "run-1".into(),
        };
        let refused = vec!["AwaitApproval: Refused not today".to_owned()];
        for (verdict, left, times) in [
            (Verdict::RegionDown, refused, 1),
            (Verdict::RegionDown, Vec::new(), 0),
            (Verdict::WriterDown, Vec::new(), 1),
        ] {
            let row = testing::row("us-west-2", 7).decline(&no(verdict)).unwrap();
            let books = testing::Books::with(&row);
            let end = Closed {
                left,
                ..testing::closed(Outcome::StoodDown)
            };
            assert!(super::closed(&books, &run, &end).await);
            assert_eq!(books.told().len(), times, "{verdict:?} {:?}", end.left);
        }
    }

    #[tokio::test]
    async fn a_second_cause_that_stops_a_failover_is_told_and_the_first_one_is_not_told_again() {
        let books = testing::Books::with(&testing::row("us-west-2", 7));
        let mut run = testing::run();
        run.confirmed = Some(testing::confirmed(Verdict::RegionDown));
        let topic = "arn:aws:sns:us-east-1:123456789012:orders-alerts";
        run.plan.notify.insert("us-east-1".into(), topic.into());
        let ready = "DetachAndPromote: NotReady no instance serves";
        let lost = |seconds| format!("DetachAndPromote: DataLossTooLarge {seconds} s are lost");
        for (left, times) in [
            (ready.to_owned(), 1),
            (ready.to_owned(), 1),
            (lost(31), 2),
            (ready.to_owned(), 2),
            (lost(45), 2),
        ] {
            let end = Closed {
                left: vec![left.clone()],
                ..testing::closed(Outcome::Aborted)
            };
            assert!(super::closed(&books, &run, &end).await);
            assert_eq!(books.told().len(), times, "{left}");
        }
    }

    #[test]
    fn observing_says_what_would_have_been_done() {
        let mut run = testing::run();
        run.plan.unplanned.region_down = Mode::Observe;
        run.confirmed = Some(testing::confirmed(Verdict::RegionDown));
        let message = message(&run, &closed(Outcome::StoodDown));
        assert_eq!(
            message.what,
            "would have failed over to us-east-1 (region_down)"
        );
    }
}
