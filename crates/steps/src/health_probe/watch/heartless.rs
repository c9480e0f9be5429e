//! What an invocation does about a plan in whose database no heart beats: it keeps what is known of it, and looks at no writer. Nothing
//! is suspected, and no missing beat is told.

use super::{WatchedPlan, unfinished::page};
use crate::health_probe::plans::{Fault, tell_fault};
use failover::{
    Error,
    guard::not_adopted,
    ledger::KeptPlan,
    ports::{Ledger, People, Runtime},
};

pub(super) async fn keep(
    world: &(impl Ledger + Runtime + People),
    known: &KeptPlan,
    fault: Option<&Fault>,
    mut watched: WatchedPlan,
) -> WatchedPlan {
    if let Err(why) = tell(world, known, fault).await {
        tracing::error!(plan = %watched.plan, %why, "the plan cannot be watched");
        watched.fault = Some(why.to_string());
    }
    watched
}

/// Tells people what is wrong with the plan's parameter, and of a change of writer that no run finishes.
async fn tell(
    world: &(impl Ledger + Runtime + People),
    known: &KeptPlan,
    fault: Option<&Fault>,
) -> Result<(), Error> {
    let plan = &known.plan;
    let row = world.row(world.region(), &plan.plan).await?;
    if row.current.is_none() {
        return Err(not_adopted(&plan.plan));
    }
    page(world, plan, &row).await;
    tell_fault(world, plan, &row, fault).await;
    Ok(())
}
