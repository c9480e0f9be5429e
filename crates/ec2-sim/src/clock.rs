//! The simulator's clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::model::Millis;

/// Unix time that never jumps; it follows tokio's clock, so a paused runtime makes it virtual.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    started_ms: Millis,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            started: Instant::now(),
            started_ms: millis(since_epoch),
        }
    }

    pub(crate) fn now(&self) -> Millis {
        self.started_ms
            .saturating_add(millis(self.started.elapsed()))
    }

    pub(crate) fn instant(&self, at: Millis) -> Instant {
        self.started + Duration::from_millis(at.saturating_sub(self.started_ms))
    }
}

fn millis(duration: Duration) -> Millis {
    u64::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}
