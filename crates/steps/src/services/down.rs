//! Services of the Region that a planned move leaves: what they have, how they are brought to none, and how they are given it back.

use futures::future::join_all;

use failover::{
    Error,
    domain::Region,
    ledger::Former,
    plan::Plan,
    ports::{Group, Services},
};

/// What became of a service that was to be given back what it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Up {
    /// It was given it.
    GivenBack,
    /// It has what it had, by whoever did that.
    Has,
    /// It is left as it is: somebody has given it something else meanwhile, or has taken it away.
    Left(String),
}

/// What each of the plan's services in a Region has, those that stand at none left out, and every one that cannot be read.
pub async fn standing(
    world: &impl Services,
    plan: &Plan,
    region: &Region,
) -> (Vec<Former>, Vec<Error>) {
    let read = all(plan, region).map(async |named| {
        let read = now(world, region, &named).await;
        read.map_err(|why| why.reworded(format!("{region}/{}: {why}", named.key())))
    });
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for read in join_all(read).await {
        match read {
            Ok(former) if stands_at_none(&former) => {}
            Ok(former) => found.push(former),
            Err(why) => unread.push(why),
        }
    }
    (found, unread)
}

/// The plan's services in a Region, by their names alone.
fn all(plan: &Plan, region: &Region) -> impl Iterator<Item = Former> {
    let targets = plan.ecs().filter(move |target| target.region == *region);
    let services = targets.flat_map(|target| {
        let services = target.services.iter();
        services.map(|service| Former::Ecs {
            cluster: target.cluster.clone(),
            service: service.name().to_owned(),
            count: 0,
        })
    });
    let targets = plan.asg().filter(move |target| target.region == *region);
    let groups = targets.flat_map(|target| {
        target.groups.iter().map(|group| Former::Asg {
            group: group.name().to_owned(),
            min_size: 0,
            capacity: 0,
        })
    });
    services.chain(groups)
}

/// The same service as it is now.
async fn now(world: &impl Services, region: &Region, named: &Former) -> Result<Former, Error> {
    Ok(match named {
        Former::Ecs {
            cluster, service, ..
        } => {
            let found = world.service(region, cluster, service).await?;
            if found.is_daemon {
                return Err(Error::NotReady(
                    "a service of the strategy DAEMON cannot be brought to none; take it out of the plan's services, or stop_services out of \
                     its topology"
                        .to_owned(),
                ));
            }
            Former::Ecs {
                cluster: cluster.clone(),
                service: service.clone(),
                count: found.desired_count,
            }
        }
        Former::Asg { group, .. } => {
            let found = world.group(region, group).await?;
            let Group {
                min_size,
                desired_capacity,
                ..
            } = found;
            Former::Asg {
                group: group.clone(),
                min_size,
                capacity: desired_capacity,
            }
        }
    })
}

/// Whether it is to have nothing. A group is never to have less than its minimum.
const fn stands_at_none(one: &Former) -> bool {
    match one {
        Former::Ecs { count, .. } => *count == 0,
        Former::Asg { capacity, .. } => *capacity == 0,
    }
}

/// Brings one to none.
///
/// # Errors
/// Why that is refused, or was not seen to be taken.
pub async fn bring_down(
    world: &impl Services,
    region: &Region,
    former: &Former,
) -> Result<(), Error> {
    let asked = match former {
        Former::Ecs {
            cluster, service, ..
        } => world.scale_service(region, cluster, service, 0).await,
        Former::Asg { group, .. } => world.resize_group(region, group, 0, 0).await,
    };
    asked.map_err(|why| why.reworded(format!("{region}/{}: {why}", former.key())))
}

/// Gives one back what it had, where it stands at none: whoever scaled it meanwhile has said how much it is to have, and no more than its
/// minimum is given back to a group. One that cannot be read is let go only where the plan names it no more: no error tells for sure that
/// it is gone.
///
/// # Errors
/// Why it does not have it again, with a command that gives it back.
pub async fn bring_up(
    world: &impl Services,
    region: &Region,
    (former, is_named): (&Former, bool),
) -> Result<Up, Error> {
    let refused = |why| by_hand(region, former, &why);
    match now(world, region, former).await {
        Ok(found) if found == *former => return Ok(Up::Has),
        Ok(Former::Asg {
            group,
            min_size: 0,
            capacity: capacity @ 1..,
        }) if least(former) > 0 => {
            let least = least(former);
            let asked = world.resize_group(region, &group, least, capacity.max(least));
            return asked.await.map(|()| Up::GivenBack).map_err(refused);
        }
        Ok(found) if !stands_at_none(&found) => {
            return Ok(Up::Left(format!(
                "{} was scaled meanwhile, and stays as it is",
                found.said()
            )));
        }
        Ok(_) => {}
        Err(Error::NotReady(why)) if !is_named => {
            let named = former.key();
            return Ok(Up::Left(format!(
                "{named} is let go, which the plan names no more ({why})"
            )));
        }
        Err(why) => return Err(refused(why)),
    }
    let asked = match former {
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
    };
    asked.map(|()| Up::GivenBack).map_err(refused)
}

/// The least that a group could be given before.
const fn least(former: &Former) -> u32 {
    match former {
        Former::Ecs { .. } => 0,
        Former::Asg { min_size, .. } => *min_size,
    }
}

/// Whether a plan names a service of a Region.
#[must_use]
pub fn names(plan: &Plan, region: &Region, former: &Former) -> bool {
    all(plan, region).any(|named| named.key() == former.key())
}

/// Why one does not have again what it had, with what gives it back.
#[must_use]
pub fn by_hand(region: &Region, former: &Former, why: &Error) -> Error {
    why.reworded(format!(
        "{region}/{} is not given back ({why}); type: {}",
        former.said(),
        command(region, former)
    ))
}

/// What gives it back by hand.
#[must_use]
pub fn command(region: &Region, former: &Former) -> String {
    match former {
        Former::Ecs {
            cluster,
            service,
            count,
        } => format!(
            "aws ecs update-service --region {region} --cluster {cluster} --service {service} --desired-count {count}"
        ),
        Former::Asg {
            group,
            min_size,
            capacity,
        } => format!(
            "aws autoscaling update-auto-scaling-group --region {region} --auto-scaling-group-name {group} --min-size {min_size} \
             --desired-capacity {capacity}"
        ),
    }
}

#[cfg(test)]
mod tests;
