//! The plan's members, in RDS: the port by which the steps of an Aurora global database read and change them.

use failover::{
    Error,
    domain::Region,
    evidence::Rds,
    topology::{
        Call, Cluster, Forwarding, GlobalCluster, Named, ParameterGroup, Reach, Shape, Snapshot,
    },
};

pub use failover::topology::Accepted;

/// RDS, as an Aurora global database is read and changed there. Every call has a time-out of seconds.
pub trait Members: Sync {
    /// What a Region's control plane answers about a cluster, as evidence: one attempt, and whatever comes back is an answer.
    fn look(&self, region: &Region, identifier: &str) -> impl Future<Output = Rds> + Send;
    /// A cluster of a Region with its instances; `None` when there is none of this name.
    fn cluster(
        &self,
        region: &Region,
        identifier: &str,
    ) -> impl Future<Output = Result<Option<Cluster>, Error>> + Send;
    /// What is shown of write forwarding to this Region's cluster.
    fn forwarding(
        &self,
        cluster: &Cluster,
    ) -> impl Future<Output = Result<Forwarding, Error>> + Send;
    /// The global cluster as a Region sees it; `None` when that Region knows none of this name.
    fn global_cluster(
        &self,
        region: &Region,
        identifier: &str,
    ) -> impl Future<Output = Result<Option<GlobalCluster>, Error>> + Send;
    /// The blue/green deployments of a Region.
    fn blue_green(
        &self,
        region: &Region,
    ) -> impl Future<Output = Result<Vec<BlueGreen>, Error>> + Send;
    /// The account's quotas in a Region.
    fn account_quotas(
        &self,
        region: &Region,
    ) -> impl Future<Output = Result<Vec<Quota>, Error>> + Send;
    /// What this function's role may make again; `None` where nobody says.
    fn reach(&self) -> Option<&Reach>;
    /// A cluster with all that belongs to it; `None` when there is none of this name.
    fn shape(
        &self,
        region: &Region,
        cluster: &str,
    ) -> impl Future<Output = Result<Option<Shape>, Error>> + Send;
    /// A snapshot; `None` when there is none of this name.
    fn snapshot(
        &self,
        region: &Region,
        snapshot: &str,
    ) -> impl Future<Output = Result<Option<Snapshot>, Error>> + Send;
    /// The snapshots that managed failovers kept of a cluster.
    fn unplanned_snapshots(
        &self,
        region: &Region,
        cluster: &str,
    ) -> impl Future<Output = Result<Vec<Snapshot>, Error>> + Send;
    /// The engine family that a parameter group is for; `None` when there is no group of this name.
    fn family(
        &self,
        region: &Region,
        group: &ParameterGroup,
    ) -> impl Future<Output = Result<Option<String>, Error>> + Send;
    /// `FailoverGlobalCluster` with `AllowDataLoss`, in the target's Region.
    fn fail_over(
        &self,
        region: &Region,
        global_cluster: &str,
        target_arn: &str,
    ) -> impl Future<Output = Result<Accepted, Error>> + Send;
    /// `RemoveFromGlobalCluster`, in the Region of the cluster that leaves.
    fn detach(
        &self,
        region: &Region,
        global_cluster: &str,
        target_arn: &str,
    ) -> impl Future<Output = Result<Accepted, Error>> + Send;
    /// `SwitchoverGlobalCluster`, in the current primary's Region.
    fn switch_over(
        &self,
        region: &Region,
        global_cluster: &str,
        target_arn: &str,
    ) -> impl Future<Output = Result<Accepted, Error>> + Send;
    /// Makes a call of a rebuild in a Region.
    fn call(
        &self,
        region: &Region,
        call: &Call,
    ) -> impl Future<Output = Result<Accepted, Error>> + Send;
}

/// A blue/green deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlueGreen {
    /// Its name.
    pub name: String,
    /// The ARN of what it is to replace.
    pub source: String,
    /// Its status, such as `AVAILABLE`.
    pub status: String,
}

/// How much of something an account may have in a Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// Its name in RDS, such as `DBInstances`.
    pub name: String,
    /// How much it has.
    pub used: u64,
    /// How much it may have.
    pub max: u64,
}

/// A global cluster as a Region sees it. One that took its name is another, and is not answered.
///
/// # Errors
/// As [`Members::global_cluster`].
pub async fn in_region(
    members: &impl Members,
    region: &Region,
    named: &Named,
) -> Result<Option<GlobalCluster>, Error> {
    let found = members.global_cluster(region, &named.name).await?;
    Ok(found.filter(|found| named.is(&Named::from(found))))
}

#[cfg(test)]
mod tests;
