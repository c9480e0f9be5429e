//! Moves of the writer that people plan.

use failover::ledger::Ledger;
use serde_json::json;

use super::again::writer_is;
use crate::{
    client::compare,
    profile::{HOME, PLAN, STANDBY, WRITER_NAME, cluster},
    scenario::stage::{Acted, RUN, Stage},
    world::Trouble,
};

/// To the standby's Region, and back.
pub(super) async fn switchover(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = Acted::now();
    by_hand_changes_nothing(stage, &mut acted).await;
    for (epoch, to) in [(2, STANDBY), (3, HOME)] {
        let dry = stage
            .said(to, "planned-failover", &json!({"plan": PLAN}))
            .await;
        acted.check(
            format!("by hand, planned-failover in {to} says what it would do"),
            &*dry,
            dry.starts_with("write_intent: everything is ready"),
        );
        moved(stage, &mut acted, to, epoch).await?;
    }
    keeps_every_row(stage, &mut acted).await?;
    Ok(acted)
}

/// What was acknowledged is in the home Region's database, once. Rows that are under way now are of unknown fate.
pub(super) async fn keeps_every_row(stage: &Stage<'_>, acted: &mut Acted) -> Result<(), Trouble> {
    let record = stage.client.record();
    let comparison = compare(&record, &stage.world.admin(HOME).await?).await?;
    acted.check(
        "no acknowledged row is lost by either move",
        format!("{} of {}", comparison.lost.len(), comparison.acknowledged),
        comparison.lost.is_empty() && comparison.acknowledged > 0,
    );
    let latest = record.acknowledged.iter().map(|ack| ack.n).max();
    let made_up = comparison.unexpected.iter();
    let made_up = made_up.filter(|n| latest.is_some_and(|latest| **n < latest));
    let odd = comparison.duplicated.len() + made_up.count();
    acted.check(
        "none is there twice or made up",
        format!("{odd} are"),
        odd == 0,
    );
    Ok(())
}

/// Every step, called by hand without `force`, says what it would do, and its calls are reads only.
async fn by_hand_changes_nothing(stage: &Stage<'_>, acted: &mut Acted) {
    let step = json!({"plan": PLAN});
    let calls = [
        ("detach-and-promote", step.clone()),
        ("planned-failover", step.clone()),
        ("dns-flip", step.clone()),
        ("ecs-restart", step.clone()),
        ("ecs-restart", json!({"plan": PLAN, "conclude": true})),
        ("fence-writer", json!({"operation": "fence", "plan": PLAN})),
        (
            "fence-writer",
            json!({"operation": "unfence", "plan": PLAN}),
        ),
        ("loss-ledger", step.clone()),
        ("rebuild-global", step),
        (
            "confirm-outage",
            json!({"operation": "confirm", "plan": PLAN}),
        ),
        (
            "recovery-ledger",
            json!({"operation": "adopt", "plan": PLAN, "dry_run": true}),
        ),
    ];
    let mut answers = Vec::new();
    for (function, payload) in &calls {
        let said = stage.said(STANDBY, function, payload).await;
        answers.push(format!("{function}: {said}"));
    }
    // The probes watch meanwhile, and the functions ask them.
    let is_read = |operation: &str| {
        let reads = ["Describe", "Get", "List", "Query", "Invoke"];
        reads.iter().any(|read| operation.starts_with(read))
    };
    let journal = stage.world.front_door.calls().into_iter();
    let changes = journal.filter(|call| {
        let name = call.function.strip_prefix("aurora-failover-");
        let is_step = calls.iter().any(|(function, _)| name == Some(function));
        is_step && call.caller_region == STANDBY && !is_read(&call.operation)
    });
    let changes: Vec<_> = changes
        .map(|call| format!("{} {}", call.function, call.operation))
        .collect();
    acted.check(
        "every step by hand says what it would do, and does nothing",
        format!("{}; changes: {changes:?}", answers.join(" | ")),
        changes.is_empty() && answers.iter().all(|said| !said.contains("no answer")),
    );
}

/// Moves the writer to a Region, and checks that ledger and DNS say so.
async fn moved(stage: &Stage<'_>, acted: &mut Acted, to: &str, epoch: u64) -> Result<(), Trouble> {
    let run = stage.start_planned(to).await?;
    succeeded(stage, acted, &run, to).await;
    leads(stage, acted, to, epoch).await;
    Ok(())
}

/// A run that moves the writer to a Region succeeds.
pub(super) async fn succeeded(stage: &Stage<'_>, acted: &mut Acted, run: &str, to: &str) {
    let ended = stage.end_of(run, RUN).await;
    let outcome = ended.and_then(|run| run.outcome).unwrap_or_default();
    acted.check(
        format!("the move to {to} succeeds"),
        &*outcome,
        outcome == "succeeded",
    );
}

/// The application writes in a Region, and ledgers and DNS name its writer, of this epoch.
pub(super) async fn leads(stage: &Stage<'_>, acted: &mut Acted, to: &str, epoch: u64) {
    stage.writes_in(to).await;
    acted.checks.extend(writer_is(stage, to, epoch).await);
    let leads_to = stage.world.leads_to(WRITER_NAME).await;
    let leads_to = leads_to.unwrap_or_else(|| "nowhere".into());
    acted.check(
        format!("{WRITER_NAME} leads to {}", cluster(to)),
        &*leads_to,
        leads_to == stage.world.endpoints[to].writer,
    );
}

