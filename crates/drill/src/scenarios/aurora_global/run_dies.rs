//! The promoting function dies right after its call.

use failover::installation::named;

use crate::{
    profile::{HOME, STANDBY},
    scenario::{
        Drill, Ends, Played, RETURN, RUN, SOON, SUSPECTED, Scenario, TOOK_OVER, Told, UNFINISHED,
    },
    scenarios::checks::ledgers::{home_learns, writer_is},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "run-dies",
    summary: "The promoting function is taken away right after its call, and the lost Region comes back: the open intent is paged, and a new run finishes it at its proof.",
    comes_out: "the intent is paged, the next run finishes it at its proof, both ledgers name one writer",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[SUSPECTED, RETURN, UNFINISHED, TOOK_OVER]),
    ..Scenario::USUAL
};

/// The promoting function is taken away after its call, and the lost Region comes back; a new run finishes what is open.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let world = drill.world;
    let mut played = drill.lose(HOME).await?;
    drill
        .until(SOON, "the promoting call", async || {
            drill.called("detach-and-promote", "RemoveFromGlobalCluster")
        })
        .await;
    drill.fault(
        STANDBY,
        "loses detach-and-promote in the middle of the run",
        "function lost",
    );
    let function: &str = &named("detach-and-promote");
    world.emulator.take_away(STANDBY, function).await?;
    // Back while the promotion is unproven: the deposed writer takes beats again, so nobody suspects it any more.
    world.return_region(HOME).await?;
    drill.ended(1).await;
    let first = drill.runs.that_entered("DetachAndPromote");
    let outcome = first.and_then(|run| run.outcome).unwrap_or_default();
    played.check(
        "the run whose function died ends failed",
        &*outcome,
        outcome == "failed",
    );
    world.watch_now(STANDBY).await?;
    let paged = drill.told(UNFINISHED).await;
    let subject = paged.as_deref().and_then(|text| text.lines().next());
    played.check(
        "the open intent is paged",
        subject.unwrap_or("nobody was told"),
        paged.is_some(),
    );
    world.emulator.return_region(STANDBY).await?;
    let run = drill.start_run(HOME, STANDBY).await?;
    let ended = drill.end_of(&run, RUN).await;
    let finished = ended.filter(|run| run.outcome.as_deref() == Some("succeeded"));
    let states = finished.into_iter().flat_map(|run| run.states);
    let names: Vec<_> = states.map(|state| state.name).collect();
    let resumed =
        names.contains(&"ProveWriter".into()) && !names.contains(&"DetachAndPromote".into());
    played.check(
        "a new run starts at ProveWriter and succeeds",
        names.join(", "),
        resumed,
    );
    world.watch_now(HOME).await?;
    home_learns(drill, 2).await;
    played.checks.extend(writer_is(drill, STANDBY, 2).await);
    // Until it is fenced, the deposed writer acknowledges what nobody else has.
    world.sweep_now(HOME).await?;
    drill.writes_in(STANDBY).await;
    let deposed = &world.endpoints[HOME].writer;
    let record = drill.client.record();
    let alone = record.acknowledged.iter();
    let alone = alone.filter(|ack| ack.endpoint == *deposed && ack.acked_ms > played.at_ms);
    let alone = u64::try_from(alone.count())?;
    played.unreplicated = played.unreplicated.map(|lacks| lacks + alone);
    Ok(played)
}
