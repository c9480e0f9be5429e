//! When the old writer last lived, when it may have lived on, and what a promotion loses by that.

use jiff::{SignedDuration, Timestamp};

use super::gather::Gathered;
use failover::{
    beat::{Beats, Loss, Vantage, Write, loss},
    domain::seconds_between,
    evidence::{Evidence, Progress, Verdict, Witness},
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
    /// The latest of all these, of the commits that arrived here, and of the first failure: until then it may have lived unseen.
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
        let (records, evidence) = (Records::of(pass, gathered), &gathered.evidence);
        let acknowledged = records.acknowledged();
        let last = acknowledged.values().map(|beat| beat.at).max();
        let newest = records.newest();
        let alive_at = records.alive_at(pass, evidence);
        let maybe_alive_at = records.maybe_alive_at(pass, evidence, verdict);
        let last_sign = alive_at
            .max(maybe_alive_at)
            .max(newest)
            .max(records.failed_at(last));
        let until = match is_seen_failing(verdict) {
            true => records
                .answered_until(pass)
                .max(alive_at)
                .max(maybe_alive_at),
            false => Some(evidence.gathered_at + SILENT),
        };
        Self {
            loss: records.loss(pass, &acknowledged, last_sign),
            outage_since: outage_since(
                records.out_since(evidence),
                last.max(alive_at).max(newest),
                pass.run.plan.detection.apart(),
            ),
            acknowledged,
            alive_at,
            maybe_alive_at,
            last_sign,
            busy_at: Some(evidence.gathered_at).filter(|_| evidence.writer_rds.is_busy()),
            writes_until: until,
        }
    }
}

/// Since when writes are out: since the first failure that was seen after the last sign of life. Where these are further `apart` than
/// two looks, they may be out since that sign.
fn outage_since(
    failing_since: Option<Timestamp>,
    alive_at: Option<Timestamp>,
    apart: SignedDuration,
) -> Option<Timestamp> {
    let unwatched =
        |(failing, alive): &(Timestamp, Timestamp)| failing.duration_since(*alive) > apart;
    let gap = failing_since.zip(alive_at).filter(unwatched);
    gap.map_or(failing_since.max(alive_at), |(_, alive)| Some(alive))
}

const fn is_seen_failing(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::WriterDown | Verdict::WriterDownUnconfirmed
    )
}

/// What the vantages recorded of the writer.
struct Records<'a> {
    own: Option<&'a Vantage>,
    home: Option<&'a Vantage>,
    others: &'a [Vantage],
}

impl<'a> Records<'a> {
    fn of(pass: &Pass, gathered: &'a Gathered) -> Self {
        let about_the_writer = |vantage: &&Vantage| vantage.writer_region == pass.run.from;
        Self {
            own: gathered.vantage.as_ref().filter(about_the_writer),
            home: gathered.home.as_ref().filter(about_the_writer),
            others: &gathered.others,
        }
    }

    fn elsewhere(&self) -> impl Iterator<Item = &'a Vantage> {
        self.home.into_iter().chain(self.others)
    }

    fn all(&self) -> impl Iterator<Item = &'a Vantage> {
        self.own.into_iter().chain(self.elsewhere())
    }

    fn acknowledged(&self) -> Beats {
        let last = |vantage: &Vantage| Some((vantage.region.clone(), vantage.last_beat?));
        self.all().filter_map(last).collect()
    }

    /// Since when our own looks failed, or found a server that takes no writes, as a switchover that is called off leaves it.
    fn out_since(&self, evidence: &Evidence) -> Option<Timestamp> {
        let failing = evidence.failing_since?;
        let out = self.own.and_then(|own| own.signs.out_since);
        Some(out.map_or(failing, |since| since.min(failing)))
    }

    /// When anybody first saw it fail after the last beat.
    fn failed_at(&self, last: Option<Timestamp>) -> Option<Timestamp> {
        let failed = |vantage: &Vantage| vantage.signs.out_since.or(vantage.failing_since);
        let failed = self.all().filter_map(failed);
        failed.filter(|failed| Some(*failed) > last).min()
    }

    /// The newest commit that arrived here.
    fn newest(&self) -> Option<Timestamp> {
        self.own?.signs.newest_at
    }

    /// When a commit, which somebody else saw or which arrived since, showed the writer alive.
    fn alive_at(&self, pass: &Pass, evidence: &Evidence) -> Option<Timestamp> {
        let commits = |vantage: &&Vantage| matches!(vantage.write, Write::Committed { .. });
        let by_others = self.elsewhere().filter(commits);
        let by_others = by_others.filter_map(|vantage| Some(vantage.last_beat?.at));
        let remembered = pass.rows.0.values().filter_map(|row| row.alive_at).max();
        let arrived = self.newest();
        remembered
            .max(arrived.filter(|_| evidence.progress == Progress::Moving))
            .max(by_others.max().filter(|_| evidence.home_vantage.commits()))
    }

    /// When it may have lived.
    fn maybe_alive_at(
        &self,
        pass: &Pass,
        evidence: &Evidence,
        verdict: Verdict,
    ) -> Option<Timestamp> {
        let rows = pass.rows.0.values();
        let remembered = rows.filter_map(|row| row.maybe_alive_at).max();
        let recorded = self.all().filter_map(Vantage::maybe_alive_at).max();
        let now = Some(evidence.gathered_at);
        remembered
            .max(recorded)
            .max(now.filter(|_| is_parted(evidence, verdict)))
    }

    /// Until when a writer that is seen failing may have taken writes, by the failures alone.
    fn answered_until(&self, pass: &Pass) -> Option<Timestamp> {
        let failing = self
            .all()
            .filter_map(|vantage| vantage.failing_since)
            .max()?;
        let timeout = i64::try_from(pass.run.plan.detection.timeout_seconds);
        let timeout = timeout.unwrap_or(i64::MAX >> 32);
        Some(failing + SignedDuration::from_secs(timeout) + CLOCKS)
    }

    /// What of the beats had not arrived here.
    fn loss(
        &self,
        pass: &Pass,
        acknowledged: &Beats,
        last_sign: Option<Timestamp>,
    ) -> Option<Loss> {
        let last = acknowledged.values().map(|beat| beat.at).max()?;
        let covers = pass.run.plan.detection.covers();
        let held = self.own?.reading_near(last, covers)?;
        loss(acknowledged, &held.beats, last_sign, covers)
    }
}

/// Whether only the road between the Regions is cut, and nobody here sees what the writer commits.
fn is_parted(evidence: &Evidence, verdict: Verdict) -> bool {
    let reached = matches!(
        (verdict, evidence.witness),
        (Verdict::PathImpaired, Witness::Reaches) | (Verdict::Undetermined, Witness::ReachesOthers)
    );
    reached && !evidence.home_vantage.commits() && evidence.progress != Progress::Moving
}

impl Signs {
    /// The most seconds of writes that the standby lacks as it stands.
    pub(super) fn at_most_seconds(&self, gathered: &Gathered) -> Option<f64> {
        let newest = gathered.vantage.as_ref()?.signs.newest_at?;
        Some(seconds_between(newest, self.writes_until?).max(0.0))
    }
}

#[cfg(test)]
mod tests;
