//! CreateDBCluster: a standalone cluster, the first member of a global cluster, or a standby in another Region.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        effect::{Effect, When},
        engine::{DEFAULT_VERSION, ENGINE, check_engine},
        fault::Fault,
        groups::Sort,
        kept::{Kept, OF_CLUSTER, OF_CLUSTER_OTHERWISE_SHOWN},
        key::ClusterKey,
        names::check_identifier,
        params::Params,
        state::{
            Capacity, Cluster, ClusterStatus, Global, Network, Scaling, Secret, Standby,
            Synchronization,
        },
        task::Then,
        version::Version,
    },
};

/// One primary and ten standbys.
const MEMBERS_MAX: usize = 11;

impl Model {
    pub(crate) fn create_db_cluster(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let key = self.new_cluster_key(region, params)?;
        let global = match params.optional("GlobalClusterIdentifier") {
            None => None,
            Some(id) => Some(
                self.globals
                    .get(&id.to_lowercase())
                    .ok_or_else(|| Fault::global_not_found(id))?
                    .clone(),
            ),
        };
        let mut cluster = new_cluster(key.clone(), self.now, params)?;
        cluster.resource_id = self.names.resource_id("cluster-");
        cluster.global = global.as_ref().map(|global| global.id.clone());
        match global
            .as_ref()
            .and_then(|global| Some((global, global.writer.clone()?)))
        {
            Some((global, primary)) => self.add_standby(cluster, global, primary, params)?,
            None => self.add_primary(cluster, global.as_ref(), params)?,
        }
        self.record(region, &key.id, "cluster creation accepted");
        self.cluster_answer(&key)
    }

