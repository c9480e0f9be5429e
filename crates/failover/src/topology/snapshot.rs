//! What is kept of a cluster or of an instance.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::status::AT_REST;
use crate::{Error, domain::Region};

/// How long before it is proven a promotion may have begun.
const BEFORE_PROOF: SignedDuration = SignedDuration::from_hours(1);

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its identifier.
    pub identifier: String,
    /// `available`, or what is being done to it.
    pub status: String,
    /// `manual` or `automated`.
    pub kind: String,
    /// The resource that it is of.
    pub resource_id: String,
    /// When it was taken.
    pub taken_at: Option<Timestamp>,
}

impl Snapshot {
    /// Whether it was taken since the promotion began that was proven at `proven_at`; `None` while RDS does not say when.
    #[must_use]
    pub fn is_since(&self, proven_at: Timestamp) -> Option<bool> {
        Some(self.taken_at? >= proven_at - BEFORE_PROOF)
    }

    /// Whether it holds what the member with this resource id has, so that the member may be taken away; `false` while it is being made.
    /// `what` is the member: a cluster or an instance.
    ///
    /// # Errors
    /// `NotReady` for one of another member or of an earlier incident, and for one that has failed.
    pub fn keeps(
        &self,
        (what, resource_id): (&str, &str),
        proven_at: Timestamp,
        region: &Region,
    ) -> Result<bool, Error> {
        let name = &self.identifier;
        let why = if self.resource_id != resource_id {
            format!(
                "the name {name} is taken by a snapshot of another {what} in {region}; rename or delete that one"
            )
        } else if self.is_since(proven_at) == Some(false) {
            format!(
                "the name {name} is taken in {region} by a snapshot of before this incident; rename or delete that one"
            )
        } else if self.status == "failed" {
            format!(
                "snapshot {name} in {region} has failed; delete it, and the next pass takes another"
            )
        } else {
            return Ok(self.status == AT_REST);
        };
        Err(Error::NotReady(why))
    }

    /// Whether it holds all that was taken before the fence: it is complete, of this member, and was taken after that.
    #[must_use]
    pub fn is_final(&self, resource_id: &str, fenced_at: Option<Timestamp>) -> bool {
        let is_after = self
            .taken_at
            .zip(fenced_at)
            .is_some_and(|(taken, fenced)| taken >= fenced);
        self.status == AT_REST && self.resource_id == resource_id && is_after
    }
}
