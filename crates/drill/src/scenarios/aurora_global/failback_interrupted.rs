//! Each function of a failback is killed in the middle of a pass.

use std::{collections::BTreeSet, time::Duration};

use failover::installation::named;
use serde_json::json;

use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, FAILBACK, Played, Scenario, Told},
    scenarios::{
        actions::failback::{lost_and_back, start},
        checks::{
            home::{home, retired},
            losses,
            rows::unreplicated_by,
        },
    },
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "failback-interrupted",
    summary: "Each function of a failback is killed once in the middle of a pass: it ends as if nothing had happened.",
    comes_out: "the same end as without",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&["us-west-2 took over from us-east-1"]),
    by_name_only: true,
    moves_are_short: false,
    ..Scenario::USUAL
};

/// Each function of the failback is killed once in the middle of a pass.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = lost_and_back(drill).await?;
    let lost = unreplicated_by(drill, STANDBY).await?;
    let run = start(drill, &json!({"plan": PLAN, "approval": "given"})).await?;
    let mut killed = Vec::new();
    for (state, function) in [
        ("FenceWriter", "fence-writer"),
        ("LossLedger", "loss-ledger"),
        ("RebuildGlobal", "rebuild-global"),
        ("PlannedFailover", "planned-failover"),
        ("ProveWriter", "health-probe"),
        ("FlipDns", "dns-flip"),
        ("RestartEcs", "ecs-restart"),
        ("CloseRun", "recovery-ledger"),
    ] {
        if kill_in(drill, &run, (state, function)).await? {
            killed.push(function);
        }
    }
    home(drill, &mut played, (&run, 3), lost).await?;
    losses::equal(drill, &mut played, &BTreeSet::new()).await?;
    played.check(
        "every step's function was killed in the middle of a pass",
        killed.join(", "),
        killed.len() == 8,
    );
    retired(drill, &mut played).await;
    Ok(played)
}

/// Kills a function while a state of the failback is in the middle of a pass; whether that came about.
async fn kill_in(
    drill: &Drill<'_>,
    run: &str,
    (state, function): (&str, &str),
) -> Result<bool, Trouble> {
    let function = named(function);
    let slow = drill.world.front_door.set(
        Scope {
            caller_region: Some(HOME.into()),
            function: Some(function.clone()),
            ..Scope::default()
        },
        Fault::Slow(Duration::from_millis(300)),
    );
    let entered = async || {
        let mut runs = drill.runs.seen().into_iter();
        let run = runs.find(|seen| seen.name == run);
        run.is_some_and(|run| run.states.iter().any(|seen| seen.name == state))
    };
    let came = drill.until(FAILBACK, state, entered).await;
    // In the middle of a pass: between its first call and its last.
    tokio::time::sleep(Duration::from_millis(450)).await;
    let killed = drill.world.emulator.kill(HOME, &function).await?;
    drill.world.front_door.remove(slow);
    let text = format!("{state}: {killed} process(es) of {function} are killed");
    drill.world.timeline.say(Kind::Fault, HOME, text);
    Ok(came && killed > 0)
}
