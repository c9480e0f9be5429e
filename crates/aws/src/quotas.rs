//! What the SDK may spend on retries, where a process is to keep that apart.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_rds::config::retry::RetryPartition;
use failover::domain::Region;

/// A quota for each service of each Region, of the SDK's own size. Without it the SDK keeps one of each for the whole process,
/// which plays many functions where they are simulated. A clone is the same quotas.
#[derive(Debug, Clone, Default)]
pub struct Quotas(Arc<Mutex<BTreeMap<(&'static str, Region), RetryPartition>>>);

impl Quotas {
    /// The one that a client of a service in a Region draws on.
    #[must_use]
    pub fn of(&self, service: &'static str, region: &Region) -> RetryPartition {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry((service, region.clone()));
        known
            .or_insert_with(|| RetryPartition::custom(service).build())
            .clone()
    }
}
