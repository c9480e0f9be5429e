//! What a pass sees of a table that comes home: what its phase asks for, and no more.

use std::collections::BTreeMap;

use failover::{Error, domain::Region};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    digest::{READS, ROUNDS_MAX, Scan, expiry},
    memory::{Memory, Which},
    names::{self, Point},
    sample::{self, Sample, Wish},
};
use crate::{
    phase::Phase,
    plan::{DynamodbTable, WorkloadPlan},
    tables::{Asked, Backup, Mapping, TableShape, Tables},
    verbs::On,
};

/// What is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Seen {
    /// The table at home.
    pub home: Option<TableShape>,
    /// The one in the recovery Region.
    pub recovery: Option<TableShape>,
    /// The side table of a rehearsal, at home.
    pub side: Option<TableShape>,
    /// The backups, by what the row calls them.
    pub backups: BTreeMap<&'static str, Backup>,
    /// The functions that read the stream of the table at home.
    pub mappings: Vec<Mapping>,
    /// What is being counted, and how far that is now.
    pub scan: Option<(&'static str, Scan)>,
    /// Why the count went no further, where DynamoDB did not answer.
    pub silence: Option<String>,
    /// What came of comparing some items.
    pub sample: Option<Sample>,
}

impl Seen {
    /// A backup.
    #[must_use]
    pub fn backup(&self, point: Point) -> Option<&Backup> {
        self.backups.get(point.key())
    }
}

/// What a phase looks at.
struct Asks {
    home: bool,
    recovery: bool,
    side: bool,
    mappings: bool,
    backups: &'static [Point],
    scans: &'static [Which],
}

const NOTHING: Asks = Asks {
    home: false,
    recovery: false,
    side: false,
    mappings: false,
    backups: &[],
    scans: &[],
};

const fn asks(phase: Phase) -> Asks {
    match phase {
        Phase::Prepare => Asks {
            home: true,
            recovery: true,
            side: true,
            mappings: true,
            ..NOTHING
        },
        Phase::Sync => Asks {
            recovery: true,
            backups: &[Point::Sync],
            scans: &[Which::Before],
            ..NOTHING
        },
        Phase::Rehearse => Asks {
            recovery: true,
            side: true,
            backups: &[Point::Sync],
            scans: &[Which::Side, Which::After],
            ..NOTHING
        },
        Phase::Suspend => Asks {
            recovery: true,
            ..NOTHING
        },
        Phase::LastSync => Asks {
            recovery: true,
            backups: &[Point::Last],
            scans: &[Which::Last],
            ..NOTHING
        },
        Phase::CutOver => Asks {
            home: true,
            mappings: true,
            backups: &[Point::Last, Point::Safety],
            ..NOTHING
        },
        Phase::Verify => Asks {
            home: true,
            recovery: true,
            scans: &[Which::Home, Which::Again],
            ..NOTHING
        },
        Phase::Retire => NOTHING,
        Phase::Conclude => Asks {
            home: true,
            backups: &[Point::Conclusion],
            ..NOTHING
        },
        Phase::Revert => Asks {
            home: true,
            recovery: true,
            backups: &[Point::Safety, Point::Failed],
            ..NOTHING
        },
    }
}

/// The Region and the name of what is counted.
fn counted<'a>(
    which: Which,
    plan: &'a WorkloadPlan,
    table: &DynamodbTable,
) -> (&'a Region, String) {
    match which {
        Which::Before | Which::After | Which::Last | Which::Again => {
            (&plan.recovery_region, table.recovery.clone())
        }
        Which::Side => (&plan.home_region, names::side(&table.home)),
        Which::Home => (&plan.home_region, table.home.clone()),
    }
}

/// The Region of a backup.
const fn region_of(point: Point, plan: &WorkloadPlan) -> &Region {
    match point {
        Point::Sync | Point::Last => &plan.recovery_region,
        Point::Safety | Point::Failed | Point::Conclusion => &plan.home_region,
    }
}

