//! Every bound of the verdict's rules that grows with a plan's rhythm.

use jiff::SignedDuration;

use crate::plan::Detection;

/// What is waited for at least before movement counts as late, and what a loss may leave uncounted.
const FLOOR: SignedDuration = SignedDuration::from_secs(15);
/// How far a reader is taken to be behind where nothing tells.
const LAG_UNKNOWN: SignedDuration = SignedDuration::from_secs(30);
/// The longest that the silence of a Region is looked at once more: the state machine bounds the looks.
const SILENCE: SignedDuration = SignedDuration::from_secs(30);
/// What clocks and a commit under way may add to a time-out.
const CLOCKS: SignedDuration = SignedDuration::from_secs(2);

impl Detection {
    /// Movement that is no older than this is movement now.
    #[must_use]
    pub fn recent(&self) -> SignedDuration {
        self.intervals(2)
    }

    /// A commit this long after our first failure is no end of what the writer was doing when it died.
    #[must_use]
    pub fn life_after(&self) -> SignedDuration {
        self.recent().max(seconds(self.timeout_seconds) + CLOCKS)
    }

    /// The newest commit time must have grown within this time to tell of a writer that lives now.
    #[must_use]
    pub fn grown_within(&self) -> SignedDuration {
        self.intervals(3).max(FLOOR)
    }

    /// For how long after the first failure a reader that was `lag` behind may still be fed with what was on its way.
    #[must_use]
    pub fn drains_for(&self, lag: Option<SignedDuration>) -> SignedDuration {
        (lag.unwrap_or(LAG_UNKNOWN) + self.intervals(4)).max(FLOOR)
    }

    /// A beat this much older than the last sign of life still tells what was lost.
    #[must_use]
    pub fn covers(&self) -> SignedDuration {
        self.recent().max(FLOOR)
    }

    /// For how long a Region must be seen silent that was reached after our first failure: from the first to the last of as many looks
    /// as make a suspicion. Those that made this one were over by then.
    #[must_use]
    pub fn silent_for(&self) -> SignedDuration {
        self.intervals(u64::from(self.failures).saturating_sub(1))
            .min(SILENCE)
    }

    /// Two looks that are further apart than this left a gap in which nobody looked.
    #[must_use]
    pub fn apart(&self) -> SignedDuration {
        self.round() + CLOCKS
    }

    /// A home probe's record is believed for this long: two of its invocations may be 15 s apart.
    #[must_use]
    pub fn home_age_max(&self) -> SignedDuration {
        (self.round() * 3).max(FLOOR)
    }

    /// How long a writer may be gone while its Region answers. An only instance is created anew, which takes longer than a
    /// failover to another one.
    #[must_use]
    pub fn grace(&self, only_instance: bool) -> SignedDuration {
        let default = if only_instance {
            Self::GRACE_ONLY_INSTANCE_SECONDS
        } else {
            Self::GRACE_SECONDS
        };
        seconds(self.in_region_grace_seconds.unwrap_or(default))
    }

    /// How long it may be gone while RDS, or the writer itself, says that it is being worked on.
    #[must_use]
    pub fn busy_grace(&self) -> SignedDuration {
        seconds(self.busy_grace_seconds)
    }

    /// The longest grace: for a writer of which RDS tells nothing.
    #[must_use]
    pub fn untold_grace(&self) -> SignedDuration {
        let only_instance = seconds(Self::GRACE_ONLY_INSTANCE_SECONDS);
        self.busy_grace().max(only_instance)
    }

    /// The longest from one look to the end of the next.
    fn round(&self) -> SignedDuration {
        seconds(self.interval_seconds.saturating_add(self.timeout_seconds))
    }

    fn intervals(&self, count: u64) -> SignedDuration {
        seconds(self.interval_seconds.saturating_mul(count))
    }
}

/// Bounded, so that a sum of two never overflows, whatever a plan says.
fn seconds(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX).min(1 << 40))
}
