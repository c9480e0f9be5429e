//! What happens to databases when members are created, promoted, switched over, rebuilt.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;

use crate::{
    model::ClusterKey,
    storage::{
        StorageError,
        member::Member,
        postgres::{
            Postgres,
            config::{identifier, quoted},
        },
    },
};

const FUNCTIONS: &str = include_str!("aurora_functions.sql");
/// A switchover waits this long for the target to have everything, and is called off then.
const CATCH_UP_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

impl Postgres {
    pub(crate) async fn create_primary(
        &self,
        key: &ClusterKey,
        database: Option<&str>,
        user: &str,
        password: &str,
    ) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        self.start_empty(&member).await?;
        for name in ["template1", "postgres"] {
            let client = member.connect(&self.site, name).await?;
            run(&client, FUNCTIONS, "creating Aurora's functions").await?;
        }
        self.give_to(&member, database, user, password).await
    }

    pub(super) async fn start_empty(&self, member: &Member) -> Result<(), StorageError> {
        member.stop(Signal::QUIT).await;
        member.initialise(&self.site).await?;
        member.start(&self.site).await
    }

    /// Makes the master user and its database.
    pub(super) async fn give_to(
        &self,
        member: &Member,
        database: Option<&str>,
        user: &str,
        password: &str,
    ) -> Result<(), StorageError> {
        let client = member.connect(&self.site, "postgres").await?;
        let owner = identifier(user);
        // The statement holds a password: no log of failed statements may show it.
        let role = format!(
            "SET log_min_error_statement = panic; CREATE ROLE {owner} LOGIN CREATEDB CREATEROLE REPLICATION PASSWORD {}; \
             GRANT pg_monitor, pg_signal_backend, pg_checkpoint, pg_create_subscription TO {owner} WITH ADMIN OPTION; \
             GRANT ALL ON SCHEMA public TO {owner}",
            quoted(password)
        );
        run(&client, &role, "creating the master user").await?;
        if let Some(database) = database {
            let create = format!("CREATE DATABASE {} OWNER {owner}", identifier(database));
            run(&client, &create, "creating the database").await?;
        }
        Ok(())
    }

    /// Clones the primary, over the standby's own road, and follows it.
    pub(crate) async fn rebuild(
        &self,
        key: &ClusterKey,
        primary: &ClusterKey,
    ) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        let primary = self.fleet.member(primary)?;
        member
            .rebuild_from(&self.site, &primary, self.fleet.flows(&member, &primary))
            .await?;
        member.start(&self.site).await
    }

    pub(crate) async fn promote(&self, key: &ClusterKey) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member.close_road();
        self.promote_in_turn(&member).await
    }

    pub(super) async fn promote_in_turn(&self, member: &Member) -> Result<(), StorageError> {
        let client = member.connect(&self.site, "postgres").await?;
        if in_recovery(&client).await? {
            let promoted: bool = ask(&client, "SELECT pg_promote(true, 60)").await?;
            if !promoted {
                return Err(StorageError::Failed(format!(
                    "{} was not promoted within 60 s",
                    member.key
                )));
            }
        }
        self.name_primary_region(&client, &member.key.region)
            .await?;
        member.forget_primary();
        Ok(())
    }

    /// Aurora's functions take the primary's Region from a setting.
    async fn name_primary_region(&self, client: &Client, region: &str) -> Result<(), StorageError> {
        let setting = format!(
            "ALTER SYSTEM SET rds_sim.primary_region = {}",
            quoted(region)
        );
        run(client, &setting, "naming the primary's Region").await?;
        run(client, "SELECT pg_reload_conf()", "reloading the settings").await
    }

    pub(crate) async fn fence(&self, key: &ClusterKey) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member.stop(Signal::QUIT).await;
        Ok(())
    }

    /// Copies a volume: of a running database by a base backup, of a stopped one as it lies.
    pub(crate) async fn snapshot(
        &self,
        key: &ClusterKey,
        snapshot: &ClusterKey,
    ) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member
            .copy_volume(&self.site, &self.fleet.snapshot_folder(snapshot))
            .await
    }

    /// Starts a database of its own from a copy of a snapshot's volume, whatever role the volume had.
    pub(crate) async fn restore(
        &self,
        snapshot: &ClusterKey,
        key: &ClusterKey,
    ) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member.stop(Signal::QUIT).await;
        member
            .restore_volume(&self.fleet.snapshot_folder(snapshot))
            .await?;
        member.take_over_copy().await?;
        member.start(&self.site).await?;
        self.promote_in_turn(&member).await
    }

    /// Stops a database and removes its volume.
    pub(crate) async fn destroy(&self, key: &ClusterKey) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member.shut_down(Signal::QUIT).await;
        member.remove_volume().await?;
        self.fleet.forget(key);
        Ok(())
    }

    /// Starts a cluster that went down with its Region or its last instance, in the role it had.
    pub(crate) async fn resume(&self, key: &ClusterKey) -> Result<(), StorageError> {
        // What has no volume yet has none to start.
        self.fleet.member(key)?;
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        self.resume_in_turn(&member).await
    }

    pub(super) async fn resume_in_turn(&self, member: &Member) -> Result<(), StorageError> {
        if member.is_running() {
            return Ok(());
        }
        if let Some(primary) = member.follows() {
            let flows = self.fleet.flows(member, &primary);
            member.follow(&primary, flows).await?;
        }
        member.start(&self.site).await
    }

    /// Stops a database in good order and starts it in the role it had.
    pub(crate) async fn restart(&self, key: &ClusterKey) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member.stop(Signal::INT).await;
        self.resume_in_turn(&member).await
    }

    /// Gives the master user another password.
    pub(crate) async fn set_password(
        &self,
        key: &ClusterKey,
        user: &str,
        password: &str,
    ) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let client = member.connect(&self.site, "postgres").await?;
        let statement = format!(
            "SET log_min_error_statement = panic; ALTER ROLE {} PASSWORD {}",
            identifier(user),
            quoted(password)
        );
        run(&client, &statement, "setting the master user's password").await
    }

    /// Stops the old primary in good order, waits until the target has its last byte, and swaps the roles.
    pub(crate) async fn switch_over(
        &self,
        from: &ClusterKey,
        to: &ClusterKey,
    ) -> Result<(), StorageError> {
        let (old, new) = (self.fleet.admitted(from)?, self.fleet.admitted(to)?);
        // In the order of their keys, so that two switchovers never wait for each other.
        let (first, second) = if from < to {
            (&old, &new)
        } else {
            (&new, &old)
        };
        let _first = first.turn.lock().await;
        let _second = second.turn.lock().await;
        let client = new.connect(&self.site, "postgres").await?;
        if !new.follows_this(&old) || !in_recovery(&client).await? {
            return Err(StorageError::Failed(format!("{to} does not follow {from}")));
        }
        // A shutdown in good order sends everything to the standbys before it ends.
        old.stop(Signal::INT).await;
        let end = old.last_position(&self.site).await?;
        if let Err(error) = caught_up(&client, &end).await {
            old.start(&self.site).await?;
            return Err(error);
        }
        self.promote_in_turn(&new).await?;
        for standby in self
            .fleet
            .all()
            .iter()
            .filter(|member| member.follows_this(&old))
        {
            standby.redirect(&new);
            let client = standby.connect(&self.site, "postgres").await?;
            self.name_primary_region(&client, &to.region).await?;
        }
        old.follow(&new, self.fleet.flows(&old, &new)).await?;
        old.mark_standby().await?;
        old.start(&self.site).await
    }

    pub(crate) async fn measure_behind(&self, standby: &ClusterKey) -> Result<u64, StorageError> {
        let member = self.fleet.member(standby)?;
        let no_primary = || StorageError::Failed(format!("{standby} follows nothing"));
        let primary = member.follows().ok_or_else(no_primary)?;
        let written: i64 = ask(
            &primary.connect(&self.site, "postgres").await?,
            "SELECT (pg_current_wal_lsn() - '0/0')::bigint",
        )
        .await?;
        let replayed: i64 = ask(
            &member.connect(&self.site, "postgres").await?,
            "SELECT (pg_last_wal_replay_lsn() - '0/0')::bigint",
        )
        .await?;
        Ok(u64::try_from(written.saturating_sub(replayed)).unwrap_or(0))
    }

    /// What was committed on the primary this long ago is replayed now; a promotion does not wait for it.
    pub(crate) async fn set_replay_delay(
        &self,
        standby: &ClusterKey,
        delay: std::time::Duration,
    ) -> Result<(), StorageError> {
        let client = self
            .fleet
            .member(standby)?
            .connect(&self.site, "postgres")
            .await?;
        let set = format!(
            "ALTER SYSTEM SET recovery_min_apply_delay = '{}ms'",
            delay.as_millis()
        );
        run(&client, &set, "delaying the replay").await?;
        run(&client, "SELECT pg_reload_conf()", "delaying the replay").await
    }
}

