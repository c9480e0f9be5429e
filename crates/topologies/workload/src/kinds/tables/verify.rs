//! What comes after the cut-over: the table at home is held against the one that it came from and the one that it was, and protected.

use failover::Error;

use super::{
    case::{Case, Standing, Step, done},
    digest::Scan,
    memory::{self, Which, keep},
    names::Point,
    policy::is_denied,
    settings::{differences, essentials, recovery},
};
use crate::{
    row::Kept,
    tables::{Mapping, TableShape},
};

/// The restored table.
///
/// # Errors
/// `UnexpectedTopology` where something else bears the name of home.
fn home<'a>(case: &Case<'a>) -> Result<&'a TableShape, Error> {
    match case.standing() {
        Standing::Restored(home) => Ok(home),
        Standing::Absent
        | Standing::Original(_)
        | Standing::GivenBack(_)
        | Standing::Foreign(_) => Err(Error::UnexpectedTopology(format!(
            "{} in {} is not the table that this run made; find out who changed it",
            case.table.home, case.on.plan.home_region
        ))),
    }
}

/// Holds the table at home against the recovery table: by counts of all items, or by some items where all are too many.
pub(super) fn verified(case: &Case<'_>) -> Step {
    let (home, before) = (home(case)?, case.before()?);
    let unlike = essentials(before, home);
    if !unlike.is_empty() {
        return Err(Error::NotReady(format!(
            "{}; mend that, and verify again",
            unlike.join("; ")
        )));
    }
    if let Some(next) = counted(case, home)? {
        return Ok(Some(next));
    }
    let mut other = Vec::new();
    let found = if case.memory.sampled {
        other.extend(unseen_writes(case));
        of_sample(case, home, &mut other)?
    } else {
        of_counts(case, home, &mut other)?
    };
    other.extend(differences(case, before, home));
    let settings = if other.is_empty() {
        "its settings are as they were".to_owned()
    } else {
        format!("this is not as it was: {}", other.join(", "))
    };
    let reason = format!(
        "{found}, and {settings}{}",
        streams(before, home, &case.memory.mappings)
    );
    let kept = keep(Kept::new(), memory::VERIFIED, &case.on.now)?;
    let kept = keep(kept, memory::DIFFERENCES, &other)?;
    Ok(Some(done(reason, kept)))
}

/// Whether somebody may have written to the recovery table since it was counted.
fn is_open(case: &Case<'_>) -> bool {
    let table = case.seen.recovery.as_ref();
    table.is_some_and(|table| !is_denied(table))
}

/// Counts home, and once more the recovery table where its writers are not denied.
fn counted(case: &Case<'_>, home: &TableShape) -> Step {
    if case.memory.sampled {
        return Ok(None);
    }
    if let Some(next) = case.counted(Which::Home, home)? {
        return Ok(Some(next));
    }
    let is_late = |scan: &Scan| scan.is_late();
    match &case.seen.recovery {
        Some(recovery) if is_open(case) => {
            if case.memory.scans.get(&Which::Again).is_some_and(is_late) {
                return Ok(None);
            }
            case.counted(Which::Again, recovery)
        }
        Some(_) | None => Ok(None),
    }
}

/// What the counts say. What could not be looked at is told with what is not as it was.
fn of_counts(case: &Case<'_>, home: &TableShape, told: &mut Vec<String>) -> Result<String, Error> {
    let there = &case.count(Which::Last, "last_sync")?.digest;
    let here = &case.count(Which::Home, "verify")?.digest;
    let recovery = &case.table.recovery;
    if !here.is_same(there) {
        return Err(Error::UnexpectedTopology(format!(
            "{} holds {} items and {recovery} held {} after the stop, and they are not the same; revert the run, stop who still writes, and start it again",
            home.name,
            here.items(),
            there.items()
        )));
    }
    let again = case.memory.scans.get(&Which::Again);
    match again.filter(|scan| scan.is_over()).map(|scan| &scan.digest) {
        Some(now) if !now.is_same(there) => {
            return Err(Error::UnexpectedTopology(format!(
                "somebody wrote to {recovery} after the stop: it holds {} items and held {}, and {} has nothing of that; revert the run, stop who still writes, and start it again",
                now.items(),
                there.items(),
                home.name
            )));
        }
        Some(_) => {}
        None => told.extend(unseen_writes(case)),
    }
    Ok(format!(
        "{} holds the {} items that {recovery} held after the stop",
        home.name,
        here.items()
    ))
}

