//! Logins, in Secrets Manager, and what is done as the administrator.

use std::time::Duration;

use failover::{
    Error,
    beat::Write,
    domain::Region,
    plan::Plan,
    ports::{Credentials, Heart, Place, Rotation, Secrets},
};

use super::{Invocation, Made};
use crate::api::Api;

impl Secrets for Invocation {
    async fn probe_login(
        &self,
        _: &Plan,
        _: &Region,
        _: &str,
        _: u16,
    ) -> Result<Credentials, Error> {
        let what = "Secrets Manager GetSecretValue of the probe";
        self.call((Api::Secrets, &self.region), what, |made: Made<'_>| {
            let [current, _] = made.state.passwords(&self.region, made.now);
            Ok(login("probe", current))
        })
        .await
    }

    async fn other_probe_logins(&self, _: &Plan) -> Vec<Credentials> {
        let what = "Secrets Manager GetSecretValue of the probe's version before";
        let asked = self.call((Api::Secrets, &self.region), what, |made: Made<'_>| {
            let [current, before] = made.state.passwords(&self.region, made.now);
            Ok((before != current).then(|| login("probe", before)))
        });
        asked.await.ok().flatten().into_iter().collect()
    }

    async fn admin_login(&self, _: &Plan) -> Result<Credentials, Error> {
        let what = "Secrets Manager GetSecretValue of the administrator";
        self.call((Api::Secrets, &self.region), what, |_| {
            Ok(login("admin", 0))
        })
        .await
    }

    async fn rotation(&self, _: &str) -> Result<Rotation, Error> {
        let what = "Secrets Manager DescribeSecret";
        self.call((Api::Secrets, &self.region), what, |_| {
            Ok(Rotation {
                next_at: None,
                primary_region: None,
            })
        })
        .await
    }
}

fn login(user: &str, password: u64) -> Credentials {
    Credentials {
        user: user.into(),
        password: password.to_string(),
    }
}

impl Invocation {
    /// Makes a call on this Region's member as its administrator.
    pub(crate) async fn as_administrator<T>(
        &self,
        host: &str,
        perform: impl Fn(Made<'_>, &str) -> Result<T, Write> + Send + Sync,
    ) -> Result<T, Error> {
        let place = Place {
            host: host.to_owned(),
            port: 5432,
            database: "orders".into(),
            engine: failover::plan::Engine::Postgres,
        };
        let limit = Duration::from_secs(5);
        let unavailable = |why: Write| Error::Unavailable(why.to_string());
        let session = self
            .connect(&place, &login("admin", 0), limit)
            .await
            .map_err(unavailable)?;
        let asked = self.served(&session, |state, now| {
            let age = jiff::SignedDuration::ZERO;
            perform(Made { state, now, age }, &session.resource_id)
        });
        let silent = |_| Error::Unavailable(format!("{host} does not answer within {limit:?}"));
        tokio::time::timeout(limit, asked)
            .await
            .map_err(silent)?
            .map_err(unavailable)
    }
}
