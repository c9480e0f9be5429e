//! When the old writer last lived, when it may have lived on, and what a promotion loses by that.

use jiff::{SignedDuration, Timestamp};

use super::gather::Gathered;
use failover::{
    beat::{Beats, Loss, Vantage, Write, loss},
    domain::seconds_between,
    evidence::{Progress, Verdict, Witness},
    pass::Pass,
};

/// What clocks and a commit under way may add to the last moment at which the writer could write.
const CLOCKS: SignedDuration = SignedDuration::from_secs(2);
/// The same where everything about it was silent when the evidence was gathered.
const SILENT: SignedDuration = SignedDuration::from_secs(1);

/// The signs of life that a pass found, and those that the ledgers remember.
pub(super) struct Signs {
    /// The last beats that the readable vantages had acknowledged.
    pub(super) acknowledged: Beats,
    /// When anything but those showed the writer alive.
    pub(super) alive_at: Option<Timestamp>,
    /// When it may have lived: no verdict reads that.
    pub(super) maybe_alive_at: Option<Timestamp>,
    /// The latest of all these, and of the commits that arrived here.
    pub(super) last_sign: Option<Timestamp>,
    /// The first failure after the latest sign of life.
    pub(super) outage_since: Option<Timestamp>,
    /// When RDS said that it was working on it.
    pub(super) busy_at: Option<Timestamp>,
    /// Until when it may have taken writes.
    pub(super) writes_until: Option<Timestamp>,
    /// What a promotion would lose; `None` when that is unknown.
    pub(super) loss: Option<Loss>,
}

impl Signs {
    pub(super) fn of(pass: &Pass, gathered: &Gathered, verdict: Verdict) -> Self {
        let about_the_writer = |vantage: &&Vantage| vantage.writer_region == pass.run.from;
        let own = gathered.vantage.as_ref().filter(about_the_writer);
        let home = gathered.home.as_ref().filter(about_the_writer);
        let evidence = &gathered.evidence;
        let elsewhere = || home.into_iter().chain(&gathered.others);
        let vantages = || own.into_iter().chain(elsewhere());
        let acknowledged: Beats = vantages()
            .filter_map(|vantage| Some((vantage.region.clone(), vantage.last_beat?)))
            .collect();
        let newest = own.and_then(|vantage| vantage.signs.newest_at);
        let commits = |vantage: &&Vantage| matches!(vantage.write, Write::Committed { .. });
        let by_others = elsewhere().filter(commits);
        let by_others = by_others.filter_map(|vantage| vantage.last_beat);
        let rows = || pass.rows.0.values();
        let alive_at = [
            rows().filter_map(|row| row.alive_at).max(),
            newest.filter(|_| evidence.progress == Progress::Moving),
            by_others
                .map(|beat| beat.at)
                .max()
                .filter(|_| evidence.home_vantage.commits()),
        ];
        let alive_at = alive_at.into_iter().flatten().max();
        // Only the road between the Regions is cut, and nobody here sees what the writer commits.
        let reached = matches!(
            (verdict, evidence.witness),
            (Verdict::PathImpaired, Witness::Reaches)
                | (Verdict::Undetermined, Witness::ReachesOthers)
        );
        let parted =
            reached && !evidence.home_vantage.commits() && evidence.progress != Progress::Moving;
        let maybe_alive_at = [
            rows().filter_map(|row| row.maybe_alive_at).max(),
            vantages().filter_map(Vantage::maybe_alive_at).max(),
            Some(evidence.gathered_at).filter(|_| parted),
        ];
        let maybe_alive_at = maybe_alive_at.into_iter().flatten().max();
        let last = acknowledged.values().map(|beat| beat.at).max();
        let sign = alive_at.max(maybe_alive_at).max(newest);
        let detection = &pass.run.plan.detection;
        let covers = detection.covers();
        let held = own.zip(last);
        let held = held.and_then(|(vantage, last)| vantage.reading_near(last, covers));
        let failing = vantages().filter_map(|vantage| vantage.failing_since).max();
        let seen_failing = matches!(
            verdict,
            Verdict::WriterDown | Verdict::WriterDownUnconfirmed
        );
        let writes_until = if seen_failing {
            let timeout = i64::try_from(detection.timeout_seconds).unwrap_or(i64::MAX >> 32);
            let answered = failing.map(|at| at + SignedDuration::from_secs(timeout) + CLOCKS);
            answered.max(alive_at).max(maybe_alive_at)
        } else {
            Some(evidence.gathered_at + SILENT)
        };
        Self {
            loss: held.and_then(|held| loss(&acknowledged, &held.beats, sign, covers)),
            outage_since: evidence.failing_since.max(last).max(alive_at).max(newest),
            acknowledged,
            alive_at,
            maybe_alive_at,
            last_sign: sign,
            busy_at: Some(evidence.gathered_at).filter(|_| evidence.writer_rds.is_busy()),
            writes_until,
        }
    }
}

impl Signs {
    /// The most seconds of writes that the standby lacks as it stands.
    pub(super) fn at_most_seconds(&self, gathered: &Gathered) -> Option<f64> {
        let newest = gathered.vantage.as_ref()?.signs.newest_at?;
        Some(seconds_between(newest, self.writes_until?).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{
        beat::{Beat, Reading, Signs as Kept},
        domain::Epoch,
        evidence::Evidence,
        ledger::{Row, Rows},
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
            signs: Kept {
                newest_at: reading.newest_at(),
                read_at: Some(at(120)),
                ..Kept::default()
            },
            reading: Some(reading),
        }
    }

    fn signs(vantage: Vantage, verdict: Verdict, gathered_at: i64, row: Row) -> Signs {
        signs_beside(Vec::new(), vantage, verdict, gathered_at, row)
    }

    fn signs_beside(
        others: Vec<Vantage>,
        vantage: Vantage,
        verdict: Verdict,
        gathered_at: i64,
        row: Row,
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
            global: None,
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

    fn row() -> Row {
        Row::new("orders".into())
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
        let seen = Row {
            alive_at: Some(at(3_600)),
            ..row()
        };
        assert_eq!(lost(&both, seen), None, "a run saw it alive");
        let perhaps = Row {
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
        let lived = Row {
            alive_at: Some(at(800)),
            ..row()
        };
        assert_eq!(since(lived), Some(at(800)));
    }
}
