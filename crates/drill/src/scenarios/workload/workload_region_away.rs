//! A Region is not there for a way home: home's ledger is silent, or that of the Region that serves.

use std::time::Duration;

use ::workload::jobs::Asks;
use failover::installation::named;
use serde_json::json;

use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, Profile, STANDBY},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::{
        actions::workload::{FUNCTION, MACHINE, adopt, ends, has_ended, says, shop::opened, start},
        checks::workload::{Before, orders_are_undisturbed, serves},
    },
    shop::PLAN,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "workload-region-away",
    summary: "Somebody brings a workload home while the ledger of home is silent, then while that of the recovery Region is, and once from the wrong Region.",
    comes_out: "each is said in a sentence, nothing is changed, and a dry run goes through when both are back",
    world: || Profile::gentle("detach"),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::OnceARound,
    ..Scenario::USUAL
};

/// The longest that a run may go on which could not be opened.
const SOON: Duration = Duration::from_secs(300);

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    opened(drill).await?;
    adopt(drill, &mut played).await;
    let before = Before::at(drill).await?;
    let of_home = format!("{HOME} is not back yet: its ledger does not answer");
    silent(drill, &mut played, (HOME, &of_home)).await?;
    let of_recovery = format!("{STANDBY} does not answer: its ledger is silent");
    silent(drill, &mut played, (STANDBY, &of_recovery)).await?;
    before.is_all(drill, &mut played, "after both").await;
    elsewhere(drill, &mut played).await;
    let run = start(drill, MACHINE, &json!({"plan": PLAN, "dry_run": true})).await?;
    let way = ("SUCCEEDED", "a dry run goes through when both are back");
    ends(drill, &mut played, &run, way).await;
    before.is_all(drill, &mut played, "after the dry run").await;
    serves(drill, &mut played, STANDBY, 1).await;
    orders_are_undisturbed(drill, &mut played).await;
    Ok(played)
}

/// A run meets a ledger that is silent to it.
async fn silent(
    drill: &Drill<'_>,
    played: &mut Played,
    (region, sentence): (&str, &str),
) -> Result<(), Trouble> {
    drill.fault(region, "has a ledger that is silent to the run", "silent");
    let hangs = Scope {
        function: Some(named(FUNCTION)),
        service: Some("dynamodb".into()),
        ..Scope::to_region(region)
    };
    let fault = drill.world.front_door.set(hangs, Fault::Hang);
    let run = start(drill, MACHINE, &json!({"plan": PLAN})).await?;
    let what = format!("that the ledger in {region} is silent");
    says(drill, played, &run, (&what, sentence)).await;
    drill.world.front_door.remove(fault);
    let over = drill
        .until(SOON, "the run's end", async || has_ended(drill, &run))
        .await;
    let word = if over { "it does" } else { "it goes on" };
    played.check("the run that could not be opened ends", word, over);
    Ok(())
}

/// The function of the recovery Region is no way home.
async fn elsewhere(drill: &Drill<'_>, played: &mut Played) {
    let payload = json!({"operation": "open", "plan": PLAN, "kind": "restore_home"});
    let said = drill.said(STANDBY, FUNCTION, &payload).await;
    let sentence = format!("comes home to {HOME}, and this is {STANDBY}");
    played.check(
        "in the recovery Region the function names the Region to start it in",
        &*said,
        said.starts_with("InvalidRequest: ") && said.contains(&sentence),
    );
    let asked = Asks::Prepared.name();
    let payload = json!({"operation": "approve", "plan": PLAN, "run_id": "none", "phase": asked, "by": "ada"});
    let said = drill.said(HOME, FUNCTION, &payload).await;
    played.check(
        "a question of a run that there is not takes no answer",
        &*said,
        said.starts_with("RunRefused: "),
    );
}
