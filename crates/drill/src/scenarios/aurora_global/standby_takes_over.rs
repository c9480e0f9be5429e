//! An application's name follows objects in S3, whatever becomes of Route 53's control plane.

use serde_json::json;

use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::{
        actions::health_switch::{SHOP, Switch, routes},
        checks::{ledgers::writer_is, planned::succeeded},
    },
    world::Trouble,
};

/// What people hear of an object that no run wrote.
const BY_HAND: &str = "an object of shop.orders.internal was put by hand";

pub(super) static SCENARIO: Scenario = Scenario {
    name: "standby-takes-over",
    summary: "Objects in S3 lead an application's name: by hand, by planned moves there and back, and when the Region is lost; Route 53's control plane is dead.",
    comes_out: "the name follows every time, and what was put by hand is told",
    plan: || json!({"routes": routes(30)}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::OnceARound,
    // No name leads to the writer, by which the drill's own client would follow.
    moves_are_short: false,
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    let switch = Switch::deploy(drill, &mut played).await?;
    by_hand(drill, &mut played, &switch).await?;
    let route53 = Scope {
        service: Some("route53".into()),
        ..Scope::default()
    };
    drill.world.front_door.set(route53, Fault::Hang);
    let text = "nobody can call Route 53's control plane any more";
    drill.fault("Route 53", text, "Route 53 lost");
    for (epoch, to) in [(2, STANDBY), (3, HOME)] {
        let run = drill.start_planned(to).await?;
        succeeded(drill, &mut played, &run, to).await;
        played.checks.extend(writer_is(drill, to, epoch).await);
        switch
            .leads(&mut played, to, "the writer was moved there")
            .await;
        let in_standby = if to == STANDBY {
            "standby-active"
        } else {
            "nothing"
        };
        switch
            .says(&mut played, [(epoch, in_standby), (epoch, "nothing")])
            .await;
    }
    let lost = drill.lose(HOME).await?;
    (played.at_ms, played.unreplicated) = (lost.at_ms, lost.unreplicated);
    drill.ended(3).await;
    let ended: Vec<_> = drill
        .runs
        .seen()
        .into_iter()
        .filter_map(|run| run.outcome)
        .collect();
    let all = ended.iter().all(|outcome| outcome == "succeeded");
    played.check(
        "every run succeeds",
        ended.join(", "),
        all && ended.len() == 3,
    );
    switch
        .leads(&mut played, STANDBY, "the other Region is lost")
        .await;
    let changed = drill.called("dns-flip", "ChangeResourceRecordSets");
    let found = if changed { "one was" } else { "none was" };
    played.check("no record was changed", found, !changed);
    let swept = switch.sweep(STANDBY).await;
    let held = swept.starts_with("none: ");
    played.check("the sweep waits for the Region that is lost", swept, held);
    Ok(played)
}

/// Somebody moves the traffic as it is done without a plan: people are told once, the traffic goes where the object says, and both
/// objects at once are named.
async fn by_hand(
    drill: &Drill<'_>,
    played: &mut Played,
    switch: &Switch<'_>,
) -> Result<(), Trouble> {
    switch.put(STANDBY, "standby-active").await?;
    switch.leads(played, STANDBY, "an object says so").await;
    for _ in 0..2 {
        switch.sweep(STANDBY).await;
    }
    let told = drill.told(BY_HAND).await.unwrap_or_default();
    let says_of_it = "finds in it that us-east-1 is active";
    played.check(
        "people are told where an object leads that was put by hand",
        told.replace('\n', " "),
        told.contains(says_of_it),
    );
    switch.put(HOME, "primary-active").await?;
    switch.leads(played, HOME, "both objects say active").await;
    let dry = json!({"plan": PLAN});
    let name = failover::installation::named("planned-failover");
    let answer = drill.world.call(STANDBY, &name, &dry).await?;
    let said = answer.unwrap_or_else(|error| error).to_string();
    let says = format!("both objects of {SHOP} say that their own Region is active");
    let held = said.contains(&says);
    played.check("a dry run of a move names both", says, held);
    let messages = drill.world.messages();
    let of_it = messages
        .iter()
        .filter(|text| text.contains(BY_HAND) && text.contains(says_of_it));
    let times = of_it.count();
    played.check(
        "and they are told once",
        format!("{times} times"),
        times == 1,
    );
    Ok(())
}
