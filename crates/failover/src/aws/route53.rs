//! Route 53: reads single record sets and changes them in one transaction.

use aws_sdk_route53::error::ProvideErrorMetadata;
use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, ChangeStatus, ResourceRecord, ResourceRecordSet, RrType,
};

use super::{Aws, client, errors::error, once};
use crate::{
    Error,
    steps::dns_flip::{Batch, Dns, Record},
};

impl Aws {
    /// Route 53's API is signed for one Region of each partition and lives there.
    fn route53(&self) -> aws_sdk_route53::Client {
        client!(self, aws_sdk_route53, self.region.of_route53())
    }
}

impl Dns for Aws {
    async fn record(
        &self,
        zone: &str,
        name: &str,
        kind: &'static str,
    ) -> Result<Option<Record>, Error> {
        let answer = self
            .route53()
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .start_record_name(name)
            .start_record_type(RrType::from(kind))
            .max_items(1)
            .send()
            .await
            .map_err(|why| error(&format!("Route 53 ListResourceRecordSets of {zone}"), &why))?;
        // The listing starts at the name, or at the next one where there is none.
        let found = answer
            .resource_record_sets
            .into_iter()
            .next()
            .filter(|set| {
                set.name.trim_end_matches('.').eq_ignore_ascii_case(name)
                    && set.r#type.as_str() == kind
            });
        let Some(set) = found else { return Ok(None) };
        if set.set_identifier.is_some() || set.alias_target.is_some() {
            return Err(Error::UnexpectedTopology(format!(
                "{name} is an alias or has a routing policy; make it a simple {kind} record"
            )));
        }
        Ok(Some(Record {
            name: set.name.trim_end_matches('.').to_owned(),
            kind,
            ttl_seconds: set.ttl.unwrap_or_default(),
            values: set
                .resource_records
                .unwrap_or_default()
                .into_iter()
                .map(|record| record.value)
                .collect(),
        }))
    }

    async fn change(&self, zone: &str, batch: &Batch, comment: &str) -> Result<String, Error> {
        let what = format!("Route 53 ChangeResourceRecordSets of {zone}");
        let deletes = batch
            .delete
            .iter()
            .map(|record| change(ChangeAction::Delete, record));
        let creates = batch
            .create
            .iter()
            .map(|record| change(ChangeAction::Create, record));
        let unusable = |why: aws_sdk_route53::error::BuildError| {
            Error::InvalidRequest(format!("{what}: {why}"))
        };
        let changes = deletes
            .chain(creates)
            .collect::<Result<Vec<_>, _>>()
            .map_err(unusable)?;
        // Route 53 takes comments of up to 256 characters.
        let comment: String = comment.chars().take(256).collect();
        let batch = ChangeBatch::builder()
            .comment(comment)
            .set_changes(Some(changes))
            .build()
            .map_err(unusable)?;
        let answer = self
            .route53()
            .change_resource_record_sets()
            .hosted_zone_id(zone)
            .change_batch(batch)
            .customize()
            .config_override(once!(aws_sdk_route53))
            .send()
            .await
            .map_err(|why| {
                // A record is not what was read a moment ago: the next pass reads again.
                let outdated = why.code() == Some("InvalidChangeBatch");
                let named = error(&what, &why);
                if outdated {
                    Error::Unavailable(named.to_string())
                } else {
                    named
                }
            })?;
        Ok(answer.change_info.map(|info| info.id).unwrap_or_default())
    }

    async fn is_in_sync(&self, change: &str) -> Result<bool, Error> {
        let answer = self
            .route53()
            .get_change()
            .id(change)
            .send()
            .await
            .map_err(|why| error(&format!("Route 53 GetChange {change}"), &why))?;
        Ok(answer
            .change_info
            .is_some_and(|info| info.status == ChangeStatus::Insync))
    }
}

fn change(
    action: ChangeAction,
    record: &Record,
) -> Result<Change, aws_sdk_route53::error::BuildError> {
    let values = record
        .values
        .iter()
        .map(|value| ResourceRecord::builder().value(value).build())
        .collect::<Result<Vec<_>, _>>()?;
    let set = ResourceRecordSet::builder()
        .name(&record.name)
        .r#type(RrType::from(record.kind))
        .ttl(record.ttl_seconds)
        .set_resource_records(Some(values))
        .build()?;
    Change::builder()
        .action(action)
        .resource_record_set(set)
        .build()
}
