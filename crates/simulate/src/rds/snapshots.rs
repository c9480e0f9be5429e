//! Snapshots: taken, copied, kept by a managed failover, and deleted by people.

use failover::{domain::Region, topology::Snapshot};
use jiff::SignedDuration;

use super::{
    Deposed, Happened, Rds,
    fault::{Fault, Taken},
    make::check,
    state::{AVAILABLE, CREATING, DELETING, Held, Kept},
    task::Then,
};

/// How RDS names what a managed failover kept of a cluster.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html>.
pub(super) const UNPLANNED: &str = "rds:unplanned-global-failover-";

impl Rds {
    pub(super) fn snap(&mut self, region: &Region, cluster: &str, snapshot: &str) -> Taken {
        check(snapshot)?;
        if self.kept(region, snapshot).is_some() {
            return Err(Fault::snapshot_exists(snapshot));
        }
        let held = self.held(region, cluster)?;
        if !held.shape.is_available() {
            return Err(Fault::cluster_state(format!(
                "Can't create a snapshot because the database cluster {cluster} isn't currently in the available state."
            )));
        }
        let kept = self.snapshot_of(held, snapshot, "manual");
        self.take(region, kept);
        let then = Then::SnapshotMade(region.clone(), snapshot.to_ascii_lowercase());
        self.plan(self.timing.snapshot, &[region], then);
        Ok(())
    }

    fn snapshot_of(&self, held: &Held, snapshot: &str, kind: &str) -> Kept {
        Kept {
            cluster: held.shape.identifier.clone(),
            shown: Snapshot {
                identifier: snapshot.to_ascii_lowercase(),
                status: CREATING.into(),
                kind: kind.into(),
                resource_id: held.shape.resource_id.clone(),
                taken_at: Some(self.now),
            },
        }
    }

    /// Its rows are those of now.
    fn take(&mut self, region: &Region, kept: Kept) {
        let snapshot = kept.shown.identifier.clone();
        self.tell(Happened::Snapshot {
            region: region.clone(),
            snapshot: snapshot.clone(),
            resource_id: kept.shown.resource_id.clone(),
        });
        self.snapshots.insert((region.clone(), snapshot), kept);
    }

    /// What is kept of a volume that a managed failover replaces, and how long that takes.
    pub(super) fn keep_unplanned(&mut self, member: &str, how: Deposed) -> SignedDuration {
        let Some(held) = self.clusters.get(member) else {
            return SignedDuration::ZERO;
        };
        let region = held.region.clone();
        let minute = self.now.strftime("%Y-%m-%d-%H-%M");
        let name = format!("{UNPLANNED}{}-{minute}", held.shape.identifier);
        let mut kept = self.snapshot_of(held, &name, "automated");
        if how == Deposed::Fails {
            kept.shown.status = "failed".into();
            self.snapshots.insert((region, name), kept);
            return SignedDuration::ZERO;
        }
        self.take(&region, kept);
        let takes = self.timing.snapshot;
        self.plan(takes, &[&region.clone()], Then::SnapshotMade(region, name));
        takes
    }

    pub(super) fn copy(&mut self, region: &Region, source: &str, snapshot: &str) -> Taken {
        check(snapshot)?;
        let from = self.kept(region, source);
        let from = from.ok_or_else(|| Fault::no_snapshot(source))?;
        if self.kept(region, snapshot).is_some() {
            return Err(Fault::snapshot_exists(snapshot));
        }
        if from.shown.status != AVAILABLE {
            return Err(Fault::snapshot_state(format!(
                "Cannot copy snapshot {source} because it is not in the available state."
            )));
        }
        let mut copy = from.clone();
        let source = from.shown.identifier.clone();
        let name = snapshot.to_ascii_lowercase();
        copy.shown = Snapshot {
            identifier: name.clone(),
            status: CREATING.into(),
            kind: "manual".into(),
            taken_at: Some(self.now),
            ..copy.shown
        };
        self.tell(Happened::Copied {
            region: region.clone(),
            source,
            snapshot: name.clone(),
        });
        self.snapshots.insert((region.clone(), name.clone()), copy);
        let then = Then::SnapshotMade(region.clone(), name);
        self.plan(self.timing.snapshot, &[region], then);
        Ok(())
    }

    pub(super) fn snapshot_made(&mut self, region: Region, snapshot: String) {
        if let Some(kept) = self.snapshots.get_mut(&(region, snapshot)) {
            kept.shown.status = AVAILABLE.into();
        }
    }

    /// Begins to delete one, as people do.
    pub(super) fn drop_snapshot(&mut self, region: &Region, snapshot: &str) -> Taken {
        let found = self.kept(region, snapshot);
        let found = found.ok_or_else(|| Fault::no_snapshot(snapshot))?;
        let is_theirs = found.shown.kind == "manual";
        if !is_theirs || ![AVAILABLE, "failed"].contains(&found.shown.status.as_str()) {
            return Err(Fault::snapshot_state(format!(
                "Only manual snapshots in the available state may be deleted; {snapshot} is not one."
            )));
        }
        let key = (region.clone(), found.shown.identifier.clone());
        if let Some(kept) = self.snapshots.get_mut(&key) {
            kept.shown.status = DELETING.into();
        }
        let takes = self.timing.delete_snapshot;
        self.plan(takes, &[region], Then::SnapshotGone(key.0, key.1));
        Ok(())
    }

    pub(super) fn snapshot_gone(&mut self, region: Region, snapshot: String) {
        self.snapshots.remove(&(region.clone(), snapshot.clone()));
        self.tell(Happened::SnapshotLost { region, snapshot });
    }

    pub(super) fn kept(&self, region: &Region, snapshot: &str) -> Option<&Kept> {
        let key = (region.clone(), snapshot.to_ascii_lowercase());
        self.snapshots.get(&key)
    }
}
