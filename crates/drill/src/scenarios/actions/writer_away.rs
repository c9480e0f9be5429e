//! A writer that is gone for a while.

use std::time::Duration;

use crate::{
    profile::{HOME, cluster},
    scenario::{Drill, Played},
    timeline::Kind,
    world::Trouble,
};

/// The writer's database is gone for `away`, and RDS shows `status` meanwhile.
pub(crate) async fn writer_away(
    drill: &Drill<'_>,
    status: &str,
    away: Duration,
) -> Result<Played, Trouble> {
    let world = drill.world;
    drill.fault(
        HOME,
        &format!("loses its writer; RDS shows {status}"),
        "writer away",
    );
    let played = Played::now();
    world
        .simulator
        .show_status(HOME, cluster(HOME), Some(status));
    world.simulator.crash(HOME, cluster(HOME)).await;
    tokio::time::sleep(away).await;
    world.simulator.revive(HOME, cluster(HOME)).await?;
    world.simulator.show_status(HOME, cluster(HOME), None);
    world.timeline.say(Kind::Fault, HOME, "has its writer back");
    drill.ended(1).await;
    Ok(played)
}
