//! The writer of an instance with a read replica is moved as planned: it is stopped, and the replica promoted once it has everything.

use crate::{
    profile::{HOME, Profile, STANDBY},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::checks::{
        planned::{leads, succeeded},
        rows::keeps_every_row_in,
    },
    world::Trouble,
};

pub(crate) static SCENARIO: Scenario = Scenario {
    name: "replica-switchover",
    summary: "The writer of an RDS instance is moved to its read replica's Region, as planned, while the application writes: it is stopped, the replica promoted once it has replayed everything, and no row is lost.",
    comes_out: "it succeeds, no row is lost, the position is shown, the old writer is fenced",
    world: Profile::quick_replica,
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[
        "orders-east takes over from us-west-2 as planned",
        "us-east-1 took over from us-west-2",
        FENCED,
    ]),
    ..Scenario::USUAL
};

/// Part of a subject: the writer that was left is shut.
const FENCED: &str = "the deposed writer in us-west-2 was fenced";
/// What the stop's last pass says.
const SHOWN: &str = "no acknowledged row is lost";

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    let run = drill.start_planned(STANDBY).await?;
    succeeded(drill, &mut played, &run, STANDBY).await;
    leads(drill, &mut played, STANDBY, 2).await;
    let history = drill.runs.histories().remove(&run).unwrap_or_default();
    let shown = history.contains("is stopped at position") && history.contains(SHOWN);
    played.check(
        "the positions of both are shown before the promotion",
        if shown { "they are" } else { "they are not" },
        shown,
    );
    let fenced = drill.told(FENCED).await.is_some();
    played.check(
        format!("the old writer in {HOME} is shut"),
        if fenced { "it is" } else { "it is not" },
        fenced,
    );
    keeps_every_row_in(drill, &mut played, STANDBY).await?;
    Ok(played)
}
