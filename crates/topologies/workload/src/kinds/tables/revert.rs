//! Undoes a cut-over: writers of the recovery table are allowed again first, and home's table is what it was. The table that came home is
//! kept as a backup before it makes room.

use failover::Error;

use super::{
    case::{Case, Standing, Step, done},
    cut_over::{delete, unprotect},
    names::Point,
    policy::allowed,
    settings::{given_back, owned},
};
use crate::{
    row::Kept,
    tables::{Call, Encrypted, TableShape},
};

/// The revert.
pub(super) fn reverted(case: &Case<'_>) -> Step {
    if let Some(next) = allowed(case)? {
        return Ok(Some(next));
    }
    match case.standing() {
        Standing::Original(home) => original(case, home),
        Standing::Restored(home) => taken_away(case, home),
        Standing::Absent => made_again(case),
        Standing::GivenBack(home) => given_back_whole(case, home),
        Standing::Foreign(home) => Err(Error::UnexpectedTopology(format!(
            "{} in {} is neither the table that stood there nor one that this run made; find out who made it, and restore the backup by hand",
            home.name, case.on.plan.home_region
        ))),
    }
}

/// The table was never deleted. Where it is being, that goes on first.
fn original(case: &Case<'_>, home: &TableShape) -> Step {
    if let Some(next) = Case::active(home)? {
        return Ok(Some(next));
    }
    let was = case.memory.before.as_ref().or(case.memory.home.as_ref());
    if was.is_some_and(|was| was.deletion_protected) && !home.deletion_protected {
        let call = Call::Protect {
            table: home.name.clone(),
            is_on: true,
        };
        return case.call("protect_home", Kept::new(), case.at_home(call));
    }
    let reason = format!("{} is the table that it was", home.name);
    Ok(Some(done(reason, Kept::new())))
}

/// The restored table is never the only copy of what it holds when it goes.
fn taken_away(case: &Case<'_>, home: &TableShape) -> Step {
    if case.memory.home.is_none() {
        let reason = format!(
            "there was no table {} before, and the one that was made stays",
            home.name
        );
        return Ok(Some(done(reason, Kept::new())));
    }
    case.complete(Point::Safety)?;
    if home.status != "DELETING"
        && let Some(next) = case.backed_up(Point::Failed, home)?
    {
        return Ok(Some(next));
    }
    if home.status != "DELETING"
        && let Some(next) = owned(case, home)?
    {
        return Ok(Some(next));
    }
    if home.deletion_protected {
        return unprotect(case, home);
    }
    let kept = case.with_arn(Kept::new(), Point::Failed)?;
    delete(case, "delete_failed_home", home, kept)
}

fn made_again(case: &Case<'_>) -> Step {
    if case.memory.home.is_none() {
        let reason = format!(
            "there was no table {} before, and there is none",
            case.table.home
        );
        return Ok(Some(done(reason, Kept::new())));
    }
    let backup = case.complete(Point::Safety)?;
    let call = Call::Restore {
        backup_arn: backup.arn.clone(),
        table: case.table.home.clone(),
        encrypted: Encrypted::AsBefore,
    };
    let kept = case.with_arn(Kept::new(), Point::Safety)?;
    case.call("restore_former_home", kept, case.at_home(call))
}

fn given_back_whole(case: &Case<'_>, home: &TableShape) -> Step {
    if let Some(next) = Case::active(home)? {
        return Ok(Some(next));
    }
    if let Some(next) = given_back(case, case.before()?, home)? {
        return Ok(Some(next));
    }
    if let Some(next) = Case::active(home)? {
        return Ok(Some(next));
    }
    let reason = format!(
        "{} is made of its backup of before the cut-over, and has its settings back",
        home.name
    );
    Ok(Some(done(reason, Kept::new())))
}
