//! The writer of an instance with a read replica is moved as planned: it is stopped, and the replica promoted once it has everything.

use serde_json::json;

use crate::{
    profile::{HOME, PLAN, Profile, STANDBY},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::checks::{
        backups::exports_are_told,
        planned::{leads, succeeded},
        replicas::{protected, retired},
        rows::keeps_every_row_in,
        services::{NONE, RUNNING, come_to},
    },
    world::Trouble,
};

pub(crate) static SCENARIO: Scenario = Scenario {
    name: "replica-switchover",
    summary: "The writer of an RDS instance is moved to its read replica's Region and back, as planned, while the application writes: the services there are brought to none, it is stopped, the replica promoted once it has replayed everything, and the instance that was left makes room for a new replica of its name. No row is lost. Then a snapshot of the replica is exported.",
    comes_out: "both moves succeed, no row is lost, the positions are shown, each old writer is fenced, the plan is protected again, services of the Region that is left stand at none and have what they had when the writer is back, and readiness tells of the exports of its replica's snapshots",
    world: || Profile {
        groups: true,
        ..Profile::quick_replica()
    },
    plan: || json!({"topology": {"stop_services": true}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[
        "orders-east takes over from us-west-2 as planned",
        "us-east-1 has the writer, and is to be protected again",
        "us-east-1 took over from us-west-2",
        "the deposed writer in us-west-2 was fenced",
        "orders-west takes over from us-east-1 as planned",
        "us-west-2 has the writer, and is to be protected again",
        "us-west-2 took over from us-east-1",
        "the deposed writer in us-east-1 was fenced",
    ]),
    ..Scenario::USUAL
};

/// What the stop's last pass says.
const SHOWN: &str = "no acknowledged row is lost";

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    let dry = json!({"plan": PLAN});
    let said = drill.said(STANDBY, "stop-writes", &dry).await;
    let names = "orders/api (1 task(s)), asg:orders-web (2 instance(s), 1 at least)";
    played.check(
        "a dry run names the services that would be brought to none",
        &*said,
        said.contains(names),
    );
    come_to(
        drill,
        &mut played,
        (HOME, RUNNING),
        "which it leaves running",
    )
    .await?;
    for (epoch, from, to) in [(2, HOME, STANDBY), (3, STANDBY, HOME)] {
        moves(drill, &mut played, (from, to), epoch).await?;
        come_to(drill, &mut played, (from, NONE), "services stand at none").await?;
        come_to(
            drill,
            &mut played,
            (to, RUNNING),
            "services have what they had",
        )
        .await?;
        keeps_every_row_in(drill, &mut played, to).await?;
        protected(drill, &mut played, (to, from)).await?;
        retired(drill, &mut played, from, (1, 1)).await?;
    }
    // By a replica that has its name from the one that was promoted and left.
    exports_are_told(drill, &mut played, STANDBY).await?;
    Ok(played)
}

/// One move: it succeeds, and shows before the promotion how far both had come.
async fn moves(
    drill: &Drill<'_>,
    played: &mut Played,
    (from, to): (&str, &str),
    epoch: u64,
) -> Result<(), Trouble> {
    let run = drill.start_planned(to).await?;
    succeeded(drill, played, &run, to).await;
    leads(drill, played, to, epoch).await;
    let history = drill.runs.histories().remove(&run).unwrap_or_default();
    let shown = history.contains("is stopped at position") && history.contains(SHOWN);
    played.check(
        "the positions of both are shown before the promotion",
        if shown { "they are" } else { "they are not" },
        shown,
    );
    let fenced = format!("the deposed writer in {from} was fenced");
    let fenced = drill.told(&fenced).await.is_some();
    played.check(
        format!("the old writer in {from} is shut"),
        if fenced { "it is" } else { "it is not" },
        fenced,
    );
    Ok(())
}
