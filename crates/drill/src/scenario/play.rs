//! Plays a scenario on what is deployed: builds a world, disturbs it, waits, judges.

use std::{path::Path, time::Duration};

use super::{Ends, Scenario, drill::Drill, judge, measure, outcome::Outcome, suspicions};
use crate::{
    client::{self, ClientRecord, Comparison},
    report::{CallCount, Confirmed, Findings, Report, Writes},
    runs::Runs,
    timeline::{Kind, Timeline, now_ms},
    world::{Deployed, Trouble, World},
};

/// How long everything runs undisturbed before, and goes on after.
const UNDISTURBED: Duration = Duration::from_secs(3);
/// How long a Region's databases may take to start when it has come back.
const STARTING: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(200);

/// Plays a scenario in `folder`, which is its own.
pub(super) async fn play(
    scenario: &Scenario,
    deployed: &Deployed,
    folder: &Path,
    timeline: Timeline,
) -> Result<Report, Trouble> {
    let world = World::build(deployed, folder, scenario.profile(), timeline.clone()).await?;
    let client = world.start_client().await?;
    world.first_beats().await?;
    tokio::time::sleep(UNDISTURBED).await;
    let runs = Runs::watch(&world.emulator, world.profile.members, &timeline).await;
    let telling = suspicions::tell(&world);
    let drill = Drill {
        world: &world,
        client: &client,
        runs: &runs,
    };
    let played = (scenario.play)(&drill).await?;
    if !matches!(scenario.ends, Ends::AsPlayed { .. }) {
        drill.writes_in(scenario.writer()).await;
        tokio::time::sleep(UNDISTURBED).await;
    }
    // An invocation of the probe that overlaps another may have suspected once more: that run ends as the first did.
    drill.ended(0).await;
    drop(telling);
    let record = client.stop().await;
    let comparison = compared(scenario, &world, &record).await?;
    let outcome = Outcome {
        writes: Writes::new(&record, Some(&comparison)),
        record,
        comparison,
        runs: runs.seen(),
        histories: runs.histories(),
        played,
    };
    let report = conclude(scenario, &world, outcome).await;
    drop(runs);
    world.end(deployed, folder).await?;
    Ok(report)
}

/// Holds the client's record against the writer's rows. A database that does not answer has none, and the checks say so.
async fn compared(
    scenario: &Scenario,
    world: &World,
    record: &ClientRecord,
) -> Result<Comparison, Trouble> {
    let deadline = tokio::time::Instant::now() + STARTING;
    let mut admin = world.database(scenario.writer()).await;
    // A Region that has just come back is still starting its databases.
    while admin.is_err() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(LOOK).await;
        admin = world.database(scenario.writer()).await;
    }
    match admin {
        Ok(admin) => Ok(client::compare(record, &admin).await?),
        Err(why) => {
            let text = format!("cannot read the rows in {}: {why}", scenario.writer());
            world.timeline.say(Kind::Verdict, "the drill", text);
            Ok(Comparison::default())
        }
    }
}

async fn conclude(scenario: &Scenario, world: &World, outcome: Outcome) -> Report {
    let timeline = &world.timeline;
    let measured = measure::measure(scenario.target, world, &outcome).await;
    let checks = judge::checks(scenario, world, &outcome, &measured).await;
    let mut findings = Findings {
        scenario: scenario.name.into(),
        summary: scenario.summary.into(),
        started_at_ms: timeline.started_at_ms(),
        finished_at_ms: now_ms(),
        profile: world.profile.report(),
        writes: outcome.writes,
        rpo: measured.rpo,
        rto: measured.rto,
        planned_moves: measured.planned_moves,
        confirmed: measured.run.as_ref().and_then(Confirmed::of),
        messages: world.told(),
        runs: outcome.runs,
        calls: CallCount::tally(world.front_door.calls()),
        events: Vec::new(),
        checks,
    };
    findings.checks.push(findings.no_figure_is_negative());
    let held = findings.checks.iter().filter(|check| check.held).count();
    let text = format!(
        "found {held} of {} things as expected",
        findings.checks.len()
    );
    timeline.say(Kind::Verdict, "the drill", text);
    findings.events = timeline.events();
    Report::from(findings)
}
