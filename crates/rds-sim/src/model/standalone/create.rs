//! CreateDBInstance without a cluster.

use crate::{
    answer::Node,
    model::{
        Model,
        cluster::{check_password, given_credential},
        course::{End, Phase},
        effect::Effect,
        engine::Engine,
        fault::Fault,
        groups::Sort,
        kept::{Kept, OF_INSTANCE, OF_STANDALONE},
        key::ClusterKey,
        names::check_identifier,
        params::Params,
        state::{InstanceStatus, Network, Secret, Standalone},
        version::Version,
    },
};

/// What a call may ask for and nothing here would come of.
const UNSIMULATED: [&str; 7] = [
    "Domain",
    "ManageMasterUserPassword",
    "MultiTenant",
    "ReplicaMode",
    "SourceDBClusterIdentifier",
    "StorageThroughput",
    "Timezone",
];

impl Model {
    pub(crate) fn create_standalone(
        &mut self,
        region: &str,
        engine: Engine,
        params: &Params,
    ) -> Result<Node, Fault> {
        let key = self.new_standalone_key(region, params)?;
        let user = given_credential(params, "MasterUsername")?;
        let password = given_credential(params, "MasterUserPassword")?;
        check_password(&password)?;
        let version: Version = match params.optional("EngineVersion") {
            Some(version) => version.parse()?,
            None => engine.default_version().parse()?,
        };
        let storage_gib = params.number("AllocatedStorage", 20, 65_536)?;
        let mut instance = Standalone {
            class: params.required("DBInstanceClass")?.to_owned(),
            engine_version: version.to_string(),
            master_username: user.clone(),
            database: params.owned("DBName"),
            storage_gib: storage_gib.ok_or_else(|| Fault::missing("AllocatedStorage"))?,
            backup_retention_days: params.number("BackupRetentionPeriod", 0, 35)?.unwrap_or(1),
            ..self.new_standalone(key.clone(), engine, params)?
        };
        if instance.network.encrypted && instance.network.kms_key.is_none() {
            instance.network.kms_key = Some(self.names.default_key(region));
        }
        self.check_standalone_groups(&instance)?;
        instance.resource_id = self.names.resource_id("db-");
        let effect = Effect::CreateInstance {
            instance: key.clone(),
            engine,
            database: instance.database.clone(),
            user,
            password: Secret(password),
        };
        self.standalones.insert(key.clone(), instance);
        self.record(region, &key.id, "instance creation accepted");
        let duration_ms = self.settings.durations.create_instance_ms;
        let creating = Phase::doing(InstanceStatus::Creating, duration_ms, effect);
        self.begin_course(&key, [creating], End::Created);
        self.standalone_answer(&key)
    }

    /// The key of an instance that is to be made, whose name is free and whose Region has room for it.
    pub(super) fn new_standalone_key(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<ClusterKey, Fault> {
        let name = params.required("DBInstanceIdentifier")?;
        check_identifier("DBInstanceIdentifier", name)?;
        if let Some(what) = UNSIMULATED
            .into_iter()
            .find(|name| params.optional(name).is_some_and(|value| value != "false"))
        {
            return Err(Fault::not_simulated(what));
        }
        let key = ClusterKey::new(region, name);
        self.check_instance_name(&key)?;
        self.check_room_for_instance(region)?;
        Ok(key)
    }

    /// What a call says of an instance that is to be made; the rest is empty.
    pub(super) fn new_standalone(
        &self,
        key: ClusterKey,
        engine: Engine,
        params: &Params,
    ) -> Result<Standalone, Fault> {
        let mut kept = Kept::default();
        kept.take(&OF_INSTANCE, params)?;
        kept.take(&OF_STANDALONE, params)?;
        let owned = |list: &str| params.list(list).into_iter().map(str::to_owned).collect();
        let iam = params.flag("EnableIAMDatabaseAuthentication")?;
        let port = params.number("Port", 1_150, 65_535)?;
        Ok(Standalone {
            key,
            resource_id: String::new(),
            class: String::new(),
            engine,
            engine_version: String::new(),
            status: InstanceStatus::Creating,
            port: port.unwrap_or(engine.default_port()),
            master_username: String::new(),
            database: None,
            storage_gib: 0,
            multi_az: params.flag("MultiAZ")?.unwrap_or(false),
            is_swapped: false,
            backup_retention_days: 0,
            restorable_since: None,
            deletion_protection: params.flag("DeletionProtection")?.unwrap_or(false),
            iam_authentication: iam.unwrap_or(false),
            created_at: self.now,
            network: Network {
                subnet_group: params.owned("DBSubnetGroupName"),
                security_groups: owned("VpcSecurityGroupIds.VpcSecurityGroupId"),
                parameter_group: params.owned("DBParameterGroupName"),
                kms_key: params.owned("KmsKeyId"),
                encrypted: params.flag("StorageEncrypted")?.unwrap_or(false),
            },
            zone: params.owned("AvailabilityZone"),
            log_exports: owned("EnableCloudwatchLogsExports.member"),
            tags: params.tags(),
            kept,
            source: None,
            replicas: Vec::new(),
            backup_copies: Vec::new(),
        })
    }

    /// Checks that the groups which an instance names are there, and fit.
    pub(super) fn check_standalone_groups(&self, instance: &Standalone) -> Result<(), Fault> {
        let (region, network) = (&instance.key.region, &instance.network);
        let of = (instance.engine.as_str(), &*instance.engine_version);
        self.check_group(Sort::Subnets, region, network.subnet_group.as_deref(), of)?;
        let parameters = network.parameter_group.as_deref();
        self.check_group(Sort::Parameters, region, parameters, of)
    }
}
