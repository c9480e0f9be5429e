//! Outages in time: what the probe's looks make of a dying writer, a reader that restarts, a road that is cut, slots that are
//! all used.

use super::*;
use crate::{
    beat::{Beat, Look, Reading, Vantage},
    domain::Epoch,
};

const TICK_MS: i64 = 250;

fn at(seconds: f64) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "a test's seconds are few")]
    let ms = (seconds * 1_000.0).round() as i64;
    Timestamp::from_millisecond(1_000_000_000 + ms).unwrap()
}

fn rhythm(interval: u64, failures: u32, timeout: u64) -> Detection {
    Detection {
        interval_seconds: interval,
        failures,
        timeout_seconds: timeout,
        in_region_grace_seconds: None,
        busy_grace_seconds: 900,
    }
}

/// A writer, what replicates of it, and the standby's probe.
struct Simulation {
    detection: Detection,
    dies: f64,
    lag: f64,
    /// When the standby's road to the writer is cut.
    road_cut: f64,
    /// When the reader answers nothing.
    unreadable: (f64, f64),
    home_beats: bool,
    app_commits: bool,
    vantage: Option<Vantage>,
}

impl Simulation {
    fn new(detection: Detection, dies: f64, lag: f64) -> Self {
        Self {
            detection,
            dies,
            lag,
            road_cut: f64::MAX,
            unreadable: (0.0, 0.0),
            home_beats: true,
            app_commits: true,
            vantage: None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a test's seconds are few")]
    const fn round(&self) -> f64 {
        self.detection.interval_seconds as f64
    }

    /// The last beat of a probe that began its rounds at `phase`, as committed until `until`.
    fn beat(&self, until: f64, phase: f64, end: f64) -> Beat {
        let rounds = ((until.min(end) - phase) / self.round()).floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a test's rounds are few"
        )]
        let seq = (rounds + 1_000.0) as u64;
        Beat {
            seq,
            epoch: Epoch(7),
            at: at(rounds.mul_add(self.round(), phase)),
        }
    }

