//! What DynamoDB describes, in our own types.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::{primitives::DateTime, types};
use jiff::Timestamp;

use crate::tables::{
    Backup, Capacity, Destination, Encryption, Index, Key, PointInTime, Policy, Stream, TableShape,
    TimeToLive,
};

fn timestamp(at: DateTime) -> Option<Timestamp> {
    let nanoseconds = i32::try_from(at.subsec_nanos()).ok()?;
    Timestamp::new(at.secs(), nanoseconds).ok()
}

fn count(number: Option<i64>) -> u64 {
    number
        .and_then(|number| u64::try_from(number).ok())
        .unwrap_or_default()
}

/// A table without what other calls describe.
pub(super) fn shape(found: types::TableDescription) -> TableShape {
    let kinds = found.attribute_definitions.unwrap_or_default().into_iter();
    let kinds: BTreeMap<_, _> = kinds
        .map(|one| (one.attribute_name, one.attribute_type.as_str().to_owned()))
        .collect();
    let billing = found
        .billing_mode_summary
        .and_then(|summary| summary.billing_mode);
    let on_demand = billing == Some(types::BillingMode::PayPerRequest);
    let global = found
        .global_secondary_indexes
        .unwrap_or_default()
        .into_iter();
    let mut indexes: BTreeMap<_, _> = global
        .filter_map(|index| global_index(index, &kinds, on_demand))
        .collect();
    let local = found
        .local_secondary_indexes
        .unwrap_or_default()
        .into_iter();
    indexes.extend(local.filter_map(|index| local_index(index, &kinds)));
    let stream = found
        .stream_specification
        .filter(|stream| stream.stream_enabled);
    let arn = found.latest_stream_arn;
    let replicas = found.replicas.unwrap_or_default().into_iter();
    let class = found
        .table_class_summary
        .and_then(|summary| summary.table_class);
    TableShape {
        name: found.table_name.unwrap_or_default(),
        arn: found.table_arn.unwrap_or_default(),
        id: found.table_id.unwrap_or_default(),
        status: found
            .table_status
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        created_at: found.creation_date_time.and_then(timestamp),
        keys: keys(found.key_schema, &kinds),
        indexes,
        capacity: capacity(
            on_demand,
            found.on_demand_throughput,
            found.provisioned_throughput,
        ),
        class: class.map_or_else(|| "STANDARD".to_owned(), |class| class.as_str().to_owned()),
        encryption: found.sse_description.and_then(encryption),
        replicas: replicas.filter_map(|replica| replica.region_name).collect(),
        items: count(found.item_count),
        bytes: count(found.table_size_bytes),
        restored_from: found
            .restore_summary
            .and_then(|summary| summary.source_backup_arn),
        stream: stream.and_then(|stream| {
            let view = stream.stream_view_type?.as_str().to_owned();
            Some(Stream { view, arn })
        }),
        ttl: TimeToLive::default(),
        recovery: None,
        tags: BTreeMap::new(),
        policy: None,
        kinesis: BTreeMap::new(),
        deletion_protected: found.deletion_protection_enabled.unwrap_or_default(),
    }
}

fn keys(
    schema: Option<Vec<types::KeySchemaElement>>,
    kinds: &BTreeMap<String, String>,
) -> Vec<Key> {
    let schema = schema.unwrap_or_default().into_iter();
    let key = |element: types::KeySchemaElement| Key {
        kind: kinds
            .get(&element.attribute_name)
            .cloned()
            .unwrap_or_default(),
        role: element.key_type.as_str().to_owned(),
        attribute: element.attribute_name,
    };
    schema.map(key).collect()
}

fn capacity(
    on_demand: bool,
    most: Option<types::OnDemandThroughput>,
    provisioned: Option<types::ProvisionedThroughputDescription>,
) -> Capacity {
    if on_demand {
        // Where there is no bound DynamoDB says -1.
        let bound = |units: Option<i64>| units.and_then(|units| u64::try_from(units).ok());
        return Capacity::OnDemand {
            max_read: bound(most.as_ref().and_then(|most| most.max_read_request_units)),
            max_write: bound(most.as_ref().and_then(|most| most.max_write_request_units)),
        };
    }
    let units = provisioned.as_ref();
    Capacity::Provisioned {
        read: count(units.and_then(|units| units.read_capacity_units)),
        write: count(units.and_then(|units| units.write_capacity_units)),
    }
}

