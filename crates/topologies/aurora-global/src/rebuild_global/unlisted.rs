//! What people are told where a member of another Region is retired before anybody listed what only it has. A run lists that of its
//! own Region's member alone.

use serde_json::json;

use super::Observed;
use failover::{
    domain::Region,
    notify::{Message, Severity, commands},
    plan::Plan,
    topology::Call,
};

/// What people are told of a call that retires such a member.
pub(super) fn message(
    plan: &Plan,
    observed: &Observed,
    (region, call): (&Region, &Call),
) -> Option<Message> {
    let Call::RenameCluster { cluster, to } = call else {
        return None;
    };
    let mut members = observed.members.iter();
    let member = members.find(|member| member.region == *region)?;
    member
        .unlisted
        .as_ref()
        .filter(|_| *region != observed.acting)?;
    let epoch = observed.epoch;
    let first = if plan.loss_ledger.is_empty() {
        "Name the tables that matter under loss_ledger in the plan first. "
    } else {
        ""
    };
    let payload =
        json!({"plan": plan.plan, "cluster": to, "force": format!("{}@{epoch}", plan.plan)});
    Some(Message {
        severity: Severity::Action,
        what: format!("{to} in {region} may have rows that are in no list"),
        evidence: format!(
            "{cluster} was deposed by epoch {epoch} and is retired as {to}. This run lists what only the member in {} has. The rows that \
             only {to} has stay in it and in its snapshot {}.",
            observed.acting, member.snapshot_name
        ),
        next: format!(
            "{first}Call loss-ledger in {region} until it answers done, and delete neither of the two before."
        ),
        commands: vec![commands::invoke(region, "loss-ledger", &payload)],
        ..Message::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rebuild_global::{
        SeenMember,
        tests::{deposed, home},
    };
    use failover::{notify, testing};

    #[test]
    fn a_member_of_another_region_that_nobody_listed_is_told_with_the_command_for_it_when_it_is_retired()
     {
        let mut observed = deposed();
        home(&mut observed).unlisted = Some("nothing lists yet what only orders-west has".into());
        let third = SeenMember {
            region: "eu-west-1".into(),
            name: "orders-third".into(),
            ..home(&mut observed).clone()
        };
        observed.members.insert(0, third);
        let rename = Call::RenameCluster {
            cluster: "orders-third".into(),
            to: "orders-third-retired-20261126-8".into(),
        };
        let remove = Call::Remove {
            global_cluster: "orders-global-1".into(),
            arn: "arn".into(),
        };
        let plan = testing::run().plan;
        let of = |observed: &Observed, region: &str, call: &Call| {
            message(&plan, observed, (&region.into(), call))
        };
        let told = of(&observed, "eu-west-1", &rename).unwrap();
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
        assert_eq!(of(&observed, "eu-west-1", &remove), None, "not retired yet");
        let own = of(&observed, "us-west-2", &rename);
        assert_eq!(own, None, "the run has listed it or told why not");
        observed.members[0].unlisted = None;
        assert_eq!(of(&observed, "eu-west-1", &rename), None, "it is listed");
    }
}
