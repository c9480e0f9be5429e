//! Restores the recovery table's backup at home under another name, compares what it holds, and takes it away. Nothing that is called
//! home changes.

use failover::Error;

use super::{
    case::{Case, Step, done, waits},
    digest::{Digest, PARTS},
    memory::{self, Which, keep},
    names::{self, Point},
    policy::recovery,
    wanted::encrypted,
};
use crate::{
    phase::Phase,
    row::Kept,
    tables::{Call, TableShape},
    verbs::Next,
};

/// The rehearsal. People look at the side table before it is taken away, whatever came of it.
pub(super) fn rehearsed(case: &Case<'_>) -> Step {
    if case.on.run.answered(Phase::Rehearse).is_some() {
        return taken_away(case);
    }
    if case.memory.rehearsed.is_none() {
        return case.first(&[restored, tagged, counted, compared]);
    }
    let found = case.memory.rehearsed.clone().unwrap_or_default();
    let side = names::side(&case.table.home);
    let reason = format!("{found}; {side} stands until somebody has answered");
    Ok(Some(done(reason, Kept::new())))
}

fn taken_away(case: &Case<'_>) -> Step {
    if let Some(next) = case.side_is_gone()? {
        return Ok(Some(next));
    }
    let reason = format!(
        "no table {} of this run is left, and its backup of {} is",
        names::side(&case.table.home),
        case.table.recovery
    );
    Ok(Some(done(reason, Kept::new())))
}

/// The side table.
///
/// # Errors
/// `NotReady` where it is not there.
fn side<'a>(case: &Case<'a>) -> Result<&'a TableShape, Error> {
    case.seen.side.as_ref().ok_or_else(|| {
        Error::NotReady(format!(
            "there is no table {} any more; start the rehearsal again",
            names::side(&case.table.home)
        ))
    })
}

fn restored(case: &Case<'_>) -> Step {
    let Some(side) = &case.seen.side else {
        let backup = case.complete(Point::Sync)?;
        let call = Call::Restore {
            backup_arn: backup.arn.clone(),
            table: names::side(&case.table.home),
            encrypted: encrypted(case),
        };
        let kept = keep(Kept::new(), memory::SIDE, &true)?;
        return case.call("restore_side_table", kept, case.at_home(call));
    };
    if !case.is_own_side(side) {
        return Err(Error::UnexpectedTopology(format!(
            "there is a table {} in {} that this run did not make; rename what uses it, or delete the table",
            side.name, case.on.plan.home_region
        )));
    }
    if side.is_active() {
        return Ok(None);
    }
    let what = format!("{} is {}", side.name, side.status);
    Ok(Some(waits(what.clone(), what)))
}

fn tagged(case: &Case<'_>) -> Step {
    let side = side(case)?;
    let tags = names::tags(&case.on.run.run_id, case.on.run.epoch);
    if tags
        .iter()
        .all(|(key, value)| side.tags.get(key) == Some(value))
    {
        return Ok(None);
    }
    let call = Call::Tag {
        arn: side.arn.clone(),
        tags,
    };
    case.call("tag_side_table", Kept::new(), case.at_home(call))
}

fn counted(case: &Case<'_>) -> Step {
    if case.memory.sampled {
        return Ok(None);
    }
    if let Some(next) = case.counted(Which::Side, side(case)?)? {
        return Ok(Some(next));
    }
    case.counted(Which::After, recovery(case)?)
}

/// What nobody wrote to meanwhile has to be the same. The recovery table serves, and what was written to cannot be compared.
fn compared(case: &Case<'_>) -> Step {
    if case.memory.sampled {
        return some_compared(case);
    }
    let before = &case.count(Which::Before, "sync")?.digest;
    let side = &case.count(Which::Side, "rehearse")?.digest;
    let after = &case.count(Which::After, "rehearse")?.digest;
    let (quiet, other) = Digest::compared(before, after, side);
    let (home, recovery) = (names::side(&case.table.home), &case.table.recovery);
    if other > 0 {
        return Err(Error::UnexpectedTopology(format!(
            "{home} holds {} items and {recovery} {}, and {other} of {quiet} parts that nobody wrote to are different; compare the two tables before anything comes home",
            side.items(),
            after.items()
        )));
    }
    let found = format!(
        "{home} held {} items and {recovery} {}: {quiet} of {PARTS} parts were equal, and the others were written to meanwhile",
        side.items(),
        after.items()
    );
    well(case, found)
}

/// Some items of a table that holds more than is counted in time. One that is another may have been written to meanwhile.
fn some_compared(case: &Case<'_>) -> Step {
    let (home, recovery) = (names::side(&case.table.home), &case.table.recovery);
    let sample = case.sample(&home)?;
    let same = sample.items - sample.other;
    if same == 0 {
        return Err(Error::UnexpectedTopology(format!(
            "none of {} items of {recovery} is the same in {home}; compare the two tables before anything comes home",
            sample.items
        )));
    }
    let found = format!(
        "{recovery} holds more than is counted in time: {same} of {} items of it that were compared were the same in {home}, and whether the others were written to meanwhile is not known",
        sample.items
    );
    well(case, found)
}

/// The rehearsal came out well.
fn well(case: &Case<'_>, found: String) -> Step {
    let kept = keep(Kept::new(), memory::REHEARSED_AT, &case.on.now)?;
    Ok(Some(Next::Remember {
        keep: keep(kept, memory::REHEARSED, &found)?,
        reason: found,
    }))
}
