//! The transitions of a row, each with its refusals.

use super::*;

#[test]
fn what_keeps_a_deposed_writer_open_is_told_once_for_each_cause() {
    let row = Row::new("orders".into());
    let sentence = |doors: u32, role: &str| {
        format!("NotReady: {doors} door(s) stay open: the role {role} keeps its login")
    };
    let told = row.tell_unfenced(Epoch(8), &sentence(3, "app1")).unwrap();
    assert_eq!(
        told.tell_unfenced(Epoch(8), &sentence(2, "app1")),
        None,
        "people know, whatever is counted"
    );
    let other = told.tell_unfenced(Epoch(8), &sentence(3, "app2"));
    let both = other.expect("another cause of the same name is news");
    assert_eq!(both.tell_unfenced(Epoch(8), &sentence(3, "app1")), None);
    let later = both.tell_unfenced(Epoch(9), &sentence(3, "app1")).unwrap();
    assert_eq!(
        later.unfenced,
        ["9/NotReady: # door(s) stay open: the role app1 keeps its login"],
        "another split brain is news"
    );
    let long = later
        .tell_unfenced(Epoch(9), &"long ".repeat(1_000))
        .unwrap();
    assert!(long.unfenced[1].len() < 400, "a row is read at every look");
    let many = ('a'..='z').fold(row, |row, cause| {
        row.tell_unfenced(Epoch(8), &cause.to_string()).unwrap()
    });
    assert_eq!((many.unfenced.len(), many.unfenced[7].as_str()), (8, "8/z"));
}

#[test]
fn that_a_member_is_fenced_is_news_until_it_was_told_and_again_after_a_trouble() {
    let row = Row::new("orders".into());
    assert!(row.is_fence_news(Epoch(8), None));
    assert!(row.is_fence_news(Epoch(8), Some(Epoch(7))));
    let untold = row.fence(Epoch(8), at(1), true).unwrap();
    assert!(
        untold.is_fence_news(Epoch(8), untold.fenced),
        "nobody was told yet"
    );
    let told = untold.tell_fenced().unwrap();
    assert_eq!(told.tell_fenced(), None);
    let late = told.is_fence_news(Epoch(8), None);
    assert!(!late, "another pass fenced it meanwhile, and told");
    assert!(
        !told.is_fence_news(Epoch(8), told.fenced) && told.fence(Epoch(8), at(2), false).is_none()
    );
    let troubled = told.tell_unfenced(Epoch(8), "no road").unwrap();
    assert!(
        troubled.is_fence_news(Epoch(8), troubled.fenced),
        "the all-clear is owed"
    );
    let open = troubled.open().unwrap();
    assert_eq!((open.fenced, open.open()), (None, None));
    assert_eq!(open.unfenced, troubled.unfenced, "what was told stays told");
    let given_back = troubled.unfence().unwrap();
    assert_eq!(given_back, Row::new("orders".into()));
}
use crate::domain::Incident;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn current(epoch: u64, writer: &str) -> Current {
    Current {
        epoch: Epoch(epoch),
        writer: writer.into(),
        global_cluster: Some("orders-global-1".into()),
        run_id: "adopt".into(),
        proven_at: at(0),
        unplanned: false,
        acknowledged_at: None,
    }
}

fn row() -> Row {
    Row {
        current: Some(current(7, "us-west-2")),
        ..Row::new("orders".into())
    }
}

fn claim(run_id: &str) -> Claim {
    Claim {
        run_id: run_id.into(),
        kind: RunKind::UnplannedFailover,
        incident: Some(Incident {
            plan: "orders".into(),
            epoch: Epoch(7),
        }),
        from: "us-west-2".into(),
        to: "us-east-1".into(),
    }
}

fn held(run_id: &str) -> Row {
    row().claim(&claim(run_id), at(0)).unwrap()
}

fn intent(run_id: &str, epoch: u64) -> Intent {
    Intent {
        epoch: Epoch(epoch),
        from: "us-west-2".into(),
        to: "us-east-1".into(),
        global_cluster: None,
        run_id: run_id.into(),
        written_at: at(1),
    }
}

fn refused(result: Result<Row, Error>) -> bool {
    matches!(result, Err(Error::RunRefused(_)))
}

