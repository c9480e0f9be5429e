//! The page of a real run: what its record tells, what is said to be unknown, and that no text can break out of it.

use failover::{
    beat::{Beat, Loss},
    domain::Epoch,
    ledger::{Attempt, Claim, Entry, FalseAlarm, Proof, RunKind},
    plan::Plan,
    testing::plan_document,
};

use super::*;

const HOSTILE: &str = "<script>alert('x')</script>\"><img src=x onerror=\"y\"> & more";

fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
}

fn entry(second: i64, step: &str, action: &str, reason: &str) -> Entry {
    Entry {
        at: at(second),
        step: step.into(),
        action: action.into(),
        reason: reason.into(),
    }
}

/// A failover that succeeded, and left something.
fn failover() -> Record {
    let plan: Plan = serde_json::from_value(plan_document()).unwrap();
    let claim = Claim {
        run_id: "orders-7".into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: "us-west-2".into(),
        to: "us-east-1".into(),
    };
    let mut run = Record::opened(claim, plan, Epoch(1), at(100));
    run.timeline = vec![
        entry(101, "open_run", "open", "holds plan orders at epoch 1"),
        entry(104, "confirm_outage", "region_down", "region_down"),
        entry(105, "detach_and_promote", "detach", "detaches orders-east"),
        entry(
            109,
            "detach_and_promote",
            "none",
            "orders-east stands alone",
        ),
        entry(110, "prove_writer", "prove", "the writer committed epoch 2"),
        entry(112, "flip_dns", "change", "points the name to us-east-1"),
    ];
    run.proof = Some(Proof {
        epoch: Epoch(2),
        beat: Beat {
            seq: 1,
            epoch: Epoch(2),
            at: at(110),
        },
        loss: None,
        came_back_until: None,
    });
    run.attempts = vec![Attempt {
        step: "detach_and_promote".into(),
        action: "detach".into(),
        first_at: at(105),
        at: at(105),
        times: 1,
        answer: Some(Answer::Taken),
    }];
    run.closed = Some(Closed {
        at: at(115),
        outcome: Outcome::Succeeded,
        left: vec!["reader.orders.internal".to_owned()],
        rto_seconds: Some(24.8),
        rpo: Some(Loss {
            beats: 2,
            seconds: 0.4,
        }),
        at_most_seconds: Some(3.0),
        came_back_until: None,
        is_heard_again: false,
        step_seconds: BTreeMap::new(),
    });
    run
}

fn page(record: &Record) -> String {
    page_of(record, (&"us-east-1".into(), "a suspicion"))
}

