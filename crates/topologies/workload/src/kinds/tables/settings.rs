//! What a restore loses of a table, given back one call at a time, and what is another than it was.

use std::collections::BTreeMap;

use super::{
    case::{Case, Step, waits},
    names,
    wanted::encrypted,
};
use crate::{
    row::{Called, Kept, Row},
    tables::{Call, Capacity, Encrypted, Index, TableShape},
};

/// So often a setting is given back in a phase. What does not stay, as a capacity that something else scales, is told by `Verify`.
const TRIES_MAX: usize = 3;

/// Gives a table at home everything back that it had. What is as it was is not touched. Tags come first: by one of them it may be taken
/// away again.
pub(super) fn given_back(case: &Case<'_>, before: &TableShape, table: &TableShape) -> Step {
    let steps: [fn(&Case<'_>, &TableShape, &TableShape) -> Step; 9] = [
        tags, class, capacity, stream, expiry, recovery, kinesis, policy, protection,
    ];
    for step in steps {
        if let Some(next) = step(case, before, table)? {
            return Ok(Some(next));
        }
    }
    Ok(None)
}

/// A call on a table that has to take calls for it.
fn change(case: &Case<'_>, name: &'static str, table: &TableShape, call: Call) -> Step {
    if let Some(next) = Case::active(table)? {
        return Ok(Some(next));
    }
    let is_one = |called: &&Called| called.phase == case.on.phase && called.name == name;
    let taken = case.on.row.calls.iter().filter(is_one);
    let taken = taken.filter(|called| called.answer.as_deref() == Some(Row::TAKEN));
    if taken.count() >= TRIES_MAX {
        return Ok(None);
    }
    case.call(name, Kept::new(), case.at_home(call))
}

fn class(case: &Case<'_>, before: &TableShape, table: &TableShape) -> Step {
    if table.class == before.class {
        return Ok(None);
    }
    let call = Call::SetClass {
        table: table.name.clone(),
        class: before.class.clone(),
    };
    change(case, "set_class", table, call)
}

/// The indexes whose capacity is another, as it was.
fn index_capacities(before: &TableShape, table: &TableShape) -> BTreeMap<String, Capacity> {
    let had = before.indexes.iter();
    let had = had.filter_map(|(name, index)| Some((name, index.capacity?)));
    let other = had.filter(|(name, capacity)| {
        let now = table.indexes.get(*name);
        now.is_some_and(|now| now.capacity != Some(*capacity))
    });
    other
        .map(|(name, capacity)| (name.clone(), capacity))
        .collect()
}

fn capacity(case: &Case<'_>, before: &TableShape, table: &TableShape) -> Step {
    let indexes = index_capacities(before, table);
    let is_other = table.capacity != before.capacity;
    if !is_other && indexes.is_empty() {
        return Ok(None);
    }
    let call = Call::SetCapacity {
        table: table.name.clone(),
        capacity: is_other.then_some(before.capacity),
        indexes,
    };
    change(case, "set_capacity", table, call)
}

fn stream(case: &Case<'_>, before: &TableShape, table: &TableShape) -> Step {
    let (Some(had), None) = (&before.stream, &table.stream) else {
        return Ok(None);
    };
    let call = Call::OpenStream {
        table: table.name.clone(),
        view: had.view.clone(),
    };
    change(case, "open_stream", table, call)
}

/// DynamoDB takes up to an hour for it, and refuses another change meanwhile: that it is being turned on is enough.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html>.
fn expiry(case: &Case<'_>, before: &TableShape, table: &TableShape) -> Step {
    let Some(attribute) = before.ttl.on().filter(|had| table.ttl.on() != Some(*had)) else {
        return Ok(None);
    };
    if table.ttl.on().is_some() || table.ttl.status == "DISABLING" {
        let what = format!("time to live of {} is {}", table.name, table.ttl.status);
        let reason = format!("{what}; DynamoDB takes one change of it an hour");
        return Ok(Some(waits(reason, what)));
    }
    let call = Call::Expire {
        table: table.name.clone(),
        attribute: attribute.to_owned(),
    };
    change(case, "expire_items", table, call)
}

/// The tags that a table at home is to have: those that it had, and whose it is now.
fn wanted_tags(case: &Case<'_>, before: &TableShape) -> BTreeMap<String, String> {
    let mut tags = before.tags.clone();
    tags.extend(names::tags(&case.on.run.run_id, case.on.run.epoch));
    tags.insert(names::OWNER.into(), case.on.plan.plan.to_string());
    tags
}

/// Sees to it that a table at home bears its plan's name, without which the stack of rights lets nobody delete it.
pub(super) fn owned(case: &Case<'_>, table: &TableShape) -> Step {
    if case.is_owned(table) {
        return Ok(None);
    }
    let call = Call::Tag {
        arn: table.arn.clone(),
        tags: [(names::OWNER.to_owned(), case.on.plan.plan.to_string())].into(),
    };
    change(case, "tag_own_home", table, call)
}

fn lacks(wanted: &BTreeMap<String, String>, table: &TableShape) -> bool {
    wanted
        .iter()
        .any(|(key, value)| table.tags.get(key) != Some(value))
}

fn tags(case: &Case<'_>, before: &TableShape, table: &TableShape) -> Step {
    let tags = wanted_tags(case, before);
    if !lacks(&tags, table) {
        return Ok(None);
    }
    let call = Call::Tag {
        arn: table.arn.clone(),
        tags,
    };
    change(case, "tag_home", table, call)
}

/// Whether a table can be restored to a time as it could. Where nobody said for how many days, DynamoDB's own choice will do.
fn recovers(before: &TableShape, table: &TableShape) -> bool {
    match (before.recovery, table.recovery) {
        (Some(had), Some(has)) => had.days.is_none() || had.days == has.days,
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// Point-in-time recovery, as it was.
pub(super) fn recovery(case: &Case<'_>, before: &TableShape, table: &TableShape) -> Step {
    let Some(had) = before.recovery.filter(|_| !recovers(before, table)) else {
        return Ok(None);
    };
    let call = Call::Recoverable {
        table: table.name.clone(),
        recovery: had,
    };
    change(case, "turn_recovery_on", table, call)
}

fn kinesis(case: &Case<'_>, before: &TableShape, table: &TableShape) -> Step {
    for (stream, had) in before.kinesis.iter().filter(|(_, had)| had.is_active()) {
        match table.kinesis.get(stream) {
            Some(now) if now.is_active() => {}
            Some(now) if matches!(now.status.as_str(), "ENABLING" | "UPDATING" | "DISABLING") => {
                let what = format!("destination {stream} of {} is {}", table.name, now.status);
                return Ok(Some(waits(what.clone(), what)));
            }
            Some(_) | None => {
                let call = Call::SendTo {
                    table: table.name.clone(),
                    stream_arn: stream.clone(),
                    precision: had.precision.clone(),
                };
                return change(case, "send_to_kinesis", table, call);
            }
        }
    }
    Ok(None)
}

fn policy(case: &Case<'_>, before: &TableShape, table: &TableShape) -> Step {
    let Some(had) = &before.policy else {
        return Ok(None);
    };
    let now = table.policy.as_ref();
    if now.is_some_and(|now| now.document == had.document) {
        return Ok(None);
    }
    let call = Call::PutPolicy {
        arn: table.arn.clone(),
        document: had.document.clone(),
        instead_of: now.and_then(|now| now.revision.clone()),
    };
    change(case, "put_home_policy", table, call)
}

/// Last: until here the table can be made anew.
fn protection(case: &Case<'_>, before: &TableShape, table: &TableShape) -> Step {
    if !before.deletion_protected || table.deletion_protected {
        return Ok(None);
    }
    let call = Call::Protect {
        table: table.name.clone(),
        is_on: true,
    };
    change(case, "protect_home", table, call)
}

/// What of the indexes is missing or another, without what they may read and write. One more does no harm.
pub(super) fn index_differences(before: &TableShape, table: &TableShape) -> Vec<String> {
    let plain = |index: &Index| Index {
        capacity: None,
        ..index.clone()
    };
    let mut said = Vec::new();
    for (name, index) in &before.indexes {
        match table.indexes.get(name) {
            None => said.push(format!("{} has no index {name}", table.name)),
            Some(now) if plain(now) != plain(index) => said.push(format!(
                "index {name} of {} has another key or projection",
                table.name
            )),
            Some(_) => {}
        }
    }
    said
}

/// What a table cannot be without that is to be another one: its key and its indexes, one sentence each.
pub(super) fn essentials(before: &TableShape, table: &TableShape) -> Vec<String> {
    let mut said = index_differences(before, table);
    if table.keys != before.keys {
        said.push(format!("{} has another key", table.name));
    }
    said
}

/// Whether a table is encrypted as its restore was asked for.
fn is_encrypted_so(table: &TableShape, asked: &Encrypted) -> bool {
    match (asked, &table.encryption) {
        (Encrypted::AsBefore, _) | (Encrypted::ByDynamoDb, None) => true,
        (Encrypted::ByDynamoDb, Some(_)) | (Encrypted::ByAws | Encrypted::By(_), None) => false,
        (Encrypted::ByAws, Some(_)) => true,
        // By an alias nobody sees which key it is.
        (Encrypted::By(key), Some(_)) if key.contains("alias/") => true,
        (Encrypted::By(key), Some(now)) => {
            now.key == *key || now.key.rsplit('/').next() == Some(key.as_str())
        }
    }
}

/// Every setting of a table at home that is not as it was or was asked for, a few words each.
pub(super) fn differences(case: &Case<'_>, before: &TableShape, table: &TableShape) -> Vec<String> {
    let name = &table.name;
    let mut said = Vec::new();
    let mut is = |other: bool, what: &str| {
        if other {
            said.push(format!("{name} has {what}"));
        }
    };
    is(table.class != before.class, "another table class");
    is(
        table.capacity != before.capacity || !index_capacities(before, table).is_empty(),
        "another capacity, which auto scaling may have moved",
    );
    let view = |table: &TableShape| table.stream.as_ref().map(|stream| stream.view.clone());
    is(view(table) != view(before), "another stream");
    is(table.ttl.on() != before.ttl.on(), "another time to live");
    is(lacks(&wanted_tags(case, before), table), "other tags");
    is(!recovers(before, table), "other point-in-time recovery");
    let document = |table: &TableShape| {
        let policy = table.policy.as_ref();
        policy.map(|policy| policy.document.clone())
    };
    is(
        document(table) != document(before),
        "another resource policy",
    );
    let sends = before
        .kinesis
        .iter()
        .filter(|(_, had)| had.is_active())
        .all(|(stream, _)| {
            let now = table.kinesis.get(stream);
            now.is_some_and(crate::tables::Destination::is_active)
        });
    is(!sends, "no way to a Kinesis data stream that it had one to");
    is(
        !is_encrypted_so(table, &encrypted(case)),
        "another encryption than the plan asks for",
    );
    is(
        table.deletion_protected != before.deletion_protected,
        "another deletion protection",
    );
    said
}
