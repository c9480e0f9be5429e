//! The function of a workload's way home is killed once in each step, and answers of RDS are lost.

use std::time::Duration;

use ::workload::jobs::Asks;
use failover::installation::named;
use rds_sim::Loss;
use serde_json::json;

use super::workload_failback::is_home;
use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, Profile, STANDBY},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::{
        actions::workload::{
            FUNCTION, LIMIT, MACHINE, adopt, application::Application, ends, has_ended,
            shop::opened, start, yes,
        },
        checks::workload::Before,
    },
    shop::PLAN,
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "workload-interrupted",
    summary: "A workload comes home while its function is killed in the middle of a pass of each step, and RDS carries calls of every kind out without answering them.",
    comes_out: "the same end as without, and nothing is there twice",
    world: || Profile::gentle("detach"),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::OnceARound,
    by_name_only: true,
    ..Scenario::USUAL
};

/// The calls whose first answer is lost, and where they are made.
const LOST: [(&str, &str); 13] = [
    (STANDBY, "CreateDBSnapshot"),
    (STANDBY, "CreateDBClusterSnapshot"),
    (HOME, "CopyDBSnapshot"),
    (HOME, "CopyDBClusterSnapshot"),
    (HOME, "DeleteDBClusterEndpoint"),
    (HOME, "ModifyDBInstance"),
    (HOME, "ModifyDBCluster"),
    (HOME, "RestoreDBInstanceFromDBSnapshot"),
    (HOME, "RestoreDBClusterFromSnapshot"),
    (HOME, "CreateDBInstance"),
    (HOME, "CreateDBClusterEndpoint"),
    (STANDBY, "StopDBInstance"),
    (STANDBY, "StopDBCluster"),
];

/// The states of a run home in which the function is killed, each after the questions that lead to it.
const KILLED: [(&[Asks], &str); 9] = [
    (&[], "Prepare"),
    (&[Asks::Prepared], "Sync"),
    (&[Asks::Suspend], "Suspend"),
    (&[], "LastSync"),
    (&[], "CutOver"),
    (&[], "Verify"),
    (&[Asks::Verified], "Retire"),
    (&[], "Conclude"),
    (&[], "CloseRun"),
];

/// By how much each call of the function is slowed down, so that its passes have a middle.
const SLOW: Duration = Duration::from_millis(300);

/// A call that is under way is among the last so many.
const LATEST: usize = 30;

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    opened(drill).await?;
    adopt(drill, &mut played).await;
    let before = Before::at(drill).await?;
    let application = Application::start(drill)?;
    for (region, operation) in LOST {
        let simulator = &drill.world.simulator;
        simulator.lose_answers(region, operation, 1, Loss::InternalFailure);
    }
    let run = start(drill, MACHINE, &json!({"plan": PLAN})).await?;
    let mut killed = Vec::new();
    for (questions, state) in KILLED {
        yes(drill, &mut played, &run, questions).await;
        if kill_in(drill, &run, state).await? {
            killed.push(state);
        }
    }
    let way = ("succeeded", "the workload comes home all the same");
    ends(drill, &mut played, &run, way).await;
    for region in [HOME, STANDBY] {
        drill.world.simulator.end_troubles(region);
    }
    played.check(
        "the function was killed in the middle of a pass of each step",
        killed.join(", "),
        killed.len() == KILLED.len(),
    );
    is_home(drill, &mut played, &before, &application).await?;
    nothing_twice(drill, &mut played);
    Ok(played)
}

/// Kills the function while it makes a call in a state; whether that came about.
async fn kill_in(drill: &Drill<'_>, run: &str, state: &str) -> Result<bool, Trouble> {
    let function = named(FUNCTION);
    let scope = Scope {
        function: Some(function.clone()),
        ..Scope::from_region(HOME)
    };
    let slow = drill.world.front_door.set(scope, Fault::Slow(SLOW));
    let is_calling = || {
        let mut runs = drill.runs.seen().into_iter();
        let run = runs.find(|seen| seen.name == run);
        let entered = run.is_some_and(|run| run.states.iter().any(|seen| seen.name == state));
        let calls = drill.world.front_door.calls();
        let mut its = calls
            .iter()
            .rev()
            .take(LATEST)
            .filter(|call| call.function == function && call.caller_region == HOME);
        entered && its.any(|call| call.duration_ms.is_none())
    };
    drill
        .until(LIMIT, state, async || is_calling() || has_ended(drill, run))
        .await;
    let came = !has_ended(drill, run);
    let killed = drill.world.emulator.kill(HOME, &function).await?;
    drill.world.front_door.remove(slow);
    let text = format!("{state}: {killed} process(es) of {function} are killed");
    drill.world.timeline.say(Kind::Fault, HOME, text);
    Ok(came && killed > 0)
}

/// Each database was restored once, and stopped once.
fn nothing_twice(drill: &Drill<'_>, played: &mut Played) {
    let history = drill.world.simulator.history();
    let times = |words: &str| history.iter().filter(|it| it.what == words).count();
    for (words, wanted) in [
        ("restoration accepted", 2),
        ("instance stop accepted", 1),
        ("cluster stop accepted", 1),
    ] {
        let found = times(words);
        played.check(
            format!("no call is repeated that was carried out: {words}"),
            format!("{found} of {wanted} times"),
            found == wanted,
        );
    }
}
