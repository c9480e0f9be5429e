//! How old the newest backup is that outlives the writer's Region: one that lies in another Region of the plan.

use failover::{
    Error,
    domain::{Region, seconds_between},
    pass::Pass,
};
use futures::future::join_all;
use jiff::Timestamp;
use serde::Serialize;

use crate::members::{Backups, Instance, Members};

/// How old the newest backup in another Region may be, in seconds. RDS ships the log every five minutes and copies it as soon as it is
/// ready, so an hour is far more than copies take that go on.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReplicateBackups.html>.
const AGE_SECONDS_MAX: f64 = 3_600.0;

/// The newest backup of the writer outside its Region.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewestBackup {
    /// Where it lies.
    pub region: Region,
    /// How long ago the newest moment was to which it restores.
    pub seconds: f64,
}

/// What the Regions answer that are not the writer's.
type Answers = Vec<(Region, Result<Option<Backups>, Error>)>;

/// The newest backup of the writer outside its Region, and what should be put right of them. None of it stands in the way of a move.
pub(super) async fn look(
    world: &impl Members,
    pass: &Pass,
    writer: &Instance,
) -> (Option<NewestBackup>, Vec<String>) {
    let run = &pass.run;
    let others = run.plan.members().keys();
    let others = others.filter(|region| **region != run.from);
    let asked = others.map(async |region| {
        let answer = match &writer.resource_id {
            Some(id) => world.backups(region, id).await,
            None => Err(Error::NotReady(format!(
                "RDS in {} shows no DbiResourceId of it",
                run.from
            ))),
        };
        (region.clone(), answer)
    });
    let answers = join_all(asked).await;
    let newest = newest(&answers, pass.now);
    let warnings = warnings(&answers, newest.as_ref(), (&run.from, &writer.identifier));
    (newest, warnings)
}

fn newest(answers: &Answers, now: Timestamp) -> Option<NewestBackup> {
    let found = answers.iter().filter_map(|(region, answer)| {
        let latest = answer.as_ref().ok()?.as_ref()?.latest?;
        Some((latest, region))
    });
    let (latest, region) = found.max_by_key(|(latest, _)| *latest)?;
    Some(NewestBackup {
        region: region.clone(),
        seconds: seconds_between(latest, now),
    })
}

fn warnings(
    answers: &Answers,
    newest: Option<&NewestBackup>,
    (home, writer): (&Region, &str),
) -> Vec<String> {
    if newest.is_some_and(|newest| newest.seconds <= AGE_SECONDS_MAX) {
        return Vec::new();
    }
    let untold = answers.iter().filter_map(|(region, answer)| {
        let why = answer.as_ref().err()?;
        Some(format!(
            "RDS in {region} does not tell how old its newest backup of {writer} is: {why}"
        ))
    });
    let mut found: Vec<_> = untold.collect();
    let all_told = found.is_empty();
    let begun = answers.iter().find_map(|(region, answer)| {
        let backups = answer.as_ref().ok()?.as_ref()?;
        Some((region, &backups.status))
    });
    found.extend(match (newest, begun) {
        (Some(newest), _) => Some(format!(
            "the newest backup of {writer} outside {home} is {:.0} s old, in {}, and {AGE_SECONDS_MAX:.0} s are allowed; see whether RDS still replicates its automated backups",
            newest.seconds, newest.region
        )),
        (None, Some((region, status))) => Some(format!(
            "the automated backups of {writer} in {region} are {status}, and nothing can be restored from them yet"
        )),
        (None, None) if all_told => Some(format!(
            "RDS lists no automated backup of {writer} in another Region of the plan, and what else outlives {home} was not looked at; have RDS replicate its automated backups there"
        )),
        (None, None) => None,
    });
    found
}

#[cfg(test)]
mod tests;
