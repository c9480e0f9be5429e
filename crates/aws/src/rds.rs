//! What every topology's adapter asks of RDS alike: a look as evidence, and what a call that changes something came to.

use std::time::Duration;

use aws_sdk_rds::{
    Client,
    config::{Builder, http::HttpResponse, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
};
use failover::{
    Error,
    domain::Region,
    evidence::Rds,
    patience::{Trouble, trouble},
    topology::Accepted,
};
use tokio::time::Instant;

use crate::{Aws, error, is_throttled, once_timeouts};

/// A look that found silence in less than this is taken once more.
const AT_ONCE: Duration = Duration::from_millis(500);

/// RDS of a Region, for calls that change something: each is made once, since what was cut off may have been carried out.
pub fn once_rds<K>(aws: &Aws<K>, region: &Region) -> Client {
    let config = Builder::from(aws.config())
        .region(aws_sdk_rds::config::Region::new(region.0.clone()))
        .retry_config(RetryConfig::disabled())
        .timeout_config(once_timeouts());
    Client::from_conf(config.build())
}

/// A look at a member as evidence, of one attempt: a kept connection that was closed meanwhile fails at once, and says nothing of the
/// Region.
pub async fn looked<F: Future<Output = Rds> + Send>(look: impl Fn() -> F + Send) -> Rds {
    // No clock that is set meanwhile makes it longer or shorter.
    let began = Instant::now();
    let seen = look().await;
    let at_once = began.elapsed() < AT_ONCE;
    if seen.answers() || !at_once {
        return seen;
    }
    look().await
}

/// What a call came to that a later pass makes again: what RDS is in no state for, what is there already and what is gone already are
/// looked at by that pass. An earlier one may have seen no answer.
///
/// # Errors
/// `Unavailable` where no answer was seen, `Denied`, and what RDS turned down for good.
pub fn repeated<E>(what: &str, why: &SdkError<E, HttpResponse>) -> Result<Accepted, Error>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let code = why.code().unwrap_or_default();
    match trouble(code) {
        Trouble::State | Trouble::Exists | Trouble::Gone => Ok(Accepted::NotNow(format!(
            "{code}: {}",
            why.message().unwrap_or_default()
        ))),
        Trouble::Silent | Trouble::Refused => Err(error(what, why)),
    }
}

/// What a call came to that changes something and was not taken.
///
/// # Errors
/// `Unavailable` where no answer was seen, `NotReady` for what RDS turned down for good, `Denied`.
pub fn accepted<E>(what: &str, why: &SdkError<E, HttpResponse>) -> Result<Accepted, Error>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    if is_throttled(why) {
        return Ok(Accepted::Throttled(error(what, why).to_string()));
    }
    if why
        .code()
        .is_some_and(|code| trouble(code) == Trouble::State)
    {
        return Ok(Accepted::NotNow(
            why.message().unwrap_or_default().to_owned(),
        ));
    }
    // What a service turns down for its words it has answered: it changed nothing.
    Err(match (why, error(what, why)) {
        (SdkError::ServiceError(_), Error::InvalidRequest(said)) => Error::NotReady(said),
        (_, why) => why,
    })
}
