//! What a pass of a rebuild stands on: the writer, the members and the global clusters that they are in.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use failover::{
    domain::{Epoch, Region},
    patience::Shown,
    topology::{Blueprint, Cluster, GlobalCluster, Healthy, Named, Shape, Snapshot},
};

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The Region that the pass runs in.
    pub acting: Region,
    /// What its kill switch says, while it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub killed: Option<String>,
    /// The proven writer's Region.
    pub writer_region: Region,
    /// Its epoch.
    pub epoch: Epoch,
    /// When that was proven.
    pub proven_at: Timestamp,
    /// Its cluster.
    pub writer: Cluster,
    /// The global cluster that the writer leads.
    pub leads: Option<GlobalCluster>,
    /// The one that the ledgers name.
    pub recorded_global: Option<Named>,
    /// The deposed writer's global cluster, while it exists.
    pub past: Option<GlobalCluster>,
    /// The Region whose RDS shows that one.
    pub past_region: Region,
    /// The identifier that was asked for, for the next global cluster.
    pub wished_global: Option<String>,
    /// The identifier that it can have.
    pub next_global: NextGlobal,
    /// The other members, the one to move home to last.
    pub members: Vec<SeenMember>,
    /// The Regions whose parameter, which the plan names, does not hold the identifier of the global cluster that the writer leads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub misnamed: Vec<Region>,
    /// Why the members, complete, are not to be relied on yet.
    pub lag: Option<String>,
    /// In a dry run while the writer leads a global cluster: what creating the next one, or making a member of today again,
    /// would be refused one day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlook: Option<String>,
    /// In a dry run, what no rebuilt member is given, by the call that could give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<BTreeMap<&'static str, Vec<String>>>,
}

/// The identifier of the next global cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NextGlobal {
    /// The writer leads one.
    NotNeeded,
    /// RDS in every member's Region answers that there is none of this name.
    Free(String),
    /// The deposed one bears it, and gives it up once it is deleted.
    AfterPast(String),
    /// It is taken.
    Taken {
        /// The identifier.
        name: String,
        /// The Region that shows who bears it.
        region: Region,
        /// Why that stays.
        why: String,
    },
    /// This function may not so much as look whether it is free, and so could not create it.
    Denied {
        /// The identifier.
        name: String,
        /// What RDS says.
        why: String,
    },
    /// None of those that were tried is free.
    None,
}

impl NextGlobal {
    /// What creating it would be refused, where this function's role does not reach it.
    #[must_use]
    pub fn denied(&self, wished: Option<&str>) -> Option<String> {
        let Self::Denied { name, why } = self else {
            return None;
        };
        let source = match wished {
            Some(_) => format!("names.global_cluster is {name}"),
            None => format!("the next global cluster is {name}"),
        };
        Some(format!(
            "{source}, which this function may not create ({why}); add its ARN to GlobalClusterArns of the stacks, or choose another as names.global_cluster"
        ))
    }
}

/// A member that does not write, as the plan names it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeenMember {
    /// Its Region.
    pub region: Region,
    /// The name that the plan gives its cluster.
    pub name: String,
    /// The cluster of that name.
    pub cluster: Option<Shape>,
    /// The fence of the current epoch that it stands under.
    pub fenced_at: Option<Timestamp>,
    /// Why it may have what nothing lists.
    pub unlisted: Option<String>,
    /// What was retired under the current epoch.
    pub blueprint: Option<Blueprint>,
    /// What it was when it was last healthy and in its right role.
    pub healthy: Option<Healthy>,
    /// Why it could not be made again: parameter groups that the writer's version does not take, and what the role of this
    /// function does not reach.
    pub unfit: Vec<String>,
    /// The final snapshot's name.
    pub snapshot_name: String,
    /// The final snapshot.
    pub snapshot: Option<Snapshot>,
    /// What a managed failover kept of it.
    pub unplanned: Option<Snapshot>,
    /// The name of the copy of that.
    pub copy_name: String,
    /// That copy.
    pub copy: Option<Snapshot>,
}

impl Observed {
    /// Whether a snapshot was taken in this incident, or is being taken; one of an earlier incident is another.
    #[must_use]
    pub fn is_of_this_incident(&self, snapshot: &Snapshot) -> bool {
        snapshot.is_since(self.proven_at) != Some(false)
    }

    /// Whether anything shown is being made, changed or deleted.
    pub(super) fn shown(&self) -> Shown {
        let global = |global: &Option<GlobalCluster>| {
            let global = global.as_ref();
            global.is_some_and(|global| global.status != "available" || global.failover.is_some())
        };
        let snapshot = |snapshot: &Option<Snapshot>| {
            let snapshot = snapshot.as_ref();
            snapshot.is_some_and(|snapshot| snapshot.status == "creating")
        };
        let member = |member: &SeenMember| {
            let shape = member.cluster.as_ref();
            shape.is_some_and(Shape::is_changing)
                || snapshot(&member.snapshot)
                || snapshot(&member.copy)
        };
        let is_under_way = !self.writer.is_ready()
            || global(&self.leads)
            || global(&self.past)
            || self.members.iter().any(member);
        if is_under_way {
            Shown::UnderWay
        } else {
            Shown::AtRest
        }
    }
}

impl SeenMember {
    /// What is to be made again: what was retired, else what is there and whole, else what it was when it was last healthy.
    #[must_use]
    pub fn wanted(&self) -> Option<&Shape> {
        let retired = self.blueprint.as_ref().map(|retired| &retired.shape);
        retired.or_else(|| self.worth_keeping())
    }

    /// What is to be kept of a member that is about to be retired. After hours of an outage what is there may be less than what
    /// was there.
    pub(super) fn worth_keeping(&self) -> Option<&Shape> {
        let healthy = self.healthy.as_ref().map(|healthy| &healthy.newest.shape);
        match &self.cluster {
            Some(live) if live.is_whole() && !live.is_half_retired() => Some(live),
            Some(live) => {
                let same = healthy.filter(|healthy| healthy.resource_id == live.resource_id);
                Some(same.unwrap_or(live))
            }
            None => healthy,
        }
    }
}
