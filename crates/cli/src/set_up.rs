//! `setup`: the heartbeat's schema and the probe's role are made on the writer.

use failover::domain::PlanName;
use serde_json::json;

use crate::{
    by_hand::{Job, carry_out, silent},
    consent::Consent,
    desk::Desk,
    ending::Answer,
    passes::Call,
    ready::targets,
};

/// Sets the probe of a plan up.
pub async fn run(desk: &Desk<'_>, plan: &PlanName, consent: Consent) -> Answer {
    let survey = match desk.survey(plan).await {
        Ok(survey) => survey,
        Err(why) => return why,
    };
    let writer = match targets(&survey, None) {
        Ok((writer, _)) => writer,
        Err(why) => return why,
    };
    let job = Job {
        plan,
        kind: "setup",
        what: format!(
            "the heartbeat's schema and the probe's role are about to be made on the writer of plan {plan} in {writer}"
        ),
        calls: vec![Call {
            region: writer,
            function: "health-probe".to_owned(),
            payload: json!({"operation": "setup", "plan": plan}),
        }],
        can_rehearse: false,
        can_repeat: true,
        silent: silent(&survey),
    };
    carry_out(desk, &job, consent).await
}
