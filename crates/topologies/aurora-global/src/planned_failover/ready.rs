//! Every reason against a switchover, all of them at once, found before anything is changed.

mod capacity;
mod quotas;

use std::time::Duration;

use futures::future::{join, join_all};

use crate::members::{BlueGreen, Members};
use failover::{
    Error,
    domain::Region,
    ledger::Run,
    pass::Pass,
    ports::{Functions, Ledger, Names, Objects, Parameters, People, Runtime, Secrets, Services},
    topologies::Topologies,
    topology::{Cluster, GlobalCluster},
};
use steps::{readiness, services};

/// How long a dry run looks at what concerns the day after, beside what stands against the move itself.
const LATER: Duration = Duration::from_secs(5);

pub(super) async fn reasons(
    world: &(
         impl Ledger
         + Runtime
         + Members
         + Topologies
         + Parameters
         + Functions
         + Names
         + Objects
         + Services
         + Secrets
         + People
     ),
    pass: &Pass,
    global: Option<&GlobalCluster>,
    target: Option<&Cluster>,
) -> Result<Vec<String>, Error> {
    let (run, plan) = (&pass.run, &pass.run.plan);
    let left = plan.members().get(&run.from);
    let left = left
        .map(|member| member.identifier.as_str())
        .unwrap_or_default();
    let (source, shared, deployments, rebuild) = futures::join!(
        world.cluster(&run.from, left),
        readiness::reasons(world, pass),
        deployments(world, pass),
        readiness::rebuild::reasons(world, pass),
    );
    let mut found = of_both(run, (global, target), source?.as_ref());
    found.extend(shared?);
    found.extend(deployments);
    found.extend(rebuild);
    Ok(found)
}

/// What stands in no way of a move and should be put right all the same. What concerns the day after is looked for in a dry run, as
/// the schedule makes it.
pub(super) async fn warnings(
    world: &(impl Functions + Ledger + Runtime + Members + Topologies + Objects + Services),
    pass: &Pass,
) -> Vec<String> {
    let run = &pass.run;
    let later = async {
        if !pass.dry_run {
            return Vec::new();
        }
        let looks = join(
            quotas::warnings(world, run),
            services::warnings(world, pass),
        );
        let found = world.within(LATER, looks).await;
        found.map_or_else(
            || vec!["quotas and images were not looked at: that took too long".to_owned()],
            |(quotas, images)| [quotas, images].concat(),
        )
    };
    let (shared, capacity, later) = futures::join!(
        readiness::warnings(world, pass),
        capacity::warnings(world, run),
        later,
    );
    [shared, capacity, later].concat()
}

/// What RDS says of the two clusters. One that is not there under the plan's name hides nothing of the other.
fn of_both(
    run: &Run,
    (global, target): (Option<&GlobalCluster>, Option<&Cluster>),
    source: Option<&Cluster>,
) -> Vec<String> {
    let unknown = |region: &Region| {
        let member = run.plan.members().get(region);
        let cluster = member.map_or("", |member| member.identifier.as_str());
        format!("RDS in {region} knows no cluster {cluster}; correct its name in the plan")
    };
    let mut found = Vec::new();
    match target {
        Some(target) => {
            found.extend(
                global
                    .into_iter()
                    .flat_map(|global| of_global(global, target)),
            );
            found.extend(of_cluster("target", &run.to, target));
        }
        None => found.push(unknown(&run.to)),
    }
    match source {
        Some(source) => {
            found.extend(of_cluster("writer's cluster", &run.from, source));
            found.extend(target.and_then(|target| versions(source, target)));
        }
        None => found.push(unknown(&run.from)),
    }
    found
}

fn of_global(global: &GlobalCluster, target: &Cluster) -> Vec<String> {
    let mut found = Vec::new();
    if global.status != "available" {
        found.push(format!(
            "global cluster {} is {}",
            global.identifier, global.status
        ));
    }
    let synchronization = global
        .member(&target.arn)
        .and_then(|member| member.synchronization.as_deref());
    if let Some(other) = synchronization.filter(|status| *status != "connected") {
        found.push(format!(
            "{} is {other}; wait until it is connected",
            target.identifier
        ));
    }
    found
}

fn of_cluster(what: &str, region: &Region, cluster: &Cluster) -> Vec<String> {
    let name = &cluster.identifier;
    let mut found = Vec::new();
    if cluster.status != "available" {
        found.push(format!(
            "the {what} {name} in {region} is {}",
            cluster.status
        ));
    }
    if cluster.instances.is_empty() {
        found.push(format!(
            "the {what} {name} in {region} has no instance; create one"
        ));
    }
    let busy = cluster
        .instances
        .iter()
        .filter(|instance| instance.status != "available");
    found.extend(busy.map(|instance| {
        format!(
            "instance {} in {region} is {}",
            instance.identifier, instance.status
        )
    }));
    found
}

/// Patch levels may differ only between versions that AWS lists, and some updates must reach every member first.
fn versions(source: &Cluster, target: &Cluster) -> Option<String> {
    (source.engine_version != target.engine_version).then(|| {
        format!(
            "{} runs {}, {} runs {}; bring both to the same version",
            source.identifier, source.engine_version, target.identifier, target.engine_version
        )
    })
}

/// RDS switches no global database over beside a blue/green deployment.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/blue-green-deployments-considerations.html>.
async fn deployments(world: &impl Members, pass: &Pass) -> Vec<String> {
    let plan = &pass.run.plan;
    let asked = [&pass.run.from, &pass.run.to].map(async |region| {
        let cluster = plan.members().get(region).map(|member| &member.identifier);
        match world.blue_green(region).await {
            Ok(found) => {
                let of_member = |one: &BlueGreen| {
                    let name = one.source.rsplit(':').next();
                    name.zip(cluster)
                        .is_some_and(|(name, cluster)| name.eq_ignore_ascii_case(cluster))
                };
                let found = found
                    .into_iter()
                    .filter(|one| of_member(one) && !is_over(one));
                found.map(|one| blocked(&one, region)).collect()
            }
            Err(why) => vec![format!("the blue/green deployments in {region}: {why}")],
        }
    });
    join_all(asked).await.concat()
}

fn is_over(one: &BlueGreen) -> bool {
    ["SWITCHOVER_COMPLETED", "DELETING"].contains(&one.status.as_str())
}

fn blocked(one: &BlueGreen, region: &Region) -> String {
    let cluster = one.source.rsplit(':').next().unwrap_or_default();
    format!(
        "{cluster} in {region} has the blue/green deployment {}, which is {}; switch it over or delete it first",
        one.name, one.status
    )
}

#[cfg(test)]
mod tests;
