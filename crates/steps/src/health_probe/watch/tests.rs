//! What a look leads to, and what an invocation remembers from look to look.

use super::{looks::clears, *};
use failover::{
    beat::Write,
    domain::Epoch,
    ledger::{Claim, Endpoints, Intent, RunKind},
    pass::by_hand,
    ports::{Ledger, Runtime},
    testing::{self, Books, probe::Beats},
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn detection() -> Detection {
    Detection {
        interval_seconds: 5,
        failures: 3,
        timeout_seconds: 3,
        in_region_grace_seconds: None,
        busy_grace_seconds: 900,
    }
}

fn vantage(region: &str, failures: u32) -> Vantage {
    Vantage {
        region: region.into(),
        writer_region: "us-west-2".into(),
        at: at(10),
        write: Write::Failed {
            why: "timed out".into(),
        },
        last_beat: None,
        failing_since: Some(at(0)),
        failures,
        reading: None,
        moved_at: None,
        signs: Default::default(),
        version: None,
    }
}

fn row() -> PlanState {
    testing::row("us-west-2", 7)
}

#[test]
fn the_writer_is_suspected_at_the_threshold_and_not_before() {
    let action = |failures| {
        next_action(
            &vantage("us-east-1", failures),
            &row(),
            &detection(),
            None,
            at(10),
        )
    };
    assert_eq!(
        [2, 3, 4].map(action),
        [Action::Record, Action::Suspect, Action::Suspect]
    );
}

#[test]
fn a_beat_clears_a_no_that_was_marked_after_the_news_were_cleared() {
    let beat = failover::beat::Beat {
        seq: 1,
        epoch: failover::domain::Epoch(7),
        at: at(10),
    };
    let commits = Vantage {
        write: Write::Committed { beat },
        ..vantage("us-east-1", 0)
    };
    let no = failover::ledger::Declined {
        run_id: "a".into(),
        verdict: failover::evidence::Verdict::WriterDown,
    };
    let declined = row().decline(&no).unwrap();
    assert_eq!(declined.told, None, "an earlier beat cleared it");
    assert!(clears(&commits, &declined));
    assert!(!clears(&vantage("us-east-1", 3), &declined));
    assert!(!clears(&commits, &row()), "nothing is to be cleared");
}

#[test]
fn a_writer_that_was_deposed_during_the_look_is_not_suspected() {
    let mut row = row();
    let at_threshold = vantage("us-east-1", 3);
    let action = |row: &PlanState| next_action(&at_threshold, row, &detection(), None, at(10));
    assert_eq!(action(&row), Action::Suspect);
    row.current.as_mut().unwrap().writer = "us-east-1".into();
    assert_eq!(action(&row), Action::Record);
}

/// Looks until then; answers at whose writer each look was.
async fn watched(books: &Books, usual: Timestamp) -> Vec<String> {
    watched_by(Beats::Commit, books, usual).await;
    let looks = books.looks();
    let writers = looks.iter().map(|look| look.writer_region.to_string());
    writers.collect()
}

async fn watched_by(heart: Beats, books: &Books, usual: Timestamp) -> WatchedPlan {
    books.meet(heart);
    let known = books.known(&"us-east-1".into(), &"orders".into()).await;
    let mut known = known.unwrap().unwrap();
    known.plan.detection.timeout_seconds = 1;
    let writer = Endpoints {
        writer: "writer".into(),
        reader: String::new(),
        port: 5432,
    };
    for region in ["us-west-2", "us-east-1"] {
        known.endpoints.insert(region.into(), writer.clone());
    }
    let until = Until {
        usual,
        latest: usual + SignedDuration::from_secs(12),
    };
    let mut watched = WatchedPlan::new("orders".into(), None);
    let mut sessions = Sessions::with(None);
    let ended = look_until(books, (&known, None), until, &mut sessions, &mut watched).await;
    assert_eq!(ended, Ok(()));
    watched
}

#[tokio::test]
async fn a_watch_keeps_what_a_runs_look_beside_it_has_seen() {
    let books = Books::with(&row());
    watched_by(Beats::FailBesideARun(0), &books, at(1_015)).await;
    let looks = books.looks();
    let last = looks.last().unwrap();
    assert!(looks.len() > 3, "{looks:?}");
    assert_eq!(last.last_beat.map(|beat| beat.seq), Some(9));
    assert!(last.maybe_alive_at().is_some());
}

#[tokio::test]
async fn a_watch_tells_of_an_outage_that_a_failback_stands_in_the_way_of() {
    let failback = Claim {
        kind: RunKind::Failback,
        ..Claim::of(&testing::run())
    };
    let held = row().claim(&failback, at(1_000)).unwrap();
    for (row, times) in [(held, 1), (row(), 0)] {
        let books = Books::with(&row);
        watched_by(Beats::FailBesideARun(0), &books, at(1_030)).await;
        let told = books.told();
        let of_it = told.iter().filter(|told| told.contains("holds the plan"));
        assert_eq!(of_it.count(), times, "{told:?}");
    }
}

/// How often people were told something.
fn times(books: &Books, part: &str) -> usize {
    let told = books.told();
    told.iter().filter(|told| told.contains(part)).count()
}

#[tokio::test]
async fn a_suspicion_that_is_not_taken_is_told_once_and_a_fault_although_the_next_one_is_taken() {
    let books = Books::with(&row());
    for refused in [1, 9] {
        books.refuse_suspicions(refused);
        let watched = watched_by(Beats::FailBesideARun(2), &books, books.now() + WATCH).await;
        let fault = watched.fault.unwrap();
        assert!(fault.contains("PutEvents: timed out"), "{fault}");
        assert_eq!(times(&books, "is suspected and no run can be started"), 1);
    }
}

#[tokio::test]
async fn a_suspicion_that_no_run_takes_up_is_told_once_and_a_fault() {
    let mut ended = row();
    ended.token += 1;
    let refused = row().tell("refused: cool-down").unwrap();
    let by_a_run = Books::with(&row()).after_looks(4, &ended);
    for (books, told) in [
        (Books::with(&row()), 1),
        (by_a_run, 0),
        (Books::with(&refused), 0),
    ] {
        for _ in 0..=told {
            let watched = watched_by(Beats::FailBesideARun(2), &books, books.now() + WATCH).await;
            assert_eq!(watched.fault.is_some(), told > 0, "{:?}", watched.fault);
        }
        assert_eq!(times(&books, "is suspected and no run has begun"), told);
    }
}

#[tokio::test]
async fn an_outage_while_a_switch_is_on_is_told_once_until_a_beat_commits() {
    let books = Books::with(&row()).switched_on();
    for told in [1, 1, 2] {
        if told == 2 {
            watched_by(Beats::Commit, &books, books.now()).await;
        }
        let usual = books.now() + SignedDuration::from_secs(20);
        let watched = watched_by(Beats::FailBesideARun(2), &books, usual).await;
        assert_eq!((watched.suspected, watched.fault), (false, None));
        assert_eq!(times(&books, "is suspected and no run is started"), told);
    }
}

fn deposed() -> PlanState {
    let mut row = row();
    let current = row.current.as_mut().unwrap();
    (current.writer, current.epoch) = ("us-east-1".into(), Epoch(8));
    row
}

#[tokio::test]
async fn a_watch_under_way_leaves_the_deposed_writer_at_the_next_look_although_no_beat_failed() {
    let books = Books::with(&row()).after_looks(2, &deposed());
    let writers = watched(&books, at(1_058)).await;
    assert_eq!(
        writers[..4],
        ["us-west-2", "us-west-2", "us-east-1", "us-east-1"]
    );
    assert_eq!(writers.len(), 12, "it goes on for its minute");
}

#[tokio::test]
async fn a_ledger_that_hangs_during_a_watch_costs_each_look_no_more_than_the_plans_time_out() {
    let books = Books::with(&row())
        .after_looks(1, &deposed())
        .hang_after_looks(0);
    let began = tokio::time::Instant::now();
    let writers = watched(&books, at(1_006)).await;
    assert_eq!(
        writers, ["us-west-2"; 2],
        "the row that was read last stands"
    );
    let took = began.elapsed();
    assert!(took < Duration::from_secs(4), "two looks took {took:?}");
}

#[test]
fn the_vantage_in_the_writers_own_region_only_records() {
    assert_eq!(
        next_action(&vantage("us-west-2", 9), &row(), &detection(), None, at(10)),
        Action::Record
    );
}

#[test]
fn an_invocation_suspects_again_when_the_plan_is_free_and_twenty_seconds_have_passed() {
    let again = |now| {
        let suspected_at = Some(at(10));
        next_action(
            &vantage("us-east-1", 5),
            &row(),
            &detection(),
            suspected_at,
            at(now),
        )
    };
    assert_eq!([29, 30].map(again), [Action::Record, Action::Suspect]);
}

#[test]
fn a_plan_that_a_run_holds_is_not_suspected_again_until_the_lease_lapses() {
    let claim = Claim {
        run_id: "a".into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: "us-west-2".into(),
        to: "us-east-1".into(),
    };
    let held = row().claim(&claim, at(0)).unwrap();
    assert_eq!(
        next_action(&vantage("us-east-1", 3), &held, &detection(), None, at(10)),
        Action::Record
    );
    assert_eq!(
        next_action(&vantage("us-east-1", 3), &held, &detection(), None, at(901)),
        Action::Suspect
    );
}

fn intent(run_id: failover::domain::RunId) -> Intent {
    Intent {
        epoch: Epoch(8),
        from: "us-west-2".into(),
        to: "us-east-1".into(),
        run_id,
        written_at: at(0),
        global_cluster: None,
    }
}

fn by_hand_at(epoch: u64) -> failover::domain::RunId {
    let step = "detach-and-promote";
    failover::domain::RunId(by_hand::run_id(step, &"us-east-1".into(), Epoch(epoch)))
}

#[test]
fn no_run_is_started_into_a_promotion_that_somebody_leads_by_hand_for_ten_minutes() {
    let action = |run_id: failover::domain::RunId, now| {
        let begun = PlanState {
            intent: Some(intent(run_id)),
            ..row()
        };
        next_action(
            &vantage("us-east-1", 5),
            &begun,
            &detection(),
            None,
            at(now),
        )
    };
    assert_eq!(action(by_hand_at(7), 599), Action::Record);
    assert_eq!(action(by_hand_at(7), 600), Action::Suspect);
    assert_eq!(action("a".into(), 10), Action::Suspect, "a run began it");
}

#[test]
fn a_promotion_by_hand_is_not_called_one_that_nobody_finishes() {
    let plan = failover::testing::run().plan;
    let mut intent = intent(by_hand_at(7));
    let row = row();
    let forced = unfinished::message(&plan, &row, &intent, by_hand::is_by_hand(&intent.run_id));
    assert!(forced.what.contains("by hand"), "{}", forced.what);
    assert!(forced.commands[0].contains("aurora-failover-health-probe"));
    intent.run_id = "b0936d22".into();
    let left = unfinished::message(&plan, &row, &intent, by_hand::is_by_hand(&intent.run_id));
    assert!(left.what.contains("no run finishes it"), "{}", left.what);
    assert!(left.commands[0].contains("aurora-failover failover orders --to us-east-1"));
    for message in [forced, left] {
        let beside = "us-east-1 may take writes already, beside the one in us-west-2";
        assert!(message.evidence.contains(beside), "{}", message.evidence);
        let text = message.text(at(60));
        assert_eq!(failover::notify::unreadable(&text), Vec::<&str>::new());
    }
}
