//! `doctor`: everything around plans, one line for each check with what to do. What acts is never called, and what writes is not tried.

use std::time::Duration;

use failover::domain::PlanName;
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    desk::Desk,
    ending::{Answer, Ending},
    survey::surveys,
};

mod check;
mod installation;
mod of_plan;
mod release;

use check::Check;

/// How long a function is waited for that looks at several Regions.
const LOOK: Duration = Duration::from_secs(25);
/// How many plans are looked at at once: each calls functions, of which a deployment keeps few.
const AT_ONCE: usize = 4;

/// What was found.
#[derive(Debug, Serialize)]
struct Found {
    /// What all plans share.
    installation: Vec<Check>,
    plans: Vec<OfPlan>,
}

/// What was found of one plan.
#[derive(Debug, Serialize)]
struct OfPlan {
    plan: PlanName,
    checks: Vec<Check>,
}

/// Looks at everything around a plan, or around all.
pub async fn run(desk: &Desk<'_>, plan: Option<&PlanName>, now: Timestamp) -> Answer {
    let (surveys, unfound) = match surveys(desk.account, desk.first, plan).await {
        Ok(surveys) => (surveys, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let asked = match &unfound {
        None => installation::asked(&surveys),
        Some(_) => installation::asked_first(desk).await,
    };
    let shared = installation::checked(desk, &asked, &surveys).await;
    let callable = &shared.callable;
    let plans = stream::iter(&surveys).map(async |survey| OfPlan {
        plan: survey.name.clone(),
        checks: of_plan::checked(desk, survey, callable, now).await,
    });
    let found = Found {
        plans: plans.buffered(AT_ONCE).collect().await,
        installation: shared.checks,
    };
    let ending = found.all().map(Check::ending).max();
    let of_unfound = unfound.as_ref().map(|why| why.ending);
    let ending = ending.max(of_unfound).unwrap_or(Ending::Well);
    let mut answer = Answer::new(desk.output, &found, || table(&found), ending);
    answer.complaints = unfound.map(|why| why.complaints).unwrap_or_default();
    answer
}

impl Found {
    fn all(&self) -> impl Iterator<Item = &Check> {
        let of_plans = self.plans.iter().flat_map(|plan| &plan.checks);
        self.installation.iter().chain(of_plans)
    }
}

fn table(found: &Found) -> String {
    let mut text = format!("all plans:\n{}", check::table(&found.installation));
    for of_plan in &found.plans {
        text += &format!("{}:\n{}", of_plan.plan, check::table(&of_plan.checks));
    }
    text
}

#[cfg(test)]
mod tests;
