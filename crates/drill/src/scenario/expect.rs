//! What must come out of a scenario, each expectation a sentence.

use failover::{
    evidence::Verdict,
    ledger::{Ledger, Outcome as RunOutcome, Row},
    plan::Strategy,
};

use super::{Scenario, measure::Measured, play::Outcome};
use crate::{
    profile::{GLOBAL_CLUSTER, HOME, PLAN, STANDBY, WRITER_NAME},
    report::Check,
    world::World,
};

/// Operations that change something a stand-down must leave alone.
const CHANGES: [&str; 6] = [
    "FailoverGlobalCluster",
    "SwitchoverGlobalCluster",
    "RemoveFromGlobalCluster",
    "ModifyDBCluster",
    "ChangeResourceRecordSets",
    "UpdateService",
];

pub(super) async fn checks(
    scenario: Scenario,
    world: &World,
    outcome: &Outcome,
    measured: &Measured,
) -> Vec<Check> {
    let row = world.ledger().row(&STANDBY.into(), &PLAN.into()).await.ok();
    let mut checks = rows(outcome);
    match scenario {
        Scenario::RegionLoss | Scenario::RegionLossManaged => {
            checks.extend(recovered(scenario, outcome, measured));
            checks.extend(moved(world, row.as_ref()).await);
            checks.push(members(scenario, world).await);
            checks.push(services(measured));
            checks.extend(writes_go_on(world, outcome));
        }
        Scenario::PathImpaired => {
            checks.extend(untouched(world, outcome, measured, row.as_ref()).await)
        }
    }
    checks.push(no_secret_was_told(world));
    checks
}

/// No row is duplicated or made up, and none is lost that could have been kept.
fn rows(outcome: &Outcome) -> Vec<Check> {
    let comparison = &outcome.comparison;
    let (lost, bound) = (
        comparison.lost.len(),
        outcome.unreplicated.unwrap_or_default(),
    );
    let found = format!(
        "{lost} lost of {} acknowledged, {bound} unreplicated",
        comparison.acknowledged
    );
    let kept = comparison.acknowledged > 0 && u64::try_from(lost).is_ok_and(|lost| lost <= bound);
    let duplicated = comparison.duplicated.len() + comparison.unexpected.len();
    vec![
        Check::new(
            "no acknowledged row is lost that had reached the standby",
            found,
            kept,
        ),
        Check::new(
            "no row is duplicated or made up",
            format!("{duplicated} are"),
            duplicated == 0,
        ),
    ]
}

fn recovered(scenario: Scenario, outcome: &Outcome, measured: &Measured) -> Vec<Check> {
    let run = measured.run.as_ref();
    let verdict = run.and_then(|run| Some(run.confirmed.as_ref()?.verdict));
    let strategy = run.and_then(|run| Some(run.strategy.as_ref()?.strategy));
    let wanted = if scenario == Scenario::RegionLoss {
        Strategy::Detach
    } else {
        Strategy::Managed
    };
    let closed = run.and_then(|run| run.closed.as_ref());
    let succeeded = outcome
        .runs
        .iter()
        .filter(|run| run.outcome.as_deref() == Some("succeeded"))
        .count();
    let ended = closed.map_or("no run closed".to_owned(), |closed| {
        format!("{:?} {:?}", closed.outcome, closed.left)
    });
    vec![
        Check::new(
            "the outage is confirmed as region_down",
            format!("{verdict:?}"),
            verdict == Some(Verdict::RegionDown),
        ),
        Check::new(
            format!("the standby is promoted by {wanted:?}"),
            format!("{strategy:?}"),
            strategy == Some(wanted),
        ),
        Check::new(
            "exactly one run succeeds",
            format!("{succeeded} of {}", outcome.runs.len()),
            succeeded == 1,
        ),
        Check::new(
            "the run closes with nothing left to do",
            ended,
            closed.is_some_and(|closed| {
                closed.outcome == RunOutcome::Succeeded && closed.left.is_empty()
            }),
        ),
        Check::new(
            "RTO and RPO are measured",
            format!(
                "RTO {:?} s, lost beats {:?}",
                measured.rto.seconds, measured.rpo.lost_beats
            ),
            measured.rto.seconds.is_some() && measured.rpo.lost_beats.is_some(),
        ),
    ]
}

