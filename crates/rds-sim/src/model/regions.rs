//! Regions that stop answering, and return.

use crate::model::{
    Model,
    effect::Effect,
    key::ClusterKey,
    state::{ClusterStatus, Millis},
    task::Progress,
};

impl Model {
    /// The Region answers no more; whatever it was doing stands still.
    pub fn lose_region(&mut self, at: Millis, region: &str) {
        self.advance(at);
        if !self.is_lost(region) {
            self.lost.insert(region.to_owned(), self.now);
            self.record(region, region, "Region lost");
        }
    }

    /// The Region answers again: its databases come back as they were, except those that lost their writes meanwhile.
    pub fn return_region(&mut self, at: Millis, region: &str) {
        self.advance(at);
        if self.lost.remove(region).is_none() {
            return;
        }
        self.record(region, region, "Region returned");
        let now = self.now;
        for task in &mut self.tasks {
            if task.progress == Progress::Waiting && task.needs.iter().any(|need| need == region) {
                task.due = task.due.max(now.saturating_add(task.duration_ms));
            }
        }
        let resumed: Vec<ClusterKey> = self
            .clusters
            .values()
            .filter(|cluster| cluster.key.region == region && !cluster.fenced)
            .filter(|cluster| {
                !matches!(
                    cluster.status,
                    ClusterStatus::Creating | ClusterStatus::Stopping | ClusterStatus::Stopped
                )
            })
            .map(|cluster| cluster.key.clone())
            .chain(self.standalones_to_resume(region))
            .collect();
        for cluster in resumed {
            self.plan_at_once(region, Effect::Resume { cluster });
        }
        self.advance(at);
    }

    /// What standbys and replicas of a Region follow in other ones reaches them no more, or again.
    pub fn set_replication(&mut self, at: Millis, region: &str, flows: bool) {
        self.advance(at);
        let what = if flows {
            self.cut.remove(region);
            "replication mended"
        } else {
            self.cut.insert(region.to_owned());
            "replication cut"
        };
        self.record(region, region, what);
    }

    /// Whether a Region answers.
    pub fn answers(&self, region: &str) -> bool {
        !self.is_lost(region)
    }
}
