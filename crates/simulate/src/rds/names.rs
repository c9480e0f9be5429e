//! What RDS calls things: ARNs and host names.

use failover::domain::Region;

use super::Rds;

const ACCOUNT: &str = "123456789012";
const ZONE: &str = "rds.amazonaws.com";

/// The ARN of a cluster.
pub(super) fn arn(region: &Region, cluster: &str) -> String {
    format!("arn:aws:rds:{region}:{ACCOUNT}:cluster:{cluster}")
}

/// A cluster's host name; the part after its identifier tells what it leads to.
pub(super) fn host(region: &Region, cluster: &str, part: &str) -> String {
    format!("{cluster}.{part}.{region}.{ZONE}")
}

/// The name of a cluster's writer.
pub(super) const WRITER: &str = "cluster-x";
/// The name of its readers.
pub(super) const READER: &str = "cluster-ro-x";
/// The name of a custom endpoint.
const CUSTOM: &str = "cluster-custom-x";
/// The name of a global cluster's writer.
const GLOBAL: &str = "global-x";

impl Rds {
    /// The cluster that a host name of RDS's leads to now: its resource id. Writers', readers', custom endpoints' and global
    /// clusters' names are known; which instance of the cluster it is, is not told.
    #[must_use]
    pub fn endpoint(&self, host: &str) -> Option<&str> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let rest = host.strip_suffix(&format!(".{ZONE}"))?;
        let parts: Vec<_> = rest.split('.').collect();
        let [name, part, region] = parts[..] else {
            return None;
        };
        if (part, region) == (GLOBAL, "global") {
            let global = self.global_called(name).ok()?;
            return global.primary();
        }
        let region = Region::from(region);
        let mut here = self.clusters.values().filter(|held| held.region == region);
        let found = match part {
            WRITER | READER => here.find(|held| held.is_called(name) && held.resolves),
            CUSTOM => here.find(|held| {
                let mut endpoints = held.shape.endpoints.iter();
                endpoints.any(|endpoint| endpoint.identifier.eq_ignore_ascii_case(name))
            }),
            _ => None,
        };
        found.map(|held| held.shape.resource_id.as_str())
    }
}
