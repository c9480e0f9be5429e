//! What RDS says about a global cluster and its members, in our own types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::Region;

mod accepted;
mod blueprint;
mod call;
mod differences;
mod forwarding;
mod group;
mod named;
pub mod names;
mod reach;
mod sdk_input;
mod shape;
mod snapshot;
pub mod status;

pub use accepted::Accepted;
pub use blueprint::{Blueprint, Healthy};
pub use call::{Call, ParameterGroup};
pub use differences::between as differences;
pub use forwarding::Forwarding;
pub use group::{Group, GroupMember, Operation, standing};
pub use named::Named;
pub use reach::Reach;
pub use sdk_input::{SdkInput, is_default_group, left_out_of};
pub use shape::{
    AloneShape, EndpointShape, InstanceShape, MonitoringShape, RoleShape, ScalingShape, Shape,
};
pub use snapshot::Snapshot;

/// A global cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlobalCluster {
    /// Its identifier.
    pub identifier: String,
    /// What RDS calls it for good, whoever takes its identifier later.
    #[serde(default)]
    pub resource_id: Option<String>,
    /// `available`, or what is being done to it.
    pub status: String,
    /// Its engine version.
    pub engine_version: String,
    /// Its members.
    pub members: Vec<GlobalMember>,
    /// The operation that is pending or running.
    pub failover: Option<FailoverState>,
    /// What its successor is to have too.
    #[serde(default)]
    pub settings: GlobalSettings,
}

/// What a global cluster was given beside its members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GlobalSettings {
    /// Whether it must not be deleted.
    pub deletion_protection: Option<bool>,
    /// Whether it is enrolled in extended support.
    pub engine_lifecycle_support: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A member of a global cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlobalMember {
    /// The member cluster's ARN.
    pub arn: String,
    /// Whether it is the primary.
    pub is_writer: bool,
    /// `connected` or `pending-resync`, where RDS says so.
    pub synchronization: Option<String>,
}

/// An operation on a global cluster that is pending or running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailoverState {
    /// `pending`, `failing-over`, `switching-over` or `cancelling`.
    pub status: String,
    /// The ARN of the member that is to become the primary.
    pub to: String,
    /// Whether it may lose data (`IsDataLossAllowed`): a failover may, a switchover may not; `None` where RDS does not say.
    #[serde(default)]
    pub loses: Option<bool>,
}

/// A DB cluster with its instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its identifier.
    pub identifier: String,
    /// Its ARN.
    pub arn: String,
    /// What RDS calls it for good, whoever takes its identifier later.
    #[serde(default)]
    pub resource_id: Option<String>,
    /// `available`, or what is being done to it.
    pub status: String,
    /// Its engine version.
    pub engine_version: String,
    /// The global cluster that it says it belongs to.
    pub global_cluster: Option<String>,
    /// The cluster endpoint.
    pub endpoint: String,
    /// The reader endpoint.
    pub reader_endpoint: String,
    /// The port of both.
    pub port: u16,
    /// Its instances.
    pub instances: Vec<Instance>,
}

/// A DB instance of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its identifier.
    pub identifier: String,
    /// `available`, or what is being done to it.
    pub status: String,
    /// Whether it is the cluster's writer.
    pub is_writer: bool,
}

impl GlobalCluster {
    /// The member with this ARN.
    #[must_use]
    pub fn member(&self, arn: &str) -> Option<&GlobalMember> {
        self.members.iter().find(|member| member.arn == arn)
    }

    /// Whether no member or several are shown as the primary, and no operation: so it looks between two steps of one.
    #[must_use]
    pub fn is_between_writers(&self) -> bool {
        let primaries = self.members.iter().filter(|member| member.is_writer);
        self.failover.is_none() && primaries.count() != 1
    }
}

impl Cluster {
    /// The group that it says it belongs to.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.global_cluster.as_deref()
    }

    /// Whether it takes writes as far as RDS can tell: it is available, and so is its writer instance.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status == "available"
            && self
                .instances
                .iter()
                .any(|instance| instance.is_writer && instance.status == "available")
    }
}

/// Which member of `global` a target is, after all that RDS shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A secondary of the global cluster.
    Standby,
    /// The primary of the global cluster.
    Primary,
    /// It belongs to no global cluster.
    Standalone,
    /// It says that it belongs to a global cluster, and the one that was asked about does not list it.
    Unsettled,
}

/// The target's role in the global cluster.
#[must_use]
pub fn role(global: Option<&GlobalCluster>, target: &Cluster) -> Role {
    standing(global.map(Group::from).as_ref(), target)
}

/// Whether the only primary of the global cluster is the cluster `identifier` of `region`.
#[must_use]
pub fn is_led_by(global: &GlobalCluster, region: &Region, identifier: &str) -> bool {
    Group::from(global).is_led_by(region, identifier)
}

/// Whether the cluster `identifier` of `region` is shown as a primary of the global cluster, be it beside another.
#[must_use]
pub fn is_primary_of(global: &GlobalCluster, region: &Region, identifier: &str) -> bool {
    Group::from(global).names_as_leader(region, identifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn global(writers: [bool; 2]) -> GlobalCluster {
        let arn = |index| {
            let (region, name) =
                [("us-west-2", "orders-west"), ("us-east-1", "orders-east")][index];
            format!("arn:aws:rds:{region}:123456789012:cluster:{name}")
        };
        let members = writers.into_iter().enumerate();
        GlobalCluster {
            identifier: "orders-global-1".into(),
            resource_id: None,
            settings: GlobalSettings::default(),
            status: "available".into(),
            engine_version: "16.4".into(),
            members: members
                .map(|(index, is_writer)| GlobalMember {
                    arn: arn(index),
                    is_writer,
                    synchronization: None,
                })
                .collect(),
            failover: None,
        }
    }

    #[test]
    fn a_promoted_writer_leads_its_global_cluster_beside_one_that_is_still_named() {
        let east = |writers| {
            let (global, region) = (global(writers), "us-east-1".into());
            let judge = [is_primary_of, is_led_by];
            let [leads, alone] = judge.map(|judge| judge(&global, &region, "orders-east"));
            (leads, alone, global.is_between_writers())
        };
        assert_eq!(east([false, true]), (true, true, false));
        assert_eq!(east([true, true]), (true, false, true));
        assert_eq!(east([true, false]), (false, false, false));
        assert_eq!(east([false, false]), (false, false, true));
    }
}
