//! The administrator's secret is rotated while a member is lost: nothing but its old version opens that member any more.

use failover::ledger::Ledger;
use serde_json::json;

use super::{create_reports, fall_behind, found::home, returned_and_fenced, start};
use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::{
        act::planned::unreplicated_by,
        stage::{Acted, SOON, Stage},
    },
    timeline::Kind,
    world::Trouble,
};

/// Lost by detach, the secret rotated twice, back, fenced all the same, and home.
pub(in crate::scenario::act) async fn secret_rotated(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    // As the schedule does every minute.
    stage.world.sweep_now(HOME).await?;
    let is_noted = async || served(stage).await.is_some();
    stage
        .until(SOON, "the note of what opens the writer", is_noted)
        .await;
    let noted = served(stage).await;
    create_reports(stage).await?;
    fall_behind(stage).await;
    let mut acted = stage.lose(HOME).await?;
    stage.ended(1).await;
    stage.writes_in(STANDBY).await;
    let text =
        "the administrator's secret is rotated twice; only the new writer has the new password";
    stage.world.timeline.say(Kind::Fault, "the drill", text);
    stage.world.rotate_admin_twice(STANDBY).await?;
    stage.world.simulator.mend_replication(STANDBY).await;
    stage.world.return_region(HOME).await?;
    stage.world.watch_now(HOME).await?;
    returned_and_fenced(stage, &mut acted).await?;
    let opened_by = served(stage).await;
    acted.check(
        "the version that last served there opened it, and no stage names that one any more",
        format!("{noted:?} before, {opened_by:?} at the fence"),
        noted.is_some() && noted == opened_by,
    );
    let keeps_out = stage
        .world
        .login(HOME, "app")?
        .connect(tokio_postgres::NoTls)
        .await
        .is_err();
    acted.check(
        "it keeps the application out",
        if keeps_out { "it does" } else { "it does not" },
        keeps_out,
    );
    let lost = unreplicated_by(stage, STANDBY).await?;
    let run = start(stage, &json!({"plan": PLAN, "approval": "given"})).await?;
    home(stage, &mut acted, (&run, 3), lost).await?;
    stage.world.put_first_admin_secret().await?;
    Ok(acted)
}

/// The version of the secret that last opened the home member, as its ledger has it.
async fn served(stage: &Stage<'_>) -> Option<String> {
    let row = stage.world.ledger().row(&HOME.into(), &PLAN.into()).await;
    row.ok()?.served.map(|served| served.version)
}
