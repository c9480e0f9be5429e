//! A workload that has run in its recovery Region since a disaster comes home: an instance and a cluster, by snapshots.

use ::workload::{jobs::Asks, kinds::databases::names, run::Kind as Does};
use rds_sim::Side;
use serde_json::json;

use crate::{
    profile::{HOME, Profile, STANDBY},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::{
        actions::workload::{
            MACHINE, adopt,
            application::Application,
            ends, record,
            shop::{BILLING, insert_into, opened},
            start, yes,
        },
        checks::workload::{
            Before, came_home, old_ones_are_kept, orders_are_undisturbed, serves,
            snapshots_are_there, told, told_last,
        },
    },
    shop::PLAN,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "workload-failback",
    summary: "After a disaster a shop has sold on in its recovery Region, on an instance with a standby and a cluster. It comes home by snapshots: copied while it sells, stopped after a yes, restored under the old names group by group, verified by a human.",
    comes_out: "every acknowledged row is home once, with every property; the old ones are kept, the recovery side is stopped",
    world: || Profile::gentle("detach"),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::OnceARound,
    ..Scenario::USUAL
};

/// The questions of a run home, in their order.
const QUESTIONS: [Asks; 3] = [Asks::Prepared, Asks::Suspend, Asks::Verified];

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    opened(drill).await?;
    adopt(drill, &mut played).await;
    let before = Before::at(drill).await?;
    let application = Application::start(drill)?;
    let run = start(drill, MACHINE, &json!({"plan": PLAN})).await?;
    yes(drill, &mut played, &run, &QUESTIONS[..1]).await;
    let sells = application.sells(drill).await;
    let word = if sells { "it sells" } else { "it does not" };
    played.check("the shop sells on while copies go home", word, sells);
    before
        .is_untouched(drill, &mut played, "before the yes to suspend")
        .await;
    yes(drill, &mut played, &run, &QUESTIONS[1..]).await;
    let way = ("succeeded", "the workload comes home");
    ends(drill, &mut played, &run, way).await;
    is_home(drill, &mut played, &before, &application).await?;
    from_the_standby(drill, &mut played).await;
    for question in [
        format!("Is {HOME} clean and ready?"),
        format!("May the business in {STANDBY} stop?"),
        format!("Does the business work in {HOME}?"),
        format!("the run home to {HOME} has ended: succeeded"),
    ] {
        told(drill, &mut played, &question, 1);
    }
    let words = "the stack with the destructive rights can be deleted";
    told_last(drill, &mut played, words);
    Ok(played)
}

/// All that must be so once a workload is home, however often something was in the way.
pub(super) async fn is_home(
    drill: &Drill<'_>,
    played: &mut Played,
    before: &Before,
    application: &Application,
) -> Result<(), Trouble> {
    let sold = application.sold();
    came_home(drill, played, before, &sold).await?;
    let record = record(drill, Does::RestoreHome).await;
    let run_id = record.ok_or("the run has no record")?.run_id;
    let short = names::short(&run_id);
    old_ones_are_kept(drill, played, before, &short).await?;
    snapshots_are_there(drill, played, (2, &short)).await;
    serves(drill, played, HOME, 2).await;
    // Behind the checks of its rows.
    let next = sold.last().copied().unwrap_or_default() + 1_000;
    let taken = insert_into(drill, (HOME, BILLING), next).await;
    let word = taken
        .as_ref()
        .map_or_else(ToString::to_string, |()| "it does".into());
    played.check(
        format!("{BILLING} takes writes at home"),
        word,
        taken.is_ok(),
    );
    orders_are_undisturbed(drill, played).await;
    Ok(())
}

/// RDS reads the snapshot of an instance with a standby from that.
async fn from_the_standby(drill: &Drill<'_>, played: &mut Played) {
    let Some(run) = record(drill, Does::RestoreHome).await else {
        return;
    };
    let last = names::snapshot(&PLAN.into(), "billing", 2, &names::short(&run.run_id));
    let side = drill.world.simulator.snapshot_side(STANDBY, &last);
    let word = match side {
        Some(Side::Standby) => "from the standby",
        Some(Side::Instance) => "from the instance itself",
        None => "there is none",
    };
    played.check(
        "the instance's last snapshot was read from its standby",
        word,
        side == Some(Side::Standby),
    );
}
