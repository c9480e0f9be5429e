//! Where the data is, and how the role of the writer moves. Only this file knows which topologies there are.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Plan, names};
use crate::{Error, domain::Region, topology::names::IDENTIFIER_MAX};

mod written;

/// Where the data is, and how the role of the writer moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Topology {
    /// An Aurora global database.
    AuroraGlobal {
        /// Its identifier when the plan was first adopted; the ledgers hold the current one.
        #[schemars(length(max = IDENTIFIER_MAX), extend("pattern" = names::IDENTIFIER))]
        global_cluster: String,
        /// The SSM parameter of each member Region that holds the current identifier. A rebuild renews it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "String", length(max = names::PARAMETER_MAX), extend("pattern" = names::PARAMETER))]
        global_cluster_parameter: Option<String>,
        /// How the standby is promoted after an outage.
        strategy: Strategy,
        /// The member cluster of each Region.
        #[serde(serialize_with = "written::write::<written::Cluster, _>")]
        #[serde(deserialize_with = "written::read::<written::Cluster, _>")]
        #[schemars(with = "BTreeMap<Region, written::Cluster>", extend("minProperties" = 2))]
        members: BTreeMap<Region, Member>,
    },
    /// An RDS DB instance with a read replica in each other Region.
    RdsReplica {
        /// The member instance of each Region.
        #[serde(serialize_with = "written::write::<written::Instance, _>")]
        #[serde(deserialize_with = "written::read::<written::Instance, _>")]
        #[schemars(with = "BTreeMap<Region, written::Instance>", extend("minProperties" = 2))]
        members: BTreeMap<Region, Member>,
        /// For how many seconds a planned move may keep writes out until the replica has everything. Then they go on where they were.
        #[serde(default = "stop_seconds", skip_serializing_if = "is_stop_seconds")]
        #[schemars(range(min = STOP_SECONDS[0], max = STOP_SECONDS[1]))]
        stop_seconds: u16,
        /// Whether a planned move brings the plan's services of the Region that it leaves to none before it stops the writer there.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stop_services: bool,
    },
}

/// Between how many seconds a stop may last: longer than a fence takes, and no longer than the loop of `StopWrites`, whose passes are a
/// second apart.
pub(super) const STOP_SECONDS: [u16; 2] = [10, 120];

const fn stop_seconds() -> u16 {
    60
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field over by reference"
)]
const fn is_stop_seconds(seconds: &u16) -> bool {
    *seconds == stop_seconds()
}

/// Which topology a plan has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TopologyKind {
    /// [`Topology::AuroraGlobal`]; what is meant where nobody says.
    #[default]
    AuroraGlobal,
    /// [`Topology::RdsReplica`].
    RdsReplica,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What RDS calls it: the identifier of a DB cluster, or of a DB instance.
    pub identifier: String,
}

/// How a standby is promoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// `FailoverGlobalCluster` with `AllowDataLoss`: the global cluster keeps its members.
    Managed,
    /// `RemoveFromGlobalCluster`: the standby becomes a cluster of its own.
    Detach,
    /// Managed where versions and instances permit it, else detach.
    Auto,
}

impl Strategy {
    /// Its name in a plan.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Detach => "detach",
            Self::Auto => "auto",
        }
    }
}

impl TopologyKind {
    /// Every topology that there is.
    pub const ALL: [Self; 2] = [Self::AuroraGlobal, Self::RdsReplica];

