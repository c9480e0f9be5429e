//! What a dry run may not change.

use std::collections::{BTreeMap, BTreeSet};

use failover::installation::named;

use crate::{
    front_door::Call,
    profile::{HOME, STANDBY},
    scenario::Drill,
    world::Trouble,
};

/// Functions that work on a schedule of their own, meanwhile too: what they keep of their looks goes on.
const SCHEDULED: [&str; 2] = ["health-probe", "fence-writer"];

/// What an operation begins with that changes nothing. What an invoked function does stands in the journal by itself.
const READS: [&str; 7] = ["Describe", "Get", "List", "Query", "Scan", "Invoke", "GET "];
/// What the items begin with that the probes refresh by themselves: what they last saw, and what a healthy member is made of.
const REFRESHED: [&str; 2] = ["vantage", "healthy/"];

/// What a dry run may not change.
pub(crate) struct Observed {
    /// Calls so far.
    calls: Vec<Call>,
    /// The ledgers' items, by Region, plan and item.
    ledgers: BTreeMap<String, String>,
    /// The names of the zone and where they lead.
    records: Vec<(String, String)>,
    /// What has happened at RDS.
    happened: usize,
    /// Messages to people.
    messages: usize,
}

impl Observed {
    pub(crate) async fn at(drill: &Drill<'_>) -> Result<Self, Trouble> {
        let world = drill.world;
        let mut ledgers = BTreeMap::new();
        // The drill looks past the front door, so that a lost Region's ledger can be read too.
        for region in [HOME, STANDBY] {
            let items = world.ledger_items(region).await?.into_iter();
            let kept = items.filter(|((_, item), _)| {
                !REFRESHED
                    .iter()
                    .any(|refreshed| item.starts_with(refreshed))
            });
            ledgers
                .extend(kept.map(|((plan, item), body)| (format!("{region} {plan} {item}"), body)));
        }
        let mut records = world.records().await;
        records.sort_unstable();
        Ok(Self {
            calls: world.front_door.calls(),
            ledgers,
            records,
            happened: world.simulator.history().len(),
            messages: world.messages().len(),
        })
    }

    /// What is different later, each thing in a few words.
    pub(crate) fn changed_in(&self, later: &Self) -> Vec<String> {
        let new = later.calls.iter().skip(self.calls.len());
        let mut changed: Vec<_> = new
            .filter(|call| is_change(call))
            .map(|call| format!("{} {} by {}", call.service, call.operation, call.function))
            .collect();
        let keys: BTreeSet<_> = self.ledgers.keys().chain(later.ledgers.keys()).collect();
        let other = keys
            .into_iter()
            .filter(|key| self.ledgers.get(*key) != later.ledgers.get(*key));
        changed.extend(other.map(|key| {
            let (was, is) = (self.ledgers.get(key), later.ledgers.get(key));
            format!("ledger item {key}{}", first_difference(was, is))
        }));
        for (what, is_other) in [
            ("Route 53's records", self.records != later.records),
            ("something happened at RDS", self.happened != later.happened),
            ("people were told", self.messages != later.messages),
        ] {
            if is_other {
                changed.push(what.to_owned());
            }
        }
        changed
    }

    /// What is different later, or how much was compared.
    pub(crate) fn differs_from(&self, later: &Self) -> String {
        let changed = self.changed_in(later);
        if changed.is_empty() {
            format!(
                "{} calls, {} ledger items and {} records: the same before and after",
                later.calls.len() - self.calls.len(),
                later.ledgers.len(),
                later.records.len()
            )
        } else {
            changed.join(", ")
        }
    }
}

/// Where two texts of an item part, with what stands there in each.
fn first_difference(was: Option<&String>, is: Option<&String>) -> String {
    let (Some(was), Some(is)) = (was, is) else {
        return String::new();
    };
    let same = was.chars().zip(is.chars()).take_while(|(a, b)| a == b);
    let from = same.count().saturating_sub(40);
    let there = |text: &str| text.chars().skip(from).take(100).collect::<String>();
    format!(" (was …{}…, is …{}…)", there(was), there(is))
}

/// Whether a call changes something that a dry run may not: anything by a step, and whatever is no ledger's by the rest.
fn is_change(call: &Call) -> bool {
    let is_read = READS.iter().any(|read| call.operation.starts_with(read));
    let is_scheduled = SCHEDULED.iter().any(|name| call.function == named(name));
    let is_refreshed = is_scheduled && ["dynamodb", "events"].contains(&&*call.service);
    !is_read && !is_refreshed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(calls: &[(&str, &str, &str)], items: &[(&str, &str)]) -> Observed {
        let call = |(function, service, operation): &(&str, &str, &str)| Call {
            at_ms: 0,
            function: format!("aurora-failover-{function}"),
            caller_region: STANDBY.into(),
            service: (*service).into(),
            region: STANDBY.into(),
            operation: (*operation).into(),
            status: Some(200),
            error_code: None,
            duration_ms: Some(1),
            message: None,
        };
        Observed {
            calls: calls.iter().map(call).collect(),
            ledgers: items
                .iter()
                .map(|(key, body)| ((*key).to_owned(), (*body).to_owned()))
                .collect(),
            records: Vec::new(),
            happened: 0,
            messages: 0,
        }
    }

    #[test]
    fn a_changing_call_a_new_item_and_a_changed_one_are_named_and_reads_are_not() {
        let before = observed(&[], &[("a", "1"), ("b", "1")]);
        let same = observed(
            &[
                ("planned-failover", "rds", "DescribeDBClusters"),
                ("confirm-outage", "lambda", "Invoke"),
                ("confirm-outage", "s3", "GET /"),
                ("health-probe", "dynamodb", "PutItem"),
            ],
            &[("a", "1"), ("b", "1")],
        );
        assert!(before.changed_in(&same).is_empty());
        let other = observed(
            &[
                ("recovery-ledger", "dynamodb", "PutItem"),
                ("health-probe", "sns", "Publish"),
                ("dns-flip", "route53", "ChangeResourceRecordSets"),
            ],
            &[("a", "1"), ("b", "2"), ("c", "1")],
        );
        let changed = before.changed_in(&other);
        assert_eq!(
            changed,
            [
                "dynamodb PutItem by aurora-failover-recovery-ledger",
                "sns Publish by aurora-failover-health-probe",
                "route53 ChangeResourceRecordSets by aurora-failover-dns-flip",
                "ledger item b (was …1…, is …2…)",
                "ledger item c",
            ]
        );
    }
}
