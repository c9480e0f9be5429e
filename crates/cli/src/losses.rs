//! `losses`: what only a deposed writer has, as it was listed, or is to be listed now.

use failover::domain::{PlanName, Region};

use crate::{
    by_hand::{Job, carry_out, others, silent},
    consent::Consent,
    desk::Desk,
    ending::Answer,
    passes::Call,
};

/// Says what was found in every Region but the writer's. With `list` it is compared to its end first.
pub async fn run(
    desk: &Desk<'_>,
    (plan, region, list): (&PlanName, Option<&Region>, bool),
    consent: Consent,
) -> Answer {
    let survey = match desk.survey(plan).await {
        Ok(survey) => survey,
        Err(why) => return why,
    };
    let regions = match others(&survey, region) {
        Ok(regions) => regions,
        Err(why) => return why,
    };
    let at = (plan, survey.rows().proven_epoch());
    let calls = regions
        .iter()
        .map(|region| Call::forced(region, ("loss-ledger", None), at));
    let job = Job {
        plan,
        kind: "losses",
        what: format!(
            "what only a deposed writer of plan {plan} has is about to be listed in its bucket"
        ),
        calls: calls.collect(),
        can_rehearse: true,
        can_repeat: true,
        silent: silent(&survey),
    };
    let dry_run = consent.dry_run || !list;
    carry_out(desk, &job, Consent { dry_run, ..consent }).await
}
