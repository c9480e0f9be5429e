//! Whole machines with `dry_run`: each says what it would do, and nothing is changed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, NOT_TAKEN, Played, RUN, Scenario, Told},
    scenarios::checks::{
        ledgers::{is_free, writer_is},
        nothing_changes::Observed,
    },
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "dry-run-machine",
    summary: "Each state machine is started with dry_run, and the unplanned one once more while the home Region is lost: each says what it would do, and nothing is changed.",
    comes_out: "each says what it would do, nothing is called, written, leased or told by it",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[NOT_TAKEN]),
    ..Scenario::USUAL
};

/// How long a mark of what people were told may take.
const MARKED: Duration = Duration::from_secs(1);
/// One dry run: the machine, its Region, its input without `dry_run`, and part of what it must say.
type Asked = (&'static str, &'static str, Value, &'static str);

/// Every machine while all is well; then the unplanned one once more while the home Region is lost.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    let plan = json!({"plan": PLAN});
    let unplanned = json!({"plan": PLAN, "writer_region": HOME, "observer_region": STANDBY});
    let healthy: [Asked; 3] = [
        ("unplanned-failover", STANDBY, unplanned.clone(), "healthy"),
        (
            "planned-failover",
            STANDBY,
            plan.clone(),
            "everything is ready",
        ),
        ("failback", HOME, plan, "is the writer"),
    ];
    for asked in healthy {
        says_and_changes_nothing(drill, &mut played, asked).await?;
    }
    // Otherwise a suspicion would start a run beside it, and that one may do what the dry run may not.
    let suspicions = Scope {
        caller_region: Some(STANDBY.into()),
        service: Some("events".into()),
        ..Scope::default()
    };
    drill.fault(STANDBY, "its event bus refuses every event", "no events");
    drill.world.front_door.set(suspicions, Fault::Refuse);
    played.unreplicated = drill.lose(HOME).await?.unreplicated;
    let suspects = drill.suspects(STANDBY).await;
    let found = if suspects { "it does" } else { "it does not" };
    played.check("the probe suspects the writer", found, suspects);
    // People hear that no run can be started, and the ledger keeps that they did: by the probe, before the dry run begins.
    drill.told(NOT_TAKEN).await;
    tokio::time::sleep(MARKED).await;
    let lost = ("unplanned-failover", STANDBY, unplanned, "region_down");
    says_and_changes_nothing(drill, &mut played, lost).await?;
    drill.world.return_region(HOME).await?;
    let writes = drill.writes_in(HOME).await;
    let found = if writes { "it does" } else { "it does not" };
    played.check("the application writes on at home", found, writes);
    played.checks.extend(writer_is(drill, HOME, 1).await);
    is_free(drill, &mut played).await?;
    Ok(played)
}

/// One dry run of a machine, with everything looked at before and behind it.
async fn says_and_changes_nothing(
    drill: &Drill<'_>,
    played: &mut Played,
    (machine, region, mut input, part): Asked,
) -> Result<(), Trouble> {
    let before = Observed::at(drill).await?;
    input["dry_run"] = true.into();
    let text = format!("starts {machine} in {region} with {input}");
    let run = drill.start(machine, region, &input, text).await?;
    let ended = drill.end_of(&run, RUN).await;
    let last = ended.as_ref().and_then(|run| run.states.last());
    let how = format!(
        "{} in {}",
        ended.as_ref().map_or("RUNNING", |run| &run.status),
        last.map_or("no state", |state| &state.name)
    );
    played.check(
        format!("the dry run of {machine} ends in DryRun"),
        &*how,
        how == "SUCCEEDED in DryRun",
    );
    let history = drill.runs.histories().remove(&run).unwrap_or_default();
    // The last line is what the execution gave.
    let said = history.lines().last().unwrap_or_default();
    let said: Value = serde_json::from_str(said).unwrap_or_default();
    let words = format!(
        "{}: {}; {}",
        said["action"], said["reason"], said["reasons"]
    );
    played.check(
        format!("it says what it would do: {part}"),
        &*words,
        words.contains(part),
    );
    let after = Observed::at(drill).await?;
    played.check(
        format!("the dry run of {machine} changes nothing"),
        before.differs_from(&after),
        before.changed_in(&after).is_empty(),
    );
    Ok(())
}
