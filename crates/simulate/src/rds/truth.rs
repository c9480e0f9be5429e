//! Who stands where, for whoever judges a run: no Region's view, and no lag.

use failover::domain::Region;

use super::{Rds, names};

/// A cluster whose database takes writes, as far as the control plane goes: whether its Region is there it does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// Its Region.
    pub region: Region,
    /// Its identifier now.
    pub cluster: String,
    /// What RDS calls it for good.
    pub resource_id: String,
    /// The host name of its writer.
    pub endpoint: String,
    /// The instance that writes.
    pub instance: Option<String>,
    /// The global cluster that it leads.
    pub leads: Option<String>,
}

impl Rds {
    /// Every cluster whose database takes writes: it leads a global cluster or stands alone, and has an instance that serves.
    #[must_use]
    pub fn writers(&self) -> Vec<Writer> {
        let writing = self
            .clusters
            .values()
            .filter(|held| held.writes && held.is_served());
        let writers = writing.map(|held| {
            let resource_id = held.shape.resource_id.clone();
            let leads = self.global_of(&resource_id);
            let leads = leads.filter(|one| one.primary() == Some(&resource_id));
            Writer {
                region: held.region.clone(),
                cluster: held.shape.identifier.clone(),
                endpoint: names::host(&held.region, &held.shape.identifier, names::WRITER),
                instance: held.writer.clone(),
                leads: leads.map(|global| global.identifier.clone()),
                resource_id,
            }
        });
        writers.collect()
    }

    /// Whether a cluster's database takes writes.
    #[must_use]
    pub fn is_writing(&self, resource_id: &str) -> bool {
        let held = self.clusters.get(resource_id);
        held.is_some_and(|held| held.writes && held.is_served())
    }

    /// The resource id of a Region's cluster.
    #[must_use]
    pub fn resource_id(&self, region: &Region, cluster: &str) -> Option<&str> {
        let held = self.held(region, cluster).ok()?;
        Some(&held.shape.resource_id)
    }

    /// Every cluster there is: its Region, its identifier and its resource id.
    pub fn clusters(&self) -> impl Iterator<Item = (&Region, &str, &str)> {
        let all = self.clusters.values();
        all.map(|held| {
            let shape = &held.shape;
            (&held.region, &*shape.identifier, &*shape.resource_id)
        })
    }
}
