//! What people are told where a member of another Region is retired before anybody listed what only it has. A run lists that of its
//! own Region's member alone.

use serde_json::json;

use failover::{
    domain::{Epoch, Region},
    notify::{Message, Severity, commands},
    plan::Plan,
};

/// A member that is retired under another name.
#[derive(Debug, Clone, Copy)]
pub struct Retired<'a> {
    /// Its Region.
    pub region: &'a Region,
    /// Its name until then.
    pub name: &'a str,
    /// Its name from then on.
    pub to: &'a str,
    /// The name of its final snapshot.
    pub snapshot: &'a str,
    /// The epoch that deposed it.
    pub epoch: Epoch,
}

/// What people are told of it, where the run in `acting` has not listed what only that member has.
#[must_use]
pub fn unlisted(plan: &Plan, acting: &Region, retired: Retired<'_>) -> Message {
    let Retired {
        region,
        name,
        to,
        snapshot,
        epoch,
    } = retired;
    let first = if plan.loss_ledger.is_empty() {
        "Name the tables that matter under loss_ledger in the plan first. "
    } else {
        ""
    };
    let payload =
        json!({"plan": plan.plan, "cluster": to, "force": format!("{}@{epoch}", plan.plan)});
    Message {
        severity: Severity::Action,
        what: format!("{to} in {region} may have rows that are in no list"),
        evidence: format!(
            "{name} was deposed by epoch {epoch} and is retired as {to}. This run lists what only the member in {acting} has. The rows that \
             only {to} has stay in it and in its snapshot {snapshot}."
        ),
        next: format!(
            "{first}Call loss-ledger in {region} until it answers done, and delete neither of the two before."
        ),
        commands: vec![commands::invoke(region, "loss-ledger", &payload)],
        ..Message::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{notify, testing};

    #[test]
    fn a_member_that_nobody_listed_is_told_with_the_command_for_it_when_it_is_retired() {
        let plan = testing::run().plan;
        let retired = Retired {
            region: &"eu-west-1".into(),
            name: "orders-third",
            to: "orders-third-retired-20261126-8",
            snapshot: "orders-third-final-8",
            epoch: Epoch(8),
        };
        let told = unlisted(&plan, &"us-west-2".into(), retired);
        let text = told.text(jiff::Timestamp::UNIX_EPOCH);
        for part in [
            "deposed by epoch 8",
            "Name the tables",
            "--region eu-west-1",
            "\"cluster\":\"orders-third-retired-20261126-8\"",
            "\"force\":\"orders@8\"",
        ] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
        assert_eq!(notify::unreadable(&text), Vec::<&str>::new());
        testing::example::is("unlisted", &told);
    }
}
