//! Every reason against a switchover, all of them at once, found before anything is changed.

use futures::future::join_all;

use jiff::Timestamp;

use super::{BlueGreen, Rotation, World};
use crate::{
    Error,
    beat::{Vantage, Write},
    domain::{Region, seconds_between},
    ledger::Run,
    notify::Notify,
    plan::Auth,
    steps::{Here, Pass, dns_flip, fence_writer::Rights},
    topology::{Cluster, GlobalCluster},
};

/// A switchover stops writes until the target has everything: more than this many seconds behind is too long.
const LAG_SECONDS_MAX: f64 = 30.0;
/// How old the probe's last news of replication may be, in seconds.
const READING_SECONDS_MAX: f64 = 60.0;

/// A secret that rotates sooner than this, in seconds, may do so in the middle.
const ROTATION_SECONDS_MIN: f64 = 900.0;

pub(super) async fn reasons(
    world: &impl World,
    pass: &Pass,
    global: Option<&GlobalCluster>,
    target: Option<&Cluster>,
) -> Result<Vec<String>, Error> {
    let (run, plan) = (&pass.run, &pass.run.plan);
    let left = plan.members.get(&run.from);
    let left = left
        .map(|member| member.cluster.as_str())
        .unwrap_or_default();
    let (source, switches, probe, revisions, names, services, rights, deployments, secrets, topic) = futures::join!(
        world.cluster(&run.from, left),
        world.switches(run.name()),
        world.ask_probe(run.name()),
        revisions(world, pass),
        names(world, pass),
        services(world, pass),
        world.ask_rights(&run.from, run.name()),
        deployments(world, pass),
        secrets(world, pass),
        topic(world, pass),
    );
    let mut found = of_both(run, (global, target), source?.as_ref());
    if let Err(why) = switches?.admit_planned(run.name()) {
        found.push(why.to_string());
    }
    found.extend(match probe {
        Ok(seen) => of_probe(pass, &seen.vantage, seen.readable),
        Err(why) => vec![format!("the probe in {} does not answer: {why}", run.to)],
    });
    found.extend(revisions);
    found.extend(names);
    found.extend(services);
    found.extend(match rights {
        Ok(rights) => of_rights(&run.from, &rights),
        Err(why) => vec![format!("the fence in {} cannot be tried: {why}", run.from)],
    });
    found.extend(deployments);
    found.extend(secrets);
    found.extend(topic);
    Ok(found)
}

