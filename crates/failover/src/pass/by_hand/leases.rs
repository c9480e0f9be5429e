//! The leases of forced passes: taken for one pass, given back, and noted where that failed.

use std::collections::BTreeMap;

use super::is_by_hand;
use crate::{
    Error,
    domain::Region,
    ledger::{Claim, PlanState, Rows, Run},
    pass::{SILENCE, briefly},
    ports::{self, Ledger, Runtime},
};

/// The leases that a pass holds, by their tokens.
pub(super) type Tokens = BTreeMap<Region, u64>;

/// The leases that passes by hand held and could not give back when they ended: those of this name, and of any other step, as it
/// noted them in the Region that it acted in.
pub(super) async fn ended(world: &(impl Ledger + Runtime), run: &Run, rows: &Rows) -> Tokens {
    let mut ended = run.kept.clone();
    for (region, row) in &rows.0 {
        let other = row.held_by_another(&run.run_id, world.now());
        let Some(lease) = other.filter(|lease| is_by_hand(&lease.run_id)) else {
            continue;
        };
        let noted = world.run(&lease.to, run.name(), &lease.run_id);
        if let Ok(Some(noted)) = briefly(&lease.to, noted).await
            && noted.kept.get(region) == Some(&lease.token)
        {
            ended.insert(region.clone(), lease.token);
        }
    }
    ended
}

/// Takes the plan's lease in every member Region; one that may be silent is not waited for.
pub(super) async fn lease(
    world: &(impl Ledger + Runtime),
    run: &mut Run,
    (ended, held): (&Tokens, &mut Tokens),
    is_promoted: bool,
) -> Result<(), Error> {
    let (claim, now) = (Claim::of(run), world.now());
    let members: Vec<_> = run.plan.members().keys().cloned().collect();
    for region in members {
        let kept = ended.get(&region).copied();
        let claimed = ports::update(world, &region, run.name(), |row| {
            row.claim_by_hand(&claim, kept, now)
        });
        let may_be_silent = region != *world.region() && (region == run.from || is_promoted);
        let Some(row) = answered(&region, claimed, may_be_silent).await? else {
            continue;
        };
        held.insert(region.clone(), row.token);
        run.leased.insert(region);
    }
    Ok(())
}

/// What a Region's ledger answers; `None` of one that may be silent and is.
async fn answered(
    region: &Region,
    claimed: impl Future<Output = Result<PlanState, Error>>,
    may_be_silent: bool,
) -> Result<Option<PlanState>, Error> {
    if !may_be_silent {
        return claimed.await.map(Some);
    }
    match briefly(region, claimed).await {
        Err(Error::Unavailable(_)) => Ok(None),
        claimed => claimed.map(Some),
    }
}

/// Gives the leases back, those of silent Regions too, which may have been taken unseen, and this Region's last: no pass beside
/// this one goes on before. Answers where that is not sure.
pub(super) async fn give_back(world: &(impl Ledger + Runtime), run: &Run) -> Vec<Region> {
    let mut silent = Vec::new();
    let here = world.region();
    let others = run.plan.members().keys().filter(|region| *region != here);
    for region in others.chain([here]) {
        let released = ports::update_if(world, region, run.name(), |row| row.release(&run.run_id));
        if !matches!(tokio::time::timeout(SILENCE, released).await, Ok(Ok(_))) {
            tracing::warn!(%region, run_id = %run.run_id, "a lease was not given back; it lapses by itself");
            silent.push(region.clone());
        }
    }
    silent
}

/// Notes the leases that could not be given back; whether that says anything else than before.
pub(super) fn keep(run: &mut Run, held: &Tokens, silent: &[Region]) -> bool {
    let before = run.kept.clone();
    run.kept.retain(|region, _| !held.contains_key(region));
    let kept = held.iter().filter(|(region, _)| silent.contains(region));
    run.kept
        .extend(kept.map(|(region, token)| (region.clone(), *token)));
    run.kept != before
}
