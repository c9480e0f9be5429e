//! What the probe needs is changed under it.

use crate::{
    profile::{HOME, STANDBY},
    scenario::stage::{Acted, Stage},
    world::Trouble,
};

/// Somebody changes what the probe needs in the database; people are told `what` is wrong.
pub(super) async fn misconfigured(
    stage: &Stage<'_>,
    statement: &str,
    what: &str,
) -> Result<Acted, Trouble> {
    stage.fault(HOME, &format!("somebody runs {statement}"), "misconfigured");
    let mut acted = Acted::now();
    let admin = stage.world.admin(HOME).await?;
    admin.batch_execute(statement).await?;
    // Who is logged in stays so; the next login meets the change.
    let end =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'failover_probe'";
    admin.batch_execute(end).await?;
    stage.ended(1).await;
    named(stage, &mut acted, what).await;
    Ok(acted)
}

pub(super) async fn wrong_certificate(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    stage.fault(
        STANDBY,
        "its probe trusts another authority from now on",
        "misconfigured",
    );
    let mut acted = Acted::now();
    world.trust_another_authority(STANDBY).await?;
    world.watch_now(STANDBY).await?;
    stage.ended(1).await;
    named(stage, &mut acted, "certificate").await;
    Ok(acted)
}

/// The message that the run stood down says what is wrong.
async fn named(stage: &Stage<'_>, acted: &mut Acted, what: &str) {
    let told = stage
        .told("stood down (probe_misconfigured)")
        .await
        .unwrap_or_default();
    acted.check(
        format!("people are told what is wrong: {what}"),
        told.lines().nth(3).unwrap_or("nothing"),
        told.contains(what),
    );
}
