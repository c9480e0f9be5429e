//! A client still holds the old writer's address.

use crate::{
    profile::{HOME, STANDBY},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::{actions::stale_client::stale_client_until_fenced, checks::ledgers::writer_is},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "region-returns",
    summary: "The lost Region comes back while a client still holds its writer's address: it is fenced, and takes no application's write from then on.",
    comes_out: "it is fenced, a session of the administrator's is ended and named, no write is acknowledged there after that",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&["the deposed writer in us-west-2 was fenced"]),
    ..Scenario::USUAL
};

/// A client holds the deposed writer's address and writes there as soon as it answers.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = drill.lose(HOME).await?;
    drill.ended(1).await;
    drill.writes_in(STANDBY).await;
    drill.world.return_region(HOME).await?;
    stale_client_until_fenced(drill, &mut played).await?;
    played.checks.extend(writer_is(drill, STANDBY, 2).await);
    Ok(played)
}
