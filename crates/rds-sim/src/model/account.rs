//! What an account may have in a Region.

use crate::{
    answer::{Fields, Node},
    model::{Model, fault::Fault},
};

/// An account's default of clusters in each Region.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html>.
const CLUSTERS_MAX: usize = 40;
/// Its default of instances, from there, too.
const INSTANCES_MAX: usize = 40;
/// Its default of snapshots that somebody made, from there, too.
const SNAPSHOTS_MAX: usize = 100;

impl Model {
    /// Refuses a cluster for which a Region has no room.
    pub(crate) fn check_room_for_cluster(&self, region: &str) -> Result<(), Fault> {
        if self.count_clusters(region) < self.clusters_max(region) {
            return Ok(());
        }
        Err(Fault::cluster_quota())
    }

    /// Refuses an instance for which a Region has no room.
    pub(crate) fn check_room_for_instance(&self, region: &str) -> Result<(), Fault> {
        if self.count_instances(region) < INSTANCES_MAX {
            return Ok(());
        }
        Err(Fault::instance_quota())
    }

    /// Refuses a snapshot of an instance for which a Region has no room. Those that RDS takes itself do not count.
    pub(crate) fn check_room_for_snapshot(&self, region: &str) -> Result<(), Fault> {
        if self.count_snapshots(region) < SNAPSHOTS_MAX {
            return Ok(());
        }
        Err(Fault::snapshot_quota())
    }

    /// The same of a cluster's.
    pub(crate) fn check_room_for_cluster_snapshot(&self, region: &str) -> Result<(), Fault> {
        if self.count_cluster_snapshots(region) < SNAPSHOTS_MAX {
            return Ok(());
        }
        Err(Fault::snapshot_quota())
    }

    /// The quotas that are counted here, out of more.
    pub(crate) fn describe_account_attributes(&self, region: &str) -> Node {
        let (alone, of_clusters) = (
            self.count_snapshots(region),
            self.count_cluster_snapshots(region),
        );
        let quotas = [
            ("DBInstances", self.count_instances(region), INSTANCES_MAX),
            (
                "DBClusters",
                self.count_clusters(region),
                self.clusters_max(region),
            ),
            ("ManualSnapshots", alone, SNAPSHOTS_MAX),
            ("ManualClusterSnapshots", of_clusters, SNAPSHOTS_MAX),
        ];
        let quotas = quotas.map(|(name, used, max)| {
            Fields::default()
                .text("AccountQuotaName", name)
                .text("Used", used)
                .text("Max", max)
                .done()
        });
        Fields::default()
            .node("AccountQuotas", Node::list("AccountQuota", quotas))
            .done()
    }

    fn clusters_max(&self, region: &str) -> usize {
        self.quotas.get(region).copied().unwrap_or(CLUSTERS_MAX)
    }

    fn count_clusters(&self, region: &str) -> usize {
        let there = self.clusters.keys().filter(|key| key.region == region);
        there.count()
    }

    fn count_snapshots(&self, region: &str) -> usize {
        let all = self.instance_snapshots.iter();
        all.filter(|(key, kept)| key.region == region && !kept.is_automated)
            .count()
    }

    fn count_cluster_snapshots(&self, region: &str) -> usize {
        let all = self.snapshots.iter();
        all.filter(|(key, kept)| key.region == region && !kept.is_automated)
            .count()
    }

    fn count_instances(&self, region: &str) -> usize {
        let all = self.instances.keys().chain(self.standalones.keys());
        all.filter(|key| key.region == region).count()
    }
}
