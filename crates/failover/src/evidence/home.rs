//! What the writer's own Region recorded of its own writer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    beat::{Vantage, Write},
    domain::Region,
    plan::Detection,
};

/// What the writer's Region recorded of its own writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HomeVantage {
    /// It committed a beat after ours began to fail.
    FreshSuccess,
    /// Another member's probe committed a beat after ours began to fail, whatever the writer's own Region recorded.
    OthersSuccess,
    /// It failed too, after ours began to fail.
    FreshFailure,
    /// It met a writer whose connection slots are all used: one that lives.
    Saturated,
    /// Its ledger does not answer, or holds nothing from after that.
    Unknown,
}

impl HomeVantage {
    /// Whether the writer commits for another probe than ours.
    #[must_use]
    pub const fn commits(self) -> bool {
        matches!(self, Self::FreshSuccess | Self::OthersSuccess)
    }

    /// The same beside `other`, which is what another member's record comes to. Only life counts there: where that member's beats
    /// fail, its own road may be cut like ours.
    #[must_use]
    pub const fn or_life(self, other: Self) -> Self {
        match (self, other) {
            (Self::FreshSuccess | Self::OthersSuccess, _) => self,
            (_, Self::FreshSuccess | Self::OthersSuccess) => Self::OthersSuccess,
            (_, Self::Saturated) => other,
            (_, Self::FreshFailure | Self::Unknown) => self,
        }
    }

    /// Judges the record of the writer's own Region: it must be about the same writer, from after our first failure, and
    /// no older than the home probe's own rhythm allows.
    #[must_use]
    pub fn of(
        home: Option<&Vantage>,
        writer_region: &Region,
        since: Option<Timestamp>,
        detection: &Detection,
        now: Timestamp,
    ) -> Self {
        let fresh = |home: &&Vantage| {
            home.writer_region == *writer_region
                && now.duration_since(home.at) <= detection.home_age_max()
        };
        home.filter(fresh).map_or(Self::Unknown, |home| {
            let after = since.is_some_and(|since| home.at > since);
            Self::of_write(&home.write, after)
        })
    }

    /// What an attempt of its probe tells, by whether it was made after our first failure.
    const fn of_write(write: &Write, after: bool) -> Self {
        match (write, after) {
            (Write::Committed { .. } | Write::Stopped { .. }, true) => Self::FreshSuccess,
            (
                Write::Failed { .. }
                | Write::Starting { .. }
                | Write::Exhausted { .. }
                | Write::Answered { .. },
                true,
            ) => Self::FreshFailure,
            // A living writer's word, and no failure: it needs not be later than ours.
            (Write::Saturated { .. }, _) => Self::Saturated,
            // A probe that cannot log in, or that meets a standby, knows nothing of the writer.
            (
                Write::Committed { .. }
                | Write::Stopped { .. }
                | Write::Failed { .. }
                | Write::Starting { .. }
                | Write::Exhausted { .. }
                | Write::Answered { .. },
                false,
            )
            | (
                Write::Misconfigured { .. }
                | Write::ReadOnly
                | Write::OtherEpoch { .. }
                | Write::Unattempted { .. },
                _,
            ) => Self::Unknown,
        }
    }
}

/// What the writer itself said, where it answered without a commit: to us, or to another member's probe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Nothing.
    #[default]
    Nothing,
    /// It is starting, stopping or recovering.
    Starting,
    /// It lacks disk or memory, so that writes fail.
    Exhausted,
    /// It answers with another error, or lets the probe in and is silent then.
    Answered,
}

impl Said {
    /// What one attempt heard.
    #[must_use]
    pub const fn of(write: &Write) -> Self {
        match write {
            Write::Starting { .. } => Self::Starting,
            Write::Exhausted { .. } => Self::Exhausted,
            Write::Answered { .. } => Self::Answered,
            Write::Committed { .. }
            | Write::Failed { .. }
            | Write::Saturated { .. }
            | Write::Misconfigured { .. }
            | Write::ReadOnly
            | Write::OtherEpoch { .. }
            | Write::Stopped { .. }
            | Write::Unattempted { .. } => Self::Nothing,
        }
    }

    /// This, or the other where this is nothing.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match self {
            Self::Nothing => other,
            Self::Starting | Self::Exhausted | Self::Answered => self,
        }
    }
}
