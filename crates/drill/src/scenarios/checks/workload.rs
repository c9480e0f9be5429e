//! What must be so of a shop whose workload comes home, or does not.

use std::collections::{BTreeMap, BTreeSet};

use ::workload::{
    databases::{Databases, Found, Kind},
    kinds::databases::names::{self, EPOCH_TAG, RUN_TAG},
};
use failover::{
    installation::named,
    ports::Ledger,
    topology::{Shape, differences},
};

use crate::{
    profile::{HOME, STANDBY},
    scenario::{Drill, Played},
    scenarios::{
        checks::{calls::promotions, ledgers::writer_is},
        rds::{control_plane, tasks},
        shop::{BEFORE, DATABASES, ENDPOINT, FUNCTION, SERVICE, found, rows},
    },
    shop::PLAN,
    world::Trouble,
};

/// So many sales at most come between a look at what was acknowledged and one at the rows.
const UNDER_WAY: i64 = 20;

/// What stood at home before a run, and how far the drill was then.
pub(crate) struct Before {
    /// What bore each name of home, in the order of [`DATABASES`].
    pub(crate) homes: Vec<Found>,
    /// Calls so far.
    calls: usize,
    /// What had happened at RDS.
    happened: usize,
}

impl Before {
    pub(crate) async fn at(drill: &Drill<'_>) -> Result<Self, Trouble> {
        let mut homes = Vec::new();
        for (kind, home, _, _) in DATABASES {
            let there = found(drill, kind, (HOME, home)).await;
            homes.push(there.ok_or_else(|| format!("{home} is not at home"))?);
        }
        Ok(Self {
            homes,
            calls: drill.world.front_door.calls().len(),
            happened: drill.world.simulator.history().len(),
        })
    }

    /// What the function has had changed at RDS since: operation and Region.
    pub(crate) fn changes(&self, drill: &Drill<'_>) -> Vec<String> {
        let calls = drill.world.front_door.calls().into_iter();
        let calls = calls.skip(self.calls).filter(|call| {
            let is_read = ["Describe", "List"]
                .iter()
                .any(|read| call.operation.starts_with(read));
            let is_its = call.function == named(FUNCTION) && call.service == "rds";
            is_its && !is_read && call.status == Some(200)
        });
        let changes = calls.map(|call| format!("{} in {}", call.operation, call.region));
        changes.collect()
    }

    /// What has happened since to anything that bears a name of home.
    fn to_home(&self, drill: &Drill<'_>) -> Vec<String> {
        let clusters = self.homes.iter().map(|home| home.shape.identifier.clone());
        let instances = self.homes.iter().flat_map(|home| &home.shape.instances);
        let names: BTreeSet<_> = clusters
            .chain(instances.map(|one| one.identifier.clone()))
            .chain([ENDPOINT.to_owned()])
            .collect();
        let history = drill.world.simulator.history().into_iter();
        let since = history.skip(self.happened);
        let of_home = since.filter(|it| it.region == HOME && names.contains(&it.subject));
        of_home
            .map(|it| format!("{}: {}", it.subject, it.what))
            .collect()
    }

    /// Home is what it was, and nothing was done to it on the way.
    pub(crate) async fn is_untouched(&self, drill: &Drill<'_>, played: &mut Played, when: &str) {
        let mut other = self.to_home(drill);
        for ((kind, home, _, _), before) in DATABASES.into_iter().zip(&self.homes) {
            if found(drill, kind, (HOME, home)).await.as_ref() != Some(before) {
                other.push(format!("{home} is not what it was"));
            }
        }
        let text = listed(&other, "nothing");
        played.check(
            format!("{when}, nothing of home has changed"),
            text,
            other.is_empty(),
        );
    }

    /// Nothing was changed in either Region.
    pub(crate) async fn is_all(&self, drill: &Drill<'_>, played: &mut Played, when: &str) {
        let changes = self.changes(drill);
        let text = listed(&changes, "none");
        played.check(
            format!("{when}, RDS was asked for no change"),
            text,
            changes.is_empty(),
        );
        self.is_untouched(drill, played, when).await;
    }
}

