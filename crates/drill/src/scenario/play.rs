//! Plays a scenario from the first process to the report.

use std::{path::Path, time::Duration};

use super::{Scenario, expect, measure, story};
use crate::{
    client::{self, Comparison},
    profile::{HOME, Profile, STANDBY, cluster},
    report::{CallCount, Findings, Report, Writes},
    runs::Runs,
    timeline::{Kind, Timeline, now_ms},
    world::{Trouble, World},
};

/// How long everything runs undisturbed before, and goes on after.
const CALM: Duration = Duration::from_secs(5);
/// The longest a run may take from the disturbance on.
const RUN: Duration = Duration::from_secs(100);
/// The longest the client may take to write on the new writer after the run has ended.
const WRITES_AGAIN: Duration = Duration::from_secs(20);

/// What was seen, for the checks.
pub(super) struct Outcome {
    /// What became of the client's writes.
    pub(super) writes: Writes,
    /// The client's record.
    pub(super) record: client::ClientRecord,
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
    let profile = Profile::new(scenario.strategy());
    let world = World::build(root, folder, profile, timeline.clone()).await?;
    let client = world.start_client().await?;
    world.first_beats().await?;
    tokio::time::sleep(CALM).await;
    let runs = Runs::watch(&world.emulator, &timeline);
    let story = story::tell(&world);
    let disturbed_ms = now_ms();
    let unreplicated = match scenario {
        Scenario::RegionLoss | Scenario::RegionLossManaged => {
            world.lose_region(HOME).await?;
            unreplicated(&world, &client.record()).await
        }
        Scenario::PathImpaired => {
            timeline.mark(
                Kind::Fault,
                STANDBY,
                format!("loses its road to the writer in {HOME}"),
                "road cut",
            );
            world.roads.cut(STANDBY, cluster(HOME))?;
            None
        }
    };
    let ended = runs.ended(RUN).await;
    let writer = match scenario {
        Scenario::RegionLoss | Scenario::RegionLossManaged => STANDBY,
        Scenario::PathImpaired => HOME,
    };
    if let Err(why) = &ended {
        timeline.say(Kind::Run, "the drill", format!("gives up waiting: {why}"));
    } else {
        let endpoint = world.endpoints[writer].writer.clone();
        let again = |progress: &client::Progress| {
            progress
                .last
                .as_ref()
                .is_some_and(|ack| ack.endpoint == endpoint)
        };
        if let Err(why) = client.wait_for(WRITES_AGAIN, again).await {
            timeline.say(
                Kind::Client,
                "client",
                format!("does not write in {writer}: {why}"),
            );
        }
        tokio::time::sleep(CALM).await;
    }
    drop(story);
    let record = client.stop().await;
    // A database that does not answer has none of the rows, and the checks say so.
    let comparison = match world.admin(writer).await {
        Ok(admin) => client::compare(&record, &admin).await?,
        Err(why) => {
            timeline.say(
                Kind::Verdict,
                "the drill",
                format!("cannot read the rows in {writer}: {why}"),
            );
            Comparison::default()
        }
    };
    let outcome = Outcome {
        writes: Writes::new(&record, Some(&comparison)),
        record,
        comparison,
        unreplicated,
        runs: runs.seen(),
        disturbed_ms,
    };
    let report = conclude(scenario, &world, outcome, &timeline).await?;
    drop(runs);
    world.end().await?;
    Ok(report)
}

async fn conclude(
    scenario: Scenario,
    world: &World,
    outcome: Outcome,
    timeline: &Timeline,
) -> Result<Report, Trouble> {
    let measured = measure::measure(world, &outcome).await;
    let checks = expect::checks(scenario, world, &outcome, &measured).await;
    for check in &checks {
        let verdict = if check.held {
            "as expected"
        } else {
            "NOT as expected"
        };
        timeline.say(
            Kind::Verdict,
            verdict,
            format!("— {}: {}", check.expected, check.found),
        );
    }
    Ok(Report::from(Findings {
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
    }))
}

/// Counts the acknowledged rows that the standby lacks right after the Region died: nothing more can arrive there.
async fn unreplicated(world: &World, record: &client::ClientRecord) -> Option<u64> {
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
