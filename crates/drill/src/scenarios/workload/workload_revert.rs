//! People see that the business does not work at home, and go back with one command.

use ::workload::{jobs::Asks, kinds::databases::names, run::Kind as Does};
use failover::topology::differences;
use serde_json::json;

use crate::{
    profile::{HOME, Profile, STANDBY},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::{
        actions::workload::{
            MACHINE, REVERT, adopt, answer,
            application::Application,
            ends, record,
            shop::{BEFORE, DATABASES, SERVICE, TASKS, found, opened, rows},
            start, yes,
        },
        checks::workload::{Before, has_all, orders_are_undisturbed, serves, told, told_last},
        rds::tasks,
    },
    shop::PLAN,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "workload-revert",
    summary: "A workload has come home, and people say that it does not work there. Nothing more changes, and one command gives home its names and the recovery Region the business back.",
    comes_out: "the recovery Region serves with every row, home is what it was, what came home is kept aside",
    world: || Profile::gentle("detach"),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::OnceARound,
    by_name_only: true,
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    opened(drill).await?;
    adopt(drill, &mut played).await;
    let before = Before::at(drill).await?;
    let application = Application::start(drill)?;
    let run = start(drill, MACHINE, &json!({"plan": PLAN})).await?;
    yes(drill, &mut played, &run, &[Asks::Prepared, Asks::Suspend]).await;
    let verified = (Does::RestoreHome, Asks::Verified);
    answer(drill, &mut played, &run, (verified, false)).await;
    let way = ("failed", "a no to the question verified ends the run");
    ends(drill, &mut played, &run, way).await;
    let failed = format!("the run home to {HOME} has ended: failed");
    told(drill, &mut played, &failed, 1);
    told_last(drill, &mut played, "revert");

    let back = start(drill, REVERT, &json!({"plan": PLAN})).await?;
    let way = ("reverted", "one command goes back");
    ends(drill, &mut played, &back, way).await;
    serves(drill, &mut played, STANDBY, 1).await;
    has_its_names(drill, &mut played, &before).await?;
    sells_again(drill, &mut played, &application).await?;
    let reverted = format!("the way back to {STANDBY} has ended: reverted");
    told(drill, &mut played, &reverted, 1);
    orders_are_undisturbed(drill, &mut played).await;
    Ok(played)
}

/// What stood at home bears its names again, and what came home is kept under others.
async fn has_its_names(
    drill: &Drill<'_>,
    played: &mut Played,
    before: &Before,
) -> Result<(), Trouble> {
    let record = record(drill, Does::RestoreHome).await;
    let run_id = record.ok_or("the run has no record")?.run_id;
    let short = names::short(&run_id);
    for ((kind, home, _, _), was) in DATABASES.into_iter().zip(&before.homes) {
        let there = found(drill, kind, (HOME, home)).await.unwrap_or_default();
        let is_it = there.shape.resource_id == was.shape.resource_id;
        let other = differences(&was.shape, &there.shape);
        let has = rows(drill, (HOME, home)).await?;
        let word = if is_it { "it is" } else { "it is another" };
        played.check(
            format!("{home} is what it was, with every property and the rows that it had"),
            format!(
                "{word}, with {} rows; other: {}",
                has.len(),
                other.join(", ")
            ),
            is_it && other.is_empty() && has.into_keys().eq(1..=BEFORE),
        );
        let aside = names::failed(home, &short);
        let kept = found(drill, kind, (HOME, &aside)).await;
        let status = kept.map_or("gone".into(), |found| found.shape.status);
        played.check(
            format!("what came home is kept as {aside}"),
            &*status,
            status == "available",
        );
    }
    Ok(())
}

/// The recovery Region has its business back, and every row.
async fn sells_again(
    drill: &Drill<'_>,
    played: &mut Played,
    application: &Application,
) -> Result<(), Trouble> {
    let running = tasks(drill, STANDBY, SERVICE).await;
    played.check(
        format!("the service in {STANDBY} has its tasks again"),
        format!("{running} of {TASKS} tasks"),
        running == TASKS,
    );
    let sells = application.sells(drill).await;
    let word = if sells { "it sells" } else { "it does not" };
    played.check("the shop sells again", word, sells);
    let sold = application.sold();
    for (_, _, away, _) in DATABASES {
        has_all(drill, played, (STANDBY, away), &sold).await?;
    }
    Ok(())
}