/// Waits until a standby has replayed beyond a position.
async fn caught_up(standby: &Client, position: &str) -> Result<(), StorageError> {
    let deadline = Instant::now() + CATCH_UP_LIMIT;
    let query = format!(
        "SELECT coalesce(pg_last_wal_replay_lsn() > {}::pg_lsn, false)",
        quoted(position)
    );
    while !ask::<bool>(standby, &query).await? {
        if Instant::now() > deadline {
            return Err(StorageError::Failed(format!(
                "the target did not catch up within {CATCH_UP_LIMIT:?}"
            )));
        }
        sleep(POLL).await;
    }
    Ok(())
}

pub(super) async fn in_recovery(client: &Client) -> Result<bool, StorageError> {
    ask(client, "SELECT pg_is_in_recovery()").await
}

pub(super) async fn ask<T>(client: &Client, query: &str) -> Result<T, StorageError>
where
    T: for<'a> tokio_postgres::types::FromSql<'a>,
{
    let row = client
        .query_one(query, &[])
        .await
        .map_err(StorageError::sql(query))?;
    row.try_get(0).map_err(StorageError::sql(query))
}

async fn run(client: &Client, statements: &str, doing: &str) -> Result<(), StorageError> {
    client
        .batch_execute(statements)
        .await
        .map_err(StorageError::sql(doing))
}
