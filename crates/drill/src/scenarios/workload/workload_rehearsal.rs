//! A rehearsal builds a workload beside, in an isolated place, and takes it away again. It needs no right to change anything of home.

use ::workload::{databases::Kind, jobs::Asks, kinds::databases::names, run::Kind as Does};
use serde_json::json;

use crate::{
    profile::{HOME, Profile, STANDBY},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::{
        actions::workload::{
            MACHINE, adopt, answer,
            application::Application,
            asks, ends, give_rights,
            shop::{AWAY, DATABASES, ISOLATED, found, opened, rows},
            start, take_rights,
        },
        checks::workload::{Before, orders_are_undisturbed, serves, told},
    },
    shop::PLAN,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "workload-rehearsal",
    summary: "A workload's way home is rehearsed without the stack of destructive rights: an instance and a cluster are built beside in an isolated place, people look, and both are taken away.",
    comes_out: "nothing that is named home has changed, the shop sells on, nothing of the rehearsal is left",
    world: || Profile::gentle("detach"),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::OnceARound,
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    opened(drill).await?;
    adopt(drill, &mut played).await;
    take_rights(drill).await?;
    let before = Before::at(drill).await?;
    let application = Application::start(drill)?;
    let input = json!({"plan": PLAN, "rehearse": true});
    let run = start(drill, MACHINE, &input).await?;
    let prepared = (Does::Rehearse, Asks::Prepared);
    answer(drill, &mut played, &run, (prepared, true)).await;
    let rehearsed = (Does::Rehearse, Asks::Rehearsed);
    if asks(drill, &mut played, &run, rehearsed).await {
        is_built(drill, &mut played).await?;
    }
    answer(drill, &mut played, &run, (rehearsed, true)).await;
    let way = ("rehearsed", "the rehearsal succeeds");
    ends(drill, &mut played, &run, way).await;
    before
        .is_untouched(drill, &mut played, "after the rehearsal")
        .await;
    is_gone(drill, &mut played).await;
    never_called(&mut played, &before.changes(drill));
    let sells = application.sells(drill).await;
    let word = if sells { "it sells" } else { "it does not" };
    played.check("the shop sells on", word, sells);
    serves(drill, &mut played, STANDBY, 1).await;
    let ended = format!("the rehearsal in {HOME} has ended: rehearsed");
    told(drill, &mut played, &ended, 1);
    orders_are_undisturbed(drill, &mut played).await;
    give_rights(drill).await?;
    Ok(played)
}

/// What stands beside is in the isolated place and has rows of the recovery Region.
async fn is_built(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    for (kind, home, _, _) in DATABASES {
        let beside = names::rehearsal(home);
        let there = found(drill, kind, (HOME, &beside)).await;
        let place = there.and_then(|found| found.shape.subnet_group);
        let place = place.unwrap_or_else(|| "nowhere".into());
        played.check(
            format!("{beside} is in the isolated place"),
            &*place,
            place == ISOLATED,
        );
        let there = rows(drill, (HOME, &beside)).await?;
        let all = (1..=AWAY).all(|number| there.contains_key(&number));
        played.check(
            format!("{beside} has the rows of {STANDBY}"),
            format!("{} rows", there.len()),
            all,
        );
    }
    Ok(())
}

/// Nothing of the rehearsal is left.
pub(super) async fn is_gone(drill: &Drill<'_>, played: &mut Played) {
    let mut left = Vec::new();
    for (kind, home, _, _) in DATABASES {
        let instance = names::rehearsal_instance(home);
        for (kind, name) in [(kind, names::rehearsal(home)), (Kind::Instance, instance)] {
            let there = found(drill, kind, (HOME, &name)).await;
            left.extend(there.map(|found| format!("{name} is {}", found.shape.status)));
        }
    }
    let text = if left.is_empty() {
        "nothing".into()
    } else {
        left.join(", ")
    };
    played.check("nothing of the rehearsal is left", text, left.is_empty());
}

/// What only a cut-over calls was not called.
fn never_called(played: &mut Played, changes: &[String]) {
    const OF_A_CUT_OVER: [&str; 5] = [
        "DeleteDBClusterEndpoint",
        "RemoveFromGlobalCluster",
        "StopDBCluster",
        "StopDBInstance",
        "AddRoleToDBCluster",
    ];
    let called = changes.iter().filter(|change| {
        let mut all = OF_A_CUT_OVER.iter();
        all.any(|operation| change.starts_with(operation))
    });
    let called: Vec<_> = called.cloned().collect();
    played.check(
        "what only a cut-over calls is not called",
        format!("{} changes, of them: {}", changes.len(), called.join(", ")),
        called.is_empty() && !changes.is_empty(),
    );
}