/// What RDS says of the two clusters. One that is not there under the plan's name hides nothing of the other.
fn of_both(
    run: &Run,
    (global, target): (Option<&GlobalCluster>, Option<&Cluster>),
    source: Option<&Cluster>,
) -> Vec<String> {
    let unknown = |region: &Region| {
        let member = run.plan.members.get(region);
        let cluster = member.map_or("", |member| member.cluster.as_str());
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

/// Whoever is to be told must be there to be told.
async fn topic(world: &(impl Notify + Here), pass: &Pass) -> Option<String> {
    let here = world.region();
    let topic = pass.run.plan.notify.get(here)?;
    let why = world.topic(topic).await.err()?;
    Some(format!(
        "notify.{here} is {topic}, and nobody would be told there: {why}"
    ))
}

/// The plan must be right and the same everywhere, this Region's document included: whoever acts next reads one of them, and a
/// run goes by a copy that was right once.
async fn revisions(world: &impl World, pass: &Pass) -> Vec<String> {
    let plan = &pass.run.plan;
    let asked = plan.members.keys().map(async |region| {
        let read = world.plan_in(region, &plan.plan).await;
        let read = read.and_then(|text| crate::plan::read_named(&plan.plan, &text));
        match read {
            Ok(other) if other.revision == plan.revision => None,
            Ok(other) => Some(format!(
                "the plan's revision is {} in this pass and {} in the parameter of {region}; make them equal",
                plan.revision, other.revision
            )),
            Err(why) => Some(format!("the plan in {region}: {why}")),
        }
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// RDS switches no global database over beside a blue/green deployment.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/blue-green-deployments-considerations.html>.
async fn deployments(world: &impl World, pass: &Pass) -> Vec<String> {
    let plan = &pass.run.plan;
    let asked = [&pass.run.from, &pass.run.to].map(async |region| {
        let cluster = plan.members.get(region).map(|member| &member.cluster);
        match world.blue_green(region).await {
            Ok(found) => {
                let of_member = |one: &BlueGreen| {
                    let name = one.source.rsplit(':').next();
                    name.zip(cluster)
                        .is_some_and(|(name, cluster)| name.eq_ignore_ascii_case(cluster))
                };
                let found = found
                    .into_iter()
                    .filter(|one| of_member(one) && !one.is_over());
                found.map(|one| one.reason(region)).collect()
            }
            Err(why) => vec![format!("the blue/green deployments in {region}: {why}")],
        }
    });
    join_all(asked).await.concat()
}

impl BlueGreen {
    fn is_over(&self) -> bool {
        ["SWITCHOVER_COMPLETED", "DELETING"].contains(&self.status.as_str())
    }

    fn reason(&self, region: &Region) -> String {
        let cluster = self.source.rsplit(':').next().unwrap_or_default();
        format!(
            "{cluster} in {region} has the blue/green deployment {}, which is {}; switch it over or delete it first",
            self.name, self.status
        )
    }
}

/// The new writer's Region logs in with its own secrets: they must be there, and must not be changed by the old writer's Region
/// just then.
async fn secrets(world: &impl World, pass: &Pass) -> Vec<String> {
    let database = &pass.run.plan.database;
    let mut names = vec![&database.admin_secret];
    if let Auth::Secret { secret } = &database.probe.auth {
        names.push(secret);
    }
    let asked = names
        .into_iter()
        .map(async |name| match world.rotation(name).await {
            Ok(rotation) => rotation.reason(name, world.region(), pass.now),
            Err(why) => Some(format!("secret {name} in {}: {why}", world.region())),
        });
    join_all(asked).await.into_iter().flatten().collect()
}

impl Rotation {
    fn reason(&self, name: &str, here: &Region, now: Timestamp) -> Option<String> {
        let at = self.next_at?;
        let soon = seconds_between(now, at) <= ROTATION_SECONDS_MIN;
        soon.then(|| {
            format!(
                "secret {name} is rotated in {} at {at}; wait until that is over",
                self.primary_region.as_ref().unwrap_or(here)
            )
        })
    }
}

/// What FlipDns would be refused at, behind the point of no return.
async fn names(world: &impl World, pass: &Pass) -> Vec<String> {
    let refused = dns_flip::refusals(world, pass).await;
    refused.unwrap_or_else(|why| vec![format!("the plan's names: {why}")])
}

async fn services(world: &impl World, pass: &Pass) -> Vec<String> {
    let mut asked = Vec::new();
    for (region, targets) in &pass.run.plan.ecs {
        for target in targets {
            for service in &target.services {
                asked.push(async move {
                    let found = world.service(region, &target.cluster, service.name()).await;
                    let why = found.err()?;
                    Some(format!(
                        "{region}/{}/{}: {why}",
                        target.cluster,
                        service.name()
                    ))
                });
            }
        }
    }
    join_all(asked).await.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::{Row, Rows},
        steps::fake,
    };

    #[test]
    fn what_a_move_breaks_is_named_beside_what_keeps_the_fence_open() {
        let rights = Rights {
            refused: vec!["no right".into()],
            moves_break: vec!["the replication slot cdc stays behind".into()],
        };
        let found = of_rights(&"us-west-2".into(), &rights).join("; ");
        assert!(
            found.contains("no right") && found.contains("slot cdc"),
            "{found}"
        );
    }

    #[test]
    fn a_secret_that_rotates_soon_stands_in_the_way_and_names_where_it_does() {
        let now = Timestamp::from_second(10_000).unwrap();
        let rotation = |seconds: Option<i64>, primary: Option<&str>| Rotation {
            next_at: seconds.map(|seconds| Timestamp::from_second(10_000 + seconds).unwrap()),
            primary_region: primary.map(Region::from),
        };
        let reason = |rotation: Rotation| rotation.reason("orders/probe", &"us-east-1".into(), now);
        assert_eq!(reason(rotation(None, Some("us-west-2"))), None);
        assert_eq!(reason(rotation(Some(3_600), Some("us-west-2"))), None);
        for overdue_or_soon in [-60, 0, 899] {
            let why = reason(rotation(Some(overdue_or_soon), Some("us-west-2"))).unwrap();
            assert!(
                why.contains("orders/probe is rotated in us-west-2"),
                "{why}"
            );
        }
        assert!(
            reason(rotation(Some(0), None))
                .unwrap()
                .contains("us-east-1")
        );
    }

    #[test]
    fn a_cluster_that_is_misspelt_hides_no_other_reason() {
        let source = Cluster {
            identifier: "orders-west".into(),
            arn: "arn".into(),
            status: "modifying".into(),
            engine_version: "16.6".into(),
            endpoint: String::new(),
            reader_endpoint: String::new(),
            port: 5432,
            global_cluster: None,
            instances: Vec::new(),
        };
        let found = of_both(&fake::run(), (None, None), Some(&source)).join("; ");
        for part in [
            "RDS in us-east-1 knows no cluster orders-east",
            "orders-west in us-west-2 is modifying",
            "orders-west in us-west-2 has no instance",
        ] {
            assert!(found.contains(part), "{found} lacks {part}");
        }
    }

    #[tokio::test]
    async fn a_topic_that_is_not_there_stands_in_the_way_and_is_named() {
        let books = fake::Books::with(&Row::new("orders".into()));
        let of = |topic: Option<&str>| {
            let mut run = fake::run();
            let topic = topic.map(|topic| ("us-east-1".into(), topic.to_owned()));
            run.plan.notify = topic.into_iter().collect();
            Pass {
                run,
                rows: Rows(books.rows()),
                now: Timestamp::UNIX_EPOCH,
                dry_run: false,
            }
        };
        assert_eq!(topic(&books, &of(None)).await, None);
        let there = "arn:aws:sns:us-east-1:123456789012:orders-alerts";
        assert_eq!(topic(&books, &of(Some(there))).await, None);
        let wrong = "arn:aws:sns:us-east-1:210987654321:orders-alerts";
        let why = topic(&books, &of(Some(wrong))).await.unwrap();
        assert!(why.contains("notify.us-east-1 is arn:aws:sns"), "{why}");
        assert!(why.contains("does not exist"), "{why}");
    }

    #[test]
    fn a_blue_green_deployment_stands_in_the_way_until_it_is_over() {
        let of = |status: &str| BlueGreen {
            name: "orders-next".into(),
            source: "arn:aws:rds:us-west-2:123456789012:cluster:orders-west".into(),
            status: status.into(),
        };
        for status in [
            "PROVISIONING",
            "AVAILABLE",
            "SWITCHOVER_IN_PROGRESS",
            "SWITCHOVER_FAILED",
        ] {
            assert!(!of(status).is_over(), "{status}");
        }
        assert!(of("SWITCHOVER_COMPLETED").is_over() && of("DELETING").is_over());
        let why = of("AVAILABLE").reason(&"us-west-2".into());
        assert!(
            why.contains("orders-west in us-west-2") && why.contains("orders-next"),
            "{why}"
        );
    }
}
