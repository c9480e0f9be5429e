//! A deposed writer with a large table is compared with the one that replaced it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    profile::{HOME, STANDBY, cluster},
    scenario::{Drill, Ends, Played, SOON, Scenario, Told},
    scenarios::{
        actions::{
            failback::{deposed_writer, returned_and_fenced},
            loss_ledger,
        },
        checks::losses,
    },
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "million-rows",
    summary: "A deposed writer has a table of a million rows, a thousand of which only it has or has otherwise: the loss ledger lists just these.",
    comes_out: "the loss ledger lists just these, in seconds and little memory",
    plan: tables,
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&["the loss ledger of orders-west is written"]),
    by_name_only: true,
    ..Scenario::USUAL
};

/// The rows of the large table.
const ROWS: u64 = 1_000_000;
/// How many of them only the deposed writer has, and how many it has otherwise.
const LOST: u64 = 500;
/// The most memory that the function may use, in megabytes.
const MEMORY_MB_MAX: f64 = 60.0;
/// The most that it may take.
const TIME_MAX: Duration = Duration::from_secs(60);

fn tables() -> Value {
    json!({"loss_ledger": [
        {"table": "app.rows", "key": ["id"]}, {"table": "app.big", "key": ["id"]}]})
}

/// A deposed writer with a large table is compared with the one that replaced it.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let home = drill.world.admin(HOME).await?;
    let fill = format!(
        "CREATE TABLE app.big (id bigint PRIMARY KEY, what text NOT NULL);
         INSERT INTO app.big SELECT n, 'row ' || n || ' of a table that is large' FROM generate_series(1, {ROWS}) AS n;
         CREATE TABLE app.filled ()"
    );
    home.batch_execute(&fill).await?;
    let standby = drill.world.admin(STANDBY).await?;
    let arrived = async || {
        let found = "SELECT to_regclass('app.filled') IS NOT NULL";
        let found = standby.query_one(found, &[]).await;
        found.is_ok_and(|row| row.get(0))
    };
    drill
        .until(SOON, "the rows' arrival at the standby", arrived)
        .await;
    let mut played = drill.failed_over_and_home_is_back().await?;
    let deposed = deposed_writer(drill).await?;
    let change = format!(
        "INSERT INTO app.big SELECT {ROWS} + n, 'lost' FROM generate_series(1, {LOST}) AS n;
         UPDATE app.big SET what = 'otherwise' WHERE id % {} = 0 AND id <= {ROWS}",
        ROWS / LOST
    );
    deposed.batch_execute(&change).await?;
    returned_and_fenced(drill, &mut played).await?;
    let began = Instant::now();
    let peak = loss_ledger::by_hand(drill, None).await?;
    let took = began.elapsed();
    let losses = losses::listed(drill, cluster(HOME))
        .await?
        .ok_or("the loss ledger is not complete")?;
    let mut counted = [0, 0];
    for (count, kind) in counted.iter_mut().zip(["only-here", "differs"]) {
        let files = losses::files(drill, &losses, "app.big", kind).await?;
        *count = files.iter().map(|csv| csv.lines().count() - 1).sum();
    }
    let big = losses
        .tables
        .iter()
        .find(|loss| loss.table.table == "app.big");
    let told = big.map(|loss| (loss.compared, loss.only_here, loss.differs));
    played.check(
        format!(
            "of {} rows {LOST} are listed as lost and {LOST} as otherwise",
            ROWS + LOST
        ),
        format!("{told:?} in the summary, {counted:?} in the files"),
        told == Some((ROWS + LOST, LOST, LOST)) && counted == [500, 500],
    );
    played.check(
        format!("loss-ledger needs at most {TIME_MAX:?} for that"),
        format!("{:.1} s", took.as_secs_f64()),
        took <= TIME_MAX,
    );
    played.check(
        format!("and at most {MEMORY_MB_MAX} MB of memory"),
        peak.map_or("unknown".into(), |peak| format!("{peak:.1} MB at its peak")),
        peak.is_some_and(|peak| peak <= MEMORY_MB_MAX),
    );
    Ok(played)
}