fn listed(found: &[String], none: &str) -> String {
    if found.is_empty() {
        return none.to_owned();
    }
    found.join(", ")
}

/// Without the marks of a run.
fn unmarked(shape: &Shape) -> Shape {
    let mut shape = shape.clone();
    let instances = shape.instances.iter_mut().map(|one| &mut one.tags);
    let endpoints = shape.endpoints.iter_mut().map(|one| &mut one.tags);
    for tags in instances.chain(endpoints).chain([&mut shape.tags]) {
        tags.retain(|key, _| key != RUN_TAG && key != EPOCH_TAG);
    }
    shape
}

/// What bears the names of home came home in this run, is as it was, and has every row that was acknowledged.
pub(crate) async fn came_home(
    drill: &Drill<'_>,
    played: &mut Played,
    before: &Before,
    sold: &BTreeSet<i64>,
) -> Result<(), Trouble> {
    for ((kind, home, away, _), was) in DATABASES.into_iter().zip(&before.homes) {
        let there = found(drill, kind, (HOME, home)).await.unwrap_or_default();
        let other = differences(&unmarked(&was.shape), &unmarked(&there.shape));
        let is_new =
            !there.shape.resource_id.is_empty() && there.shape.resource_id != was.shape.resource_id;
        played.check(
            format!("{home} is another one than before, and has every property of that"),
            listed(&other, "no difference"),
            is_new && other.is_empty(),
        );
        has_all(drill, played, (HOME, home), sold).await?;
        let status = found(drill, kind, (STANDBY, away)).await;
        let status = status.map(|found| found.shape.status).unwrap_or_default();
        played.check(
            format!("{away} is stopped and kept"),
            &*status,
            status == "stopped",
        );
    }
    let running = tasks(drill, STANDBY, SERVICE).await;
    played.check(
        format!("the service in {STANDBY} has no task"),
        format!("{running} tasks"),
        running == 0,
    );
    Ok(())
}

/// A database has each of these rows once, and none twice.
pub(crate) async fn has_all(
    drill: &Drill<'_>,
    played: &mut Played,
    (region, name): (&str, &str),
    sold: &BTreeSet<i64>,
) -> Result<(), Trouble> {
    let there = rows(drill, (region, name)).await?;
    let missing = sold
        .iter()
        .filter(|number| !there.contains_key(*number))
        .count();
    let doubled = there.values().filter(|times| **times > 1).count();
    let last = sold.last().copied().unwrap_or_default();
    // A sale under way, or made since, may be there, too.
    let made_up = there.keys().filter(|number| **number > last + UNDER_WAY);
    let made_up = made_up.count();
    played.check(
        format!("{name} in {region} has every acknowledged row, and none twice"),
        format!(
            "{missing} of {} are missing, {doubled} doubled, {made_up} made up",
            sold.len()
        ),
        missing == 0 && doubled == 0 && made_up == 0 && !sold.is_empty(),
    );
    Ok(())
}

/// What stood at home before is kept under names of this run, with its rows.
pub(crate) async fn old_ones_are_kept(
    drill: &Drill<'_>,
    played: &mut Played,
    before: &Before,
    short: &str,
) -> Result<(), Trouble> {
    for ((kind, home, _, _), was) in DATABASES.into_iter().zip(&before.homes) {
        let old = names::old(home, short);
        let there = found(drill, kind, (HOME, &old)).await.unwrap_or_default();
        let is_it = there.shape.resource_id == was.shape.resource_id;
        let kept = match is_it {
            true => rows(drill, (HOME, &old)).await?,
            false => BTreeMap::new(),
        };
        played.check(
            format!("what was {home} is kept as {old}, with the rows that it had"),
            format!("{} rows", kept.len()),
            is_it && kept.into_keys().eq(1..=BEFORE),
        );
    }
    let calls = drill.world.front_door.calls().into_iter();
    let deleted = calls.filter(|call| {
        let is_one = ["DeleteDBCluster", "DeleteDBInstance"].contains(&call.operation.as_str());
        is_one && call.function == named(FUNCTION)
    });
    let deleted = deleted.count();
    let text = format!("{deleted} calls");
    played.check("no database is deleted", text, deleted == 0);
    Ok(())
}

