//! Somebody locks a table of the deposed writer while a failback compares it.

use std::time::Duration;

use failover::steps::loss_ledger::{Found, TableLoss};
use serde_json::json;

use super::{FAILBACK, fall_behind, found::destroying, losses, start};
use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{
        act::again::home_learns,
        stage::{Acted, Stage},
    },
    timeline::Kind,
    world::Trouble,
};

/// How long the table is locked from the first look at it on.
const LOCKED: Duration = Duration::from_secs(25);
/// What the session of RDS calls itself.
const HOLDER: &str = "vacuum-full";

/// The failback would delete the deposed cluster, and waits until the table is compared.
pub(in super::super) async fn locked_table(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    fall_behind(stage).await;
    let mut acted = stage.failed_over_and_home_is_back().await?;
    stage.world.simulator.mend_replication(STANDBY).await;
    home_learns(stage, 2).await;
    losses::returned(stage).await?;
    // The fence ends a session of an application or of the administrator.
    let simulator = &stage.world.simulator;
    let holder = simulator.connect_as_rds(HOME, cluster(HOME), PLAN).await?;
    holder
        .batch_execute(&format!(
            "SET application_name = '{HOLDER}'; BEGIN; LOCK TABLE app.rows IN ACCESS EXCLUSIVE MODE"
        ))
        .await?;
    stage.fault(HOME, "RDS locks app.rows", "table locked");
    let wish = json!({"plan": PLAN, "rehearse": true, "retire": "delete"});
    let run = start(stage, &wish).await?;
    let compares = async || {
        let mut runs = stage.runs.seen().into_iter();
        let run = runs.find(|seen| seen.name == run);
        run.is_some_and(|run| run.states.iter().any(|seen| seen.name == "LossLedger"))
    };
    stage.until(FAILBACK, "the comparison", compares).await;
    tokio::time::sleep(LOCKED).await;
    let early = table(stage).await?;
    let taken = destroying(stage).len();
    acted.check(
        "while the table is locked it is not called compared, and nothing is taken away",
        format!(
            "{}; {taken} calls took something away",
            words(early.as_ref())
        ),
        early.is_none_or(|table| !table.is_done) && taken == 0,
    );
    holder.batch_execute("COMMIT").await?;
    let text = "lets go of app.rows";
    stage.world.timeline.say(Kind::Fault, "RDS", text);
    let ended = stage.end_of(&run, FAILBACK).await;
    let outcome = ended.and_then(|run| run.outcome).unwrap_or_default();
    acted.check("the failback goes on then", &*outcome, outcome == "rebuilt");
    let history = stage.runs.histories().remove(&run).unwrap_or_default();
    let said = history.contains("it was locked for") && history.contains(HOLDER);
    acted.check(
        "its pass says that the table was locked, and by whom",
        if said { "it does" } else { "it does not" },
        said,
    );
    let compared = table(stage).await?;
    acted.check(
        "the table is compared to its end, and the account says how long it was locked",
        words(compared.as_ref()),
        compared.is_some_and(|table| {
            table.is_done && table.compared > 0 && table.locked_seconds + 10 >= LOCKED.as_secs()
        }),
    );
    let lost = losses::lost_by(stage, STANDBY).await?;
    losses::held_against(stage, &mut acted, cluster(HOME), &lost).await?;
    let told = stage.told("loss ledger of").await.unwrap_or_default();
    acted.check(
        "people are told of the lock with the loss",
        told.replace('\n', " "),
        told.contains("app.rows was locked for"),
    );
    Ok(acted)
}

/// The account of the application's table, once there is one.
async fn table(stage: &Stage<'_>) -> Result<Option<TableLoss>, Trouble> {
    let ledger = stage.world.ledger_of(HOME);
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
