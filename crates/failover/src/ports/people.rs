//! The people who are told.

use crate::{Error, domain::Region, ledger::Question};

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
    /// Keeps a question in this Region's ledger behind a link of its own, and answers that link; `None` where this Region has no page.
    fn link(
        &self,
        _question: &Question,
        _token: &str,
    ) -> impl Future<Output = Result<Option<String>, Error>> + Send {
        std::future::ready(Ok(None))
    }
}
