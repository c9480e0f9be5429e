//! Route 53: reads single record sets and changes them in one transaction.

use aws_sdk_route53::config::http::HttpResponse;
use aws_sdk_route53::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, ChangeStatus, ResourceRecord, ResourceRecordSet, RrType,
};
use failover::{
    Error,
    ports::{Batch, Heard, Names, Record},
};

use super::{Aws, client, errors::error, once};

impl<K> Aws<K> {
    /// Route 53's API is signed for one Region of each partition and lives there.
    fn route53(&self) -> aws_sdk_route53::Client {
        client!(self, aws_sdk_route53, self.region.of_route53())
    }
}

impl<K> Names for Aws<K> {
    async fn record(
        &self,
        zone: &str,
        name: &str,
        kind: &'static str,
    ) -> Result<Heard<Option<Record>>, Error> {
        // Nothing stands beside a CNAME: whatever else is found under the name keeps one from being made.
        let is_alone = kind == "CNAME";
        let answer = self
            .route53()
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .start_record_name(name)
            .set_start_record_type((!is_alone).then(|| RrType::from(kind)))
            .max_items(1)
            .customize()
            .config_override(once!(aws_sdk_route53))
            .send()
            .await;
        let what = format!("Route 53 ListResourceRecordSets of {zone}");
        let answer = match unless_throttled(&what, answer)? {
            Heard::Said(answer) => answer,
            Heard::Throttled(why) => return Ok(Heard::Throttled(why)),
        };
        // The listing starts at the name, or at the next one where there is none.
        let found = answer
            .resource_record_sets
            .into_iter()
            .next()
            .filter(|set| set.name.trim_end_matches('.').eq_ignore_ascii_case(name))
            .filter(|set| is_alone || set.r#type.as_str() == kind);
        let Some(set) = found else {
            return Ok(Heard::Said(None));
        };
        if set.r#type.as_str() != kind {
            return Ok(Heard::Said(Some(another(name, &set))));
        }
        if set.set_identifier.is_some() || set.alias_target.is_some() {
            return Err(Error::UnexpectedTopology(format!(
                "{name} is an alias or has a routing policy; make it a simple {kind} record"
            )));
        }
        Ok(Heard::Said(Some(Record {
            name: set.name.trim_end_matches('.').to_owned(),
            kind,
            ttl_seconds: set.ttl.unwrap_or_default(),
            values: set
                .resource_records
                .unwrap_or_default()
                .into_iter()
                .map(|record| record.value)
                .collect(),
        })))
    }

    async fn change(
        &self,
        zone: &str,
        batch: &Batch,
        comment: &str,
    ) -> Result<Heard<String>, Error> {
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
            .await;
        // A record is not what was read a moment ago: the next pass reads again.
        if let Err(why) = &answer
            && why.code() == Some("InvalidChangeBatch")
        {
            return Err(Error::Unavailable(error(&what, why).to_string()));
        }
        Ok(match unless_throttled(&what, answer)? {
            Heard::Said(answer) => {
                Heard::Said(answer.change_info.map(|info| info.id).unwrap_or_default())
            }
            Heard::Throttled(why) => Heard::Throttled(why),
        })
    }

    async fn is_in_sync(&self, change: &str) -> Result<Heard<bool>, Error> {
        let answer = self
            .route53()
            .get_change()
            .id(change)
            .customize()
            .config_override(once!(aws_sdk_route53))
            .send()
            .await;
        let answer = unless_throttled(&format!("Route 53 GetChange {change}"), answer)?;
        Ok(match answer {
            Heard::Said(answer) => {
                let info = answer.change_info;
                Heard::Said(info.is_some_and(|info| info.status == ChangeStatus::Insync))
            }
            Heard::Throttled(why) => Heard::Throttled(why),
        })
    }
}

/// What stands under a name instead of a CNAME.
fn another(name: &str, set: &ResourceRecordSet) -> Record {
    let kind = match (&set.alias_target, set.r#type.as_str()) {
        (Some(_), _) => "ALIAS",
        (None, "A") => "A",
        (None, "AAAA") => "AAAA",
        (None, "TXT") => "TXT",
        (None, "MX") => "MX",
        (None, "NS") => "NS",
        (None, _) => "other",
    };
    let alias = set.alias_target.iter().map(|alias| &alias.dns_name);
    let values = set.resource_records.iter().flatten();
    let values = values.map(|record| &record.value).chain(alias);
    Record {
        name: name.to_owned(),
        kind,
        ttl_seconds: set.ttl.unwrap_or_default(),
        values: values.cloned().collect(),
    }
}

/// Codes by which Route 53 says that it takes no more calls just now, and that a change of this zone is under way.
const LATER: [&str; 4] = [
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "PriorRequestNotComplete",
];

/// What a call was answered. No call is repeated by itself: that would
/// take the place of other plans' calls.
fn unless_throttled<T, E>(
    what: &str,
    answer: Result<T, SdkError<E, HttpResponse>>,
) -> Result<Heard<T>, Error>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match answer {
        Ok(answer) => Ok(Heard::Said(answer)),
        Err(why) if why.code().is_some_and(|code| LATER.contains(&code)) => {
            Ok(Heard::Throttled(error(what, &why).to_string()))
        }
        Err(why) => Err(error(what, &why)),
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