/// The ledger, the database and DNS agree on the new writer and its epoch.
async fn moved(world: &World, row: Option<&Row>) -> Vec<Check> {
    let current = row.and_then(|row| row.current.as_ref());
    let in_ledger = current.map(|current| (current.writer.as_str(), current.epoch.0));
    let in_database = database_epoch(world, STANDBY).await;
    let records = records(world).await;
    let epoch = current.map(|current| current.epoch.0).unwrap_or_default();
    let endpoint = &world.endpoints[STANDBY].writer;
    let led = records
        .iter()
        .any(|(name, values)| name == WRITER_NAME && values == &[endpoint.clone()]);
    let text = format!("\"{epoch}\"");
    let told = records.iter().any(|(name, values)| {
        name.ends_with(&format!(".{WRITER_NAME}")) && values == &[text.clone()]
    });
    vec![
        Check::new(
            format!("the ledger names {STANDBY} as the writer of epoch 2"),
            format!("{in_ledger:?}"),
            in_ledger == Some((STANDBY, 2)),
        ),
        Check::new(
            "the database holds the same epoch",
            format!("{in_database:?}"),
            in_database == Some(2),
        ),
        Check::new(
            format!("{WRITER_NAME} leads to the new writer, with its epoch"),
            format!("{records:?}"),
            led && told,
        ),
    ]
}

async fn database_epoch(world: &World, region: &str) -> Option<i64> {
    let admin = world.admin(region).await.ok()?;
    admin
        .query_one("SELECT epoch FROM aurora_failover.epoch", &[])
        .await
        .ok()?
        .try_get(0)
        .ok()
}

