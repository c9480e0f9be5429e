//! Events on EventBridge: suspicions, and ends of runs.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use failover::{Error, domain::Region, installation};
use serde_json::Value;

use super::{Aws, client, errors::error};

/// The detail type of a suspicion.
pub(super) const SUSPECT: &str = "Primary Suspect";
/// The detail type of a run's end.
pub(super) const ENDED: &str = "Run Ended";

impl<K> Aws<K> {
    /// Publishes an event of this type with this detail on the default bus of a Region.
    pub(super) async fn put_event(
        &self,
        region: &Region,
        detail_type: &str,
        detail: &Value,
    ) -> Result<(), Error> {
        let what = format!("EventBridge PutEvents in {region}");
        let entry = PutEventsRequestEntry::builder()
            .source(installation::prefix())
            .detail_type(detail_type)
            .detail(detail.to_string())
            .build();
        let answer = client!(self, aws_sdk_eventbridge, region)
            .put_events()
            .entries(entry)
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        // The call succeeds even where the one entry was not taken.
        if answer.failed_entry_count > 0 {
            let code = answer
                .entries
                .and_then(|entries| entries.into_iter().find_map(|entry| entry.error_code));
            return Err(Error::Unavailable(format!(
                "{what}: the event was not taken: {}",
                code.unwrap_or_default()
            )));
        }
        Ok(())
    }
}
