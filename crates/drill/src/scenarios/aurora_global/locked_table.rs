//! Somebody locks a table of the deposed writer while a failback compares it.

use std::time::Duration;

use failover::{ledger::TableLoss, ports::Ledger};
use serde_json::json;

use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{Drill, Ends, FAILBACK, Played, Scenario, Told},
    scenarios::{
        actions::{
            failback::{deposed_writer, start},
            replication::fall_behind,
        },
        checks::{calls::destroying, ledgers::home_learns, losses},
    },
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "locked-table",
    summary: "Somebody locks a table of the deposed writer for 25 s while a failback compares it: it is waited for and named, and nothing is taken away before it is compared.",
    comes_out: "waited for and named, nothing is taken away before its end was read",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&["the loss ledger of orders-west is written"]),
    by_name_only: true,
    ..Scenario::USUAL
};

/// How long the table is locked from the first look at it on.
const LOCKED: Duration = Duration::from_secs(25);
/// What the session of RDS calls itself.
const HOLDER: &str = "vacuum-full";

/// The failback would delete the deposed cluster, and waits until the table is compared.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    fall_behind(drill).await;
    let mut played = drill.failed_over_and_home_is_back().await?;
    drill.world.simulator.mend_replication(STANDBY).await;
    home_learns(drill, 2).await;
    deposed_writer(drill).await?;
    // The fence ends a session of an application or of the administrator.
    let simulator = &drill.world.simulator;
    let holder = simulator.connect_as_rds(HOME, cluster(HOME), PLAN).await?;
    holder
        .batch_execute(&format!(
            "SET application_name = '{HOLDER}'; BEGIN; LOCK TABLE app.rows IN ACCESS EXCLUSIVE MODE"
        ))
        .await?;
    drill.fault(HOME, "RDS locks app.rows", "table locked");
    let input = json!({"plan": PLAN, "rehearse": true, "retire": "delete"});
    let run = start(drill, &input).await?;
    let compares = async || {
        let mut runs = drill.runs.seen().into_iter();
        let run = runs.find(|seen| seen.name == run);
        run.is_some_and(|run| run.states.iter().any(|seen| seen.name == "LossLedger"))
    };
    drill.until(FAILBACK, "the comparison", compares).await;
    tokio::time::sleep(LOCKED).await;
    let early = table(drill).await?;
    let taken = destroying(drill).len();
    played.check(
        "while the table is locked it is not called compared, and nothing is taken away",
        format!(
            "{}; {taken} calls took something away",
            words(early.as_ref())
        ),
        early.is_none_or(|table| !table.is_done) && taken == 0,
    );
    holder.batch_execute("COMMIT").await?;
    let text = "lets go of app.rows";
    drill.world.timeline.say(Kind::Fault, "RDS", text);
    let ended = drill.end_of(&run, FAILBACK).await;
    let outcome = ended.and_then(|run| run.outcome).unwrap_or_default();
    played.check("the failback goes on then", &*outcome, outcome == "rebuilt");
    let history = drill.runs.histories().remove(&run).unwrap_or_default();
    let said = history.contains("it was locked for") && history.contains(HOLDER);
    played.check(
        "its pass says that the table was locked, and by whom",
        if said { "it does" } else { "it does not" },
        said,
    );
    let compared = table(drill).await?;
    played.check(
        "the table is compared to its end, and the account says how long it was locked",
        words(compared.as_ref()),
        compared.is_some_and(|table| {
            table.is_done && table.compared > 0 && table.locked_seconds + 10 >= LOCKED.as_secs()
        }),
    );
    let lost = losses::lost_by(drill, STANDBY).await?;
    losses::held_against(drill, &mut played, cluster(HOME), &lost).await?;
    let told = drill.told("loss ledger of").await.unwrap_or_default();
    played.check(
        "people are told of the lock with the loss",
        told.replace('\n', " "),
        told.contains("app.rows was locked for"),
    );
    Ok(played)
}

/// The account of the application's table, once there is one.
async fn table(drill: &Drill<'_>) -> Result<Option<TableLoss>, Trouble> {
    let ledger = drill.world.ledger_of(HOME);
    let losses = ledger
        .losses(&HOME.into(), &PLAN.into(), cluster(HOME))
        .await?;
    let tables = losses.map(|losses| losses.tables).unwrap_or_default();
    Ok(tables
        .into_iter()
        .find(|loss| loss.table.table == "app.rows"))
}

fn words(table: Option<&TableLoss>) -> String {
    table.map_or("nothing is noted of it".into(), |table| {
        format!(
            "{} row(s) compared, end reached: {}, locked for {} s",
            table.compared, table.is_done, table.locked_seconds
        )
    })
}
