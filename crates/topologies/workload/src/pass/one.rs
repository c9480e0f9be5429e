//! One resource's step of a pass: a look, a decision, the note, and the call.

use failover::{Error, ports::Runtime};
use jiff::{SignedDuration, Timestamp};

use super::{Pass, put};
use crate::{
    phase::Phase,
    plan::Resource,
    records::Records,
    row::Row,
    run::WorkloadRun,
    verbs::{Next, On, Verbs},
};

/// How long a call that is noted and not answered is left to a pass beside this one: about as long as a call may take. What it did is
/// seen by the next look.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(5);

/// What a step left behind.
pub(super) struct Stepped {
    /// The row as it stands now.
    pub(super) row: Row,
    /// Whether the next pass has something to go on from at once.
    pub(super) acted: bool,
}

impl Stepped {
    /// Nothing was written: the next pass looks again.
    fn waits(mut row: Row, reason: String) -> Self {
        row.reason = reason;
        Self { row, acted: false }
    }
}

/// One resource's step. Silence makes it pending: how often is bounded by the state machine's loop.
pub(super) async fn one<W, V>(
    world: &W,
    verbs: V,
    pass: &Pass,
    (phase, resource): (Phase, &Resource),
) -> Stepped
where
    W: Runtime + Records,
    V: Verbs<W>,
{
    let row = pass.row(resource.name());
    let on = On {
        plan: &pass.run.plan,
        resource,
        run: &pass.run,
        phase,
        row: &row,
        now: pass.now,
        dry_run: pass.dry_run,
    };
    let next = match verbs.look(world, &on).await {
        Err(why) => Err(why),
        Ok(seen) => verbs
            .decide(&on, &seen)
            .map_err(|why| all_reasons(why, &on, || verbs.reasons(&on, &seen))),
    };
    let stepped = match next {
        Ok(next) if pass.dry_run => Ok(would(&row, next, pass)),
        Ok(next) => Box::pin(carried_out(world, verbs, &on, next)).await,
        Err(why) => refused(world, &on, why).await,
    };
    let silent = |why: Error| format!("nothing was seen, and the next pass looks again: {why}");
    stepped.unwrap_or_else(|why| Stepped::waits(row.clone(), silent(why)))
}

/// A refusal with every reason there is, and not the first alone, while nothing has changed yet.
fn all_reasons(why: Error, on: &On<'_>, reasons: impl FnOnce() -> Vec<String>) -> Error {
    if matches!(why, Error::Unavailable(_)) || on.phase != Phase::Prepare {
        return why;
    }
    let reasons = reasons();
    if reasons.is_empty() {
        return why;
    }
    why.reworded(reasons.join("; "))
}

/// What a dry run answers: the row as it would be, which nobody writes.
fn would<C>(row: &Row, next: Next<C>, pass: &Pass) -> Stepped {
    let mut row = row.clone();
    match next {
        Next::Done { reason, .. } => row.done(pass.now, &reason),
        Next::Wait { reason, progress } => row.waits(pass.now, &reason, progress),
        Next::Remember { reason, .. } => row.waits(pass.now, &reason, None),
        Next::Call { name, reason, .. } => {
            row.waits(pass.now, &format!("would call {name}: {reason}"), None);
        }
    }
    Stepped { row, acted: false }
}

/// A refusal is kept in the row, so that the others come to rest before the phase ends.
async fn refused<W: Runtime + Records>(
    world: &W,
    on: &On<'_>,
    why: Error,
) -> Result<Stepped, Error> {
    if let Error::Unavailable(_) = why {
        return Err(why);
    }
    let mut row = on.row.clone();
    row.refuse(world.now(), &why.to_string());
    if on.dry_run {
        return Ok(Stepped { row, acted: false });
    }
    tracing::warn!(resource = row.resource, phase = %on.phase, refusal = why.name(), %why, "refused");
    written(world, on.run, (on.row, row)).await
}

