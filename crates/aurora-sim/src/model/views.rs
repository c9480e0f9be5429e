//! Global clusters, clusters, instances and events in the shapes of the RDS API.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        cluster::ENGINE,
        names::ClusterKey,
        state::{Cluster, ClusterStatus, Event, Failover, FailoverKind, Global, Instance, Millis},
    },
};

impl Model {
    pub(crate) fn global_view(&self, global: &Global) -> Node {
        Fields::default()
            .text("GlobalClusterIdentifier", &global.id)
            .text("GlobalClusterResourceId", &global.resource_id)
            .text("GlobalClusterArn", self.names.global_arn(&global.id))
            .text("Status", self.global_status(global))
            .text("Engine", ENGINE)
            .text("EngineVersion", &global.engine_version)
            .text("EngineLifecycleSupport", "open-source-rds-extended-support")
            .optional("DatabaseName", global.database.as_ref())
            .text("StorageEncrypted", global.encrypted)
            .text("DeletionProtection", global.deletion_protection)
            .node("GlobalClusterMembers", self.members_view(global))
            .text("Endpoint", self.names.global_endpoint(&global.id))
            .nodes(
                global
                    .failover
                    .as_ref()
                    .map(|failover| ("FailoverState", self.failover_view(failover))),
            )
            .node("TagList", tags_view(&global.tags))
            .done()
    }

