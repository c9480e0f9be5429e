//! Route 53's control plane goes down with the Region that is lost.

use super::again::ledger_says;
use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, PARAMETER, STANDBY},
    scenario::stage::{Acted, RUN, Stage},
    world::Trouble,
};

/// The Region is lost, and nobody can change a record from here on.
async fn lose_with_route53(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let route53 = Scope {
        service: Some("route53".into()),
        ..Scope::default()
    };
    stage.world.front_door.set(route53, Fault::Hang);
    let text = "takes Route 53's control plane with it";
    stage.fault(HOME, text, "Route 53 lost");
    stage.lose(HOME).await
}

/// Waits until services are restarted, and checks what must be so by then.
async fn restarted(stage: &Stage<'_>, acted: &mut Acted) {
    let restarted = stage
        .until(RUN, "the restart of services", async || {
            stage.called("ecs-restart", "UpdateService")
        })
        .await;
    acted.check(
        "services are restarted",
        if restarted {
            "they are"
        } else {
            "they are not"
        },
        restarted,
    );
    let said = ledger_says(stage, STANDBY, STANDBY, 2).await;
    acted.checks.push(said);
}

pub(super) async fn ssm(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = lose_with_route53(stage).await?;
    stage.ended(1).await;
    restarted(stage, &mut acted).await;
    let ended: Vec<_> = stage
        .runs
        .seen()
        .into_iter()
        .filter_map(|run| run.outcome)
        .collect();
    acted.check("the run succeeds", ended.join(", "), ended == ["succeeded"]);
    let answer = aws_sdk_ssm::Client::new(&stage.world.emulator.sdk_config(STANDBY))
        .get_parameter()
        .name(PARAMETER)
        .send()
        .await;
    let held = answer.ok().and_then(|answer| answer.parameter?.value);
    let held = held.unwrap_or_else(|| "nothing".into());
    let right = held == stage.world.endpoints[STANDBY].writer;
    acted.check(
        format!("{PARAMETER} in {STANDBY} names the new writer, for tasks that start"),
        held,
        right,
    );
    Ok(acted)
}

pub(super) async fn cname(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = lose_with_route53(stage).await?;
    restarted(stage, &mut acted).await;
    let moved = stage.called("dns-flip", "ChangeResourceRecordSets");
    acted.check(
        "the names could not be moved",
        if moved { "they were" } else { "they were not" },
        !moved,
    );
    // What is left is told when the verification has given up, which may take minutes: nobody waits for that here.
    stage.world.emulator.stop_runs(STANDBY).await?;
    Ok(acted)
}
