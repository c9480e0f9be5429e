//! The stop of this Region's member for a planned move, over SQL as its administrator.

use failover::{
    Error,
    domain::{Epoch, StopToken},
    ledger::KeptPlan,
    ports::{Fenced, NotStopped, Stop, Stopped, Unfenced},
};
use postgres::fence;

use super::{
    Aws,
    fence::{canary, kept},
};

impl<K> Stop for Aws<K> {
    async fn stop(
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

    async fn stopped(&self, known: &KeptPlan) -> Result<Stopped, Error> {
        let (admin, _) = self.let_in(known).await?;
        Ok(Stopped {
            mark: fence::mark(&admin.client).await?,
            access: self.seen(&admin, known).await?,
        })
    }

    async fn position(&self, known: &KeptPlan, token: &StopToken) -> Result<Option<i64>, Error> {
        let mut admin = self.administrator(known).await?;
        Ok(fence::position(&mut admin.client, token).await?)
    }

    async fn open(
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
        fence::erase(&admin.client, epoch, token).await?;
        Ok(Some(given))
    }
}
