//! Where a plan's members stand, as shared steps ask whichever topology it is.

use crate::{
    Error,
    domain::Region,
    evidence::Rds,
    topology::{Cluster, Group, Named},
};

/// The control plane, read only. Every call has a time-out of seconds.
pub trait Survey: Sync {
    /// What a Region's control plane answers about a cluster, as evidence: one attempt, and whatever comes back is an answer.
    fn look(&self, region: &Region, identifier: &str) -> impl Future<Output = Rds> + Send;
    /// A cluster of a Region with its instances; `None` when there is none of this name.
    fn cluster(
        &self,
        region: &Region,
        identifier: &str,
    ) -> impl Future<Output = Result<Option<Cluster>, Error>> + Send;
    /// The group of members of this name as a Region sees it; `None` when that Region knows none.
    fn group(
        &self,
        region: &Region,
        name: &str,
    ) -> impl Future<Output = Result<Option<Group>, Error>> + Send;
    /// What is shown of write forwarding to this Region's cluster.
    fn forwarding(
        &self,
        cluster: &Cluster,
    ) -> impl Future<Output = Result<Forwarding, Error>> + Send;
}

/// What is shown of write forwarding to a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarding {
    /// The cluster's own `LocalWriteForwardingStatus`.
    pub local: Option<String>,
    /// The other members of the group that it leads, by ARN, each with its `GlobalWriteForwardingStatus`.
    pub members: Vec<(String, Option<String>)>,
}

/// A group as a Region sees it. One that took its name is another, and is not answered.
///
/// # Errors
/// As [`Survey::group`].
pub async fn recorded_group(
    survey: &impl Survey,
    region: &Region,
    named: &Named,
) -> Result<Option<Group>, Error> {
    let found = survey.group(region, &named.name).await?;
    Ok(found.filter(|found| named.is(&found.named)))
}