/// Looks. Changes nothing.
///
/// # Errors
/// `Unavailable` and `Denied`, where DynamoDB does not tell.
pub(super) async fn look<W: Tables>(
    world: &W,
    on: &On<'_>,
    table: &DynamodbTable,
    memory: &Memory,
) -> Result<Seen, Error> {
    let (plan, phase) = (on.plan, on.phase);
    let (asks, mut seen) = (asks(phase), Seen::default());
    let (home, recovery) = (&plan.home_region, &plan.recovery_region);
    if asks.home {
        seen.home = world.table(home, &table.home).await?;
    }
    if asks.recovery {
        seen.recovery = world.table(recovery, &table.recovery).await?;
    }
    if asks.side {
        seen.side = world.table(home, &names::side(&table.home)).await?;
    }
    if asks.mappings {
        seen.mappings = mappings(world, home, seen.home.as_ref()).await?;
    }
    // Once the table stands at home its backups may be out of reach, and are not asked for any more.
    let stands = |home: &TableShape| memory.restored_id.as_deref() == Some(home.id.as_str());
    let is_made = phase == Phase::CutOver && seen.home.as_ref().is_some_and(stands);
    for point in asks.backups.iter().filter(|_| !is_made) {
        if let Some(asked) = memory.backups.get(point) {
            let found = backup(world, region_of(*point, plan), asked).await?;
            seen.backups
                .extend(found.map(|backup| (point.key(), backup)));
        }
    }
    if memory.sampled {
        seen.sample = sampled(world, on, memory, &seen).await?;
        return Ok(seen);
    }
    for which in asks.scans {
        let scan = memory.scans.get(which);
        if let Some(scan) = scan.filter(|scan| !scan.is_over() && !scan.is_late()) {
            let (region, name) = counted(*which, plan, table);
            let (scan, silence) = advanced(world, (region, &name), scan.clone(), on.now).await?;
            (seen.scan, seen.silence) = (Some((which.key(), scan)), silence);
            break;
        }
    }
    Ok(seen)
}

/// Compares some items, in the phases that hold a copy against the recovery table and once the copy is there.
async fn sampled<W: Tables>(
    world: &W,
    on: &On<'_>,
    memory: &Memory,
    seen: &Seen,
) -> Result<Option<Sample>, Error> {
    let copy = match on.phase {
        Phase::Rehearse => &seen.side,
        Phase::Verify => &seen.home,
        Phase::Prepare
        | Phase::Sync
        | Phase::Suspend
        | Phase::LastSync
        | Phase::CutOver
        | Phase::Retire
        | Phase::Conclude
        | Phase::Revert => &None,
    };
    let copy = copy.as_ref().filter(|copy| copy.is_active());
    let (Some(copy), Some(recovery)) = (copy, &seen.recovery) else {
        return Ok(None);
    };
    let home = memory.home.as_ref().and_then(|home| home.ttl.on());
    let attribute = recovery.ttl.on().or(home);
    let wish = Wish {
        keys: recovery.key_names(),
        expiry: attribute.map(|attribute| expiry(attribute, on.now)),
        until: on.now + READS,
    };
    let from = (&on.plan.recovery_region, recovery.name.as_str());
    let there = (&on.plan.home_region, copy.name.as_str());
    sample::taken(world, from, there, &wish).await.map(Some)
}

async fn backup<W: Tables>(
    world: &W,
    region: &Region,
    asked: &Asked,
) -> Result<Option<Backup>, Error> {
    world.table_backup(region, asked).await
}

async fn mappings<W: Tables>(
    world: &W,
    region: &Region,
    table: Option<&TableShape>,
) -> Result<Vec<Mapping>, Error> {
    let stream = table.and_then(|table| table.stream.as_ref());
    match stream.and_then(|stream| stream.arn.as_deref()) {
        Some(arn) => world.mappings(region, arn).await,
        None => Ok(Vec::new()),
    }
}

/// Reads on, a page at a time, until the pass has read for long enough. What was read stays where DynamoDB falls silent.
async fn advanced<W: Tables>(
    world: &W,
    (region, table): (&Region, &str),
    mut scan: Scan,
    began_at: Timestamp,
) -> Result<(Scan, Option<String>), Error> {
    let until = began_at + READS;
    scan.looks = scan.looks.saturating_add(1);
    for _ in 0..ROUNDS_MAX {
        for place in scan.places() {
            if world.clock() >= until {
                return Ok((scan, None));
            }
            match world.page(region, table, &place).await {
                Ok(page) => scan.take(&place, &page),
                Err(Error::Unavailable(why)) => return Ok((scan, Some(why))),
                Err(why) => return Err(why),
            }
        }
        if scan.is_over() {
            break;
        }
    }
    Ok((scan, None))
}
