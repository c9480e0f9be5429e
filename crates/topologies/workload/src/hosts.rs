//! What bringing hosts home asks of EC2: to look, and to carry out one call.

use std::collections::BTreeMap;

use failover::{Error, domain::Region, topology::Accepted};

mod call;
mod shape;

pub use call::{Call, Change, Launch, LaunchDisk, NewVolume};
pub use shape::{
    Attachment, Checks, Device, Group, Host, Image, Loading, Network, RouteTable, Snapshot, Subnet,
    Volume,
};

/// Tags, by key.
pub type Tags = BTreeMap<String, String>;

/// The hosts of a workload and their disks, in any Region. Every call has a time-out of seconds.
pub trait Hosts: Sync {
    /// Reads a host; `None` when EC2 does not know it. One that is terminated is known for about an hour.
    fn host(
        &self,
        region: &Region,
        id: &str,
    ) -> impl Future<Output = Result<Option<Host>, Error>> + Send;
    /// Reads the hosts that have all these tags.
    fn hosts_with(
        &self,
        region: &Region,
        tags: &Tags,
    ) -> impl Future<Output = Result<Vec<Host>, Error>> + Send;
    /// Whether a host may not be stopped through the API.
    fn stop_protection(
        &self,
        region: &Region,
        id: &str,
    ) -> impl Future<Output = Result<bool, Error>> + Send;
    /// What the status checks of a host say; `None` while it does not run.
    fn checks(
        &self,
        region: &Region,
        id: &str,
    ) -> impl Future<Output = Result<Option<Checks>, Error>> + Send;
    /// Reads volumes. Those that are gone are left out.
    fn volumes(
        &self,
        region: &Region,
        ids: &[String],
    ) -> impl Future<Output = Result<Vec<Volume>, Error>> + Send;
    /// Reads the volumes that have all these tags.
    fn volumes_with(
        &self,
        region: &Region,
        tags: &Tags,
    ) -> impl Future<Output = Result<Vec<Volume>, Error>> + Send;
    /// How far volumes are loaded that were made of snapshots.
    fn loading(
        &self,
        region: &Region,
        ids: &[String],
    ) -> impl Future<Output = Result<Vec<Loading>, Error>> + Send;
    /// Reads the account's own snapshots that have all these tags.
    fn snapshots_with(
        &self,
        region: &Region,
        tags: &Tags,
    ) -> impl Future<Output = Result<Vec<Snapshot>, Error>> + Send;
    /// The bytes of the blocks in which two snapshots of one volume differ; `None` where nobody tells.
    fn changed_bytes(
        &self,
        region: &Region,
        earlier: &str,
        later: &str,
    ) -> impl Future<Output = Result<Option<u64>, Error>> + Send;
    /// Reads the account's own image of that name.
    fn image(
        &self,
        region: &Region,
        name: &str,
    ) -> impl Future<Output = Result<Option<Image>, Error>> + Send;
    /// Reads subnets, security groups and route tables.
    fn network(&self, region: &Region) -> impl Future<Output = Result<Network, Error>> + Send;
    /// Makes a call, once.
    fn change_host(&self, change: &Change) -> impl Future<Output = Result<Accepted, Error>> + Send;
}
