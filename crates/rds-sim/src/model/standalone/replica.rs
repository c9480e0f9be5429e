//! CreateDBInstanceReadReplica: a new instance that follows one of its own or another Region.

use crate::{
    answer::Node,
    model::{
        Model,
        course::{End, Phase},
        effect::{Effect, When},
        fault::Fault,
        key::ClusterKey,
        params::Params,
        state::{InstanceStatus, Replica, Replication, Source, Standalone},
        task::Then,
    },
};

/// A source may have so many replicas.
const REPLICAS_MAX: usize = 15;

impl Model {
    pub(crate) fn create_db_instance_read_replica(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let key = self.new_standalone_key(region, params)?;
        let source =
            self.source_to_follow(region, params.required("SourceDBInstanceIdentifier")?)?;
        let mut replica = self.replica_of(source, key.clone(), params)?;
        let source = source.key.clone();
        self.check_standalone_groups(&replica)?;
        replica.resource_id = self.names.resource_id("db-");
        let follower = Replica {
            key: key.clone(),
            resource_id: replica.resource_id.clone(),
        };
        let effect = Effect::CreateReplica {
            replica: key.clone(),
            source: source.clone(),
            slot: follower.slot(),
        };
        if let Some(found) = self.standalones.get_mut(&source) {
            found.replicas.push(follower);
        }
        self.standalones.insert(key.clone(), replica);
        self.record(region, &key.id, "replica creation accepted");
        let durations = self.settings.durations;
        // The source is backed up for it.
        let backing = Phase::idle(InstanceStatus::Modifying, durations.snapshot_ms);
        self.begin_course(&source, [backing], End::Changed);
        let creating = Phase::doing(
            InstanceStatus::Creating,
            durations.create_replica_ms,
            effect,
        );
        self.begin_course(&key, [creating], End::Replicates);
        self.standalone_answer(&key)
    }

    /// The source that a name means, or an ARN where it is in another Region, if it can have one more replica.
    fn source_to_follow(&self, region: &str, name: &str) -> Result<&Standalone, Fault> {
        let home = match self.names.parse_arn(name) {
            Some((home, "db", _)) => home,
            Some(_) => return Err(wrong_arn(name)),
            None if name.starts_with("arn:") => return Err(wrong_arn(name)),
            None => region,
        };
        let key = ClusterKey::new(home, name.rsplit(':').next().unwrap_or(name));
        if self.is_lost(home) {
            return Err(Fault::source_unreachable(&key));
        }
        let source = self.idle_standalone(home, name)?;
        if source.source.is_some() {
            return Err(Fault::not_simulated("A replica of a replica"));
        }
        if source.backup_retention_days == 0 {
            return Err(Fault::no_backups());
        }
        if source.replicas.len() >= REPLICAS_MAX {
            // AWS publishes no code for it.
            return Err(Fault::instance_state(format!(
                "DB instance {} has all the read replicas it can have.",
                key.id
            )));
        }
        Ok(source)
    }

    /// A replica as a call describes it; what the call leaves open it has from its source, or from its Region.
    fn replica_of(
        &self,
        source: &Standalone,
        key: ClusterKey,
        params: &Params,
    ) -> Result<Standalone, Fault> {
        let given = self.new_standalone(key, source.engine, params)?;
        let is_near = given.key.region == source.key.region;
        let mut network = given.network.clone();
        network.encrypted = source.network.encrypted;
        if is_near {
            let inherited = || source.network.parameter_group.clone();
            network.parameter_group = network.parameter_group.or_else(inherited);
            network.kms_key = network.kms_key.or_else(|| source.network.kms_key.clone());
        }
        check_key(&given.key.region, source, network.kms_key.as_deref())?;
        Ok(Standalone {
            class: params
                .owned("DBInstanceClass")
                .unwrap_or_else(|| source.class.clone()),
            engine_version: source.engine_version.clone(),
            port: params.number("Port", 1_150, 65_535)?.unwrap_or(source.port),
            master_username: source.master_username.clone(),
            database: source.database.clone(),
            storage_gib: source.storage_gib,
            network,
            source: Some(Source {
                key: source.key.clone(),
                resource_id: source.resource_id.clone(),
                replication: Replication::Begins,
                is_left: false,
            }),
            ..given
        })
    }

    pub(super) fn set_replication_of(&mut self, key: &ClusterKey, to: Replication) {
        let found = self.standalones.get_mut(key);
        if let Some(source) = found.and_then(|found| found.source.as_mut()) {
            source.replication = to;
        }
    }

    /// A replica follows its source no more: its source's Region learns it, once it is there, and gives up the slot.
    pub(super) fn leave_source(&mut self, key: &ClusterKey) {
        let Some(found) = self.standalones.get_mut(key) else {
            return;
        };
        let (engine, resource) = (found.engine, found.resource_id.clone());
        let Some(source) = found.source.take() else {
            return;
        };
        let follower = Replica {
            key: key.clone(),
            resource_id: resource.clone(),
        };
        let is_there = source.replication != Replication::Terminated;
        let effect = (is_there && engine.has_slots()).then(|| {
            let source = source.key.clone();
            let slot = follower.slot();
            (When::WhenDue, Effect::DropSlot { source, slot })
        });
        self.plan(
            &[&source.key.region],
            self.settings.durations.forget_replica_ms,
            effect,
            Then::ReplicaForgotten(source.resource_id, resource),
        );
    }

    pub(crate) fn replica_forgotten(&mut self, source: &str, replica: &str) {
        for found in self.standalones.values_mut() {
            if found.resource_id == source {
                found.replicas.retain(|other| other.resource_id != replica);
            }
        }
    }
}

/// An encrypted replica in another Region needs a key of that Region; an encrypted one follows no source that is not.
fn check_key(region: &str, source: &Standalone, key: Option<&str>) -> Result<(), Fault> {
    match (source.network.encrypted, key) {
        // AWS documents both; the codes and the texts are assumptions.
        (true, None) => Err(Fault::invalid_combination(format!(
            "KmsKeyId valid in {region} is required for a read replica of the encrypted DB instance {}.",
            source.key.id
        ))),
        (false, Some(_)) => Err(Fault::invalid_combination(
            "You can't create an encrypted read replica from an unencrypted DB instance.",
        )),
        (true, Some(key)) => {
            let foreign = key.starts_with("arn:aws:kms:")
                && !key.starts_with(&format!("arn:aws:kms:{region}:"));
            match foreign {
                true => Err(Fault::key_not_accessible(key)),
                false => Ok(()),
            }
        }
        (false, None) => Ok(()),
    }
}

fn wrong_arn(name: &str) -> Fault {
    Fault::invalid_value(format!("Invalid DB instance ARN: {name}"))
}
