//! What a pass does: it compares a batch of a table, or the beats, and keeps what it found.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Action, Observation, READING, account,
    databases::{beats, pair},
    files::Files,
};
use crate::standing::Standing;
use failover::{
    Error,
    ledger::{KeptPlan, Losses},
    ports::{Comparison, Ledger, Pair, People, Runtime},
};

/// What is left of the time that a pass reads on, which began before it was decided what to read.
pub(super) fn left(began: Timestamp, now: Timestamp) -> Duration {
    let spent = now.duration_since(began).unsigned_abs();
    READING.saturating_sub(spent)
}

/// Carries an action out; what is said of it.
///
/// # Errors
/// `NotReady` for a table that stays locked, and as the databases and the ledger do.
pub(super) async fn carry_out(
    world: &(impl Ledger + Runtime + People + Comparison),
    began: Timestamp,
    observation: &mut Observation,
    action: &Action,
) -> Result<String, Error> {
    let known = &observation.known;
    let mut losses = begun(world, observation);
    let mut stuck = None;
    let said = match action {
        Action::Done(why) => return Ok(why.clone()),
        Action::Unknown(why) => {
            losses.unknown = Some(why.clone());
            account::summarize(world, known, &mut losses).await?
        }
        Action::Compare(index) => {
            let (pair, _) = pair(
                world,
                known,
                &observation.current,
                observation.found.as_ref(),
            )
            .await?;
            let limit = left(began, world.now());
            let of = (&mut losses, *index);
            let (said, stays_locked) = compare(world, known, &pair, of, limit).await?;
            stuck = stays_locked;
            said
        }
        Action::Summarize => {
            compare_beats(world, observation, &mut losses).await?;
            account::summarize(world, known, &mut losses).await?
        }
    };
    world.put_losses(&known.plan.plan, &losses).await?;
    if let Some(why) = stuck {
        return Err(why);
    }
    observation.seen.losses = Some(losses);
    Ok(said)
}

/// The account so far, or a new one.
fn begun(world: &impl Runtime, observation: &Observation) -> Losses {
    let Observation {
        seen: observed,
        known,
        current,
        ..
    } = observation;
    let fresh = || {
        Losses::of(
            (&*observed.cluster, observed.resource_id.as_deref()),
            (current.epoch, observed.fenced_at),
            &known.plan.loss_ledger,
            world.now(),
        )
    };
    observed.losses.clone().unwrap_or_else(fresh)
}

/// Compares the beats. Of a member that was retired since, they are those that were found before.
async fn compare_beats(
    world: &(impl Ledger + Runtime + Comparison),
    observation: &Observation,
    losses: &mut Losses,
) -> Result<(), Error> {
    let Observation {
        seen,
        known,
        current,
        found,
    } = observation;
    if matches!(seen.standing, Some(Standing::Deposed) | None) {
        let (_, held) = pair(world, known, current, found.as_ref()).await?;
        losses.beats = beats(world, known, current, &held).await?;
        losses.transactions = held.transactions;
    }
    Ok(())
}

/// Compares a batch of a table and keeps what it found, first as files and then in the account; answers what is said of it, and
/// whether the table stays locked.
async fn compare(
    world: &(impl Ledger + Comparison),
    known: &KeptPlan,
    pair: &Pair,
    (losses, index): (&mut Losses, usize),
    limit: Duration,
) -> Result<(String, Option<Error>), Error> {
    let plan = &known.plan.plan;
    let mut batch = world
        .compare(known, pair, losses.table(index)?, limit)
        .await?;
    let stuck = account::stays_locked(losses.table(index)?, &batch);
    let files = Files::of(&mut batch);
    if files.announce(losses.table(index)?) {
        world.put_losses(plan, losses).await?;
    }
    let folder = losses.folder(plan.as_str());
    let table = losses.table(index)?;
    files.keep(world, &folder, table).await?;
    Ok((account::note(table, batch), stuck))
}
