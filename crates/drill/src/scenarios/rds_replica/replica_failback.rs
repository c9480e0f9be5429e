//! A Region is lost that has the source of a read replica, comes back, and the writer goes home.

use std::collections::BTreeSet;

use failover::topology::names::Retire;
use serde_json::json;

use crate::{
    profile::{HOME, PLAN, Profile, STANDBY},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::{
        actions::failback::{lost_and_back_bare, start},
        checks::{
            losses,
            planned::{leads, succeeds},
            replicas::{protected, retired},
            rows::unreplicated_by,
        },
        rds::pilot_light,
    },
    world::Trouble,
};

pub(crate) static SCENARIO: Scenario = Scenario {
    name: "replica-failback",
    summary: "The home Region of an RDS instance is lost and its read replica promoted; it returns, the old writer is fenced, what only it has is listed, it is kept by a snapshot and deleted for a new replica of its name, and the writer goes home without losing a further row.",
    comes_out: "fenced, listed, kept, made again, the writer goes home, a replica on the other side again",
    world: Profile::quick_replica,
    play: |drill| Box::pin(play(drill, Retire::Delete)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[
        "us-east-1 took over from us-west-2",
        "shall us-west-2 take over",
        "us-west-2 took over from us-east-1",
    ]),
    ..Scenario::USUAL
};

/// The way home. What is deleted is listed row by row before, and what is renamed need not be.
pub(super) async fn play(drill: &Drill<'_>, retire: Retire) -> Result<Played, Trouble> {
    let mut played = lost_and_back_bare(drill).await?;
    let dry = drill
        .said(HOME, "replace-replica", &json!({"plan": PLAN}))
        .await;
    played.check(
        "by hand, replace-replica says what it would do and does nothing",
        &*dry,
        !dry.starts_with("no answer"),
    );
    let lost = unreplicated_by(drill, STANDBY).await?;
    let run = start(drill, &json!({"plan": PLAN, "retire": retire})).await?;
    drill.answer(HOME, true).await?;
    succeeds(drill, &mut played, &run, "the failback succeeds").await;
    leads(drill, &mut played, HOME, 3).await;
    match retire {
        Retire::Delete => {
            losses::equal(drill, &mut played, &BTreeSet::new()).await?;
        }
        Retire::Rename => losses::counted(drill, &mut played).await?,
    }
    let after = unreplicated_by(drill, HOME).await?;
    played.check(
        "the way home loses no acknowledged row",
        format!("{after} are missing, {lost} were before"),
        after == lost,
    );
    let tasks = pilot_light(drill).await;
    played.check(
        "the pilot light of the Region that took over is out again",
        format!("{tasks} tasks"),
        tasks == 0,
    );
    protected(drill, &mut played, (HOME, STANDBY)).await?;
    let renamed = usize::from(retire == Retire::Rename);
    retired(drill, &mut played, HOME, (renamed, 1)).await?;
    retired(drill, &mut played, STANDBY, (1, 1)).await?;
    Ok(played)
}
