//! What a plan's members belong to together, in words that every topology has: one member leads, the others follow.

use super::{Cluster, GlobalCluster, Named, Role};
use crate::domain::Region;

/// Members that replicate from one of them, as one Region shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What the ledgers name it by.
    pub named: Named,
    /// `available`, or what is being done to it.
    pub status: String,
    /// Its engine version.
    pub engine_version: String,
    /// Its members.
    pub members: Vec<GroupMember>,
    /// What is pending or running that moves the role of the writer.
    pub operation: Option<Operation>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// Its ARN.
    pub arn: String,
    /// Whether it leads.
    pub leads: bool,
}

/// A move of the writer's role that is pending or running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What the control plane calls its state.
    pub status: String,
    /// The ARN of the member that is to lead.
    pub to: String,
}

impl From<&GlobalCluster> for Group {
    fn from(global: &GlobalCluster) -> Self {
        let members = global.members.iter().map(|member| GroupMember {
            arn: member.arn.clone(),
            leads: member.is_writer,
        });
        let operation = global.failover.as_ref().map(|operation| Operation {
            status: operation.status.clone(),
            to: operation.to.clone(),
        });
        Self {
            named: Named::from(global),
            status: global.status.clone(),
            engine_version: global.engine_version.clone(),
            members: members.collect(),
            operation,
        }
    }
}

impl From<GlobalCluster> for Group {
    fn from(global: GlobalCluster) -> Self {
        Self::from(&global)
    }
}

impl Group {
    /// Whether its only leader is the cluster `identifier` of `region`.
    #[must_use]
    pub fn is_led_by(&self, region: &Region, identifier: &str) -> bool {
        let leaders = self.members.iter().filter(|member| member.leads);
        leaders.count() == 1 && self.names_as_leader(region, identifier)
    }

    /// Whether the cluster `identifier` of `region` is shown as a leader, be it beside another.
    #[must_use]
    pub fn names_as_leader(&self, region: &Region, identifier: &str) -> bool {
        // arn:aws:rds:<region>:<account>:cluster:<identifier>
        let is_it = |member: &GroupMember| {
            let parts: Vec<_> = member.arn.split(':').collect();
            let names_it = |name: &&str| name.eq_ignore_ascii_case(identifier);
            parts.get(3) == Some(&region.as_str()) && parts.get(6).is_some_and(names_it)
        };
        let mut leaders = self.members.iter().filter(|member| member.leads);
        leaders.any(is_it)
    }
}

/// Where a cluster stands, beside the group that was asked about.
#[must_use]
pub fn standing(group: Option<&Group>, cluster: &Cluster) -> Role {
    let mut members = group.iter().flat_map(|group| &group.members);
    match members.find(|member| member.arn == cluster.arn) {
        Some(member) if member.leads => Role::Primary,
        Some(_) => Role::Standby,
        None if cluster.group().is_some() => Role::Unsettled,
        None => Role::Standalone,
    }
}