#[test]
fn the_last_busy_status_of_rds_is_kept_until_another_writer_is_proven() {
    let busy = row().seen_busy(Some(at(5))).unwrap();
    assert_eq!(busy.seen_busy(Some(at(5))), None);
    assert_eq!(busy.seen_busy(None), None);
    assert_eq!(busy.seen_busy(Some(at(6))).unwrap().busy_at, Some(at(6)));
    let next = busy.learn(&current(8, "us-east-1")).unwrap();
    assert_eq!(next.busy_at, None);
}

#[test]
fn only_one_run_holds_a_plan() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    assert!(refused(held.claim(&claim("b"), at(1))));
    assert!(
        held.claim(&claim("a"), at(1)).is_ok(),
        "a run re-enters its own lease"
    );
}

#[test]
fn an_expired_lease_changes_hands_with_a_higher_token_and_stops_the_old_run_for_good() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    let taken = held.claim(&claim("b"), at(15 * 60)).unwrap();
    assert_eq!(
        (taken.token, taken.lease.as_ref().map(|lease| lease.token)),
        (2, Some(2))
    );
    assert!(refused(taken.renew(&"a".into(), Epoch(7), at(901))));
}

#[test]
fn a_lease_that_lapsed_unseen_is_still_the_runs_own() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    assert!(held.renew(&"a".into(), Epoch(7), at(16 * 60)).is_ok());
}

#[test]
fn an_incident_whose_epoch_is_past_is_refused() {
    let moved = Row {
        current: Some(current(8, "us-east-1")),
        ..row()
    };
    assert!(refused(moved.claim(&claim("late"), at(0))));
}

#[test]
fn a_pass_with_a_stale_epoch_is_refused_unless_the_epoch_is_its_own_work() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    let proven = held.intend(intent("a", 8)).unwrap().prove(
        &"a".into(),
        Current {
            run_id: "a".into(),
            ..current(8, "us-east-1")
        },
    );
    assert!(proven.unwrap().renew(&"a".into(), Epoch(7), at(1)).is_ok());
    let elsewhere = held.learn(&current(8, "us-east-1")).unwrap();
    assert!(refused(elsewhere.renew(&"a".into(), Epoch(7), at(1))));
}

#[test]
fn an_intent_needs_the_lease_and_a_higher_epoch() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    assert!(refused(row().intend(intent("a", 8))));
    assert!(matches!(
        held.intend(intent("a", 7)),
        Err(Error::UnexpectedTopology(_))
    ));
    assert_eq!(held.intend(intent("a", 8)).unwrap().epoch(), Epoch(8));
}

#[test]
fn a_copy_of_a_withdrawn_change_of_writer_is_void_and_its_epoch_is_not_given_out_again() {
    let begun = row()
        .claim(&claim("a"), at(0))
        .and_then(|held| held.intend(intent("a", 8)))
        .unwrap();
    let east: crate::domain::Region = "us-east-1".into();
    let rows = |east_row: &Row| {
        crate::ledger::Rows(
            [
                (east.clone(), east_row.clone()),
                ("us-west-2".into(), begun.clone()),
            ]
            .into(),
        )
    };
    assert!(rows(&begun).intent().is_some());
    let withdrawn = begun.withdraw(&"a".into()).unwrap();
    assert_eq!(rows(&withdrawn).intent(), None, "the other copy is void");
    assert_eq!(rows(&withdrawn).next_epoch(), Epoch(9));
    assert!(withdrawn.intend(intent("a", 8)).is_err());
    let learnt = begun.learn_of(&east, &withdrawn).unwrap();
    assert_eq!(
        (learnt.intent.is_none(), learnt.withdrawn),
        (true, Epoch(8))
    );
    assert_eq!(
        begun.learn_of(&"us-west-2".into(), &withdrawn),
        None,
        "not its target"
    );
    let later = withdrawn.intend(intent("a", 9)).unwrap();
    assert!(
        rows(&later)
            .intent()
            .is_some_and(|open| open.epoch == Epoch(9))
    );
}

