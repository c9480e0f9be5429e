//! What one Region's probe last saw of the writer, and how one more look changes that.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Beat, Reading, Write};
use crate::{
    domain::{Epoch, Region},
    plan::Detection,
};

/// What one Region's probe last saw; the `vantage` item of its own ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vantage {
    /// The Region that looked.
    pub region: Region,
    /// The Region it looked at.
    pub writer_region: Region,
    /// When it looked.
    pub at: Timestamp,
    /// What came of the last attempt.
    pub write: Write,
    /// The last beat that was acknowledged to this vantage.
    pub last_beat: Option<Beat>,
    /// Since when every attempt has been refused, timed out or met a server error; graces count from here.
    pub failing_since: Option<Timestamp>,
    /// Attempts that failed since then.
    pub failures: u32,
    /// What its own Region's reader showed last.
    pub reading: Option<Reading>,
    /// When that reading last differed from the one before.
    pub moved_at: Option<Timestamp>,
    /// What else tells when the writer lived.
    #[serde(default)]
    pub signs: Signs,
    /// The version of the functions that looked, as it was deployed; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What else a vantage keeps from look to look: when the writer lived, and what a movement at the reader is worth.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Signs {
    /// The newest commit time that was read at the reader, by the writer's clock.
    pub newest_at: Option<Timestamp>,
    /// When that last grew, by our own clock.
    pub newest_grew_at: Option<Timestamp>,
    /// When the reading that is kept was made.
    pub read_at: Option<Timestamp>,
    /// When anything else than beats last moved the reader.
    pub others_moved_at: Option<Timestamp>,
    /// The look before that one at which something else had moved it.
    pub others_moved_before_at: Option<Timestamp>,
    /// How far the reader was behind at the last look that committed a beat, in milliseconds. In an outage it is never
    /// measured again.
    pub lag_ms: Option<u64>,
    /// The first movement of this outage that came too late to be the end of what was on its way.
    pub late_since: Option<Timestamp>,
    /// When all connection slots were last used.
    pub saturated_at: Option<Timestamp>,
    /// When the server last answered without committing: whoever is connected may go on committing.
    pub answered_at: Option<Timestamp>,
    /// When it last answered anything but a commit, if only that it is starting or out of disk: it was there.
    pub spoke_at: Option<Timestamp>,
    /// Since when no attempt has committed, for whatever reason.
    pub uncommitted_since: Option<Timestamp>,
    /// When it was first seen to fail, or to take no writes, with no sign of life since. A login that is wrong is none, and no failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_since: Option<Timestamp>,
    /// The last beat that was acknowledged by the writer before this one, and its Region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<(Region, Beat)>,
}

/// One look: what was tried and what was seen.
#[derive(Debug, Clone)]
pub struct Look {
    /// When the look began.
    pub at: Timestamp,
    /// What came of the beat.
    pub write: Write,
    /// What the local reader showed; `None` where there is none or it did not answer.
    pub reading: Option<Reading>,
}

/// A look this long after the one before does not continue its failures: nobody saw what was in between.
const GAP: SignedDuration = SignedDuration::from_mins(3);
/// Late movement that is seen again this much later is no straggler.
const LATE_AGAIN: SignedDuration = SignedDuration::from_secs(30);

impl Vantage {
    /// The same, of functions of this version.
    #[must_use]
    pub fn by(self, version: Option<&str>) -> Self {
        Self {
            version: version.map(str::to_owned),
            ..self
        }
    }

