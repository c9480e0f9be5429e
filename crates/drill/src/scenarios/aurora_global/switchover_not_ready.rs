//! Much stands against a planned move.

use std::time::Duration;

use serde_json::json;

use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{Drill, Ends, Played, RUN, SOON, STOPPED, Scenario, Told},
    scenarios::checks::planned::stays,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "switchover-not-ready",
    summary: "Much comes to stand against a planned move: a schedule finds it and tells people, and a move that is asked for is refused with every reason.",
    comes_out: "people are told, `NotReady` with every reason together, nothing changes",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[UNREADY, STOPPED, READY_AGAIN]),
    ..Scenario::USUAL
};

/// Two looks that are nearer to each other are one.
const APART: Duration = Duration::from_secs(61);
/// What people are told before anybody asks for a move, and when nothing stands against one any more.
const UNREADY: &str = "the writer could not be moved to us-east-1 by plan";
const READY_AGAIN: &str = "the writer could be moved to us-east-1 by plan again";
/// What stands against it, as it is worded.
const REASONS: [&str; 6] = [
    "orders-east in us-east-1 is upgrading",
    "instance orders-east-1 in us-east-1 is upgrading",
    "revision is 2 in this pass and 1 in the parameter of us-west-2",
    "nobody.orders.internal does not exist",
    "us-west-2/orders/unheard-of",
    "orders-west in us-west-2 has the blue/green deployment orders-west-next, which is AVAILABLE",
];

/// Several things stand against it at once.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let world = drill.world;
    let mut played = Played::now();
    hinder(drill).await?;
    known(drill, "revision is 2 in this pass").await?;
    // Its schedule does so every 15 minutes: what one look finds may be over at the next.
    looks(drill).await;
    let told = world.messages();
    let told = told.iter().filter(|text| text.contains(UNREADY)).count();
    played.check("one look tells nobody", told.to_string(), told == 0);
    tokio::time::sleep(APART).await;
    looks(drill).await;
    names_all(drill, UNREADY, &mut played).await;
    let run = drill.start_planned(STANDBY).await?;
    drill.end_of(&run, RUN).await;
    names_all(drill, STOPPED, &mut played).await;
    let asked = drill.called("planned-failover", "SwitchoverGlobalCluster");
    let asked = if asked { "it was" } else { "it was not" };
    played.check(
        "RDS is not asked to switch over",
        asked,
        asked == "it was not",
    );
    stays(drill, &mut played).await?;
    let record = drill.client.record();
    let outages = record.outages().len();
    played.check(
        "writes never stop",
        format!("{outages} outages"),
        outages == 0,
    );
    mend(drill).await?;
    known(drill, "everything is ready").await?;
    looks(drill).await;
    let again = drill.told(READY_AGAIN).await.unwrap_or_default();
    played.check(
        "people are told when nothing stands against it any more",
        again.replace('\n', " "),
        again.contains("Nothing stands against it"),
    );
    warns(drill).await?;
    Ok(played)
}

/// What stands in no way of a move is said beside it: tasks that could not start after it, and a rebuild without room.
async fn warns(drill: &Drill<'_>) -> Result<(), Trouble> {
    drill.world.take_image(STANDBY).await?;
    drill.world.simulator.limit_clusters(HOME, Some(2));
    for warning in [
        "us-east-1/orders/api: the registry of us-east-1 holds no image",
        "a rebuild in us-west-2 that keeps the old cluster would need 1 more of the quota DBClusters",
    ] {
        known(drill, warning).await?;
    }
    drill.world.simulator.limit_clusters(HOME, None);
    Ok(())
}

/// Waits until the standby's probe has taken the plan up, and a dry run says so.
async fn known(drill: &Drill<'_>, says: &str) -> Result<(), Trouble> {
    drill.world.watch_now(STANDBY).await?;
    drill
        .until(SOON, says, async || {
            let dry = json!({"plan": PLAN});
            let said = drill.said(STANDBY, "planned-failover", &dry).await;
            said.contains(says)
        })
        .await;
    Ok(())
}

/// The standby's Region looks whether the writer could be moved there.
async fn looks(drill: &Drill<'_>) {
    let readiness = json!({"operation": "readiness"});
    drill.said(STANDBY, "planned-failover", &readiness).await;
}

async fn names_all(drill: &Drill<'_>, told: &str, played: &mut Played) {
    let told = drill.told(told).await.unwrap_or_default();
    for part in REASONS {
        played.check(
            format!("people are told: {part}"),
            told.replace('\n', " "),
            told.contains(part),
        );
    }
}

/// A busy cluster, two revisions of the plan, a name and a service that do not exist.
async fn hinder(drill: &Drill<'_>) -> Result<(), Trouble> {
    let world = drill.world;
    drill.fault(
        STANDBY,
        "is upgrading, its plan is another revision, and the writer's name is missing",
        "not ready",
    );
    world
        .simulator
        .show_status(STANDBY, cluster(STANDBY), Some("upgrading"));
    world
        .simulator
        .show_blue_green(HOME, cluster(HOME), Some("AVAILABLE"));
    let mut plan = world.profile.plan(PLAN, &world.zone_id);
    plan["revision"] = 2.into();
    plan["routes"][1]["name"] = "nobody.orders.internal".into();
    plan["services"][0]["services"] = json!(["api", "unheard-of"]);
    world.put_plan(STANDBY, &plan).await
}

/// All that is over.
async fn mend(drill: &Drill<'_>) -> Result<(), Trouble> {
    let world = drill.world;
    world.simulator.show_status(STANDBY, cluster(STANDBY), None);
    world.simulator.show_blue_green(HOME, cluster(HOME), None);
    let mut plan = world.profile.plan(PLAN, &world.zone_id);
    plan["revision"] = 3.into();
    for region in [HOME, STANDBY] {
        world.put_plan(region, &plan).await?;
    }
    Ok(())
}
