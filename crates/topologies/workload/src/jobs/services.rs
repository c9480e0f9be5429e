//! The plan's services in a Region: brought to none while the business is suspended, and given back what they had. What each had is kept
//! before the first is touched, in a row beside those of the resources, so that rerunning either is safe.

use failover::{
    Error,
    domain::Region,
    ledger::Former,
    plan::{AsgGroup, EcsService, Service},
    ports::Services,
};
use serde_json::Value;

use super::World;
use crate::{
    pass::{Pass, put},
    plan::WorkloadPlan,
    row::Kept,
};

mod back;
mod lights;
mod quiet;

pub(super) use back::{Back, anew, back, is_given, is_owed, left_over, note};
pub(super) use lights::{lights, lit_at, note_lit};
pub(super) use quiet::{observed, still_up};

/// Where the row keeps what each service had.
const FORMER: &str = "former";

/// What the rows of Regions' services begin with; no resource bears such a name.
const ROWS: &str = "@services/";

/// What the row of a Region's services goes by.
fn row_name(region: &Region) -> String {
    format!("{ROWS}{region}")
}

/// What each of a plan's services in a Region is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    /// The service, by its name alone: it stands at none.
    one: Former,
    /// What a pilot light has after its Region has taken over.
    takeover: Option<u32>,
}

fn named(plan: &WorkloadPlan, region: &Region) -> Vec<Named> {
    let services = plan.services.iter();
    let here = services.filter(|service| service.region() == region);
    here.flat_map(|service| match service {
        Service::Ecs(target) => {
            let all = target.services.iter();
            let named = all.map(|service| Named {
                one: Former::Ecs {
                    cluster: target.cluster.clone(),
                    service: service.name().to_owned(),
                    count: 0,
                },
                takeover: match service {
                    EcsService::PilotLight(light) => Some(light.takeover_count),
                    EcsService::Running(_) => None,
                },
            });
            named.collect::<Vec<_>>()
        }
        Service::Asg(target) => {
            let all = target.groups.iter();
            let named = all.map(|group| Named {
                one: Former::Asg {
                    group: group.name().to_owned(),
                    min_size: 0,
                    capacity: 0,
                },
                takeover: AsgGroup::takeover_capacity(group),
            });
            named.collect()
        }
    })
    .collect()
}

/// What a service has now, and how much of it still runs.
async fn now(world: &impl Services, region: &Region, one: &Former) -> Result<(Former, u32), Error> {
    match one {
        Former::Ecs {
            cluster, service, ..
        } => {
            let found = world.service(region, cluster, service).await?;
            if found.is_daemon {
                return Err(Error::NotReady(format!(
                    "it has one task on each instance of {cluster} and cannot be scaled; stop it by hand and take it out of services"
                )));
            }
            let has = Former::Ecs {
                cluster: cluster.clone(),
                service: service.clone(),
                count: found.desired_count,
            };
            Ok((has, found.running_count))
        }
        Former::Asg { group, .. } => {
            let found = world.group(region, group).await?;
            let has = Former::Asg {
                group: group.clone(),
                min_size: found.min_size,
                capacity: found.desired_capacity,
            };
            Ok((has, found.instances))
        }
    }
}

const fn wanted(one: &Former) -> u32 {
    match one {
        Former::Ecs { count, .. } => *count,
        Former::Asg { capacity, .. } => *capacity,
    }
}

/// Scales a service to what it had, which is nothing where it is to be stopped.
async fn scale(world: &impl Services, region: &Region, to: &Former) -> Result<(), Error> {
    match to {
        Former::Ecs {
            cluster,
            service,
            count,
        } => world.scale_service(region, cluster, service, *count).await,
        Former::Asg {
            group,
            min_size,
            capacity,
        } => {
            world
                .resize_group(region, group, *min_size, *capacity)
                .await
        }
    }
}

/// The same service at none.
fn at_none(one: &Former) -> Former {
    match one {
        Former::Ecs {
            cluster, service, ..
        } => Former::Ecs {
            cluster: cluster.clone(),
            service: service.clone(),
            count: 0,
        },
        Former::Asg { group, .. } => Former::Asg {
            group: group.clone(),
            min_size: 0,
            capacity: 0,
        },
    }
}

fn about(region: &Region, one: &Former, why: &Error) -> Error {
    why.reworded(format!("service {region}/{}: {why}", one.key()))
}

/// Every reason against stopping a Region's services, one sentence each.
pub(super) async fn reasons(
    world: &impl Services,
    plan: &WorkloadPlan,
    region: &Region,
) -> Result<Vec<String>, Error> {
    let mut reasons = Vec::new();
    for Named { one, .. } in named(plan, region) {
        match now(world, region, &one).await {
            Ok(_) => {}
            Err(why @ Error::Unavailable(_)) => return Err(about(region, &one, &why)),
            Err(why) => reasons.push(about(region, &one, &why).to_string()),
        }
    }
    Ok(reasons)
}

/// Brings a Region's services to none; `None` where each of them is, else what is waited for.
///
/// # Errors
/// `NotReady` for a service that cannot be scaled; `Unavailable`.
pub(super) async fn down<W: World>(
    world: &W,
    pass: &mut Pass,
    region: &Region,
) -> Result<Option<String>, Error> {
    let all = named(&pass.run.plan, region);
    if all.is_empty() {
        return Ok(None);
    }
    let mut row = pass.row(&row_name(region));
    if !row.kept.contains_key(FORMER) {
        let mut former = Vec::new();
        for Named { one, .. } in &all {
            let (has, _) = now(world, region, one)
                .await
                .map_err(|why| about(region, one, &why))?;
            former.extend((wanted(&has) > 0).then_some(has));
        }
        let kept = serde_json::to_value(&former).unwrap_or(Value::Null);
        row.keep(Kept::from_iter([(FORMER.to_owned(), kept)]));
        row.waits(pass.now, "what each service has is kept", None);
        if !put(world, &pass.run, &mut row).await? {
            return Ok(Some("another pass has written first".into()));
        }
        pass.rows.insert(row.resource.clone(), row);
    }
    let mut left = Vec::new();
    for Named { one, .. } in &all {
        let (has, running) = now(world, region, one)
            .await
            .map_err(|why| about(region, one, &why))?;
        if wanted(&has) > 0 {
            let scaled = scale(world, region, &at_none(one)).await;
            scaled.map_err(|why| about(region, one, &why))?;
            tracing::info!(%region, service = one.key(), "brought to none");
        }
        if wanted(&has) > 0 || running > 0 {
            left.push(one.key());
        }
    }
    Ok((!left.is_empty()).then(|| format!("{} still run(s) in {region}", left.join(", "))))
}
