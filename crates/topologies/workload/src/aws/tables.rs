//! The port [`Tables`], carried out at DynamoDB, and by Lambda's list of event source mappings.

mod calls;
mod items;
mod read;

use std::collections::BTreeMap;

use ::aws::{Aws, client, error, is_throttled};
use aws_sdk_dynamodb::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    types,
};
use failover::{Error, domain::Region, ports::Runtime, topology::Accepted};
use futures::future::try_join5;
use jiff::Timestamp;
use serde_json::Value;

use crate::tables::{
    Asked, Backup, Call, Destination, Mapping, Page, Place, PointInTime, Policy, TableShape,
    Tables, TimeToLive,
};

/// The most pages of a list that are read.
const PAGES_MAX: usize = 50;
/// Codes of calls whose table or policy is gone.
const GONE: [&str; 3] = [
    "ResourceNotFoundException",
    "TableNotFoundException",
    "PolicyNotFoundException",
];
/// Codes of calls for which something is in no state, or which were made before.
const NOT_NOW: [&str; 5] = [
    "ResourceInUseException",
    "TableInUseException",
    "TableAlreadyExistsException",
    "BackupInUseException",
    "ContinuousBackupsUnavailableException",
];

impl<K> Tables for Aws<K> {
    async fn table(&self, region: &Region, name: &str) -> Result<Option<TableShape>, Error> {
        let answer = client!(self, aws_sdk_dynamodb, region)
            .describe_table()
            .table_name(name)
            .send()
            .await;
        let found = match answer {
            Ok(answer) => answer.table,
            Err(why) if is_gone(&why) => None,
            Err(why) => return Err(error(&what("DescribeTable", name, region), &why)),
        };
        let Some(found) = found else {
            return Ok(None);
        };
        let mut shape = read::shape(found);
        // Of what is being made or deleted DynamoDB says nothing else.
        if matches!(shape.status.as_str(), "CREATING" | "DELETING") {
            return Ok(Some(shape));
        }
        let at = (region, name, shape.arn.as_str());
        let (ttl, recovery, tags, policy, kinesis) = try_join5(
            ttl(self, at),
            recovery(self, at),
            tags(self, at),
            policy(self, at),
            kinesis(self, at),
        )
        .await?;
        (shape.ttl, shape.recovery, shape.tags) = (ttl, recovery, tags);
        (shape.policy, shape.kinesis) = (policy, kinesis);
        Ok(Some(shape))
    }

    async fn table_backup(&self, region: &Region, asked: &Asked) -> Result<Option<Backup>, Error> {
        let Some(arn) = &asked.arn else {
            return listed(self, region, asked).await;
        };
        let answer = client!(self, aws_sdk_dynamodb, region)
            .describe_backup()
            .backup_arn(arn)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let found = answer
                    .backup_description
                    .and_then(|found| found.backup_details);
                Ok(found.map(read::backup))
            }
            Err(why) if why.code() == Some("BackupNotFoundException") => Ok(None),
            Err(why) => Err(error(&what("DescribeBackup", arn, region), &why)),
        }
    }

    fn clock(&self) -> Timestamp {
        self.now()
    }

    async fn page(&self, region: &Region, table: &str, place: &Place) -> Result<Page, Error> {
        let whole = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let after = place.after.as_ref().map(items::key).transpose()?;
        let answer = client!(self, aws_sdk_dynamodb, region)
            .scan()
            .table_name(table)
            .segment(whole(place.segment))
            .total_segments(whole(place.segments))
            // What was written a moment before the stop counts.
            .consistent_read(true)
            .set_exclusive_start_key(after)
            .limit(whole(place.limit))
            .send()
            .await
            .map_err(|why| error(&what("Scan", table, region), &why))?;
        let all = answer.items.unwrap_or_default().into_iter();
        Ok(Page {
            items: all.map(items::value).collect::<Result<_, _>>()?,
            next: answer.last_evaluated_key.map(items::value).transpose()?,
        })
    }

    async fn item(
        &self,
        region: &Region,
        table: &str,
        key: &Value,
    ) -> Result<Option<Value>, Error> {
        let answer = client!(self, aws_sdk_dynamodb, region)
            .get_item()
            .table_name(table)
            .set_key(Some(items::key(key)?))
            .consistent_read(true)
            .send()
            .await
            .map_err(|why| error(&what("GetItem", table, region), &why))?;
        answer.item.map(items::value).transpose()
    }

    async fn mappings(&self, region: &Region, stream_arn: &str) -> Result<Vec<Mapping>, Error> {
        let mut pages = client!(self, aws_sdk_lambda, region)
            .list_event_source_mappings()
            .event_source_arn(stream_arn)
            .into_paginator()
            .send();
        let mut found = Vec::new();
        for _ in 0..PAGES_MAX {
            let Some(page) = pages.next().await else {
                break;
            };
            let page = page.map_err(|why| {
                let what = format!("Lambda ListEventSourceMappings of {stream_arn} in {region}");
                error(&what, &why)
            })?;
            let mappings = page.event_source_mappings.unwrap_or_default().into_iter();
            found.extend(mappings.map(|mapping| Mapping {
                uuid: mapping.uuid.unwrap_or_default(),
                function: mapping.function_arn.unwrap_or_default(),
            }));
        }
        Ok(found)
    }

    async fn change(&self, region: &Region, call: &Call) -> Result<Accepted, Error> {
        calls::made(self, region, call).await
    }
}

