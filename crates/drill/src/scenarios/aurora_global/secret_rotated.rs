//! The administrator's secret is rotated while a member is lost: nothing but its old version opens that member any more.

use failover::ports::Ledger;
use serde_json::json;

use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, Played, SOON, Scenario, Told},
    scenarios::{
        actions::{
            failback::{returned_and_fenced, start},
            replication::fall_behind,
        },
        checks::{home::home, rows::unreplicated_by},
        rds::create_reports,
    },
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "secret-rotated",
    summary: "While the home Region is lost, the administrator's secret is rotated twice, and only the new writer has the new password: the deposed one is fenced all the same, and the writer goes home.",
    comes_out: "the deposed writer is fenced by the version that last opened it, the writer goes home",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[
        "us-east-1 took over from us-west-2",
        "the deposed writer in us-west-2 was fenced",
        "us-west-2 took over from us-east-1",
    ]),
    ..Scenario::USUAL
};

/// Lost by detach, the secret rotated twice, back, fenced all the same, and home.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    // As the schedule does every minute.
    drill.world.sweep_now(HOME).await?;
    let is_noted = async || served(drill).await.is_some();
    drill
        .until(SOON, "the note of what opens the writer", is_noted)
        .await;
    let noted = served(drill).await;
    create_reports(drill).await?;
    fall_behind(drill).await;
    let mut played = drill.lose(HOME).await?;
    drill.ended(1).await;
    drill.writes_in(STANDBY).await;
    let text =
        "the administrator's secret is rotated twice; only the new writer has the new password";
    drill.world.timeline.say(Kind::Fault, "the drill", text);
    drill.world.rotate_admin_twice(STANDBY).await?;
    drill.world.simulator.mend_replication(STANDBY).await;
    drill.world.return_region(HOME).await?;
    drill.world.watch_now(HOME).await?;
    returned_and_fenced(drill, &mut played).await?;
    let opened_by = served(drill).await;
    played.check(
        "the version that last served there opened it, and no stage names that one any more",
        format!("{noted:?} before, {opened_by:?} at the fence"),
        noted.is_some() && noted == opened_by,
    );
    let keeps_out = drill
        .world
        .login(HOME, "app")?
        .connect(tokio_postgres::NoTls)
        .await
        .is_err();
    played.check(
        "it keeps the application out",
        if keeps_out { "it does" } else { "it does not" },
        keeps_out,
    );
    let lost = unreplicated_by(drill, STANDBY).await?;
    let run = start(drill, &json!({"plan": PLAN, "approval": "given"})).await?;
    home(drill, &mut played, (&run, 3), lost).await?;
    drill.world.put_first_admin_secret().await?;
    Ok(played)
}

/// The version of the secret that last opened the home member, as its ledger has it.
async fn served(drill: &Drill<'_>) -> Option<String> {
    let row = drill.world.ledger().row(&HOME.into(), &PLAN.into()).await;
    row.ok()?.served.map(|served| served.version)
}
