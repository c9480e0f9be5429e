//! A world that is kept for calls by hand, as long as its program runs.

mod control;
mod requests;

use std::{net::SocketAddr, path::Path, time::Duration};

use self::control::Control;
pub use self::control::ask;
use super::{PROGRAMS, empty, hold};
use crate::{
    client::Client,
    front_door::Caller,
    profile::{HOME, PLAN, Profile, STANDBY, WITNESS},
    runs::Runs,
    timeline::Timeline,
    world::{Deployed, Trouble, World},
};

/// Where it has its files, below the repository's root.
const FOLDER: &str = "target/drill/up";
/// Nobody needs it for longer, and a forgotten one ends by itself.
const KEPT: Duration = Duration::from_secs(8 * 60 * 60);

/// The kept world, the application that writes in it, and the runs that it has seen.
struct Kept<'a> {
    world: &'a World,
    client: &'a Client,
    runs: &'a Runs,
}

/// Builds a world in `target/drill/up`, says how to call its functions, and keeps it until the program is interrupted, for
/// eight hours at most. The application writes all the time. [`ask`] loses its Regions and gives them back.
///
/// # Errors
/// When it cannot be built.
pub async fn keep(root: &Path, timeline: Timeline) -> Result<(), Trouble> {
    let folder = root.join(FOLDER);
    let _held = hold(&folder)?;
    empty(&folder)?;
    let profile = Profile::quick("detach");
    let programs = (root, &*root.join(PROGRAMS));
    let deployed = Deployed::start(programs, &folder, profile.members, &timeline).await?;
    let world = World::build(&deployed, &folder, profile, timeline.clone()).await?;
    let client = world.start_client().await?;
    world.first_beats().await?;
    let runs = Runs::watch(&world.emulator, world.profile.members, &timeline).await;
    let control = Control::listen(&folder)?;
    // Not at the emulator itself, which would answer for a lost Region.
    let operator = Caller {
        function: "operator".to_owned(),
        region: String::new(),
    };
    let door = world.front_door.open(operator).await?;
    println!("{}", how(&world, door));
    let kept = Kept {
        world: &world,
        client: &client,
        runs: &runs,
    };
    // A failback by hand makes its member anew, and has to reach it.
    tokio::select! {
        () = tokio::time::sleep(KEPT) => {}
        () = world.follow_databases() => {}
        () = control.serve(async |request: &str| kept.answer(request).await) => {}
    }
    drop((control, runs));
    client.stop().await;
    world.end(&deployed, &folder).await?;
    deployed.end().await
}

fn how(world: &World, door: SocketAddr) -> String {
    let variables = world.emulator.variables();
    let exports = variables.map(|(name, value)| match name {
        "AWS_ENDPOINT_URL" => format!("export {name}=http://{door}"),
        _ => format!("export {name}={value}"),
    });
    format!(
        "ready: the plan is {PLAN}, its writer in {HOME}, its standby in {STANDBY}, its witness {WITNESS}\n\n\
         for the documents' commands, in a shell of your own:\n\
         {}\n\
         export AURORA_FAILOVER_REGIONS={HOME},{STANDBY}\n\
         export PATH=\"$PWD/.tools/venv/bin:$PATH\"\n\n\
         target/release/drill lose {HOME}\n\
         target/release/drill status\n\
         target/release/drill messages\n\
         target/release/drill return {HOME}\n\n\
         make drill-down ends it",
        exports.join("\n")
    )
}