/// What some items say. That it is not all of them is told with what is not as it was, so that whoever is asked reads it.
fn of_sample(case: &Case<'_>, home: &TableShape, told: &mut Vec<String>) -> Result<String, Error> {
    let (sample, recovery) = (case.sample(&home.name)?, &case.table.recovery);
    if sample.other > 0 {
        return Err(Error::UnexpectedTopology(format!(
            "{} of {} items of {recovery} that were compared are missing in {} or others there; revert the run, stop who still writes, and start it again",
            sample.other, sample.items, home.name
        )));
    }
    told.push(format!(
        "{recovery} holds more than is counted in time, and all but {} of its items were not looked at",
        sample.items
    ));
    Ok(format!(
        "{} items of {recovery} were compared and are the same in {}",
        sample.items, home.name
    ))
}

/// Says so where nobody can tell whether the recovery table was written to after the stop.
fn unseen_writes(case: &Case<'_>) -> Option<String> {
    let (name, region) = (&case.table.recovery, &case.on.plan.recovery_region);
    if case.seen.recovery.is_none() {
        return Some(format!(
            "there is no table {name} in {region} any more to look for late writes in"
        ));
    }
    is_open(case).then(|| {
        format!(
            "{name} can be written to, and was not counted again: late writes would be lost unseen"
        )
    })
}

/// The new stream, and who reads the old one.
fn streams(before: &TableShape, home: &TableShape, mappings: &[Mapping]) -> String {
    let arn = |table: &TableShape| table.stream.as_ref().and_then(|stream| stream.arn.clone());
    let Some(new) = arn(home) else {
        return String::new();
    };
    let old = arn(before).unwrap_or_default();
    let readers = mappings
        .iter()
        .map(|mapping| format!("{} of {}", mapping.uuid, mapping.function));
    let readers: Vec<_> = readers.collect();
    if readers.is_empty() {
        return format!("; its stream is {new} now, and no mapping of Lambda read the old one");
    }
    format!(
        "; its stream is {new} now, and these mappings of Lambda still point at {old}, so make them anew: {}",
        readers.join(", ")
    )
}

/// Nothing is done to the recovery table.
pub(super) fn retired(case: &Case<'_>) -> Step {
    let (name, region) = (&case.table.recovery, &case.on.plan.recovery_region);
    let writers = if case.memory.denied {
        "writes stay denied there"
    } else {
        "nothing but its writers' stop keeps writes from it"
    };
    let reason = format!("{name} in {region} stays as it is, and {writers}");
    Ok(Some(done(reason, Kept::new())))
}

/// Protects the table at home again: point-in-time recovery as before, and a new recovery point.
pub(super) fn concluded(case: &Case<'_>) -> Step {
    let (home, before) = (home(case)?, case.before()?);
    if let Some(next) = recovery(case, before, home)? {
        return Ok(Some(next));
    }
    if let Some(next) = case.backed_up(Point::Conclusion, home)? {
        return Ok(Some(next));
    }
    let point = case.complete(Point::Conclusion)?;
    let old = [Point::Sync, Point::Last, Point::Safety];
    let old = old
        .iter()
        .filter_map(|point| case.memory.backups.get(point));
    let old: Vec<_> = old.map(|asked| asked.name.clone()).collect();
    let recoverable = if home.recovery.is_some() {
        "has point-in-time recovery as before"
    } else {
        "has no point-in-time recovery, as before"
    };
    let reason = format!(
        "{} {recoverable} and the new backup {}; {} in {} and the backups {} stay and cost money until somebody deletes them, after {} days at the earliest",
        home.name,
        point.name,
        case.table.recovery,
        case.on.plan.recovery_region,
        old.join(", "),
        case.on.plan.keep_days
    );
    let kept = case.with_arn(Kept::new(), Point::Conclusion)?;
    Ok(Some(done(reason, kept)))
}
