//! Dry runs: what a forced pass would do or be refused with, found out without a lease.

use jiff::Timestamp;

use super::{
    is_promoted,
    leases::{Tokens, ended},
    ledgers::{known, reachable},
    prepare::{new_run, prepare},
};
use crate::{
    Error,
    guard::{self, not_adopted},
    ledger::{Claim, Rows, Run},
    pass::{Input, Pass},
    plan::Plan,
    ports::{Ledger, Runtime},
};

/// What a forced pass of a step would stand on, had it taken the leases: found out without taking one.
///
/// # Errors
/// What the forced pass would be refused with.
pub async fn rehearse(
    world: &(impl Ledger + Runtime),
    step: &str,
    input: &Input,
    carried_out: impl AsyncFn(&Plan, &Rows) -> bool,
) -> Result<Pass, Error> {
    let here = world.region();
    let known = known(world, input).await?;
    let mut rows = Rows(reachable(world, &known).await?);
    let mut run = prepare(world, step, input, (known, &rows)).await?;
    let is_promoted = is_promoted(here, &run, &rows, carried_out).await;
    let ended = ended(world, &run, &rows).await;
    let now = world.now();
    lease(&mut run, &mut rows, &ended, (is_promoted, now))?;
    guard::lease(&rows, here, &run.run_id, run.epoch, now)?;
    guard::writer(&rows, &run.from, &run.to)?;
    Ok(Pass {
        run,
        rows,
        now,
        dry_run: true,
    })
}

/// Takes the leases in the rows that were read, and nowhere else.
fn lease(
    run: &mut Run,
    rows: &mut Rows,
    ended: &Tokens,
    (is_promoted, now): (bool, Timestamp),
) -> Result<(), Error> {
    let claim = Claim::of(run);
    for region in run.plan.members().keys() {
        match rows.0.get_mut(region) {
            Some(row) => {
                *row = row.claim_by_hand(&claim, ended.get(region).copied(), now)?;
                run.leased.insert(region.clone());
            }
            None if *region == run.from || is_promoted => {}
            None => {
                return Err(Error::Unavailable(format!(
                    "the ledger of {region} does not answer, and a forced pass takes the plan's lease there"
                )));
            }
        }
    }
    Ok(())
}

/// A pass called by hand without force: it stands on the ledgers that answer, and may change nothing.
pub async fn dry(world: &(impl Ledger + Runtime), input: &Input) -> Result<Pass, Error> {
    let known = known(world, input).await?;
    let rows = Rows(reachable(world, &known).await?);
    let writer = rows.current().map(|current| current.writer.clone());
    let from = input.from_region.clone().or(writer);
    let from = from.ok_or_else(|| not_adopted(&input.plan))?;
    let run = new_run(world, input, known, rows.epoch(), &from)?;
    Ok(Pass {
        now: run.opened_at,
        run,
        rows,
        dry_run: true,
    })
}
