//! `failback`: the standby is rebuilt in the home Region, and the writer brought there.

use failover::{
    domain::{PlanName, Region},
    installation::named,
    plan::{Plan, function_of},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    consent::{Consent, Watching},
    desk::Desk,
    ending::{Answer, Ending},
    ready::{home_to, targets},
    started::{Start, start},
    survey::Survey,
    switchover::held,
    words::time,
    would::Would,
};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The plan.
    pub plan: &'a PlanName,
    /// Ends once the standby is rebuilt.
    pub rehearse: bool,
    /// When the writer may move.
    pub not_before: Option<Timestamp>,
    /// Nobody is asked once more before the writer moves.
    pub approved: bool,
}

/// Brings the writer of a plan home.
pub async fn run(
    desk: &Desk<'_>,
    wanted: Wanted<'_>,
    (consent, watching): (Consent, Watching),
) -> Answer {
    let plan = wanted.plan;
    let survey = match desk.survey(plan).await {
        Ok(survey) => survey,
        Err(why) => return why,
    };
    let (writer, home) = match way_home(&survey) {
        Ok(found) => found,
        Err(why) => return why,
    };
    let kind = survey.plan.as_ref().map(Plan::kind).unwrap_or_default();
    let way = home_to(desk.account, (plan, kind), &home).await;
    let (Some(way), Some(rebuilding)) = (way, kind.runs().rebuilding) else {
        let why = format!("{}; move the writer by hand", kind.has_no("failback"));
        return Answer::none(Ending::Misused, why);
    };
    let would = Would::of(plan, (&writer, &home), held(&survey, way));
    let what = wanted.what((&writer, &home));
    if let Err(why) = would.agreed(desk, (&what, consent)).await {
        return why;
    }
    let run = Start {
        plan,
        region: &home,
        function: named(&function_of(rebuilding)),
        input: wanted.input(),
    };
    start(desk, run, watching).await
}

impl Wanted<'_> {
    fn what(&self, (writer, home): (&Region, &Region)) -> String {
        let rebuilt = format!(
            "the standby of plan {} in {home} is about to be rebuilt",
            self.plan
        );
        if self.rehearse {
            return format!("{rebuilt}, and the writer stays in {writer}");
        }
        let asked = if self.approved {
            ""
        } else {
            ", once a human has agreed"
        };
        let when = self.not_before;
        let when = when.map_or_else(String::new, |at| format!(" not before {}", time(at)));
        format!("{rebuilt}, and the writer moved there from {writer}{when}{asked}")
    }

    /// What the machine is started with.
    fn input(&self) -> Value {
        let mut input = json!({"plan": self.plan});
        if self.rehearse {
            input["rehearse"] = true.into();
        }
        if let Some(at) = self.not_before {
            input["not_before"] = at.to_string().into();
        }
        if self.approved {
            input["approval"] = "given".into();
        }
        input
    }
}

/// The writer's Region, and the home Region.
fn way_home(survey: &Survey) -> Result<(Region, Region), Answer> {
    let (writer, _) = targets(survey, None)?;
    let home = survey.plan.as_ref().map(|plan| plan.home_region.clone());
    let home = home.ok_or_else(|| {
        let why = format!(
            "nobody who answers knows the home Region of plan {}; name another member Region with --regions",
            survey.name
        );
        Answer::none(Ending::Unknown, why)
    })?;
    if home == writer {
        let why = format!(
            "the writer of plan {} is in {home}, its home Region, already; switchover moves it elsewhere",
            survey.name
        );
        return Err(Answer::none(Ending::Misused, why));
    }
    Ok((writer, home))
}

#[cfg(test)]
mod tests;
