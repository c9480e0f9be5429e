//! A Region dies that has an instance to which nothing logs in: nobody notices, people start a run, and say twice that it may go on.

use std::time::Duration;

use serde_json::json;

use crate::{
    profile::{HOME, PLAN, Profile, STANDBY, WRITER_NAME},
    scenario::{Drill, Ends, Played, QUESTION, RETURN, RUN, SOON, Scenario, TOOK_OVER, Told},
    scenarios::checks::{calls::promotions, ledgers::ledger_says},
    world::Trouble,
};

pub(crate) static SCENARIO: Scenario = Scenario {
    name: "replica-sqlserver",
    summary: "The home Region of an instance of SQL Server dies whole, by the control plane only (PostgreSQL stands in beneath): nothing happens by itself. A human starts a run, agrees, and the replica is promoted. Names stay as long as nobody says that it takes writes, and then are led over. Nothing shuts the old writer when its Region is back, which people are told.",
    comes_out: "promoted by people, names wait for their word",
    world: Profile::quick_sqlserver,
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[QUESTION, RETURN, TOOK_OVER, UNFENCED]),
    ..Scenario::USUAL
};

/// Part of a subject: the question after the promotion.
const PROOF: &str = "does the promoted instance in us-east-1 take writes?";
/// Part of a subject: the old writer is open.
const UNFENCED: &str = "the deposed writer in us-west-2 is not fenced";
/// Longer than an automatic plan of this rhythm needs until its replica is promoted.
const UNNOTICED: Duration = Duration::from_secs(25);

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = drill.lose(HOME).await?;
    unnoticed(drill, &mut played).await;
    let first = start(drill).await?;
    let question = drill.told(QUESTION).await.unwrap_or_default();
    asked(&mut played, &question);
    drill.answer(STANDBY, true).await?;
    drill.told(PROOF).await;
    names_stay(
        drill,
        &mut played,
        "while nobody has said that it takes writes",
    )
    .await;
    drill.answer_to((STANDBY, PROOF), false).await?;
    let ended = drill.end_of(&first, RUN).await;
    let outcome = ended.and_then(|run| run.outcome).unwrap_or_default();
    played.check(
        "a no to the second question ends the run as failed, behind the promotion",
        &outcome,
        outcome == "failed",
    );
    names_stay(drill, &mut played, "after a no to the second question").await;
    let second = start(drill).await?;
    drill
        .until(SOON, "the second question anew", async || {
            questions(drill) == 2
        })
        .await;
    drill.answer_to((STANDBY, PROOF), true).await?;
    let ended = drill.end_of(&second, RUN).await;
    let outcome = ended.and_then(|run| run.outcome).unwrap_or_default();
    played.check(
        "a yes to it leads names over",
        &outcome,
        outcome == "succeeded",
    );
    moved(drill, &mut played).await;
    drill.world.return_region(HOME).await?;
    let told = drill.told(UNFENCED).await.unwrap_or_default();
    played.check(
        "people are told that nothing shuts the old writer",
        told.lines().next().unwrap_or("nothing"),
        told.contains("to which nothing logs in"),
    );
    Ok(played)
}

async fn start(drill: &Drill<'_>) -> Result<String, Trouble> {
    let input = json!({"plan": PLAN, "writer_region": HOME, "observer_region": STANDBY});
    let text = "starts a run, which nothing else does".to_owned();
    drill.start("replica-failover", STANDBY, &input, text).await
}

/// No probe looks at the writer, so that nobody is told and nothing begins.
async fn unnoticed(drill: &Drill<'_>, played: &mut Played) {
    tokio::time::sleep(UNNOTICED).await;
    let (runs, told) = (drill.runs.seen().len(), drill.world.messages().len());
    let promoted = promotions(drill, STANDBY);
    played.check(
        format!("nothing happens by itself for {UNNOTICED:?}"),
        format!("{runs} runs, {told} messages, {promoted} promotions"),
        runs + told + promoted == 0,
    );
}

/// What the first question says.
fn asked(played: &mut Played, question: &str) {
    let parts = [
        "is the service there really not responding",
        "is the application in the other Region ready",
        "is switching the traffic the only way left",
        "is the lag of the replica acceptable",
        "whether the old writer still commits",
        "missing or -1 is unknown",
        "logins, jobs and linked servers",
        "--metric-name ReplicaLag",
    ];
    let missing: Vec<_> = parts
        .iter()
        .filter(|part| !question.contains(**part))
        .collect();
    played.check(
        "the question has the four considerations and what cannot be known",
        format!("lacks {missing:?}"),
        missing.is_empty(),
    );
}

fn questions(drill: &Drill<'_>) -> usize {
    let messages = drill.world.messages();
    messages.iter().filter(|text| text.contains(PROOF)).count()
}

/// The replica is promoted, and the writer's name leads where it led.
async fn names_stay(drill: &Drill<'_>, played: &mut Played, when: &str) {
    let leads_to = leads_to(drill).await;
    let promoted = promotions(drill, STANDBY);
    played.check(
        format!("the replica is promoted once, and the name stays {when}"),
        format!("{promoted} promotions, {WRITER_NAME} leads to {leads_to}"),
        promoted == 1 && leads_to == drill.world.endpoints[HOME].writer,
    );
}

async fn moved(drill: &Drill<'_>, played: &mut Played) {
    let leads_to = leads_to(drill).await;
    played.check(
        "the writer's name leads to the promoted instance",
        &leads_to,
        leads_to == drill.world.endpoints[STANDBY].writer,
    );
    played
        .checks
        .push(ledger_says(drill, STANDBY, STANDBY, 2).await);
    let writes = drill.writes_in(STANDBY).await;
    played.check(
        "the application writes there",
        if writes { "it does" } else { "it does not" },
        writes,
    );
}

async fn leads_to(drill: &Drill<'_>) -> String {
    let records = drill.world.records().await.into_iter();
    let mut writer = records.filter(|(name, _)| name == WRITER_NAME);
    writer.next().map_or_else(String::new, |(_, value)| value)
}
