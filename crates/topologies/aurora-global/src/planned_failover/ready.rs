//! Every reason against a switchover, all of them at once, found before anything is changed.

mod capacity;
mod later;
mod quotas;
mod witness;

use std::time::Duration;

use futures::future::{join, join_all};

use crate::members::{BlueGreen, Members};
use failover::{
    Error,
    beat::{Vantage, Write},
    domain::{Region, seconds_between},
    ledger::Run,
    pass::Pass,
    ports::{
        Confirmation, Functions, Ledger, Names, Objects, Parameters, People, Rights, Runtime,
        Secrets, Services,
    },
    topologies::Topologies,
    topology::{Cluster, GlobalCluster},
};
use steps::{dns_flip, services};

/// A switchover stops writes until the target has everything: more than this many seconds behind is too long.
const LAG_SECONDS_MAX: f64 = 30.0;
/// How old the probe's last news of replication may be, in seconds.
const READING_SECONDS_MAX: f64 = 60.0;

/// How long a dry run looks at what concerns the day after, beside what stands against the move itself.
const LATER: Duration = Duration::from_secs(5);

/// How often the probe looks before it counts that no beat of its had an answer: one that was lost is no reason against a move.
const LOOKS_MAX: u32 = 3;

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
    let (source, switches, probe, rights, deployments, later) = futures::join!(
        world.cluster(&run.from, left),
        world.switches(run.name()),
        fresh_look(pass.dry_run, || world.ask_probe(run.name(), pass.dry_run)),
        world.ask_rights(&run.from, run.name()),
        deployments(world, pass),
        later::reasons(world, pass),
    );
    let mut found = of_both(run, (global, target), source?.as_ref());
    if let Err(why) = switches?.admit_planned(run.name()) {
        found.push(why.to_string());
    }
    found.extend(match probe {
        Ok(seen) => [of_probe(pass, &seen.vantage, seen.readable), seen.blind].concat(),
        Err(why) => vec![format!("the probe in {} does not answer: {why}", run.to)],
    });
    found.extend(match rights {
        Ok(rights) => of_rights(&run.from, &rights),
        Err(why) => vec![format!("the fence in {} cannot be tried: {why}", run.from)],
    });
    found.extend(deployments);
    found.extend(later);
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
    let (witness, capacity, later, routes) = futures::join!(
        witness::warnings(world, run),
        capacity::warnings(world, run),
        later,
        dns_flip::warnings(world, pass),
    );
    [witness, capacity, later, routes].concat()
}

/// A look of this Region's probe, and another one where the writer gave no answer. A dry run sees the one that is on record.
async fn fresh_look(
    dry_run: bool,
    ask: impl AsyncFn() -> Result<Confirmation, Error>,
) -> Result<Confirmation, Error> {
    let is_lost = |seen: &Confirmation| matches!(seen.vantage.write, Write::Failed { .. });
    let mut seen = ask().await?;
    for _ in 1..LOOKS_MAX {
        if dry_run || !is_lost(&seen) {
            break;
        }
        seen = ask().await?;
    }
    Ok(seen)
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

/// That the probe writes from here shows that road, login and secrets serve; its reading shows the lag.
fn of_probe(pass: &Pass, vantage: &Vantage, readable: bool) -> Vec<String> {
    let mut found = Vec::new();
    let to = &pass.run.to;
    let Write::Committed { beat } = &vantage.write else {
        found.push(format!(
            "the probe in {to} commits no beat on the writer: {}",
            vantage.write
        ));
        return found;
    };
    let Some(reading) = vantage.reading.as_ref().filter(|_| readable) else {
        found.push(format!(
            "the reader in {to} cannot be read, so its lag is unknown"
        ));
        return found;
    };
    let held = reading.beats.values().map(|beat| beat.at).max();
    let lag = held.map(|held| seconds_between(held, beat.at));
    if lag.is_none_or(|lag| lag > LAG_SECONDS_MAX) {
        let lag = lag.map_or("an unknown time".to_owned(), |lag| format!("{lag:.0} s"));
        found.push(format!(
            "the target is {lag} behind, {LAG_SECONDS_MAX:.0} s are allowed: writes would stop that long"
        ));
    }
    let age = vantage
        .moved_at
        .map(|moved| seconds_between(moved, vantage.at));
    if age.is_none_or(|age| age > READING_SECONDS_MAX) {
        found.push("replication to the target has not moved for a minute".into());
    }
    found
}

/// A writer that could not be fenced one day is better put right while it is well.
fn of_rights(region: &Region, rights: &Rights) -> Vec<String> {
    let refused = rights.refused.iter();
    let refused = refused.map(|why| format!("the writer in {region} could not be fenced: {why}"));
    let breaks = rights.moves_break.iter();
    refused
        .chain(breaks.map(|why| format!("in {region} {why}")))
        .collect()
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
