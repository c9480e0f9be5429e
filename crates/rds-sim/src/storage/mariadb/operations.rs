//! What happens to servers: made, stopped, started again, renamed, removed.

use mysql_async::{Conn, prelude::Queryable};
use rustix::process::Signal;

use crate::{
    model::ClusterKey,
    storage::{
        StorageError,
        mariadb::{
            MariaDb,
            config::{MASTER_RIGHTS, identifier, quoted},
            site::run,
        },
        member::Member,
    },
};

impl MariaDb {
    pub(crate) async fn create_instance(
        &self,
        key: &ClusterKey,
        database: Option<&str>,
        user: &str,
        password: &str,
    ) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member.stop(Signal::KILL).await;
        self.site.initialise(&member).await?;
        self.site.start(&member).await?;
        let mut conn = self.site.connect(&member).await?;
        let hash = hashed(&mut conn, password).await?;
        let user = quoted(user);
        let statements = [
            format!("CREATE USER {user}@'%' IDENTIFIED BY PASSWORD '{hash}'"),
            format!("GRANT {MASTER_RIGHTS} ON *.* TO {user}@'%' WITH GRANT OPTION"),
        ];
        for statement in statements {
            run(&mut conn, &statement, "creating the master user").await?;
        }
        if let Some(database) = database {
            let create = format!("CREATE DATABASE {}", identifier(database));
            run(&mut conn, &create, "creating the database").await?;
        }
        Ok(())
    }

    /// Gives the master user another password.
    pub(crate) async fn set_password(
        &self,
        key: &ClusterKey,
        user: &str,
        password: &str,
    ) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let mut conn = self.site.connect(&member).await?;
        let hash = hashed(&mut conn, password).await?;
        let set = format!(
            "ALTER USER {}@'%' IDENTIFIED BY PASSWORD '{hash}'",
            quoted(user)
        );
        run(&mut conn, &set, "setting the master user's password").await
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

    pub(crate) async fn halt(&self, key: &ClusterKey) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member.stop(Signal::TERM).await;
        Ok(())
    }

    /// Stops a database and removes its volume.
    pub(crate) async fn destroy(&self, key: &ClusterKey) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member.shut_down(Signal::KILL).await;
        member.remove_volume().await?;
        self.fleet.forget(key);
        Ok(())
    }

    /// Starts an instance that went down with its Region or was stopped, in the role it had.
    pub(crate) async fn resume(&self, key: &ClusterKey) -> Result<(), StorageError> {
        // What has no volume yet has none to start.
        self.fleet.member(key)?;
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        self.resume_in_turn(&member).await
    }

    /// Stops a database in good order and starts it in the role it had.
    pub(crate) async fn restart(&self, key: &ClusterKey) -> Result<(), StorageError> {
        let member = self.fleet.admitted(key)?;
        let _turn = member.turn.lock().await;
        member.stop(Signal::TERM).await;
        self.resume_in_turn(&member).await
    }

    async fn resume_in_turn(&self, member: &Member) -> Result<(), StorageError> {
        if member.is_running() {
            return Ok(());
        }
        let Some(source) = member.follows() else {
            return self.site.start(member).await;
        };
        let road = member
            .follow(&source, self.fleet.flows(member, &source))
            .await?;
        self.site.start(member).await?;
        let begun = self.site.begin_to_follow(member, road, None).await;
        if begun.is_err() {
            // So that the next try starts over.
            member.stop(Signal::KILL).await;
        }
        begun
    }
}

/// What a server keeps of a password, so that no log of it has more.
async fn hashed(conn: &mut Conn, password: &str) -> Result<String, StorageError> {
    let doing = "hashing the master user's password";
    let hash = conn.exec_first("SELECT PASSWORD(?)", (password,)).await;
    let hash: Option<String> = hash.map_err(StorageError::mariadb(doing))?;
    hash.ok_or_else(|| StorageError::Failed(doing.to_owned()))
}
