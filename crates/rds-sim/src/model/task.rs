//! Transitions under way, and what becomes true when they end.

use crate::model::{
    course::Course,
    effect::{Effect, When},
    key::ClusterKey,
    state::Millis,
};

/// The number of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub(crate) u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Waiting,
    Running,
    Carried,
}

/// What becomes true when a task ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Then {
    ClusterCreated(ClusterKey),
    InstanceCreated(ClusterKey),
    Promoted(ClusterKey),
    FailoverBegun(String),
    FailedOver(String),
    SwitchedOver(String),
    Resynchronised(String, ClusterKey),
    Modified(ClusterKey),
    InstanceDeleted(ClusterKey),
    ClusterDeleted(ClusterKey),
    SnapshotTaken(ClusterKey),
    /// The volume that a managed failover is about to replace was kept; the member, its global cluster and its primary.
    DeposedKept(ClusterKey, ClusterKey, String, ClusterKey),
    ClusterRenamed(ClusterKey, ClusterKey),
    InstanceRenamed(ClusterKey, ClusterKey),
    InstanceModified(ClusterKey),
    /// The cluster, and the instance that writes from then on.
    ClusterFailedOver(ClusterKey, ClusterKey),
    ClusterStopped(ClusterKey),
    ClusterStarted(ClusterKey),
    EndpointMade(ClusterKey),
    EndpointDeleted(ClusterKey),
    SnapshotDeleted(ClusterKey),
    /// A phase of an instance of its own has ended.
    PhaseEnded(Box<Course>),
    /// A source knows that a replica follows it no more: their resources.
    ReplicaForgotten(String, String),
    InstanceSnapshotTaken(ClusterKey),
    InstanceSnapshotDeleted(ClusterKey),
    ExportEnded(ClusterKey),
    Nothing,
}

impl Then {
    /// Whether it would give that cluster a status, or another name.
    pub(crate) fn leads_cluster(&self, key: &ClusterKey) -> bool {
        self.about() == About::Cluster(key)
    }

    /// As [`Then::leads_cluster`], for an instance.
    pub(crate) fn leads_instance(&self, key: &ClusterKey) -> bool {
        self.about() == About::Instance(key)
    }

    /// Whether it is part of the failover or switchover of that global cluster.
    pub(crate) fn belongs_to_failover_of(&self, id: &str) -> bool {
        self.about() == About::Failover(id)
    }

    fn about(&self) -> About<'_> {
        match self {
            Self::ClusterCreated(cluster)
            | Self::Promoted(cluster)
            | Self::Resynchronised(_, cluster)
            | Self::Modified(cluster)
            | Self::ClusterRenamed(cluster, _)
            | Self::ClusterFailedOver(cluster, _)
            | Self::ClusterStopped(cluster)
            | Self::ClusterStarted(cluster) => About::Cluster(cluster),
            Self::InstanceCreated(instance)
            | Self::InstanceRenamed(instance, _)
            | Self::InstanceModified(instance) => About::Instance(instance),
            Self::PhaseEnded(course) => About::Instance(&course.instance),
            Self::FailoverBegun(global) | Self::FailedOver(global) | Self::SwitchedOver(global) => {
                About::Failover(global)
            }
            Self::InstanceDeleted(_)
            | Self::ClusterDeleted(_)
            | Self::SnapshotTaken(_)
            | Self::DeposedKept(..)
            | Self::EndpointMade(_)
            | Self::EndpointDeleted(_)
            | Self::SnapshotDeleted(_)
            | Self::ReplicaForgotten(..)
            | Self::InstanceSnapshotTaken(_)
            | Self::InstanceSnapshotDeleted(_)
            | Self::ExportEnded(_)
            | Self::Nothing => About::Other,
        }
    }

    /// The course of an instance of its own that it is a phase of.
    pub(crate) fn course(&self) -> Option<&Course> {
        let Self::PhaseEnded(course) = self else {
            return None;
        };
        Some(course)
    }

    /// The name that somebody is about to get.
    pub(crate) fn new_name(&self) -> Option<&ClusterKey> {
        if let Self::ClusterRenamed(_, to) | Self::InstanceRenamed(_, to) = self {
            return Some(to);
        }
        self.course()?.new_name()
    }
}

/// What leads on to a state of its own when it is over.
#[derive(PartialEq)]
enum About<'a> {
    Cluster(&'a ClusterKey),
    Instance(&'a ClusterKey),
    /// A failover or switchover of this global cluster.
    Failover(&'a str),
    Other,
}

/// A transition under way.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) id: TaskId,
    /// It stands still while one of these Regions is lost.
    pub(crate) needs: Vec<String>,
    pub(crate) duration_ms: u64,
    pub(crate) due: Millis,
    pub(crate) effect: Option<Effect>,
    pub(crate) when: When,
    pub(crate) progress: Progress,
    pub(crate) failures: u32,
    pub(crate) then: Then,
}

impl Task {
    /// Whether its effect has been carried out, and only its time is left.
    pub(crate) fn is_carried(&self) -> bool {
        self.progress == Progress::Carried
    }

    /// The instance that others follow, where its effect is about that.
    pub(crate) fn source(&self) -> Option<&ClusterKey> {
        let Some(Effect::DropSlot { source, .. } | Effect::CreateReplica { source, .. }) =
            &self.effect
        else {
            return None;
        };
        Some(source)
    }

    /// A source has another name from now on.
    pub(crate) fn follow_source(&mut self, from: &ClusterKey, to: &ClusterKey) {
        if let Some(Effect::DropSlot { source, .. } | Effect::CreateReplica { source, .. }) =
            &mut self.effect
            && source == from
        {
            *source = to.clone();
        }
    }
}
