//! What an invocation begins with: the plans of its Region, their members' endpoints, and the epoch that others know.

use std::time::Duration;

use super::{World, look::refresh};
use crate::{
    Error,
    domain::PlanName,
    ledger::{Known, Row, update_if},
    notify::{Message, Severity, tell_news},
    plan::Plan,
};

/// How long the other Regions are waited for when an invocation begins: a dead one must not delay noticing.
pub(super) const BEGIN: Duration = Duration::from_secs(1);

/// A plan that can be watched, and what was last known of it.
#[derive(Clone)]
pub(super) struct Readable {
    pub(super) plan: Plan,
    /// What is wrong with the parameter's document, where this is the plan that was read last.
    pub(super) fault: Option<String>,
    before: Option<Known>,
}

/// Every plan of this Region, or its name and what is wrong with it. Where the parameters cannot be read, or one is
/// wrong, the plan that was read last goes on.
pub(super) async fn plans(
    world: &impl World,
) -> Result<Vec<Result<Readable, (PlanName, String)>>, Error> {
    let known = world.all_known(world.region()).await?;
    Ok(match world.plans().await {
        Ok(documents) => documents
            .iter()
            .map(|(name, document)| readable(&known, name, document))
            .collect(),
        Err(why) => {
            tracing::warn!(%why, "the plans cannot be read; going on with the last ones");
            let last = known.into_iter().map(|known| Ok(as_known(known, None)));
            last.collect()
        }
    })
}

fn as_known(known: Known, fault: Option<String>) -> Readable {
    Readable {
        plan: known.plan.clone(),
        fault,
        before: Some(known),
    }
}

/// The plan of one parameter. Its name is the parameter's, whatever the document says: a stray comma hides that too.
fn readable(
    known: &[Known],
    name: &PlanName,
    document: &str,
) -> Result<Readable, (PlanName, String)> {
    let before = known.iter().find(|known| known.plan.plan == *name).cloned();
    match crate::plan::read_named(name, document) {
        Ok(plan) => Ok(Readable {
            plan,
            fault: None,
            before,
        }),
        Err(why) => {
            tracing::error!(plan = %name, %why, "a plan is wrong");
            let last = before.map(|known| as_known(known, Some(why.to_string())));
            last.ok_or((name.clone(), why.to_string()))
        }
    }
}

/// Tells people once that the parameter's document is wrong, and notes when it is right again.
pub(super) async fn tell_fault(world: &impl World, plan: &Plan, row: &Row, fault: Option<&str>) {
    let news = |row: &Row| row.tell_plan_fault(fault);
    let (Some(fault), Some(_)) = (fault, news(row)) else {
        if fault.is_none()
            && row.plan_fault.is_some()
            && let Err(why) = update_if(world, world.region(), &plan.plan, news).await
        {
            tracing::warn!(plan = %plan.plan, %why, "that the plan is right again is not noted");
        }
        return;
    };
    let message = Message {
        severity: Severity::Action,
        what: format!("the plan's parameter in {} is wrong", world.region()),
        evidence: fault.to_owned(),
        next: format!(
            "Correct /aurora-failover/plans/{name}. Until then revision {revision} is watched, an unplanned failover asks unless \
             topology and unplanned can be read and are unchanged, and planned runs are refused.",
            name = plan.plan,
            revision = plan.revision
        ),
        ..Message::default()
    };
    tell_news(world, plan, &message, news).await;
}

/// Asks every member's RDS for its endpoints and keeps them for the day it does not answer.
pub(super) async fn remember(world: &impl World, readable: Readable) -> Known {
    let Readable { plan, before, .. } = readable;
    let known = refresh(world, plan, before.clone(), BEGIN).await;
    if before.as_ref() != Some(&known)
        && let Err(why) = world.put_known(&known).await
    {
        tracing::warn!(plan = %known.plan.plan, %why, "the plan could not be remembered");
    }
    known
}

/// Copies the highest proven epoch that any other Region's ledger shows into our own (rule 6), and drops our copy of a change
/// of writer that its target's ledger says was withdrawn.
pub(super) async fn learn(world: &impl World, plan: &Plan) {
    let here = world.region();
    let others = plan.members.keys().filter(|region| *region != here);
    let reads = others.map(async |region| {
        let read = tokio::time::timeout(BEGIN, world.row(region, &plan.plan)).await;
        Some((region, read.ok()?.ok()?))
    });
    let rows = futures::future::join_all(reads).await;
    for (region, other) in rows.into_iter().flatten() {
        let learnt = update_if(world, here, &plan.plan, |row| row.learn_of(region, &other)).await;
        if let Err(why) = learnt {
            tracing::warn!(plan = %plan.plan, %why, "what the ledger of another Region says could not be copied");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::fake;

    fn known() -> Known {
        Known {
            plan: fake::run().plan,
            endpoints: Default::default(),
        }
    }

    #[test]
    fn a_plan_that_is_no_json_goes_on_as_it_was_read_last_under_its_parameters_name() {
        let name = "orders".into();
        let mut another = fake::plan_document();
        another["plan"] = "billing".into();
        for document in ["{\"plan\": \"orders\",,}", "", &another.to_string()] {
            let found = readable(&[known()], &name, document).ok().unwrap();
            assert_eq!(found.plan, known().plan, "{document}");
            assert!(found.fault.is_some(), "{document}");
            let unknown = readable(&[], &name, document).err().unwrap();
            assert_eq!(unknown.0, name, "{document}");
        }
    }

    #[test]
    fn a_plan_that_is_right_is_taken_as_it_is() {
        let mut newer = fake::plan_document();
        newer["revision"] = 4.into();
        let found = readable(&[known()], &"orders".into(), &newer.to_string());
        let found = found.ok().unwrap();
        assert_eq!((found.plan.revision, found.fault), (4, None));
    }
}
