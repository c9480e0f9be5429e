//! What signs of life, losses and outages come to, case by case.

use super::*;
use failover::{
    beat::{Beat, Reading, Signs as Kept},
    domain::Epoch,
    ledger::{PlanState, Rows},
    testing,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn beat(second: i64) -> Beat {
    Beat {
        seq: second.unsigned_abs(),
        epoch: Epoch(7),
        at: at(second),
    }
}

/// The standby's record: its last beat at 100 s, failing since 105 s, with what has arrived of both Regions' beats.
fn vantage(held: &[(&str, i64)]) -> Vantage {
    let beats = held
        .iter()
        .map(|(region, second)| ((*region).into(), beat(*second)));
    let reading = Reading {
        beats: beats.collect(),
        ..Reading::default()
    };
    Vantage {
        region: "us-east-1".into(),
        writer_region: "us-west-2".into(),
        at: at(120),
        write: Write::Failed { why: String::new() },
        last_beat: Some(beat(100)),
        failing_since: Some(at(105)),
        failures: 3,
        moved_at: Some(at(105)),
        version: None,
        signs: Kept {
            newest_at: reading.newest_at(),
            read_at: Some(at(120)),
            ..Kept::default()
        },
        reading: Some(reading),
    }
}

fn signs(vantage: Vantage, verdict: Verdict, gathered_at: i64, row: PlanState) -> Signs {
    signs_beside(Vec::new(), vantage, verdict, gathered_at, row)
}

fn signs_beside(
    others: Vec<Vantage>,
    vantage: Vantage,
    verdict: Verdict,
    gathered_at: i64,
    row: PlanState,
) -> Signs {
    let evidence = Evidence {
        failing_since: vantage.failing_since,
        ..testing::evidence(at(gathered_at))
    };
    let gathered = Gathered {
        evidence,
        vantage: Some(vantage),
        home: None,
        others,
        target: None,
        group: None,
        shows_target: true,
        lease: Ok("us-east-1".into()),
    };
    let pass = Pass {
        run: testing::run(),
        rows: Rows([("us-east-1".into(), row)].into()),
        now: at(gathered_at),
        dry_run: false,
    };
    Signs::of(&pass, &gathered, verdict)
}

fn row() -> PlanState {
    PlanState::new("orders".into())
}

#[test]
fn what_a_third_members_probe_had_acknowledged_counts_in_the_loss() {
    let held = [("us-east-1", 100), ("us-west-2", 100), ("eu-west-1", 98)];
    let lost = |others| {
        let signs = signs_beside(others, vantage(&held), Verdict::RegionDown, 120, row());
        let loss = signs.loss.map(|loss| (loss.beats, loss.seconds));
        (loss, signs.outage_since, signs.writes_until)
    };
    let third = Vantage {
        region: "eu-west-1".into(),
        last_beat: Some(beat(109)),
        failing_since: Some(at(110)),
        ..vantage(&held)
    };
    let until = Some(at(121));
    assert_eq!(lost(Vec::new()), (Some((0, 0.0)), Some(at(105)), until));
    let beside = lost(vec![third]);
    assert_eq!(beside, (Some((11, 11.0)), Some(at(109)), until));
}

#[test]
fn writes_are_out_since_the_server_takes_none_where_it_fails_after_that() {
    let since = |read_only: Option<i64>| {
        let mut seen = vantage(&[("us-east-1", 100)]);
        seen.signs.out_since = read_only.map(at);
        signs(seen, Verdict::RegionDown, 120, row()).outage_since
    };
    assert_eq!(since(None), Some(at(105)));
    assert_eq!(since(Some(102)), Some(at(102)));
}

#[test]
fn where_nobody_looked_between_the_last_beat_and_the_first_failure_the_loss_is_unknown() {
    let lost = |failing_since, others| {
        let seen = Vantage {
            failing_since: Some(at(failing_since)),
            ..vantage(&[("us-east-1", 100), ("eu-west-1", 100)])
        };
        let signs = signs_beside(others, seen, Verdict::RegionDown, 720, row());
        signs.loss.map(|loss| loss.seconds)
    };
    assert_eq!(lost(105, Vec::new()), Some(0.0));
    assert_eq!(lost(700, Vec::new()), None, "its probe was away meanwhile");
    let third = Vantage {
        region: "eu-west-1".into(),
        ..vantage(&[])
    };
    assert_eq!(lost(700, vec![third]), Some(0.0), "another one looked on");
}

#[test]
fn an_hour_behind_a_cut_road_makes_the_loss_unknown() {
    let lost = |held: &[(&str, i64)], row| {
        let signs = signs(vantage(held), Verdict::RegionDown, 3_700, row);
        signs.loss.map(|loss| loss.beats)
    };
    let both = [("us-east-1", 100), ("us-west-2", 102)];
    assert_eq!(lost(&both, row()), Some(0), "nothing told of a longer life");
    let arrived = [("us-east-1", 100), ("us-west-2", 3_600)];
    assert_eq!(
        lost(&arrived, row()),
        None,
        "home's beats arrived meanwhile"
    );
    let seen = PlanState {
        alive_at: Some(at(3_600)),
        ..row()
    };
    assert_eq!(lost(&both, seen), None, "a run saw it alive");
    let perhaps = PlanState {
        maybe_alive_at: Some(at(3_600)),
        ..row()
    };
    assert_eq!(lost(&both, perhaps), None, "it may have been alive");
}

#[test]
fn a_reading_from_long_before_the_last_beat_makes_the_loss_unknown() {
    let lost = |read_at: Option<i64>| {
        let mut seen = vantage(&[("us-east-1", 60)]);
        seen.signs.read_at = read_at.map(at);
        let signs = signs(seen, Verdict::RegionDown, 120, row());
        signs.loss.map(|loss| loss.seconds)
    };
    assert_eq!(lost(Some(120)), Some(40.0), "replication stood");
    assert_eq!(lost(Some(85)), Some(40.0), "15 s before the last beat");
    assert_eq!(lost(Some(84)), None);
    assert_eq!(lost(None), None, "an earlier version kept no time");
}

#[test]
fn used_slots_before_the_outage_make_the_loss_unknown() {
    let mut full = vantage(&[("us-east-1", 100)]);
    full.signs.saturated_at = Some(at(400));
    let signs = signs(full, Verdict::RegionDown, 500, row());
    assert_eq!((signs.loss, signs.maybe_alive_at), (None, Some(at(400))));
    assert_eq!(signs.alive_at, None, "no verdict reads that");
}

#[test]
fn a_witness_that_reaches_home_is_a_sign_that_the_writer_may_live() {
    let before = vantage(&[("us-east-1", 100)]);
    let found = |verdict, witness| {
        let mut evidence = testing::evidence(at(120));
        evidence.witness = witness;
        let gathered = Gathered {
            vantage: Some(before.clone()),
            ..Gathered::with(evidence)
        };
        let pass = Pass {
            run: testing::run(),
            rows: Rows(Default::default()),
            now: at(120),
            dry_run: false,
        };
        Signs::of(&pass, &gathered, verdict).maybe_alive_at
    };
    assert_eq!(
        found(Verdict::PathImpaired, Witness::Reaches),
        Some(at(120))
    );
    assert_eq!(
        found(Verdict::Undetermined, Witness::ReachesOthers),
        Some(at(120))
    );
    assert_eq!(found(Verdict::RegionDown, Witness::DoesNotReach), None);
}

#[test]
fn the_most_that_is_lost_is_told_from_the_newest_beat_to_the_last_possible_write() {
    let held = [("us-east-1", 95), ("us-west-2", 98)];
    let most = |verdict| {
        let signs = signs(vantage(&held), verdict, 120, row());
        seconds_between(at(98), signs.writes_until.unwrap())
    };
    assert_eq!(
        most(Verdict::RegionDown),
        23.0,
        "gathered at 120 s, and a second"
    );
    assert_eq!(
        most(Verdict::WriterDown),
        12.0,
        "failing since 105 s, 3 s of time-out, 2 s"
    );
}

#[test]
fn the_rto_counts_from_the_first_failure_after_the_last_sign_of_life() {
    let held = [("us-east-1", 100)];
    let since = |row| signs(vantage(&held), Verdict::RegionDown, 900, row).outage_since;
    assert_eq!(since(row()), Some(at(105)));
    let lived = PlanState {
        alive_at: Some(at(800)),
        ..row()
    };
    assert_eq!(since(lived), Some(at(800)));
}

#[test]
fn writes_may_be_out_since_the_last_sign_of_life_where_nobody_looked() {
    let at = |second| Timestamp::from_second(second).ok();
    let since = |failing, alive| outage_since(failing, alive, SignedDuration::from_secs(16));
    assert_eq!(since(at(15), at(10)), at(15));
    assert_eq!(since(at(70), at(10)), at(10));
    assert_eq!(since(at(10), at(15)), at(15));
    assert_eq!(since(at(10), None), at(10));
    assert_eq!(since(None, at(10)), at(10));
}
