//! A world that is kept for calls by hand, as long as its program runs.

use std::{path::Path, time::Duration};

use super::{empty, hold};
use crate::{
    profile::{HOME, PLAN, Profile, STANDBY, WITNESS},
    timeline::Timeline,
    world::{Deployed, Trouble, World},
};

/// Nobody needs it for longer, and a forgotten one ends by itself.
const KEPT: Duration = Duration::from_secs(8 * 60 * 60);

/// Builds a world in `target/drill/up`, says how to call its functions, and keeps it until the program is interrupted, for
/// eight hours at most. The application writes all the time.
///
/// # Errors
/// When it cannot be built.
pub async fn keep(root: &Path, timeline: Timeline) -> Result<(), Trouble> {
    let folder = root.join("target/drill/up");
    let _held = hold(&folder)?;
    empty(&folder)?;
    let profile = Profile::quick("detach");
    let deployed = Deployed::start(root, &folder, profile.members, &timeline).await?;
    let world = World::build(&deployed, &folder, profile, timeline).await?;
    let client = world.start_client().await?;
    world.first_beats().await?;
    println!("{}", how(&world));
    // A failback by hand makes its member anew, and has to reach it.
    tokio::select! {
        () = tokio::time::sleep(KEPT) => {}
        () = world.follow_databases() => {}
    }
    client.stop().await;
    world.end(&deployed, &folder).await?;
    deployed.end().await
}

fn how(world: &World) -> String {
    let variables = world.emulator.variables();
    let exports: Vec<_> = variables
        .iter()
        .map(|(name, value)| format!("export {name}={value}"))
        .collect();
    format!(
        "ready: the plan is {PLAN}, its writer in {HOME}, its standby in {STANDBY}, its witness {WITNESS}\n\n\
         {}\n\
         .tools/venv/bin/aws lambda invoke --region {STANDBY} --function-name aurora-failover-confirm-outage \\\n  \
         --payload '{{\"operation\": \"confirm\", \"plan\": \"{PLAN}\"}}' /dev/stdout\n\n\
         make drill-down ends it",
        exports.join("\n")
    )
}
