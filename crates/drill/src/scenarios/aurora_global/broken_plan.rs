//! The standby's copy of the plan is broken.

use std::time::Duration;

use aws_sdk_ssm::types::ParameterType;
use failover::{evidence::Verdict, installation::parameter, plan::Strategy};
use serde_json::json;

use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, Played, QUESTION, RETURN, SUSPECTED, Scenario, TOOK_OVER, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "broken-plan",
    summary: "A stray comma gets into the standby's plan, and then the home Region dies: people are told of the one, the last good plan meets the other, and asks.",
    comes_out: "people are told, the last good plan asks, the standby takes over",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::RegionDown, Some(Strategy::Detach)),
    told: Told::Once(&[
        "the plan's parameter in us-east-1 is wrong",
        SUSPECTED,
        QUESTION,
        RETURN,
        TOOK_OVER,
    ]),
    ..Scenario::USUAL
};

/// The standby's copy of the plan gets a comma too many, and then the home Region dies.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let world = drill.world;
    drill.fault(
        STANDBY,
        "somebody writes a comma too many into its plan",
        "plan broken",
    );
    let name = parameter(&format!("plans/{PLAN}"));
    let ssm = aws_sdk_ssm::Client::new(&world.emulator.sdk_config(STANDBY));
    let read = ssm.get_parameter().name(&name).send().await?;
    let text = read.parameter.and_then(|parameter| parameter.value);
    let broken = text.unwrap_or_default().replacen(',', ",,", 1);
    ssm.put_parameter()
        .name(&name)
        .value(broken)
        .r#type(ParameterType::String)
        .overwrite(true)
        .send()
        .await?;
    world.watch_now(STANDBY).await?;
    let told = drill
        .told("the plan's parameter in us-east-1 is wrong")
        .await;
    let told = told.unwrap_or_default();
    let said = drill
        .said(STANDBY, "planned-failover", &json!({"plan": PLAN}))
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut played = drill.lose(HOME).await?;
    played.check(
        "people are told what is wrong with it",
        told.replace('\n', " "),
        told.contains("not JSON"),
    );
    played.check(
        "readiness names this Region's own document",
        &*said,
        said.contains("the plan in us-east-1"),
    );
    drill.answer(STANDBY, true).await?;
    drill.ended(1).await;
    Ok(played)
}
