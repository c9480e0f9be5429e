//! Real PostgreSQL beneath the control plane: streaming replication, promotion, rebuilding.

mod config;
mod folder;
mod member;
mod operations;
mod replicas;

use std::{path::Path, sync::Arc};

use rustix::process::Signal;

use crate::{
    model::{ClusterKey, Effect},
    storage::{
        StorageError, fleet::Fleet, postgres::member::Site, process::Spawner, random_password,
        volume,
    },
};

/// Members as PostgreSQL clusters.
#[derive(Debug)]
pub(crate) struct Postgres {
    site: Site,
    pub(crate) fleet: Fleet,
}

impl Postgres {
    /// Prepares a storage; nothing runs yet.
    pub(crate) fn new(
        binaries: &Path,
        data: &Path,
        spawner: Arc<Spawner>,
    ) -> Result<Self, StorageError> {
        for program in ["initdb", "postgres", "pg_basebackup", "pg_controldata"] {
            if !binaries.join(program).is_file() {
                return Err(StorageError::Failed(format!(
                    "{} has no {program}",
                    binaries.display()
                )));
            }
        }
        let site = Site {
            binaries: binaries.to_path_buf(),
            password: random_password()?,
            spawner,
        };
        Ok(Self {
            site,
            fleet: Fleet::new(data, "postgres.log")?,
        })
    }

    /// Connects to a database of a cluster as RDS's own user.
    pub(crate) async fn connect_as_rds(
        &self,
        cluster: &ClusterKey,
        database: &str,
    ) -> Result<tokio_postgres::Client, StorageError> {
        let member = self.fleet.member(cluster)?;
        member.connect(&self.site, database).await
    }
}

impl Postgres {
    pub(super) async fn carry_out(&self, effect: Effect) -> Result<(), StorageError> {
        match effect {
            Effect::CreatePrimary {
                cluster,
                database,
                user,
                password,
            } => {
                self.create_primary(&cluster, database.as_deref(), &user, &password.0)
                    .await
            }
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
                slot,
            } => self.create_replica(&replica, &source, &slot).await,
            Effect::PromoteReplica { replica } => self.promote_replica(&replica).await,
            Effect::DropSlot { source, slot } => self.give_up_slot(&source, &slot).await,
            Effect::RenameInstance { from, to } => self.rename_instance(&from, &to).await,
            Effect::CreateStandby { cluster, primary }
            | Effect::Resynchronise { cluster, primary } => self.rebuild(&cluster, &primary).await,
            Effect::StopReplication { cluster } => {
                self.fleet.member(&cluster)?.close_road();
                Ok(())
            }
            Effect::Promote { cluster } => self.promote(&cluster).await,
            Effect::Fence { cluster } => self.fence(&cluster).await,
            Effect::SwitchOver { from, to } => self.switch_over(&from, &to).await,
            Effect::Halt { cluster } => self.fence(&cluster).await,
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
            Effect::Rename { from, to } => {
                self.fleet.rename(&from, &to);
                Ok(())
            }
            Effect::Destroy { cluster } => self.destroy(&cluster).await,
            Effect::Restart { cluster } => self.restart(&cluster).await,
            Effect::SetPassword {
                cluster,
                user,
                password,
            } => self.set_password(&cluster, &user, &password.0).await,
            Effect::Resume { cluster } => self.resume(&cluster).await,
        }
    }

    pub(super) async fn lose_region(&self, region: &str) {
        for member in self.fleet.lose_region(region).await {
            member.free_shared_memory().await;
        }
    }

    pub(super) async fn crash(&self, cluster: &ClusterKey) {
        if let Ok(member) = self.fleet.member(cluster)
            && member.lose().await
        {
            member.free_shared_memory().await;
        }
    }

    pub(super) async fn revive(&self, cluster: &ClusterKey) -> Result<(), StorageError> {
        self.fleet.member(cluster)?.allow();
        self.resume(cluster).await
    }

    pub(super) async fn stop(&self) {
        for member in self.fleet.all() {
            member.shut_down(Signal::QUIT).await;
        }
    }
}
