//! The writer admits nobody any more.

use failover::evidence::Verdict;

use crate::{
    profile::HOME,
    scenario::{Drill, Ends, Played, SUSPECTED, Scenario, Told},
    scenarios::checks::messages::names_what_is_wrong,
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "slots-exhausted",
    summary: "Every connection slot of the writer is taken, while the application's open session goes on committing: people are told, nothing changes.",
    comes_out: "`writer_saturated`, nothing changes, writes never stop",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::harmless(Verdict::WriterSaturated),
    told: Told::Once(&[SUSPECTED, "stood down (writer_saturated)"]),
    ..Scenario::USUAL
};

/// More sessions than any of the drill's servers admits.
const SESSIONS_MAX: usize = 200;

/// Sessions take every slot of the writer, and the probes' own as soon as these are ended.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let world = drill.world;
    // Logged in before, so that it needs no slot of its own.
    let admin = world.admin(HOME).await?;
    drill.fault(
        HOME,
        "its writer's connection slots are all taken",
        "no slot left",
    );
    let mut played = Played::now();
    let mut sessions = Vec::new();
    let probes = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'failover_probe'";
    // Twice: the first time makes room for the probes' slots too.
    for _ in 0..2 {
        while sessions.len() < SESSIONS_MAX {
            match world.admin(HOME).await {
                Ok(session) => sessions.push(session),
                Err(_) => break,
            }
        }
        admin.query_one(probes, &[]).await?;
    }
    while let Ok(session) = world.admin(HOME).await {
        sessions.push(session);
        if sessions.len() >= SESSIONS_MAX {
            break;
        }
    }
    played.check(
        "the writer admits nobody any more",
        format!("{} sessions", sessions.len()),
        sessions.len() < SESSIONS_MAX,
    );
    drill.ended(1).await;
    names_what_is_wrong(drill, &mut played, "stood down (writer_saturated)", "slots").await;
    drop(sessions);
    world
        .timeline
        .say(Kind::Setup, HOME, "its writer has slots again");
    Ok(played)
}
