//! Instances of their own in the shape of the RDS API.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        engine::{default_options, default_parameters},
        kept::{OF_INSTANCE, OF_STANDALONE},
        key::ClusterKey,
        network::{DEFAULT_SUBNETS, HOSTED_ZONE},
        settings::PromotingReplica,
        state::{InstanceStatus, Millis, Standalone},
        views::{certificate_view, groups_view, iso, logs_view, tags_view},
    },
};

/// RDS ships the log so often, and can restore up to the last time.
const RESTORABLE_EVERY_MS: Millis = 5 * 60_000;

impl Model {
    pub(crate) fn standalone_view(&self, instance: &Standalone) -> Node {
        let fields = self.standalone_identity(Fields::default(), instance);
        let fields = instance.kept.show(&OF_INSTANCE, fields);
        let fields = instance.kept.show(&OF_STANDALONE, fields);
        let fields = self.standalone_network(fields, instance);
        let fields =
            what_none_has(fields).node("CertificateDetails", certificate_view(&instance.kept));
        self.roles_in_replication(fields, instance)
            .nodes(self.copies_view(instance))
            .node("TagList", tags_view(&instance.tags))
            .done()
    }

    fn standalone_identity(&self, fields: Fields, instance: &Standalone) -> Fields {
        let key = &instance.key;
        let status = self.shown_status(key, instance.status.as_str());
        let (zone, second_zone) = instance.zones();
        let is_made = instance.status != InstanceStatus::Creating;
        let made_at = is_made.then(|| iso(instance.created_at));
        fields
            .text("DBInstanceIdentifier", &key.id)
            .text("DBInstanceArn", self.names.instance_arn(key))
            .text("DbiResourceId", &instance.resource_id)
            .text("DBInstanceClass", &instance.class)
            .text("DBInstanceStatus", status)
            .text("Engine", instance.engine.as_str())
            .text("EngineVersion", &instance.engine_version)
            .text("LicenseModel", instance.engine.license())
            .text("MasterUsername", &instance.master_username)
            .optional("DBName", instance.database.as_ref())
            .text("AvailabilityZone", zone)
            .optional("InstanceCreateTime", made_at)
            .text("MultiAZ", instance.multi_az)
            .optional("SecondaryAvailabilityZone", second_zone)
            .text("AllocatedStorage", instance.storage_gib)
            .text("StorageEncrypted", instance.network.encrypted)
            .optional("KmsKeyId", instance.network.kms_key.as_ref())
            .text("DeletionProtection", instance.deletion_protection)
            .text("BackupRetentionPeriod", instance.backup_retention_days)
            .optional("LatestRestorableTime", self.latest_restorable(instance))
            .text(
                "IAMDatabaseAuthenticationEnabled",
                instance.iam_authentication,
            )
            .text("BackupTarget", "region")
            .node("PendingModifiedValues", Fields::default().done())
    }

    /// The newest time that it can be restored to. A Region that is lost ships nothing.
    pub(super) fn latest_restorable(&self, instance: &Standalone) -> Option<String> {
        let since = instance.restorable_since?;
        let lost_at = self.lost.get(&instance.key.region).copied();
        let until = lost_at.unwrap_or(self.now);
        let shipped = until - until % RESTORABLE_EVERY_MS;
        Some(iso(shipped.max(since)))
    }

    fn standalone_network(&self, fields: Fields, instance: &Standalone) -> Fields {
        let (key, network) = (&instance.key, &instance.network);
        // One that is being made has no name yet.
        let endpoint = (instance.status != InstanceStatus::Creating).then(|| {
            let endpoint = Fields::default()
                .text("Address", self.names.instance_endpoint(key))
                .text("Port", instance.port)
                .text("HostedZoneId", HOSTED_ZONE);
            ("Endpoint", endpoint.done())
        });
        let subnets = network.subnet_group.as_deref().unwrap_or(DEFAULT_SUBNETS);
        let (engine, version) = (instance.engine, &instance.engine_version);
        let default = default_parameters(engine.as_str(), version);
        let parameters = Fields::default()
            .text(
                "DBParameterGroupName",
                network.parameter_group.as_ref().unwrap_or(&default),
            )
            .text("ParameterApplyStatus", "in-sync")
            .done();
        let options = Fields::default()
            .text("OptionGroupName", default_options(engine, version))
            .text("Status", "in-sync")
            .done();
        fields
            .nodes(endpoint)
            .node("VpcSecurityGroups", groups_view(&network.security_groups))
            .node("DBSubnetGroup", self.subnets_view(&key.region, subnets))
            .node(
                "DBParameterGroups",
                Node::list("DBParameterGroup", [parameters]),
            )
            .node(
                "OptionGroupMemberships",
                Node::list("OptionGroupMembership", [options]),
            )
            .nodes(logs_view(&instance.log_exports))
    }

    /// What it follows, and what follows it.
    fn roles_in_replication(&self, fields: Fields, instance: &Standalone) -> Fields {
        let hides = self.settings.promoting_replica == PromotingReplica::HidesSource;
        let source = instance.source.as_ref();
        let source = source.filter(|source| !(hides && source.is_left));
        let status = source.and_then(|_| self.replication_status(instance));
        let source = source.map(|source| self.named_from(&instance.key, &source.key));
        let replicas = instance.replicas.iter();
        let replicas =
            replicas.map(|replica| Node::text(self.named_from(&instance.key, &replica.key)));
        let status = status.map(|status| {
            let info = Fields::default()
                .text("StatusType", "read replication")
                .text("Normal", status == "replicating")
                .text("Status", status)
                .done();
            ("StatusInfos", Node::list("DBInstanceStatusInfo", [info]))
        });
        fields
            .optional("ReadReplicaSourceDBInstanceIdentifier", source)
            .node(
                "ReadReplicaDBInstanceIdentifiers",
                Node::list("ReadReplicaDBInstanceIdentifier", replicas),
            )
            .nodes(status)
    }

    /// An instance is called by its identifier in its own Region, and by its ARN in other ones.
    fn named_from(&self, here: &ClusterKey, other: &ClusterKey) -> String {
        if here.region == other.region {
            other.id.clone()
        } else {
            self.names.instance_arn(other)
        }
    }
}

/// What RDS shows of an instance also where there is nothing of it.
fn what_none_has(fields: Fields) -> Fields {
    fields
        .text("DbInstancePort", 0)
        .text("StorageThroughput", 0)
        .text("DedicatedLogVolume", false)
        .text("CustomerOwnedIpEnabled", false)
        .node("AssociatedRoles", Node::list("DBInstanceRole", []))
        .node("DBSecurityGroups", Node::list("DBSecurityGroup", []))
        .node("DomainMemberships", Node::list("DomainMembership", []))
}
