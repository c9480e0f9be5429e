//! A bucket's policy hides the object from Route 53's checkers.

use serde_json::json;

use crate::{
    profile::{HOME, STANDBY},
    scenario::{Drill, Ends, Played, RUN, Scenario, TOOK_OVER, Told},
    scenarios::{
        actions::health_switch::{CHECKERS, SHOP, Switch, routes},
        checks::{ledgers::writer_is, planned::succeeded},
    },
    world::Trouble,
};

/// What people hear of a Region that no move could go to, and of one that it could go to again.
const NOT_READY: &str = "could not be moved to us-east-1 by plan";
const READY_AGAIN: &str = "could be moved to us-east-1 by plan again";

pub(super) static SCENARIO: Scenario = Scenario {
    name: "switch-is-blind",
    summary: "The policy of the standby's bucket hides its object from Route 53's checkers: nothing that it says would move the application's name.",
    comes_out: "readiness says so ahead of time, and a planned move waits until they see it",
    plan: || json!({"routes": routes(30)}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[NOT_READY, READY_AGAIN, TOOK_OVER]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    let switch = Switch::deploy(drill, &mut played).await?;
    switch.show(STANDBY, "192.0.2.0/24").await?;
    let text = "the bucket's policy lets no checker read the object any more";
    drill.fault(STANDBY, text, "Object hidden");
    switch.sees(&mut played, STANDBY, false).await;
    switch
        .stays(&mut played, HOME, "no checker sees a word")
        .await;
    let ahead = told(drill, NOT_READY).await;
    let says = format!("the switch of {SHOP} in {STANDBY} is blind");
    let held = ahead.contains(&says);
    played.check(
        format!("people are told ahead of time: {says}"),
        ahead,
        held,
    );
    let run = drill.start_planned(STANDBY).await?;
    let ended = drill.end_of(&run, RUN).await;
    let outcome = ended.and_then(|run| run.outcome).unwrap_or_default();
    let held = outcome == "aborted";
    played.check("a planned move is aborted", outcome, held);
    played.checks.extend(writer_is(drill, HOME, 1).await);
    switch.show(STANDBY, CHECKERS).await?;
    switch.sees(&mut played, STANDBY, true).await;
    let again = told(drill, READY_AGAIN).await;
    let held = !again.is_empty();
    played.check("and that it is well again", again, held);
    let run = drill.start_planned(STANDBY).await?;
    succeeded(drill, &mut played, &run, STANDBY).await;
    switch
        .leads(&mut played, STANDBY, "they see its object")
        .await;
    Ok(played)
}

/// Calls readiness, as its schedule does within 15 minutes, until people are told so: what lasts for a minute.
async fn told(drill: &Drill<'_>, part: &str) -> String {
    let readiness = json!({"operation": "readiness"});
    let find = || {
        let messages = drill.world.messages().into_iter();
        let mut found = messages.filter(|text| text.contains(part));
        found.next().map(|text| text.replace('\n', " "))
    };
    let is_told = async || {
        drill.said(STANDBY, "planned-failover", &readiness).await;
        find().is_some()
    };
    drill.until(RUN, part, is_told).await;
    find().unwrap_or_default()
}
