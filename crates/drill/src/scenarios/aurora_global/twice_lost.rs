//! The new writer's Region dies too.

use serde_json::json;

use crate::{
    profile::{HOME, STANDBY},
    scenario::{Drill, Ends, Played, STOPPED, Scenario, Told},
    scenarios::checks::{calls::promotions, ledgers::home_learns},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "twice-lost",
    summary: "After a failover by detach the new writer's Region is lost too: the deposed writer is not promoted, and people are told why.",
    comes_out: "the deposed writer is not promoted",
    plan: || json!({"unplanned": {"cooldown_minutes": 0}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&["us-east-1 took over", STOPPED]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = drill.failed_over_and_home_is_back().await?;
    home_learns(drill, 2).await;
    let before = drill.runs.seen().len();
    drill.world.lose_region(STANDBY).await?;
    drill.ended(before + 1).await;
    // A probe may suspect twice, and the second run is refused by the first.
    let seen = drill.runs.seen().into_iter().skip(before);
    let ends = seen.map(|run| (run.region, run.outcome.unwrap_or_default()));
    let ends: Vec<_> = ends.collect();
    played.check(
        format!("a run in {HOME} is aborted"),
        format!("{ends:?}"),
        ends.contains(&(HOME.into(), "aborted".into())),
    );
    let told = drill.told(STOPPED).await.unwrap_or_default();
    let why = told.contains("UnexpectedTopology");
    played.check(
        "people are told that the deposed writer is no standby",
        told.replace('\n', " "),
        why,
    );
    drill.world.return_region(STANDBY).await?;
    let promoted = promotions(drill, HOME);
    played.check(
        "the deposed writer is not promoted",
        format!("{promoted} promoting calls"),
        promoted == 0,
    );
    Ok(played)
}
