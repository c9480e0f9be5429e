//! What the probe needs is changed under it.

use crate::{
    profile::HOME,
    scenario::{Drill, Played},
    scenarios::checks::messages::names_what_is_wrong,
    world::Trouble,
};

pub(crate) const MISCONFIGURED: &str = "stood down (probe_misconfigured)";

/// Somebody changes what the probe needs in the database; people are told `what` is wrong.
pub(crate) async fn misconfigured(
    drill: &Drill<'_>,
    statement: &str,
    what: &str,
) -> Result<Played, Trouble> {
    drill.fault(HOME, &format!("somebody runs {statement}"), "misconfigured");
    let mut played = Played::now();
    let admin = drill.world.admin(HOME).await?;
    admin.batch_execute(statement).await?;
    // Who is logged in stays so; the next login meets the change.
    let end =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'failover_probe'";
    admin.batch_execute(end).await?;
    drill.ended(1).await;
    names_what_is_wrong(drill, &mut played, MISCONFIGURED, what).await;
    Ok(played)
}
