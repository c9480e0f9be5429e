//! What a run changed, and what that showed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    beat::{Beat, Loss},
    domain::Epoch,
};

/// A change of a hosted zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsChange {
    /// Its id; `None` when the answer to the call was never seen.
    pub id: Option<String>,
    /// When it was asked for.
    pub at: Timestamp,
}

/// Why a parameter, the parameters of a Region, or a zone could not be led to the new writer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "unled", rename_all = "snake_case")]
pub enum Unled {
    /// Nobody answered, or it was not ready. It is tried again after the others.
    Silent {
        /// When it was tried last.
        at: Timestamp,
        /// How often.
        times: u32,
        /// What was seen instead of an answer.
        why: String,
    },
    /// It was refused.
    Refused {
        /// In these words.
        why: String,
    },
}

/// What was done to a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "restart", rename_all = "snake_case")]
pub enum Restart {
    /// It was given a new deployment, an instance refresh, or more instances.
    Deployment {
        /// The deployment's or the refresh's id.
        id: String,
        /// When.
        at: Timestamp,
    },
    /// It was not answered, or cannot be restarted just now; it is tried again after the others.
    Postponed {
        /// When it was tried last.
        at: Timestamp,
    },
    /// It would not be restarted.
    Refused {
        /// What it said.
        why: String,
    },
}

/// What proving the new writer showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// The epoch that was committed.
    pub epoch: Epoch,
    /// The first beat on the new writer.
    pub beat: Beat,
    /// What the promotion lost; `None` when that is unknown.
    pub loss: Option<Loss>,
    /// When the old writer last committed a beat after it was left, as far as was seen by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_back_until: Option<Timestamp>,
}
