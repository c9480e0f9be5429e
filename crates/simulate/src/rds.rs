//! RDS's control plane of Aurora global databases as a value: no clock and no database. Time comes in, and what came about goes out.
//!
//! A clone is what a describe that lags still shows. Whoever drives it lets it settle at [`Rds::next_at`], whenever a Region goes or
//! comes back and before each call, and changes the databases, which are known by their clusters' resource ids, as [`Happened`] says.

use std::collections::{BTreeMap, BTreeSet};

use aurora_global::members::BlueGreen;
use failover::{
    domain::Region,
    topology::{Named, ParameterGroup},
};
use jiff::Timestamp;

mod admission;
mod aftermath;
mod answer;
mod calls;
mod fault;
mod globals;
mod happened;
mod leave;
mod make;
mod meddle;
mod names;
mod reads;
mod retire;
mod seed;
mod settle;
mod snapshots;
mod state;
mod takeover;
mod task;
#[cfg(test)]
mod tests;
mod timing;
mod truth;

pub(crate) use answer::Asking;
pub(crate) use fault::{Fault, Taken};
pub use happened::Happened;
#[cfg(feature = "adapters")]
pub(crate) use reads::word;
pub use timing::{Deposed, Fencing, Readings, Severed, Timing, Visibility};
pub use truth::Writer;

use state::{Global, Held, Kept};
use task::Task;

/// The truth of every Region's control plane.
#[derive(Debug, Clone)]
pub struct Rds {
    /// How long what is begun from now on takes, and how it goes where AWS leaves that open.
    pub timing: Timing,
    now: Timestamp,
    /// Regions that did not answer when it last settled.
    down: BTreeSet<Region>,
    /// By resource id.
    globals: BTreeMap<String, Global>,
    /// By resource id.
    clusters: BTreeMap<String, Held>,
    snapshots: BTreeMap<(Region, String), Kept>,
    /// The engine family of each parameter group, by Region, kind and name.
    groups: BTreeMap<(Region, bool, String), String>,
    blue_green: BTreeMap<Region, Vec<BlueGreen>>,
    tasks: Vec<Task>,
    /// What came about and was not told yet.
    happened: Vec<Happened>,
    /// How many resources and tasks were made.
    made: u64,
}

impl Rds {
    /// The name and resource id of a global cluster, as ledgers keep it.
    #[must_use]
    pub fn named(&self, global: &str) -> Option<Named> {
        let found = self.global_called(global).ok()?;
        Some(Named {
            name: found.identifier.clone(),
            resource_id: Some(found.resource_id.clone()),
        })
    }

    /// A cluster's identifier.
    #[must_use]
    pub fn identifier(&self, resource_id: &str) -> Option<&str> {
        let held = self.clusters.get(resource_id)?;
        Some(&held.shape.identifier)
    }

    fn number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    fn resource(&mut self) -> String {
        format!("cluster-{:08}", self.number())
    }
}

/// The key of a parameter group.
fn group_key(region: &Region, group: &ParameterGroup) -> (Region, bool, String) {
    let (of_cluster, name) = match group {
        ParameterGroup::Cluster(name) => (true, name),
        ParameterGroup::Instance(name) => (false, name),
    };
    (region.clone(), of_cluster, name.clone())
}
