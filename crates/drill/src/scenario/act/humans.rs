//! Humans answer, switch everything off, or do everything by hand.

use std::time::Duration;

use failover::ledger::{Claim, RunKind, update};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    again::{ledger_says, promotions},
    interrupted::suspect,
};
use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::stage::{Acted, RUN, Stage},
    timeline::Kind,
    world::Trouble,
};

/// What a run asks a human.
const QUESTION: &str = "shall us-east-1 take over";

pub(super) async fn approval_given(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let acted = stage.lose(HOME).await?;
    stage.answer(STANDBY, true).await?;
    stage.ended(1).await;
    Ok(acted)
}

pub(super) async fn approval_refused(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = stage.lose(HOME).await?;
    stage.answer(STANDBY, false).await?;
    stage.ended(1).await;
    let before = stage.runs.seen().len();
    suspect(stage, 1).await?;
    stage.ended(before + 1).await;
    let questions = stage.world.messages().into_iter();
    let questions = questions.filter(|text| text.contains(QUESTION)).count();
    acted.check(
        "the same outage is not asked about again",
        format!("asked {questions} times"),
        questions == 1,
    );
    stage.world.return_region(HOME).await?;
    Ok(acted)
}

pub(super) async fn approval_late(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let acted = stage.lose(HOME).await?;
    stage.told(QUESTION).await;
    stage
        .until(RUN, "the end of the question", async || {
            let mut runs = stage.runs.seen().into_iter();
            runs.any(|run| {
                run.status != "RUNNING"
                    && run.states.iter().any(|state| state.name == "AwaitApproval")
            })
        })
        .await;
    stage.world.return_region(HOME).await?;
    Ok(acted)
}

pub(super) async fn approval_over(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let acted = stage.lose(HOME).await?;
    stage.told(QUESTION).await;
    stage.world.return_region(HOME).await?;
    stage.writes_in(HOME).await;
    stage.answer(STANDBY, true).await?;
    stage.ended(1).await;
    Ok(acted)
}

pub(super) async fn kill_switch(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let ssm = aws_sdk_ssm::Client::new(&stage.world.emulator.sdk_config(STANDBY));
    ssm.put_parameter()
        .name("/aurora-failover/kill")
        .value("a drill is on")
        .r#type(aws_sdk_ssm::types::ParameterType::String)
        .send()
        .await?;
    stage
        .world
        .timeline
        .say(Kind::Setup, "a human", "switches everything off");
    let mut acted = stage.lose(HOME).await?;
    tokio::time::sleep(Duration::from_secs(12)).await;
    let suspected = stage.called("health-probe", "PutEvents");
    acted.check(
        "the probe suspects nobody",
        if suspected { "it does" } else { "it does not" },
        !suspected,
    );
    let heard = stage.told("no run is started").await.unwrap_or_default();
    acted.check(
        "people are told of the outage, and which switch is on",
        heard.replace('\n', " "),
        heard.contains("/aurora-failover/kill is on"),
    );
    let run = stage.start_run(HOME, STANDBY).await?;
    stage.end_of(&run, RUN).await;
    let told = stage.told("no run from").await.unwrap_or_default();
    let named = told.contains("/aurora-failover/kill is on (a drill is on)");
    acted.check(
        "a run by hand is refused, and the switch is named",
        told.replace('\n', " "),
        named,
    );
    let promoted = promotions(stage, STANDBY);
    acted.check(
        "nothing is promoted",
        format!("{promoted} promoting calls"),
        promoted == 0,
    );
    stage.world.return_region(HOME).await?;
    Ok(acted)
}

