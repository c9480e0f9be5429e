//! Suspicions that the drill delivers itself.

use failover::installation;
use serde_json::json;

use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::Drill,
    world::Trouble,
};

/// Delivers a suspicion of the home Region's writer of epoch 1.
pub(crate) async fn suspect(drill: &Drill<'_>, times: usize) -> Result<(), Trouble> {
    let detail = json!({"plan": PLAN, "topology": "aurora_global", "incident": format!("{PLAN}/1"), "observer_region": STANDBY, "writer_region": HOME});
    drill
        .publish(
            STANDBY,
            (installation::prefix(), "Primary Suspect"),
            &detail,
            times,
        )
        .await
}
