//! The heart of a member's database, over SQL: once for everybody who connects to databases.

use std::{collections::BTreeSet, net::IpAddr};

use failover::beat::Write;
use resolver::{Resolver, Unresolved};

use super::Aws;

/// Implements [`Heart`](failover::ports::Heart) for a type that opens sessions: it has a method `databases`, which answers the
/// [`Databases`](crate::Databases) to open them with or an [`Error`](failover::Error), and a field `spares`. A parameter of the type is
/// named after it.
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
                let databases = self.databases().map_err(|why| ::failover::beat::Write::Misconfigured {
                    why: why.to_string(),
                })?;
                databases.open(place, login, limit).await
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
                session.read(region).await
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
                let databases = self.databases()?;
                databases.set_up(place, admin, (plan, epoch), password).await
            }

            async fn leads_to(
                &self,
                name: &str,
            ) -> Result<Result<String, ::failover::beat::Write>, ::failover::Error> {
                Ok($crate::heart::leads_to(self.databases()?.resolver(), name).await)
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
                Ok($crate::heart::addresses(self.databases()?.resolver(), name).await)
            }
        }
    };
}

heart_over_sql!(Aws<K>, K);

/// The name at the end of a name's CNAMEs, or what the resolver says instead.
///
/// # Errors
/// `Failed` when it does not resolve.
pub async fn leads_to(resolver: &Resolver, name: &str) -> Result<String, Write> {
    let found = resolver.resolve(name).await.map_err(failed)?;
    Ok(found.1)
}

/// Every address that a name leads to, or what the resolver says instead.
///
/// # Errors
/// As [`leads_to`].
pub async fn addresses(resolver: &Resolver, name: &str) -> Result<BTreeSet<IpAddr>, Write> {
    let found = resolver.addresses(name).await.map_err(failed)?;
    Ok(found.into_iter().collect())
}

fn failed(Unresolved(why): Unresolved) -> Write {
    Write::Failed { why }
}
