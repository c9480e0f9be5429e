//! The recovery Region gets its business back: as soon as what serves there can, and not when home is undone.

use failover::{Error, domain::Epoch};
use futures::stream::{self, StreamExt};
use jiff::SignedDuration;

use super::super::{Step, World, epoch, revert, services, services::Back};
use crate::{
    kinds::Serving,
    pass::{AT_ONCE, End, Pass},
    phase::Phase,
};

/// How long what the services stand on may take to run, once something refuses to be undone.
const STARTING: SignedDuration = SignedDuration::from_hours(1);

/// Gives the recovery Region's services back, where that is what a step does and what they stand on is at rest. A home that serves is
/// undone first: until then its writes are the ones that count.
///
/// # Errors
/// `Unavailable` where the ledger of home does not answer.
pub(super) async fn given<W: World, V: Serving<W>>(
    world: &W,
    verbs: V,
    pass: &mut Pass,
    (step, end): (Step, &End),
) -> Result<Back, Error> {
    let mut back = Back::default();
    if pass.dry_run || !matches!(step, Step::Revert | Step::GiveBack) {
        return Ok(back);
    }
    let has_flipped = revert::has_flipped(&pass.run.plan, &pass.ledgers).is_some();
    if has_flipped && *end != End::Done {
        return Ok(back);
    }
    if step == Step::Revert && !has_flipped {
        put_out(world, pass, &mut back).await;
    }
    let region = pass.run.plan.recovery_region.clone();
    if services::is_owed(pass, &region) {
        let ways = in_the_way(world, verbs, pass).await;
        let given = match ways.is_empty() {
            true => services::back(world, pass, &region).await,
            false => blocked(pass, end, ways),
        };
        services::note(world, pass, (&region, &given)).await?;
        back.waits.extend(given.waits);
        back.silent.extend(given.silent);
        back.left.extend(given.left);
    }
    Ok(back)
}

/// What the services stand on does not run yet. Where nothing is left to do for it, it is not waited for without an end.
fn blocked(pass: &Pass, end: &End, ways: Vec<String>) -> Back {
    let entered = pass.run.entered.get(&Phase::Revert);
    let since = entered.copied().unwrap_or(pass.now);
    let is_over = matches!(end, End::Refused(_)) && pass.now.duration_since(since) > STARTING;
    match is_over {
        true => Back {
            left: ways,
            ..Back::default()
        },
        false => Back {
            waits: ways,
            ..Back::default()
        },
    }
}

/// Home's pilot lights go out. What of them does not keeps nobody in the recovery Region waiting.
async fn put_out<W: World>(world: &W, pass: &Pass, back: &mut Back) {
    let home = &pass.run.plan.home_region;
    match services::lights(world, &pass.run.plan, (home, false)).await {
        Ok(()) => {}
        Err(Error::Unavailable(why)) => back.silent.push(why),
        Err(why) => back.left.push(format!("put it out by hand: {why}")),
    }
}

/// What of the recovery Region's resources does not run, one sentence each.
async fn in_the_way<W: World, V: Serving<W>>(world: &W, verbs: V, pass: &Pass) -> Vec<String> {
    let (resources, region) = (
        pass.run.plan.resources.iter(),
        &pass.run.plan.recovery_region,
    );
    let looks: Vec<_> = resources
        .map(|resource| async move {
            let place = (region, resource.recovery());
            match verbs.missing(world, resource, place).await {
                Ok(missing) => missing,
                Err(why) => Some(format!(
                    "{} in {region} is not seen: {why}",
                    resource.recovery()
                )),
            }
        })
        .collect();
    let looked: Vec<Option<String>> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    let waits = looked.into_iter().flatten();
    waits
        .map(|why| format!("the services of {region} wait: {why}"))
        .collect()
}

/// The recovery Region serves again, and the ledgers say so.
///
/// # Errors
/// Those of the ledgers.
pub(super) async fn gone_back<W: World>(world: &W, pass: &mut Pass) -> Result<String, Error> {
    let (home, recovery) = (
        pass.run.plan.home_region.clone(),
        pass.run.plan.recovery_region.clone(),
    );
    let back_at: Epoch = match revert::has_flipped(&pass.run.plan, &pass.ledgers) {
        Some(_) => epoch::prove(world, pass).await?,
        None => {
            epoch::withdraw_other(world, &pass.run, &home).await?;
            pass.ledgers.proven_epoch()
        }
    };
    Ok(format!("; {recovery} serves at epoch {back_at}"))
}