    /// The record after one more look. A record about another writer starts anew, and keeps only the reading; after a long
    /// gap failures are counted anew.
    #[must_use]
    pub fn after(
        previous: Option<&Self>,
        region: &Region,
        writer_region: &Region,
        look: Look,
        detection: &Detection,
    ) -> Self {
        let same_writer = previous.filter(|vantage| vantage.writer_region == *writer_region);
        let earlier = previous.and_then(|vantage| vantage.reading.as_ref());
        let moved = look
            .reading
            .as_ref()
            .is_some_and(|reading| earlier.is_none_or(|earlier| reading.moved_since(earlier)));
        let continued = same_writer.filter(|vantage| look.at.duration_since(vantage.at) <= GAP);
        let failing_since = failing_since(continued, &look);
        let last_beat = match &look.write {
            // The record may hold a later one: a run's look beside this one.
            Write::Committed { beat } => later(
                same_writer.and_then(|vantage| vantage.last_beat),
                Some(*beat),
            ),
            Write::Failed { .. }
            | Write::Saturated { .. }
            | Write::Starting { .. }
            | Write::Exhausted { .. }
            | Write::Answered { .. }
            | Write::Misconfigured { .. }
            | Write::ReadOnly
            | Write::OtherEpoch { .. }
            | Write::Stopped { .. }
            | Write::Unattempted { .. } => same_writer.and_then(|vantage| vantage.last_beat),
        };
        let failures = if look.write.is_failure() {
            let before = continued.map_or(0, |vantage| vantage.failures);
            before.saturating_add(1)
        } else {
            0
        };
        let signs = Signs::after(same_writer, continued, earlier, &look);
        let mut next = Self {
            region: region.clone(),
            writer_region: writer_region.clone(),
            at: look.at,
            last_beat,
            failing_since,
            failures,
            write: look.write,
            moved_at: if moved {
                Some(look.at)
            } else {
                previous.and_then(|vantage| vantage.moved_at)
            },
            reading: look.reading.or_else(|| earlier.cloned()),
            signs,
            version: None,
        };
        let outage_goes_on = failing_since.is_some()
            && continued.is_some_and(|vantage| vantage.failing_since == failing_since);
        if same_writer.is_none() {
            next.signs.left = previous.and_then(Self::left);
        }
        next.signs.late_since = next.signs.late_since.filter(|_| outage_goes_on);
        let late = next.drained_at(detection).is_some_and(|end| next.at > end);
        if moved && late {
            next.signs.late_since = next.signs.late_since.or(Some(next.at));
        }
        next
    }

    /// The newer of two records of one Region, with the later beat and the later answer of both: two looks may overlap.
    #[must_use]
    pub fn newer(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        let (one, other) = match (one, other) {
            (Some(one), Some(other)) => (one, other),
            (one, other) => return one.or(other),
        };
        let (older, mut newer) = if other.at > one.at {
            (one, other)
        } else {
            (other, one)
        };
        if older.writer_region == newer.writer_region {
            newer.last_beat = later(older.last_beat, newer.last_beat);
            newer.signs.spoke_at = newer.signs.spoke_at.max(older.signs.spoke_at);
        }
        Some(newer)
    }

    /// Until when what was on its way when the failures began may still be arriving.
    #[must_use]
    pub fn drained_at(&self, detection: &Detection) -> Option<Timestamp> {
        let lag = self.signs.lag_ms.map(|ms| {
            SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX).min(1 << 40))
        });
        let since = self.failing_since?;
        Some(since + detection.drains_for(lag))
    }

    /// What is kept of this one's writer by a record about another one.
    fn left(&self) -> Option<(Region, Beat)> {
        let beat = self
            .last_beat
            .map(|beat| (self.writer_region.clone(), beat));
        beat.or_else(|| self.signs.left.clone())
    }

    /// The last beat that the writer of a Region acknowledged, if it is the one that is looked at or the one before.
    #[must_use]
    pub fn last_beat_on(&self, writer: &Region) -> Option<Beat> {
        let own = self.last_beat.filter(|_| self.writer_region == *writer);
        let left = self.signs.left.as_ref();
        let left = left.filter(|(region, _)| region == writer);
        own.or(left.map(|(_, beat)| *beat))
    }

    /// This record after a look that was made at the writer of an epoch, where it is about a later one: two invocations may overlap,
    /// and the older one has not learnt of the new writer yet. Only the beat is kept that the old one acknowledged. `None` where the
    /// record is about no later writer.
    #[must_use]
    pub fn after_a_late_look(&self, writer: &Region, epoch: Epoch, write: &Write) -> Option<Self> {
        let is_later = self.last_beat.is_some_and(|beat| beat.epoch > epoch);
        if self.writer_region == *writer || !is_later {
            return None;
        }
        let mut kept = self.clone();
        if let Write::Committed { beat } = write {
            let last = later(self.last_beat_on(writer), Some(*beat));
            kept.signs.left = last.map(|last| (writer.clone(), last));
        }
        Some(kept)
    }

    /// What the reader showed, unless it was read so long before `last`, the last beat that was acknowledged, that it tells
    /// nothing of a loss.
    #[must_use]
    pub fn reading_near(&self, last: Timestamp, covers: SignedDuration) -> Option<&Reading> {
        let read_at = self.signs.read_at?;
        let near = last.duration_since(read_at) <= covers;
        self.reading.as_ref().filter(|_| near)
    }

    /// When the writer may have lived although nothing proves it: it answered without a commit, or the reader went on moving
    /// long after everything should have arrived.
    #[must_use]
    pub fn maybe_alive_at(&self) -> Option<Timestamp> {
        let first = self.signs.late_since;
        let again = self
            .moved_at
            .zip(first)
            .filter(|(last, first)| last.duration_since(*first) >= LATE_AGAIN);
        let signs = &self.signs;
        let answered = signs.saturated_at.max(signs.answered_at);
        answered.max(again.map(|(last, _)| last))
    }
}

