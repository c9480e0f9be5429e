//! What the probe needs is changed under it.

use crate::{
    profile::{HOME, STANDBY},
    scenario::stage::{Acted, Stage},
    world::Trouble,
};

/// Somebody changes what the probe needs in the database.
pub(super) async fn misconfigured(stage: &Stage<'_>, statement: &str) -> Result<Acted, Trouble> {
    stage.fault(HOME, &format!("somebody runs {statement}"), "misconfigured");
    let acted = Acted::now();
    let admin = stage.world.admin(HOME).await?;
    admin.batch_execute(statement).await?;
    // Who is logged in stays so; the next login meets the change.
    let end =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'failover_probe'";
    admin.batch_execute(end).await?;
    stage.ended(1).await;
    Ok(acted)
}

pub(super) async fn wrong_certificate(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    stage.fault(
        STANDBY,
        "its probe trusts another authority from now on",
        "misconfigured",
    );
    let acted = Acted::now();
    world.trust_another_authority(STANDBY).await?;
    world.watch_now(STANDBY).await?;
    stage.ended(1).await;
    Ok(acted)
}
