//! `failover`: a run that leaves a Region, started by hand. It confirms and refuses like any other.

use failover::{
    Error,
    domain::{PlanName, Region},
    installation::named,
    plan::{Plan, function_of},
};
use serde_json::json;

use crate::{
    account::Said,
    consent::{Consent, Watching},
    desk::Desk,
    ending::{Answer, Ending},
    ready::{Way, targets},
    started::{Start, start},
    survey::Survey,
    switchover::held,
    would::Would,
};

/// Starts a run to a Region.
pub async fn run(
    desk: &Desk<'_>,
    (plan, to): (&PlanName, &Region),
    (consent, watching): (Consent, Watching),
) -> Answer {
    let survey = match desk.survey(plan).await {
        Ok(survey) => survey,
        Err(why) => return why,
    };
    let from = match left(&survey, to) {
        Ok(from) => from,
        Err(why) => return why,
    };
    let kind = survey.plan.as_ref().map(Plan::kind).unwrap_or_default();
    let verdict = json!({"operation": "confirm", "plan": plan});
    let said = desk
        .account
        .ask(to, &named("confirm-outage"), &verdict)
        .await;
    let would = Would::of(plan, (&from, to), held(&survey, confirmed(said)));
    if consent.dry_run {
        return would.answer(desk);
    }
    // The run confirms by itself, and what it finds counts.
    desk.terminal.say(would.table().trim_end());
    let what = format!("a run of plan {plan} that leaves {from} for {to} is about to be started");
    let agreed = desk
        .terminal
        .confirm(consent.yes, (&what, plan.as_str()))
        .await;
    if let Err(why) = agreed {
        return why;
    }
    let run = Start {
        plan,
        region: to,
        function: named(&function_of(kind.runs().promote_by)),
        input: json!({"plan": plan, "writer_region": from, "observer_region": to}),
    };
    start(desk, run, watching).await
}

/// The Region that is left: the writer's, or where the writer is there already the one that the last run left, which this one
/// goes on with.
fn left(survey: &Survey, to: &Region) -> Result<Region, Answer> {
    let (writer, others) = targets(survey, None)?;
    if writer != *to {
        targets(survey, Some(to))?;
        return Ok(writer);
    }
    last_left(survey, (to, &others))
}

/// The Region that the last run to this one left, which has the writer by now.
pub(crate) fn last_left(
    survey: &Survey,
    (to, others): (&Region, &[Region]),
) -> Result<Region, Answer> {
    let runs = survey.runs().filter(|run| run.to == *to && run.from != *to);
    let last = runs.max_by_key(|run| run.opened_at);
    last.map(|run| run.from.clone()).ok_or_else(|| {
        let others: Vec<_> = others.iter().map(Region::as_str).collect();
        let why = format!(
            "--to is {to}, which has the writer of plan {} already, and no run has moved it there; choose one of {}",
            survey.name,
            others.join(", ")
        );
        Answer::none(Ending::Misused, why)
    })
}

/// What a run would make of the writer, by the verdict of this moment.
fn confirmed(said: Result<Said, Error>) -> Way {
    let (ready, says) = match said {
        Ok(Said::Answer(answer)) => {
            let decision = answer["decision"].as_str().unwrap_or_default();
            let says = answer["reason"].as_str().unwrap_or_default().to_owned();
            let goes_on = matches!(decision, "go_on" | "ask" | "wait");
            (Some(goes_on), says)
        }
        Ok(Said::Failure { why, .. }) => (None, why),
        Err(why) => (None, why.to_string()),
    };
    Way {
        kind: "unplanned_failover",
        ready,
        reasons: if ready == Some(false) {
            vec![says.clone()]
        } else {
            Vec::new()
        },
        says,
        warnings: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