#[test]
fn the_next_run_to_the_same_target_takes_over_an_open_intent() {
    let left = row()
        .claim(&claim("a"), at(0))
        .unwrap()
        .intend(intent("a", 8))
        .unwrap();
    let next = left
        .claim(&claim("b"), at(901))
        .unwrap()
        .intend(intent("b", 8))
        .unwrap();
    assert_eq!(next.intent.map(|intent| intent.run_id), Some("b".into()));
}

#[test]
fn a_proven_intent_becomes_the_current_row() {
    let held = row()
        .claim(&claim("a"), at(0))
        .unwrap()
        .intend(intent("a", 8))
        .unwrap();
    let proven = held.prove(&"a".into(), current(8, "us-east-1")).unwrap();
    assert_eq!((proven.proven_epoch(), proven.intent), (Epoch(8), None));
}

#[test]
fn an_older_epoch_is_never_learnt() {
    assert_eq!(row().learn(&current(7, "us-east-1")), None);
    assert_eq!(
        row()
            .learn(&current(8, "us-east-1"))
            .map(|row| row.proven_epoch()),
        Some(Epoch(8))
    );
}

#[test]
fn only_the_holder_gives_a_lease_back() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    assert_eq!(held.release(&"b".into()), None);
    assert_eq!(held.release(&"a".into()).and_then(|row| row.lease), None);
}

#[test]
fn a_run_of_the_same_name_to_another_region_is_another_run_even_past_its_lease() {
    let other = Claim {
        to: "us-west-2".into(),
        ..claim("a")
    };
    let asked = held("a").ask(&"a".into(), at(3600)).unwrap();
    // Beside it, past its silence, past its lease, and behind its question.
    let tries = [
        held("a").claim(&other, at(1)),
        held("a").claim(&other, at(600)),
        held("a").claim(&other, at(901)),
        asked.take_over(&other, at(1)),
        held("a").claim_by_hand(&other, None, at(1)),
    ];
    for tried in tries {
        assert_eq!(tried.map_err(|why| why.name()), Err("RunRefused"));
    }
    let why = held("a").claim(&other, at(901)).unwrap_err().to_string();
    assert!(
        why.contains("run_id is a, which is a run of plan orders to us-east-1"),
        "{why}"
    );
    assert!(held("a").claim(&claim("a"), at(901)).is_ok());
    let free = held("a").release(&"a".into()).unwrap();
    assert!(free.claim(&other, at(1)).is_ok());
}

#[test]
fn a_lease_that_waits_for_a_human_outlives_the_question_and_a_pass_ends_the_wait() {
    let asked = held("a").ask(&"a".into(), at(3600)).unwrap();
    let lease = asked.lease.clone().unwrap();
    assert!(lease.waits_for_human && lease.expires_at == at(3600) + LEASE);
    assert!(asked.claim(&claim("b"), at(4000)).is_err());
    let renewed = asked.renew(&"a".into(), Epoch(7), at(4000)).unwrap();
    assert!(!renewed.lease.unwrap().waits_for_human);
    assert!(held("a").ask(&"b".into(), at(1)).is_err());
}

#[test]
fn only_a_lease_that_waits_for_a_human_is_taken_over_and_its_run_never_matches_again() {
    assert!(held("a").take_over(&claim("b"), at(1)).is_err());
    let asked = held("a").ask(&"a".into(), at(3600)).unwrap();
    let taken = asked.take_over(&claim("b"), at(1)).unwrap();
    assert_eq!(taken.lease.as_ref().unwrap().run_id, "b".into());
    assert!(taken.token > asked.token);
    assert!(taken.renew(&"a".into(), Epoch(7), at(2)).is_err());
}

#[test]
fn people_are_told_once_per_change_and_anew_after_a_beat() {
    let told = row().tell("path_impaired").unwrap();
    assert_eq!(told.tell("path_impaired"), None);
    assert!(told.tell("region_down").is_some());
    assert_eq!(told.calm(), Some(row()));
    assert_eq!(row().calm(), None);
}

