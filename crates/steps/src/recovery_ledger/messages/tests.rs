//! What people are told of a run, and what they are not told twice.

mod examples;

use super::*;
use failover::{
    beat::{Beat, Loss},
    domain::{Epoch, Incident},
    evidence::Verdict,
    ledger::{Declined, Entry, Intent, Proof, RunKind},
    notify,
    plan::Mode,
    testing,
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
        came_back_until: None,
        is_heard_again: false,
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
fn the_end_of_a_move_names_the_hook_that_failed_and_asks_people_for_it() {
    let run = Run {
        kind: RunKind::PlannedFailover,
        ..testing::run()
    };
    let failed = "AfterNames: NotReady the hook after_names (orders-failover-hook in us-east-1) failed: no cache";
    let closed = Closed {
        left: vec![failed.into()],
        ..closed(Outcome::Succeeded)
    };
    let message = message(&run, &closed);
    assert_eq!(message.severity, Severity::Action);
    assert!(message.evidence.contains(failed), "{}", message.evidence);
    assert!(message.next.contains("the hook"), "{}", message.next);
    let smooth = self::message(
        &run,
        &Closed {
            left: Vec::new(),
            ..closed
        },
    );
    assert_eq!(smooth.severity, Severity::Notice);
}

#[tokio::test]
async fn of_a_plan_without_a_heart_every_run_is_told_and_no_failback_is_named() {
    let document = testing::sqlserver_document().to_string();
    let mut run = testing::run();
    run.plan = failover::plan::read(&document).unwrap();
    let message = message(&run, &closed(Outcome::Succeeded));
    assert_eq!(message.commands, Vec::<String>::new());
    assert!(
        message.next.contains("which nothing here shuts"),
        "{}",
        message.next
    );
    let books = testing::Books::with(&testing::row("us-west-2", 7));
    for started in 1..=2 {
        suspected(&books, &run).await;
        let told = books.told();
        assert_eq!(told.len(), started, "{told:?}");
        assert!(told[0].contains("a run from us-west-2 to us-east-1 was started"));
    }
    for ended in 3..=4 {
        super::closed(&books, &run, &closed(Outcome::StoodDown)).await;
        assert_eq!(books.told().len(), ended);
    }
}

#[test]
fn the_most_that_can_be_lost_of_a_region_that_nobody_hears_is_said_with_its_condition() {
    let mut run = testing::run();
    for (verdict, said) in [
        (
            Verdict::RegionDown,
            "at most 9.5 s if the writer in us-west-2, which nobody hears, takes no more\n",
        ),
        (Verdict::WriterDown, "at most 9.5 s\n"),
    ] {
        run.confirmed = Some(testing::confirmed(verdict));
        let told = message(&run, &closed(Outcome::Succeeded)).evidence;
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn what_an_old_writer_took_that_came_back_after_it_was_left_is_said_to_be_unknown() {
    let closed = Closed {
        rpo: None,
        at_most_seconds: None,
        came_back_until: Some(jiff::Timestamp::UNIX_EPOCH),
        ..closed(Outcome::Succeeded)
    };
    let told = message(&testing::run(), &closed).evidence;
    let said = "RPO unknown: the writer in us-west-2 came back after it was left, and committed a beat at 1970-01-01 00:00:00 UTC. \
        The failback lists what it took\n";
    assert!(told.contains(said), "{told}");
}

#[test]
fn what_a_region_took_that_is_heard_again_is_said_to_be_unknown() {
    let closed = Closed {
        rpo: None,
        at_most_seconds: None,
        is_heard_again: true,
        ..closed(Outcome::Succeeded)
    };
    let told = message(&testing::run(), &closed).evidence;
    let said = "RPO unknown: us-west-2 is heard again, and its writer may have taken writes before it was shut. \
        The failback lists what it took\n";
    assert!(told.contains(said), "{told}");
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
            step: run.plan.kind().runs().rebuilding.unwrap().into(),
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
fn a_move_that_left_nothing_but_the_standby_is_not_told_as_an_outage() {
    let mut run = testing::run();
    run.kind = RunKind::PlannedFailover;
    run.proof = Some(Proof {
        epoch: Epoch(8),
        beat: Beat {
            epoch: Epoch(8),
            seq: 1,
            at: jiff::Timestamp::UNIX_EPOCH,
        },
        loss: None,
        came_back_until: None,
    });
    let mut ended = closed(Outcome::Failed);
    ended.left = vec!["ProtectAgain: Denied it may not".into()];
    let told = message(&run, &ended);
    assert_eq!(told.severity, Severity::Action);
    assert_eq!(told.out_since, None);
    assert!(
        told.what.contains("nothing protects it yet"),
        "{}",
        told.what
    );
    assert!(
        told.commands[0].contains("rebuild-global"),
        "{:?}",
        told.commands
    );
    ended.left.push("FlipDns: Unavailable".into());
    let told = message(&run, &ended);
    assert!(told.what.contains("is not complete"), "{}", told.what);
}

#[test]
fn a_success_without_a_name_for_the_writer_says_what_was_not_seen() {
    let mut run = testing::run();
    run.confirmed = Some(testing::confirmed(Verdict::RegionDown));
    let said = |run: &Run| message(run, &closed(Outcome::Succeeded)).evidence;
    assert!(!said(&run).contains("not observed"));
    run.plan.routes.clear();
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
    let text = message(&run, &closed(Outcome::StoodDown)).text(Timestamp::from_second(90).unwrap());
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

#[tokio::test]
async fn a_promotion_that_is_refused_again_is_news_of_a_run_that_people_wait_for_and_of_no_other() {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let mut run = testing::run();
    let topic = "arn:aws:sns:us-east-1:123456789012:orders-alerts";
    run.plan.notify.insert("us-east-1".into(), topic.into());
    run.note(at, "detach_and_promote", "detach", "it is refused");
    let incident = Some(Incident::try_from("orders/7".to_owned()).unwrap());
    let books = testing::Books::with(&testing::row("us-west-2", 7));
    let refused = |times| format!("RDS refused detach of us-east-1 {times} time(s)");
    for (incident, approved_at, left, told) in [
        (&incident, None, refused(150), 1),
        (&incident, None, refused(149), 1),
        (&incident, None, "DetachAndPromote: NotReady".into(), 2),
        (&incident, None, refused(12), 2),
        (&incident, Some(at), refused(150), 3),
        (&None, None, refused(150), 4),
    ] {
        run.incident.clone_from(incident);
        run.approved_at = approved_at;
        let end = Closed {
            left: vec![left.clone()],
            ..testing::closed(Outcome::Failed)
        };
        assert!(super::closed(&books, &run, &end).await);
        assert_eq!(books.told().len(), told, "{left}");
    }
}

#[test]
fn two_ends_whose_causes_differ_late_are_told_apart() {
    let run = testing::run();
    let message = message(&run, &closed(Outcome::Failed));
    let begun =
        "the promotion of us-east-1 (epoch 2) is begun and not proven; start a new run to it";
    let of = |words: &str| {
        let long = "x".repeat(280);
        let refusal =
            format!("RDS refused detach of us-east-1 150 time(s), the last time with: {words}");
        end(&message, &[long, begun.into(), refusal])
    };
    let row = testing::row("us-west-2", 7)
        .tell(&of("it is being modified"))
        .unwrap();
    assert_eq!(row.tell(&of("it is being modified")), None);
    assert!(row.tell(&of("it is being upgraded")).is_some());
}

#[tokio::test]
async fn what_a_run_left_that_acted_is_not_told_again_by_those_that_look_at_it() {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let mut acted = testing::run();
    let topic = "arn:aws:sns:us-east-1:123456789012:orders-alerts";
    acted.plan.notify.insert("us-east-1".into(), topic.into());
    let mut looked = acted.clone();
    looked.run_id = "b".into();
    looked.incident = Some(Incident::try_from("orders/7".to_owned()).unwrap());
    acted.note(at, "detach_and_promote", "detach", "it is refused");
    looked.note(
        at,
        crate::confirm_outage::STEP,
        "confirm",
        "it may be restarting",
    );
    let row = PlanState {
        intent: Some(Intent {
            epoch: acted.epoch,
            from: acted.from.clone(),
            to: acted.to.clone(),
            global_cluster: None,
            run_id: acted.run_id.clone(),
            written_at: at,
        }),
        ..testing::row("us-west-2", 1)
    };
    let books = testing::Books::with(&row);
    let begun = left_begun(&row, &looked).unwrap();
    let refused = "RDS refused detach of us-east-1 150 time(s)".to_owned();
    let another = "ConfirmOutage: Unavailable no answer".to_owned();
    for (run, left, times) in [
        (&acted, vec![begun.clone(), refused.clone()], 1),
        (&looked, vec![begun.clone()], 1),
        (&acted, vec![begun.clone(), refused], 2),
        (&looked, vec![another, begun], 3),
    ] {
        let end = Closed {
            left,
            ..testing::closed(Outcome::Failed)
        };
        assert!(super::closed(&books, run, &end).await);
        assert_eq!(books.told().len(), times, "{:?}", end.left);
        if times == 1 {
            let told = &books.rows()[&"us-east-1".into()].told;
            assert_eq!(told, &None, "that the writer is suspected stays news");
        }
    }
}
