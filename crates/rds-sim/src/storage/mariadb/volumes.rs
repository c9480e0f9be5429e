//! Copies of volumes, as a disk's snapshot is: of one moment, and of a server that runs, which recovers from it as from a crash.

use std::path::Path;

use crate::{
    model::ClusterKey,
    storage::{
        StorageError,
        mariadb::{MariaDb, site::Site},
        member::Member,
        volume::{copy, remove, remove_file},
    },
};

/// What only a volume has that follows another one.
const OF_REPLICAS: [&str; 3] = ["master.info", "relay-log.info", "multi-master.info"];

impl Site {
    /// Copies a volume into a folder, which is emptied first. A server that runs stands still meanwhile.
    pub(crate) async fn copy_volume(
        &self,
        member: &Member,
        into: &Path,
    ) -> Result<(), StorageError> {
        remove(into).await?;
        let _still = member.hold_still().await?;
        copy(&member.data(), into).await
    }
}

impl MariaDb {
    pub(crate) async fn snapshot(
        &self,
        key: &ClusterKey,
        snapshot: &ClusterKey,
    ) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        let into = self.fleet.snapshot_folder(snapshot);
        self.site.copy_volume(&member, &into).await
    }

    /// Starts a database of its own from a copy of a snapshot's volume, whatever role the volume had.
    pub(crate) async fn restore(
        &self,
        snapshot: &ClusterKey,
        key: &ClusterKey,
    ) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member.stop(rustix::process::Signal::KILL).await;
        let from = self.fleet.snapshot_folder(snapshot);
        member.restore_volume(&from).await?;
        member.forget_primary();
        forget_source(&member.data()).await?;
        self.site.start(&member).await
    }
}

/// A volume follows nothing, whatever it followed.
pub(crate) async fn forget_source(data: &Path) -> Result<(), StorageError> {
    for name in OF_REPLICAS {
        remove_file(&data.join(name)).await?;
    }
    Ok(())
}
