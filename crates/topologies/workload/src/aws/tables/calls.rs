//! The changing calls to DynamoDB, each made once.

use std::collections::BTreeMap;

use ::aws::{Aws, once_timeouts};
use aws_sdk_dynamodb::{
    Client,
    config::{Builder, retry::RetryConfig},
    primitives::DateTime,
    types,
};
use failover::{Error, domain::Region, topology::Accepted};

use super::accepted;
use crate::tables::{Call, Capacity, Encrypted, PointInTime};

/// What a policy is put in the place of where there was none.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html>.
const NO_POLICY: &str = "NO_POLICY";

/// DynamoDB of a Region, for calls that are made once: what was cut off may have been carried out.
fn once<K>(aws: &Aws<K>, region: &Region) -> Client {
    let config = Builder::from(aws.config())
        .region(aws_sdk_dynamodb::config::Region::new(region.0.clone()))
        .retry_config(RetryConfig::disabled())
        .timeout_config(once_timeouts());
    Client::from_conf(config.build())
}

/// Makes a call.
///
/// # Errors
/// `Unavailable` where no answer was seen, `Denied`, and what DynamoDB turned down for good.
pub(super) async fn made<K>(aws: &Aws<K>, region: &Region, call: &Call) -> Result<Accepted, Error> {
    let (db, table) = (once(aws, region), call.table());
    let what = super::what(call.operation(), table, region);
    match call {
        Call::CreateBackup { backup, .. } => {
            let call = db.create_backup().table_name(table).backup_name(backup);
            accepted(&what, call.send().await)
        }
        Call::Restore { .. } | Call::RestoreToTime { .. } => restored(&db, &what, call).await,
        Call::Delete { .. } => accepted(&what, db.delete_table().table_name(table).send().await),
        Call::Protect { .. }
        | Call::OpenStream { .. }
        | Call::SetClass { .. }
        | Call::SetCapacity { .. } => updated(&db, &what, call).await,
        Call::Expire { attribute, .. } => {
            let ttl = types::TimeToLiveSpecification::builder();
            let ttl = ttl.enabled(true).attribute_name(attribute).build();
            let ttl = ttl.map_err(|why| unmade(&what, &why))?;
            let call = db.update_time_to_live().table_name(table);
            accepted(&what, call.time_to_live_specification(ttl).send().await)
        }
        Call::Tag { arn, tags } => {
            let tags = tag_list(tags).map_err(|why| unmade(&what, &why))?;
            let call = db.tag_resource().resource_arn(arn).set_tags(Some(tags));
            accepted(&what, call.send().await)
        }
        Call::Recoverable { recovery, .. } => {
            let wanted = recoverable(*recovery).map_err(|why| unmade(&what, &why))?;
            let call = db.update_continuous_backups().table_name(table);
            let call = call.point_in_time_recovery_specification(wanted);
            accepted(&what, call.send().await)
        }
        Call::PutPolicy { .. } | Call::DeletePolicy { .. } => with_policy(&db, &what, call).await,
        Call::SendTo {
            stream_arn,
            precision,
            ..
        } => {
            let call = db.enable_kinesis_streaming_destination().table_name(table);
            let precision = precision.as_deref().map(|precision| {
                let precision = types::ApproximateCreationDateTimePrecision::from(precision);
                types::EnableKinesisStreamingConfiguration::builder()
                    .approximate_creation_date_time_precision(precision)
                    .build()
            });
            let call = call.set_enable_kinesis_streaming_configuration(precision);
            accepted(&what, call.stream_arn(stream_arn).send().await)
        }
    }
}

/// A call that the SDK does not let be made.
fn unmade(what: &str, why: &aws_sdk_dynamodb::error::BuildError) -> Error {
    Error::InvalidRequest(format!("{what} could not be made: {why}"))
}

type Built<T> = Result<T, aws_sdk_dynamodb::error::BuildError>;

fn tag_list(tags: &BTreeMap<String, String>) -> Built<Vec<types::Tag>> {
    let tag =
        |(key, value): (&String, &String)| types::Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).collect()
}

fn recoverable(recovery: PointInTime) -> Built<types::PointInTimeRecoverySpecification> {
    let days = recovery.days.and_then(|days| i32::try_from(days).ok());
    types::PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(true)
        .set_recovery_period_in_days(days)
        .build()
}

/// How a restored table is encrypted, in the SDK's words.
fn encryption(encrypted: &Encrypted) -> Option<types::SseSpecification> {
    let by = types::SseSpecification::builder();
    match encrypted {
        Encrypted::AsBefore => None,
        Encrypted::ByDynamoDb => Some(by.enabled(false).build()),
        Encrypted::ByAws => Some(by.enabled(true).sse_type(types::SseType::Kms).build()),
        Encrypted::By(key) => {
            let by = by.enabled(true).sse_type(types::SseType::Kms);
            Some(by.kms_master_key_id(key).build())
        }
    }
}

async fn restored(db: &Client, what: &str, call: &Call) -> Result<Accepted, Error> {
    if let Call::Restore {
        backup_arn,
        table,
        encrypted,
    } = call
    {
        let call = db.restore_table_from_backup().target_table_name(table);
        let call = call.set_sse_specification_override(encryption(encrypted));
        return accepted(what, call.backup_arn(backup_arn).send().await);
    }
    let Call::RestoreToTime {
        source_arn,
        table,
        at,
        encrypted,
    } = call
    else {
        return Err(no_such(what));
    };
    let moment = at.map(|at| DateTime::from_secs(at.as_second()));
    let call = db.restore_table_to_point_in_time().target_table_name(table);
    let call = call
        .source_table_arn(source_arn)
        .set_sse_specification_override(encryption(encrypted))
        .set_use_latest_restorable_time(at.is_none().then_some(true))
        .set_restore_date_time(moment);
    accepted(what, call.send().await)
}

