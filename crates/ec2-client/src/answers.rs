//! What answers hold, as far as anybody here asks for it. Names are those of the API reference.
//! Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Operations.html>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::Pages;

mod looked;

pub use looked::{
    Association, Attached, AttributeValue, Checked, CheckedVolume, Detail, Device, Ebs, Group,
    GroupId, Image, Initialization, Instance, InstanceState, Interface, Metadata, Named,
    Permission, Placement, Profile, Reservation, Route, RouteTable, StateReason, Status, Subnet,
    Tag, Volume,
};

/// A list. Its members are called `item`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Set<T> {
    /// The members.
    #[serde(default = "Vec::new", rename = "item")]
    pub items: Vec<T>,
}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self { items: Vec::new() }
    }
}

impl Set<Tag> {
    /// The tags, by key.
    #[must_use]
    pub fn by_key(self) -> BTreeMap<String, String> {
        let tags = self.items.into_iter();
        tags.map(|tag| (tag.key, tag.value)).collect()
    }
}

/// An answer that says that a call was taken, and nothing else that is asked for here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Done {}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Made {
    /// The volume.
    #[serde(rename = "volumeId")]
    pub volume: String,
}

/// What was launched.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Launched {
    /// The hosts.
    #[serde(default, rename = "instancesSet")]
    pub instances: Set<Instance>,
}

/// What was taken of a host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Taken {
    /// The snapshots. What is called their status elsewhere is their state here.
    #[serde(default, rename = "snapshotSet")]
    pub snapshots: Set<TakenSnapshot>,
}

/// A snapshot that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakenSnapshot {
    /// Its id.
    pub snapshot_id: String,
    /// The volume that it is of.
    pub volume_id: String,
}

/// A snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "each field is the element of its name")]
pub struct Snapshot {
    pub snapshot_id: String,
    pub volume_id: String,
    pub status: String,
    pub status_message: Option<String>,
    pub start_time: Option<Timestamp>,
    pub progress: Option<String>,
    pub volume_size: u64,
    pub encrypted: bool,
    pub kms_key_id: Option<String>,
    pub full_snapshot_size_in_bytes: Option<u64>,
    pub tag_set: Set<Tag>,
}

/// An attribute of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Attribute {
    /// Whether it may not be stopped, where that was asked.
    pub disable_api_stop: Option<AttributeValue>,
}

macro_rules! pages {
    ($(#[doc = $doc:literal] $name:ident: $list:literal of $item:ty;)*) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        pub struct $name {
            /// What the page lists.
            #[serde(default, rename = $list)]
            pub list: Set<$item>,
            /// The token of the next page.
            #[serde(default, rename = "nextToken")]
            pub next: Option<String>,
        }

        impl Pages for $name {
            type Item = $item;

            fn parts(self) -> (Vec<$item>, Option<String>) {
                (self.list.items, self.next.filter(|token| !token.is_empty()))
            }
        }
    )*};
}

pages! {
    #[doc = "Hosts, by the reservations that they were launched in."]
    Instances: "reservationSet" of Reservation;
    #[doc = "What the status checks of hosts say."]
    Statuses: "instanceStatusSet" of Checked;
    #[doc = "Volumes."]
    Volumes: "volumeSet" of Volume;
    #[doc = "How volumes are."]
    VolumeStatuses: "volumeStatusSet" of CheckedVolume;
    #[doc = "Snapshots."]
    Snapshots: "snapshotSet" of Snapshot;
    #[doc = "Images."]
    Images: "imagesSet" of Image;
    #[doc = "Subnets."]
    Subnets: "subnetSet" of Subnet;
    #[doc = "Security groups."]
    SecurityGroups: "securityGroupInfo" of Group;
    #[doc = "Route tables."]
    RouteTables: "routeTableSet" of RouteTable;
}
