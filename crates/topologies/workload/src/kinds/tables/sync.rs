//! Backs the recovery table up: while it is written, and once more after the stop. DynamoDB restores a backup into another Region by
//! itself, so that nothing is copied. Nothing of home changes.

use failover::Error;

use super::{
    case::{Case, Step, done},
    memory::Which,
    names::Point,
    policy::{is_denied, recovery},
    settings::essentials,
};
use crate::{row::Kept, run::Kind};

/// A round. A backup is whole every time: the first round's is what a rehearsal is made of, and later rounds have nothing to add.
pub(super) fn synced(case: &Case<'_>) -> Step {
    if let Some(next) = case.first(&[counted_before, backed_up_while_written])? {
        return Ok(Some(next));
    }
    let (table, backup) = (recovery(case)?, case.complete(Point::Sync)?);
    let reason = format!(
        "{} has backup {}; it has about {} items, and comes home by the backup that is made after the stop",
        table.name, backup.name, table.items
    );
    let kept = case.with_arn(Kept::new(), Point::Sync)?;
    Ok(Some(done(reason, kept)))
}

/// A rehearsal compares with what was there before its backup began.
fn counted_before(case: &Case<'_>) -> Step {
    match case.on.run.kind {
        Kind::Rehearse if !case.memory.sampled && case.seen.backup(Point::Sync).is_none() => {
            case.counted(Which::Before, recovery(case)?)
        }
        Kind::Rehearse | Kind::RestoreHome | Kind::Revert => Ok(None),
    }
}

fn backed_up_while_written(case: &Case<'_>) -> Step {
    case.backed_up(Point::Sync, recovery(case)?)
}

/// The backup after the stop, and what the table holds. A write that comes between the two is found by `Verify`, before anybody is sent
/// home.
pub(super) fn synced_last(case: &Case<'_>) -> Step {
    if let Some(next) = case.first(&[still_a_pair, backed_up_after_the_stop, counted_last])? {
        return Ok(Some(next));
    }
    let table = recovery(case)?;
    let counted = if case.memory.sampled {
        "it holds more than is counted in time, so that some items are compared".to_owned()
    } else {
        let count = case.count(Which::Last, "last_sync")?;
        format!("{} items were counted", count.digest.items())
    };
    let reason = format!(
        "{} has backup {}, and {counted}",
        table.name,
        case.complete(Point::Last)?.name
    );
    let kept = case.with_arn(Kept::new(), Point::Last)?;
    Ok(Some(done(reason, kept)))
}

fn backed_up_after_the_stop(case: &Case<'_>) -> Step {
    case.backed_up(Point::Last, recovery(case)?)
}

/// What `Verify` would refuse once home has changed is refused here, where the business is given back.
fn still_a_pair(case: &Case<'_>) -> Step {
    let (table, home) = (recovery(case)?, case.memory.home.as_ref());
    let other = home.map(|home| essentials(home, table)).unwrap_or_default();
    if other.is_empty() {
        return Ok(None);
    }
    Err(Error::NotReady(format!(
        "{}, as {} has it, and it had when this was prepared; make it there again, and start another run",
        other.join("; "),
        case.table.home
    )))
}

/// Late writes are seen by a count alone: without one nobody may be able to write.
fn counted_last(case: &Case<'_>) -> Step {
    let table = recovery(case)?;
    if !case.memory.sampled {
        return case.counted(Which::Last, table);
    }
    if is_denied(table) {
        return Ok(None);
    }
    Err(Error::NotReady(format!(
        "{} holds more than is counted in time, and its writers are not denied, so that late writes would be lost unseen; write deny_writes: true in the plan, and start another run",
        table.name
    )))
}
