//! Real MariaDB beneath instances of their own: replication by GTID, promotion, copies of volumes.

mod config;
mod operations;
mod replicas;
mod site;
#[cfg(test)]
mod tests;
mod tree;
mod volumes;

use std::{path::Path, sync::Arc};

use rustix::process::Signal;

use crate::{
    model::{ClusterKey, Effect},
    storage::{StorageError, fleet::Fleet, mariadb::site::Site, process::Spawner, volume},
};

/// Instances as MariaDB servers.
#[derive(Debug)]
pub(crate) struct MariaDb {
    site: Site,
    pub(crate) fleet: Fleet,
}

impl MariaDb {
    /// Prepares a storage on the programs in `tree`; nothing runs yet.
    pub(crate) fn new(
        tree: &Path,
        data: &Path,
        spawner: &Arc<Spawner>,
    ) -> Result<Self, StorageError> {
        let fleet = Fleet::new(data, "mariadb.log")?;
        let site = Site::prepare(tree, fleet.data(), Arc::clone(spawner))?;
        Ok(Self { site, fleet })
    }

    /// Whether a snapshot is a copy of a volume of MariaDB.
    pub(crate) fn has_snapshot(&self, snapshot: &ClusterKey) -> bool {
        self.fleet.snapshot_folder(snapshot).is_dir()
    }

    /// Connects as RDS's own user.
    pub(crate) async fn connect_as_rds(
        &self,
        instance: &ClusterKey,
    ) -> Result<mysql_async::Conn, StorageError> {
        let member = self.fleet.member(instance)?;
        self.site.connect(&member).await
    }

    pub(super) async fn carry_out(&self, effect: Effect) -> Result<(), StorageError> {
        match effect {
            Effect::CreateInstance {
                instance,
                engine: _,
                database,
                user,
                password,
            } => {
                self.create_instance(&instance, database.as_deref(), &user, &password.0)
                    .await
            }
            Effect::CreateReplica {
                replica,
                source,
                slot: _,
            } => self.create_replica(&replica, &source).await,
            Effect::PromoteReplica { replica } => self.promote_replica(&replica).await,
            // A source keeps its log for nobody in particular.
            Effect::DropSlot { .. } => Ok(()),
            Effect::RenameInstance { from, to } => self.rename_instance(&from, &to).await,
            Effect::StopReplication { cluster } => {
                self.fleet.member(&cluster)?.close_road();
                Ok(())
            }
            Effect::Fence { cluster } | Effect::Halt { cluster } => self.halt(&cluster).await,
            Effect::Snapshot { cluster, snapshot } => self.snapshot(&cluster, &snapshot).await,
            Effect::CopySnapshot { from, to, since: _ } => {
                let (from, to) = (
                    self.fleet.snapshot_folder(&from),
                    self.fleet.snapshot_folder(&to),
                );
                volume::remove(&to).await?;
                volume::copy(&from, &to).await
            }
            Effect::DropSnapshot { snapshot } => {
                volume::remove(&self.fleet.snapshot_folder(&snapshot)).await
            }
            Effect::Restore { snapshot, cluster } => self.restore(&snapshot, &cluster).await,
            Effect::Destroy { cluster } => self.destroy(&cluster).await,
            Effect::Restart { cluster } => self.restart(&cluster).await,
            Effect::SetPassword {
                cluster,
                user,
                password,
            } => self.set_password(&cluster, &user, &password.0).await,
            Effect::Resume { cluster } => self.resume(&cluster).await,
            Effect::CreatePrimary { .. }
            | Effect::CreateStandby { .. }
            | Effect::Promote { .. }
            | Effect::Rename { .. }
            | Effect::Resynchronise { .. }
            | Effect::SwitchOver { .. } => Err(StorageError::Failed(
                "a cluster has no database of MariaDB".to_owned(),
            )),
        }
    }

    pub(super) async fn lose_region(&self, region: &str) {
        self.fleet.lose_region(region).await;
    }

    pub(super) async fn crash(&self, instance: &ClusterKey) {
        if let Ok(member) = self.fleet.member(instance) {
            member.lose().await;
        }
    }

    pub(super) async fn revive(&self, instance: &ClusterKey) -> Result<(), StorageError> {
        self.fleet.member(instance)?.allow();
        self.resume(instance).await
    }

    /// At once: nothing of it is needed any more.
    pub(super) async fn stop(&self) {
        for member in self.fleet.all() {
            member.shut_down(Signal::KILL).await;
        }
    }
}
