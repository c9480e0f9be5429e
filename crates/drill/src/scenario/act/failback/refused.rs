//! What stands in the way of a failback is named, one thing after another, and the failback goes on from where it stopped.

use serde_json::json;

use super::{
    ends,
    found::{destroying, home},
    look::{available, clusters, create_reports, delete_cluster, rds},
    start,
};
use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::{
        act::{again::home_learns, fall_behind, planned::unreplicated_by},
        stage::{Acted, SOON, Stage},
    },
    timeline::Kind,
    world::Trouble,
};

/// A cluster that has nothing to do with the plan.
const STRANGER: &str = "reporting";
/// The name that the deposed cluster's final snapshot gets.
const FINAL: &str = "orders-west-final-2";

pub(in crate::scenario::act) async fn refused(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    create_reports(stage).await?;
    fall_behind(stage).await;
    let mut acted = stage.lose(HOME).await?;
    stage.ended(1).await;
    stage.writes_in(STANDBY).await;
    away(stage, &mut acted).await?;
    stage.world.simulator.mend_replication(STANDBY).await;
    stage.world.return_region(HOME).await?;
    stage.world.watch_now(HOME).await?;
    home_learns(stage, 2).await;
    let lost = unreplicated_by(stage, STANDBY).await?;
    name_taken(stage, &mut acted).await?;
    no_room(stage, &mut acted).await?;
    delete_the_retired(stage).await?;
    let run = start(stage, &json!({"plan": PLAN, "approval": "given"})).await?;
    home(stage, &mut acted, (&run, 3), lost).await?;
    Ok(acted)
}

/// The home Region is still away, and somebody starts the failback where Step Functions answers.
async fn away(stage: &Stage<'_>, acted: &mut Acted) -> Result<(), Trouble> {
    let text = format!("starts the failback in {STANDBY}, as {HOME} does not answer");
    let input = json!({"plan": PLAN});
    let run = stage.start("failback", STANDBY, &input, text).await?;
    let says = "every member Region must answer";
    let told = async || {
        let history = stage.runs.histories().remove(&run);
        history.is_some_and(|history| history.contains(says))
    };
    let refused = stage.until(SOON, says, told).await;
    // It tries again for most of a minute.
    stage.world.emulator.stop_runs(STANDBY).await?;
    acted.check(
        "a failback while the home Region is down says what it needs, and changes nothing",
        if refused { says } else { "it does not" },
        refused && destroying(stage).is_empty(),
    );
    Ok(())
}

/// The final snapshot's name is another cluster's.
async fn name_taken(stage: &Stage<'_>, acted: &mut Acted) -> Result<(), Trouble> {
    let rds = rds(stage, HOME);
    rds.create_db_cluster()
        .db_cluster_identifier(STRANGER)
        .engine("aurora-postgresql")
        .master_username("postgres_admin")
        .master_user_password("it's not a secret")
        .send()
        .await?;
    available(stage, STRANGER).await;
    rds.create_db_cluster_snapshot()
        .db_cluster_identifier(STRANGER)
        .db_cluster_snapshot_identifier(FINAL)
        .send()
        .await?;
    let run = start(stage, &json!({"plan": PLAN, "approval": "given"})).await?;
    let says = "is taken by a snapshot of another cluster";
    let (found, stopped) = ends(stage, &run, "aborted", says).await;
    acted.check(
        "a snapshot's name that is taken stops it before anything is taken away",
        found,
        stopped && destroying(stage).is_empty(),
    );
    rds.delete_db_cluster_snapshot()
        .db_cluster_snapshot_identifier(FINAL)
        .send()
        .await?;
    Ok(())
}

/// The account may have no more clusters in the home Region: the deposed one, retired, takes the room of the new one.
async fn no_room(stage: &Stage<'_>, acted: &mut Acted) -> Result<(), Trouble> {
    stage.fault(HOME, "may have no third cluster", "quota");
    stage.world.simulator.limit_clusters(HOME, Some(2));
    let run = start(stage, &json!({"plan": PLAN, "approval": "given"})).await?;
    let (found, stopped) = ends(stage, &run, "aborted", "DBClusterQuotaExceededFault").await;
    acted.check("a quota that is reached stops it, named", found, stopped);
    let there = clusters(stage).await;
    acted.check(
        "the deposed cluster is retired, and not lost",
        there.join(", "),
        there.iter().any(|name| is_retired(name)),
    );
    stage.world.simulator.limit_clusters(HOME, None);
    Ok(())
}

/// Somebody makes room by hand.
async fn delete_the_retired(stage: &Stage<'_>) -> Result<(), Trouble> {
    let there = clusters(stage).await;
    let retired = there.into_iter().find(|name| is_retired(name));
    let retired = retired.ok_or("no retired cluster is there")?;
    let text = format!("deletes {retired}");
    stage.world.timeline.say(Kind::Run, "a human", text);
    delete_cluster(stage, &retired).await
}

fn is_retired(name: &str) -> bool {
    name.starts_with("orders-west-retired-")
}
