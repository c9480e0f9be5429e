//! How old the newest backup is that outlives the writer's Region: one that lies in another Region of the plan. That is a copy of its
//! automated backups, or the export of a snapshot of what follows it there.

use failover::{
    Error,
    domain::{Region, seconds_between},
    pass::Pass,
};
use futures::future::{join, join_all};
use jiff::Timestamp;
use serde::Serialize;

use crate::members::{
    Backups, Instance, Members,
    exports::{Export, Exported},
};

/// How old the newest backup in another Region may be, in seconds. RDS ships the log every five minutes and copies it as soon as it is
/// ready, so an hour is far more than copies take that go on.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReplicateBackups.html>.
const AGE_SECONDS_MAX: f64 = 3_600.0;

/// How old the newest export may be, in seconds. RDS takes a snapshot once a day, and the last one stays the newest until the next one
/// is exported, which restores the whole database before it writes: half a day is left for that, and for the window of backups.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.html>.
const EXPORT_AGE_SECONDS_MAX: f64 = 36.0 * 3_600.0;

/// What a backup in another Region is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BackupKind {
    /// A copy of the writer's automated backups, which restores an instance to a moment.
    Automated,
    /// An export of a snapshot, whose rows are files in a bucket. Nothing restores an instance from it.
    Export,
}

/// The newest backup of the writer outside its Region.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewestBackup {
    /// Where it lies.
    pub region: Region,
    /// What it is.
    pub kind: BackupKind,
    /// How long ago the newest moment was that it has.
    pub seconds: f64,
}

impl NewestBackup {
    fn is_young(&self) -> bool {
        self.seconds <= self.kind.seconds_max()
    }
}

impl BackupKind {
    const fn seconds_max(self) -> f64 {
        match self {
            Self::Automated => AGE_SECONDS_MAX,
            Self::Export => EXPORT_AGE_SECONDS_MAX,
        }
    }
}

/// What a Region answers that is not the writer's.
#[derive(Debug, Clone)]
struct Answer {
    region: Region,
    /// The plan's member there.
    member: String,
    /// The copies of the writer's automated backups.
    copies: Result<Option<Backups>, Error>,
    /// The exports of the member's snapshots that have what the writer had.
    exports: Result<Vec<Export>, Error>,
}

/// The newest backup of the writer outside its Region, and what should be put right of them. None of it stands in the way of a move.
pub(super) async fn look(
    world: &impl Members,
    pass: &Pass,
    writer: &Instance,
) -> (Option<NewestBackup>, Vec<String>) {
    let run = &pass.run;
    let others = run.plan.members().iter();
    let others = others.filter(|(region, _)| **region != run.from);
    let asked = others.map(async |(region, member)| {
        let copies = async {
            match &writer.resource_id {
                Some(id) => world.backups(region, id).await,
                None => Err(Error::NotReady(format!(
                    "RDS in {} shows no DbiResourceId of it",
                    run.from
                ))),
            }
        };
        let (copies, exports) = join(copies, world.exports(region, &member.identifier)).await;
        Answer {
            region: region.clone(),
            member: member.identifier.clone(),
            copies,
            exports: exports.map(|found| of_the_writer(found, (&run.from, &writer.identifier))),
        }
    });
    let answers = join_all(asked).await;
    let newest = newest(&answers, pass.now);
    let warnings = warnings(&answers, pass.now, (&run.from, &writer.identifier));
    (newest, warnings)
}

/// Those exports that have what the writer had: of an instance that follows it, and has done so since it was made. What an instance of
/// this name exported before, or one that is deposed exports now, lacks what was written since.
fn of_the_writer(found: Option<Exported>, (home, writer): (&Region, &str)) -> Vec<Export> {
    let found = found.filter(|found| found.of.follows(home, writer));
    // Where RDS does not say when it was made, nothing tells whose exports these are.
    let Some(Exported {
        made_at: Some(made_at),
        exports,
        ..
    }) = found
    else {
        return Vec::new();
    };
    let is_its_own = |export: &Export| export.taken_at >= Some(made_at);
    exports.into_iter().filter(is_its_own).collect()
}

/// Every backup that the Regions tell of.
fn all(answers: &[Answer], now: Timestamp) -> Vec<NewestBackup> {
    let found = answers.iter().flat_map(|answer| {
        let copy = answer.copies.as_ref().ok().and_then(Option::as_ref);
        let copy = copy.and_then(|copy| copy.latest);
        let export = complete(answer).and_then(|export| export.taken_at);
        let found = [(BackupKind::Automated, copy), (BackupKind::Export, export)].into_iter();
        found.filter_map(|(kind, moment)| {
            Some(NewestBackup {
                region: answer.region.clone(),
                kind,
                seconds: seconds_between(moment?, now),
            })
        })
    });
    found.collect()
}

