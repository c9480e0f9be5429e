//! The doors of a member on MariaDB or MySQL: one server, and no other database to look into.

use failover::{
    Error,
    domain::{Epoch, StopToken},
    ledger::KeptPlan,
    ports::{Access, Credentials, Fenced, NotStopped, Place, Rights, Stopped, Unfenced},
};
use mysql::{
    Client, Flavour, Why,
    fence::{self, CANARY},
};

use super::{Administrator, LIMIT, kept};
use crate::Aws;

/// The login that is tried once the others are taken, with a password of this moment.
fn canary() -> Result<Credentials, Why> {
    Ok(Credentials {
        user: CANARY.into(),
        password: mysql::random()?,
    })
}

/// Every door of the member.
async fn seen(admin: &mut Administrator<Client>, known: &KeptPlan) -> Result<Access, Error> {
    let user = admin.login.user.clone();
    Ok(fence::access(&mut admin.client, &kept(&user, known)).await?)
}

impl<K> Aws<K> {
    pub(super) async fn access_mysql(
        &self,
        mut admin: Administrator<Client>,
        known: &KeptPlan,
    ) -> Result<Access, Error> {
        seen(&mut admin, known).await
    }

    /// That an account whose login was taken is turned away.
    async fn is_turned_away(&self, place: &Place, canary: &Credentials) -> Result<(), Error> {
        let Some(flavour) = Flavour::of(place.engine) else {
            return Ok(());
        };
        let connector = self.databases()?.mysql();
        match connector.connect_to(flavour, place, canary, LIMIT).await {
            Err(why) if why.says_locked() => Ok(()),
            Err(why) => Err(why.into()),
            Ok(_) => Err(Error::UnexpectedTopology(format!(
                "{} still admits an account whose login was taken",
                place.host
            ))),
        }
    }

    /// Tries a login that must be refused, and looks at all.
    async fn look_after(
        &self,
        admin: &mut Administrator<Client>,
        known: &KeptPlan,
        mut fenced: Fenced,
        canary: &Credentials,
    ) -> Result<Fenced, Error> {
        if !fenced.is_untried {
            // No database is named, which an account without a right would be turned away for.
            let server = Place {
                database: String::new(),
                ..admin.place.clone()
            };
            self.is_turned_away(&server, canary).await?;
        }
        fenced.after = Some(seen(admin, known).await?);
        Ok(fenced)
    }

    pub(super) async fn fence_mysql(
        &self,
        mut admin: Administrator<Client>,
        known: &KeptPlan,
        proven: Epoch,
    ) -> Result<Option<Fenced>, Error> {
        let done = self.shut_deposed(&mut admin, known, proven).await;
        admin.client.close().await;
        done
    }

    async fn shut_deposed(
        &self,
        admin: &mut Administrator<Client>,
        known: &KeptPlan,
        proven: Epoch,
    ) -> Result<Option<Fenced>, Error> {
        let canary = canary()?;
        let user = admin.login.user.clone();
        let kept = kept(&user, known);
        let fenced = fence::fence(&mut admin.client, &kept, proven, &canary).await?;
        let Some(fenced) = fenced else {
            return Ok(None);
        };
        let fenced = self.look_after(admin, known, fenced, &canary).await?;
        Ok(Some(fenced))
    }

    pub(super) async fn unfence_mysql(
        &self,
        mut admin: Administrator<Client>,
    ) -> Result<Unfenced, Error> {
        let given = fence::unfence(&mut admin.client).await;
        admin.client.close().await;
        Ok(given?)
    }

    pub(super) async fn rights_mysql(
        &self,
        mut admin: Administrator<Client>,
        known: &KeptPlan,
    ) -> Result<Rights, Error> {
        let user = admin.login.user.clone();
        Ok(Rights {
            refused: fence::rehearse(&mut admin.client, &kept(&user, known)).await?,
            moves_break: fence::moves_break(&mut admin.client).await?,
        })
    }

    pub(in super::super) async fn stop_mysql(
        &self,
        mut admin: Administrator<Client>,
        known: &KeptPlan,
        (epoch, token): (Epoch, &StopToken),
    ) -> Result<Result<Fenced, NotStopped>, Error> {
        let done = self.shut_living(&mut admin, known, (epoch, token)).await;
        admin.client.close().await;
        done
    }

    async fn shut_living(
        &self,
        admin: &mut Administrator<Client>,
        known: &KeptPlan,
        (epoch, token): (Epoch, &StopToken),
    ) -> Result<Result<Fenced, NotStopped>, Error> {
        let canary = canary()?;
        let user = admin.login.user.clone();
        let kept = kept(&user, known);
        match fence::stop(&mut admin.client, &kept, (epoch, token), &canary).await? {
            Ok(fenced) => {
                let fenced = self.look_after(admin, known, fenced, &canary).await?;
                Ok(Ok(fenced))
            }
            Err(why) => Ok(Err(why)),
        }
    }

    pub(in super::super) async fn stopped_mysql(
        &self,
        mut admin: Administrator<Client>,
        known: &KeptPlan,
    ) -> Result<Stopped, Error> {
        Ok(Stopped {
            mark: fence::mark(&mut admin.client).await?,
            access: seen(&mut admin, known).await?,
        })
    }

    pub(in super::super) async fn open_mysql(
        &self,
        mut admin: Administrator<Client>,
        known: &KeptPlan,
        (epoch, token): (Epoch, &StopToken),
    ) -> Result<Option<Unfenced>, Error> {
        let given = opened(&mut admin, known, (epoch, token)).await;
        admin.client.close().await;
        given
    }
}

/// Gives back and erases the mark, over one session: a late pass of the same stop waits until that has ended.
async fn opened(
    admin: &mut Administrator<Client>,
    known: &KeptPlan,
    (epoch, token): (Epoch, &StopToken),
) -> Result<Option<Unfenced>, Error> {
    let Some(given) = fence::open(&mut admin.client, epoch, token).await? else {
        return Ok(None);
    };
    // Where nobody was let in the mark stays, and whoever looks next tries again.
    let is_open = given.refused.is_empty() || !seen(admin, known).await?.roles.is_empty();
    if is_open {
        fence::erase(&mut admin.client, epoch, token).await?;
    }
    Ok(Some(given))
}
