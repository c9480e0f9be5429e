//! The people who are told.

use crate::{Error, domain::Region};

/// Sends messages to people.
pub trait People: Sync {
    /// Publishes on an SNS topic of the acting Region.
    fn publish(
        &self,
        topic: &str,
        subject: &str,
        text: &str,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// Whether an SNS topic is there in its Region; an error says why not.
    fn topic(&self, region: &Region, topic: &str)
    -> impl Future<Output = Result<(), Error>> + Send;
}
