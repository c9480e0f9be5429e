//! Where the data is, and how the role of the writer moves. Only this file knows which topologies there are.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Plan, names};
use crate::{domain::Region, topology::names::IDENTIFIER_MAX};

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
        #[schemars(extend("minProperties" = 2))]
        members: BTreeMap<Region, Member>,
    },
}

/// Which topology a plan has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TopologyKind {
    /// [`Topology::AuroraGlobal`]; what is meant where nobody says.
    #[default]
    AuroraGlobal,
}

/// One member cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The DB cluster's identifier.
    #[schemars(length(max = IDENTIFIER_MAX), extend("pattern" = names::IDENTIFIER))]
    pub cluster: String,
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
    /// Whether it is the one that need not be said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// What its runs are made by.
    #[must_use]
    pub const fn runs(self) -> &'static Runs {
        match self {
            Self::AuroraGlobal => &AURORA_GLOBAL,
        }
    }
}

/// What the runs of a topology are made by: the names of its machines, and the steps that are its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runs {
    /// The machine that leaves a Region which is lost.
    pub unplanned: &'static str,
    /// The machine that moves a living writer.
    pub planned: &'static str,
    /// The machine that brings the writer home.
    pub failback: &'static str,
    /// The steps whose calls promote a member: the one that may lose what was not replicated, and the one of a planned move.
    pub promoting: [&'static str; 2],
    /// The step that makes members again, where there is one.
    pub rebuilding: Option<&'static str>,
}

const AURORA_GLOBAL: Runs = Runs {
    unplanned: "unplanned-failover",
    planned: "planned-failover",
    failback: "failback",
    promoting: ["detach_and_promote", "planned_failover"],
    rebuilding: Some("rebuild_global"),
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
        }
    }

    /// The field that names the group of its members, and that name.
    #[must_use]
    pub fn named_group(&self) -> (&'static str, &str) {
        match self {
            Self::AuroraGlobal { global_cluster, .. } => {
                ("topology.global_cluster", global_cluster)
            }
        }
    }

    /// The identifier of the group of its members when the plan was first adopted.
    #[must_use]
    pub fn group(&self) -> &str {
        self.named_group().1
    }

    /// The parameter that holds the current identifier of that group, in each member Region.
    #[must_use]
    pub fn group_parameter(&self) -> Option<&str> {
        let Self::AuroraGlobal {
            global_cluster_parameter,
            ..
        } = self;
        global_cluster_parameter.as_deref()
    }

    /// How the standby is promoted after an outage.
    #[must_use]
    pub const fn strategy(&self) -> Strategy {
        let Self::AuroraGlobal { strategy, .. } = self;
        *strategy
    }

    /// The same, to be changed.
    pub const fn strategy_mut(&mut self) -> &mut Strategy {
        let Self::AuroraGlobal { strategy, .. } = self;
        strategy
    }

    /// The member of each Region.
    #[must_use]
    pub const fn members(&self) -> &BTreeMap<Region, Member> {
        let Self::AuroraGlobal { members, .. } = self;
        members
    }

    /// The same, to be changed.
    pub const fn members_mut(&mut self) -> &mut BTreeMap<Region, Member> {
        let Self::AuroraGlobal { members, .. } = self;
        members
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
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ports::ReachInput, testing};

    #[test]
    fn a_kind_is_called_as_in_a_plan_and_the_first_one_need_not_be_said() {
        let plan = testing::run().plan;
        let written = serde_json::to_value(&plan.topology).unwrap();
        assert_eq!(written["kind"], json!(plan.kind()));
        let asked = json!({"plan": "orders", "region": "us-west-2", "cluster": "orders-west"});
        let read: ReachInput = serde_json::from_value(asked.clone()).unwrap();
        assert_eq!(read.kind, TopologyKind::AuroraGlobal);
        assert_eq!(serde_json::to_value(read).unwrap(), asked);
    }
}
