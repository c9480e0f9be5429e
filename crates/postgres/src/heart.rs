//! The heart of a member's database, over SQL: once for everybody who has a connector.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use failover::{
    Error,
    beat::Write,
    domain::Epoch,
    plan::Plan,
    ports::{Credentials, Place},
};

use super::{Connector, Session, setup};

/// Implements [`Heart`](failover::ports::Heart) for a type that opens sessions: it has a method `connector`, which answers the
/// [`Connector`] to open them with or an [`Error`], and a field `spares`. A parameter of the type is named after it.
#[macro_export]
macro_rules! heart_over_sql {
    ($world:ty $(, $parameter:ident)?) => {
        impl$(<$parameter>)? ::failover::ports::Heart for $world {
            type Session = $crate::Session;

            async fn connect(
                &self,
                place: &::failover::ports::Place,
                login: &::failover::ports::Credentials,
                limit: ::std::time::Duration,
            ) -> Result<$crate::Session, ::failover::beat::Write> {
                $crate::heart::open(self.connector(), place, login, limit).await
            }

            fn is_closed(&self, session: &$crate::Session) -> bool {
                session.is_closed()
            }

            fn spares(&self) -> &::failover::ports::Spares<$crate::Session> {
                &self.spares
            }

            async fn beat(
                &self,
                session: &$crate::Session,
                vantage: &::failover::domain::Region,
                epoch: ::failover::domain::Epoch,
            ) -> ::failover::beat::Write {
                session.beat(vantage, epoch).await
            }

            async fn read(
                &self,
                session: &$crate::Session,
                region: &::failover::domain::Region,
            ) -> Result<::failover::beat::Reading, ::failover::beat::Write> {
                Ok(session.read(region).await?)
            }

            async fn open_epoch(
                &self,
                session: &$crate::Session,
                vantage: &::failover::domain::Region,
                epoch: ::failover::domain::Epoch,
                run_id: &::failover::domain::RunId,
            ) -> ::failover::beat::Write {
                session.prove(vantage, epoch, run_id).await
            }

            async fn set_up(
                &self,
                place: &::failover::ports::Place,
                admin: &::failover::ports::Credentials,
                plan: &::failover::plan::Plan,
                epoch: ::failover::domain::Epoch,
                password: (Option<&str>, ::std::time::Duration),
            ) -> Result<::failover::domain::Epoch, ::failover::Error> {
                let connector = self.connector()?;
                $crate::heart::set_up(connector, place, admin, (plan, epoch), password).await
            }

            async fn leads_to(
                &self,
                name: &str,
            ) -> Result<Result<String, ::failover::beat::Write>, ::failover::Error> {
                Ok($crate::heart::leads_to(self.connector()?, name).await)
            }

            async fn addresses(
                &self,
                name: &str,
            ) -> Result<
                Result<
                    ::std::collections::BTreeSet<::std::net::IpAddr>,
                    ::failover::beat::Write,
                >,
                ::failover::Error,
            > {
                Ok($crate::heart::addresses(self.connector()?, name).await)
            }
        }
    };
}

/// Logs in as the probe; every question over the session is given up after `limit`, as logging in is.
///
/// # Errors
/// What the attempt saw of the writer; `Misconfigured` without a connector.
pub async fn open(
    connector: Result<&Connector, Error>,
    place: &Place,
    login: &Credentials,
    limit: Duration,
) -> Result<Session, Write> {
    let connector = connector.map_err(|why| Write::Misconfigured {
        why: why.to_string(),
    })?;
    let client = connector.connect(place, login, limit).await?;
    Ok(Session::new(client, limit))
}

/// Makes the heartbeat schema and the probe's role as the administrator; answers the epoch that the database holds.
///
/// # Errors
/// As the connection and [`setup`] do.
pub async fn set_up(
    connector: &Connector,
    place: &Place,
    admin: &Credentials,
    (plan, epoch): (&Plan, Epoch),
    (password, limit): (Option<&str>, Duration),
) -> Result<Epoch, Error> {
    let client = connector.connect(place, admin, limit).await?;
    Ok(setup(&client, plan, epoch, password).await?)
}

/// The name at the end of a name's CNAMEs, or what the resolver says instead.
///
/// # Errors
/// `Failed` when it does not resolve.
pub async fn leads_to(connector: &Connector, name: &str) -> Result<String, Write> {
    let found = connector.resolver().resolve(name).await;
    Ok(found.map(|(_, leads_to)| leads_to)?)
}

/// Every address that a name leads to, or what the resolver says instead.
///
/// # Errors
/// As [`leads_to`].
pub async fn addresses(connector: &Connector, name: &str) -> Result<BTreeSet<IpAddr>, Write> {
    let found = connector.resolver().addresses(name).await?;
    Ok(found.into_iter().collect())
}
