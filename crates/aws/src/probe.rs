//! What the probe needs besides the ledger and RDS: plans, secrets, events, and a pause between two looks.

use std::time::Duration;

use aws_sdk_rds::auth_token::{AuthTokenGenerator, Config};

use super::{Aws, secrets::Which};
use crate::{
    Error,
    beat::Vantage,
    domain::{PlanName, Region},
    ledger::Known,
    plan::{Auth, Plan},
    sql::{Connector, Credentials},
    steps::{
        health_probe::{Probe, Spares, Suspicion},
        recovery_ledger::Plans,
    },
};

/// How long a signed token is good for: connecting is all it is for.
const TOKEN_SECONDS: u64 = 900;

impl Probe for Aws {
    async fn plans(&self) -> Result<Vec<(PlanName, String)>, Error> {
        self.plan_parameters().await
    }

    async fn plan(&self, plan: &PlanName) -> Result<String, Error> {
        Plans::plan(self, plan).await
    }

    async fn put_known(&self, known: &Known) -> Result<(), Error> {
        self.put_known_item(known).await
    }

    async fn put_vantage(&self, plan: &PlanName, vantage: &Vantage) -> Result<(), Error> {
        self.put_vantage_item(plan, vantage).await
    }

    async fn suspect(&self, suspicion: &Suspicion) -> Result<(), Error> {
        self.put_suspicion(suspicion).await
    }

    async fn probe_login(
        &self,
        plan: &Plan,
        region: &Region,
        host: &str,
        port: u16,
    ) -> Result<Credentials, Error> {
        let user = plan.database.probe.user.clone();
        let password = match &plan.database.probe.auth {
            Auth::Secret { secret } => {
                self.version_of(secret, Which::Current)
                    .await?
                    .login
                    .password
            }
            Auth::Iam => self.token(region, host, port, &user).await?,
        };
        Ok(Credentials { user, password })
    }

    async fn other_probe_logins(&self, plan: &Plan) -> Vec<Credentials> {
        let Auth::Secret { secret } = &plan.database.probe.auth else {
            return Vec::new();
        };
        let found = self.other_versions(secret, None).await.into_iter();
        let logins = found.map(|version| Credentials {
            user: plan.database.probe.user.clone(),
            password: version.login.password,
        });
        logins.collect()
    }

    async fn admin_login(&self, plan: &Plan) -> Result<Credentials, Error> {
        Ok(self.admin_version(plan).await?.login)
    }

    fn spares(&self) -> &Spares {
        &self.spares
    }

    fn connector(&self) -> Result<&Connector, Error> {
        Self::connector(self)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the probe's measuring loop is the one place that sleeps"
    )]
    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

impl Aws {
    async fn token(
        &self,
        region: &Region,
        host: &str,
        port: u16,
        user: &str,
    ) -> Result<String, Error> {
        let unsigned = |why: String| Error::Denied(format!("no token for {user} at {host}: {why}"));
        let config = Config::builder()
            .hostname(host)
            .port(u64::from(port))
            .username(user)
            .region(aws_sdk_rds::config::Region::new(region.0.clone()))
            .expires_in(TOKEN_SECONDS)
            .build()
            .map_err(|why| unsigned(why.to_string()))?;
        let token = AuthTokenGenerator::new(config)
            .auth_token(&self.config)
            .await;
        Ok(token
            .map_err(|why| unsigned(why.to_string()))?
            .as_str()
            .to_owned())
    }
}