    fn reading(&self, now: f64) -> Option<Reading> {
        if self.unreadable.0 <= now && now < self.unreadable.1 {
            return None;
        }
        let until = now - self.lag;
        let mut beats = std::collections::BTreeMap::new();
        let own_end = self.dies.min(self.road_cut);
        beats.insert("us-east-1".into(), self.beat(until, 0.0, own_end));
        if self.home_beats {
            beats.insert("us-west-2".into(), self.beat(until, 2.5, self.dies));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a test's seconds are few")]
        let position = (until.min(self.dies) * 1_000_000.0) as i64;
        Some(Reading {
            position: self.app_commits.then_some(position),
            beats,
            committed_at: None,
        })
    }

    fn look(&mut self, now: f64) {
        let write = if now < self.dies && now < self.road_cut {
            let beat = self.beat(now, 0.0, f64::MAX);
            Write::Committed { beat }
        } else {
            let why = "refused".into();
            Write::Failed { why }
        };
        let look = Look {
            at: at(now),
            write,
            reading: self.reading(now),
        };
        let (here, there) = ("us-east-1".into(), "us-west-2".into());
        let next = Vantage::after(self.vantage.as_ref(), &here, &there, look, &self.detection);
        self.vantage = Some(next);
    }

    /// What a confirmation makes of the silence of the whole Region at this moment.
    fn verdict(&self, now: f64) -> Verdict {
        let vantage = self.vantage.as_ref().unwrap();
        let readable = self.reading(now).is_some();
        let silent = || Rds::Silent { why: String::new() };
        let evidence = Evidence {
            write: Some(vantage.write.clone()),
            progress: Progress::of(vantage, readable, &self.detection, at(now)),
            local_rds: Rds::Status {
                cluster: "available".into(),
                instances: Vec::new(),
            },
            writer_rds: silent(),
            writer_ledger_answers: false,
            home_vantage: HomeVantage::Unknown,
            witness: Witness::DoesNotReach,
            failing_since: vantage.failing_since,
            grace_since: None,
            said: Said::Nothing,
            stillness_tells: stillness_tells(vantage),
            gathered_at: at(now),
        };
        evidence.verdict(&self.detection)
    }

    /// Looks at the plan's rhythm, confirms four times a second once there are failures enough, and answers what was
    /// found, without repetition, with the time of the last.
    fn play(&mut self, end: f64) -> (Vec<Verdict>, f64) {
        let (mut found, mut last) = (Vec::<Verdict>::new(), 0.0);
        #[expect(clippy::cast_precision_loss, reason = "a test's seconds are few")]
        for tick in 0.. {
            let now = -100.0 + (tick * TICK_MS) as f64 / 1_000.0;
            if now > end {
                return (found, last);
            }
            let failures = self.detection.failures;
            let suspected = |vantage: &Vantage| vantage.failures >= failures;
            let confirms = self.vantage.as_ref().is_some_and(suspected);
            if now.rem_euclid(self.round()) < 0.001 || confirms {
                self.look(now);
            }
            if self.vantage.as_ref().is_some_and(suspected) {
                let verdict = self.verdict(now);
                if found.last() != Some(&verdict) {
                    found.push(verdict);
                    last = now;
                }
            }
        }
        unreachable!()
    }
}

#[test]
fn a_dying_writers_last_bytes_are_no_sign_of_life_whatever_the_lag() {
    for (lag, by) in [(0.7, 25.0), (12.0, 35.0), (45.0, 75.0)] {
        for home_beats in [true, false] {
            let mut simulation = Simulation::new(rhythm(5, 3, 3), 4.8, lag);
            simulation.home_beats = home_beats;
            let (found, last) = simulation.play(100.0);
            let ends = [
                vec![Verdict::RegionDown],
                vec![Verdict::Draining, Verdict::RegionDown],
            ];
            assert!(
                ends.contains(&found) && last <= by,
                "lag {lag}: {found:?} at {last}"
            );
        }
    }
}

#[test]
fn a_writer_that_is_judged_early_is_not_taken_for_alive_by_its_last_bytes() {
    for detection in [rhythm(5, 2, 3), rhythm(1, 3, 1), rhythm(5, 2, 1)] {
        for lag in [0.3, 3.0] {
            let (found, _) = Simulation::new(detection.clone(), 4.8, lag).play(100.0);
            assert!(
                !found.contains(&Verdict::PathImpaired),
                "{detection:?}, lag {lag}: {found:?}"
            );
            assert_eq!(
                found.last(),
                Some(&Verdict::RegionDown),
                "{detection:?}, lag {lag}"
            );
        }
    }
}

#[test]
fn a_reader_that_restarts_with_the_writer_shows_no_life_by_what_it_missed() {
    let mut simulation = Simulation::new(rhythm(5, 3, 3), 4.8, 2.0);
    simulation.unreadable = (5.0, 25.0);
    let (found, last) = simulation.play(100.0);
    assert!(!found.contains(&Verdict::PathImpaired), "{found:?}");
    assert!(
        found.last() == Some(&Verdict::RegionDown) && last < 45.0,
        "{found:?} at {last}"
    );
}

#[test]
fn a_road_that_is_cut_for_an_hour_is_told_from_a_dead_writer_all_the_time() {
    let mut simulation = Simulation::new(rhythm(5, 3, 3), f64::MAX, 0.7);
    simulation.road_cut = 4.0;
    let (found, _) = simulation.play(3_600.0);
    let ends = [
        vec![Verdict::PathImpaired],
        vec![Verdict::Draining, Verdict::PathImpaired],
    ];
    assert!(ends.contains(&found), "{found:?}");
}

#[test]
fn movement_without_a_commit_time_long_after_the_failures_began_leads_nowhere() {
    let mut simulation = Simulation::new(rhythm(5, 3, 3), f64::MAX, 0.7);
    simulation.road_cut = 4.0;
    simulation.home_beats = false;
    let (found, _) = simulation.play(600.0);
    assert_eq!(found, [Verdict::Draining, Verdict::Undetermined]);
    let vantage = simulation.vantage.unwrap();
    let maybe = vantage.maybe_alive_at().unwrap();
    assert!(
        maybe > at(590.0),
        "seen again and again, it may be life: {maybe}"
    );
}

#[test]
fn stillness_right_after_late_movement_leads_nowhere_for_a_minute() {
    let mut simulation = Simulation::new(rhythm(5, 3, 3), 4.8, 0.7);
    simulation.play(60.0);
    // One straggler, long after everything should have arrived.
    simulation.dies = 59.0;
    simulation.road_cut = 4.8;
    simulation.home_beats = false;
    simulation.look(60.0);
    assert_eq!(simulation.verdict(61.0), Verdict::Undetermined);
    simulation.look(119.0);
    assert_eq!(simulation.verdict(119.0), Verdict::Undetermined);
    simulation.look(121.0);
    assert_eq!(simulation.verdict(121.0), Verdict::RegionDown);
    assert_eq!(
        simulation.vantage.unwrap().maybe_alive_at(),
        None,
        "a straggler, seen once"
    );
}

#[test]
fn movement_that_was_recorded_stands_while_a_look_cannot_read() {
    let mut late = Simulation::new(rhythm(5, 3, 3), 4.8, 0.7);
    late.play(319.0);
    late.dies = 319.5;
    late.road_cut = 4.8;
    late.home_beats = false;
    late.look(320.0);
    late.unreadable = (321.0, f64::MAX);
    let mut seen = Vec::new();
    for second in [325.0, 379.0, 381.0] {
        late.look(second);
        seen.push(late.verdict(second));
    }
    let leads_on = Verdict::RegionDown;
    assert_eq!(
        seen,
        [Verdict::Undetermined, Verdict::Undetermined, leads_on],
        "stillness tells nothing for a minute, and a look that cannot read no more than that"
    );
    let mut draining = Simulation::new(rhythm(5, 3, 3), 4.8, 12.0);
    draining.play(15.0);
    draining.unreadable = (15.5, f64::MAX);
    draining.look(16.0);
    assert_eq!(draining.verdict(16.0), Verdict::Draining);
    assert_eq!(draining.verdict(30.0), Verdict::RegionDown);
}

#[test]
fn a_commit_time_of_an_application_is_life_too() {
    let mut simulation = Simulation::new(rhythm(5, 3, 3), 4.8, 0.7);
    simulation.home_beats = false;
    simulation.play(30.0);
    let (here, there) = ("us-east-1".into(), "us-west-2".into());
    let reading = Reading {
        committed_at: Some(at(29.0)),
        ..simulation.reading(30.0).unwrap()
    };
    let look = Look {
        at: at(30.0),
        write: Write::Failed { why: String::new() },
        reading: Some(reading),
    };
    let vantage = Vantage::after(
        simulation.vantage.as_ref(),
        &here,
        &there,
        look,
        &simulation.detection,
    );
    let progress = |now| Progress::of(&vantage, true, &simulation.detection, at(now));
    assert_eq!(progress(31.0), Progress::Moving);
    assert_ne!(progress(46.0), Progress::Moving, "it did not grow for 15 s");
}

#[test]
fn one_movement_by_others_before_the_outage_tells_nothing_and_two_tell() {
    let at_look = |second| Some(at(second));
    for (moves, tells) in [
        (vec![], false),
        (vec![-10.0], false),
        (vec![-400.0, -10.0], false),
        (vec![-200.0, -10.0], true),
        (vec![-10.0, 5.0, 10.0], false),
        (vec![-200.0, -10.0, 5.0], true),
    ] {
        let (here, there) = ("us-east-1".into(), "us-west-2".into());
        let (mut vantage, mut position) = (None, 0);
        for second in [-500.0, -400.0, -200.0, -10.0, 0.0, 5.0, 10.0] {
            position += i64::from(moves.contains(&second)) * 100_000;
            let beat = Beat {
                seq: 1,
                epoch: Epoch(7),
                at: at(second),
            };
            let write = match second {
                _ if second >= 0.0 => Write::Failed { why: String::new() },
                _ => Write::Committed { beat },
            };
            let reading = Some(Reading {
                position: Some(position),
                ..Reading::default()
            });
            let look = Look {
                at: at(second),
                write,
                reading,
            };
            let detection = rhythm(5, 3, 3);
            vantage = Some(Vantage::after(
                vantage.as_ref(),
                &here,
                &there,
                look,
                &detection,
            ));
        }
        let vantage = vantage.unwrap();
        assert_eq!(vantage.failing_since, at_look(0.0));
        assert_eq!(stillness_tells(&vantage), tells, "{moves:?}");
    }
}

#[test]
fn what_only_beats_moved_tells_nothing_by_standing_still() {
    for (app_commits, tells) in [(true, true), (false, false)] {
        let mut simulation = Simulation::new(rhythm(5, 3, 3), 4.8, 0.7);
        simulation.app_commits = app_commits;
        simulation.play(60.0);
        assert_eq!(stillness_tells(&simulation.vantage.unwrap()), tells);
    }
}
