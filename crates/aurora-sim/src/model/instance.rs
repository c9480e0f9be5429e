//! CreateDBInstance.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        cluster::check_engine,
        effect::{Effect, Then, When},
        fault::Fault,
        names::{ClusterKey, check_identifier},
        params::Params,
        state::{ClusterStatus, Instance, InstanceStatus},
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
        let name = params.required("DBInstanceIdentifier")?;
        check_identifier("DBInstanceIdentifier", name)?;
        let class = params.required("DBInstanceClass")?.to_owned();
        check_engine(params.required("Engine")?)?;
        let cluster_name = params.required("DBClusterIdentifier")?;
        for credential in ["MasterUsername", "MasterUserPassword", "DBName"] {
            if params.optional(credential).is_some() {
                return Err(Fault::invalid_combination(format!(
                    "The requested DB Instance will be a member of a DB Cluster. Set {credential} for the DB Cluster."
                )));
            }
        }
        let promotion_tier = params.number("PromotionTier", 0, 15)?.unwrap_or(1);
        let key = ClusterKey::new(region, name);
        if self.instances.contains_key(&key) {
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
        if self.instances_of(&cluster).count() >= INSTANCES_MAX {
            return Err(Fault::cluster_state(format!(
                "DB cluster {cluster_name} has all the instances it can have."
            )));
        }
        let instance = Instance {
            key: key.clone(),
            cluster,
            class,
            status: InstanceStatus::Creating,
            promotion_tier,
            resource_id: self.names.resource_id("db-"),
            created_at: self.now,
        };
        let view = self.instance_view(&instance);
        let instance_cluster = instance.cluster.clone();
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
}
