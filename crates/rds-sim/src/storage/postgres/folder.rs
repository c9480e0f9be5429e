//! A member's folder, and the programs that make and read it.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use rustix::process::Signal;
use tokio_postgres::Client;

use crate::storage::{
    StorageError,
    member::Member,
    postgres::{
        config::{ADMIN, HBA},
        member::Site,
    },
    volume::{copy, remove, remove_file, write},
};

const TOOL_LIMIT: Duration = Duration::from_secs(120);

impl Member {
    /// Makes an empty database folder.
    pub(crate) async fn initialise(&self, site: &Site) -> Result<(), StorageError> {
        self.empty_folder().await?;
        let secret = self.folder.join("password");
        write(&secret, &site.password).await?;
        let (data, file) = (self.data(), secret.display().to_string());
        let pwfile = format!("--pwfile={file}");
        let arguments = [
            "-D",
            &data.display().to_string(),
            "-U",
            ADMIN,
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
            &pwfile,
        ];
        let made = self.run_tool(site, "initdb", &arguments, &[]).await;
        tokio::fs::remove_file(&secret)
            .await
            .map_err(StorageError::io("removing the password file"))?;
        made?;
        self.state().follows = None;
        write(&self.data().join("pg_hba.conf"), HBA).await
    }

    /// Replaces its folder by a clone of `primary`, taken over its own road.
    pub(crate) async fn rebuild_from(
        &self,
        site: &Site,
        primary: &Arc<Member>,
        flows: bool,
    ) -> Result<(), StorageError> {
        self.stop(Signal::QUIT).await;
        self.empty_folder().await?;
        let relay = self.follow(primary, flows).await?;
        self.base_backup(site, relay.port(), &self.data(), &[])
            .await?;
        self.mark_standby().await
    }

    /// The same through a slot on the primary, which is made anew, over that road, too.
    pub(crate) async fn rebuild_through_slot(
        &self,
        site: &Site,
        primary: &Arc<Member>,
        flows: bool,
        slot: &str,
    ) -> Result<(), StorageError> {
        self.stop(Signal::QUIT).await;
        self.empty_folder().await?;
        let road = self.follow(primary, flows).await?;
        let made = make_slot(site, primary, road, slot);
        // Where the road is cut, nothing ever comes.
        let made = tokio::time::timeout(TOOL_LIMIT, made).await;
        made.map_err(|_| StorageError::Failed(format!("no answer from {}", primary.key)))??;
        self.set_slot(slot);
        let through = ["-S", slot];
        self.base_backup(site, road.port(), &self.data(), &through)
            .await?;
        self.mark_standby().await
    }

    async fn base_backup(
        &self,
        site: &Site,
        port: u16,
        into: &Path,
        more: &[&str],
    ) -> Result<(), StorageError> {
        let (into, port) = (into.display().to_string(), port.to_string());
        let arguments = [
            "-D",
            &into,
            "-X",
            "stream",
            "-c",
            "fast",
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-U",
            ADMIN,
        ];
        self.run_tool(
            site,
            "pg_basebackup",
            &[&arguments, more].concat(),
            &[("PGPASSWORD", &site.password)],
        )
        .await
    }

    /// Copies its volume into a folder, which is emptied first.
    pub(crate) async fn copy_volume(&self, site: &Site, into: &Path) -> Result<(), StorageError> {
        remove(into).await?;
        if self.is_running() {
            let port = self.address().port();
            return self.base_backup(site, port, into, &[]).await;
        }
        copy(&self.data(), into).await
    }

    /// Makes a volume that was copied ready to start.
    pub(crate) async fn take_over_copy(&self) -> Result<(), StorageError> {
        // PostgreSQL starts in no folder that others may read.
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        tokio::fs::set_permissions(self.data(), private)
            .await
            .map_err(StorageError::io(format!(
                "closing {}",
                self.data().display()
            )))?;
        remove_file(&self.data().join("postmaster.pid")).await
    }

    pub(crate) async fn mark_standby(&self) -> Result<(), StorageError> {
        write(&self.data().join("standby.signal"), "").await
    }

    async fn run_tool(
        &self,
        site: &Site,
        name: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<(), StorageError> {
        let tool = site
            .spawner
            .spawn(
                &site.binaries.join(name),
                arguments,
                environment,
                &self.log(),
            )
            .await?;
        tool.succeed_within(TOOL_LIMIT, name).await
    }

    /// Where the log of a stopped server ends: the position of its shutdown checkpoint.
    pub(crate) async fn last_position(&self, site: &Site) -> Result<String, StorageError> {
        let output = tokio::process::Command::new(site.binaries.join("pg_controldata"))
            .arg(self.data())
            .env("LC_ALL", "C")
            .output()
            .await
            .map_err(StorageError::io("running pg_controldata"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !text
            .lines()
            .any(|line| line.starts_with("Database cluster state:") && line.ends_with("shut down"))
        {
            return Err(StorageError::Failed(format!(
                "{} was not shut down in good order",
                self.key
            )));
        }
        text.lines()
            .find_map(|line| line.strip_prefix("Latest checkpoint location:"))
            .map(|position| position.trim().to_owned())
            .ok_or_else(|| StorageError::Failed("pg_controldata names no checkpoint".to_owned()))
    }

    /// A killed PostgreSQL leaves its System V segment behind; line 7 of its pid file names it.
    pub(crate) async fn free_shared_memory(&self) {
        let text = tokio::fs::read_to_string(self.data().join("postmaster.pid"))
            .await
            .unwrap_or_default();
        if let Some(id) = text
            .lines()
            .nth(6)
            .and_then(|line| line.split_whitespace().nth(1))
        {
            let freed = tokio::process::Command::new("ipcrm")
                .args(["-m", id])
                .output()
                .await;
            if let Err(error) = freed {
                tracing::debug!(%error, "cannot free shared memory");
            }
        }
    }
}

/// Makes a slot on a primary over a road to it, anew where it is there.
async fn make_slot(
    site: &Site,
    primary: &Member,
    road: SocketAddr,
    slot: &str,
) -> Result<(), StorageError> {
    let client = primary.connect_over(site, road, "postgres").await?;
    drop_slot(&client, slot).await?;
    let make = "SELECT pg_create_physical_replication_slot($1, true)";
    let made = client.execute(make, &[&slot]).await;
    made.map_err(StorageError::sql(format!("making the slot {slot}")))?;
    Ok(())
}

/// Gives up a slot, which somebody may hold still; one that is not there is given up.
pub(crate) async fn drop_slot(client: &Client, slot: &str) -> Result<(), StorageError> {
    let doing = || format!("giving up the slot {slot}");
    let held = "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots \
                WHERE slot_name = $1 AND active";
    client
        .execute(held, &[&slot])
        .await
        .map_err(StorageError::sql(doing()))?;
    let drop = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots \
                WHERE slot_name = $1";
    client
        .execute(drop, &[&slot])
        .await
        .map_err(StorageError::sql(doing()))?;
    Ok(())
}