fn projection(found: Option<types::Projection>) -> (String, BTreeSet<String>) {
    let Some(found) = found else {
        return (String::new(), BTreeSet::new());
    };
    let kind = found.projection_type.map(|kind| kind.as_str().to_owned());
    let attributes = found.non_key_attributes.unwrap_or_default();
    (kind.unwrap_or_default(), attributes.into_iter().collect())
}

fn global_index(
    found: types::GlobalSecondaryIndexDescription,
    kinds: &BTreeMap<String, String>,
    on_demand: bool,
) -> Option<(String, Index)> {
    let (projection, attributes) = projection(found.projection);
    let capacity = capacity(
        on_demand,
        found.on_demand_throughput,
        found.provisioned_throughput,
    );
    let index = Index {
        keys: keys(found.key_schema, kinds),
        projection,
        attributes,
        capacity: Some(capacity),
    };
    Some((found.index_name?, index))
}

fn local_index(
    found: types::LocalSecondaryIndexDescription,
    kinds: &BTreeMap<String, String>,
) -> Option<(String, Index)> {
    let (projection, attributes) = projection(found.projection);
    let index = Index {
        keys: keys(found.key_schema, kinds),
        projection,
        attributes,
        capacity: None,
    };
    Some((found.index_name?, index))
}

fn encryption(found: types::SseDescription) -> Option<Encryption> {
    Some(Encryption {
        key: found.kms_master_key_arn?,
        status: found
            .status
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
    })
}

/// Whether items expire.
pub(super) fn ttl(found: Option<types::TimeToLiveDescription>) -> TimeToLive {
    let Some(found) = found else {
        return TimeToLive::default();
    };
    let status = found
        .time_to_live_status
        .map(|status| status.as_str().to_owned());
    TimeToLive {
        attribute: found.attribute_name,
        status: status.unwrap_or_default(),
    }
}

/// Point-in-time recovery, where it is on.
pub(super) fn recovery(found: Option<types::ContinuousBackupsDescription>) -> Option<PointInTime> {
    let found = found?.point_in_time_recovery_description?;
    let is_on =
        found.point_in_time_recovery_status == Some(types::PointInTimeRecoveryStatus::Enabled);
    let days = found.recovery_period_in_days;
    is_on.then(|| PointInTime {
        days: days.and_then(|days| u32::try_from(days).ok()),
    })
}

/// Tags that can be given; AWS's own cannot.
pub(super) fn tags(found: Vec<types::Tag>) -> BTreeMap<String, String> {
    let named = found.into_iter().map(|tag| (tag.key, tag.value));
    named.filter(|(key, _)| !key.starts_with("aws:")).collect()
}

/// A resource policy.
///
/// # Errors
/// What of its text is no JSON.
pub(super) fn policy(
    text: Option<String>,
    revision: Option<String>,
) -> Result<Option<Policy>, serde_json::Error> {
    let Some(text) = text else {
        return Ok(None);
    };
    let document = serde_json::from_str(&text)?;
    Ok(Some(Policy { document, revision }))
}

/// A destination, by the stream's ARN. One that was disabled is none.
pub(super) fn destination(
    found: types::KinesisDataStreamDestination,
) -> Option<(String, Destination)> {
    let status = found.destination_status?.as_str().to_owned();
    let precision = found.approximate_creation_date_time_precision;
    let destination = Destination {
        status,
        precision: precision.map(|precision| precision.as_str().to_owned()),
    };
    (destination.status != "DISABLED").then_some((found.stream_arn?, destination))
}

/// A backup as `DescribeBackup` shows it.
pub(super) fn backup(found: types::BackupDetails) -> Backup {
    Backup {
        arn: found.backup_arn,
        name: found.backup_name,
        status: found.backup_status.as_str().to_owned(),
        bytes: found
            .backup_size_bytes
            .and_then(|bytes| u64::try_from(bytes).ok()),
        created_at: timestamp(found.backup_creation_date_time),
    }
}

/// A backup as `ListBackups` shows it.
pub(super) fn summary(found: types::BackupSummary) -> Option<Backup> {
    let status = found.backup_status.map(|status| status.as_str().to_owned());
    Some(Backup {
        arn: found.backup_arn?,
        name: found.backup_name?,
        status: status.unwrap_or_default(),
        bytes: found
            .backup_size_bytes
            .and_then(|bytes| u64::try_from(bytes).ok()),
        created_at: found.backup_creation_date_time.and_then(timestamp),
    })
}
