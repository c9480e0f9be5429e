//! A failback that stops after the rebuild.

use serde_json::json;

use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{Drill, Ends, FAILBACK, Played, Scenario, Told},
    scenarios::{
        actions::failback::{ends, lost_and_back, start},
        checks::{
            calls::destroying,
            home::{home, members},
            ledgers::writer_is,
            rows::unreplicated_by,
        },
        rds::{clusters, snapshots},
    },
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "rehearsal",
    summary: "After a failover the standby is rebuilt and the deposed cluster deleted, while the writer stays; later the writer goes home.",
    comes_out: "the writer stays, the deposed cluster is deleted, later the writer goes home",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[
        "the standby in us-west-2 is rebuilt",
        "us-west-2 took over from us-east-1",
    ]),
    ..Scenario::USUAL
};

/// The standby is rebuilt, and the writer stays; later it is taken home.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = lost_and_back(drill).await?;
    let typo = start(drill, &json!({"plan": PLAN, "rehearsal": true})).await?;
    let (found, refused) = ends(drill, &typo, "FAILED", "rehearsal is not a field here").await;
    played.check(
        "a field that there is none of is refused, and nothing is changed",
        found,
        refused && destroying(drill).is_empty(),
    );
    let rehearse = json!({"plan": PLAN, "rehearse": true, "retire": "delete"});
    let rehearsal = start(drill, &rehearse).await?;
    let rehearsed = drill.end_of(&rehearsal, FAILBACK).await;
    let outcome = rehearsed.and_then(|run| run.outcome).unwrap_or_default();
    played.check(
        "the rehearsal ends with the standby rebuilt",
        &*outcome,
        outcome == "rebuilt",
    );
    played.checks.extend(writer_is(drill, STANDBY, 2).await);
    members(drill, &mut played, 2).await;
    let snapshots = snapshots(drill, "manual").await;
    let clusters = clusters(drill).await;
    played.check(
        "the deposed cluster is deleted, its final snapshot stays",
        format!(
            "clusters {}, snapshots {}",
            clusters.join(", "),
            snapshots.join(", ")
        ),
        clusters == [cluster(HOME)] && snapshots == ["orders-west-final-2"],
    );
    let lost = unreplicated_by(drill, STANDBY).await?;
    let run = start(drill, &json!({"plan": PLAN, "approval": "given"})).await?;
    home(drill, &mut played, (&run, 3), lost).await?;
    Ok(played)
}