async fn updated(db: &Client, what: &str, call: &Call) -> Result<Accepted, Error> {
    let update = db.update_table().table_name(call.table());
    let update = if let Call::Protect { is_on, .. } = call {
        update.deletion_protection_enabled(*is_on)
    } else if let Call::SetClass { class, .. } = call {
        update.table_class(types::TableClass::from(class.as_str()))
    } else if let Call::OpenStream { view, .. } = call {
        let stream = types::StreamSpecification::builder().stream_enabled(true);
        let stream = stream.stream_view_type(types::StreamViewType::from(view.as_str()));
        update.stream_specification(stream.build().map_err(|why| unmade(what, &why))?)
    } else if let Call::SetCapacity {
        capacity, indexes, ..
    } = call
    {
        let indexes = index_updates(*capacity, indexes).map_err(|why| unmade(what, &why))?;
        let indexes = (!indexes.is_empty()).then_some(indexes);
        let update = update.set_global_secondary_index_updates(indexes);
        match capacity {
            None => update,
            Some(Capacity::OnDemand {
                max_read,
                max_write,
            }) => update
                .billing_mode(types::BillingMode::PayPerRequest)
                .on_demand_throughput(at_most(*max_read, *max_write)),
            Some(Capacity::Provisioned { read, write }) => {
                let units = units(*read, *write).map_err(|why| unmade(what, &why))?;
                update
                    .billing_mode(types::BillingMode::Provisioned)
                    .provisioned_throughput(units)
            }
        }
    } else {
        return Err(no_such(what));
    };
    accepted(what, update.send().await)
}

/// The indexes that change with it. An unbounded one follows its table's mode by itself.
fn index_updates(
    table: Option<Capacity>,
    indexes: &BTreeMap<String, Capacity>,
) -> Built<Vec<types::GlobalSecondaryIndexUpdate>> {
    let unbounded = Capacity::OnDemand {
        max_read: None,
        max_write: None,
    };
    let changed = indexes.iter();
    let changed = changed.filter(|(_, capacity)| table.is_none() || **capacity != unbounded);
    let update =
        |(name, capacity): (&String, &Capacity)| -> Built<types::GlobalSecondaryIndexUpdate> {
            let action = types::UpdateGlobalSecondaryIndexAction::builder().index_name(name);
            let action = match capacity {
                Capacity::OnDemand {
                    max_read,
                    max_write,
                } => action.on_demand_throughput(at_most(*max_read, *max_write)),
                Capacity::Provisioned { read, write } => {
                    action.provisioned_throughput(units(*read, *write)?)
                }
            };
            let update = types::GlobalSecondaryIndexUpdate::builder().update(action.build()?);
            Ok(update.build())
        };
    changed.map(update).collect()
}

fn whole(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}

/// A bound for each, or -1, which takes it away.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_OnDemandThroughput.html>.
fn at_most(read: Option<u64>, write: Option<u64>) -> types::OnDemandThroughput {
    types::OnDemandThroughput::builder()
        .max_read_request_units(read.map_or(-1, whole))
        .max_write_request_units(write.map_or(-1, whole))
        .build()
}

fn units(read: u64, write: u64) -> Built<types::ProvisionedThroughput> {
    types::ProvisionedThroughput::builder()
        .read_capacity_units(whole(read))
        .write_capacity_units(whole(write))
        .build()
}

async fn with_policy(db: &Client, what: &str, call: &Call) -> Result<Accepted, Error> {
    if let Call::PutPolicy {
        arn,
        document,
        instead_of,
    } = call
    {
        let seen = instead_of.as_deref().unwrap_or(NO_POLICY);
        let call = db.put_resource_policy().resource_arn(arn);
        let call = call.policy(document.to_string());
        return accepted(what, call.expected_revision_id(seen).send().await);
    }
    let Call::DeletePolicy { arn, revision } = call else {
        return Err(no_such(what));
    };
    let call = db.delete_resource_policy().resource_arn(arn);
    let call = call.set_expected_revision_id(revision.clone());
    accepted(what, call.send().await)
}

/// A call of another group, which nobody makes here.
fn no_such(what: &str) -> Error {
    Error::InvalidRequest(format!("{what} is not made in this way; report it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNBOUNDED: Capacity = Capacity::OnDemand {
        max_read: None,
        max_write: None,
    };

    #[test]
    fn how_a_restored_table_is_encrypted_is_said_in_dynamodbs_words() {
        assert_eq!(encryption(&Encrypted::AsBefore), None);
        let by = |encrypted| encryption(&encrypted).unwrap();
        assert_eq!(by(Encrypted::ByDynamoDb).enabled(), Some(false));
        let aws = by(Encrypted::ByAws);
        assert_eq!((aws.enabled(), aws.kms_master_key_id()), (Some(true), None));
        assert_eq!(
            by(Encrypted::By("key".into())).kms_master_key_id(),
            Some("key")
        );
    }

    #[test]
    fn an_index_without_a_bound_follows_its_table_and_is_named_alone_otherwise() {
        let indexes = BTreeMap::from([("by-text".to_owned(), UNBOUNDED)]);
        assert!(index_updates(Some(UNBOUNDED), &indexes).unwrap().is_empty());
        let alone = index_updates(None, &indexes).unwrap();
        let update = alone[0].update().unwrap();
        let bounds = update.on_demand_throughput().unwrap();
        assert_eq!(bounds.max_read_request_units(), Some(-1));
        assert_eq!(update.index_name(), "by-text");
    }
}