/// How many acknowledged rows a Region's database lacks.
pub(super) async fn unreplicated_by(stage: &Stage<'_>, region: &str) -> Result<usize, Trouble> {
    let comparison = compare(&stage.client.record(), &stage.world.admin(region).await?).await?;
    Ok(comparison.lost.len())
}

/// Several things stand against it at once.
pub(super) async fn not_ready(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    let mut acted = Acted::now();
    hinder(stage).await?;
    let run = stage.start_planned(STANDBY).await?;
    stage.end_of(&run, RUN).await;
    world.simulator.show_status(STANDBY, cluster(STANDBY), None);
    world.simulator.show_blue_green(HOME, cluster(HOME), None);
    let told = stage
        .told("stopped before anything was promoted")
        .await
        .unwrap_or_default();
    for part in [
        "orders-east in us-east-1 is upgrading",
        "instance orders-east-1 in us-east-1 is upgrading",
        "revision is 2 in this pass and 1 in the parameter of us-west-2",
        "nobody.orders.internal does not exist",
        "us-west-2/orders/unheard-of",
        "orders-west in us-west-2 has the blue/green deployment orders-west-next, which is AVAILABLE",
    ] {
        acted.check(
            format!("people are told: {part}"),
            told.replace('\n', " "),
            told.contains(part),
        );
    }
    let asked = stage.called("planned-failover", "SwitchoverGlobalCluster");
    let asked = if asked { "it was" } else { "it was not" };
    acted.check(
        "RDS is not asked to switch over",
        asked,
        asked == "it was not",
    );
    stays(stage, &mut acted).await?;
    let record = stage.client.record();
    let outages = record.outages().len();
    acted.check(
        "writes never stop",
        format!("{outages} outages"),
        outages == 0,
    );
    Ok(acted)
}

/// A busy cluster, two revisions of the plan, a name and a service that do not exist.
async fn hinder(stage: &Stage<'_>) -> Result<(), Trouble> {
    let world = stage.world;
    stage.fault(
        STANDBY,
        "is upgrading, its plan is another revision, and the writer's name is missing",
        "not ready",
    );
    world
        .simulator
        .show_status(STANDBY, cluster(STANDBY), Some("upgrading"));
    world
        .simulator
        .show_blue_green(HOME, cluster(HOME), Some("AVAILABLE"));
    let mut plan = world.profile.plan(PLAN, &world.zone_id);
    plan["revision"] = 2.into();
    plan["dns"][1]["name"] = "nobody.orders.internal".into();
    plan["ecs"][HOME][0]["services"] = json!(["api", "unheard-of"]);
    world.put_plan(STANDBY, &plan).await
}

/// RDS takes the switchover and calls it off, because the target does not catch up.
pub(super) async fn cancelled(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = Acted::now();
    stage.fault(STANDBY, "gets no replication any more", "replication stops");
    stage.world.simulator.cut_replication(STANDBY).await;
    let run = stage.start_planned(STANDBY).await?;
    // RDS gives up, and both Regions are quiet for a minute.
    stage.end_of(&run, RUN * 2).await;
    stage.world.simulator.mend_replication(STANDBY).await;
    let asked = stage.called("planned-failover", "SwitchoverGlobalCluster");
    let found = if asked { "it did" } else { "it did not" };
    acted.check("RDS took the switchover", found, asked);
    let told = stage
        .told("stopped before anything was promoted")
        .await
        .unwrap_or_default();
    acted.check(
        "people are told that RDS called it off",
        told.replace('\n', " "),
        told.contains("RDS called the switchover off"),
    );
    stays(stage, &mut acted).await?;
    let writes = stage.writes_in(HOME).await;
    let found = if writes { "they do" } else { "they do not" };
    acted.check("writes go on there", found, writes);
    Ok(acted)
}

/// The run is aborted, the old writer stays, and the plan is free.
async fn stays(stage: &Stage<'_>, acted: &mut Acted) -> Result<(), Trouble> {
    let outcomes: Vec<_> = stage
        .runs
        .seen()
        .into_iter()
        .filter_map(|run| run.outcome)
        .collect();
    acted.check(
        "the run is aborted",
        outcomes.join(", "),
        outcomes == ["aborted"],
    );
    acted.checks.extend(writer_is(stage, HOME, 1).await);
    is_free(stage, acted).await
}

/// The plan is free in both Regions.
pub(super) async fn is_free(stage: &Stage<'_>, acted: &mut Acted) -> Result<(), Trouble> {
    for region in [HOME, STANDBY] {
        let row = stage
            .world
            .ledger()
            .row(&region.into(), &PLAN.into())
            .await?;
        let free = row.lease.is_none() && row.intent.is_none();
        let found = if free { "none" } else { "one is" };
        acted.check(
            format!("no lease and no intent is left in {region}"),
            found,
            free,
        );
    }
    Ok(())
}