#[test]
fn two_causes_that_take_turns_are_told_once_each() {
    let too_much = |seconds| {
        format!("stopped: DataLossTooLarge {seconds}.5 s are lost at 2026-11-26T12:00:{seconds}.5Z")
    };
    let first = row().tell("stopped: NotReady no instance serves").unwrap();
    let both = first.tell(&too_much(31)).expect("another cause is news");
    assert_eq!(both.tell("stopped: NotReady no instance serves"), None);
    assert_eq!(
        both.tell(&too_much(42)),
        None,
        "only counts and times differ"
    );
    let many = ('a'..='z').fold(both, |row, cause| row.tell(&cause.to_string()).unwrap());
    assert_eq!(many.told_causes.len(), 8, "a row is read at every look");
}

#[test]
fn a_no_is_kept_once_and_until_a_beat() {
    let no = Declined {
        run_id: "a".into(),
        verdict: Verdict::WriterDown,
    };
    let declined = row().decline(&no).unwrap();
    assert_eq!(declined.decline(&no), None);
    assert_eq!(declined.calm().unwrap().declined, None);
}

#[test]
fn an_open_intent_is_paged_once_and_only_while_no_run_holds_the_plan() {
    let begun = held("a").intend(intent("a", 8)).unwrap();
    assert_eq!(begun.page(at(1)), None, "its run goes on");
    let left = begun.release(&"a".into()).unwrap();
    let paged = left.page(at(1)).unwrap();
    assert_eq!(paged.paged, Some(Epoch(8)));
    assert_eq!(paged.page(at(2)), None);
    assert!(begun.page(at(0) + LEASE).is_some(), "its run died");
    assert_eq!(row().page(at(1)), None);
}

#[test]
fn only_the_run_that_made_the_writer_is_acknowledged_and_once() {
    let acknowledged = row().acknowledge(&"adopt".into(), at(5)).unwrap();
    let current = acknowledged.current.clone().unwrap();
    assert_eq!(current.acknowledged_at, Some(at(5)));
    assert_eq!(acknowledged.acknowledge(&"adopt".into(), at(6)), None);
    assert_eq!(row().acknowledge(&"x".into(), at(5)), None);
}

#[test]
fn only_a_runs_own_intent_is_withdrawn_and_only_under_its_lease() {
    let begun = held("a").intend(intent("a", 8)).unwrap();
    let withdrawn = begun.withdraw(&"a".into()).unwrap();
    assert_eq!((withdrawn.intent, withdrawn.current), (None, row().current));
    assert_eq!(begun.withdraw(&"b".into()), None, "another run's lease");
    let anothers = Row {
        intent: Some(intent("b", 8)),
        ..held("a")
    };
    assert_eq!(anothers.withdraw(&"a".into()), None, "another run's intent");
    assert_eq!(held("a").withdraw(&"a".into()), None, "nothing is begun");
}

/// Found by the search of the protocol: the pass that ended first gave the lease back under the other one.
#[test]
fn a_pass_by_hand_does_not_share_the_lease_of_one_beside_it() {
    let held = row().claim_by_hand(&claim("by-hand"), None, at(0)).unwrap();
    let beside = held.claim_by_hand(&claim("by-hand"), None, at(1));
    let why = beside.unwrap_err().to_string();
    assert!(
        why.contains("another pass by hand, by-hand, holds plan orders"),
        "{why}"
    );
    let released = held.release(&"by-hand".into()).unwrap();
    assert!(
        released
            .claim_by_hand(&claim("by-hand"), None, at(1))
            .is_ok()
    );
    let token = held.lease.as_ref().map(|lease| lease.token);
    let ended = held.claim_by_hand(&claim("by-hand"), token, at(1)).unwrap();
    let beside = ended.claim_by_hand(&claim("by-hand"), token, at(2));
    assert!(beside.is_err(), "it is taken again once");
    // One that died lapses like any other.
    assert!(held.claim_by_hand(&claim("by-hand"), None, at(901)).is_ok());
}

#[test]
fn the_writers_new_global_cluster_is_noted_under_the_lease_and_in_its_own_epoch() {
    let held = held("a");
    let epoch = held.proven_epoch();
    let noted = held
        .lead(&"a".into(), epoch, &"orders-global-2".into())
        .unwrap();
    let global = noted.current.and_then(|current| current.global_cluster);
    assert_eq!(global.as_deref(), Some("orders-global-2"));
    let why = held
        .lead(&"b".into(), epoch, &"orders-global-2".into())
        .unwrap_err();
    assert_eq!(why.name(), "RunRefused");
    let why = held
        .lead(&"a".into(), epoch.next(), &"x".into())
        .unwrap_err();
    assert_eq!(why.name(), "UnexpectedTopology");
}

