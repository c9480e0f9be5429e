//! The doors of this Region's member, handled over SQL as its administrator.

use std::time::Duration;

use tokio_postgres::Client;

use super::Aws;
use crate::{
    Error,
    domain::Epoch,
    ledger::Known,
    sql::{
        Credentials, Place,
        fence::{self, CANARY, Doors, Shut},
    },
    steps::{Here, fence_writer::Gate, health_probe::Probe},
};

/// Taking a login away may wait for locks.
const LIMIT: Duration = Duration::from_secs(10);

/// A login at this Region's member.
struct Administrator {
    client: Client,
    place: Place,
    user: String,
}

/// The roles that are never fenced.
fn kept<'a>(admin: &'a str, known: &'a Known) -> [&'a str; 2] {
    [admin, &known.plan.database.probe.user]
}

impl Aws {
    async fn administrator(&self, known: &Known) -> Result<Administrator, Error> {
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
        let login = self.admin_login(&known.plan).await?;
        let client = self.connector()?.connect(&place, &login, LIMIT).await?;
        Ok(Administrator {
            client,
            place,
            user: login.user,
        })
    }
}

impl Gate for Aws {
    async fn doors(&self, known: &Known) -> Result<Doors, Error> {
        let admin = self.administrator(known).await?;
        Ok(fence::doors(&admin.client, &kept(&admin.user, known)).await?)
    }

    async fn shut(&self, known: &Known, proven: Epoch) -> Result<Option<Shut>, Error> {
        let mut admin = self.administrator(known).await?;
        let password = admin
            .client
            .query_one("SELECT gen_random_uuid()::text", &[])
            .await
            .map_err(crate::sql::Why::from)?;
        let canary = Credentials {
            user: CANARY.into(),
            password: password.get(0),
        };
        let kept = kept(&admin.user, known);
        let shut = fence::shut(&mut admin.client, &kept, proven, &canary).await?;
        if shut.is_some() {
            match self
                .connector()?
                .connect(&admin.place, &canary, LIMIT)
                .await
            {
                Err(why) if fence::is_refused(&why) => {}
                Err(why) => return Err(why.into()),
                Ok(_) => {
                    return Err(Error::UnexpectedTopology(format!(
                        "{} still admits a role whose login was taken",
                        admin.place.host
                    )));
                }
            }
        }
        Ok(shut)
    }

    async fn reopen(&self, known: &Known) -> Result<Vec<String>, Error> {
        let mut admin = self.administrator(known).await?;
        Ok(fence::reopen(&mut admin.client).await?)
    }

    async fn rights(&self, known: &Known) -> Result<Vec<String>, Error> {
        let mut admin = self.administrator(known).await?;
        let kept = kept(&admin.user, known);
        Ok(fence::rehearse(&mut admin.client, &kept).await?)
    }
}
