//! Replicas: made over a road of their own, promoted, delayed, measured.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use mysql_async::{Conn, Row, prelude::Queryable};
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use crate::{
    model::ClusterKey,
    storage::{
        StorageError,
        mariadb::{
            MariaDb,
            config::{REPLICATION, quoted},
            site::{Site, run},
            volumes::forget_source,
        },
        member::Member,
    },
};

/// A road that is cut may be mended meanwhile.
const REACH_LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(200);

impl Site {
    /// Waits until a source answers over a road: where that is cut, nothing ever comes.
    async fn reach(&self, source: &Member, road: SocketAddr) -> Result<(), StorageError> {
        let deadline = Instant::now() + REACH_LIMIT;
        loop {
            match self.connect_over(road, REPLICATION, source).await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => sleep(POLL).await,
            }
        }
    }

    /// Follows what is at the end of a road, from where the server was, or from a transaction.
    pub(crate) async fn begin_to_follow(
        &self,
        member: &Member,
        road: SocketAddr,
        from: Option<&str>,
    ) -> Result<(), StorageError> {
        let mut conn = self.connect(member).await?;
        let mut statements = vec!["STOP SLAVE".to_owned()];
        if let Some(gtid) = from.map(quoted) {
            statements.push(format!("SET GLOBAL gtid_slave_pos = {gtid}"));
        }
        statements.push(format!(
            "CHANGE MASTER TO MASTER_HOST = '{}', MASTER_PORT = {}, MASTER_USER = '{REPLICATION}', MASTER_PASSWORD = {}, \
             MASTER_CONNECT_RETRY = 1, MASTER_HEARTBEAT_PERIOD = 1, MASTER_SSL = 0, MASTER_SSL_VERIFY_SERVER_CERT = 0, \
             MASTER_USE_GTID = slave_pos",
            road.ip(),
            road.port(),
            quoted(&self.password)
        ));
        statements.push("START SLAVE".to_owned());
        for statement in statements {
            run(&mut conn, &statement, "following the source").await?;
        }
        Ok(())
    }
}

impl MariaDb {
    /// Copies the source's volume and follows it over the replica's own road, which must let something through.
    pub(crate) async fn create_replica(
        &self,
        key: &ClusterKey,
        source: &ClusterKey,
    ) -> Result<(), StorageError> {
        let source: Arc<Member> = self.fleet.member(source)?;
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member.stop(Signal::KILL).await;
        member.empty_folder().await?;
        let flows = self.fleet.flows(&member, &source);
        let road = member.follow(&source, flows).await?;
        self.site.reach(&source, road).await?;
        {
            let _turn_of_source = source.turn.lock().await;
            self.site.copy_volume(&source, &member.data()).await?;
        }
        forget_source(&member.data()).await?;
        self.site.start(&member).await?;
        let mut conn = self.site.connect(&member).await?;
        // The log was copied, too, and ends where the volume does.
        let last = conn.query_first("SELECT @@gtid_binlog_pos").await;
        let last: Option<String> = last.map_err(StorageError::mariadb("reading the log's end"))?;
        let last = last.unwrap_or_default();
        self.site.begin_to_follow(&member, road, Some(&last)).await
    }

    /// What it has received and not applied is dropped. Asked again, it starts what an earlier try left stopped.
    pub(crate) async fn promote_replica(&self, key: &ClusterKey) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member.close_road();
        if !member.is_running() {
            self.site.start(&member).await?;
        }
        let mut conn = self.site.connect(&member).await?;
        for statement in ["STOP SLAVE", "RESET SLAVE ALL"] {
            run(&mut conn, statement, "promoting").await?;
        }
        member.forget_primary();
        member.stop(Signal::TERM).await;
        self.site.start(&member).await
    }

    /// What was committed on the source this long ago is applied now. A promotion drops what is left.
    pub(crate) async fn set_replay_delay(
        &self,
        replica: &ClusterKey,
        delay: Duration,
    ) -> Result<(), StorageError> {
        let member = self.fleet.member(replica)?;
        let _turn = member.turn.lock().await;
        let mut conn = self.site.connect(&member).await?;
        let seconds = delay.as_millis().div_ceil(1_000);
        let change = format!("CHANGE MASTER TO MASTER_DELAY = {seconds}");
        for statement in ["STOP SLAVE", &change, "START SLAVE"] {
            run(&mut conn, statement, "delaying what is applied").await?;
        }
        Ok(())
    }

    /// How many bytes of the source's log a replica has yet to apply.
    pub(crate) async fn measure_behind(&self, replica: &ClusterKey) -> Result<u64, StorageError> {
        let member = self.fleet.member(replica)?;
        let no_source = || StorageError::Failed(format!("{replica} follows nothing"));
        let source = member.follows().ok_or_else(no_source)?;
        let status = slave_status(&mut self.site.connect(&member).await?).await?;
        let status = status.ok_or_else(no_source)?;
        let unknown = || StorageError::Failed(format!("{replica} is nowhere in its source's log"));
        let file: String = field(&status, "Relay_Master_Log_File").ok_or_else(unknown)?;
        let applied: u64 = field(&status, "Exec_Master_Log_Pos").ok_or_else(unknown)?;
        let mut conn = self.site.connect(&source).await?;
        let logs = conn.query("SHOW BINARY LOGS").await;
        let logs: Vec<(String, u64)> = logs.map_err(StorageError::mariadb("listing logs"))?;
        let from = logs.iter().position(|(name, _)| *name == file);
        let rest = from.and_then(|from| logs.get(from..)).ok_or_else(unknown)?;
        let written: u64 = rest.iter().map(|(_, bytes)| bytes).sum();
        Ok(written.saturating_sub(applied))
    }

    /// `Seconds_Behind_Master`: nothing while the source is not reached, and for what is no replica.
    pub(crate) async fn replay_age(
        &self,
        replica: &ClusterKey,
    ) -> Result<Option<Duration>, StorageError> {
        let member = self.fleet.member(replica)?;
        let mut conn = self.site.connect(&member).await?;
        let status = slave_status(&mut conn).await?;
        let seconds = status.and_then(|status| field(&status, "Seconds_Behind_Master"));
        Ok(seconds.map(Duration::from_secs))
    }
}

async fn slave_status(conn: &mut Conn) -> Result<Option<Row>, StorageError> {
    let status = conn.query_first("SHOW SLAVE STATUS").await;
    status.map_err(StorageError::mariadb("asking for the replica's status"))
}

/// A field of an answer, unless it is NULL.
fn field<T: mysql_async::prelude::FromValue>(row: &Row, name: &str) -> Option<T> {
    row.get_opt::<Option<T>, _>(name)?.ok().flatten()
}
