//! `messages test`: a message is sent to the topic of every member Region.

use failover::domain::PlanName;
use serde_json::json;

use crate::{
    by_hand::{Job, carry_out, silent},
    consent::Consent,
    desk::Desk,
    ending::Answer,
    passes::Call,
};

/// Sends a test message in every member Region of a plan.
pub async fn test(desk: &Desk<'_>, plan: &PlanName, consent: Consent) -> Answer {
    let survey = match desk.survey(plan).await {
        Ok(survey) => survey,
        Err(why) => return why,
    };
    let calls = survey.regions.keys().map(|region| Call {
        region: region.clone(),
        function: "recovery-ledger".to_owned(),
        payload: json!({"operation": "test_message", "plan": plan}),
    });
    let job = Job {
        plan,
        kind: "test_message",
        what: format!("a test message of plan {plan} is about to be sent in every member Region"),
        calls: calls.collect(),
        can_rehearse: true,
        can_repeat: false,
        silent: silent(&survey),
    };
    carry_out(desk, &job, consent).await
}
