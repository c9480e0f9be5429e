//! Reading the services of the plan.

use futures::future::join_all;

use super::{Now, Seen, key};
use crate::services::counted_on;
use failover::{
    Error,
    domain::Region,
    ledger::Former,
    pass::Pass,
    plan::{EcsService, Plan},
    ports::Services,
};

/// A service of the plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned<'a> {
    pub(super) region: &'a Region,
    pub(super) cluster: &'a str,
    pub(super) service: &'a EcsService,
}

/// The plan's services.
pub(super) fn all(plan: &Plan) -> impl Iterator<Item = Planned<'_>> {
    plan.ecs().flat_map(|target| {
        target.services.iter().map(|service| Planned {
            region: &target.region,
            cluster: &target.cluster,
            service,
        })
    })
}

/// The plan's services in a Region.
pub(super) fn planned<'a>(
    plan: &'a Plan,
    region: &'a Region,
) -> impl Iterator<Item = Planned<'a>> + use<'a> {
    all(plan).filter(move |planned| planned.region == region)
}

/// Looks at every service in the Regions that the run counts on, the new writer's first.
pub(in crate::services) async fn observe(world: &impl Services, pass: &Pass) -> Vec<Seen> {
    let services = counted_on(pass).flat_map(|region| planned(&pass.run.plan, region));
    join_all(services.map(|planned| read(world, pass, planned))).await
}

async fn read(world: &impl Services, pass: &Pass, planned: Planned<'_>) -> Seen {
    let Planned {
        region,
        cluster,
        service,
    } = planned;
    let now = match world.service(region, cluster, service.name()).await {
        Ok(service) => Now::Service(service),
        Err(Error::Unavailable(why)) => Now::Silent(why),
        Err(why) => Now::Refused(why.to_string()),
    };
    let key = key(region, cluster, service.name());
    Seen {
        region: region.clone(),
        cluster: cluster.to_owned(),
        service: service.name().to_owned(),
        takeover_count: takeover_count(pass, planned),
        restart: pass.run.restarts.get(&key).cloned(),
        now,
    }
}

/// The tasks that a service is scaled up to when it stands at none, where its Region takes over: what the plan says of a pilot light, and
/// else what it had before a stop brought it down.
fn takeover_count(pass: &Pass, planned: Planned<'_>) -> Option<u32> {
    if *planned.region != pass.run.to {
        return None;
    }
    match planned.service {
        EcsService::PilotLight(light) => Some(light.takeover_count),
        EcsService::Running(name) => {
            let key = format!("{}/{name}", planned.cluster);
            match pass.rows.0.get(planned.region)?.former(&key)? {
                Former::Ecs { count, .. } => Some(*count),
                Former::Asg { .. } => None,
            }
        }
    }
}

/// What a restart would be refused at each of the plan's services.
pub(in crate::services) async fn refusals(world: &impl Services, pass: &Pass) -> Vec<String> {
    let asked = all(&pass.run.plan).map(async |planned| {
        let (region, cluster, name) = (planned.region, planned.cluster, planned.service.name());
        let why = world.service(region, cluster, name).await.err()?;
        Some(format!("{}: {why}", key(region, cluster, name)))
    });
    join_all(asked).await.into_iter().flatten().collect()
}
