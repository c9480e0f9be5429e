//! The resources of a workload, of every kind.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::names;

/// What comes home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Resource {
    /// An RDS DB instance, by snapshots.
    RdsInstance(RdsInstance),
    /// An Aurora DB cluster, by snapshots.
    AuroraCluster(AuroraCluster),
    /// A table of DynamoDB, by backups.
    DynamodbTable(DynamodbTable),
    /// A host of EC2, by snapshots of its volumes.
    Ec2Instance(Ec2Instance),
}

/// An RDS DB instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RdsInstance {
    /// What the plan calls it.
    #[schemars(extend("pattern" = names::PLAN))]
    pub name: String,
    /// When it is put in place: what has a lower number comes first.
    #[serde(default = "first")]
    pub order: u16,
    /// The identifier of the instance at home.
    #[schemars(length(max = names::IDENTIFIER_MAX), extend("pattern" = names::IDENTIFIER))]
    pub home: String,
    /// The identifier of the one that serves in the recovery Region.
    #[schemars(length(max = names::IDENTIFIER_MAX), extend("pattern" = names::IDENTIFIER))]
    pub recovery: String,
    /// The KMS key at home by which the copy of an encrypted snapshot is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("pattern" = names::KEY))]
    pub kms_key: Option<String>,
    /// Where a rehearsal builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Isolated")]
    pub rehearsal: Option<Isolated>,
}

/// An Aurora DB cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuroraCluster {
    /// What the plan calls it.
    #[schemars(extend("pattern" = names::PLAN))]
    pub name: String,
    /// When it is put in place: what has a lower number comes first.
    #[serde(default = "first")]
    pub order: u16,
    /// The identifier of the cluster at home.
    #[schemars(length(max = names::IDENTIFIER_MAX), extend("pattern" = names::IDENTIFIER))]
    pub home: String,
    /// The identifier of the one that serves in the recovery Region.
    #[schemars(length(max = names::IDENTIFIER_MAX), extend("pattern" = names::IDENTIFIER))]
    pub recovery: String,
    /// The KMS key at home by which the copy of an encrypted snapshot is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("pattern" = names::KEY))]
    pub kms_key: Option<String>,
    /// Where a rehearsal builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Isolated")]
    pub rehearsal: Option<Isolated>,
    /// The global cluster that both leave before the move, and that is formed again at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = names::IDENTIFIER_MAX), extend("pattern" = names::IDENTIFIER))]
    pub global_cluster: Option<String>,
}

/// A table of DynamoDB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DynamodbTable {
    /// What the plan calls it.
    #[schemars(extend("pattern" = names::PLAN))]
    pub name: String,
    /// When it is put in place: what has a lower number comes first.
    #[serde(default = "first")]
    pub order: u16,
    /// The table's name at home.
    #[schemars(extend("pattern" = names::TABLE))]
    pub home: String,
    /// The name of the one that serves in the recovery Region.
    #[schemars(extend("pattern" = names::TABLE))]
    pub recovery: String,
    /// The KMS key at home by which the restored table is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("pattern" = names::KEY))]
    pub kms_key: Option<String>,
    /// Whether its writers in the recovery Region are denied by the table's policy while the business is suspended.
    #[serde(default)]
    pub deny_writes: bool,
}

/// A host of EC2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ec2Instance {
    /// What the plan calls it.
    #[schemars(extend("pattern" = names::PLAN))]
    pub name: String,
    /// When it is put in place: what has a lower number comes first.
    #[serde(default = "first")]
    pub order: u16,
    /// The id of the host at home.
    #[schemars(extend("pattern" = names::HOST))]
    pub home: String,
    /// The id of the one that serves in the recovery Region.
    #[schemars(extend("pattern" = names::HOST))]
    pub recovery: String,
    /// The devices whose volumes stay away.
    #[serde(default)]
    #[schemars(with = "Vec<Device>", extend("uniqueItems" = true))]
    pub leave_out: Vec<String>,
    /// The zone of a home host that is made anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("pattern" = names::ZONE))]
    pub zone: Option<String>,
    /// The type of a home host that is made anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("pattern" = names::INSTANCE_TYPE))]
    pub instance_type: Option<String>,
    /// What volumes shall be at home where they shall not be what they were, by device.
    #[serde(default)]
    pub volumes: BTreeMap<String, VolumeWish>,
    /// MiB in a second at which a restored volume is loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 100, max = 300))]
    pub initialisation_rate: Option<u32>,
    /// Whether the cut-over waits until every block is loaded.
    #[serde(default)]
    pub wait_until_read: bool,
    /// Where a rehearsal builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "IsolatedSubnet")]
    pub rehearsal: Option<IsolatedSubnet>,
}

