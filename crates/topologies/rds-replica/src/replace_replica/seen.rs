//! What a pass stands on: the writer, and the other members.

use std::collections::BTreeMap;

use failover::{
    domain::{Epoch, Region},
    patience::Shown,
    topology::{Blueprint, Healthy, Shape, Snapshot, status::AT_REST},
};
use jiff::Timestamp;
use serde::Serialize;

use crate::members::Instance;

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
    /// Whether it took over without the old writer's consent, so that this may have what nobody listed.
    pub unplanned: bool,
    /// The writer.
    pub writer: Instance,
    /// The other members: those first that follow another one than the writer, and the acting Region's last.
    pub members: Vec<SeenMember>,
    /// When the pass looked.
    #[serde(skip)]
    pub now: Timestamp,
    /// The writer's storage, which every replica of it has, in GiB.
    #[serde(skip)]
    pub storage_gib: Option<i32>,
    /// Why the members, complete, are not to be relied on yet.
    pub lag: Option<String>,
    /// In a dry run, what of the members of today could not be made again one day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlook: Option<String>,
    /// In a dry run, what no replica is given that is made again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<BTreeMap<&'static str, Vec<String>>>,
}

/// A member that does not write, as the plan names it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeenMember {
    /// Its Region.
    pub region: Region,
    /// The name that the plan gives its instance.
    pub name: String,
    /// The instance of that name.
    pub instance: Option<Instance>,
    /// What that is made of.
    pub shape: Option<Shape>,
    /// Where it stands.
    pub place: Place,
    /// The fence of the current epoch that it stands under.
    pub fenced_at: Option<Timestamp>,
    /// Why that fence is not this very instance's: another one was fenced, and this one took its name since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stranger: Option<String>,
    /// Why it may have what nothing lists.
    pub unlisted: Option<String>,
    /// What was retired under the current epoch.
    pub blueprint: Option<Blueprint>,
    /// What it was when it was last healthy and in its right role.
    pub healthy: Option<Healthy>,
    /// Why it could not be made again.
    pub unfit: Vec<String>,
    /// The final snapshot's name.
    pub snapshot_name: String,
    /// The final snapshot.
    pub snapshot: Option<Snapshot>,
}

/// Where a member stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// There is no instance of its name.
    Free,
    /// It follows the writer.
    Follows,
    /// It follows the plan's member of another Region, which is not the writer: it takes no writes of its own.
    FollowsDeposed(Region),
    /// It follows what the plan does not name.
    FollowsStranger(String),
    /// It follows nobody.
    Alone,
}

impl Observed {
    /// Whether anything shown is being made, changed or deleted.
    pub(super) fn shown(&self) -> Shown {
        let changes = |instance: &Instance| {
            !instance.serves() && failover::topology::status::stuck(&instance.status).is_none()
        };
        let member = |member: &SeenMember| {
            let snapshot = member.snapshot.as_ref();
            member.instance.as_ref().is_some_and(changes)
                || snapshot.is_some_and(|snapshot| snapshot.status == "creating")
        };
        // RDS refuses what a backup is in the way of, too.
        let is_at_rest = self.writer.status == AT_REST;
        if is_at_rest && !self.members.iter().any(member) {
            Shown::AtRest
        } else {
            Shown::UnderWay
        }
    }

    pub(super) fn member(&self, region: &Region) -> Option<&SeenMember> {
        self.members.iter().find(|seen| seen.region == *region)
    }
}

impl SeenMember {
    /// What is to be made again: what was retired, else what is there and whole, else what it was when it was last healthy.
    #[must_use]
    pub fn wanted(&self) -> Option<&Shape> {
        let retired = self.blueprint.as_ref().map(|retired| &retired.shape);
        retired.or_else(|| self.worth_keeping())
    }

    /// What is to be kept of a member that is about to be retired. After hours of an outage what is there may be less than what was.
    pub(super) fn worth_keeping(&self) -> Option<&Shape> {
        let healthy = self.healthy.as_ref().map(|healthy| &healthy.newest.shape);
        match &self.shape {
            Some(live) if live.is_whole() => Some(live),
            Some(live) => {
                let same = healthy.filter(|healthy| healthy.resource_id == live.resource_id);
                Some(same.unwrap_or(live))
            }
            None => healthy,
        }
    }
}