    /// Free text at AWS: busy while an operation runs or a member is upgraded.
    fn global_status(&self, global: &Global) -> &'static str {
        if let Some(failover) = &global.failover {
            return match failover.kind {
                FailoverKind::Switchover => "switching-over",
                FailoverKind::DataLossAllowed => "failing-over",
            };
        }
        let upgrading = |key: &ClusterKey| {
            self.clusters
                .get(key)
                .is_some_and(|c| c.status == ClusterStatus::Upgrading)
        };
        if global.members().any(upgrading) {
            "upgrading"
        } else {
            "available"
        }
    }

    fn members_view(&self, global: &Global) -> Node {
        let member = |key: &ClusterKey, writer: bool, readers: Vec<Node>, synchronization: &str| {
            Fields::default()
                .text("DBClusterArn", self.names.cluster_arn(key))
                .node("Readers", Node::list("member", readers))
                .text("IsWriter", writer)
                .text("GlobalWriteForwardingStatus", "disabled")
                .text("SynchronizationStatus", synchronization)
                .done()
        };
        let readers = global
            .standbys
            .iter()
            .map(|standby| Node::text(self.names.cluster_arn(&standby.cluster)));
        let writer = global
            .writer
            .iter()
            .map(|key| member(key, true, readers.clone().collect(), "connected"));
        let standbys = global.standbys.iter().map(|standby| {
            member(
                &standby.cluster,
                false,
                Vec::new(),
                standby.synchronization.as_str(),
            )
        });
        Node::list("GlobalClusterMember", writer.chain(standbys))
    }

    fn failover_view(&self, failover: &Failover) -> Node {
        Fields::default()
            .text("Status", failover.status())
            .text("FromDbClusterArn", self.names.cluster_arn(&failover.from))
            .text("ToDbClusterArn", self.names.cluster_arn(&failover.to))
            .text(
                "IsDataLossAllowed",
                failover.kind == FailoverKind::DataLossAllowed,
            )
            .done()
    }

    pub(crate) fn cluster_view(&self, cluster: &Cluster) -> Node {
        let key = &cluster.key;
        let global = self.global_of(cluster);
        let source = global
            .and_then(|global| global.writer.as_ref())
            .filter(|writer| *writer != key);
        let zones = ["a", "b", "c"].map(|zone| Node::text(format!("{}{zone}", key.region)));
        let groups = cluster.network.security_groups.iter().map(|group| {
            Fields::default()
                .text("VpcSecurityGroupId", group)
                .text("Status", "active")
                .done()
        });
        Fields::default()
            .text("DBClusterIdentifier", &key.id)
            .text("DBClusterArn", self.names.cluster_arn(key))
            .text("DbClusterResourceId", &cluster.resource_id)
            .text(
                "Status",
                self.shown_status(&cluster.key, cluster.status.as_str()),
            )
            .text("Engine", ENGINE)
            .text("EngineVersion", &cluster.engine_version)
            .text("EngineMode", "provisioned")
            .text("Endpoint", self.names.writer_endpoint(key))
            .text("ReaderEndpoint", self.names.reader_endpoint(key))
            .text("Port", cluster.port)
            .optional("MasterUsername", cluster.master_username.as_ref())
            .optional("DatabaseName", cluster.database.as_ref())
            .node("AvailabilityZones", Node::list("AvailabilityZone", zones))
            .node(
                "VpcSecurityGroups",
                Node::list("VpcSecurityGroupMembership", groups),
            )
            .optional("DBSubnetGroup", cluster.network.subnet_group.as_ref())
            .optional(
                "DBClusterParameterGroup",
                cluster.network.parameter_group.as_ref(),
            )
            .optional("KmsKeyId", cluster.network.kms_key.as_ref())
            .text("StorageEncrypted", cluster.network.encrypted)
            .text("DeletionProtection", cluster.deletion_protection)
            .text("BackupRetentionPeriod", cluster.backup_retention_days)
            .text(
                "IAMDatabaseAuthenticationEnabled",
                cluster.iam_authentication,
            )
            .text("MultiAZ", self.instances_of(key).count() > 1)
            .text("ClusterCreateTime", iso(cluster.created_at))
            .optional(
                "ReplicationSourceIdentifier",
                source.map(|source| self.names.cluster_arn(source)),
            )
            .optional("GlobalClusterIdentifier", cluster.global.as_ref())
            .optional("GlobalWriteForwardingStatus", source.map(|_| "disabled"))
            .node("DBClusterMembers", self.cluster_members_view(key))
            .node("TagList", tags_view(&cluster.tags))
            .done()
    }

    /// A standby cluster has readers only; elsewhere the first instance by promotion tier is the writer.
    fn cluster_members_view(&self, key: &ClusterKey) -> Node {
        let writer = self
            .takes_writes(key)
            .unwrap_or(false)
            .then(|| {
                self.instances_of(key)
                    .min_by_key(|instance| (instance.promotion_tier, instance.created_at))
            })
            .flatten()
            .map(|instance| &instance.key);
        let members = self.instances_of(key).map(|instance| {
            Fields::default()
                .text("DBInstanceIdentifier", &instance.key.id)
                .text("IsClusterWriter", writer == Some(&instance.key))
                .text("DBClusterParameterGroupStatus", "in-sync")
                .text("PromotionTier", instance.promotion_tier)
                .done()
        });
        Node::list("DBClusterMember", members)
    }

    pub(crate) fn instance_view(&self, instance: &Instance) -> Node {
        let key = &instance.key;
        let cluster = self.clusters.get(&instance.cluster);
        let endpoint = Fields::default()
            .text("Address", self.names.instance_endpoint(key))
            .text("Port", cluster.map_or(5_432, |cluster| cluster.port))
            .done();
        Fields::default()
            .text("DBInstanceIdentifier", &key.id)
            .text("DBInstanceArn", self.names.instance_arn(key))
            .text("DbiResourceId", &instance.resource_id)
            .text("DBInstanceClass", &instance.class)
            .text(
                "DBInstanceStatus",
                self.shown_status(&instance.cluster, instance.status.as_str()),
            )
            .text("Engine", ENGINE)
            .optional(
                "EngineVersion",
                cluster.map(|cluster| &cluster.engine_version),
            )
            .optional(
                "MasterUsername",
                cluster.and_then(|cluster| cluster.master_username.as_ref()),
            )
            .optional(
                "DBName",
                cluster.and_then(|cluster| cluster.database.as_ref()),
            )
            .node("Endpoint", endpoint)
            .text("AvailabilityZone", format!("{}a", key.region))
            .text("InstanceCreateTime", iso(instance.created_at))
            .text("DBClusterIdentifier", &instance.cluster.id)
            .text("PromotionTier", instance.promotion_tier)
            .text("MultiAZ", false)
            .text("PubliclyAccessible", false)
            .text(
                "StorageEncrypted",
                cluster.is_some_and(|cluster| cluster.network.encrypted),
            )
            .done()
    }
}

pub(crate) fn event_view(event: &Event) -> Node {
    Fields::default()
        .text("SourceIdentifier", &event.source)
        .text("SourceType", event.source_type)
        .text("Message", &event.message)
        .node(
            "EventCategories",
            Node::list("EventCategory", [Node::text(event.category)]),
        )
        .text("Date", iso(event.at))
        .text("SourceArn", &event.source_arn)
        .done()
}

fn tags_view(tags: &[(String, String)]) -> Node {
    let tag = |(key, value): &(String, String)| {
        Fields::default()
            .text("Key", key)
            .text("Value", value)
            .done()
    };
    Node::list("Tag", tags.iter().map(tag))
}

pub(crate) fn iso(at: Millis) -> String {
    i64::try_from(at)
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
        .map(|time| format!("{time:.3}"))
        .unwrap_or_default()
}