/// Every record of the zone but its own: name and values.
async fn records(world: &World) -> Vec<(String, Vec<String>)> {
    let route53 = aws_sdk_route53::Client::new(&world.emulator.sdk_config("us-east-1"));
    let answer = route53
        .list_resource_record_sets()
        .hosted_zone_id(&world.zone_id)
        .send()
        .await;
    let sets = answer
        .map(|answer| answer.resource_record_sets)
        .unwrap_or_default();
    sets.into_iter()
        .filter(|set| matches!(set.r#type.as_str(), "CNAME" | "TXT"))
        .map(|set| {
            let values = set
                .resource_records
                .unwrap_or_default()
                .into_iter()
                .map(|record| record.value)
                .collect();
            (set.name.trim_end_matches('.').to_owned(), values)
        })
        .collect()
}

/// After a detach the standby is alone; after a managed failover the global cluster keeps both members.
async fn members(scenario: Scenario, world: &World) -> Check {
    let config = world.emulator.sdk_config(STANDBY).into_builder();
    let rds = aws_sdk_rds::Client::new(
        &config
            .endpoint_url(format!("http://{}", world.simulator.address()))
            .build(),
    );
    let answer = rds
        .describe_global_clusters()
        .global_cluster_identifier(GLOBAL_CLUSTER)
        .send()
        .await;
    let global = answer
        .ok()
        .and_then(|answer| answer.global_clusters?.into_iter().next());
    let members = global.and_then(|global| global.global_cluster_members);
    let seen: Option<Vec<_>> = members.map(|members| {
        members
            .iter()
            .map(|member| {
                (
                    member.db_cluster_arn.clone().unwrap_or_default(),
                    member.is_writer,
                )
            })
            .collect()
    });
    let is_new_writer = |arn: &str| arn.contains(":cluster:orders-east");
    let (expected, held) = if scenario == Scenario::RegionLoss {
        let held = seen.iter().flatten().all(|(arn, _)| !is_new_writer(arn));
        ("the new writer has left the old global cluster", held)
    } else {
        let both = seen.as_ref().is_some_and(|seen| seen.len() == 2);
        let leads = seen
            .iter()
            .flatten()
            .all(|(arn, writes)| is_new_writer(arn) == (*writes == Some(true)));
        (
            "the global cluster keeps both members, the new writer leading",
            both && leads,
        )
    };
    Check::new(expected, format!("{seen:?}"), held)
}

fn services(measured: &Measured) -> Check {
    use failover::ledger::Restart;
    let restarts = measured.run.as_ref().map(|run| &run.restarts);
    let all = restarts.is_some_and(|restarts| {
        let all_deployed = restarts
            .values()
            .all(|restart| matches!(restart, Restart::Deployment { .. }));
        restarts.len() == 2 && all_deployed && restarts.keys().all(|key| key.starts_with(STANDBY))
    });
    let found = restarts.map(|restarts| restarts.keys().cloned().collect::<Vec<_>>());
    Check::new(
        format!("both services in {STANDBY} are restarted"),
        format!("{found:?}"),
        all,
    )
}

fn writes_go_on(world: &World, outcome: &Outcome) -> Vec<Check> {
    let endpoint = &world.endpoints[STANDBY].writer;
    let there = outcome
        .record
        .acknowledged
        .iter()
        .filter(|ack| ack.endpoint == *endpoint)
        .count();
    let outage = outcome.writes.outage_seconds;
    vec![
        Check::new(
            "the client writes on the new writer",
            format!("{there} rows acknowledged there"),
            there > 0,
        ),
        Check::new(
            "the outage begins with the disturbance and ends",
            format!("{outage:?} s"),
            outage.is_some_and(|seconds| seconds > 0.0),
        ),
    ]
}

/// The writer was suspected and found alive, and nothing changed.
async fn untouched(
    world: &World,
    outcome: &Outcome,
    measured: &Measured,
    row: Option<&Row>,
) -> Vec<Check> {
    let verdict = measured
        .run
        .as_ref()
        .and_then(|run| Some(run.confirmed.as_ref()?.verdict));
    let outcomes: Vec<_> = outcome
        .runs
        .iter()
        .map(|run| run.outcome.as_deref())
        .collect();
    let stood_down = !outcomes.is_empty()
        && outcomes
            .iter()
            .all(|outcome| *outcome == Some("stood_down"));
    let calls = world.front_door.calls();
    let disturbed = |at_ms: u64| i64::try_from(at_ms).is_ok_and(|at| at >= outcome.disturbed_ms);
    let suspected = calls
        .iter()
        .any(|call| disturbed(call.at_ms) && super::story::is_suspicion(call));
    let changes: Vec<_> = calls
        .iter()
        .filter(|call| CHANGES.contains(&call.operation.as_str()))
        .map(|call| &call.operation)
        .collect();
    let current = row
        .and_then(|row| row.current.as_ref())
        .map(|current| (current.writer.as_str(), current.epoch.0));
    let is_free = row.is_some_and(|row| row.lease.is_none() && row.intent.is_none());
    let records = records(world).await;
    let led = records.iter().any(|(name, values)| {
        name == WRITER_NAME && values == &[world.endpoints[HOME].writer.clone()]
    });
    let outages = &outcome.writes.outages;
    vec![
        Check::new(
            "the standby's probe suspects the writer",
            format!("{suspected}"),
            suspected,
        ),
        Check::new(
            "the verdict is path_impaired",
            format!("{verdict:?}"),
            verdict == Some(Verdict::PathImpaired),
        ),
        Check::new("every run stands down", format!("{outcomes:?}"), stood_down),
        Check::new(
            "no function changes anything",
            format!("{changes:?}"),
            changes.is_empty(),
        ),
        Check::new(
            "the writer, its epoch and its name are what they were",
            format!("{current:?}, {records:?}"),
            current == Some((HOME, 1)) && led,
        ),
        Check::new(
            "no lease and no intent is left",
            format!("{is_free}"),
            is_free,
        ),
        Check::new(
            "writes never stop",
            format!("{} outages of more than a second", outages.len()),
            outages.is_empty(),
        ),
    ]
}

/// No password of the drill stands in any log of the functions or in the timeline.
fn no_secret_was_told(world: &World) -> Check {
    let found = world.secrets_told();
    let text = if found.is_empty() {
        "nowhere".to_owned()
    } else {
        found.join(", ")
    };
    Check::new(
        "no secret stands in a log, a history or the timeline",
        text,
        found.is_empty(),
    )
}
