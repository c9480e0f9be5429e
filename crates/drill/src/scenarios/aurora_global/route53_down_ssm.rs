//! Route 53 is lost, and the plan points a parameter.

use serde_json::json;

use crate::{
    profile::{PARAMETER, STANDBY},
    scenario::{Drill, Ends, Played, RETURN, SUSPECTED, Scenario, TOOK_OVER, Told},
    scenarios::actions::route53::{lose_with_route53, restarted},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "route53-down-ssm",
    summary: "The home Region dies and takes Route 53's control plane with it; the plan points a parameter, and the failover goes through.",
    comes_out: "the parameter leads over",
    plan: || json!({"routes": [{"kind": "ssm", "parameter": PARAMETER, "endpoint": "writer"}]}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = lose_with_route53(drill).await?;
    drill.ended(1).await;
    restarted(drill, &mut played).await;
    let ended: Vec<_> = drill
        .runs
        .seen()
        .into_iter()
        .filter_map(|run| run.outcome)
        .collect();
    played.check("the run succeeds", ended.join(", "), ended == ["succeeded"]);
    let answer = aws_sdk_ssm::Client::new(&drill.world.emulator.sdk_config(STANDBY))
        .get_parameter()
        .name(PARAMETER)
        .send()
        .await;
    let held = answer.ok().and_then(|answer| answer.parameter?.value);
    let held = held.unwrap_or_else(|| "nothing".into());
    let right = held == drill.world.endpoints[STANDBY].writer;
    played.check(
        format!("{PARAMETER} in {STANDBY} names the new writer, for tasks that start"),
        held,
        right,
    );
    Ok(played)
}
