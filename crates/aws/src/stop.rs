//! The stop of this Region's member for a planned move, over SQL as its administrator.

use failover::{
    Error,
    domain::{Epoch, StopToken},
    ledger::KeptPlan,
    ports::{Fenced, Mark, NotStopped, Stopped, Unfenced},
};
use postgres::fence;

use super::{
    Aws,
    fence::{canary, kept},
};

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
        let mut admin = self.administrator(known).await?;
        let canary = canary(&admin.client).await?;
        let user = admin.login.user.clone();
        let kept = kept(&user, known);
        match fence::stop(&mut admin.client, &kept, (epoch, token), &canary).await? {
            Ok(fenced) => Ok(Ok(self.shut(&admin, known, fenced, &canary).await?)),
            Err(why) => Ok(Err(why)),
        }
    }

    /// Looks whether a mark stands in the database, and nothing else.
    ///
    /// # Errors
    /// As [`failover::ports::Fence::access`].
    pub async fn mark(&self, known: &KeptPlan) -> Result<Option<Mark>, Error> {
        let (admin, _) = self.let_in(known).await?;
        Ok(fence::mark(&admin.client).await?)
    }

    /// Looks what stands in the database, and changes nothing.
    ///
    /// # Errors
    /// As [`failover::ports::Fence::access`].
    pub async fn stopped(&self, known: &KeptPlan) -> Result<Stopped, Error> {
        let (admin, _) = self.let_in(known).await?;
        Ok(Stopped {
            mark: fence::mark(&admin.client).await?,
            access: self.seen(&admin, known).await?,
        })
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
        let mut admin = self.administrator(known).await?;
        Ok(fence::position(&mut admin.client, token).await?)
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
        let mut admin = self.administrator(known).await?;
        let Some(given) = fence::open(&mut admin.client, epoch, token).await? else {
            return Ok(None);
        };
        let given = self.let_go(&admin, given).await?;
        // Where nobody was let in the mark stays, and whoever looks next tries again.
        let is_open = given.refused.is_empty() || !self.seen(&admin, known).await?.roles.is_empty();
        if is_open {
            fence::erase(&admin.client, epoch, token).await?;
        }
        Ok(Some(given))
    }
}
