//! Ends the cool-down after a run: a human has looked why the writer was lost.

use std::time::Duration;

use serde::Serialize;

use super::{ReleaseInput, plan_or_last};
use failover::{
    Error,
    domain::Region,
    ledger::PlanState,
    pass::Output,
    ports::{Ledger, Parameters, Runtime, update_if},
};

/// How long a Region is waited for: one of them may still be lost.
const LIMIT: Duration = Duration::from_secs(2);

/// What was acknowledged where.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Observed {
    /// The Regions whose ledger took it now.
    acknowledged: Vec<Region>,
    /// The Regions whose ledger did not answer; a run there is still refused.
    silent: Vec<Region>,
}

pub(super) async fn run(
    world: &(impl Ledger + Runtime + Parameters),
    input: &ReleaseInput,
) -> Result<Output<Observed>, Error> {
    let plan = plan_or_last(world, &input.plan).await?;
    let (here, now) = (world.region(), world.now());
    made_the_writer(&world.row(here, &plan.plan).await?, input)?;
    let acknowledge = |row: &PlanState| row.acknowledge(&input.run_id, now);
    let marks = plan.members().keys().map(async |region| {
        let change = update_if(world, region, &plan.plan, acknowledge);
        (region.clone(), tokio::time::timeout(LIMIT, change).await)
    });
    let mut observed = Observed {
        acknowledged: Vec::new(),
        silent: Vec::new(),
    };
    for (region, marked) in futures::future::join_all(marks).await {
        match marked {
            Ok(Ok(Some(_))) => observed.acknowledged.push(region),
            Ok(Ok(None)) => {}
            Ok(Err(why)) if region == *here => return Err(why),
            _ => observed.silent.push(region),
        }
    }
    tracing::info!(plan = %plan.plan, run_id = %input.run_id, ?observed, "acknowledged");
    let reason = format!(
        "run {} is acknowledged; the cool-down is over",
        input.run_id
    );
    Ok(Output::done("acknowledge", reason, observed))
}

/// Refuses any run but the unplanned failover that made the current writer.
fn made_the_writer(row: &PlanState, input: &ReleaseInput) -> Result<(), Error> {
    let last = row.current.as_ref().filter(|current| current.unplanned);
    let is = match last {
        Some(last) if last.run_id == input.run_id => return Ok(()),
        Some(last) => format!("it is {}", last.run_id),
        None => "there is none".to_owned(),
    };
    Err(Error::InvalidRequest(format!(
        "run_id is {}, which is not the unplanned failover that made the writer of plan {}: {is}",
        input.run_id, row.plan
    )))
}
