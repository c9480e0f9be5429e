//! The home Region dies, and the applications run in groups of EC2 Auto Scaling.

use failover::{evidence::Verdict, plan::Strategy};
use serde_json::json;

use crate::{
    profile::{BATCH, BATCH_CAPACITY, HOME, PLAN, Profile, STANDBY, WEB},
    scenario::{Drill, Ends, Played, RETURN, SUSPECTED, Scenario, TOOK_OVER, Told},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "scaling-groups",
    summary: "The home Region dies, and the application runs in groups of EC2 Auto Scaling: the one that runs has its instances replaced, the pilot light is scaled up, and both are waited for.",
    comes_out: "as region-loss. New instances serve, in the load balancer's target group, too",
    world: || Profile {
        groups: true,
        ..Profile::quick("detach")
    },
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::RegionDown, Some(Strategy::Detach)),
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let before = drill.world.groups(STANDBY).await?;
    let sizes: Vec<_> = before
        .iter()
        .map(|(name, size, _)| (&**name, *size))
        .collect();
    let refreshes: Vec<_> = before.iter().map(|(_, _, refreshes)| *refreshes).collect();
    let dry = json!({"plan": PLAN});
    let ready = drill.said(STANDBY, "planned-failover", &dry).await;
    let mut played = drill.lose(HOME).await?;
    played.check(
        "readiness looked at them",
        &*ready,
        ready.contains("everything is ready"),
    );
    played.check(
        "the standby's Region has two instances of one group and none of the other",
        format!("{before:?}"),
        sizes == [(WEB, 2), (BATCH, 0)],
    );
    drill.ended(1).await;
    let after = drill.world.groups(STANDBY).await?;
    let capacity = usize::try_from(BATCH_CAPACITY)?;
    let expected = [
        (WEB.to_owned(), 2, refreshes[0] + 1),
        (BATCH.to_owned(), capacity, refreshes[1]),
    ];
    played.check(
        "the instances of one are replaced once, and the other is scaled up",
        format!("{after:?}"),
        after == expected,
    );
    Ok(played)
}
