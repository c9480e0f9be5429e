//! What shared steps ask of a plan's topology. A crate below `crates/topologies` answers, by the ports of the world that it is in,
//! and a function's main file hands in which.

use jiff::Timestamp;

use crate::{
    Error,
    domain::Region,
    evidence::Rds,
    ledger::{Current, Resolved, Run},
    plan::{Plan, TopologyKind},
    topology::{Cluster, Forwarding, Group, Named},
};

/// A world in which plans have topologies: it says whom shared steps ask.
pub trait Topologies: Sync + Sized {
    /// Who answers in this world.
    type Topology: Topology<Self>;

    /// Who answers for plans of a kind.
    fn topology(&self, kind: TopologyKind) -> Self::Topology;
}

/// A topology, as shared steps ask it in a world that has the ports that it needs. What reads the control plane has a time-out of
/// seconds.
pub trait Topology<W>: Copy + Send + Sync {
    /// What a Region's control plane answers about a member, as evidence: one attempt, and whatever comes back is an answer.
    fn look(self, world: &W, region: &Region, identifier: &str)
    -> impl Future<Output = Rds> + Send;

    /// A member of a Region with its instances; `None` when there is none of this name.
    fn cluster(
        self,
        world: &W,
        region: &Region,
        identifier: &str,
    ) -> impl Future<Output = Result<Option<Cluster>, Error>> + Send;

    /// The group of a plan's members that has this name, as a Region sees it; `None` when that Region knows none. Where nobody
    /// names groups, the one that the Region's own member is in.
    fn group(
        self,
        world: &W,
        plan: &Plan,
        region: &Region,
        name: Option<&str>,
    ) -> impl Future<Output = Result<Option<Group>, Error>> + Send;

    /// What is shown of write forwarding to this Region's member.
    fn forwarding(
        self,
        world: &W,
        cluster: &Cluster,
    ) -> impl Future<Output = Result<Forwarding, Error>> + Send;

    /// Keeps what a Region's member is made of in that Region's ledger, where it is healthy and in its right role, so that it can be
    /// made again. Answers what was done, and why.
    fn keep_member(
        self,
        world: &W,
        plan: &Plan,
        region: &Region,
        cluster: &str,
        current: &Current,
    ) -> impl Future<Output = Result<(&'static str, String), Error>> + Send;

    /// By which way the target would be promoted, after what its Region shows; `None` where there is one way only.
    fn resolve(
        self,
        plan: &Plan,
        target: Option<&Cluster>,
        group: Option<&Group>,
    ) -> Option<Resolved>;

    /// The way that is left where the one that was tried leads nowhere and the plan leaves another one open, and the time of the last
    /// call.
    fn gives_up(self, run: &Run, now: Timestamp) -> Option<(Timestamp, Resolved)>;

    /// Whether people have their word about a way that is resolved, as long as the Region that is left lives: it loses something, and
    /// the plan does not ask for it.
    fn asks_people(self, plan: &Plan, way: &Resolved) -> bool;
}

/// A group as a Region sees it. One that took its name is another, and is not answered.
///
/// # Errors
/// As [`Topology::group`].
pub async fn recorded_group<W: Topologies>(
    world: &W,
    plan: &Plan,
    region: &Region,
    named: &Named,
) -> Result<Option<Group>, Error> {
    let topology = world.topology(plan.kind());
    let asked = topology.group(world, plan, region, Some(&named.name));
    let found = asked.await?;
    Ok(found.filter(|found| named.is(&found.named)))
}
