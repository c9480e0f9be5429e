//! Instances in the shape of the RDS API.

use super::{groups_view, iso, logs_view, tags_view};
use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        engine::{ENGINE, default_parameters},
        kept::{Kept, OF_INSTANCE},
        network::{DEFAULT_SUBNETS, HOSTED_ZONE},
        state::{Cluster, Instance},
    },
};

/// How far a cluster volume grows, in GiB.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html>.
const VOLUME_GIB_MAX: u32 = 131_072;
/// When the certificates of the simulated authority end.
const CERTIFICATE_UNTIL: &str = "2061-05-25T23:59:59.000Z";

impl Model {
    pub(crate) fn instance_view(&self, instance: &Instance) -> Node {
        let fields = self.instance_identity(Fields::default(), instance);
        let fields = instance.kept.show(&OF_INSTANCE, fields);
        let fields = match self.clusters.get(&instance.cluster) {
            Some(cluster) => self.of_its_cluster(fields, instance, cluster),
            None => fields,
        };
        fields.node("TagList", tags_view(&instance.tags)).done()
    }

    fn instance_identity(&self, fields: Fields, instance: &Instance) -> Fields {
        let key = &instance.key;
        let status = self.shown_status(&instance.cluster, instance.status.as_str());
        let zone = format!("{}a", key.region);
        fields
            .text("DBInstanceIdentifier", &key.id)
            .text("DBInstanceArn", self.names.instance_arn(key))
            .text("DbiResourceId", &instance.resource_id)
            .text("DBInstanceClass", &instance.class)
            .text("DBInstanceStatus", status)
            .text("Engine", ENGINE)
            .text("LicenseModel", "postgresql-license")
            .text("AvailabilityZone", instance.zone.as_ref().unwrap_or(&zone))
            .text("InstanceCreateTime", iso(instance.created_at))
            .text("DBClusterIdentifier", &instance.cluster.id)
            .text("PromotionTier", instance.promotion_tier)
            .text("MultiAZ", false)
            .text("AllocatedStorage", 1)
            .text("MaxAllocatedStorage", VOLUME_GIB_MAX)
            .text("StorageThroughput", 0)
            .text("DedicatedLogVolume", false)
            .text("CustomerOwnedIpEnabled", false)
            .text("BackupTarget", "region")
            .text("DbInstancePort", 0)
            .node("CertificateDetails", certificate_view(&instance.kept))
            .node("PendingModifiedValues", Fields::default().done())
            .node("AssociatedRoles", Node::list("DBInstanceRole", []))
            .node("DBSecurityGroups", Node::list("DBSecurityGroup", []))
            .node("DomainMemberships", Node::list("DomainMembership", []))
            .node(
                "ReadReplicaDBInstanceIdentifiers",
                Node::list("ReadReplicaDBInstanceIdentifier", []),
            )
    }

    /// What an instance has from its cluster.
    fn of_its_cluster(&self, fields: Fields, instance: &Instance, cluster: &Cluster) -> Fields {
        let (key, kept) = (&instance.key, &cluster.kept);
        let endpoint = Fields::default()
            .text("Address", self.names.instance_endpoint(key))
            .text("Port", cluster.port)
            .text("HostedZoneId", HOSTED_ZONE)
            .done();
        let subnets = cluster.network.subnet_group.as_deref();
        let subnets = self.subnets_view(&key.region, subnets.unwrap_or(DEFAULT_SUBNETS));
        let default = default_parameters(ENGINE, &cluster.engine_version);
        let parameters = Fields::default()
            .text(
                "DBParameterGroupName",
                instance.parameter_group.as_ref().unwrap_or(&default),
            )
            .text("ParameterApplyStatus", "in-sync")
            .done();
        let options = Fields::default()
            .text("OptionGroupName", default.replace("default.", "default:"))
            .text("Status", "in-sync")
            .done();
        let storage = kept.get("StorageType").unwrap_or("aurora");
        fields
            .text("EngineVersion", &cluster.engine_version)
            .optional("MasterUsername", cluster.master_username.as_ref())
            .optional("DBName", cluster.database.as_ref())
            .node("Endpoint", endpoint)
            .text("StorageEncrypted", cluster.network.encrypted)
            .optional("KmsKeyId", cluster.network.kms_key.as_ref())
            .text("StorageType", storage)
            .text("DeletionProtection", cluster.deletion_protection)
            .text("BackupRetentionPeriod", cluster.backup_retention_days)
            .text(
                "IAMDatabaseAuthenticationEnabled",
                cluster.iam_authentication,
            )
            .text(
                "PreferredBackupWindow",
                kept.get("PreferredBackupWindow").unwrap_or("03:00-03:30"),
            )
            .text("CopyTagsToSnapshot", kept.is_on("CopyTagsToSnapshot"))
            .text("NetworkType", kept.get("NetworkType").unwrap_or("IPV4"))
            .node(
                "VpcSecurityGroups",
                groups_view(&cluster.network.security_groups),
            )
            .node("DBSubnetGroup", subnets)
            .node(
                "DBParameterGroups",
                Node::list("DBParameterGroup", [parameters]),
            )
            .node(
                "OptionGroupMemberships",
                Node::list("OptionGroupMembership", [options]),
            )
            .nodes(logs_view(&cluster.log_exports))
    }
}

/// The server's certificate, of the authority that an instance was given.
pub(crate) fn certificate_view(kept: &Kept) -> Node {
    let authority = kept.get("CACertificateIdentifier");
    Fields::default()
        .text("CAIdentifier", authority.unwrap_or("rds-ca-rsa2048-g1"))
        .text("ValidTill", CERTIFICATE_UNTIL)
        .done()
}