    /// The key of a cluster that is to be created, whose name is free and whose Region has room for it.
    pub(crate) fn new_cluster_key(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<ClusterKey, Fault> {
        let name = params.required("DBClusterIdentifier")?;
        check_identifier("DBClusterIdentifier", name)?;
        check_engine(params.required("Engine")?)?;
        let key = ClusterKey::new(region, name);
        if self.is_cluster_name_taken(&key) {
            return Err(Fault::cluster_exists());
        }
        self.check_cluster_name(&key)?;
        self.check_room_for_cluster(region)?;
        Ok(key)
    }

    fn add_primary(
        &mut self,
        mut cluster: Cluster,
        global: Option<&Global>,
        params: &Params,
    ) -> Result<(), Fault> {
        if global.is_some() {
            refuse_managed_password(params)?;
        }
        let user = given_credential(params, "MasterUsername")?;
        let password = given_credential(params, "MasterUserPassword")?;
        check_password(&password)?;
        let version: Version = match (params.optional("EngineVersion"), global) {
            (Some(version), _) => version.parse()?,
            (None, Some(global)) => global.engine_version.parse()?,
            (None, None) => DEFAULT_VERSION.parse()?,
        };
        cluster.engine_version = version.to_string();
        self.check_groups(&cluster)?;
        if cluster.network.encrypted && cluster.network.kms_key.is_none() {
            cluster.network.kms_key = Some(self.names.default_key(&cluster.key.region));
        }
        cluster.master_username = Some(user.clone());
        cluster.database = params
            .owned("DatabaseName")
            .or_else(|| global.and_then(|global| global.database.clone()));
        let key = cluster.key.clone();
        let effect = Effect::CreatePrimary {
            cluster: key.clone(),
            database: cluster.database.clone(),
            user,
            password: Secret(password),
        };
        if let Some(global) = cluster
            .global
            .as_ref()
            .and_then(|id| self.globals.get_mut(id))
        {
            global.writer = Some(key.clone());
            global.database.clone_from(&cluster.database);
            global.engine_version.clone_from(&cluster.engine_version);
        }
        self.begin_creation(cluster, effect, &[&key.region]);
        Ok(())
    }

    fn add_standby(
        &mut self,
        mut cluster: Cluster,
        global: &Global,
        primary: ClusterKey,
        params: &Params,
    ) -> Result<(), Fault> {
        refuse_credentials(params)?;
        refuse_managed_password(params)?;
        self.check_place_for_standby(&cluster.key, global)?;
        let source = self
            .clusters
            .get(&primary)
            .ok_or_else(|| Fault::cluster_not_found(&primary.id))?;
        if source.status != ClusterStatus::Available || self.is_lost(&primary.region) {
            return Err(Fault::cluster_state(format!(
                "Source cluster: {} is in a state which is not valid for physical replication",
                self.names.cluster_arn(&primary)
            )));
        }
        let version: Version = params
            .optional("EngineVersion")
            .unwrap_or(&source.engine_version)
            .parse()?;
        if version.to_string() != source.engine_version {
            return Err(Fault::invalid_combination(format!(
                "The engine version {version} of the secondary cluster must be the primary's, {}.",
                source.engine_version
            )));
        }
        if source.network.encrypted && cluster.network.kms_key.is_none() {
            return Err(Fault::invalid_combination(format!(
                "KmsKeyId valid in {} is required for a secondary of an encrypted global cluster.",
                cluster.key.region
            )));
        }
        cluster.engine_version = version.to_string();
        self.check_groups(&cluster)?;
        cluster.master_username.clone_from(&source.master_username);
        cluster.database.clone_from(&source.database);
        cluster.network.encrypted = source.network.encrypted;
        let key = cluster.key.clone();
        if let Some(global) = self.globals.get_mut(&global.id) {
            global.standbys.push(Standby {
                cluster: key.clone(),
                synchronization: Synchronization::PendingResync,
            });
        }
        let effect = Effect::CreateStandby {
            cluster: key.clone(),
            primary: primary.clone(),
        };
        self.begin_creation(cluster, effect, &[&key.region, &primary.region]);
        Ok(())
    }

    /// Checks that the groups which a cluster names are there, and fit.
    pub(crate) fn check_groups(&self, cluster: &Cluster) -> Result<(), Fault> {
        let (region, version) = (&cluster.key.region, (ENGINE, &*cluster.engine_version));
        let subnets = cluster.network.subnet_group.as_deref();
        self.check_group(Sort::Subnets, region, subnets, version)?;
        let parameters = cluster.network.parameter_group.as_deref();
        self.check_group(Sort::ClusterParameters, region, parameters, version)
    }

    fn check_place_for_standby(&self, key: &ClusterKey, global: &Global) -> Result<(), Fault> {
        if let Some(failover) = &global.failover {
            return Err(Fault::global_state(format!(
                "Global cluster {} is {}",
                global.id,
                failover.status()
            )));
        }
        if global.members().any(|member| member.region == key.region) {
            return Err(Fault::global_state(format!(
                "Global cluster {} already has a member in Region {}",
                global.id, key.region
            )));
        }
        if global.members().any(|member| member.id == key.id) {
            return Err(Fault::cluster_exists());
        }
        if global.members().count() >= MEMBERS_MAX {
            return Err(Fault::global_state(format!(
                "Global cluster {} has all the members it can have",
                global.id
            )));
        }
        Ok(())
    }

    pub(crate) fn begin_creation(&mut self, cluster: Cluster, effect: Effect, needs: &[&str]) {
        let then = Then::ClusterCreated(cluster.key.clone());
        self.clusters.insert(cluster.key.clone(), cluster);
        self.plan(
            needs,
            self.settings.durations.create_cluster_ms,
            Some((When::AtOnce, effect)),
            then,
        );
    }

    pub(crate) fn cluster_answer(&self, key: &ClusterKey) -> Result<Node, Fault> {
        let cluster = self
            .clusters
            .get(key)
            .ok_or_else(|| Fault::cluster_not_found(&key.id))?;
        Ok(Fields::default()
            .node("DBCluster", self.cluster_view(cluster))
            .done())
    }
}

/// The scaling configuration that a call gives, over the one that there is.
pub(crate) fn scaling(before: Option<Scaling>, params: &Params) -> Result<Option<Scaling>, Fault> {
    let capacity = |name: &str, before: Option<Capacity>| {
        let name = format!("ServerlessV2ScalingConfiguration.{name}");
        let Some(text) = params.optional(&name) else {
            return Ok(before);
        };
        // In halves up to 256.
        let halves = text.parse::<f64>().ok().map(|units| units * 2.0);
        let found = (0..=512_u32).find(|known| halves == Some(f64::from(*known)));
        let wrong = || Fault::invalid_value(format!("Serverless v2 capacity {text} isn't valid."));
        found
            .map(|halves| Some(Capacity { halves }))
            .ok_or_else(wrong)
    };
    let min = capacity("MinCapacity", before.map(|before| before.min_capacity))?;
    let max = capacity("MaxCapacity", before.map(|before| before.max_capacity))?;
    let pause = "ServerlessV2ScalingConfiguration.SecondsUntilAutoPause";
    let pause_after_seconds = params
        .number(pause, 300, 86_400)?
        .or(before.and_then(|before| before.pause_after_seconds));
    match (min, max) {
        (None, None) => Ok(None),
        (Some(min_capacity), Some(max_capacity)) if min_capacity <= max_capacity => {
            Ok(Some(Scaling {
                min_capacity,
                max_capacity,
                pause_after_seconds,
            }))
        }
        (_, _) => Err(Fault::invalid_combination(
            "Serverless v2 minimum and maximum capacity must both be given, the minimum no larger than the maximum.",
        )),
    }
}

/// A master password has 8 to 41 printable characters, and none of three.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html>.
pub(crate) fn check_password(password: &str) -> Result<(), Fault> {
    if password.chars().count() < 8 {
        return Err(Fault::invalid_value(
            "The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.",
        ));
    }
    if password.chars().count() > 41 {
        return Err(Fault::invalid_value(
            "The parameter MasterUserPassword is not a valid password because it is longer than 41 characters.",
        ));
    }
    let lawful = |letter: char| matches!(letter, ' '..='~') && !"/@\"".contains(letter);
    if password.chars().all(lawful) {
        return Ok(());
    }
    Err(Fault::invalid_value(
        "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"' \
         may be used.",
    ))
}

pub(crate) fn new_cluster(key: ClusterKey, now: u64, params: &Params) -> Result<Cluster, Fault> {
    let mut kept = Kept::default();
    kept.take(&OF_CLUSTER, params)?;
    kept.take(&OF_CLUSTER_OTHERWISE_SHOWN, params)?;
    let owned = |list: &str| params.list(list).into_iter().map(str::to_owned).collect();
    let groups = params.list("VpcSecurityGroupIds.VpcSecurityGroupId");
    Ok(Cluster {
        key,
        resource_id: String::new(),
        engine_version: String::new(),
        status: ClusterStatus::Creating,
        port: params.number("Port", 1_150, 65_535)?.unwrap_or(5_432),
        master_username: None,
        database: None,
        global: None,
        network: Network {
            subnet_group: params.owned("DBSubnetGroupName"),
            security_groups: groups.into_iter().map(str::to_owned).collect(),
            parameter_group: params.owned("DBClusterParameterGroupName"),
            kms_key: params.owned("KmsKeyId"),
            encrypted: params.flag("StorageEncrypted")?.unwrap_or(false),
        },
        deletion_protection: params.flag("DeletionProtection")?.unwrap_or(false),
        backup_retention_days: params.number("BackupRetentionPeriod", 1, 35)?.unwrap_or(1),
        iam_authentication: params
            .flag("EnableIAMDatabaseAuthentication")?
            .unwrap_or(false),
        created_at: now,
        tags: params.tags(),
        fenced: false,
        writer: None,
        zones: owned("AvailabilityZones.AvailabilityZone"),
        log_exports: owned("EnableCloudwatchLogsExports.member"),
        roles: params.roles(),
        scaling: scaling(None, params)?,
        kept,
    })
}

/// A credential that must be given.
pub(crate) fn given_credential(params: &Params, name: &str) -> Result<String, Fault> {
    params.owned(name).ok_or_else(|| {
        Fault::invalid_value(format!(
            "The parameter {name} must be provided and must not be blank."
        ))
    })
}

fn refuse_credentials(params: &Params) -> Result<(), Fault> {
    let given = [
        ("MasterUserPassword", "password"),
        ("MasterUsername", "user name"),
        ("DatabaseName", "database name"),
    ]
    .into_iter()
    .find(|(name, _)| params.optional(name).is_some());
    match given {
        None => Ok(()),
        Some((_, words)) => Err(Fault::invalid_combination(format!(
            "Cannot specify {words} for cross region replication cluster"
        ))),
    }
}

fn refuse_managed_password(params: &Params) -> Result<(), Fault> {
    if params.flag("ManageMasterUserPassword")?.unwrap_or(false) {
        return Err(Fault::invalid_combination(
            "ManageMasterUserPassword is not supported for a DB cluster in a global database.",
        ));
    }
    Ok(())
}