#[test]
fn a_run_is_shown_with_what_its_record_tells() {
    let page = page(&failover());
    for part in [
        "Run of plan orders · 1970-01-01 00:01 UTC",
        "a real run, by its record in the ledger in us-east-1",
        ">succeeded</span>",
        "Unplanned failover of plan orders from us-west-2 to us-east-1, at epoch 1, started by a suspicion.",
        "24.8 s",
        "no writes for 24.8 s",
        "of writes lost, 2 beats",
        "of writes can be lost, whatever was counted",
        "DetachAndPromote: detaches orders-east",
        "region down",
        "DNS moved",
        "run closed",
        "reader.orders.internal",
        "each was noted before it was made",
        ">taken<",
        "max_lost_seconds",
        "What its record does not tell",
        "What applications wrote, and which of their rows were lost.",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn a_false_alarm_is_told_with_who_said_so() {
    let mut run = failover();
    run.closed.as_mut().unwrap().outcome = Outcome::StoodDown;
    assert!(!page(&run).contains("False alarm"));
    run.false_alarm = Some(FalseAlarm {
        at: at(200),
        why: "Ada: a router".into(),
    });
    let page = page(&run);
    for part in ["False alarm", "1970-01-01 00:03 UTC", "Ada: a router"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn nothing_of_a_drill_is_claimed_of_a_real_run() {
    let page = page(&failover());
    for part in [
        "drill, RDS simulated",
        "Failover drill",
        "Rows lost",
        "Writes stopped",
        "Passes",
        "What people were told",
        "What had to come out",
        "the application wrote",
        "the drill's",
    ] {
        assert!(!page.contains(part), "{part}");
    }
}

#[test]
fn a_step_lasts_from_the_entry_before_it_to_its_own_last_one() {
    let states = states(&failover());
    let spans: Vec<_> = states
        .iter()
        .map(|state| (state.name.as_str(), state.entered_at, state.exited_at))
        .collect();
    assert_eq!(
        spans[..3],
        [
            ("OpenRun", at(100), Some(at(101))),
            ("ConfirmOutage", at(101), Some(at(104))),
            ("DetachAndPromote", at(104), Some(at(109))),
        ]
    );
}

#[test]
fn a_run_that_is_open_or_moved_nothing_has_no_figure_that_it_cannot_have() {
    let mut run = failover();
    run.closed = None;
    let open = page(&run);
    assert!(open.contains(">not closed</span>"), "{open}");
    assert!(!open.contains("<dt>RTO</dt>"));
    let mut stood_down = failover();
    stood_down.proof = None;
    let closed = stood_down.closed.as_mut().unwrap();
    (closed.outcome, closed.rto_seconds) = (Outcome::StoodDown, None);
    let page = page(&stood_down);
    assert!(page.contains(">stood down</span>"));
    assert!(!page.contains("<dt>RTO</dt>") && !page.contains("no writes"));
}

#[test]
fn a_run_that_failed_says_first_what_is_left_and_which_call_was_not_taken() {
    let mut run = failover();
    let closed = run.closed.as_mut().unwrap();
    closed.outcome = Outcome::Failed;
    (closed.rto_seconds, closed.rpo) = (None, None);
    run.attempts[0].answer = Some(Answer::Refused("no quota".to_owned()));
    let page = page(&run);
    let left = page.find("reader.orders.internal").unwrap();
    assert!(left < page.find("<svg").unwrap());
    assert!(page.contains("verdict broken") && page.contains("refused: no quota"));
    // What is unknown is said.
    assert!(page.contains(">unknown</dd>"), "{page}");
}

#[test]
fn every_text_is_escaped_and_the_page_stands_alone() {
    let mut run = failover();
    run.run_id = HOSTILE.into();
    run.from = HOSTILE.into();
    run.timeline[2].reason = HOSTILE.to_owned();
    run.timeline[2].step = HOSTILE.to_owned();
    run.attempts[0].action = HOSTILE.to_owned();
    run.attempts[0].answer = Some(Answer::Refused(HOSTILE.to_owned()));
    run.closed.as_mut().unwrap().left = vec![HOSTILE.to_owned()];
    run.false_alarm = Some(FalseAlarm {
        at: at(200),
        why: HOSTILE.to_owned(),
    });
    let page = page_of(&run, (&HOSTILE.into(), HOSTILE));
    assert!(page.contains("&lt;script&gt;alert"));
    for foreign in [
        "<script",
        "<img",
        "onerror=\"y",
        "http:",
        "https:",
        "<link",
        "url(",
        "@import",
        "src=\"",
        "href=",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn nothing_in_a_picture_is_drawn_beyond_its_edge() {
    for run in [failover(), {
        let mut long = failover();
        long.timeline
            .push(entry(90_000, "rebuild_global", "none", "it is rebuilt"));
        long.closed.as_mut().unwrap().at = at(90_100);
        long
    }] {
        let page = page(&run);
        let pictures: Vec<_> = page.split("<svg").skip(1).zip([1160.0, 560.0]).collect();
        assert_eq!(pictures.len(), 2);
        for (picture, width) in pictures {
            for name in [" x=\"", " x1=\"", " x2=\""] {
                for value in picture.split(name).skip(1) {
                    let x: f64 = value.split('"').next().unwrap().parse().unwrap();
                    assert!((0.0..=width).contains(&x), "{name}{x} in {width}");
                }
            }
        }
    }
}
