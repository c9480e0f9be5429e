//! What people were told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Call, timestamp};

/// One message on a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When it was published.
    pub at: Timestamp,
    /// The Region whose topic it was published on.
    pub region: String,
    /// Its subject.
    pub subject: String,
    /// Its text, of several lines.
    pub text: String,
}

impl Told {
    /// The message in a call that was answered well; `None` where there is none.
    pub fn of(call: &Call) -> Option<Self> {
        let message = call.message.as_ref().filter(|_| call.status == Some(200))?;
        let (subject, text) = message.split_once('\n').unwrap_or((message, ""));
        Some(Self {
            at: timestamp(i64::try_from(call.at_ms).unwrap_or(i64::MAX)),
            region: call.region.clone(),
            subject: subject.into(),
            text: text.into(),
        })
    }
}
