//! Clusters in the shape of the RDS API.

use super::{iso, tags_view};
use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        engine::{ENGINE, default_parameters},
        kept::OF_CLUSTER,
        key::ClusterKey,
        network::{DEFAULT_SUBNETS, HOSTED_ZONE, SECURITY_GROUP},
        state::{Cluster, Scaling},
    },
};

impl Model {
    pub(crate) fn cluster_view(&self, cluster: &Cluster) -> Node {
        let fields = self.identity(Fields::default(), cluster);
        let fields = self.network(fields, cluster);
        let fields = cluster.kept.show(&OF_CLUSTER, fields);
        let fields = self.of_its_global(fields, cluster);
        // RDS shows the storage type only where it is this one.
        let optimized = cluster
            .kept
            .get("StorageType")
            .filter(|kind| *kind == "aurora-iopt1");
        let forwards = cluster.kept.is_on("EnableLocalWriteForwarding");
        let serverless = cluster.scaling.as_ref().map(|_| "3");
        fields
            .optional("StorageType", optimized)
            .text(
                "LocalWriteForwardingStatus",
                if forwards { "enabled" } else { "disabled" },
            )
            .optional("ServerlessV2PlatformVersion", serverless)
            .nodes(cluster.scaling.as_ref().map(scaling_view))
            .node("AssociatedRoles", roles_view(cluster))
            .nodes(logs_view(&cluster.log_exports))
            .node("DBClusterMembers", self.cluster_members_view(cluster))
            .node("TagList", tags_view(&cluster.tags))
            .done()
    }

    fn identity(&self, fields: Fields, cluster: &Cluster) -> Fields {
        let key = &cluster.key;
        let status = self.shown_status(key, cluster.status.as_str());
        fields
            .text("AllocatedStorage", 1)
            .text("DBClusterIdentifier", &key.id)
            .text("DBClusterArn", self.names.cluster_arn(key))
            .text("DbClusterResourceId", &cluster.resource_id)
            .text("Status", status)
            .text("Engine", ENGINE)
            .text("EngineVersion", &cluster.engine_version)
            .text("EngineMode", "provisioned")
            .optional("MasterUsername", cluster.master_username.as_ref())
            .optional("DatabaseName", cluster.database.as_ref())
            .text("ClusterCreateTime", iso(cluster.created_at))
            .text("EarliestRestorableTime", iso(cluster.created_at))
            .text(
                "LatestRestorableTime",
                iso(self.now.max(cluster.created_at)),
            )
            .text("BackupRetentionPeriod", cluster.backup_retention_days)
            .text("DeletionProtection", cluster.deletion_protection)
            .text(
                "IAMDatabaseAuthenticationEnabled",
                cluster.iam_authentication,
            )
            .text("MultiAZ", self.instances_of(key).count() > 1)
            .text("CrossAccountClone", false)
            .node(
                "ReadReplicaIdentifiers",
                Node::list("ReadReplicaIdentifier", []),
            )
            .node("DomainMemberships", Node::list("DomainMembership", []))
    }

    fn network(&self, fields: Fields, cluster: &Cluster) -> Fields {
        let (key, network) = (&cluster.key, &cluster.network);
        let zones = ["a", "b", "c"].map(|zone| format!("{}{zone}", key.region));
        let zones = if cluster.zones.is_empty() {
            zones.to_vec()
        } else {
            cluster.zones.clone()
        };
        let parameters = default_parameters(ENGINE, &cluster.engine_version);
        fields
            .text("Endpoint", self.names.writer_endpoint(key))
            .text("ReaderEndpoint", self.names.reader_endpoint(key))
            .text("Port", cluster.port)
            .text("HostedZoneId", HOSTED_ZONE)
            .node(
                "AvailabilityZones",
                Node::list("AvailabilityZone", zones.iter().map(Node::text)),
            )
            .node(
                "VpcSecurityGroups",
                groups_view(&cluster.network.security_groups),
            )
            .text(
                "DBSubnetGroup",
                network.subnet_group.as_deref().unwrap_or(DEFAULT_SUBNETS),
            )
            .text(
                "DBClusterParameterGroup",
                network.parameter_group.as_ref().unwrap_or(&parameters),
            )
            .optional("KmsKeyId", network.kms_key.as_ref())
            .text("StorageEncrypted", network.encrypted)
    }

    fn of_its_global(&self, fields: Fields, cluster: &Cluster) -> Fields {
        let global = self.global_of(cluster);
        let source = global.and_then(|global| global.writer.as_ref());
        let source = source.filter(|writer| **writer != cluster.key);
        let forwarding = self.write_forwarding(cluster);
        fields
            .optional(
                "ReplicationSourceIdentifier",
                source.map(|source| self.names.cluster_arn(source)),
            )
            .optional("GlobalClusterIdentifier", cluster.global.as_ref())
            .optional("GlobalWriteForwardingStatus", source.map(|_| forwarding))
    }

    /// Whether a secondary forwards writes to the primary.
    pub(super) fn write_forwarding(&self, cluster: &Cluster) -> &'static str {
        let on = cluster.kept.is_on("EnableGlobalWriteForwarding");
        if on { "enabled" } else { "disabled" }
    }

    /// A standby cluster has readers only.
    fn cluster_members_view(&self, cluster: &Cluster) -> Node {
        let writes = self.takes_writes(&cluster.key).unwrap_or(false);
        let is_writer = |key: &ClusterKey| writes && cluster.writer.as_ref() == Some(key);
        let members = self.instances_of(&cluster.key).map(|instance| {
            Fields::default()
                .text("DBInstanceIdentifier", &instance.key.id)
                .text("IsClusterWriter", is_writer(&instance.key))
                .text("DBClusterParameterGroupStatus", "in-sync")
                .text("PromotionTier", instance.promotion_tier)
                .done()
        });
        Node::list("DBClusterMember", members)
    }
}

/// The security groups of a cluster, which its instances share; the network's own where none was given.
/// Security groups; the network's own where none was given.
pub(crate) fn groups_view(given: &[String]) -> Node {
    let own = [SECURITY_GROUP.to_owned()];
    let groups = if given.is_empty() {
        own.as_slice()
    } else {
        given
    };
    let group = |group: &String| {
        Fields::default()
            .text("VpcSecurityGroupId", group)
            .text("Status", "active")
            .done()
    };
    Node::list("VpcSecurityGroupMembership", groups.iter().map(group))
}

fn scaling_view(scaling: &Scaling) -> (&'static str, Node) {
    let view = Fields::default()
        .text("MinCapacity", scaling.min_capacity)
        .text("MaxCapacity", scaling.max_capacity)
        .optional("SecondsUntilAutoPause", scaling.pause_after_seconds)
        .done();
    ("ServerlessV2ScalingConfiguration", view)
}

fn roles_view(cluster: &Cluster) -> Node {
    let role = |(role, feature): &(String, String)| {
        let feature = Some(feature).filter(|feature| !feature.is_empty());
        Fields::default()
            .text("RoleArn", role)
            .text("Status", "ACTIVE")
            .optional("FeatureName", feature)
            .done()
    };
    Node::list("DBClusterRole", cluster.roles.iter().map(role))
}

/// The logs that go to CloudWatch; RDS leaves the member out where there are none.
pub(crate) fn logs_view(logs: &[String]) -> Option<(&'static str, Node)> {
    let view = Node::list("member", logs.iter().map(Node::text));
    (!logs.is_empty()).then_some(("EnabledCloudwatchLogsExports", view))
}
