//! CreateDBInstance.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        effect::{Effect, When},
        engine::{DEFAULT_VERSION, ENGINE, Engine, check_engine},
        fault::Fault,
        groups::Sort,
        kept::{Kept, OF_INSTANCE},
        key::ClusterKey,
        names::check_identifier,
        params::Params,
        state::{Cluster, ClusterStatus, Instance, InstanceStatus},
        task::Then,
    },
};

/// A cluster may have one writer and fifteen readers.
const INSTANCES_MAX: usize = 16;

impl Model {
    pub(crate) fn create_db_instance(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let is_of_its_own = params.optional("DBClusterIdentifier").is_none();
        let engine = params.optional("Engine").and_then(Engine::named);
        if let Some(engine) = engine.filter(|_| is_of_its_own) {
            return self.create_standalone(region, engine, params);
        }
        let name = params.required("DBInstanceIdentifier")?;
        check_identifier("DBInstanceIdentifier", name)?;
        let class = params.required("DBInstanceClass")?.to_owned();
        check_engine(params.required("Engine")?)?;
        let cluster_name = params.required("DBClusterIdentifier")?;
        refuse_clusters_own(params)?;
        let mut kept = Kept::default();
        kept.take(&OF_INSTANCE, params)?;
        let promotion_tier = params.number("PromotionTier", 0, 15)?.unwrap_or(1);
        let key = ClusterKey::new(region, name);
        if self.instances.contains_key(&key) || self.is_alone(&key) {
            return Err(Fault::instance_exists());
        }
        let cluster = ClusterKey::new(region, cluster_name);
        let found = self
            .clusters
            .get(&cluster)
            .ok_or_else(|| Fault::cluster_not_found(cluster_name))?;
        if found.status != ClusterStatus::Available {
            return Err(Fault::cluster_busy(&cluster, found.status.as_str()));
        }
        let is_fenced = found.fenced;
        let parameter_group = params.owned("DBParameterGroupName");
        self.check_fits(found, &class, parameter_group.as_deref())?;
        if self.instances_of(&cluster).count() >= INSTANCES_MAX {
            return Err(Fault::cluster_state(format!(
                "DB cluster {cluster_name} has all the instances it can have."
            )));
        }
        self.check_room_for_instance(region)?;
        let instance = Instance {
            key: key.clone(),
            cluster,
            class,
            status: InstanceStatus::Creating,
            promotion_tier,
            resource_id: self.names.resource_id("db-"),
            created_at: self.now,
            zone: params.owned("AvailabilityZone"),
            parameter_group,
            tags: params.tags(),
            kept,
        };
        let instance_cluster = instance.cluster.clone();
        // Whoever writes goes on: tiers matter at a failover only.
        if let Some(found) = self.clusters.get_mut(&instance_cluster)
            && found.writer.is_none()
        {
            found.writer = Some(key.clone());
        }
        let view = self.instance_view(&instance);
        self.instances.insert(key.clone(), instance);
        self.record(region, &key.id, "instance creation accepted");
        // It may stand still since its last instance went; a fenced one stays down until it is rebuilt.
        let resume = (!is_fenced).then_some((
            When::AtOnce,
            Effect::Resume {
                cluster: instance_cluster,
            },
        ));
        self.plan(
            &[region],
            self.settings.durations.create_instance_ms,
            resume,
            Then::InstanceCreated(key),
        );
        Ok(Fields::default().node("DBInstance", view).done())
    }

    /// Checks that a class and a parameter group fit the cluster they are for.
    fn check_fits(&self, cluster: &Cluster, class: &str, group: Option<&str>) -> Result<(), Fault> {
        if class == "db.serverless" && cluster.scaling.is_none() {
            return Err(Fault::cluster_state(
                "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB instance.",
            ));
        }
        let (region, version) = (&cluster.key.region, &cluster.engine_version);
        self.check_group(Sort::Parameters, region, group, (ENGINE, version))
    }

    /// ModifyDBInstance, as far as it does not rename.
    pub(crate) fn change_instance(
        &mut self,
        key: &ClusterKey,
        params: &Params,
    ) -> Result<Node, Fault> {
        refuse_clusters_own(params)?;
        let instance = self.instances.get(key);
        let mut new = instance
            .ok_or_else(|| Fault::instance_not_found(&key.id))?
            .clone();
        new.kept.take(&OF_INSTANCE, params)?;
        if let Some(class) = params.owned("DBInstanceClass") {
            new.class = class;
        }
        if let Some(tier) = params.number("PromotionTier", 0, 15)? {
            new.promotion_tier = tier;
        }
        if let Some(group) = params.owned("DBParameterGroupName") {
            let version = self.clusters.get(&new.cluster);
            let version = version.map_or(DEFAULT_VERSION, |cluster| &cluster.engine_version);
            self.check_group(
                Sort::Parameters,
                &key.region,
                Some(&group),
                (ENGINE, version),
            )?;
            new.parameter_group = Some(group);
        }
        new.status = InstanceStatus::Modifying;
        self.instances.insert(key.clone(), new);
        self.record(&key.region, &key.id, "instance change accepted");
        let then = Then::InstanceModified(key.clone());
        let duration_ms = self.settings.durations.modify_ms;
        self.plan(&[&key.region], duration_ms, None, then);
        self.instance_answer(key)
    }

    pub(crate) fn instance_answer(&self, key: &ClusterKey) -> Result<Node, Fault> {
        let instance = self.instances.get(key);
        let instance = instance.ok_or_else(|| Fault::instance_not_found(&key.id))?;
        let view = self.instance_view(instance);
        Ok(Fields::default().node("DBInstance", view).done())
    }
}

/// What an instance of a cluster has from its cluster, and may not be given of its own.
fn refuse_clusters_own(params: &Params) -> Result<(), Fault> {
    let lists = [
        (
            "VpcSecurityGroupIds.VpcSecurityGroupId.1",
            "vpc security group",
        ),
        (
            "EnableCloudwatchLogsExports.member.1",
            "cloudwatch logs exports",
        ),
    ];
    let own = [
        ("MasterUsername", "MasterUsername"),
        ("MasterUserPassword", "MasterUserPassword"),
        ("DBName", "DBName"),
        ("BackupRetentionPeriod", "backup retention period"),
        ("PreferredBackupWindow", "preferred backup window"),
        ("StorageEncrypted", "storage encryption"),
        ("KmsKeyId", "KmsKeyId"),
        ("DeletionProtection", "deletion protection"),
        (
            "EnableIAMDatabaseAuthentication",
            "IAM database authentication",
        ),
    ];
    let mut given = own.into_iter().chain(lists);
    match given.find(|(name, _)| params.optional(name).is_some()) {
        None => Ok(()),
        Some((_, what)) => Err(Fault::invalid_combination(format!(
            "The requested DB Instance will be a member of a DB Cluster. Set {what} for the DB Cluster."
        ))),
    }
}
