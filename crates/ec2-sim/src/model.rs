//! EC2's hosts and disks as a pure model: state, an explicit clock, and calls.
//!
//! No I/O, no async, no clock of its own: every entry takes the time as a value. What must happen to bytes and processes is
//! asked for as an [`Effect`] and reported back with [`Model::finished`]. A transition ends when both its configured duration
//! and its effect have ended.

mod attachments;
mod attributes;
mod blocks;
mod calls;
mod completion;
mod copies;
mod effect;
mod fault;
mod ids;
mod images;
mod initialization;
mod instances;
mod keys;
mod launch;
mod lookup;
mod network;
mod outside;
mod params;
mod plant;
mod power;
mod settings;
mod snapshots;
mod state;
mod tags;
mod task;
#[cfg(test)]
mod tests;
mod trouble;
mod volumes;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use blocks::{BLOCK_BYTES, Blocks, Digest, bytes_of};
pub use calls::Call;
pub use copies::Copy;
pub use effect::{Done, Effect, TaskId};
pub use fault::Fault;
pub use network::{Route, RouteTable, Rule, SecurityGroup, Subnet};
pub use outside::{Disk, Host, HostVolume};
pub use params::Params;
pub use plant::{PlantedDisk, PlantedHost, PlantedImage, PlantedKey};
pub use settings::{Durations, Limits, Settings};
pub use state::Millis;
pub use trouble::Loss;

use ids::Ids;
use state::{Image, Instance, Key, Snapshot, Volume};
use task::Task;
use trouble::Troubles;

/// The record of calls keeps this many, the newest.
const CALLS_MAX: usize = 100_000;

/// What describes show.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    instances: BTreeMap<String, Instance>,
    volumes: BTreeMap<String, Volume>,
    snapshots: BTreeMap<String, Snapshot>,
    subnets: BTreeMap<String, Subnet>,
    groups: BTreeMap<String, SecurityGroup>,
    route_tables: BTreeMap<String, RouteTable>,
}

/// One account's EC2, in every Region at once.
#[derive(Debug)]
pub struct Model {
    settings: Settings,
    now: Millis,
    /// Until when restored volumes have loaded.
    loaded_until: Millis,
    ids: Ids,
    world: World,
    images: BTreeMap<String, Image>,
    keys: Vec<Key>,
    /// By Region and lineage: the copy that was completed last, whether it is still there or not.
    latest_copies: BTreeMap<(String, String), String>,
    /// Every copy that was asked for, also of those that are gone.
    copies: Vec<Copy>,
    /// Bytes that snapshots have stored, by Region.
    stored: BTreeMap<String, u64>,
    /// What client tokens were used for, by Region, action and token: the parameters, and what came of it.
    tokens: BTreeMap<(String, String, String), (Params, String)>,
    /// Zones without capacity.
    full: BTreeSet<String>,
    /// Regions that do not answer.
    lost: BTreeSet<String>,
    troubles: Troubles,
    tasks: Vec<Task>,
    last_task: u64,
    outbox: Vec<(TaskId, Effect)>,
    calls: VecDeque<Call>,
}

impl Model {
    /// An account without anything.
    pub fn new(settings: Settings, now: Millis) -> Self {
        Self {
            settings,
            now,
            loaded_until: now,
            ids: Ids::default(),
            world: World::default(),
            images: BTreeMap::new(),
            keys: Vec::new(),
            latest_copies: BTreeMap::new(),
            copies: Vec::new(),
            stored: BTreeMap::new(),
            tokens: BTreeMap::new(),
            full: BTreeSet::new(),
            lost: BTreeSet::new(),
            troubles: Troubles::default(),
            tasks: Vec::new(),
            last_task: 0,
            outbox: Vec::new(),
            calls: VecDeque::new(),
        }
    }

    /// Whether a Region answers.
    pub fn answers(&self, region: &str) -> bool {
        !self.lost.contains(region)
    }

    /// The instance of that id in a Region, also one that is terminated and still shown.
    fn instance(&self, region: &str, id: &str) -> Result<&Instance, Fault> {
        let found = self.world.instances.get(id);
        found
            .filter(|instance| instance.region == region)
            .ok_or_else(|| Fault::instance_not_found(id))
    }

    fn volume(&self, region: &str, id: &str) -> Result<&Volume, Fault> {
        let found = self.world.volumes.get(id);
        found
            .filter(|volume| volume.region == region)
            .ok_or_else(|| Fault::volume_not_found(id))
    }

    fn snapshot(&self, region: &str, id: &str) -> Result<&Snapshot, Fault> {
        let found = self.world.snapshots.get(id);
        found
            .filter(|snapshot| snapshot.region == region)
            .ok_or_else(|| Fault::snapshot_not_found(id))
    }

    /// The volumes at an instance, by their device.
    fn volumes_at(&self, instance: &str) -> Vec<&Volume> {
        let mut found: Vec<_> = self
            .world
            .volumes
            .values()
            .filter(|volume| {
                let attachment = volume.attachment.as_ref();
                attachment.is_some_and(|attachment| attachment.instance == instance)
            })
            .collect();
        found.sort_by_key(|volume| volume.attachment.as_ref().map(|it| it.device.clone()));
        found
    }
}
