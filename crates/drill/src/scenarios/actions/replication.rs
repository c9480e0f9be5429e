//! Replication that falls behind.

use std::time::Duration;

use crate::{profile::STANDBY, scenario::Drill, timeline::Kind};

/// How far replication falls behind before the Region dies, where it does.
const LAG: Duration = Duration::from_secs(3);

/// Replication to the standby stops a while before what happens next.
pub(crate) async fn fall_behind(drill: &Drill<'_>) {
    let text = "falls behind: replication to it stops";
    drill.world.timeline.say(Kind::Setup, STANDBY, text);
    drill.world.simulator.cut_replication(STANDBY).await;
    tokio::time::sleep(LAG).await;
}
