//! Whether all that a member alone has is listed, so that it may be deleted.

use jiff::Timestamp;

use failover::{
    domain::{Epoch, Region},
    ledger::Losses,
    plan::KeyedTable,
};

/// Why a member may not be deleted yet, since it may have what nothing lists; `None` where all that this very cluster has is listed,
/// by the plan's tables and under the fence that it stands under.
#[must_use]
pub fn unlisted(
    account: Option<Losses>,
    (cluster, resource_id, region): (&str, &str, &Region),
    tables: &[KeyedTable],
    (epoch, fenced_at): (Epoch, Option<Timestamp>),
) -> Option<String> {
    if tables.is_empty() {
        return Some(format!(
            "loss_ledger is empty in the plan, so that nothing lists what only {cluster} in {region} has; name its tables there where they can be compared, or retire it by rename"
        ));
    }
    let Some(account) = account.and_then(|account| complete(account, tables, epoch)) else {
        return Some(format!(
            "nothing lists yet what only {cluster} has; invoke loss-ledger in {region} first, or retire it by rename"
        ));
    };
    if !account.is_of(Some(resource_id)) {
        let listed = account.resource_id.as_deref();
        return Some(format!(
            "what is listed of {cluster} is of {}, and it is {resource_id} now; invoke loss-ledger in {region} again, or retire it by rename",
            listed.unwrap_or("an unknown resource id")
        ));
    }
    if account.fenced_at != fenced_at {
        return Some(format!(
            "{cluster} was open since its losses were listed, and may have taken rows that are in no list; invoke loss-ledger in {region} again, or retire it by rename"
        ));
    }
    in_no_list(account, cluster).map(|why| format!("{why}; retire it by rename"))
}

/// The account of this epoch by the plan's tables, where it is complete and of a fence.
fn complete(account: Losses, tables: &[KeyedTable], epoch: Epoch) -> Option<Losses> {
    if account.epoch != epoch {
        return None;
    }
    let begun_at = account.begun_at;
    let account = account.by(tables, begun_at);
    (account.is_complete() && account.fenced_at.is_some()).then_some(account)
}

/// What a complete account does not list all the same.
fn in_no_list(account: Losses, cluster: &str) -> Option<String> {
    let mut tables = account.tables.iter();
    let not_compared = tables.find_map(|table| table.not_compared(cluster));
    let unknown = account.unknown;
    let unknown = unknown.map(|why| format!("what only {cluster} has is unknown: {why}"));
    unknown.or(not_compared)
}
