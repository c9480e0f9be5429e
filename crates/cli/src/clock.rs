//! The edge where time is read, and where the tool waits between two looks. Nothing else of it waits.

use std::time::Duration;

use jiff::Timestamp;

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the edge where the clock is read"
)]
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Waits before the next look.
#[expect(
    clippy::disallowed_methods,
    reason = "the tool is no step: a person waits beside it"
)]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
