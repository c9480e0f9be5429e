//! What shared steps ask of a plan's topology. A crate below `crates/topologies` answers, and a function's main file hands it in.

use jiff::Timestamp;

use crate::{
    Error,
    domain::{PlanName, Region},
    ledger::{Current, Resolved, Run},
    plan::Plan,
    topology::{Cluster, Group},
};

/// The ways in which a topology promotes a member.
pub trait Strategies: Sync {
    /// By which way the target would be promoted, after what its Region shows.
    fn resolve(&self, plan: &Plan, target: Option<&Cluster>, group: Option<&Group>) -> Resolved;

    /// Whether the way that was tried leads nowhere, where the plan leaves another one open: the time of the last call, and why.
    fn gives_up(&self, run: &Run, now: Timestamp) -> Option<(Timestamp, String)>;
}

/// The record of what members are made of, from which a topology makes them again.
pub trait Blueprints<W>: Sync {
    /// Keeps what a Region's member is made of in that Region's ledger, where it is healthy and in its right role. Answers what was
    /// done, and why.
    fn keep_member(
        &self,
        world: &W,
        plan: &PlanName,
        region: &Region,
        cluster: &str,
        current: &Current,
    ) -> impl Future<Output = Result<(&'static str, String), Error>> + Send;
}
