//! Buckets that were silent return with older words, and passes of older runs come late.

use std::time::Duration;

use serde_json::json;
use testbed::health_checks::s3;

use crate::{
    front_door::{Fault, FaultId, Scope},
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, Played, SOON, Scenario, Told},
    scenarios::{
        actions::health_switch::{Switch, routes},
        checks::{ledgers::writer_is, planned::succeeded},
    },
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "switch-goes-back",
    summary: "Each Region's S3 is away in the middle of a move and returns with an older word, and passes of older runs come late: the newest epoch has the traffic.",
    comes_out: "older passes write nothing, and the sweep takes back what wins wrongly",
    plan: || json!({"routes": routes(1)}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::OnceARound,
    // S3 is silent in the middle of two moves, for which they wait.
    moves_are_short: false,
    ..Scenario::USUAL
};

/// What the sweep does not leave alone any more.
const A_MINUTE: Duration = Duration::from_secs(61);

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    let switch = Switch::deploy(drill, &mut played).await?;
    switch.hold_sweeps(true).await?;
    let held = moves(drill, &mut played, &switch).await;
    switch.hold_sweeps(false).await?;
    held?;
    Ok(played)
}

async fn moves(drill: &Drill<'_>, played: &mut Played, switch: &Switch<'_>) -> Result<(), Trouble> {
    let first = drill.start_planned(STANDBY).await?;
    succeeded(drill, played, &first, STANDBY).await;
    switch.leads(played, STANDBY, "the writer is there").await;
    let read_early = switch.tag(STANDBY).await?;
    let second = moved_without(drill, played, (HOME, 1), STANDBY).await?;
    switch
        .leads(played, HOME, "the primary's own word keeps it")
        .await;
    let words = [(2, "standby-active"), (3, "primary-active")];
    switch.says(played, words).await;
    late(drill, played, (&first, HOME, STANDBY, 1)).await;
    moved_without(drill, played, (STANDBY, 2), HOME).await?;
    let words = [(4, "standby-active"), (3, "primary-active")];
    switch.says(played, words).await;
    played.checks.extend(writer_is(drill, STANDBY, 4).await);
    late(drill, played, (&second, STANDBY, HOME, 2)).await;
    let word = "{\"epoch\": 2, \"says\": \"nothing\"}\n";
    let taken = switch.put_late(STANDBY, &read_early, word).await;
    let found = if taken {
        "it was taken"
    } else {
        "it was refused"
    };
    played.check(
        "what an older run read is no ground for its write",
        found,
        !taken,
    );
    let text = "an older word wins until it is swept";
    switch.leads(played, HOME, text).await;
    let swept = switch.sweep(STANDBY).await;
    let held = swept.starts_with("put_object: ");
    played.check("the sweep takes it back", swept, held);
    switch
        .leads(played, STANDBY, "the newest epoch wants it")
        .await;
    let words = [(4, "standby-active"), (4, "nothing")];
    switch.says(played, words).await;
    by_hand(played, switch).await
}

/// Moves the writer to a Region, `before` moves of whose kind there were, while another one's S3 is away from the call on; it returns
/// when all is over.
async fn moved_without(
    drill: &Drill<'_>,
    played: &mut Played,
    (to, before): (&str, usize),
    silent: &str,
) -> Result<String, Trouble> {
    let run = drill.start_planned(to).await?;
    let calls = async || {
        let calls = drill.world.front_door.calls().into_iter();
        calls
            .filter(|call| call.operation == "SwitchoverGlobalCluster" && call.status == Some(200))
            .count()
            > before
    };
    drill.until(SOON, "the call of the switchover", calls).await;
    let fault = away(drill, silent);
    succeeded(drill, played, &run, to).await;
    drill.world.front_door.remove(fault);
    drill.world.roads.mend_member(&s3(silent));
    Ok(run)
}

/// Neither functions nor, in the primary's Region, checkers reach a Region's S3.
fn away(drill: &Drill<'_>, region: &str) -> FaultId {
    drill.fault(region, "S3 does not answer there", "S3 lost");
    if region == HOME {
        drill.world.roads.lose_member(&s3(region));
    }
    let scope = Scope {
        region: Some(region.to_owned()),
        service: Some("s3".into()),
        ..Scope::default()
    };
    drill.world.front_door.set(scope, Fault::Refuse)
}

/// A pass of an older run comes after a newer one has moved on.
async fn late(
    drill: &Drill<'_>,
    played: &mut Played,
    (run, from, to, epoch): (&str, &str, &str, u64),
) {
    let payload = json!({"plan": PLAN, "run_id": run, "from_region": from, "target_region": to, "epoch": epoch});
    let said = drill.said(to, "dns-flip", &payload).await;
    let refused = ["RunRefused", "UnexpectedTopology"];
    let held = refused.iter().any(|name| said.starts_with(name));
    played.check(format!("a late pass of {run} writes nothing"), said, held);
}

/// What somebody puts there moves the traffic, until the plan's minutes are over.
async fn by_hand(played: &mut Played, switch: &Switch<'_>) -> Result<(), Trouble> {
    switch.put(STANDBY, "home again").await?;
    switch
        .leads(played, HOME, "an object was put by hand")
        .await;
    let swept = switch.sweep(STANDBY).await;
    let held = swept.starts_with("none: ") && swept.contains("was put there by hand");
    played.check("the sweep leaves it for a minute", swept, held);
    tokio::time::sleep(A_MINUTE).await;
    let swept = switch.sweep(STANDBY).await;
    let held = swept.starts_with("put_object: ");
    played.check("and writes over it then", swept, held);
    switch.leads(played, STANDBY, "the minute is over").await;
    Ok(())
}