/// An isolated place for databases at home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Isolated {
    /// The DB subnet group, whose subnets have no route but the local one.
    #[schemars(extend("pattern" = names::SUBNET_GROUP))]
    pub subnet_group: String,
    /// The security groups, none with a rule for what goes out.
    #[schemars(with = "Vec<SecurityGroup>", length(min = 1, max = 5), extend("uniqueItems" = true))]
    pub security_groups: Vec<String>,
}

/// An isolated place for hosts at home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IsolatedSubnet {
    /// The subnet, which has no route but the local one.
    #[schemars(extend("pattern" = names::SUBNET))]
    pub subnet: String,
    /// The security groups, none with a rule for what goes out.
    #[schemars(with = "Vec<SecurityGroup>", length(min = 1, max = 5), extend("uniqueItems" = true))]
    pub security_groups: Vec<String>,
}

/// What a volume shall be. What is left out stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VolumeWish {
    /// Its type, such as `gp3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub volume_type: Option<String>,
    /// Its operations in a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    pub iops: Option<u32>,
    /// Its MiB in a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    pub throughput: Option<u32>,
    /// The KMS key by which it is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("pattern" = names::KEY))]
    pub kms_key: Option<String>,
}

/// The id of a security group, in the schema.
#[derive(JsonSchema)]
#[schemars(inline, transparent, extend("pattern" = names::SECURITY_GROUP))]
struct SecurityGroup(#[expect(dead_code, reason = "the schema is made of the type alone")] String);

/// The name of a device, in the schema.
#[derive(JsonSchema)]
#[schemars(inline, transparent, extend("pattern" = names::DEVICE))]
struct Device(#[expect(dead_code, reason = "the schema is made of the type alone")] String);

const fn first() -> u16 {
    1
}

impl Resource {
    /// What the plan calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::RdsInstance(one) => &one.name,
            Self::AuroraCluster(one) => &one.name,
            Self::DynamodbTable(one) => &one.name,
            Self::Ec2Instance(one) => &one.name,
        }
    }

    /// When it is put in place: what has a lower number comes first.
    #[must_use]
    pub const fn order(&self) -> u16 {
        match self {
            Self::RdsInstance(one) => one.order,
            Self::AuroraCluster(one) => one.order,
            Self::DynamodbTable(one) => one.order,
            Self::Ec2Instance(one) => one.order,
        }
    }

    /// Its kind, as the plan writes it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::RdsInstance(_) => "rds_instance",
            Self::AuroraCluster(_) => "aurora_cluster",
            Self::DynamodbTable(_) => "dynamodb_table",
            Self::Ec2Instance(_) => "ec2_instance",
        }
    }

    /// What it is called at home.
    #[must_use]
    pub fn home(&self) -> &str {
        match self {
            Self::RdsInstance(one) => &one.home,
            Self::AuroraCluster(one) => &one.home,
            Self::DynamodbTable(one) => &one.home,
            Self::Ec2Instance(one) => &one.home,
        }
    }

    /// What the one that serves in the recovery Region is called.
    #[must_use]
    pub fn recovery(&self) -> &str {
        match self {
            Self::RdsInstance(one) => &one.recovery,
            Self::AuroraCluster(one) => &one.recovery,
            Self::DynamodbTable(one) => &one.recovery,
            Self::Ec2Instance(one) => &one.recovery,
        }
    }
}
