//! The kill switch is on.

use std::time::Duration;

use failover::switches::kill;

use crate::{
    profile::{HOME, STANDBY},
    scenario::{Drill, Ends, NOT_STARTED, Played, RUN, Scenario, Told},
    scenarios::checks::calls::promotions,
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "kill-switch",
    summary: "The home Region dies while the kill switch is on: nobody is suspected, and a run by hand is refused.",
    comes_out: "no run is started and people are told, a run by hand is refused",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[
        "is suspected and no run is started",
        "no run from us-west-2 to us-east-1: switch",
    ]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let ssm = aws_sdk_ssm::Client::new(&drill.world.emulator.sdk_config(STANDBY));
    ssm.put_parameter()
        .name(kill())
        .value("a drill is on")
        .r#type(aws_sdk_ssm::types::ParameterType::String)
        .send()
        .await?;
    drill
        .world
        .timeline
        .say(Kind::Setup, "a human", "switches everything off");
    let mut played = drill.lose(HOME).await?;
    tokio::time::sleep(Duration::from_secs(12)).await;
    let suspected = drill.called("health-probe", "PutEvents");
    played.check(
        "the probe suspects nobody",
        if suspected { "it does" } else { "it does not" },
        !suspected,
    );
    let heard = drill.told(NOT_STARTED).await.unwrap_or_default();
    played.check(
        "people are told of the outage, and which switch is on",
        heard.replace('\n', " "),
        heard.contains(&format!("{} is on", kill())),
    );
    let run = drill.start_run(HOME, STANDBY).await?;
    drill.end_of(&run, RUN).await;
    let told = drill.told("no run from").await.unwrap_or_default();
    let named = told.contains(&format!("{} is on (a drill is on)", kill()));
    played.check(
        "a run by hand is refused, and the switch is named",
        told.replace('\n', " "),
        named,
    );
    let promoted = promotions(drill, STANDBY);
    played.check(
        "nothing is promoted",
        format!("{promoted} promoting calls"),
        promoted == 0,
    );
    drill.world.return_region(HOME).await?;
    Ok(played)
}
