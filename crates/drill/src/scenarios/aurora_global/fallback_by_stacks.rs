//! The way home of a detached writer by stacks alone: the lost Region's stack deleted, the global cluster's name raised, the member
//! made anew by its stack, and a planned move home.

use aws_sdk_rds::types::GlobalCluster;
use failover::installation::named;
use serde_json::json;

use crate::{
    profile::{ACCOUNT, HOME, PLAN, Profile, STANDBY, cluster},
    scenario::{Drill, Ends, FAILBACK, Played, SOON, Scenario, Told},
    scenarios::{
        actions::{
            failback::{ends, returned_and_fenced},
            replication::fall_behind,
            stacks::{BOTH, asked_since, deploy, tag_changes_nothing_else},
        },
        rds::globals,
    },
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "fallback-by-stacks",
    summary: "Stacks built everything. The home Region is lost, failed over by detach, and returns. Its database's stack is deleted, the global cluster's name is raised, stacks make the member anew, and the writer moves home as planned.",
    comes_out: "nothing of the writer is replaced, and the writer goes home without losing a row",
    world: || Profile {
        from_nothing: true,
        ..Profile::quick("detach")
    },
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&["us-east-1 took over from us-west-2"]),
    by_name_only: true,
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    fall_behind(drill).await;
    let mut played = drill.failed_over_and_home_is_back().await?;
    drill.world.simulator.mend_replication(STANDBY).await;
    returned_and_fenced(drill, &mut played).await?;
    let failed_over = ("after the failover", "night-shift");
    tag_changes_nothing_else(drill, &mut played, failed_over, &BOTH).await?;
    let calls = drill.world.emulator.rds_calls().len();
    home_is_given_up(drill).await?;
    made_anew(drill).await?;
    let asked = asked_since(drill, calls);
    let east = cluster(STANDBY);
    let of_the_writer: Vec<_> = asked.iter().filter(|call| call.ends_with(east)).collect();
    played.check(
        "stacks ask RDS for nothing about the writer",
        format!("{of_the_writer:?} of {} calls", asked.len()),
        of_the_writer.is_empty() && asked.len() > 5,
    );
    let mut members: Vec<_> = globals(drill).await.iter().map(members_of).collect();
    members.sort();
    played.check(
        "the next global cluster has both members, and the first one has none",
        members.join("; "),
        members == ["orders-global-1: 0", "orders-global-2: 2"],
    );
    adopted(drill, &mut played).await?;
    let plan = json!({"plan": PLAN});
    let text = format!("starts the planned failover to {HOME}");
    let moved = drill.start("planned-failover", HOME, &plan, text).await?;
    let (found, held) = ends(drill, &moved, "succeeded", HOME).await;
    played.check("the planned move home succeeds", found, held);
    let home = ("at home again", "day-shift");
    tag_changes_nothing_else(drill, &mut played, home, &BOTH).await?;
    drill.end_of(&moved, FAILBACK).await;
    Ok(played)
}

/// A global cluster with the number of its members.
fn members_of(global: &GlobalCluster) -> String {
    let name = global.global_cluster_identifier().unwrap_or_default();
    format!("{name}: {}", global.global_cluster_members().len())
}

/// The answers of the lost Region say that its member may go, and then its stack goes, after a last snapshot.
async fn home_is_given_up(drill: &Drill<'_>) -> Result<(), Trouble> {
    let own = format!("\n    ClusterIdentifier: {}\n", cluster(HOME));
    let goes = format!(
        "{own}    DeletionProtection: false\n    OnDeletion: Snapshot\n    OnDeletionOfInstances: Delete\n"
    );
    deploy(
        drill,
        "the member at home may go",
        |answers| answers.replacen(&own, &goes, 1),
        &["--region", HOME],
    )
    .await?;
    drill
        .world
        .emulator
        .delete_stack(HOME, &named("database"))
        .await?;
    raised(drill, &goes, &own).await
}

/// The global cluster's name is raised, over the writer, in its Region. The answers of the member at home have their first form again.
async fn raised(drill: &Drill<'_>, goes: &str, own: &str) -> Result<(), Trouble> {
    let arn = format!(
        "arn:aws:rds:{STANDBY}:{ACCOUNT}:cluster:{}",
        cluster(STANDBY)
    );
    let change = |answers: String| {
        let next = format!("GlobalCluster: orders-global-2\n  SourceClusterArn: {arn}");
        answers
            .replacen(goes, own, 1)
            .replacen("GlobalCluster: orders-global-1", &next, 1)
    };
    let words = ["--allow-replacement"];
    deploy(
        drill,
        "the next global cluster, and home made anew",
        change,
        &words,
    )
    .await?;
    Ok(())
}

/// The plan names the next global cluster, and the writer is adopted in it.
async fn adopted(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    let mut plan = drill.world.profile.plan(PLAN, &drill.world.zone_id);
    plan["revision"] = json!(2);
    plan["topology"]["global_cluster"] = json!("orders-global-2");
    for region in BOTH {
        drill.world.put_plan(region, &plan).await?;
    }
    let adopt = json!({"operation": "adopt", "plan": PLAN});
    let answer = drill
        .world
        .invoke(HOME, &named("recovery-ledger"), &adopt)
        .await?;
    let found = answer["reason"].as_str().unwrap_or_default().to_owned();
    let held = found.contains(STANDBY);
    played.check(
        "the writer is adopted in the next global cluster",
        found,
        held,
    );
    // Its epoch is the ledgers' next one, which the database learns by that.
    let setup = json!({"operation": "setup", "plan": PLAN});
    drill
        .world
        .invoke(STANDBY, &named("health-probe"), &setup)
        .await?;
    let dry = json!({"plan": PLAN});
    let beats = async || {
        let said = drill.said(HOME, "planned-failover", &dry).await;
        !said.contains("commits no beat")
    };
    drill.until(SOON, "a beat in the new epoch", beats).await;
    Ok(())
}

/// Waits until the member at home follows the writer.
async fn made_anew(drill: &Drill<'_>) -> Result<(), Trouble> {
    let follows = async || {
        let all = globals(drill).await;
        let mut members = all
            .iter()
            .flat_map(|global| global.global_cluster_members());
        members.any(|member| {
            member
                .db_cluster_arn()
                .is_some_and(|arn| arn.ends_with(cluster(HOME)))
        })
    };
    drill.until(FAILBACK, "the member made anew", follows).await;
    Ok(())
}
