//! What stands in the way of a workload's way home is said, one sentence for each thing, and nothing is changed by being refused.

use ::workload::{databases::Kind, jobs::Asks, run::Kind as Does};
use serde_json::json;

use super::workload_rehearsal::is_gone;
use crate::{
    profile::{HOME, Profile, STANDBY},
    scenario::{Drill, Ends, Played, SOON, Scenario, Told},
    scenarios::{
        actions::workload::{
            MACHINE, adopt, answer,
            application::Application,
            ends, give_rights, says,
            shop::{BILLING_AWAY, LEDGER, document, found, opened, put_plan},
            start, take_rights,
        },
        checks::workload::{Before, orders_are_undisturbed, serves},
        rds::{available, delete_cluster, rds},
    },
    shop::PLAN,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "workload-refused",
    summary: "A workload's way home meets one obstacle after another: a recovery instance that is not there, a key that the plan lacks, a name that is taken, a quota that is reached in a rehearsal, and rights that nobody has given.",
    comes_out: "each is named in a sentence, home is what it was, and the shop sells on",
    world: || Profile::gentle("detach"),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::OnceARound,
    by_name_only: true,
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    opened(drill).await?;
    adopt(drill, &mut played).await;
    let before = Before::at(drill).await?;
    let application = Application::start(drill)?;
    unready(drill, &mut played).await?;
    before
        .is_all(drill, &mut played, "after what prepare refuses")
        .await;
    no_room(drill, &mut played).await?;
    before
        .is_untouched(drill, &mut played, "after the quota")
        .await;
    is_gone(drill, &mut played).await;
    no_rights(drill, &mut played, &before).await?;
    let sells = application.sells(drill).await;
    let word = if sells { "it sells" } else { "it does not" };
    played.check("the shop sells on after all of these", word, sells);
    serves(drill, &mut played, STANDBY, 1).await;
    orders_are_undisturbed(drill, &mut played).await;
    Ok(played)
}

/// A plan that is wrong in three ways: prepare says all of them at once, and asks nobody.
async fn unready(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    const NOWHERE: &str = "shop-nowhere";
    let stranger = format!("{LEDGER}-rehearsal");
    let mut wrong = document();
    wrong["resources"][0]["recovery"] = json!(NOWHERE);
    if let Some(ledger) = wrong["resources"][1].as_object_mut() {
        ledger.remove("kms_key");
    }
    for region in [HOME, STANDBY] {
        put_plan(drill, region, &wrong).await?;
    }
    takes_the_name(drill, &stranger).await?;
    let input = json!({"plan": PLAN, "rehearse": true});
    let run = start(drill, MACHINE, &input).await?;
    for (what, sentence) in [
        (
            "that the recovery instance is missing",
            format!(
                "there is no instance {NOWHERE} in {STANDBY}; put the recovery of billing right in the plan"
            ),
        ),
        (
            "that the plan lacks a key",
            "is encrypted and the plan has no kms_key for ledger".to_owned(),
        ),
        (
            "that a name is taken",
            format!("the name {stranger} that a run needs is taken"),
        ),
    ] {
        says(drill, played, &run, (what, &sentence)).await;
    }
    let way = ("aborted", "the run ends before anybody is asked");
    ends(drill, played, &run, way).await;
    gives_the_name(drill, &stranger).await?;
    for region in [HOME, STANDBY] {
        put_plan(drill, region, &document()).await?;
    }
    let there = found(drill, Kind::Instance, (STANDBY, BILLING_AWAY)).await;
    let status = there.map(|found| found.shape.status).unwrap_or_default();
    played.check(
        format!("{BILLING_AWAY} serves on"),
        &*status,
        status == "available",
    );
    Ok(())
}

/// Somebody has a cluster of a name that a rehearsal would need.
async fn takes_the_name(drill: &Drill<'_>, name: &str) -> Result<(), Trouble> {
    rds(drill, HOME)
        .create_db_cluster()
        .db_cluster_identifier(name)
        .engine("aurora-postgresql")
        .master_username("postgres_admin")
        .master_user_password("it's not a secret")
        .send()
        .await?;
    available(drill, name).await;
    Ok(())
}

/// It is deleted again.
async fn gives_the_name(drill: &Drill<'_>, name: &str) -> Result<(), Trouble> {
    delete_cluster(drill, name).await?;
    let kind = Kind::Cluster;
    let is_gone = async || found(drill, kind, (HOME, name)).await.is_none();
    drill.until(SOON, "the name to be free", is_gone).await;
    Ok(())
}

/// The account may have no more clusters in the home Region: a rehearsal says so, and leaves nothing.
async fn no_room(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    drill.fault(HOME, "may have no third cluster", "quota");
    drill.world.simulator.limit_clusters(HOME, Some(2));
    let input = json!({"plan": PLAN, "rehearse": true});
    let run = start(drill, MACHINE, &input).await?;
    let prepared = (Does::Rehearse, Asks::Prepared);
    answer(drill, played, &run, (prepared, true)).await;
    let what = ("that a quota is reached", "DBClusterQuotaExceededFault");
    says(drill, played, &run, what).await;
    let way = ("aborted", "the rehearsal ends without a question");
    ends(drill, played, &run, way).await;
    drill.world.simulator.limit_clusters(HOME, None);
    Ok(())
}

/// Nobody has given the rights: prepare says so, names the command, and nobody is asked.
async fn no_rights(drill: &Drill<'_>, played: &mut Played, before: &Before) -> Result<(), Trouble> {
    take_rights(drill).await?;
    let run = start(drill, MACHINE, &json!({"plan": PLAN})).await?;
    let command = format!("make failback-rights ANSWERS=<file> REGION={HOME}");
    let what = ("which command gives the rights", &*command);
    says(drill, played, &run, what).await;
    let way = ("aborted", "the run ends before anybody is asked");
    ends(drill, played, &run, way).await;
    before
        .is_untouched(drill, played, "without the rights")
        .await;
    give_rights(drill).await
}
