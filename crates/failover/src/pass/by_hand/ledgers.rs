//! What a pass by hand reads first: the plan as this Region's probe kept it, and the ledgers that answer.

use std::collections::BTreeMap;

use crate::{
    Error,
    domain::{PlanName, Region},
    ledger::{KeptPlan, PlanState},
    pass::{Input, SILENCE},
    plan::parameters,
    ports::{Ledger, Runtime},
};

/// The plan as this Region's probe kept it.
///
/// # Errors
/// `InvalidRequest` where nobody knows it, `Unavailable` where the ledger is silent.
pub async fn known(world: &(impl Ledger + Runtime), input: &Input) -> Result<KeptPlan, Error> {
    match world.known(world.region(), &input.plan).await? {
        Some(known) => Ok(known),
        None => Err(unknown(world, &input.plan).await),
    }
}

/// What is said of a plan that nobody knows: where its document belongs, and the plans that there are.
pub async fn unknown(world: &(impl Ledger + Runtime), plan: &PlanName) -> Error {
    let here = world.region();
    let known = world.all_known(here).await.unwrap_or_default();
    let names: Vec<_> = known.iter().map(|known| known.plan.plan.as_str()).collect();
    let there = if names.is_empty() {
        "no plan is known there".to_owned()
    } else {
        format!("the plans known there are {}", names.join(", "))
    };
    Error::InvalidRequest(format!(
        "plan {plan} is not known in {here}: {there}; correct the name, or write the plan's document to the parameter {}{plan} there, which a probe reads within a minute",
        parameters()
    ))
}

/// The rows of every member Region that answers; this Region's must.
pub async fn reachable(
    world: &(impl Ledger + Runtime),
    known: &KeptPlan,
) -> Result<BTreeMap<Region, PlanState>, Error> {
    let plan = &known.plan;
    let reads = plan.members().keys().map(async |region| {
        let read = tokio::time::timeout(SILENCE, world.row(region, &plan.plan)).await;
        (region.clone(), read)
    });
    let mut rows = BTreeMap::new();
    for (region, read) in futures::future::join_all(reads).await {
        match read {
            Ok(Ok(row)) => {
                rows.insert(region, row);
            }
            Ok(Err(why)) if region == *world.region() => return Err(why),
            _ => tracing::warn!(%region, "its ledger does not answer"),
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn a_plan_that_nobody_knows_is_refused_with_its_parameter_and_the_plans_there_are() {
        let books = testing::Books::with(&PlanState::new("orders".into()));
        let input = Input::of("ordres".into());
        let by_hand = known(&books, &input).await.unwrap_err();
        let why = by_hand.to_string();
        assert_eq!(by_hand.name(), "InvalidRequest");
        for part in [
            "plan ordres is not known in us-east-1",
            "the plans known there are orders",
            "the parameter /aurora-failover/plans/ordres",
        ] {
            assert!(why.contains(part), "{why} lacks {part}");
        }
    }
}
