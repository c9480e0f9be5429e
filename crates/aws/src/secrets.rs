//! The logins in secrets, by version; and the administrator's login at a member by whichever version serves there.

use std::time::Duration;

use aws_sdk_rds::auth_token::{AuthTokenGenerator, Config};
use failover::{
    Error,
    domain::Region,
    ledger::KeptPlan,
    plan::{Auth, Plan},
    ports::{Credentials, Ledger, Place, Rotation, Secrets, first_that_serves},
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Aws, client,
    databases::{Client, Closed},
    errors::error,
};

/// How long a signed token is good for: connecting is all it is for.
const TOKEN_SECONDS: u64 = 900;

/// Which version of a secret is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which<'a> {
    /// The current one.
    Current,
    /// The one that a stage is attached to.
    Stage(&'a str),
    /// The one of this `VersionId`, which may have no stage any more.
    Id(&'a str),
}

/// The stages of a secret's versions beside the current one: what a rotation is about to make current, and what was before.
const OTHER_STAGES: [Which<'static>; 2] = [Which::Stage("AWSPENDING"), Which::Stage("AWSPREVIOUS")];

/// One version of a secret. Its login's user is empty where the secret has no username.
pub(super) struct Version {
    /// Its `VersionId`.
    pub(super) id: Option<String>,
    /// What it holds.
    pub(super) login: Credentials,
}

/// What a secret holds, in the shape that RDS's own rotation functions write. Deliberately without `Debug`.
#[derive(Deserialize)]
struct Login {
    #[serde(default)]
    username: String,
    password: String,
}

/// A connection to a member as its administrator.
pub(super) struct Opened {
    pub(super) client: Client,
    pub(super) login: Credentials,
    /// The version of the secret that served.
    pub(super) version: Option<String>,
}

impl<K> Aws<K> {
    /// What a version of a secret holds.
    pub(super) async fn version_of(
        &self,
        secret: &str,
        which: Which<'_>,
    ) -> Result<Version, Error> {
        let what = format!("SecretsManager GetSecretValue {secret} in {}", self.region);
        let request = client!(self, aws_sdk_secretsmanager, self.region)
            .get_secret_value()
            .secret_id(secret);
        let request = match which {
            Which::Current => request,
            Which::Stage(stage) => request.version_stage(stage),
            Which::Id(id) => request.version_id(id),
        };
        let answer = request.send().await.map_err(|why| error(&what, &why))?;
        let text = answer.secret_string.unwrap_or_default();
        // What serde says of a malformed secret may quote it: only its place is told.
        let login: Login = serde_json::from_str(&text).map_err(|_| {
            Error::InvalidRequest(format!(
                "secret {secret} is not JSON with \"username\" and \"password\"; correct it"
            ))
        })?;
        Ok(Version {
            id: answer.version_id,
            login: Credentials {
                user: login.username,
                password: login.password,
            },
        })
    }

    /// The versions of a secret beside the current one, as far as they are to be had: those of its other stages, and the one of
    /// an id, which it keeps for a while although no stage is attached to it.
    pub(super) async fn other_versions(&self, secret: &str, id: Option<&str>) -> Vec<Version> {
        let asked = OTHER_STAGES.into_iter().chain(id.map(Which::Id));
        let asked = asked.map(|which| self.version_of(secret, which));
        let found = futures::future::join_all(asked).await.into_iter();
        found.filter_map(Result::ok).collect()
    }

    /// The current version of the administrator's secret.
    pub(super) async fn admin_version(&self, plan: &Plan) -> Result<Version, Error> {
        let secret = plan.database.admin_secret()?;
        let version = self.version_of(secret, Which::Current).await?;
        if version.login.user.is_empty() {
            return Err(Error::InvalidRequest(format!(
                "secret {secret} has no username; add one"
            )));
        }
        Ok(version)
    }

    /// A signed token, which is good for connecting.
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

    /// Connects to the member of a Region as its administrator, to write. A member that was deposed keeps the password that it
    /// had: where the secret was rotated since, one of its other versions serves, or the one that this Region's ledger remembers.
    ///
    /// # Errors
    /// `Denied` where no version serves, `NotReady` and `Unavailable` as connecting answers.
    pub(super) async fn as_administrator(
        &self,
        known: &KeptPlan,
        (region, place): (&Region, &Place),
        limit: Duration,
    ) -> Result<Opened, Error> {
        let plan = &known.plan;
        let current = self.admin_version(plan).await?;
        let databases = self.databases()?;
        let open = |version: Version| async move {
            let client = databases
                .open_to_write(place, &version.login, limit)
                .await?;
            Ok::<_, Closed>(Opened {
                client,
                login: version.login,
                version: version.id,
            })
        };
        let tried = current.login.clone();
        let refused = match open(current).await {
            Err(refused) if refused.refuses_login => refused,
            came => return came.map_err(|closed| closed.why),
        };
        let row = self.row(&self.region, &plan.plan).await.ok();
        let remembered = row.and_then(|row| row.served);
        let remembered = remembered.filter(|_| *region == self.region);
        let id = remembered.as_ref().map(|served| served.version.as_str());
        let secret = plan.database.admin_secret()?;
        let others = self.other_versions(secret, id).await;
        let others = others.into_iter().filter(|other| other.login != tried);
        let came = first_that_serves(
            refused,
            others,
            |closed: &Closed| closed.refuses_login,
            open,
        )
        .await;
        let member = plan.members().get(region);
        let cluster = member.map(|member| member.identifier.as_str());
        came.map_err(|closed| match closed.why {
            why if closed.refuses_login => shut_out(
                secret,
                (region, cluster.unwrap_or_default()),
                &why.to_string(),
            ),
            why => why,
        })
    }
}

impl<K> Secrets for Aws<K> {
    async fn probe_login(
        &self,
        plan: &Plan,
        region: &Region,
        host: &str,
        port: u16,
    ) -> Result<Credentials, Error> {
        let probe = plan.database.probe()?;
        let user = probe.user.clone();
        let password = match &probe.auth {
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
        let Some(probe) = &plan.database.probe else {
            return Vec::new();
        };
        let Auth::Secret { secret } = &probe.auth else {
            return Vec::new();
        };
        let found = self.other_versions(secret, None).await.into_iter();
        let logins = found.map(|version| Credentials {
            user: probe.user.clone(),
            password: version.login.password,
        });
        logins.collect()
    }

    async fn admin_login(&self, plan: &Plan) -> Result<Credentials, Error> {
        Ok(self.admin_version(plan).await?.login)
    }

    async fn rotation(&self, secret: &str) -> Result<Rotation, Error> {
        let what = format!("SecretsManager DescribeSecret {secret} in {}", self.region);
        let answer = client!(self, aws_sdk_secretsmanager, self.region)
            .describe_secret()
            .secret_id(secret)
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        let next = answer
            .next_rotation_date
            .filter(|_| answer.rotation_enabled == Some(true));
        Ok(Rotation {
            next_at: next.and_then(|at| Timestamp::from_second(at.secs()).ok()),
            primary_region: answer.primary_region.map(Region),
        })
    }
}

/// Nobody knows the password that the member has.
fn shut_out(secret: &str, (region, cluster): (&Region, &str), why: &str) -> Error {
    Error::Denied(format!(
        "no version of the secret {secret} opens the member in {region}: {why}. Its current, pending and previous versions were tried, \
         and the one that last served there. The one way left is a new master password: aws rds modify-db-cluster --region \
         {region} --db-cluster-identifier {cluster} --apply-immediately --master-user-password with the password of the secret's \
         current version"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_no_version_opens_is_denied_with_the_one_way_left() {
        let west = "us-west-2".into();
        let why = shut_out(
            "orders/admin",
            (&west, "orders-west"),
            "refused (SQLSTATE 28P01)",
        );
        assert_eq!(why.name(), "Denied");
        let said = why.to_string();
        for part in [
            "no version of the secret orders/admin opens the member in us-west-2",
            "SQLSTATE 28P01",
            "--region us-west-2 --db-cluster-identifier orders-west --apply-immediately --master-user-password",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
}