/// A human carries a failover through: every step by hand, with `force`.
pub(super) async fn by_hand_only(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = stage.lose(HOME).await?;
    stage.ended(1).await;
    refused_by_hand(stage, &mut acted).await?;
    let lossy = json!({"plan": PLAN, "force": format!("{PLAN}@1"), "accept_data_loss": true});
    let done = async |acted: &mut Acted, function, payload: &Value| {
        done(stage, acted, (STANDBY, function), payload).await;
    };
    done(&mut acted, "detach-and-promote", &lossy).await;
    let prove = json!({"operation": "prove", "plan": PLAN, "force": format!("{PLAN}@1")});
    done(&mut acted, "health-probe", &prove).await;
    let said = ledger_says(stage, STANDBY, STANDBY, 2).await;
    acted.checks.push(said);
    let forced = json!({"plan": PLAN, "force": format!("{PLAN}@2")});
    done(&mut acted, "dns-flip", &forced).await;
    done(&mut acted, "ecs-restart", &forced).await;
    let verify = json!({"operation": "verify", "plan": PLAN, "force": format!("{PLAN}@2")});
    done(&mut acted, "health-probe", &verify).await;
    let writes = stage.writes_in(STANDBY).await;
    acted.check(
        "the application writes on the new writer",
        if writes { "it does" } else { "it does not" },
        writes,
    );
    let told = stage.world.messages();
    let forced = told
        .iter()
        .filter(|text| text.contains("forced by hand in us-east-1"))
        .count();
    acted.check(
        "people are told of every forced pass",
        format!("{forced} times"),
        forced >= 5,
    );
    Ok(acted)
}

/// What may not be forced says why.
async fn refused_by_hand(stage: &Stage<'_>, acted: &mut Acted) -> Result<(), Trouble> {
    let detach = async |payload| stage.said(STANDBY, "detach-and-promote", &payload).await;
    let said = detach(json!({"plan": PLAN, "force": format!("{PLAN}@7")})).await;
    let held = said.starts_with("InvalidRequest") && said.contains("write \"orders@1\"");
    acted.check(
        "force with the wrong epoch is refused with the right one",
        said,
        held,
    );
    let alone = json!({"plan": PLAN, "force": format!("{PLAN}@1"), "abandon_living_writer": true});
    let said = detach(alone).await;
    let held = said.starts_with("DataLossTooLarge") && said.contains("accept_data_loss");
    acted.check("a forced promotion must accept the loss", said, held);
    let claim = Claim {
        run_id: "another-run".into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: HOME.into(),
        to: STANDBY.into(),
    };
    let ledger = stage.world.ledger();
    let claimed = |row: &failover::ledger::Row| row.claim(&claim, Timestamp::now());
    update(&ledger, &STANDBY.into(), &PLAN.into(), claimed).await?;
    let lossy = json!({"plan": PLAN, "force": format!("{PLAN}@1"), "accept_data_loss": true});
    let said = detach(lossy).await;
    let held = said.starts_with("RunRefused") && said.contains("another-run");
    acted.check("force while a run holds the plan is refused", said, held);
    let release =
        |row: &failover::ledger::Row| Ok(row.release(&claim.run_id).unwrap_or_else(|| row.clone()));
    update(&ledger, &STANDBY.into(), &PLAN.into(), release).await?;
    let promoted = promotions(stage, STANDBY);
    acted.check(
        "none of that promotes anything",
        format!("{promoted} promoting calls"),
        promoted == 0,
    );
    Ok(())
}

/// Calls a step again and again until it is done, as a human would.
pub(super) async fn done(
    stage: &Stage<'_>,
    acted: &mut Acted,
    (region, function): (&str, &str),
    payload: &Value,
) {
    const PASSES_MAX: usize = 60;
    let name = format!("aurora-failover-{function}");
    let mut last = String::new();
    for _ in 0..PASSES_MAX {
        match stage.world.call(region, &name, payload).await {
            Ok(Ok(answer)) => {
                last = format!("{}: {}", answer["action"], answer["reason"]);
                if answer["progress"] == "done" {
                    acted.check(format!("{function}, forced by hand, gets done"), last, true);
                    return;
                }
            }
            Ok(Err(error)) => last = error.to_string(),
            Err(why) => last = why.to_string(),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    acted.check(
        format!("{function}, forced by hand, gets done"),
        last,
        false,
    );
}
