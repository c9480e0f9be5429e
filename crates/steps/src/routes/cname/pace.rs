//! How Route 53 is asked: it takes five calls of an account in a second, and it may be silent.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use jiff::Timestamp;

use crate::routes::{Destination, WITHOUT_SECONDS};
use failover::{
    Error,
    pass::{Pass, wait_seconds},
    ports::{Heard, Runtime},
};

/// A Route 53 that has not answered for so long is silent, not throttled; throttling is an answer.
const ROUTE53_SILENCE: Duration = Duration::from_secs(3);

/// Why a look at Route 53 came to nothing.
#[derive(Debug)]
pub(super) enum Nothing {
    /// It takes no more calls just now.
    Throttled(String),
    /// It did not answer, and will not answer the next look either.
    Silent(Error),
    /// It refused this one.
    Refused(Error),
}

impl Nothing {
    pub(super) fn why(self) -> String {
        match self {
            Self::Throttled(why) => why,
            Self::Silent(why) | Self::Refused(why) => why.to_string(),
        }
    }
}

/// What Route 53 answers, unless it is silent. Each call has its own time: a plan may have many names.
pub(super) async fn answered<T>(
    world: &impl Runtime,
    to: &Destination,
    call: impl Future<Output = Result<Heard<T>, Error>>,
) -> Result<T, Nothing> {
    match tokio::time::timeout(ROUTE53_SILENCE, call).await {
        Ok(Ok(Heard::Said(answer))) => Ok(answer),
        Ok(Ok(Heard::Throttled(why))) => Err(Nothing::Throttled(why)),
        Ok(Err(why @ Error::Unavailable(_))) => Err(Nothing::Silent(why)),
        Ok(Err(why)) => Err(Nothing::Refused(why)),
        Err(_) => Err(Nothing::Silent(silent(to.waited_seconds(world.now())))),
    }
}

/// A silent Route 53 is asked again for a while; then the run must go on to the services.
pub(super) fn silent(seconds: f64) -> Error {
    let what = format!(
        "Route 53 did not answer within {} s",
        ROUTE53_SILENCE.as_secs()
    );
    if seconds < WITHOUT_SECONDS {
        return Error::Unavailable(what);
    }
    Error::NotReady(format!(
        "{what}, and the run came here {seconds:.0} s ago; it goes on, point the names at the writer when Route 53 is back"
    ))
}

/// Seconds to the next look at Route 53: few at first, up to twenty, and other ones for every plan, so that many plans do not
/// ask at once.
pub(crate) fn polite_seconds(pass: &Pass, since: Timestamp) -> u64 {
    const LONGEST: u64 = 10;
    let changed = pass.run.dns_changes.values().map(|change| change.at).max();
    let waited = wait_seconds(changed.unwrap_or(since), pass.now).saturating_mul(5);
    let patience = waited.min(LONGEST).max(if waited > 5 { 2 } else { 1 });
    let mut hasher = DefaultHasher::new();
    (pass.run.name(), pass.now.as_second()).hash(&mut hasher);
    patience + hasher.finish() % (patience + 1)
}
