//! Suspicions on EventBridge.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use failover::{Error, domain::Region};
use serde_json::Value;

use super::{Aws, client, errors::error};

impl<K> Aws<K> {
    /// Publishes a suspicion with this detail on the bus of a Region.
    pub(super) async fn put_suspicion(&self, region: &Region, detail: &Value) -> Result<(), Error> {
        let what = format!("EventBridge PutEvents in {region}");
        let entry = PutEventsRequestEntry::builder()
            .source("aurora-failover")
            .detail_type("Primary Suspect")
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
