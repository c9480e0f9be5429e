//! Who has access to this Region's member, over SQL as its administrator.

use std::time::Duration;

use failover::{
    Error,
    domain::{Epoch, PlanName},
    ledger::KeptPlan,
    ports::{Access, Credentials, Fence, Fenced, Place, Rights, Runtime, Unfenced, update_if},
};
use postgres::{
    Why,
    fence::{self, CANARY, Elsewhere},
};
use tokio_postgres::Client;

use super::Aws;

/// Taking a login away may wait for locks.
const LIMIT: Duration = Duration::from_secs(10);

/// A login at this Region's member.
pub(super) struct Administrator {
    pub(super) client: Client,
    place: Place,
    pub(super) login: Credentials,
}

/// Notes which version of the administrator's secret opens this Region's member: that may be needed once the secret has been
/// rotated twice and nothing else names it. What cannot be noted now is noted at the next login.
async fn note<K>(aws: &Aws<K>, plan: &PlanName, version: &str) {
    let now = aws.now();
    let noted = update_if(aws, aws.region(), plan, |row| row.serve(version, now)).await;
    if let Err(why) = noted {
        tracing::warn!(%plan, %why, "which version of the administrator's secret serves could not be noted");
    }
}

/// The login that is tried once the others are taken, with a password of this moment.
pub(super) async fn canary(admin: &Client) -> Result<Credentials, Error> {
    let password = admin
        .query_one("SELECT gen_random_uuid()::text", &[])
        .await
        .map_err(Why::from)?;
    Ok(Credentials {
        user: CANARY.into(),
        password: password.get(0),
    })
}

/// The roles that are never fenced.
pub(super) fn kept<'a>(admin: &'a str, known: &'a KeptPlan) -> [&'a str; 2] {
    [admin, &known.plan.database.probe.user]
}

impl<K> Aws<K> {
    pub(super) async fn administrator(&self, known: &KeptPlan) -> Result<Administrator, Error> {
        let (administrator, version) = self.let_in(known).await?;
        if let Some(version) = &version {
            note(self, &known.plan.plan, version).await;
        }
        Ok(administrator)
    }

    /// The same for a look, which a dry run takes too: nothing is noted. And the version of the secret that opened.
    pub(super) async fn let_in(
        &self,
        known: &KeptPlan,
    ) -> Result<(Administrator, Option<String>), Error> {
        let here = self.region();
        let endpoints = known.endpoints.get(here).ok_or_else(|| {
            Error::NotReady(format!(
                "no endpoint of the member in {here} is known: no probe has seen it yet"
            ))
        })?;
        let place = Place {
            host: endpoints.writer.clone(),
            port: endpoints.port,
            database: known.plan.database.name.clone(),
        };
        let opened = self.as_administrator(known, (here, &place), LIMIT).await?;
        let administrator = Administrator {
            client: opened.client,
            place,
            login: opened.login,
        };
        Ok((administrator, opened.version))
    }
}

impl<K> Aws<K> {
    /// The same login at another database of the member; a sentence where it is not let in.
    async fn beside(&self, admin: &Administrator, database: &str) -> Result<Client, String> {
        let place = Place {
            database: database.to_owned(),
            ..admin.place.clone()
        };
        let connector = self.connector().map_err(|why| why.to_string())?;
        let client = connector.connect_to_write(&place, &admin.login, LIMIT);
        client.await.map_err(|why| closed(database, &why))
    }

    /// That a role whose login was taken is turned away.
    async fn turns_away(&self, place: &Place, canary: &Credentials) -> Result<(), Error> {
        match self.connector()?.connect(place, canary, LIMIT).await {
            Err(why) if fence::is_refused(&why) => Ok(()),
            Err(why) => Err(why.into()),
            Ok(_) => Err(Error::UnexpectedTopology(format!(
                "{} still admits a role whose login was taken",
                place.host
            ))),
        }
    }

    /// Shuts the doors of the other databases too, once the logins are taken, tries a login that must be refused, and looks at all.
    pub(super) async fn shut(
        &self,
        admin: &Administrator,
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
    pub(super) async fn let_go(
        &self,
        admin: &Administrator,
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
    pub(super) async fn seen(
        &self,
        admin: &Administrator,
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

impl<K> Fence for Aws<K> {
    async fn log_in(&self, known: &KeptPlan) -> Result<(), Error> {
        self.administrator(known).await.map(|_| ())
    }

    async fn access(&self, known: &KeptPlan) -> Result<Access, Error> {
        let (admin, _) = self.let_in(known).await?;
        self.seen(&admin, known).await
    }

    async fn fence(&self, known: &KeptPlan, proven: Epoch) -> Result<Option<Fenced>, Error> {
        let mut admin = self.administrator(known).await?;
        let canary = canary(&admin.client).await?;
        let user = admin.login.user.clone();
        let kept = kept(&user, known);
        let fenced = fence::fence(&mut admin.client, &kept, proven, &canary).await?;
        let Some(fenced) = fenced else {
            return Ok(None);
        };
        Ok(Some(self.shut(&admin, known, fenced, &canary).await?))
    }

    async fn unfence(&self, known: &KeptPlan) -> Result<Unfenced, Error> {
        let mut admin = self.administrator(known).await?;
        let given = fence::unfence(&mut admin.client).await?;
        self.let_go(&admin, given).await
    }

    async fn rights(&self, known: &KeptPlan) -> Result<Rights, Error> {
        let (mut admin, _) = self.let_in(known).await?;
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
}
