//! A deployment is taken back, and the software is removed and installed again beside databases that stay.

use failover::{installation::named, ports::Ledger};
use serde_json::{Value, json};

use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, Played, SOON, Scenario, Told},
    scenarios::actions::stacks::{deploy, last},
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "installed-again",
    summary: "A deployment is rolled back, then the software is removed and installed again: databases, ledgers and plans stay, and what is installed takes them over.",
    comes_out: "as it was before: the writer's epoch stays, beats go on, everything is ready",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    rolled_back(drill, &mut played).await?;
    let before = current(drill).await;
    removed(drill, &mut played).await?;
    let after = current(drill).await;
    played.check(
        "the ledger of the standby's Region outlives the software",
        &*after,
        before == after,
    );
    let said = deploy(drill, "after it was removed", |answers| answers, &[]).await?;
    played.check(
        "it is installed again",
        last(&said),
        said.contains("stacks changed"),
    );
    drill.world.point_the_functions().await?;
    drill.world.watch_now(STANDBY).await?;
    let says = "everything is ready";
    drill
        .until(SOON, says, async || {
            let dry = json!({"plan": PLAN});
            let said = drill.said(STANDBY, "planned-failover", &dry).await;
            said.contains(says)
        })
        .await;
    let after = current(drill).await;
    played.check(
        "what was installed knows the writer and its epoch",
        &*after,
        before == after,
    );
    Ok(played)
}

/// Another value is deployed and taken back: then the answers of before change nothing, and those of the change do.
async fn rolled_back(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    let retention = |days: u32| {
        move |answers: String| {
            let mut answers: Value = serde_json::from_str(&answers).unwrap_or_default();
            answers["everywhere"]["LogRetentionDays"] = json!(days);
            answers.to_string()
        }
    };
    let as_first = |said: &str| last(said).to_owned();
    deploy(drill, "logs kept for 90 days", retention(90), &[]).await?;
    let said = deploy(drill, "logs kept for 7 days", retention(7), &[]).await?;
    played.check(
        "another value is deployed",
        as_first(&said),
        said.contains("stacks changed"),
    );
    human(drill, "rolls back");
    let said = drill.world.emulator.roll_back().await?;
    played.check(
        "a rollback changes the stacks back",
        as_first(&said),
        last(&said).contains("stacks changed"),
    );
    let said = deploy(drill, "logs kept for 90 days", retention(90), &[]).await?;
    played.check(
        "what is deployed then is what was deployed before",
        as_first(&said),
        said.contains("nothing changed"),
    );
    let said = drill.world.emulator.roll_back().await?;
    played.check(
        "a rollback after a rollback gives back what that took away",
        as_first(&said),
        last(&said).contains("stacks changed"),
    );
    let said = deploy(drill, "logs kept for 7 days", retention(7), &[]).await?;
    played.check(
        "that is the change",
        as_first(&said),
        said.contains("nothing changed"),
    );
    Ok(())
}

/// The software is removed in every Region.
async fn removed(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    human(drill, "removes the software");
    drill.world.emulator.undeploy().await?;
    let mut left = Vec::new();
    for region in [HOME, STANDBY] {
        left.extend(drill.world.emulator.functions(region).await?);
    }
    played.check(
        format!("no function {} is left", named("…")),
        left.join(", "),
        left.is_empty(),
    );
    Ok(())
}

fn human(drill: &Drill<'_>, what: &str) {
    drill
        .world
        .timeline
        .say(Kind::Run, "a human", what.to_owned());
}

/// The writer and its epoch, as the ledger of the standby's Region has them.
async fn current(drill: &Drill<'_>) -> String {
    let row = drill
        .world
        .ledger()
        .row(&STANDBY.into(), &PLAN.into())
        .await;
    let current = row.ok().and_then(|row| row.current);
    current.map_or("none".into(), |current| {
        format!("{}, epoch {}", current.writer, current.epoch)
    })
}
