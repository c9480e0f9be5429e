//! What happens to the databases of instances of their own: made, followed through a slot, promoted, renamed.

use std::time::Duration;

use rustix::process::Signal;

use crate::{
    model::ClusterKey,
    storage::{
        StorageError,
        postgres::{Postgres, folder::drop_slot, operations::ask},
    },
};

/// How long ago the last commit was made that a replica replayed, as RDS's `ReplicaLag` counts it for PostgreSQL.
const REPLAY_AGE: &str = "SELECT CASE WHEN pg_is_in_recovery() THEN \
     extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 END";

impl Postgres {
    pub(crate) async fn create_instance(
        &self,
        key: &ClusterKey,
        database: Option<&str>,
        user: &str,
        password: &str,
    ) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        self.start_empty(&member).await?;
        self.give_to(&member, database, user, password).await
    }

    /// Clones the source over the replica's own road, and follows it through a slot on it.
    pub(crate) async fn create_replica(
        &self,
        key: &ClusterKey,
        source: &ClusterKey,
        slot: &str,
    ) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        let source = self.fleet.member(source)?;
        let flows = self.fleet.flows(&member, &source);
        member
            .rebuild_through_slot(&self.site, &source, flows, slot)
            .await?;
        member.start(&self.site).await
    }

    /// Asked again, it starts what an earlier try left stopped.
    pub(crate) async fn promote_replica(&self, key: &ClusterKey) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member.close_road();
        if !member.is_running() {
            member.start(&self.site).await?;
        }
        self.promote_in_turn(&member).await?;
        member.stop(Signal::INT).await;
        member.start(&self.site).await
    }

    /// The old name leads nowhere at once. Asked again, it goes by the new one already.
    pub(crate) async fn rename_instance(
        &self,
        from: &ClusterKey,
        to: &ClusterKey,
    ) -> Result<(), StorageError> {
        self.fleet.rename(from, to);
        self.fleet.member(to)?;
        self.restart(to).await
    }

    pub(crate) async fn give_up_slot(
        &self,
        source: &ClusterKey,
        slot: &str,
    ) -> Result<(), StorageError> {
        let source = self.fleet.member(source)?;
        let client = source.connect(&self.site, "postgres").await?;
        drop_slot(&client, slot).await
    }

    /// Nothing for what is no replica, and before the first commit that it replays.
    pub(crate) async fn replay_age(
        &self,
        replica: &ClusterKey,
    ) -> Result<Option<Duration>, StorageError> {
        let client = self
            .fleet
            .member(replica)?
            .connect(&self.site, "postgres")
            .await?;
        let seconds: Option<f64> = ask(&client, REPLAY_AGE).await?;
        Ok(seconds.map(|seconds| Duration::from_secs_f64(seconds.max(0.0))))
    }
}
