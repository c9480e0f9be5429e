//! The doors of a member on PostgreSQL.

use failover::{
    Error,
    domain::{Epoch, StopToken},
    ledger::KeptPlan,
    ports::{Access, Credentials, Fenced, NotStopped, Place, Rights, Stopped, Unfenced},
};
use postgres::{
    Why,
    fence::{self, CANARY, Elsewhere},
};
use tokio_postgres::Client;

use super::{Administrator, LIMIT, kept};
use crate::Aws;

/// The login that is tried once the others are taken, with a password of this moment.
async fn canary(admin: &Client) -> Result<Credentials, Error> {
    let password = admin
        .query_one("SELECT gen_random_uuid()::text", &[])
        .await
        .map_err(Why::from)?;
    Ok(Credentials {
        user: CANARY.into(),
        password: password.get(0),
    })
}

impl<K> Aws<K> {
    /// The same login at another database of the member; a sentence where it is not let in.
    async fn beside(
        &self,
        admin: &Administrator<Client>,
        database: &str,
    ) -> Result<Client, String> {
        let place = Place {
            database: database.to_owned(),
            ..admin.place.clone()
        };
        let databases = self.databases().map_err(|why| why.to_string())?;
        let client = databases
            .postgres()
            .connect_to_write(&place, &admin.login, LIMIT);
        client.await.map_err(|why| closed(database, &why))
    }

    /// That a role whose login was taken is turned away.
    async fn turns_away(&self, place: &Place, canary: &Credentials) -> Result<(), Error> {
        match self
            .databases()?
            .postgres()
            .connect(place, canary, LIMIT)
            .await
        {
            Err(why) if fence::is_refused(&why) => Ok(()),
            Err(why) => Err(why.into()),
            Ok(_) => Err(Error::UnexpectedTopology(format!(
                "{} still admits a role whose login was taken",
                place.host
            ))),
        }
    }

    /// Shuts the doors of the other databases too, once the logins are taken, tries a login that must be refused, and looks at all.
    async fn shut(
        &self,
        admin: &Administrator<Client>,
        known: &KeptPlan,
        mut fenced: Fenced,
        canary: &Credentials,
    ) -> Result<Fenced, Error> {
        let Elsewhere { databases, unseen } = fence::elsewhere(&admin.client).await?;
        fenced.refused.extend(unseen);
        for database in databases {
            let tried = match self.beside(admin, &database).await {
                Ok(there) => {
                    let tried = fence::fence_there(&admin.client, &there, &database, &mut fenced);
                    tried.await.map_err(|why| closed(&database, &why))
                }
                Err(why) => Err(why),
            };
            fenced.refused.extend(tried.err());
        }
        let kept = kept(&admin.login.user, known);
        fence::end_sessions(&admin.client, &kept, &mut fenced).await?;
        if !fenced.is_untried {
            self.turns_away(&admin.place, canary).await?;
        }
        fenced.after = Some(self.seen(admin, known).await?);
        Ok(fenced)
    }

    /// Gives back what was taken in the other databases too.
    async fn let_go(
        &self,
        admin: &Administrator<Client>,
        mut given: Unfenced,
    ) -> Result<Unfenced, Error> {
        let mut entered = Vec::new();
        let Elsewhere { databases, unseen } = fence::elsewhere(&admin.client).await?;
        given.refused.extend(unseen);
        for database in databases {
            match self.beside(admin, &database).await {
                Ok(there) => {
                    fence::unfence_there(&admin.client, &there, &database, &mut given).await?;
                    entered.push(database);
                }
                Err(why) => given.refused.push(why),
            }
        }
        fence::forget_dropped(&admin.client, &entered, &mut given).await?;
        Ok(given)
    }

    /// Every door of the member. What cannot be looked at is a door that is named, and keeps no other from being looked at.
    pub(in super::super) async fn seen(
        &self,
        admin: &Administrator<Client>,
        known: &KeptPlan,
    ) -> Result<Access, Error> {
        let mut access = fence::access(&admin.client, &kept(&admin.login.user, known)).await?;
        let Elsewhere { databases, unseen } = fence::elsewhere(&admin.client).await?;
        access.unseen.extend(unseen);
        for database in databases {
            let looked = match self.beside(admin, &database).await {
                Ok(there) => {
                    let counted = fence::count_jobs(&mut access, &there, &database).await;
                    counted.map_err(|why| closed(&database, &why))
                }
                Err(why) => Err(why),
            };
            access.unseen.extend(looked.err());
        }
        Ok(access)
    }
}

fn closed(database: &str, why: &Why) -> String {
    format!(
        "what works in the database {database} cannot be switched off: {why}; let the administrator in there"
    )
}

impl<K> Aws<K> {
    pub(super) async fn fence_postgres(
        &self,
        mut admin: Administrator<Client>,
        known: &KeptPlan,
        proven: Epoch,
    ) -> Result<Option<Fenced>, Error> {
        let canary = canary(&admin.client).await?;
        let user = admin.login.user.clone();
        let kept = kept(&user, known);
        let fenced = fence::fence(&mut admin.client, &kept, proven, &canary).await?;
        let Some(fenced) = fenced else {
            return Ok(None);
        };
        Ok(Some(self.shut(&admin, known, fenced, &canary).await?))
    }

    pub(super) async fn unfence_postgres(
        &self,
        mut admin: Administrator<Client>,
    ) -> Result<Unfenced, Error> {
        let given = fence::unfence(&mut admin.client).await?;
        self.let_go(&admin, given).await
    }

    pub(super) async fn rights_postgres(
        &self,
        mut admin: Administrator<Client>,
        known: &KeptPlan,
    ) -> Result<Rights, Error> {
        let user = admin.login.user.clone();
        let mut refused = fence::rehearse(&mut admin.client, &kept(&user, known)).await?;
        let Elsewhere { databases, unseen } = fence::elsewhere(&admin.client).await?;
        refused.extend(unseen);
        for database in databases {
            match self.beside(&admin, &database).await {
                Ok(mut there) => refused.extend(fence::rehearse_there(&mut there).await?),
                Err(why) => refused.push(why),
            }
        }
        Ok(Rights {
            refused,
            moves_break: fence::moves_break(&admin.client).await?,
        })
    }

    pub(in super::super) async fn stop_postgres(
        &self,
        mut admin: Administrator<Client>,
        known: &KeptPlan,
        (epoch, token): (Epoch, &StopToken),
    ) -> Result<Result<Fenced, NotStopped>, Error> {
        let canary = canary(&admin.client).await?;
        let user = admin.login.user.clone();
        let kept = kept(&user, known);
        match fence::stop(&mut admin.client, &kept, (epoch, token), &canary).await? {
            Ok(fenced) => Ok(Ok(self.shut(&admin, known, fenced, &canary).await?)),
            Err(why) => Ok(Err(why)),
        }
    }

    pub(in super::super) async fn stopped_postgres(
        &self,
        admin: &Administrator<Client>,
        known: &KeptPlan,
    ) -> Result<Stopped, Error> {
        Ok(Stopped {
            mark: fence::mark(&admin.client).await?,
            access: self.seen(admin, known).await?,
        })
    }

    pub(in super::super) async fn open_postgres(
        &self,
        mut admin: Administrator<Client>,
        known: &KeptPlan,
        (epoch, token): (Epoch, &StopToken),
    ) -> Result<Option<Unfenced>, Error> {
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