fn newest(answers: &[Answer], now: Timestamp) -> Option<NewestBackup> {
    let found = all(answers, now).into_iter();
    found.min_by(|one, other| one.seconds.total_cmp(&other.seconds))
}

/// How an export that has a Region's rows in its bucket is.
const COMPLETE: &str = "COMPLETE";
/// How one is that came to nothing.
const CAME_TO_NOTHING: [&str; 2] = ["FAILED", "CANCELED"];

/// The newest export of a Region that is as it is asked for.
fn newest_export(answer: &Answer, is: impl Fn(&str) -> bool) -> Option<&Export> {
    let exports = answer.exports.iter().flatten();
    let exports = exports.filter(|export| is(&export.status));
    exports.max_by_key(|export| export.taken_at)
}

fn complete(answer: &Answer) -> Option<&Export> {
    newest_export(answer, |status| status == COMPLETE)
}

fn warnings(answers: &[Answer], now: Timestamp, (home, writer): (&Region, &str)) -> Vec<String> {
    let mut found: Vec<_> = answers.iter().filter_map(failed).collect();
    if all(answers, now).iter().any(NewestBackup::is_young) {
        return found;
    }
    let untold: Vec<_> = answers
        .iter()
        .flat_map(|answer| untold(answer, writer))
        .collect();
    let all_told = untold.is_empty();
    found.extend(untold);
    let newest = newest(answers, now);
    let newest = newest.map(|newest| too_old(&newest, (home, writer)));
    let begun = || answers.iter().find_map(|answer| begun(answer, writer));
    let none = || {
        all_told.then(|| {
            format!(
                "RDS lists neither an automated backup of {writer} in another Region of the plan nor a complete export of a snapshot of what follows it there; have RDS replicate its automated backups, or export snapshots"
            )
        })
    };
    found.extend(newest.or_else(begun).or_else(none));
    found
}

/// What is said of an export that came to nothing, whatever else there is, until one of the same or of a later snapshot is complete:
/// somebody counts on it.
fn failed(answer: &Answer) -> Option<String> {
    let export = newest_export(answer, |status| CAME_TO_NOTHING.contains(&status))?;
    let complete = complete(answer).and_then(|export| export.taken_at);
    let why = export.cause.as_deref().unwrap_or("RDS does not say why");
    (export.taken_at > complete).then(|| {
        format!(
            "the newest export in {} that ended, of {}, is {}: {why}",
            answer.region, export.snapshot, export.status
        )
    })
}

/// What a Region does not tell.
fn untold(answer: &Answer, writer: &str) -> Vec<String> {
    let Answer { region, member, .. } = answer;
    let copies = answer.copies.as_ref().err().map(|why| {
        format!("RDS in {region} does not tell how old its newest backup of {writer} is: {why}")
    });
    let exports = answer.exports.as_ref().err().map(|why| {
        format!("RDS in {region} does not tell which snapshots of {member} were exported: {why}")
    });
    copies.into_iter().chain(exports).collect()
}

fn too_old(newest: &NewestBackup, (home, writer): (&Region, &str)) -> String {
    let (what, then) = match newest.kind {
        BackupKind::Automated => ("", "see whether RDS still replicates its automated backups"),
        BackupKind::Export => (
            "an export that is ",
            "see whether automated snapshots are still exported",
        ),
    };
    format!(
        "the newest backup of {writer} outside {home} is {what}{:.0} s old, in {}, and {:.0} s are allowed; {then}",
        newest.seconds,
        newest.region,
        newest.kind.seconds_max()
    )
}

/// What a Region has begun, and nothing is there of it yet.
fn begun(answer: &Answer, writer: &str) -> Option<String> {
    let region = &answer.region;
    let copies = answer.copies.as_ref().ok().and_then(Option::as_ref);
    let copies = copies.map(|copies| {
        format!(
            "the automated backups of {writer} in {region} are {}, and nothing can be restored from them yet",
            copies.status
        )
    });
    copies.or_else(|| {
        let goes_on = |status: &str| status != COMPLETE && !CAME_TO_NOTHING.contains(&status);
        let export = newest_export(answer, goes_on)?;
        Some(format!(
            "the export of {} in {region} is {}, and none is complete",
            export.snapshot, export.status
        ))
    })
}

#[cfg(test)]
mod tests;
