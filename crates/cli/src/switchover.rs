//! `switchover`: the writer is moved as planned, by which no row is lost.

use failover::{
    domain::{PlanName, Region},
    installation::named,
    plan::{Plan, function_of},
};
use serde_json::json;

use crate::{
    clock::now,
    consent::{Consent, Watching},
    desk::Desk,
    ending::{Answer, Ending},
    ready::{Way, planned_to, targets},
    started::{Start, start},
    survey::Survey,
    would::Would,
};

/// Moves the writer of a plan to a Region; to the only other member's where none is named.
pub async fn run(
    desk: &Desk<'_>,
    (plan, to): (&PlanName, Option<&Region>),
    (consent, watching): (Consent, Watching),
) -> Answer {
    let survey = match desk.survey(plan).await {
        Ok(survey) => survey,
        Err(why) => return why,
    };
    let (writer, to) = match target(&survey, to) {
        Ok(found) => found,
        Err(why) => return why,
    };
    let kind = survey.plan.as_ref().map(Plan::kind).unwrap_or_default();
    let Some(moving) = kind.runs().moving else {
        let why = format!("{}; move it by hand", kind.has_no("planned failover"));
        return Answer::none(Ending::Misused, why);
    };
    let way = planned_to(desk.account, (plan, kind), &to).await;
    let would = Would::of(plan, (&writer, &to), held(&survey, way));
    let what = format!("the writer of plan {plan} is about to move from {writer} to {to}");
    if let Err(why) = would.agreed(desk, (&what, consent)).await {
        return why;
    }
    let run = Start {
        plan,
        region: &to,
        function: named(&function_of(moving)),
        input: json!({"plan": plan}),
    };
    start(desk, run, watching).await
}

/// The writer's Region, and the one that it goes to.
fn target(survey: &Survey, to: Option<&Region>) -> Result<(Region, Region), Answer> {
    let (writer, others) = targets(survey, to)?;
    match others.as_slice() {
        [to] => Ok((writer, to.clone())),
        several => {
            let several: Vec<_> = several.iter().map(Region::as_str).collect();
            let why = format!(
                "--to is missing, and plan {} has {} other members; choose one of {}",
                survey.name,
                several.len(),
                several.join(", ")
            );
            Err(Answer::none(Ending::Misused, why))
        }
    }
}

/// A run that holds the plan stands in the way of another one, which no dry run says.
pub(crate) fn held(survey: &Survey, mut way: Way) -> Way {
    if let Some(lease) = survey.lease(now()) {
        let why = format!(
            "run {} holds plan {} until {}; wait for its end, and look at it with aurora-failover run {}",
            lease.run_id, survey.name, lease.expires_at, lease.run_id
        );
        way.refuse(why);
    }
    way
}

#[cfg(test)]
mod tests;
