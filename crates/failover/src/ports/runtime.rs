//! Where and when a pass runs.

use std::time::Duration;

use jiff::Timestamp;

use crate::{Error, domain::Region};

/// Where and when a pass runs, and how its time passes.
pub trait Runtime: Sync {
    /// The Region the function runs in.
    fn region(&self) -> &Region;
    /// The version of what runs, as it was deployed; `None` where nobody said.
    fn version(&self) -> Option<&str> {
        None
    }
    /// The time.
    fn now(&self) -> Timestamp;
    /// Sleeps; the probe's measuring loop is the one place that does.
    fn pause(&self, time: Duration) -> impl Future<Output = ()> + Send;
    /// Carries work out; `None` where it had not ended after `limit`, and was given up.
    fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> impl Future<Output = Option<T>> + Send;
}

/// Carries out what may fail, within a time.
///
/// # Errors
/// Those of the work; `Unavailable` where it had not ended after `limit`.
pub async fn within<T: Send>(
    here: &impl Runtime,
    limit: Duration,
    work: impl Future<Output = Result<T, Error>> + Send,
) -> Result<T, Error> {
    let silent = || Err(Error::Unavailable(format!("no answer within {limit:?}")));
    here.within(limit, work).await.unwrap_or_else(silent)
}
