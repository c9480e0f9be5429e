//! `adopt`: the writer that RDS shows is written into every ledger.

use failover::domain::PlanName;
use serde_json::json;

use crate::{
    by_hand::{Job, carry_out, silent},
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    passes::Call,
};

/// Adopts the writer of a plan.
pub async fn run(desk: &Desk<'_>, plan: &PlanName, consent: Consent) -> Answer {
    let survey = match desk.survey(plan).await {
        Ok(survey) => survey,
        Err(why) => return why,
    };
    let home = survey.plan.as_ref().map(|plan| &plan.home_region);
    let home = home.filter(|home| survey.regions.contains_key(*home));
    let Some(region) = home.or_else(|| survey.regions.keys().next()) else {
        let why = format!("no member Region of plan {plan} is known; name one with --regions");
        return Answer::none(Ending::Misused, why);
    };
    let job = Job {
        plan,
        kind: "adopt",
        what: format!("the writer of plan {plan} that RDS shows is about to be adopted"),
        calls: vec![Call {
            region: region.clone(),
            function: "recovery-ledger".to_owned(),
            payload: json!({"operation": "adopt", "plan": plan}),
        }],
        can_rehearse: true,
        can_repeat: true,
        silent: silent(&survey),
    };
    carry_out(desk, &job, consent).await
}