#[test]
fn a_fence_is_news_once_per_epoch() {
    let fenced = row().fence(Epoch(8), at(10), false).unwrap();
    assert_eq!(fenced.fence(Epoch(8), at(20), false), None);
    assert_eq!(fenced.fence_under(Epoch(8)), Some(at(10)));
    assert_eq!(fenced.fence_under(Epoch(9)), None);
    let next = fenced.fence(Epoch(9), at(30), false).unwrap();
    assert_eq!(next.fence_under(Epoch(9)), Some(at(30)));
    assert_eq!(next.fence_under(Epoch(8)), None);
}

#[test]
fn a_member_that_was_open_meanwhile_stands_under_another_fence_of_the_same_epoch() {
    let fenced = row().fence(Epoch(8), at(10), false).unwrap();
    let open = fenced.unfence().unwrap();
    assert_eq!((open.fenced, open.fence_under(Epoch(8))), (None, None));
    assert_eq!(open.unfence(), None);
    let again = open.fence(Epoch(8), at(20), false).unwrap();
    assert_eq!(again.fence_under(Epoch(8)), Some(at(20)));
    let told = fenced.tell_unfenced(Epoch(8), "NotReady").unwrap();
    let shut = told.fence(Epoch(8), at(30), false).unwrap();
    assert_eq!(
        shut.fence_under(Epoch(8)),
        Some(at(10)),
        "nothing opened it"
    );
    let of_an_earlier_version = Row {
        fenced_at: None,
        ..fenced
    };
    let noted = of_an_earlier_version
        .fence(Epoch(8), at(40), false)
        .unwrap();
    assert_eq!(noted.fence_under(Epoch(8)), Some(at(40)));
}

#[test]
fn each_who_works_as_the_administrator_is_told_once_per_epoch() {
    let (report, shell) = ("admin from 10.0.0.9 (report)", "admin from 10.0.0.8 (psql)");
    let tell = |row: &Row, epoch: u64, who: &[&str]| {
        let who: Vec<_> = who.iter().copied().map(str::to_owned).collect();
        row.tell_administrators(Epoch(epoch), &who)
    };
    let first = tell(&row(), 8, &[report]).unwrap();
    assert_eq!(tell(&first, 8, &[report]), None);
    let both = tell(&first, 8, &[shell]).unwrap();
    assert_eq!(both.administrators_told.len(), 2);
    assert_eq!(tell(&both, 8, &[report, shell]), None);
    let fenced = both.fence(Epoch(8), at(1), false).unwrap();
    assert_eq!(tell(&fenced, 8, &[report]), None);
    let later = tell(&both, 9, &[report]).unwrap();
    assert_eq!(later.administrators_told, [format!("9/{report}")]);
    assert_eq!(tell(&both, 8, &[]), None);
}

#[test]
fn addresses_that_change_at_every_login_are_told_only_so_often() {
    let mut told = row();
    let mut times = 0;
    for login in 0..1_000 {
        let who = [format!("admin from 10.0.0.{login} ({})", "x".repeat(400))];
        if let Some(next) = told.tell_administrators(Epoch(8), &who) {
            (told, times) = (next, times + 1);
        }
    }
    assert_eq!((times, told.administrators_told.len()), (20, 20));
    assert!(
        told.administrators_told
            .iter()
            .all(|mark| mark.len() <= 300)
    );
}

#[test]
fn people_are_told_once_of_a_broken_plan_and_again_when_it_is_broken_otherwise() {
    let row = Row::new("orders".into());
    let told = row.tell_plan_fault(Some("no JSON")).unwrap();
    assert_eq!(told.tell_plan_fault(Some("no JSON")), None);
    assert!(told.tell_plan_fault(Some("detection is missing")).is_some());
    let right = told.tell_plan_fault(None).unwrap();
    assert_eq!(right.tell_plan_fault(None), None);
    let long = "x".repeat(9_000);
    let cut = row.tell_plan_fault(Some(&long)).unwrap();
    assert_eq!(
        cut.tell_plan_fault(Some(&long)),
        None,
        "cut, and known all the same"
    );
}

