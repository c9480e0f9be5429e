//! A plan and where its members are reached, as RDS shows it now or as it was known before.

use std::time::Duration;

use failover::{
    Error,
    domain::{PlanName, Region},
    ledger::{Endpoints, KeptPlan},
    pass::unknown,
    plan::Plan,
    ports::{Ledger, Parameters, Runtime},
    topologies::{Topologies, Topology},
    topology::Cluster,
};

/// The plan and the endpoints of every member that RDS shows within `limit`, over those known from before.
pub(super) async fn refresh(
    world: &impl Topologies,
    plan: Plan,
    before: Option<KeptPlan>,
    limit: Duration,
) -> KeptPlan {
    let mut addresses = before.map(|known| known.endpoints).unwrap_or_default();
    let reads = plan.members().iter().map(async |(region, member)| {
        let cluster = tokio::time::timeout(
            limit,
            world
                .topology(plan.kind())
                .cluster(world, region, &member.identifier),
        )
        .await;
        (region.clone(), cluster.ok().and_then(Result::ok).flatten())
    });
    for (region, cluster) in futures::future::join_all(reads).await {
        if let Some(cluster) = cluster {
            addresses.insert(region, endpoints(cluster));
        }
    }
    KeptPlan {
        plan,
        endpoints: addresses,
    }
}

/// The plan with the endpoints of one member, as RDS shows them now or as they were known: nobody else is asked, who may be
/// dead.
pub(super) async fn only(
    world: &(impl Ledger + Runtime + Topologies),
    plan: Plan,
    region: &Region,
) -> Result<KeptPlan, Error> {
    let member = plan.members().get(region);
    let cluster = member
        .map(|member| member.identifier.clone())
        .unwrap_or_default();
    let mut known = world.known(world.region(), &plan.plan).await?;
    match world
        .topology(plan.kind())
        .cluster(world, region, &cluster)
        .await
    {
        Ok(Some(cluster)) => {
            let mut addresses = known.map(|known| known.endpoints).unwrap_or_default();
            addresses.insert(region.clone(), endpoints(cluster));
            Ok(KeptPlan {
                plan,
                endpoints: addresses,
            })
        }
        Ok(None) => Err(Error::UnexpectedTopology(format!(
            "RDS in {region} knows no cluster {cluster:?}"
        ))),
        Err(why @ Error::Unavailable(_)) => known.take().ok_or(why),
        Err(why) => Err(why),
    }
}

fn endpoints(cluster: Cluster) -> Endpoints {
    Endpoints {
        writer: cluster.endpoint,
        reader: cluster.reader_endpoint,
        port: cluster.port,
    }
}

/// Reads one plan's document, or answers the one last read.
pub(super) async fn plan_or_last_read(
    world: &(impl Ledger + Runtime + Parameters),
    name: &PlanName,
) -> Result<Plan, Error> {
    match world.plan(name).await {
        Ok(document) => failover::plan::read_named(name, &document),
        Err(why @ Error::Unavailable(_)) => match world.known(world.region(), name).await? {
            Some(known) => Ok(known.plan),
            None => Err(why),
        },
        Err(Error::InvalidRequest(_)) => Err(unknown(world, name).await),
        Err(why) => Err(why),
    }
}
