//! Plays a scenario from the first process to the report.

use std::{path::Path, time::Duration};

use super::{Scenario, expect, measure, story};
use crate::{
    client::{self, Client, ClientRecord, Comparison},
    profile::{HOME, STANDBY, cluster},
    report::{CallCount, Findings, Report, Writes},
    runs::Runs,
    timeline::{Kind, Timeline, now_ms},
    world::{Trouble, World},
};

/// How long everything runs undisturbed before, and goes on after.
const CALM: Duration = Duration::from_secs(5);
/// How far replication falls behind before the Region dies, where it does.
const LAG: Duration = Duration::from_secs(3);
/// The longest a run may take from the disturbance on.
const RUN: Duration = Duration::from_secs(100);
/// The longest the client may take to write on the new writer after the run has ended.
const WRITES_AGAIN: Duration = Duration::from_secs(20);

/// What was seen, for the checks.
pub(super) struct Outcome {
    /// What became of the client's writes.
    pub(super) writes: Writes,
    /// The client's record.
    pub(super) record: ClientRecord,
    /// How it compares with what the database holds.
    pub(super) comparison: Comparison,
    /// Acknowledged rows that had not reached the standby when the Region died.
    pub(super) unreplicated: Option<u64>,
    /// The executions.
    pub(super) runs: Vec<crate::report::Run>,
    /// When the disturbance began, in milliseconds of Unix time.
    pub(super) disturbed_ms: i64,
}

pub(super) async fn play(
    scenario: Scenario,
    root: &Path,
    folder: &Path,
    timeline: Timeline,
) -> Result<Report, Trouble> {
    let world = World::build(root, folder, scenario.profile(), timeline.clone()).await?;
    let client = world.start_client().await?;
    world.first_beats().await?;
    tokio::time::sleep(CALM).await;
    let runs = Runs::watch(&world.emulator, &timeline);
    let story = story::tell(&world);
    let (disturbed_ms, unreplicated) = disturb(scenario, &world, &client).await?;
    settle(scenario, &world, &client, &runs).await;
    drop(story);
    let record = client.stop().await;
    let comparison = compared(scenario, &world, &record).await?;
    let outcome = Outcome {
        writes: Writes::new(&record, Some(&comparison)),
        record,
        comparison,
        unreplicated,
        runs: runs.seen(),
        disturbed_ms,
    };
    let report = conclude(scenario, &world, outcome).await;
    drop(runs);
    world.end().await?;
    Ok(report)
}

/// Loses or breaks what the scenario is about; answers when, and how many rows had not reached the standby.
async fn disturb(
    scenario: Scenario,
    world: &World,
    client: &Client,
) -> Result<(i64, Option<u64>), Trouble> {
    let timeline = &world.timeline;
    match scenario {
        Scenario::RegionLoss | Scenario::RegionLossManaged => {
            if scenario.replication_lags() {
                timeline.say(
                    Kind::Setup,
                    STANDBY,
                    "falls behind: replication to it stops",
                );
                world.simulator.cut_replication(STANDBY).await;
                tokio::time::sleep(LAG).await;
            }
            let disturbed_ms = now_ms();
            world.lose_region(HOME).await?;
            Ok((disturbed_ms, unreplicated(world, &client.record()).await))
        }
        Scenario::PathImpaired => {
            let text = format!("loses its road to the writer in {HOME}");
            timeline.mark(Kind::Fault, STANDBY, text, "road cut");
            let disturbed_ms = now_ms();
            world.roads.cut(STANDBY, cluster(HOME))?;
            Ok((disturbed_ms, None))
        }
    }
}

/// The Region that has the writer when all is over.
const fn writer(scenario: Scenario) -> &'static str {
    match scenario {
        Scenario::RegionLoss | Scenario::RegionLossManaged => STANDBY,
        Scenario::PathImpaired => HOME,
    }
}

/// Waits until the runs have ended and the client writes, and a little longer. What does not come is told.
async fn settle(scenario: Scenario, world: &World, client: &Client, runs: &Runs) {
    if let Err(why) = runs.ended(RUN).await {
        let text = format!("gives up waiting: {why}");
        world.timeline.say(Kind::Run, "the drill", text);
        return;
    }
    let endpoint = &world.endpoints[writer(scenario)].writer;
    let there = |ack: &client::Ack| ack.endpoint == *endpoint;
    let again = |progress: &client::Progress| progress.last.as_ref().is_some_and(there);
    if let Err(why) = client.wait_for(WRITES_AGAIN, again).await {
        let text = format!("does not write in {}: {why}", writer(scenario));
        world.timeline.say(Kind::Client, "the application", text);
    }
    tokio::time::sleep(CALM).await;
}

/// Holds the client's record against the writer's rows. A database that does not answer has none, and the checks say so.
async fn compared(
    scenario: Scenario,
    world: &World,
    record: &ClientRecord,
) -> Result<Comparison, Trouble> {
    match world.admin(writer(scenario)).await {
        Ok(admin) => Ok(client::compare(record, &admin).await?),
        Err(why) => {
            let text = format!("cannot read the rows in {}: {why}", writer(scenario));
            world.timeline.say(Kind::Verdict, "the drill", text);
            Ok(Comparison::default())
        }
    }
}

async fn conclude(scenario: Scenario, world: &World, outcome: Outcome) -> Report {
    let timeline = &world.timeline;
    let measured = measure::measure(world, &outcome).await;
    let checks = expect::checks(scenario, world, &outcome, &measured).await;
    let held = checks.iter().filter(|check| check.held).count();
    let text = format!("found {held} of {} things as expected", checks.len());
    timeline.say(Kind::Verdict, "the drill", text);
    Report::from(Findings {
        scenario: scenario.name().into(),
        story: scenario.story().into(),
        started_at_ms: timeline.started_at_ms(),
        finished_at_ms: now_ms(),
        profile: world.profile.report(),
        writes: outcome.writes,
        rpo: measured.rpo,
        rto: measured.rto,
        runs: outcome.runs,
        calls: CallCount::tally(world.front_door.calls()),
        events: timeline.events(),
        checks,
    })
}

/// Counts the acknowledged rows that the standby lacks right after the Region died: nothing more can arrive there.
async fn unreplicated(world: &World, record: &ClientRecord) -> Option<u64> {
    let standby = world.admin(STANDBY).await.ok()?;
    let comparison = client::compare(record, &standby).await.ok()?;
    let lost = u64::try_from(comparison.lost.len()).ok()?;
    world.timeline.say(
        Kind::Fault,
        STANDBY,
        format!(
            "lacks {lost} of {} acknowledged rows as the Region dies",
            comparison.acknowledged
        ),
    );
    Some(lost)
}
