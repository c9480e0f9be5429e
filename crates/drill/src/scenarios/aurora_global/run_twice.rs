//! The suspicion is delivered again and again.

use failover::{evidence::Verdict, plan::Strategy};

use crate::{
    profile::HOME,
    scenario::{Drill, Ends, Played, RETURN, SOON, SUSPECTED, Scenario, TOOK_OVER, Told},
    scenarios::actions::suspicion::suspect,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "run-twice",
    summary: "The home Region dies, the suspicion is delivered three times at once and once more later: exactly one run acts.",
    comes_out: "one run acts, the others are `RunRefused`",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::RegionDown, Some(Strategy::Detach)),
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER]),
    ..Scenario::USUAL
};

/// The suspicion comes three times at once, and once more when all is over.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = drill.lose(HOME).await?;
    drill
        .until(SOON, "a suspicion", async || {
            drill.called("health-probe", "PutEvents")
        })
        .await;
    suspect(drill, 2).await?;
    drill.ended(3).await;
    suspect(drill, 1).await?;
    drill.ended(4).await;
    let runs = drill.runs.seen();
    let refused = runs
        .iter()
        .filter(|run| run.outcome.is_none() && run.status == "FAILED");
    let refused = refused.count();
    played.check(
        "the others are refused",
        format!("{refused} of {}", runs.len()),
        refused == 3,
    );
    Ok(played)
}
