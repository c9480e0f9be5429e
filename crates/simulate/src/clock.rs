//! The virtual clock: that of a paused runtime, which goes on only when everything waits.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A moment at which every case begins: 2026-01-05 00:00:00 UTC.
const BEGIN: i64 = 1_767_571_200;

/// The clock of one case.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: tokio::time::Instant,
}

impl Clock {
    /// Begins now.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            began: tokio::time::Instant::now(),
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let since = SignedDuration::try_from(self.began.elapsed()).unwrap_or_default();
        begin() + since
    }

    /// Waits until a time.
    pub async fn until(&self, then: Timestamp) {
        pause(Duration::try_from(then.duration_since(self.now())).unwrap_or_default()).await;
    }
}

/// When every case begins.
#[must_use]
pub fn begin() -> Timestamp {
    Timestamp::from_second(BEGIN).unwrap_or_default()
}

/// Waits.
#[expect(
    clippy::disallowed_methods,
    reason = "the runtime's clock is paused: nothing really sleeps"
)]
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Carries work out on a clock of its own, which no real time moves.
///
/// # Errors
/// Where the system gives no runtime.
pub fn run<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    let local = tokio::task::LocalSet::new();
    Ok(local.block_on(&runtime, work))
}
