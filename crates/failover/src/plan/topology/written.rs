//! How a plan writes the members of each kind, turned into [`Member`] and back: each kind calls the identifier by its own word.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{super::names, Member};
use crate::{domain::Region, topology::names::IDENTIFIER_MAX};

/// One member cluster.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Member")]
pub(super) struct Cluster {
    /// The DB cluster's identifier.
    #[schemars(length(max = IDENTIFIER_MAX), extend("pattern" = names::IDENTIFIER))]
    cluster: String,
}

impl From<Cluster> for Member {
    fn from(Cluster { cluster }: Cluster) -> Self {
        Self {
            identifier: cluster,
        }
    }
}

impl From<Member> for Cluster {
    fn from(Member { identifier }: Member) -> Self {
        Self {
            cluster: identifier,
        }
    }
}

/// One member instance.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MemberInstance")]
pub(super) struct Instance {
    /// The DB instance's identifier. It belongs to no cluster.
    #[schemars(length(max = IDENTIFIER_MAX), extend("pattern" = names::IDENTIFIER))]
    instance: String,
}

impl From<Instance> for Member {
    fn from(Instance { instance }: Instance) -> Self {
        Self {
            identifier: instance,
        }
    }
}

impl From<Member> for Instance {
    fn from(Member { identifier }: Member) -> Self {
        Self {
            instance: identifier,
        }
    }
}

/// Writes members in the form `W`.
pub(super) fn write<W, S>(
    members: &BTreeMap<Region, Member>,
    serializer: S,
) -> Result<S::Ok, S::Error>
where
    W: From<Member> + Serialize,
    S: Serializer,
{
    let written = members.iter();
    serializer.collect_map(written.map(|(region, member)| (region, W::from(member.clone()))))
}

/// Reads members that are written in the form `W`.
pub(super) fn read<'de, W, D>(deserializer: D) -> Result<BTreeMap<Region, Member>, D::Error>
where
    W: Into<Member> + Deserialize<'de>,
    D: Deserializer<'de>,
{
    let written = BTreeMap::<Region, W>::deserialize(deserializer)?;
    let members = written.into_iter();
    Ok(members
        .map(|(region, member)| (region, member.into()))
        .collect())
}
