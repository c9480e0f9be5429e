//! After a managed failover the fence is RDS's own. It says whether that held; people are told, and nothing is decided by it.

use serde::{Deserialize, Serialize};

use failover::{
    Error,
    domain::PlanName,
    ledger::KeptPlan,
    notify::{Message, Severity, parts, tell},
    ports::{Ledger, People, Runtime},
    topologies::{Topologies, Topology},
};

/// Writes to the old writer are blocked.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html>.
const BLOCKED: &str = "RDS-EVENT-0390";

/// An event of RDS about a DB instance, as the rule hands it on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hint {
    /// `RDS-EVENT-0390`: writes are blocked; `RDS-EVENT-0391`: blocking them timed out.
    pub event: String,
    /// The DB instance's identifier.
    pub instance: String,
    /// What RDS says.
    pub message: String,
}

/// Who was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heard {
    /// The plans with a member in this Region that the instance belongs to.
    pub plans: Vec<PlanName>,
}

/// Tells the people of every plan that the instance belongs to. Where a message was not taken the call fails, so that Lambda
/// makes it again: RDS says it once.
pub(super) async fn heard(
    world: &(impl Ledger + Runtime + Topologies + People),
    hint: &Hint,
) -> Result<Heard, Error> {
    let (mut plans, mut untold) = (Vec::new(), Vec::new());
    for known in world.all_known(world.region()).await? {
        // One plan's fault keeps no other plan's people from being told.
        let is_told = match is_of(world, &known, hint).await {
            Ok(false) => continue,
            Ok(true) => tell(world, &known.plan, &message(hint)).await,
            Err(why) => {
                tracing::warn!(plan = %known.plan.plan, %why, "whose instance it is cannot be seen");
                false
            }
        };
        let of = if is_told { &mut plans } else { &mut untold };
        of.push(known.plan.plan);
    }
    tracing::warn!(
        event = hint.event,
        instance = hint.instance,
        ?plans,
        ?untold,
        "RDS spoke of its fence"
    );
    if untold.is_empty() {
        return Ok(Heard { plans });
    }
    Err(not_told(hint, &untold))
}

fn not_told(hint: &Hint, plans: &[PlanName]) -> Error {
    let Hint {
        event, instance, ..
    } = hint;
    let names: Vec<_> = plans.iter().map(ToString::to_string).collect();
    let names = names.join(", ");
    Error::Unavailable(format!(
        "{event} of {instance} was not told to the people of {names}"
    ))
}

/// Whether RDS shows the instance in a plan's member here.
async fn is_of(
    world: &(impl Runtime + Topologies),
    known: &KeptPlan,
    hint: &Hint,
) -> Result<bool, Error> {
    let here = world.region();
    let Some(member) = known.plan.members().get(here) else {
        return Ok(false);
    };
    let cluster = world
        .topology(known.plan.kind())
        .cluster(world, here, &member.identifier)
        .await?;
    Ok(cluster.is_some_and(|cluster| {
        let mut instances = cluster.instances.iter();
        instances.any(|instance| instance.identifier.eq_ignore_ascii_case(&hint.instance))
    }))
}

fn message(hint: &Hint) -> Message {
    let (severity, what, next) = if hint.event == BLOCKED {
        (
            Severity::Notice,
            "RDS keeps writes out of the old writer".to_owned(),
            "Nothing.",
        )
    } else {
        (
            Severity::Critical,
            format!("RDS {} of the old writer", parts::NOT_KEPT_OUT),
            "Stop what still writes to the old writer's address. RDS rebuilds that member, and what it takes until then will be \
             in its snapshot alone.",
        )
    };
    Message {
        severity,
        what,
        evidence: format!("{} of {}: {}", hint.event, hint.instance, hint.message),
        next: next.into(),
        ..Message::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{ledger::PlanState, testing::Books};

    #[tokio::test]
    async fn what_nobody_was_sent_fails_the_call_and_is_sent_when_it_is_made_again() {
        let books = Books::with(&PlanState::new("orders".into())).alone(Ok(()));
        let hint = Hint {
            event: "RDS-EVENT-0391".into(),
            instance: "orders-east-1".into(),
            message: "Write fencing timed out".into(),
        };
        books.deafen(1);
        let failed = heard(&books, &hint).await.unwrap_err();
        assert!(matches!(failed, Error::Unavailable(_)), "{failed}");
        assert!(failed.to_string().ends_with("the people of orders"));
        assert_eq!(heard(&books, &hint).await.unwrap().plans.len(), 1);
        assert_eq!(books.told().len(), 1);
    }

    #[tokio::test]
    async fn a_plan_whose_cluster_cannot_be_seen_is_named_and_keeps_no_other_plans_people_from_being_told()
     {
        let row = PlanState::new("orders".into());
        let books = Books::with(&row).alone(Ok(())).beside_unseen("billing");
        let hint = Hint {
            event: "RDS-EVENT-0391".into(),
            instance: "orders-east-1".into(),
            message: "Write fencing timed out".into(),
        };
        let failed = heard(&books, &hint).await.unwrap_err();
        let told = books.told();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("orders: RDS could not keep"), "{told:?}");
        assert!(matches!(failed, Error::Unavailable(_)), "{failed}");
        assert!(
            failed.to_string().ends_with("the people of billing"),
            "{failed}"
        );
    }

    #[test]
    fn a_fence_that_timed_out_is_told_otherwise_than_one_that_holds() {
        let of = |event: &str| {
            message(&Hint {
                event: event.into(),
                instance: "orders-west-1".into(),
                message: "said".into(),
            })
        };
        let (held, failed) = (of("RDS-EVENT-0390"), of("RDS-EVENT-0391"));
        assert!(held.what.contains("keeps writes out") && held.next == "Nothing.");
        assert!(
            failed.what.contains("could not") && failed.next.contains("Stop what still writes")
        );
        assert!(
            failed
                .evidence
                .contains("RDS-EVENT-0391 of orders-west-1: said")
        );
    }

    #[test]
    fn what_rds_says_of_its_fence_is_told_as_its_examples_show() {
        for (name, event, said) in [
            ("kept-out", BLOCKED, "Write fencing completed"),
            ("not-kept-out", "RDS-EVENT-0391", "Write fencing timed out"),
        ] {
            let hint = Hint {
                event: event.into(),
                instance: "orders-west-1".into(),
                message: said.into(),
            };
            failover::testing::example::is(name, &message(&hint));
        }
    }
}
