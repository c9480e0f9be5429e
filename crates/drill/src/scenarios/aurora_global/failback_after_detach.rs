//! A failback after a detach.

use std::collections::BTreeSet;

use failover::ports::Ledger;
use serde_json::json;

use crate::{
    profile::{GLOBAL_PARAMETER, HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::{
        actions::failback::{ends, lost_and_back, start},
        checks::{
            calls::destroying,
            home::{home, retired},
            losses,
            rows::unreplicated_by,
        },
    },
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "failback-after-detach",
    summary: "The home Region is lost and failed over by detach; it returns, its writer is fenced, kept and made anew as a standby, a human is asked, and the writer goes home.",
    comes_out: "fenced, kept, retired, made anew, the writer goes home, and the loss ledger lists what was lost",
    plan: || json!({"topology": {"global_cluster_parameter": GLOBAL_PARAMETER}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[
        "us-east-1 took over from us-west-2",
        "shall us-west-2 take over",
        "us-west-2 took over from us-east-1",
    ]),
    ..Scenario::USUAL
};

/// The plan's parameter names the global cluster that the ledger names.
async fn named_anew(
    drill: &Drill<'_>,
    played: &mut Played,
    region: &'static str,
) -> Result<(), Trouble> {
    let (place, plan) = (region.into(), PLAN.into());
    let row = drill.world.ledger().row(&place, &plan).await?;
    let global = row.current.and_then(|current| current.global_cluster);
    let asked = aws_sdk_ssm::Client::new(&drill.world.emulator.sdk_config(region))
        .get_parameter()
        .name(GLOBAL_PARAMETER)
        .send()
        .await?;
    let held = asked.parameter.and_then(|parameter| parameter.value);
    let is_named = global.is_some_and(|global| held.as_ref() == Some(&global.name));
    played.check(
        format!("the parameter in {region} names the new global cluster"),
        held.unwrap_or_default(),
        is_named,
    );
    Ok(())
}

/// Lost by detach, back, fenced, rebuilt, and home; a human is asked before the writer moves.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = lost_and_back(drill).await?;
    let before = destroying(drill).len();
    let dry = json!({"plan": PLAN});
    let said = drill.said(HOME, "rebuild-global", &dry).await;
    let reads_only = destroying(drill).len() == before && !said.starts_with("no answer");
    played.check(
        "by hand, rebuild-global says what it would do and does nothing",
        said,
        reads_only,
    );
    let lost = unreplicated_by(drill, STANDBY).await?;
    let run = start(drill, &json!({"plan": PLAN})).await?;
    drill.answer(HOME, true).await?;
    home(drill, &mut played, (&run, 3), lost).await?;
    losses::equal(drill, &mut played, &BTreeSet::new()).await?;
    retired(drill, &mut played).await;
    for region in [HOME, STANDBY] {
        named_anew(drill, &mut played, region).await?;
    }
    let again = start(drill, &json!({"plan": PLAN})).await?;
    let says = "us-west-2 is the writer of plan orders already";
    let (found, refused) = ends(drill, &again, "FAILED", says).await;
    played.check(
        "another failback is refused: the writer is home",
        found,
        refused,
    );
    Ok(played)
}
