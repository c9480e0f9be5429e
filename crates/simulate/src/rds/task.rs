//! What is under way, and what becomes true when it ends.

use failover::domain::Region;
use jiff::{SignedDuration, Timestamp};

/// Something that is under way.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) id: u64,
    pub(super) due: Timestamp,
    pub(super) takes: SignedDuration,
    /// It waits while one of these is down, and takes its whole time from when they are back.
    pub(super) needs: Vec<Region>,
    pub(super) waits: bool,
    pub(super) then: Then,
}

/// What becomes true when it ends. Clusters and global clusters are named by their resource ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    Begin(String),
    Fence(String),
    Shut(String),
    SwitchedOver(String),
    FailedOver(String),
    Promote(String),
    CalledOff(String),
    Reopen(String),
    /// Of a global cluster, a member; so are the next ones.
    Keep(String, String),
    Rebuild(String, String),
    Follow(String, String),
    Detached(String),
    GlobalMade(String),
    GlobalGone(String),
    Made(String, String),
    Rests(String),
    Renamed(String, String),
    NameShows(String),
    Gone(String),
    /// A cluster and an instance of it; so are the next ones.
    InstanceMade(String, String),
    InstanceRests(String, String),
    InstanceGone(String, String),
    /// And the name that it has then.
    InstanceRenamed(String, String, String),
    WriterMoved(String, String),
    EndpointMade(String, String),
    EndpointGone(String, String),
    /// A cluster and the ARN of a role.
    RoleActive(String, String),
    SnapshotMade(Region, String),
    SnapshotGone(Region, String),
    /// A cluster whose writer comes back.
    Back(String),
    Patched(String, String),
}

impl Then {
    /// Whether it belongs to the operation that is under way in that global cluster, from that primary.
    pub(super) fn is_of(&self, global: &str, from: &str) -> bool {
        let of_global = [
            Self::Begin(global.to_owned()),
            Self::Shut(global.to_owned()),
            Self::SwitchedOver(global.to_owned()),
            Self::FailedOver(global.to_owned()),
            Self::CalledOff(global.to_owned()),
        ];
        of_global.contains(self) || *self == Self::Fence(from.to_owned())
    }

    /// Whether it brings a member of a global cluster back.
    pub(super) fn brings_back(&self, of: &str, which: Option<&str>) -> bool {
        if let Self::Keep(global, member)
        | Self::Rebuild(global, member)
        | Self::Follow(global, member) = self
        {
            return global == of && which.is_none_or(|which| which == member);
        }
        false
    }
}
