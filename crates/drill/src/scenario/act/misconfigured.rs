//! What the probe needs is changed under it.

use std::time::Duration;

use aws_sdk_ssm::types::ParameterType;
use serde_json::json;

use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::stage::{Acted, Stage},
    timeline::Kind,
    world::Trouble,
};

/// More sessions than any of the drill's servers admits.
const SESSIONS_MAX: usize = 200;

/// Sessions take every slot of the writer, and the probes' own as soon as these are ended.
pub(super) async fn slots_exhausted(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    // Logged in before, so that it needs no slot of its own.
    let admin = world.admin(HOME).await?;
    stage.fault(
        HOME,
        "its writer's connection slots are all taken",
        "no slot left",
    );
    let mut acted = Acted::now();
    let mut sessions = Vec::new();
    let probes = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'failover_probe'";
    // Twice: the first time makes room for the probes' slots too.
    for _ in 0..2 {
        while sessions.len() < SESSIONS_MAX {
            match world.admin(HOME).await {
                Ok(session) => sessions.push(session),
                Err(_) => break,
            }
        }
        admin.query_one(probes, &[]).await?;
    }
    while let Ok(session) = world.admin(HOME).await {
        sessions.push(session);
        if sessions.len() >= SESSIONS_MAX {
            break;
        }
    }
    acted.check(
        "the writer admits nobody any more",
        format!("{} sessions", sessions.len()),
        sessions.len() < SESSIONS_MAX,
    );
    stage.ended(1).await;
    named(stage, &mut acted, "stood down (writer_saturated)", "slots").await;
    drop(sessions);
    world
        .timeline
        .say(Kind::Setup, HOME, "its writer has slots again");
    Ok(acted)
}

/// The standby's copy of the plan gets a comma too many, and then the home Region dies.
pub(super) async fn broken_plan(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    stage.fault(
        STANDBY,
        "somebody writes a comma too many into its plan",
        "plan broken",
    );
    let name = format!("/aurora-failover/plans/{PLAN}");
    let ssm = aws_sdk_ssm::Client::new(&world.emulator.sdk_config(STANDBY));
    let read = ssm.get_parameter().name(&name).send().await?;
    let text = read.parameter.and_then(|parameter| parameter.value);
    let broken = text.unwrap_or_default().replacen(',', ",,", 1);
    ssm.put_parameter()
        .name(&name)
        .value(broken)
        .r#type(ParameterType::String)
        .overwrite(true)
        .send()
        .await?;
    world.watch_now(STANDBY).await?;
    let told = stage
        .told("the plan's parameter in us-east-1 is wrong")
        .await;
    let told = told.unwrap_or_default();
    let said = stage
        .said(STANDBY, "planned-failover", &json!({"plan": PLAN}))
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut acted = stage.lose(HOME).await?;
    acted.check(
        "people are told what is wrong with it",
        told.replace('\n', " "),
        told.contains("not JSON"),
    );
    acted.check(
        "readiness names this Region's own document",
        &*said,
        said.contains("the plan in us-east-1"),
    );
    stage.answer(STANDBY, true).await?;
    stage.ended(1).await;
    Ok(acted)
}

/// What takes the probe's rights.
pub(super) const RIGHTS_GONE: &str =
    "REVOKE UPDATE ON ALL TABLES IN SCHEMA aurora_failover FROM failover_probe";

/// Somebody changes what the probe needs in the database; people are told `what` is wrong.
pub(super) async fn misconfigured(
    stage: &Stage<'_>,
    statement: &str,
    what: &str,
) -> Result<Acted, Trouble> {
    stage.fault(HOME, &format!("somebody runs {statement}"), "misconfigured");
    let mut acted = Acted::now();
    let admin = stage.world.admin(HOME).await?;
    admin.batch_execute(statement).await?;
    // Who is logged in stays so; the next login meets the change.
    let end =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'failover_probe'";
    admin.batch_execute(end).await?;
    stage.ended(1).await;
    named(stage, &mut acted, MISCONFIGURED, what).await;
    Ok(acted)
}

pub(super) async fn wrong_certificate(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    stage.fault(
        STANDBY,
        "its probe trusts another authority from now on",
        "misconfigured",
    );
    let mut acted = Acted::now();
    world.trust_another_authority(STANDBY).await?;
    world.watch_now(STANDBY).await?;
    stage.ended(1).await;
    named(stage, &mut acted, MISCONFIGURED, "certificate").await;
    Ok(acted)
}

const MISCONFIGURED: &str = "stood down (probe_misconfigured)";

/// The message that the run stood down says what is wrong.
async fn named(stage: &Stage<'_>, acted: &mut Acted, subject: &str, what: &str) {
    let told = stage.told(subject).await.unwrap_or_default();
    acted.check(
        format!("people are told what is wrong: {what}"),
        told.lines().nth(3).unwrap_or("nothing"),
        told.contains(what),
    );
}