/// The last round's snapshots are in both Regions, those of the round before in neither, and home has a recovery point.
pub(crate) async fn snapshots_are_there(
    drill: &Drill<'_>,
    played: &mut Played,
    (last, short): (u32, &str),
) {
    for (kind, _, _, resource) in DATABASES {
        let plan = PLAN.into();
        let of = |round| names::snapshot(&plan, resource, round, short);
        let point = names::point(&plan, resource, short);
        let mut expected = vec![(HOME, point, true)];
        for region in [HOME, STANDBY] {
            expected.push((region, of(last), true));
            expected.push((region, of(last - 1), false));
        }
        let mut other = Vec::new();
        for (region, name, is_there) in expected {
            if is_available(drill, kind, (region, &name)).await != is_there {
                let word = if is_there { "missing" } else { "left" };
                other.push(format!("{name} in {region} is {word}"));
            }
        }
        played.check(
            format!(
                "of {resource} the last snapshot is in both Regions, and home has a recovery point"
            ),
            listed(&other, "so they are"),
            other.is_empty(),
        );
    }
}

async fn is_available(drill: &Drill<'_>, kind: Kind, (region, name): (&str, &str)) -> bool {
    let aws = control_plane(drill, region);
    let found = aws.database_snapshot(kind, &region.into(), name).await;
    found.is_ok_and(|found| found.is_some_and(|taken| taken.is_available()))
}

/// Both ledgers say that a Region serves the shop, and nobody holds its plan.
pub(crate) async fn serves(drill: &Drill<'_>, played: &mut Played, region: &str, epoch: u64) {
    for place in [HOME, STANDBY] {
        let row = drill.world.ledger().row(&place.into(), &PLAN.into()).await;
        let row = row.ok();
        let current = row.as_ref().and_then(|row| row.current.as_ref());
        let current = current.map_or("none".to_owned(), |current| {
            format!("{}, epoch {}", current.writer, current.epoch)
        });
        let is_free = row.is_some_and(|row| row.lease.is_none() && row.intent.is_none());
        let word = if is_free { "free" } else { "held" };
        played.check(
            format!("the ledger in {place} says: {region} serves the shop, epoch {epoch}, and it is free"),
            format!("{current}, {word}"),
            is_free && current == format!("{region}, epoch {epoch}"),
        );
    }
}

/// The plan that the drill protects has not noticed: its writer is where it was, under the epoch that it had.
pub(crate) async fn orders_are_undisturbed(drill: &Drill<'_>, played: &mut Played) {
    played.checks.extend(writer_is(drill, HOME, 1).await);
    let promoted = [HOME, STANDBY].map(|region| promotions(drill, region));
    let promoted: usize = promoted.into_iter().sum();
    played.check(
        "nothing is promoted",
        format!("{promoted} promotions"),
        promoted == 0,
    );
}

/// People are told something, so many times.
pub(crate) fn told(drill: &Drill<'_>, played: &mut Played, part: &str, wanted: usize) {
    let messages = drill.world.messages();
    let subjects = messages.iter().filter_map(|message| message.lines().next());
    let times = subjects.filter(|subject| subject.contains(part)).count();
    played.check(
        format!("people are told so often: {part}"),
        format!("{times} of {wanted} times"),
        times == wanted,
    );
}

/// What they were told last holds these words.
pub(crate) fn told_last(drill: &Drill<'_>, played: &mut Played, words: &str) {
    let messages = drill.world.messages();
    let mut of_shop = messages.iter().filter(|message| message.contains(PLAN));
    let last = of_shop.next_back().map(String::as_str).unwrap_or_default();
    played.check(
        format!("the last message says: {words}"),
        last.lines().next().unwrap_or("nothing"),
        last.contains(words),
    );
}
