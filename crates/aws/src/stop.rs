//! The stop of this Region's member for a planned move, over SQL as its administrator.

use failover::{
    Error,
    domain::{Epoch, StopToken},
    ledger::KeptPlan,
    ports::{Fenced, Mark, NotStopped, Stopped, Unfenced},
};

use super::{Aws, fence::Door};

impl<K> Aws<K> {
    /// Sets the mark and shuts every door, where the database holds this very epoch and no other mark. It may come about after its
    /// caller is gone.
    ///
    /// # Errors
    /// As [`failover::ports::Fence::fence`].
    pub async fn stop(
        &self,
        known: &KeptPlan,
        epoch: Epoch,
        token: &StopToken,
    ) -> Result<Result<Fenced, NotStopped>, Error> {
        match self.administrator(known).await? {
            Door::Postgres(admin) => self.stop_postgres(admin, known, (epoch, token)).await,
            Door::Mysql(admin) => self.stop_mysql(admin, known, (epoch, token)).await,
        }
    }

    /// Looks whether a mark stands in the database, and nothing else.
    ///
    /// # Errors
    /// As [`failover::ports::Fence::access`].
    pub async fn mark(&self, known: &KeptPlan) -> Result<Option<Mark>, Error> {
        match self.let_in(known).await?.0 {
            Door::Postgres(admin) => Ok(postgres::fence::mark(&admin.client).await?),
            Door::Mysql(mut admin) => Ok(mysql::fence::mark(&mut admin.client).await?),
        }
    }

    /// Looks what stands in the database, and changes nothing.
    ///
    /// # Errors
    /// As [`failover::ports::Fence::access`].
    pub async fn stopped(&self, known: &KeptPlan) -> Result<Stopped, Error> {
        match self.let_in(known).await?.0 {
            Door::Postgres(admin) => self.stopped_postgres(&admin, known).await,
            Door::Mysql(admin) => self.stopped_mysql(admin, known).await,
        }
    }

    /// How far it has written under this mark, by a commit of its own; `None` where that does not stand.
    ///
    /// # Errors
    /// As [`failover::ports::Fence::log_in`].
    pub async fn position(
        &self,
        known: &KeptPlan,
        token: &StopToken,
    ) -> Result<Option<i64>, Error> {
        match self.administrator(known).await? {
            Door::Postgres(mut admin) => {
                Ok(postgres::fence::position(&mut admin.client, token).await?)
            }
            Door::Mysql(mut admin) => Ok(mysql::fence::position(&mut admin.client, token).await?),
        }
    }

    /// Gives back what was taken and erases the mark, where the database holds this very epoch and this very mark; `None` where not. Where no
    /// role of an application can log in behind it the mark stays.
    ///
    /// # Errors
    /// As [`failover::ports::Fence::unfence`].
    pub async fn open(
        &self,
        known: &KeptPlan,
        epoch: Epoch,
        token: &StopToken,
    ) -> Result<Option<Unfenced>, Error> {
        match self.administrator(known).await? {
            Door::Postgres(admin) => self.open_postgres(admin, known, (epoch, token)).await,
            Door::Mysql(admin) => self.open_mysql(admin, known, (epoch, token)).await,
        }
    }
}
