//! Route 53 is lost, and the plan points a name.

use crate::{
    profile::STANDBY,
    scenario::{Drill, Ends, Played, RETURN, RUN, SUSPECTED, Scenario, Told},
    scenarios::actions::route53::{lose_with_route53, restarted},
    world::Trouble,
};

/// What people hear of names that do not lead to the writer.
const CANNOT_WRITE: &str = "applications cannot write";

pub(super) static SCENARIO: Scenario = Scenario {
    name: "route53-down-cname",
    summary: "The home Region dies and takes Route 53's control plane with it; the plan had accepted that, and its services are restarted all the same.",
    comes_out: "services are restarted, and the names are left",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[SUSPECTED, RETURN, CANNOT_WRITE]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = lose_with_route53(drill).await?;
    restarted(drill, &mut played).await;
    let moved = drill.called("dns-flip", "ChangeResourceRecordSets");
    played.check(
        "the names could not be moved",
        if moved { "they were" } else { "they were not" },
        !moved,
    );
    let told = drill
        .until(RUN, "a message", async || {
            let messages = drill.world.messages();
            messages.iter().any(|text| text.contains(CANNOT_WRITE))
        })
        .await;
    let found = if told { "they are" } else { "they are not" };
    played.check("people are told while it is still tried", found, told);
    // What is left is told when the verification has given up, which takes many minutes: nobody waits for that here.
    drill.world.emulator.stop_runs(STANDBY).await?;
    Ok(played)
}
