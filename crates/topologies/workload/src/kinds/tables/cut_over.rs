//! Puts the recovery table's last backup under the name of home. A table cannot be renamed: what stands there is backed up, and deleted
//! only while that backup and the one that takes its place are complete.

use failover::Error;

use super::{
    case::{Case, Standing, Step, done, waits},
    memory::{self, keep},
    names::Point,
    settings::{essentials, given_back},
    wanted::{as_recovery, encrypted, is_rehearsed, not_rehearsed},
};
use crate::{
    row::Kept,
    tables::{Call, TableShape},
    verbs::Next,
};

/// What the call is called that deletes the table at home.
const DELETE: &str = "delete_home";

/// The cut-over.
pub(super) fn cut_over(case: &Case<'_>) -> Step {
    let next = case.first(&[
        expected,
        rehearsed_lately,
        kept,
        saved,
        unprotected,
        deleted,
        restored,
        noted,
        complete,
    ])?;
    if next.is_some() {
        return Ok(next);
    }
    let reason = format!(
        "{} in {} is made of the backup of {}, and has its settings back",
        case.table.home, case.on.plan.home_region, case.table.recovery
    );
    Ok(Some(done(reason, Kept::new())))
}

/// Whether this run took the table away that stood at home: then, and only then, may it be gone.
fn took_away(case: &Case<'_>) -> bool {
    let mut calls = case.on.row.calls.iter();
    case.memory.arn(Point::Safety).is_some() || calls.any(|called| called.name == DELETE)
}

fn expected(case: &Case<'_>) -> Step {
    if !case.memory.is_prepared {
        return Err(Error::NotReady(format!(
            "{} was not prepared; run the phase prepare before",
            case.table.name
        )));
    }
    let (name, region) = (&case.table.home, &case.on.plan.home_region);
    match case.standing() {
        Standing::Original(_) | Standing::Restored(_) => Ok(None),
        Standing::Absent if case.memory.home.is_none() || took_away(case) => Ok(None),
        Standing::Absent => Err(Error::UnexpectedTopology(format!(
            "{name} in {region} stood there when this was prepared, and is gone; find out who deleted it, and start the run again"
        ))),
        Standing::GivenBack(_) => Err(Error::NotReady(format!(
            "{name} in {region} was given back by a revert of this run; start another run"
        ))),
        Standing::Foreign(_) => Err(Error::UnexpectedTopology(format!(
            "{name} in {region} is neither the table that stood there when this was prepared nor one that this run made; find out who made it, and free the name"
        ))),
    }
}

/// A table that was never restored, or not lately, is not deleted for one that may not be restorable. `Prepare` has asked already, and
/// what has passed there passes here: meanwhile the business has stopped.
fn rehearsed_lately(case: &Case<'_>) -> Step {
    let untouched = matches!(case.standing(), Standing::Original(_)) && !took_away(case);
    if !untouched || is_rehearsed(case, case.on.run.opened_at) {
        return Ok(None);
    }
    Err(Error::NotReady(not_rehearsed(case)))
}

/// Keeps what the table at home is to be again, as it stands now.
fn kept(case: &Case<'_>) -> Step {
    if case.memory.before.is_some() {
        return Ok(None);
    }
    let before = match case.standing() {
        Standing::Original(home) => Some(home.clone()),
        Standing::Absent => as_recovery(case),
        Standing::Restored(_) | Standing::GivenBack(_) | Standing::Foreign(_) => None,
    };
    let before = before.ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "the row keeps nothing of what {} was; give its settings back by hand",
            case.table.home
        ))
    })?;
    let lacks = case.memory.recovery.as_ref();
    let lacks = lacks
        .map(|now| essentials(&before, now))
        .unwrap_or_default();
    if !lacks.is_empty() {
        return Err(Error::NotReady(format!(
            "{}, as {} has it since this was prepared; start another run",
            lacks.join("; "),
            before.name
        )));
    }
    let kept = keep(Kept::new(), memory::BEFORE, &before)?;
    Ok(Some(Next::Remember {
        reason: format!("the settings of {} are kept", case.table.home),
        keep: keep(kept, memory::MAPPINGS, &case.seen.mappings)?,
    }))
}

fn saved(case: &Case<'_>) -> Step {
    let Standing::Original(home) = case.standing() else {
        return Ok(None);
    };
    if home.status == "DELETING" {
        return Ok(None);
    }
    case.backed_up(Point::Safety, home)
}

fn unprotected(case: &Case<'_>) -> Step {
    let Standing::Original(home) = case.standing() else {
        return Ok(None);
    };
    if !home.deletion_protected {
        return Ok(None);
    }
    case.complete(Point::Last)?;
    unprotect(case, home)
}

/// Lifts the deletion protection of a table at home.
pub(super) fn unprotect(case: &Case<'_>, table: &TableShape) -> Step {
    if let Some(next) = Case::active(table)? {
        return Ok(Some(next));
    }
    let call = Call::Protect {
        table: table.name.clone(),
        is_on: false,
    };
    case.call("lift_protection", Kept::new(), case.at_home(call))
}

/// Both backups are complete, or nothing is deleted.
fn deleted(case: &Case<'_>) -> Step {
    let Standing::Original(home) = case.standing() else {
        return Ok(None);
    };
    case.complete(Point::Last)?;
    let kept = case.with_arn(Kept::new(), Point::Safety)?;
    delete(case, DELETE, home, kept)
}

/// Deletes a table at home whose backup was seen complete, and waits until it is gone.
pub(super) fn delete(case: &Case<'_>, name: &'static str, table: &TableShape, kept: Kept) -> Step {
    if table.status == "DELETING" {
        let what = format!("{} is DELETING", table.name);
        return Ok(Some(waits(what.clone(), what)));
    }
    if let Some(next) = Case::active(table)? {
        return Ok(Some(next));
    }
    let call = Call::Delete {
        table: table.name.clone(),
    };
    case.call(name, kept, case.at_home(call))
}

fn restored(case: &Case<'_>) -> Step {
    match case.standing() {
        Standing::Absent => {
            let backup = case.complete(Point::Last)?;
            let call = Call::Restore {
                backup_arn: backup.arn.clone(),
                table: case.table.home.clone(),
                encrypted: encrypted(case),
            };
            let kept = case.with_arn(Kept::new(), Point::Last)?;
            case.call("restore_home", kept, case.at_home(call))
        }
        Standing::Restored(home) => Case::active(home),
        Standing::Original(_) | Standing::GivenBack(_) | Standing::Foreign(_) => Ok(None),
    }
}

/// From here on the table is known by what DynamoDB calls it for good.
fn noted(case: &Case<'_>) -> Step {
    let Standing::Restored(home) = case.standing() else {
        return Ok(None);
    };
    if case.memory.restored_id.is_some() {
        return Ok(None);
    }
    Ok(Some(Next::Remember {
        reason: format!("{} is there again", home.name),
        keep: keep(Kept::new(), memory::RESTORED, &home.id)?,
    }))
}

fn complete(case: &Case<'_>) -> Step {
    let Standing::Restored(home) = case.standing() else {
        return Ok(None);
    };
    if let Some(next) = given_back(case, case.before()?, home)? {
        return Ok(Some(next));
    }
    Case::active(home)
}
