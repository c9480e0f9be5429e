//! The ledgers, read past the front door, so that a lost Region's can be looked at too.

use std::{collections::BTreeMap, path::PathBuf};

use aws::{Aws, Settings};
use aws_sdk_dynamodb::types::AttributeValue;
use failover::installation::named;

use super::{Trouble, World};
use crate::profile::STANDBY;

/// The table in every member Region.
pub(super) fn table() -> String {
    named("ledger")
}

impl World {
    /// The ledgers of every Region.
    #[must_use]
    pub fn ledger(&self) -> Aws {
        self.ledger_of(STANDBY)
    }

    /// A Region's own ledger, for what only that one holds.
    #[must_use]
    pub fn ledger_of(&self, region: &str) -> Aws {
        let settings = Settings {
            ledger_table: table(),
            loss_bucket: None,
            machine: None,
            reach: None,
            resolver: None,
            version: None,
            ca_bundle: PathBuf::new(),
        };
        Aws::new(self.emulator.sdk_config(region), settings)
    }

    /// Every item of a Region's ledger: plan and item, and what it holds, as text that is equal for what is equal.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn ledger_items(
        &self,
        region: &str,
    ) -> Result<BTreeMap<(String, String), String>, Trouble> {
        let dynamodb = aws_sdk_dynamodb::Client::new(&self.emulator.sdk_config(region));
        let mut pages = dynamodb
            .scan()
            .table_name(table())
            .consistent_read(true)
            .into_paginator()
            .send();
        let mut items = BTreeMap::new();
        while let Some(page) = pages.next().await {
            for item in page?.items.unwrap_or_default() {
                let key = |name: &str| {
                    let value = item.get(name).and_then(|value| value.as_s().ok());
                    value.cloned().unwrap_or_default()
                };
                items.insert(
                    (key("plan"), key("item")),
                    text(&AttributeValue::M(item.clone())),
                );
            }
        }
        Ok(items)
    }
}

/// A value as text; the fields of a map in the order of their names.
fn text(value: &AttributeValue) -> String {
    if let AttributeValue::M(fields) = value {
        let fields: BTreeMap<_, _> = fields
            .iter()
            .map(|(name, value)| (name, text(value)))
            .collect();
        format!("{fields:?}")
    } else if let AttributeValue::L(values) = value {
        format!("{:?}", values.iter().map(text).collect::<Vec<_>>())
    } else {
        format!("{value:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_equal_in_whatever_order_they_came_and_other_values_are_not() {
        let map = |fields: [(&str, &str); 2]| {
            let fields =
                fields.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.into())));
            text(&AttributeValue::L(vec![AttributeValue::M(fields.into())]))
        };
        assert_eq!(map([("a", "1"), ("b", "2")]), map([("b", "2"), ("a", "1")]));
        assert_ne!(map([("a", "1"), ("b", "2")]), map([("a", "1"), ("b", "3")]));
    }
}
