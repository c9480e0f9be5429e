//! Reading the groups of the plan.

use futures::future::join_all;

use super::{Now, Seen, key};
use crate::services::counted_on;
use failover::{
    Error,
    domain::Region,
    ledger::Former,
    pass::Pass,
    plan::{AsgGroup, Plan},
    ports::{Group, Services},
};

/// A group of the plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned<'a> {
    pub(super) region: &'a Region,
    pub(super) group: &'a AsgGroup,
}

/// The plan's groups.
fn all(plan: &Plan) -> impl Iterator<Item = Planned<'_>> {
    plan.asg().flat_map(|target| {
        target.groups.iter().map(|group| Planned {
            region: &target.region,
            group,
        })
    })
}

/// The plan's groups in a Region.
pub(super) fn planned<'a>(
    plan: &'a Plan,
    region: &'a Region,
) -> impl Iterator<Item = Planned<'a>> + use<'a> {
    all(plan).filter(move |planned| planned.region == region)
}

/// Looks at every group in the Regions that the run counts on, the new writer's first.
pub(in crate::services) async fn observe(world: &impl Services, pass: &Pass) -> Vec<Seen> {
    let groups = counted_on(pass).flat_map(|region| planned(&pass.run.plan, region));
    join_all(groups.map(|planned| read(world, pass, planned))).await
}

async fn read(world: &impl Services, pass: &Pass, planned: Planned<'_>) -> Seen {
    let Planned { region, group } = planned;
    let now = match world.group(region, group.name()).await {
        Ok(group) => Now::Group(group),
        Err(Error::Unavailable(why)) => Now::Silent(why),
        Err(why) => Now::Refused(why.to_string()),
    };
    let takes_over = *region == pass.run.to;
    let former = former(pass, region, group.name()).filter(|_| takes_over);
    let planned = group.takeover_capacity().filter(|_| takes_over);
    Seen {
        region: region.clone(),
        group: group.name().to_owned(),
        takeover_capacity: planned.or(former.map(|(_, capacity)| capacity)),
        former_min_size: former.map(|(least, _)| least),
        restart: pass.run.restarts.get(&key(region, group.name())).cloned(),
        now,
    }
}

/// The minimum and the wanted size that a group had before a stop brought it down.
fn former(pass: &Pass, region: &Region, group: &str) -> Option<(u32, u32)> {
    let row = pass.rows.0.get(region)?;
    match row.former(&format!("asg:{group}"))? {
        Former::Asg {
            min_size, capacity, ..
        } => Some((*min_size, *capacity)),
        Former::Ecs { .. } => None,
    }
}

/// What a restart would be refused at each of the plan's groups.
pub(in crate::services) async fn refusals(world: &impl Services, pass: &Pass) -> Vec<String> {
    let asked = all(&pass.run.plan).map(async |planned| {
        let Planned { region, group } = planned;
        let why = match world.group(region, group.name()).await {
            Ok(found) => refusal(group, &found)?,
            Err(why) => why.to_string(),
        };
        Some(format!("{}: {why}", key(region, group.name())))
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// Why Auto Scaling would start no instance of a group, as far as its settings tell.
fn refusal(planned: &AsgGroup, found: &Group) -> Option<String> {
    if !found.launches {
        return Some("its process Launch is suspended; resume it".into());
    }
    let wanted = planned.takeover_capacity()?;
    (wanted > found.max_size).then(|| {
        format!(
            "takeover_capacity is {wanted}, and its maximum size is {}; raise that",
            found.max_size
        )
    })
}

/// What stands in no way of a restart, and should be put right all the same. That a group cannot be seen is told elsewhere.
pub(in crate::services) async fn warnings(world: &impl Services, pass: &Pass) -> Vec<String> {
    let asked = all(&pass.run.plan).map(async |planned| {
        let Planned { region, group } = planned;
        let found = world.group(region, group.name()).await.ok()?;
        let why = warning(group, &found)?;
        Some(format!("{}: {why}", key(region, group.name())))
    });
    join_all(asked).await.into_iter().flatten().collect()
}

fn warning(planned: &AsgGroup, found: &Group) -> Option<String> {
    if planned.takeover_capacity().is_some() && found.min_size > 0 {
        return Some(format!(
            "its minimum size is {}, so that it cannot go back to none after a failback; lower that",
            found.min_size
        ));
    }
    (found.kept > 0).then(|| {
        format!(
            "{} of its instances are in standby or protected from scaling in, and no refresh replaces them",
            found.kept
        )
    })
}