/// A second after the longest silence that a living run can keep, counted from the epoch of time.
fn silent() -> Timestamp {
    at(0) + SUPERSEDED_AFTER + jiff::SignedDuration::from_secs(1)
}

#[test]
fn an_unplanned_run_supersedes_another_that_has_been_silent_for_longer_than_it_can_be_and_live() {
    let held = held("a");
    assert!(refused(held.claim(&claim("b"), at(0) + SUPERSEDED_AFTER)));
    let taken = held.claim(&claim("b"), silent()).unwrap();
    assert_eq!(taken.lease.as_ref().unwrap().run_id, "b".into());
    assert_eq!(taken.token, held.token + 1);
    // The old run wakes up, and never matches again.
    assert!(refused(taken.renew(&"a".into(), Epoch(7), silent())));
    assert!(refused(taken.intend(intent("a", 8))));
    assert_eq!(taken.release(&"a".into()), None);
}

#[test]
fn a_renewal_keeps_a_run_from_being_superseded() {
    let renewed = held("a").renew(&"a".into(), Epoch(7), at(300)).unwrap();
    assert!(refused(renewed.claim(&claim("b"), silent())));
}

#[test]
fn a_run_that_has_begun_to_promote_is_not_superseded() {
    let begun = held("a").intend(intent("a", 8)).unwrap();
    assert!(refused(begun.claim(&claim("b"), silent())));
}

#[test]
fn a_run_that_has_promoted_is_not_superseded() {
    let mut proven = held("a");
    proven.current = Some(Current {
        run_id: "a".into(),
        ..current(8, "us-east-1")
    });
    let by_hand = Claim {
        incident: None,
        ..claim("b")
    };
    assert!(refused(proven.claim(&by_hand, silent())));
}

#[test]
fn a_run_that_waits_for_a_human_is_not_silent() {
    let asks = held("a").ask(&"a".into(), at(3_600)).unwrap();
    assert!(refused(asks.claim(&claim("b"), silent())));
}

#[test]
fn a_planned_run_neither_supersedes_nor_is_superseded() {
    let planned = Claim {
        kind: RunKind::PlannedFailover,
        incident: None,
        ..claim("b")
    };
    assert!(refused(held("a").claim(&planned, silent())));
    let moves = row().claim(&planned, at(0)).unwrap();
    assert!(refused(moves.claim(&claim("a"), silent())));
}

#[test]
fn a_pass_by_hand_beside_one_of_its_name_is_refused_however_long_that_is_silent() {
    assert!(refused(held("a").claim_by_hand(
        &claim("a"),
        None,
        silent()
    )));
}

#[test]
fn what_opens_a_member_is_noted_when_it_is_another_version_and_every_ten_minutes() {
    let row = Row::new("orders".into());
    let noted = row.serve("v3", at(0)).unwrap();
    assert_eq!(noted.serve("v3", at(599)), None, "it is known");
    assert!(noted.is_served_noted(at(599)) && !noted.is_served_noted(at(600)));
    let later = noted.serve("v3", at(600)).unwrap().served.unwrap();
    assert_eq!(later.at, at(600));
    let rotated = noted.serve("v4", at(1)).unwrap().served.unwrap();
    assert_eq!((rotated.version.as_str(), rotated.at), ("v4", at(1)));
}

#[test]
fn the_next_run_is_counted_on_once_and_past_a_lease_whose_run_may_come_back() {
    let held = row().claim(&claim("a"), at(0)).unwrap();
    let token = held.token;
    assert_eq!(held.count_on(token + 1), None, "somebody counted");
    let counted = held.count_on(token).unwrap();
    assert_eq!(counted.token, token + 1);
    let back = counted.claim(&claim("a"), at(10)).unwrap();
    let lease = back.lease.as_ref().map(|lease| lease.token);
    assert_eq!((lease, back.token), (Some(token), token + 1));
    let next = back.claim(&claim("b"), at(1_000)).unwrap();
    assert_eq!(next.token, token + 2);
}
