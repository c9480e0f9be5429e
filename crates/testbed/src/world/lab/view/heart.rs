//! The databases, over the roads of a function's Region.

use std::time::Duration;

use failover::{
    Error,
    beat::{Reading, Write},
    domain::{Epoch, Region, RunId},
    plan::Plan,
    ports::{Credentials, Heart, Place, Spares},
};
use postgres::{Connector, Session};

use super::View;

impl View {
    fn connector(&self) -> Result<&Connector, Error> {
        let found = self.lab.connectors.get(&self.region);
        found.ok_or_else(|| Error::NotReady(format!("{} has no resolver", self.region)))
    }
}

impl Heart for View {
    type Session = Session;

    async fn connect(
        &self,
        place: &Place,
        login: &Credentials,
        limit: Duration,
    ) -> Result<Session, Write> {
        let connector = self.connector().map_err(|why| Write::Misconfigured {
            why: why.to_string(),
        })?;
        let client = connector.connect(place, login, limit).await?;
        Ok(Session::new(client, limit))
    }

    fn is_closed(&self, session: &Session) -> bool {
        session.is_closed()
    }

    fn spares(&self) -> &Spares<Session> {
        &self.spares
    }

    async fn beat(&self, session: &Session, vantage: &Region, epoch: Epoch) -> Write {
        session.beat(vantage, epoch).await
    }

    async fn read(&self, session: &Session, region: &Region) -> Result<Reading, Write> {
        Ok(session.read(region).await?)
    }

    async fn open_epoch(
        &self,
        session: &Session,
        vantage: &Region,
        epoch: Epoch,
        run_id: &RunId,
    ) -> Write {
        session.prove(vantage, epoch, run_id).await
    }

    async fn set_up(
        &self,
        place: &Place,
        admin: &Credentials,
        plan: &Plan,
        epoch: Epoch,
        (password, limit): (Option<&str>, Duration),
    ) -> Result<Epoch, Error> {
        let client = self.connector()?.connect(place, admin, limit).await?;
        Ok(postgres::setup(&client, plan, epoch, password).await?)
    }

    async fn leads_to(&self, name: &str) -> Result<Result<String, Write>, Error> {
        let found = self.connector()?.resolver().resolve(name).await;
        Ok(found.map(|(_, leads_to)| leads_to).map_err(Write::from))
    }
}
