//! What a table at home is to be, and what has to come before it may be.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::case::Case;
use crate::tables::{Encrypted, TableShape};

/// What the plan calls the key that AWS manages for DynamoDB.
const BY_AWS: &str = "alias/aws/dynamodb";

/// How what is restored from another Region is encrypted: DynamoDB wants it said.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableFromBackup.html>.
pub(super) fn encrypted(case: &Case<'_>) -> Encrypted {
    match case.table.kms_key.as_deref() {
        None => Encrypted::ByDynamoDb,
        Some(BY_AWS) => Encrypted::ByAws,
        Some(key) => Encrypted::By(key.to_owned()),
    }
}

/// Whether a rehearsal was made lately enough before a moment for a table at home to be deleted.
pub(super) fn is_rehearsed(case: &Case<'_>, by: Timestamp) -> bool {
    let days = case.on.plan.rehearsed_within_days;
    let within = SignedDuration::from_hours(24 * i64::from(days));
    let at = case.memory.rehearsed_at;
    at.is_some_and(|at| by.duration_since(at) <= within)
}

/// What is said where there was no rehearsal lately.
pub(super) fn not_rehearsed(case: &Case<'_>) -> String {
    format!(
        "table {} has not been rehearsed within {} days; start a rehearsal first",
        case.table.home, case.on.plan.rehearsed_within_days
    )
}

/// What home's table is to be where there is none: as the recovery table, without what names things of its Region.
pub(super) fn as_recovery(case: &Case<'_>) -> Option<TableShape> {
    let like = case.memory.recovery.clone()?;
    Some(TableShape {
        name: case.table.home.clone(),
        policy: None,
        kinesis: BTreeMap::new(),
        ..like
    })
}