/// Carries a decision out.
async fn carried_out<W, V>(
    world: &W,
    verbs: V,
    on: &On<'_>,
    next: Next<V::Call>,
) -> Result<Stepped, Error>
where
    W: Runtime + Records,
    V: Verbs<W>,
{
    let (mut row, now) = (on.row.clone(), world.now());
    match next {
        Next::Done { reason, keep } => {
            row.keep(keep);
            row.rounds += u32::from(on.phase == Phase::Sync);
            row.done(now, &reason);
            written(world, on.run, (on.row, row)).await
        }
        Next::Wait { reason, progress } => {
            if row.reason == reason && row.progress == progress {
                return Ok(Stepped { row, acted: false });
            }
            moved(&mut row, progress.as_ref());
            row.waits(now, &reason, progress);
            let stepped = written(world, on.run, (on.row, row)).await?;
            Ok(Stepped {
                acted: false,
                ..stepped
            })
        }
        Next::Remember { reason, keep } => {
            row.keep(keep);
            row.waits(now, &reason, None);
            written(world, on.run, (on.row, row)).await
        }
        Next::Call {
            name,
            reason,
            keep,
            call,
        } => {
            if is_on_its_way(&row, name, now) {
                let reason = format!("{name} was noted just now, and the next pass looks");
                return Ok(Stepped::waits(row, reason));
            }
            row.keep(keep);
            row.waits(now, &reason, None);
            row.called(now, name);
            let noted = written(world, on.run, (on.row, row)).await?;
            if !noted.acted {
                return Ok(noted);
            }
            Ok(called(world, verbs, on, (noted.row, name, &call)).await)
        }
    }
}

/// Whether the same call was noted so recently, without an answer, that a pass beside this one may be about to make it.
fn is_on_its_way(row: &Row, name: &str, now: Timestamp) -> bool {
    let last = row.calls.last();
    let open = last.filter(|call| call.phase == row.phase && call.name == name);
    open.is_some_and(|call| call.answer.is_none() && now.duration_since(call.at) < ON_ITS_WAY)
}

/// The bytes that the round under way has moved so far.
fn moved(row: &mut Row, progress: Option<&crate::row::Progress>) {
    if let (Phase::Sync, Some(bytes)) = (row.phase, progress.and_then(|told| told.done_bytes)) {
        row.moved(row.rounds + 1, bytes);
    }
}

/// Makes a call that is noted, and notes what it was answered. A lost answer stays open: the next pass looks.
async fn called<W, V>(
    world: &W,
    verbs: V,
    on: &On<'_>,
    (mut row, name, call): (Row, &'static str, &V::Call),
) -> Stepped
where
    W: Runtime + Records,
    V: Verbs<W>,
{
    let noted = row.clone();
    let made = On { row: &noted, ..*on };
    match verbs.call(world, &made, call).await {
        Ok(()) => row.answered(world.now(), Row::TAKEN),
        Err(Error::Unavailable(why)) => {
            tracing::warn!(resource = row.resource, name, why, "no answer was seen");
            let reason = format!("{name} was not answered, and the next pass looks: {why}");
            return Stepped::waits(row, reason);
        }
        Err(why) => {
            let said = why.to_string();
            row.answered(world.now(), &said);
            row.refuse(world.now(), &said);
            tracing::warn!(resource = row.resource, name, refusal = why.name(), %why, "refused");
        }
    }
    tracing::info!(resource = row.resource, phase = %on.phase, name, reason = row.reason, "called");
    // The call is made and noted: an answer that is not kept is as good as one that was lost.
    match put(world, on.run, &mut row).await {
        Ok(true) => Stepped { row, acted: true },
        Ok(false) => overtaken(noted),
        Err(why) => Stepped::waits(
            noted,
            format!("{name} was made, and not noted as answered: {why}"),
        ),
    }
}

/// A row that was written, or that another pass has written first: then nothing is called.
async fn written<W: Records>(
    world: &W,
    run: &WorkloadRun,
    (before, mut row): (&Row, Row),
) -> Result<Stepped, Error> {
    match put(world, run, &mut row).await? {
        true => Ok(Stepped { row, acted: true }),
        false => Ok(overtaken(before.clone())),
    }
}

fn overtaken(row: Row) -> Stepped {
    let reason = "another pass has written first, and the next one looks again";
    Stepped::waits(row, reason.into())
}