    /// Whether it is the one that need not be said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Its name in a plan.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuroraGlobal => "aurora_global",
            Self::RdsReplica => "rds_replica",
        }
    }

    /// What RDS calls a member, and the field of a plan that names it.
    #[must_use]
    pub const fn member(self) -> &'static str {
        match self {
            Self::AuroraGlobal => "cluster",
            Self::RdsReplica => "instance",
        }
    }

    /// What is said where it lacks a kind of run, such as a failback.
    #[must_use]
    pub fn has_no(self, run: &str) -> String {
        format!("a plan of the kind {} has no {run}", self.name())
    }

    /// What people consider before they move a writer, where the topology can lose more by it than time: a promoted replica follows
    /// nobody any more, and the way back is a new replica.
    #[must_use]
    pub const fn considerations(self) -> Option<&'static str> {
        match self {
            Self::AuroraGlobal => None,
            Self::RdsReplica => Some(
                "Consider before: is the service there really not responding, is the application in the other Region ready, is switching the \
                 traffic the only way left, is the lag of the replica acceptable?",
            ),
        }
    }

    /// What is said of a member that somebody took out past this tool, and of one that follows a deposed writer.
    #[must_use]
    pub const fn of_deposed(self) -> LeftByHand {
        match self {
            Self::AuroraGlobal => LeftByHand {
                follower: "it follows a deposed writer, and is fenced once the rebuild has taken it out",
                belongs: "belongs to no global cluster",
                done: "detached",
                next: "rename or delete that cluster by hand, and start a failback or rebuild-global, which makes the member anew",
            },
            // RDS does not tell the two apart, and nobody looked whether the other one lives.
            Self::RdsReplica => LeftByHand {
                follower: "it follows a deposed writer, and protects nothing until replace-replica has made it anew from the writer",
                belongs: "follows nobody",
                done: "promoted",
                next: "decide which of the two is the writer from here on before anything is deleted, and keep a last snapshot of the other one",
            },
        }
    }

    /// What its runs are made by.
    #[must_use]
    pub const fn runs(self) -> &'static Runs {
        match self {
            Self::AuroraGlobal => &AURORA_GLOBAL,
            Self::RdsReplica => &RDS_REPLICA,
        }
    }
}

/// What is said of members that no run has left as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftByHand {
    /// Why one that follows a deposed writer is not fenced.
    pub follower: &'static str,
    /// What tells that somebody took one out.
    pub belongs: &'static str,
    /// What that is called.
    pub done: &'static str,
    /// What people do about it.
    pub next: &'static str,
}

/// What the runs of a topology are made by: the names of its machines, and the steps that are its own. What a topology does not have is
/// `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runs {
    /// The machine that leaves a Region which is lost.
    pub unplanned: &'static str,
    /// The rule that starts it by a suspicion.
    pub suspected: &'static str,
    /// The machine that moves a living writer.
    pub planned: Option<&'static str>,
    /// The machine that brings the writer home.
    pub failback: Option<&'static str>,
    /// The step whose call promotes a member after an outage, and may lose what was not replicated.
    pub promote_by: &'static str,
    /// The step that begins the move of a living writer, and knows every reason against it.
    pub moving: Option<&'static str>,
    /// Whether that step's own call promotes a member. Else the one of `promote_by` does, behind it.
    pub moving_promotes: bool,
    /// The step that gives applications their logins back on the proven writer, where the move took them.
    pub opening: Option<&'static str>,
    /// The step that makes members again.
    pub rebuilding: Option<&'static str>,
}

impl Runs {
    /// The steps whose calls promote a member, the one after an outage first.
    pub fn promoting(&self) -> impl Iterator<Item = &'static str> + use<> {
        let moving = self.moving.filter(|_| self.moving_promotes);
        std::iter::once(self.promote_by).chain(moving)
    }

    /// The steps that no other topology has.
    pub fn own(&self) -> impl Iterator<Item = &'static str> + use<> {
        let of_moves = self.moving.into_iter().chain(self.opening);
        std::iter::once(self.promote_by)
            .chain(of_moves)
            .chain(self.rebuilding)
    }
}

const AURORA_GLOBAL: Runs = Runs {
    unplanned: "unplanned-failover",
    suspected: "primary-suspect",
    planned: Some("planned-failover"),
    failback: Some("failback"),
    promote_by: "detach_and_promote",
    moving: Some("planned_failover"),
    moving_promotes: true,
    opening: None,
    rebuilding: Some("rebuild_global"),
};

/// RDS has no switchover of such an instance: its writer is stopped, and then the replica promoted. The one that was left can follow
/// nobody, so that a new replica takes its name.
const RDS_REPLICA: Runs = Runs {
    unplanned: "replica-failover",
    suspected: "replica-suspect",
    planned: Some("replica-switchover"),
    failback: Some("replica-failback"),
    promote_by: "promote_replica",
    moving: Some("stop_writes"),
    moving_promotes: false,
    opening: Some("open_writer"),
    rebuilding: Some("replace_replica"),
};

