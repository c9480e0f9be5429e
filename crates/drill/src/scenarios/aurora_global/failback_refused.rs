//! What stands in the way of a failback is named, one thing after another, and the failback goes on from where it stopped.

use serde_json::json;

use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, Played, SOON, Scenario, Told},
    scenarios::{
        actions::{
            failback::{ends, start},
            replication::fall_behind,
        },
        checks::{calls::destroying, home::home, ledgers::home_learns, rows::unreplicated_by},
        rds::{available, clusters, create_reports, delete_cluster, rds, snapshots},
    },
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "failback-refused",
    summary: "A failback meets one obstacle after another: its Region is away, a snapshot's name is taken, a quota is reached, the retired cluster is deleted by hand. Each is named, and it goes on from where it stopped.",
    comes_out: "each is named, nothing is lost, and it goes on from where it stopped",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&["us-west-2 took over from us-east-1"]),
    by_name_only: true,
    ..Scenario::USUAL
};

/// A cluster that has nothing to do with the plan.
const STRANGER: &str = "reporting";
/// The name that the deposed cluster's final snapshot gets.
const FINAL: &str = "orders-west-final-2";

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    create_reports(drill).await?;
    fall_behind(drill).await;
    let mut played = drill.lose(HOME).await?;
    drill.ended(1).await;
    drill.writes_in(STANDBY).await;
    away(drill, &mut played).await?;
    drill.world.simulator.mend_replication(STANDBY).await;
    drill.world.return_region(HOME).await?;
    drill.world.watch_now(HOME).await?;
    home_learns(drill, 2).await;
    let lost = unreplicated_by(drill, STANDBY).await?;
    name_taken(drill, &mut played).await?;
    no_room(drill, &mut played).await?;
    delete_the_retired(drill).await?;
    let run = start(drill, &json!({"plan": PLAN, "approval": "given"})).await?;
    home(drill, &mut played, (&run, 3), lost).await?;
    Ok(played)
}

/// The home Region is still away, and somebody starts the failback where Step Functions answers.
async fn away(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    let text = format!("starts the failback in {STANDBY}, as {HOME} does not answer");
    let input = json!({"plan": PLAN});
    let run = drill.start("failback", STANDBY, &input, text).await?;
    let says = "every member Region must answer";
    let told = async || {
        let history = drill.runs.histories().remove(&run);
        history.is_some_and(|history| history.contains(says))
    };
    let refused = drill.until(SOON, says, told).await;
    // It tries again for most of a minute.
    drill.world.emulator.stop_runs(STANDBY).await?;
    played.check(
        "a failback while the home Region is down says what it needs, and changes nothing",
        if refused { says } else { "it does not" },
        refused && destroying(drill).is_empty(),
    );
    Ok(())
}

/// The final snapshot's name is another cluster's.
async fn name_taken(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    let rds = rds(drill, HOME);
    rds.create_db_cluster()
        .db_cluster_identifier(STRANGER)
        .engine("aurora-postgresql")
        .master_username("postgres_admin")
        .master_user_password("it's not a secret")
        .send()
        .await?;
    available(drill, STRANGER).await;
    rds.create_db_cluster_snapshot()
        .db_cluster_identifier(STRANGER)
        .db_cluster_snapshot_identifier(FINAL)
        .send()
        .await?;
    let run = start(drill, &json!({"plan": PLAN, "approval": "given"})).await?;
    let says = "is taken by a snapshot of another cluster";
    let (found, stopped) = ends(drill, &run, "aborted", says).await;
    played.check(
        "a snapshot's name that is taken stops it before anything is taken away",
        found,
        stopped && destroying(drill).is_empty(),
    );
    rds.delete_db_cluster_snapshot()
        .db_cluster_snapshot_identifier(FINAL)
        .send()
        .await?;
    let is_gone = async || {
        !snapshots(drill, "manual")
            .await
            .iter()
            .any(|name| name == FINAL)
    };
    drill.until(SOON, "the name to be free", is_gone).await;
    Ok(())
}

/// The account may have no more clusters in the home Region: the deposed one, retired, takes the room of the new one.
async fn no_room(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    drill.fault(HOME, "may have no third cluster", "quota");
    drill.world.simulator.limit_clusters(HOME, Some(2));
    let run = start(drill, &json!({"plan": PLAN, "approval": "given"})).await?;
    let (found, stopped) = ends(drill, &run, "aborted", "DBClusterQuotaExceededFault").await;
    played.check("a quota that is reached stops it, named", found, stopped);
    let there = clusters(drill).await;
    played.check(
        "the deposed cluster is retired, and not lost",
        there.join(", "),
        there.iter().any(|name| is_retired(name)),
    );
    drill.world.simulator.limit_clusters(HOME, None);
    Ok(())
}

/// Somebody makes room by hand.
async fn delete_the_retired(drill: &Drill<'_>) -> Result<(), Trouble> {
    let there = clusters(drill).await;
    let retired = there.into_iter().find(|name| is_retired(name));
    let retired = retired.ok_or("no retired cluster is there")?;
    let text = format!("deletes {retired}");
    drill.world.timeline.say(Kind::Run, "a human", text);
    delete_cluster(drill, &retired).await
}

fn is_retired(name: &str) -> bool {
    name.starts_with("orders-west-retired-")
}
