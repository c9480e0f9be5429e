//! What every topology's adapter reads of RDS's descriptions, and gives RDS to make something again, alike.

use std::collections::BTreeMap;

use aws_sdk_rds::{primitives::DateTime, types};
use failover::topology::{MonitoringShape, is_default_group};
use jiff::Timestamp;

pub mod clusters;
pub mod instances;

/// Tags that can be given; RDS's own cannot.
#[must_use]
pub fn tags(listed: Option<Vec<types::Tag>>) -> BTreeMap<String, String> {
    let listed = listed.unwrap_or_default().into_iter();
    let named = listed.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())));
    named.filter(|(key, _)| !key.starts_with("aws:")).collect()
}

/// Tags, as RDS is given them.
#[must_use]
pub fn tag_list(tags: &BTreeMap<String, String>) -> Option<Vec<types::Tag>> {
    let tag =
        |(key, value): (&String, &String)| types::Tag::builder().key(key).value(value).build();
    some(tags.iter().map(tag).collect())
}

/// A list, unless it is empty: RDS takes an empty one for a change.
#[must_use]
pub fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// A group that somebody made. The default one comes with the version, which may be a later one by now.
#[must_use]
pub fn own_group(group: Option<&String>) -> Option<String> {
    group.filter(|group| !is_default_group(group)).cloned()
}

/// What Performance Insights is given, where it is on. RDS refuses its key and its days while it is off.
#[must_use]
pub fn insights(like: &MonitoringShape) -> Option<&MonitoringShape> {
    (like.insights == Some(true)).then_some(like)
}

/// When something was, as RDS says it.
#[must_use]
pub fn timestamp(at: DateTime) -> Option<Timestamp> {
    let nanoseconds = i32::try_from(at.subsec_nanos()).ok()?;
    Timestamp::new(at.secs(), nanoseconds).ok()
}
