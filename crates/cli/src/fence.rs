//! `fence` and `unfence`: applications are kept out of a deposed writer, or let in again.

use failover::domain::{PlanName, Region};

use crate::{
    by_hand::{Job, carry_out, others, silent},
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    passes::Call,
    survey::Survey,
};

/// Fences what is deposed in a Region, or in every one but the writer's.
pub async fn fence(
    desk: &Desk<'_>,
    (plan, region): (&PlanName, Option<&Region>),
    consent: Consent,
) -> Answer {
    let (survey, regions) = match found(desk, plan, region).await {
        Ok(found) => found,
        Err(why) => return why,
    };
    let what = format!("what is deposed of plan {plan} is about to be fenced");
    let job = job(&survey, ("fence", what), regions);
    carry_out(desk, &job, consent).await
}

/// Gives applications their logins at one member again.
pub async fn unfence(
    desk: &Desk<'_>,
    (plan, region): (&PlanName, Option<&Region>),
    consent: Consent,
) -> Answer {
    let (survey, regions) = match found(desk, plan, region).await {
        Ok(found) => found,
        Err(why) => return why,
    };
    let [region] = regions.as_slice() else {
        let why = format!(
            "--region is missing, and plan {plan} has {} members that could be unfenced; name one",
            regions.len()
        );
        return Answer::none(Ending::Misused, why);
    };
    let what = format!(
        "applications are about to be let into the member of plan {plan} in {region} again"
    );
    let job = job(&survey, ("unfence", what), vec![region.clone()]);
    carry_out(desk, &job, consent).await
}

async fn found(
    desk: &Desk<'_>,
    plan: &PlanName,
    region: Option<&Region>,
) -> Result<(Survey, Vec<Region>), Answer> {
    let survey = desk.survey(plan).await?;
    let regions = others(&survey, region)?;
    Ok((survey, regions))
}

fn job<'a>(
    survey: &'a Survey,
    (operation, what): (&'static str, String),
    regions: Vec<Region>,
) -> Job<'a> {
    let at = (&survey.name, survey.rows().proven_epoch());
    let calls = regions
        .iter()
        .map(|region| Call::forced(region, ("fence-writer", Some(operation)), at));
    Job {
        plan: &survey.name,
        kind: operation,
        what,
        calls: calls.collect(),
        can_rehearse: true,
        can_repeat: true,
        silent: silent(survey),
    }
}
