//! Much stands against a planned move.

use serde_json::json;

use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{Drill, Ends, Played, RUN, Scenario, Told},
    scenarios::checks::planned::stays,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "switchover-not-ready",
    summary: "A planned move is asked for while much stands against it: every reason is listed, and nothing changes.",
    comes_out: "`NotReady` with every reason together, nothing changes",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&["stopped before anything was promoted"]),
    ..Scenario::USUAL
};

/// Several things stand against it at once.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let world = drill.world;
    let mut played = Played::now();
    hinder(drill).await?;
    let run = drill.start_planned(STANDBY).await?;
    drill.end_of(&run, RUN).await;
    world.simulator.show_status(STANDBY, cluster(STANDBY), None);
    world.simulator.show_blue_green(HOME, cluster(HOME), None);
    let told = drill
        .told("stopped before anything was promoted")
        .await
        .unwrap_or_default();
    for part in [
        "orders-east in us-east-1 is upgrading",
        "instance orders-east-1 in us-east-1 is upgrading",
        "revision is 2 in this pass and 1 in the parameter of us-west-2",
        "nobody.orders.internal does not exist",
        "us-west-2/orders/unheard-of",
        "orders-west in us-west-2 has the blue/green deployment orders-west-next, which is AVAILABLE",
    ] {
        played.check(
            format!("people are told: {part}"),
            told.replace('\n', " "),
            told.contains(part),
        );
    }
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
    Ok(played)
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
