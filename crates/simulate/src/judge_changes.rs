//! What must hold when RDS carries something out: whether a promotion was right, and whether what goes away was the last of it.

use jiff::{SignedDuration, Timestamp};

use crate::{api::Api, state::State, truth::Rule};

/// A writer that nobody outside reached for so long counts as lost, whatever goes on inside its Region: two looks, each of which waits
/// for three seconds, with one between them. Where the Regions were parted before and no look had met that yet, all of the suspicion's
/// own time was over by then.
const LOST: SignedDuration = SignedDuration::from_secs(7);
/// While its Region answers it may fail over inside it, which takes up to this long.
const IN_REGION: SignedDuration = SignedDuration::from_mins(2);

/// What came back this short a time ago no look may have seen yet.
const A_LOOK: SignedDuration = SignedDuration::from_secs(5);
/// So long a look waits for a Region that does not answer.
const WAITS: SignedDuration = SignedDuration::from_secs(3);

impl State {
    /// A writer that somebody outside reached until a moment ago was left.
    pub(crate) fn judge_promotion(&mut self, now: Timestamp, promoted: &str) {
        let Some((epoch, proven)) = self.proven() else {
            return;
        };
        // A member that follows another one than the writer takes nothing from it.
        let follows = self.databases.get(promoted);
        let follows = follows.and_then(|found| found.follows.as_ref());
        let is_elsewhere = follows.is_some_and(|follows| *follows != proven);
        let is_asked = self.truth.is_allowed || self.truth.is_late;
        if proven == promoted || is_asked || is_elsewhere {
            return;
        }
        let gone = self.unreached(now);
        if let Some(why) = self.refused(now, (&proven, promoted)) {
            let what = format!("{now}: {promoted} is promoted although {why}");
            self.truth.violated(Rule::NoLivingWriterLeft, what);
        }
        if gone < LOST {
            let what = format!(
                "{now}: {promoted} is promoted past {proven} of epoch {epoch}, which can take writes"
            );
            self.truth.violated(Rule::NoLivingWriterLeft, what);
        } else if gone < IN_REGION && self.has_a_region(&proven) && !self.was_unheard(now) {
            let what = format!(
                "{now}: {promoted} is promoted {gone} after {proven} of epoch {epoch} went, which may fail over inside its Region"
            );
            self.truth.violated(Rule::NoLivingWriterLeft, what);
        }
    }

    /// For how long nobody outside reached a working writer, until a moment ago.
    pub(crate) fn unreached(&self, now: Timestamp) -> SignedDuration {
        let Some((since, until)) = self.truth.unreachable else {
            return SignedDuration::ZERO;
        };
        let is_seen = now.duration_since(until) > A_LOOK;
        if is_seen {
            SignedDuration::ZERO
        } else {
            until.duration_since(since)
        }
    }

    /// Whether RDS in the writer's Region was silent until a moment ago, for as long as a look waits for it. Whoever decided by that look
    /// cannot know that the Region is back.
    fn was_unheard(&self, now: Timestamp) -> bool {
        self.truth.unheard.is_some_and(|(since, until)| {
            now.duration_since(until) <= A_LOOK && until.duration_since(since) >= WAITS
        })
    }

    /// Remembers since when nobody outside hears RDS in the writer's Region, and until when nobody did.
    pub(crate) fn listen(&mut self, now: Timestamp, proven: &str) {
        let is_over = |(_, until): &(Timestamp, Timestamp)| now.duration_since(*until) > A_LOOK;
        if !self.has_a_region(proven) {
            self.truth.unheard.get_or_insert((now, now)).1 = now;
        } else if self.truth.unheard.as_ref().is_some_and(is_over) {
            self.truth.unheard = None;
        }
    }

    /// Whether RDS in a cluster's Region answers somebody outside.
    fn has_a_region(&self, resource_id: &str) -> bool {
        let found = self.databases.get(resource_id);
        let Some(own) = found.map(|found| found.region.clone()) else {
            return false;
        };
        let mut outside = self.regions().filter(|region| *region != own);
        outside.any(|region| self.answers(&region, &own, Api::Rds))
    }

    /// The writer changes, and no run has written that down.
    pub(crate) fn judge_record(&mut self, now: Timestamp, promoted: &str) {
        let rows = || self.tables.values().filter_map(|table| table.row.as_ref());
        let newest = rows().filter_map(|row| row.current.as_ref());
        let Some(newest) = newest.max_by_key(|current| current.epoch) else {
            return;
        };
        let Some(found) = self.databases.get(promoted) else {
            return;
        };
        let followed = found.follows.as_ref();
        let followed = followed.and_then(|own| self.databases.get(own));
        let leaves = followed.is_some_and(|followed| followed.region == newest.writer);
        let is_recorded = rows().any(|row| {
            let intent = row.intent.as_ref();
            intent.is_some_and(|intent| intent.to == found.region && !self.is_dry(&intent.run_id.0))
        });
        if leaves && !is_recorded {
            let what = format!("{now}: {promoted} takes over, and no ledger has that on record");
            self.truth.violated(Rule::ChangeIsOnRecord, what);
        }
    }

    /// Whether a run was asked to change nothing.
    fn is_dry(&self, run: &str) -> bool {
        let mut all = self.executions.values();
        let found = all.find(|started| started.name == run);
        found.is_some_and(|started| started.input["dry_run"] == true)
    }

    pub(crate) fn judge_deletion(&mut self, now: Timestamp, resource_id: &str) {
        if self
            .proven()
            .is_some_and(|(_, proven)| proven == resource_id)
        {
            let what = format!("{now}: {resource_id}, the proven writer, is deleted");
            self.truth.violated(Rule::WriterIsKept, what);
        }
        self.judge_loss_of(now, resource_id);
    }

    /// Whether rows are gone for good that only one cluster has.
    fn judge_loss_of(&mut self, now: Timestamp, resource_id: &str) {
        let Some(found) = self.databases.get(resource_id) else {
            return;
        };
        let rows = found.rows();
        let others = self.databases.iter().filter(|(own, _)| *own != resource_id);
        let elsewhere: std::collections::BTreeSet<u64> =
            others.flat_map(|(_, other)| other.rows()).collect();
        let kept: std::collections::BTreeSet<u64> =
            self.snapshots.values().flatten().copied().collect();
        let gone = rows
            .difference(&elsewhere)
            .filter(|row| !kept.contains(row));
        let only = gone.count();
        if only > 0 {
            let what = format!("{now}: {only} rows of {resource_id} are in no other place");
            self.truth.violated(Rule::OnlyCopyIsKept, what);
        }
    }
}
