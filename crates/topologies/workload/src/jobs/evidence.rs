//! What was observed of a run that people are asked about, and what was not.

use serde::Serialize;
use serde_json::Value;

use super::{
    Asks,
    services::{lit_at, observed},
};
use crate::{pass::Pass, row::Row};

/// Where the row of a resource keeps in what it is not what it was.
const DIFFERENCES: &str = "differences";

/// A resource that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Differs {
    /// Its name in the plan.
    resource: String,
    /// In what.
    differences: Vec<String>,
}

/// What was observed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Evidence {
    /// Who was looked at that writes where the run comes from, and who was not.
    writers: String,
    /// Since when home's pilot lights may write.
    #[serde(skip_serializing_if = "Option::is_none")]
    lit_at: Option<String>,
    /// Which resources are not what they were.
    differences: Vec<Differs>,
}

impl Evidence {
    /// What was observed until now.
    #[must_use]
    pub(super) fn of(pass: &Pass) -> Self {
        let plan = &pass.run.plan;
        Self {
            writers: observed(plan, &plan.recovery_region),
            lit_at: lit_at(&pass.rows, &plan.home_region),
            differences: pass.resources().iter().filter_map(differs).collect(),
        }
    }

    /// What it says about a question, in sentences.
    #[must_use]
    pub(super) fn about(&self, asks: Asks) -> Vec<String> {
        match asks {
            Asks::Prepared | Asks::Rehearsed | Asks::Suspend => Vec::new(),
            Asks::Verified => self.about_home(),
        }
    }

    fn about_home(&self) -> Vec<String> {
        let mut said = vec![format!("Before the cut-over: {}.", self.writers)];
        if let Some(at) = &self.lit_at {
            said.push(format!(
                "Home's pilot lights are lit since {at}: what they write is lost by going back, which needs accept_data_loss from then on."
            ));
        }
        for Differs {
            resource,
            differences,
        } in &self.differences
        {
            let differences = differences.join(", ");
            said.push(format!("{resource} is not as it was: {differences}."));
        }
        said
    }
}

fn differs(row: &Row) -> Option<Differs> {
    let kept = row.kept.get(DIFFERENCES)?.as_array()?;
    let told = kept.iter().filter_map(Value::as_str).map(str::to_owned);
    let differences: Vec<_> = told.collect();
    (!differences.is_empty()).then(|| Differs {
        resource: row.resource.clone(),
        differences,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use failover::ledger::Rows;
    use serde_json::json;

    use super::*;
    use crate::testing;

    #[test]
    fn what_differs_is_said_of_each_resource_and_nothing_of_one_that_is_as_it_was() {
        let run = testing::run();
        let row = |name: &str, differences: Value| {
            let mut row = Row::new(run.run_id.clone(), name, run.opened_at);
            row.kept.insert(DIFFERENCES.into(), differences);
            (name.to_owned(), row)
        };
        let rows = [
            row("billing", json!(["subnet_group", "its port"])),
            row("ledger", json!([])),
        ];
        let pass = Pass {
            now: run.opened_at,
            ledgers: Rows(BTreeMap::new()),
            rows: rows.into(),
            dry_run: false,
            run,
        };
        let evidence = Evidence::of(&pass);
        let said = evidence.about(Asks::Verified).join(" ");
        assert!(
            said.contains("billing is not as it was: subnet_group, its port."),
            "{said}"
        );
        assert!(!said.contains("ledger"), "{said}");
        assert!(evidence.about(Asks::Suspend).is_empty());
        let told = serde_json::to_value(&evidence).unwrap();
        assert_eq!(told["differences"][0]["resource"], "billing");
    }
}