/// Where a table is: its Region, its name and its ARN.
type At<'a> = (&'a Region, &'a str, &'a str);

fn what(operation: &str, of: &str, region: &Region) -> String {
    format!("DynamoDB {operation} of {of} in {region}")
}

fn is_gone<E: ProvideErrorMetadata>(why: &SdkError<E, HttpResponse>) -> bool {
    why.code().is_some_and(|code| GONE.contains(&code))
}

/// A table that went between two looks is looked for again.
fn between<E>(what: &str, why: &SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    if is_gone(why) {
        return Error::Unavailable(format!("{what}: it is gone since it was looked at"));
    }
    error(what, why)
}

async fn ttl<K>(aws: &Aws<K>, (region, name, _): At<'_>) -> Result<TimeToLive, Error> {
    let answer = client!(aws, aws_sdk_dynamodb, region)
        .describe_time_to_live()
        .table_name(name)
        .send()
        .await
        .map_err(|why| between(&what("DescribeTimeToLive", name, region), &why))?;
    Ok(read::ttl(answer.time_to_live_description))
}

async fn recovery<K>(
    aws: &Aws<K>,
    (region, name, _): At<'_>,
) -> Result<Option<PointInTime>, Error> {
    let answer = client!(aws, aws_sdk_dynamodb, region)
        .describe_continuous_backups()
        .table_name(name)
        .send()
        .await
        .map_err(|why| between(&what("DescribeContinuousBackups", name, region), &why))?;
    Ok(read::recovery(answer.continuous_backups_description))
}

async fn tags<K>(
    aws: &Aws<K>,
    (region, name, arn): At<'_>,
) -> Result<BTreeMap<String, String>, Error> {
    let (mut tags, mut next) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let answer = client!(aws, aws_sdk_dynamodb, region)
            .list_tags_of_resource()
            .resource_arn(arn)
            .set_next_token(next)
            .send()
            .await
            .map_err(|why| between(&what("ListTagsOfResource", name, region), &why))?;
        tags.extend(answer.tags.unwrap_or_default());
        next = answer.next_token;
        if next.is_none() {
            break;
        }
    }
    Ok(read::tags(tags))
}

async fn policy<K>(aws: &Aws<K>, (region, name, arn): At<'_>) -> Result<Option<Policy>, Error> {
    let answer = client!(aws, aws_sdk_dynamodb, region)
        .get_resource_policy()
        .resource_arn(arn)
        .send()
        .await;
    match answer {
        Ok(answer) => read::policy(answer.policy, answer.revision_id)
            .map_err(|why| Error::UnexpectedTopology(format!("the policy of {arn}: {why}"))),
        Err(why) if why.code() == Some("PolicyNotFoundException") => Ok(None),
        Err(why) => Err(between(&what("GetResourcePolicy", name, region), &why)),
    }
}

async fn kinesis<K>(
    aws: &Aws<K>,
    (region, name, _): At<'_>,
) -> Result<BTreeMap<String, Destination>, Error> {
    let answer = client!(aws, aws_sdk_dynamodb, region)
        .describe_kinesis_streaming_destination()
        .table_name(name)
        .send()
        .await
        .map_err(|why| {
            between(
                &what("DescribeKinesisStreamingDestination", name, region),
                &why,
            )
        })?;
    let found = answer.kinesis_data_stream_destinations.unwrap_or_default();
    Ok(found.into_iter().filter_map(read::destination).collect())
}

/// The newest backup of a name.
async fn listed<K>(aws: &Aws<K>, region: &Region, asked: &Asked) -> Result<Option<Backup>, Error> {
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let answer = client!(aws, aws_sdk_dynamodb, region)
            .list_backups()
            .table_name(&asked.table)
            .backup_type(types::BackupTypeFilter::User)
            .set_exclusive_start_backup_arn(after)
            .send()
            .await
            .map_err(|why| error(&what("ListBackups", &asked.table, region), &why))?;
        let backups = answer.backup_summaries.unwrap_or_default().into_iter();
        let named =
            |backup: &types::BackupSummary| backup.backup_name.as_ref() == Some(&asked.name);
        found.extend(backups.filter(named).filter_map(read::summary));
        after = answer.last_evaluated_backup_arn;
        if after.is_none() {
            break;
        }
    }
    Ok(found.into_iter().max_by_key(|backup| backup.created_at))
}

/// What a call came to that changes something.
fn accepted<T, E>(
    what: &str,
    answer: Result<T, SdkError<E, HttpResponse>>,
) -> Result<Accepted, Error>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let why = match answer {
        Ok(_) => return Ok(Accepted::Yes),
        Err(why) => why,
    };
    let code = why.code().unwrap_or_default();
    let said = why.message().unwrap_or_default();
    if is_throttled(&why) {
        return Ok(Accepted::Throttled(error(what, &why).to_string()));
    }
    // Of time to live one change an hour is taken.
    let is_second = code == "ValidationException" && said.contains("multiple times");
    if NOT_NOW.contains(&code) || GONE.contains(&code) || is_second {
        return Ok(Accepted::NotNow(format!("{code}: {said}")));
    }
    // What a service turns down for its words it has answered: it changed nothing.
    Err(match (&why, error(what, &why)) {
        (SdkError::ServiceError(_), Error::InvalidRequest(said)) => Error::NotReady(said),
        (_, why) => why,
    })
}
