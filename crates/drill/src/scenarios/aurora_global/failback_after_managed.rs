//! A failback after a managed failover.

use failover::installation::named;
use serde_json::json;

use crate::{
    profile::{HOME, PLAN, Profile, STANDBY, cluster},
    scenario::{Drill, Ends, NOT_KEPT_OUT, Played, Scenario, Told},
    scenarios::{
        actions::{
            failback::{lost_and_back, start},
            loss_ledger,
        },
        checks::{home::home, losses, rows::unreplicated_by},
        rds::{delete_cluster, restore, snapshots},
    },
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "failback-after-managed",
    summary: "The home Region is lost and failed over by a managed failover; it returns, is resynchronised, and the writer goes home.",
    comes_out: "what is lost is listed row for row, what RDS replaced is kept as a snapshot, the writer goes home, no further row is lost",
    world: || Profile {
        groups: true,
        ..Profile::quick("managed")
    },
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[
        "us-east-1 took over from us-west-2",
        "us-west-2 took over from us-east-1",
    ]),
    ..Scenario::USUAL
};

/// What the snapshot of the deposed writer is restored as.
const RESTORED: &str = "orders-west-restored";

/// Lost by a managed failover: RDS brings the old member back, and its snapshot of what it replaced is kept.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = lost_and_back(drill).await?;
    rds_could_not_fence(drill, &mut played).await?;
    of_restored(drill, &mut played).await?;
    let lost = unreplicated_by(drill, STANDBY).await?;
    let run = start(drill, &json!({"plan": PLAN, "approval": "given"})).await?;
    home(drill, &mut played, (&run, 3), lost).await?;
    let unknown = losses::listed(drill, cluster(HOME))
        .await?
        .and_then(|losses| losses.unknown);
    played.check(
        "the loss ledger says that the loss is unknown, and which snapshot holds it",
        unknown.clone().unwrap_or_else(|| "it says nothing".into()),
        unknown.is_some_and(|why| why.contains("rds:unplanned-global-failover-orders-west")),
    );
    let copies = snapshots(drill, "manual").await;
    let held = copies.iter().any(|name| name == "orders-west-unplanned-2");
    played.check(
        "what the managed failover replaced is kept as a manual snapshot",
        copies.join(", "),
        held,
    );
    Ok(played)
}

/// RDS says that its own fence timed out, as the rule hands it on: nobody but RDS may put events of that source on a bus.
async fn rds_could_not_fence(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    let hint = json!({
        "operation": "hint",
        "event": "RDS-EVENT-0391",
        "instance": "orders-west-1",
        "message": "Write fencing timed out"
    });
    let fence: &str = &named("fence-writer");
    drill.world.invoke(HOME, fence, &hint).await?;
    let told = drill.told(NOT_KEPT_OUT).await.unwrap_or_default();
    played.check(
        "people are told that RDS could not fence the old writer",
        told.replace('\n', " "),
        told.contains("RDS-EVENT-0391 of orders-west-1: Write fencing timed out"),
    );
    Ok(())
}

/// After a managed failover RDS keeps what it replaces as a snapshot: restored, it tells what is lost.
async fn of_restored(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    restore(drill, RESTORED).await?;
    loss_ledger::by_hand(drill, Some(RESTORED)).await?;
    let lost = losses::lost_by(drill, STANDBY).await?;
    losses::held_against(drill, played, RESTORED, &lost).await?;
    delete_cluster(drill, RESTORED).await
}
