//! What a call names, as its Region knows it.

use crate::model::{
    Model,
    fault::Fault,
    key::ClusterKey,
    state::{Cluster, ClusterStatus, Instance},
};

impl Model {
    /// The cluster of a name or an ARN. Another Region's is not found here, whatever its ARN.
    pub(crate) fn found_cluster(&self, region: &str, name: &str) -> Result<&Cluster, Fault> {
        let key = self.names.parse_cluster(name, region)?;
        let cluster = self.clusters.get(&key).filter(|_| key.region == region);
        cluster.ok_or_else(|| Fault::cluster_not_found(name))
    }

    /// The same, where it is available.
    pub(crate) fn found_available(&self, region: &str, name: &str) -> Result<ClusterKey, Fault> {
        let Cluster { key, status, .. } = self.found_cluster(region, name)?;
        match *status == ClusterStatus::Available {
            true => Ok(key.clone()),
            false => Err(Fault::cluster_busy(key, status.as_str())),
        }
    }

    /// The instance of a name or an ARN.
    pub(crate) fn found_instance(&self, region: &str, name: &str) -> Result<&Instance, Fault> {
        let key = ClusterKey::new(region, name.rsplit(':').next().unwrap_or(name));
        let instance = self.instances.get(&key);
        instance.ok_or_else(|| Fault::instance_not_found(name))
    }
}
