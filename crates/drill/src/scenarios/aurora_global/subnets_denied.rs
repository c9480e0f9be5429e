//! Every road into the home network is silent, and later open again.

use serde_json::json;

use crate::{
    profile::{HOME, STANDBY, cluster},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::{actions::stale_client::stale_client_until_fenced, checks::ledgers::writer_is},
    timeline::{Kind, now_ms},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "subnets-denied",
    summary: "Every road into the home network falls silent while RDS answers and the writer lives: a human is asked, the standby takes over, and when the roads return the deposed writer is fenced.",
    comes_out: "the standby takes over, the deposed writer is fenced when the roads return",
    // The grace is spent when the writer is first suspected.
    plan: || json!({"detection": {"in_region_grace_seconds": 3}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[
        "us-east-1 took over",
        "the deposed writer in us-west-2 was fenced",
    ]),
    ..Scenario::USUAL
};

/// Every road into the home network is silent, for whoever asks, while RDS answers there and the writer lives on. Then the
/// roads return, and a client that holds the deposed writer's address tries at once.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let text = "loses every road into its network; RDS answers, and the writer lives";
    drill.fault(HOME, text, "roads denied");
    let mut played = Played::now();
    drill.world.roads.lose_member(cluster(HOME));
    played.unreplicated = drill.unreplicated().await;
    // Leaving a Region whose RDS answers is a human's decision.
    drill.answer(STANDBY, true).await?;
    drill.ended(1).await;
    let verdicts: Vec<_> = drill.runs.seen().into_iter().collect();
    let outcomes: Vec<_> = verdicts
        .iter()
        .filter_map(|run| run.outcome.clone())
        .collect();
    played.check(
        "the standby takes over, once",
        outcomes.join(", "),
        outcomes
            .iter()
            .filter(|outcome| *outcome == "succeeded")
            .count()
            == 1,
    );
    drill.writes_in(STANDBY).await;
    let text = "has its roads back";
    drill
        .world
        .timeline
        .mark(Kind::Fault, HOME, text, "roads back");
    let mended_ms = now_ms();
    drill.world.roads.mend_member(cluster(HOME));
    stale_client_until_fenced(drill, &mut played).await?;
    let deposed = &drill.world.endpoints[HOME].writer;
    let record = drill.client.record();
    let there = record.acknowledged.iter();
    let there = there.filter(|ack| ack.endpoint == *deposed && ack.acked_ms > mended_ms);
    let there = there.count();
    played.check(
        "the deposed writer takes no write of the application that follows the names",
        format!("{there} were acknowledged there"),
        there == 0,
    );
    played.checks.extend(writer_is(drill, STANDBY, 2).await);
    Ok(played)
}
