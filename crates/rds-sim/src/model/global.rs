//! CreateGlobalCluster and ModifyGlobalCluster.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        engine::{DEFAULT_VERSION, check_engine},
        fault::Fault,
        names::check_identifier,
        params::Params,
        state::{ClusterStatus, Global},
        version::Version,
    },
};

impl Model {
    pub(crate) fn create_global_cluster(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("GlobalClusterIdentifier")?;
        check_identifier("GlobalClusterIdentifier", name)?;
        let id = name.to_lowercase();
        let deletion_protection = params.flag("DeletionProtection")?.unwrap_or(false);
        if self.globals.contains_key(&id) {
            return Err(Fault::global_exists(name));
        }
        let mut global = match params.optional("SourceDBClusterIdentifier") {
            Some(source) => self.global_from_source(region, source, params)?,
            None => self.global_without_members(region, params)?,
        };
        global.id.clone_from(&id);
        global.resource_id = self.names.resource_id("cluster-");
        global.deletion_protection = deletion_protection;
        if let Some(cluster) = global
            .writer
            .as_ref()
            .and_then(|writer| self.clusters.get_mut(writer))
        {
            cluster.global = Some(id.clone());
        }
        self.record(region, &id, "global cluster created");
        let view = self.global_view(&global);
        self.globals.insert(id, global);
        Ok(Fields::default().node("GlobalCluster", view).done())
    }

    /// A new identifier, or deletion protection; upgrades are better refused than accepted and ignored.
    pub(crate) fn modify_global_cluster(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("GlobalClusterIdentifier")?;
        let id = name.to_lowercase();
        let mut global = self
            .globals
            .get(&id)
            .ok_or_else(|| Fault::global_not_found(name))?
            .clone();
        if let Some(failover) = &global.failover {
            return Err(Fault::global_state(format!(
                "Global cluster {id} is {}",
                failover.status()
            )));
        }
        if params.optional("EngineVersion").is_some() {
            return Err(Fault::invalid_value(
                "Modifying EngineVersion of a global cluster is not simulated.",
            ));
        }
        if let Some(protection) = params.flag("DeletionProtection")? {
            global.deletion_protection = protection;
        }
        if let Some(new) = params.optional("NewGlobalClusterIdentifier") {
            check_identifier("NewGlobalClusterIdentifier", new)?;
            if self.globals.contains_key(&new.to_lowercase()) {
                return Err(Fault::global_exists(new));
            }
            global.id = new.to_lowercase();
            self.globals.remove(&id);
            let members: Vec<_> = global.members().cloned().collect();
            for member in members {
                if let Some(cluster) = self.clusters.get_mut(&member) {
                    cluster.global = Some(global.id.clone());
                }
            }
            self.record(
                region,
                &id,
                format!("global cluster renamed to {}", global.id),
            );
        }
        let view = self.global_view(&global);
        self.globals.insert(global.id.clone(), global);
        Ok(Fields::default().node("GlobalCluster", view).done())
    }

    fn global_without_members(&self, region: &str, params: &Params) -> Result<Global, Fault> {
        check_engine(params.required("Engine")?)?;
        let version: Version = params
            .optional("EngineVersion")
            .unwrap_or(DEFAULT_VERSION)
            .parse()?;
        Ok(Global {
            id: String::new(),
            resource_id: String::new(),
            engine_version: version.to_string(),
            database: params.owned("DatabaseName"),
            encrypted: params.flag("StorageEncrypted")?.unwrap_or(false),
            lifecycle_support: params.owned("EngineLifecycleSupport"),
            deletion_protection: false,
            tags: params.tags(),
            origin: region.to_owned(),
            writer: None,
            standbys: Vec::new(),
            failover: None,
            emptied_at: 0,
        })
    }

    fn global_from_source(
        &self,
        region: &str,
        source: &str,
        params: &Params,
    ) -> Result<Global, Fault> {
        if !source.starts_with("arn:") {
            return Err(Fault::invalid_value(format!(
                "SourceDBClusterIdentifier must be an ARN, not {source}."
            )));
        }
        let key = self.names.parse_cluster(source, region)?;
        for name in [
            "DatabaseName",
            "Engine",
            "EngineVersion",
            "StorageEncrypted",
        ] {
            if params.optional(name).is_some() {
                return Err(Fault::invalid_combination(format!(
                    "When creating global cluster from existing db cluster, value for {name} should not be specified \
                     since it will be inherited from source cluster"
                )));
            }
        }
        let cluster = self
            .clusters
            .get(&key)
            .ok_or_else(|| Fault::cluster_not_found(source))?;
        if key.region != region {
            return Err(Fault::wrong_region(
                "CreateGlobalCluster",
                &key.region,
                region,
            ));
        }
        if let Some(other) = &cluster.global {
            return Err(Fault::cluster_state(format!(
                "DB cluster {source} is already a member of global cluster {other}"
            )));
        }
        if cluster.status != ClusterStatus::Available {
            return Err(Fault::cluster_busy(&key, cluster.status.as_str()));
        }
        Ok(Global {
            id: String::new(),
            resource_id: String::new(),
            engine_version: cluster.engine_version.clone(),
            database: cluster.database.clone(),
            encrypted: cluster.network.encrypted,
            lifecycle_support: params.owned("EngineLifecycleSupport"),
            deletion_protection: false,
            tags: params.tags(),
            origin: region.to_owned(),
            writer: Some(key),
            standbys: Vec::new(),
            failover: None,
            emptied_at: 0,
        })
    }
}
