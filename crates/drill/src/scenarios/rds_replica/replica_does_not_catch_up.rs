//! Replication stalls under a planned move: the stop is given back, and the writer stays.

use serde_json::json;

use crate::{
    profile::{HOME, Profile, STANDBY},
    scenario::{Drill, Ends, Played, RUN, STOPPED, Scenario, Told},
    scenarios::checks::{
        planned::stays,
        rows::keeps_every_row,
        services::{NONE, RUNNING, come_to},
    },
    world::Trouble,
};

pub(crate) static SCENARIO: Scenario = Scenario {
    name: "replica-does-not-catch-up",
    summary: "Replication to the read replica stalls as the writer is stopped for a planned move: after a minute its applications get their logins back, services what they had, the run is aborted, and writes go on where they were.",
    comes_out: "`Aborted`, logins and services given back, nothing promoted, no row lost",
    world: || Profile {
        groups: true,
        ..Profile::quick_replica()
    },
    plan: || json!({"topology": {"stop_services": true}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&["orders-east takes over from us-west-2 as planned", STOPPED]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    drill.fault(STANDBY, "gets no replication any more", "replication stops");
    drill.world.simulator.cut_replication(STANDBY).await;
    let run = drill.start_planned(STANDBY).await?;
    come_to(
        drill,
        &mut played,
        (HOME, NONE),
        "services are brought to none",
    )
    .await?;
    // The stop stands for a minute.
    drill.end_of(&run, RUN * 2).await;
    drill.world.simulator.mend_replication(STANDBY).await;
    stays(drill, &mut played).await?;
    let history = drill.runs.histories().remove(&run).unwrap_or_default();
    let given_back = history.contains("its writer is open again");
    played.check(
        "the run saw the writer open again before it ended",
        if given_back { "it did" } else { "it did not" },
        given_back,
    );
    let promoted = drill.called("promote-replica", "PromoteReadReplica");
    played.check(
        "nothing is promoted",
        if promoted { "it is" } else { "it is not" },
        !promoted,
    );
    drill.writes_in(HOME).await;
    come_to(
        drill,
        &mut played,
        (HOME, RUNNING),
        "services are given back",
    )
    .await?;
    come_to(
        drill,
        &mut played,
        (STANDBY, RUNNING),
        "those of the other Region run on",
    )
    .await?;
    keeps_every_row(drill, &mut played).await?;
    Ok(played)
}
