//! Calls by hand in one Region or in several: what each would do is asked first, then it is made until it is done.

use failover::{
    domain::{PlanName, Region},
    installation::named,
};
use futures::future::join_all;
use serde::Serialize;

use crate::{
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    passes::{Call, Came, UNANSWERED, unless_unanswered},
    ready::{Way, targets, way},
    survey::Survey,
};

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) plan: &'a PlanName,
    /// What it is, in a word.
    pub(crate) kind: &'static str,
    /// What is about to happen, for whoever has to agree.
    pub(crate) what: String,
    pub(crate) calls: Vec<Call>,
    /// Whether the function answers what it would do.
    pub(crate) can_rehearse: bool,
    /// Whether a call that got no answer is made again: not where that would do it twice.
    pub(crate) can_repeat: bool,
    /// The Regions that gave no answer, which are not waited for again.
    pub(crate) silent: Vec<Region>,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Outcome {
    plan: PlanName,
    dry_run: bool,
    calls: Vec<Made>,
}

/// What came of one call.
#[derive(Debug, Serialize)]
struct Made {
    region: Region,
    function: String,
    /// Whether it is done; nothing where nobody can tell. In a dry run, whether nothing stands against it.
    done: Option<bool>,
    says: String,
    reasons: Vec<String>,
    warnings: Vec<String>,
}

/// Asks, has it agreed to, and does it.
pub(crate) async fn carry_out(desk: &Desk<'_>, job: &Job<'_>, consent: Consent) -> Answer {
    let asked = job.calls.iter().map(|call| rehearsed(desk, job, call));
    let ways = join_all(asked).await;
    let is_possible = ways.iter().any(|way| way.ready == Some(true));
    if consent.dry_run || !is_possible {
        let mut answer = job.answer(desk, true, ways);
        if !consent.dry_run {
            answer.complaints.push("nothing was changed".to_owned());
        }
        return answer;
    }
    for way in &ways {
        let warnings = way.warnings.iter();
        warnings.for_each(|warning| desk.terminal.say(&format!("  ! {warning}")));
    }
    let agreed = desk
        .terminal
        .confirm(consent.yes, (&job.what, job.plan.as_str()));
    if let Err(why) = agreed.await {
        return why;
    }
    let mut made = Vec::new();
    for (call, found) in job.calls.iter().zip(ways) {
        made.push(if found.ready == Some(true) {
            passed(desk, job, call).await
        } else {
            found
        });
    }
    job.answer(desk, false, made)
}

/// What a call would do.
async fn rehearsed(desk: &Desk<'_>, job: &Job<'_>, call: &Call) -> Way {
    if job.silent.contains(&call.region) {
        let mut silent = Way::ready(job.kind, "the Region is silent".to_owned());
        silent.ready = None;
        return silent;
    }
    if !job.can_rehearse {
        let says = format!("{} would be called", call.name());
        return Way::ready(job.kind, says);
    }
    let mut payload = call.payload.clone();
    payload["dry_run"] = true.into();
    let function = named(&call.function);
    let said = desk.account.ask(&call.region, &function, &payload).await;
    way(job.kind, said)
}

/// What came of a call.
async fn passed(desk: &Desk<'_>, job: &Job<'_>, call: &Call) -> Way {
    let kind = job.kind;
    desk.terminal.stands(format!(
        "it stood at {}; the same command goes on",
        call.name()
    ));
    let most = if job.can_repeat { UNANSWERED } else { 1 };
    match unless_unanswered(desk, call, most).await {
        Came::Done(answer) => {
            let reason = answer["reason"].as_str();
            Way::ready(
                kind,
                reason.map_or_else(|| answer.to_string(), str::to_owned),
            )
        }
        Came::Refused(why) => {
            let mut refused = Way::ready(kind, why.clone());
            refused.refuse(why);
            refused
        }
        Came::Silent(why) => {
            let mut silent = Way::ready(kind, why);
            silent.ready = None;
            silent
        }
    }
}

impl Job<'_> {
    fn answer(&self, desk: &Desk<'_>, dry_run: bool, ways: Vec<Way>) -> Answer {
        let calls = self.calls.iter().zip(ways).map(|(call, way)| Made {
            region: call.region.clone(),
            function: call.function.clone(),
            done: way.ready,
            says: way.says,
            reasons: way.reasons,
            warnings: way.warnings,
        });
        let outcome = Outcome {
            plan: self.plan.clone(),
            dry_run,
            calls: calls.collect(),
        };
        let endings = outcome.calls.iter().map(|made| match made.done {
            Some(true) => Ending::Well,
            Some(false) => Ending::NotWell,
            None => Ending::Unknown,
        });
        let ending = endings.max().unwrap_or(Ending::Well);
        Answer::new(desk.output, &outcome, || table(&outcome), ending)
    }
}

fn table(outcome: &Outcome) -> String {
    let mut text = format!("{}:\n", outcome.plan);
    for made in &outcome.calls {
        let verdict = match (made.done, outcome.dry_run) {
            (Some(true), true) => "ready",
            (Some(true), false) => "done",
            (Some(false), _) => "refused",
            (None, _) => "silent",
        };
        text += &format!("  {}: {verdict}: {}\n", made.region, made.says);
        let warnings = made.warnings.iter();
        text.extend(warnings.map(|warning| format!("    ! {warning}\n")));
    }
    text
}

/// The Regions of a plan that are meant: the one that is named, or all but the writer's.
pub(crate) fn others(survey: &Survey, named: Option<&Region>) -> Result<Vec<Region>, Answer> {
    let Some(region) = named else {
        return targets(survey, None).map(|(_, others)| others);
    };
    if survey.regions.contains_key(region) {
        return Ok(vec![region.clone()]);
    }
    let members: Vec<_> = survey.regions.keys().map(Region::as_str).collect();
    let why = format!(
        "--region is {region}, which is no member Region of plan {}; choose one of {}",
        survey.name,
        members.join(", ")
    );
    Err(Answer::none(Ending::Misused, why))
}

/// The Regions that gave no answer.
pub(crate) fn silent(survey: &Survey) -> Vec<Region> {
    let regions = survey.regions.keys();
    regions
        .filter(|region| survey.is_silent(region))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests;