/// The later of two beats of one vantage, as the writer counted them.
fn later(one: Option<Beat>, other: Option<Beat>) -> Option<Beat> {
    let both = one.into_iter().chain(other);
    both.max_by_key(|beat| (beat.epoch, beat.seq))
}

/// Since when every attempt has failed on the writer's side.
fn failing_since(continued: Option<&Vantage>, look: &Look) -> Option<Timestamp> {
    let before = continued.and_then(|vantage| vantage.failing_since);
    match &look.write {
        Write::Failed { .. }
        | Write::Starting { .. }
        | Write::Exhausted { .. }
        | Write::Answered { .. } => Some(before.unwrap_or(look.at)),
        Write::Unattempted { .. } => before,
        // A login that was wrong for an hour must not spend the grace of a restart that follows. Nor must a writer that
        // lived, and had no slot left.
        Write::Committed { .. }
        | Write::Saturated { .. }
        | Write::Misconfigured { .. }
        | Write::ReadOnly
        | Write::OtherEpoch { .. }
        | Write::Stopped { .. } => None,
    }
}

impl Signs {
    fn after(
        same_writer: Option<&Vantage>,
        continued: Option<&Vantage>,
        earlier: Option<&Reading>,
        look: &Look,
    ) -> Self {
        let mut next = same_writer
            .map(|vantage| vantage.signs.clone())
            .unwrap_or_default();
        let newest = look.reading.as_ref().and_then(Reading::newest_at);
        if newest > next.newest_at {
            next.newest_at = newest;
            next.newest_grew_at = Some(look.at);
        }
        if look.reading.is_some() {
            next.read_at = Some(look.at);
        }
        // What moves it while the writer fails is no sign of what moved it before.
        let fails = continued.is_some_and(|vantage| vantage.failing_since.is_some());
        let others = look.reading.as_ref().zip(earlier).filter(|_| !fails);
        if others.is_some_and(|(reading, earlier)| reading.others_moved_since(earlier)) {
            next.others_moved_before_at = next.others_moved_at;
            next.others_moved_at = Some(look.at);
        }
        match &look.write {
            Write::Committed { .. } => {
                next.uncommitted_since = None;
                next.lag_ms = look
                    .reading
                    .as_ref()
                    .map_or(next.lag_ms, |reading| lag_ms(reading, look.at));
            }
            Write::Saturated { .. } => next.saturated_at = Some(look.at),
            Write::Answered { .. } => {
                (next.answered_at, next.spoke_at) = (Some(look.at), Some(look.at));
            }
            // Whoever was connected was ended: nothing is committed that no beat counts.
            Write::Starting { .. } | Write::Exhausted { .. } | Write::Stopped { .. } => {
                next.spoke_at = Some(look.at);
            }
            Write::Failed { .. }
            | Write::Misconfigured { .. }
            | Write::ReadOnly
            | Write::OtherEpoch { .. }
            | Write::Unattempted { .. } => {}
        }
        let out = continued.and(next.out_since);
        next.out_since = match &look.write {
            Write::ReadOnly
            | Write::Failed { .. }
            | Write::Starting { .. }
            | Write::Exhausted { .. } => out.or(Some(look.at)),
            Write::Unattempted { .. } | Write::Misconfigured { .. } => out,
            Write::Committed { .. }
            | Write::Saturated { .. }
            | Write::Answered { .. }
            | Write::OtherEpoch { .. }
            | Write::Stopped { .. } => None,
        };
        if look.write.is_failure() {
            let before = continued.and(next.uncommitted_since);
            next.uncommitted_since = Some(before.unwrap_or(look.at));
        }
        next
    }
}

/// How old the newest beat is that has arrived; `None` where none has.
fn lag_ms(reading: &Reading, at: Timestamp) -> Option<u64> {
    let newest = reading.beats.values().map(|beat| beat.at).max()?;
    let age = at.duration_since(newest).as_millis();
    Some(u64::try_from(age).unwrap_or(0))
}