/// The function that a step is: `dns-flip` of `dns_flip`.
#[must_use]
pub fn function_of(step: &str) -> String {
    step.replace('_', "-")
}

impl Topology {
    /// Which one it is.
    #[must_use]
    pub const fn kind(&self) -> TopologyKind {
        match self {
            Self::AuroraGlobal { .. } => TopologyKind::AuroraGlobal,
            Self::RdsReplica { .. } => TopologyKind::RdsReplica,
        }
    }

    /// The field that names the group of its members, and that name, where a plan has one.
    #[must_use]
    pub fn named_group(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::AuroraGlobal { global_cluster, .. } => {
                Some(("topology.global_cluster", global_cluster))
            }
            Self::RdsReplica { .. } => None,
        }
    }

    /// The parameter that holds the current identifier of that group, in each member Region.
    #[must_use]
    pub fn group_parameter(&self) -> Option<&str> {
        match self {
            Self::AuroraGlobal {
                global_cluster_parameter,
                ..
            } => global_cluster_parameter.as_deref(),
            Self::RdsReplica { .. } => None,
        }
    }

    /// How the standby is promoted after an outage, where there are several ways.
    #[must_use]
    pub const fn strategy(&self) -> Option<Strategy> {
        match self {
            Self::AuroraGlobal { strategy, .. } => Some(*strategy),
            Self::RdsReplica { .. } => None,
        }
    }

    /// The same, to be changed.
    pub const fn strategy_mut(&mut self) -> Option<&mut Strategy> {
        match self {
            Self::AuroraGlobal { strategy, .. } => Some(strategy),
            Self::RdsReplica { .. } => None,
        }
    }

    /// For how long a planned move may stop the writer, in seconds, where it does.
    #[must_use]
    pub fn stop_seconds(&self) -> f64 {
        match self {
            Self::AuroraGlobal { .. } => 0.0,
            // A plan that was kept is not checked again.
            Self::RdsReplica { stop_seconds, .. } => {
                let [least, most] = STOP_SECONDS;
                f64::from((*stop_seconds).clamp(least, most))
            }
        }
    }

    /// Whether a planned move brings the services of the Region that it leaves to none.
    #[must_use]
    pub const fn stops_services(&self) -> bool {
        match self {
            Self::AuroraGlobal { .. } => false,
            Self::RdsReplica { stop_services, .. } => *stop_services,
        }
    }

    /// The member of each Region.
    #[must_use]
    pub const fn members(&self) -> &BTreeMap<Region, Member> {
        match self {
            Self::AuroraGlobal { members, .. } | Self::RdsReplica { members, .. } => members,
        }
    }

    /// The same, to be changed.
    pub const fn members_mut(&mut self) -> &mut BTreeMap<Region, Member> {
        match self {
            Self::AuroraGlobal { members, .. } | Self::RdsReplica { members, .. } => members,
        }
    }
}

impl Plan {
    /// Which topology it has.
    #[must_use]
    pub const fn kind(&self) -> TopologyKind {
        self.topology.kind()
    }

    /// The member of each Region.
    #[must_use]
    pub const fn members(&self) -> &BTreeMap<Region, Member> {
        self.topology.members()
    }

    /// The identifier of the group of its members when it was first adopted, for code of kinds that have one.
    #[must_use]
    pub fn group(&self) -> &str {
        let named = self.topology.named_group();
        named.map(|(_, name)| name).unwrap_or_default()
    }

    /// Lets a step act for this plan that every topology shares, or that is its own topology's.
    ///
    /// # Errors
    /// `InvalidRequest` for a step of another topology.
    pub fn admits(&self, step: &str) -> Result<(), Error> {
        let is_its_own = |kind: &TopologyKind| kind.runs().own().any(|own| own == step);
        if is_its_own(&self.kind()) {
            return Ok(());
        }
        match TopologyKind::ALL.iter().find(|kind| is_its_own(kind)) {
            None => Ok(()),
            Some(other) => Err(Error::InvalidRequest(format!(
                "{} is for plans of the kind {}, and plan {} is of the kind {}; call {} for it",
                function_of(step),
                other.name(),
                self.plan,
                self.kind().name(),
                function_of(self.kind().runs().promote_by),
            ))),
        }
    }
}

#[cfg(test)]
mod tests;
