//! `approve` and `decline`: the answer to a run's question.
//!
//! Its token stands in the message, and in the history of the execution. The ledger keeps none.

use failover::domain::{PlanName, Region, RunId};
use serde::Serialize;

use crate::{
    approvals::{Question, asked},
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    follow::again,
    survey::{PATIENCE, patiently},
};

/// What is answered to which run.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The run's name, or how that begins.
    pub run: &'a str,
    /// The token of the question, where it is given.
    pub token: Option<&'a str>,
    /// Why not; `None` is a yes.
    pub no: Option<&'a str>,
}

/// What was answered.
#[derive(Debug, Serialize)]
struct Answered {
    plan: PlanName,
    run_id: RunId,
    region: Region,
    approved: bool,
    dry_run: bool,
}

/// Answers the question of a run.
pub async fn run(desk: &Desk<'_>, wanted: Wanted<'_>, consent: Consent) -> Answer {
    let question = match one(desk, wanted.run).await {
        Ok(question) => question,
        Err(why) => return why,
    };
    let token = match token(desk, &question, wanted.token).await {
        Ok(token) => token,
        Err(why) => return why,
    };
    let Question {
        plan,
        run_id,
        region,
        ..
    } = &question;
    let word = if wanted.no.is_some() { "no" } else { "yes" };
    if !consent.dry_run {
        let what = format!(
            "the question of run {run_id} of plan {plan} is about to be answered with {word}"
        );
        let agreed = desk.terminal.confirm(consent.yes, (&what, plan.as_str()));
        if let Err(why) = agreed.await {
            return why;
        }
        let sent = desk.account.answer_question(region, &token, wanted.no);
        if let Err(why) = patiently(region, PATIENCE, sent).await {
            let ending = if why.is_answer() {
                Ending::NotWell
            } else {
                Ending::Unknown
            };
            return Answer::none(ending, why.to_string());
        }
    }
    let answered = Answered {
        plan: plan.clone(),
        run_id: run_id.clone(),
        region: region.clone(),
        approved: wanted.no.is_none(),
        dry_run: consent.dry_run,
    };
    let tense = if consent.dry_run {
        "would be answered"
    } else {
        "was answered"
    };
    let table = || {
        format!(
            "run {run_id} {tense} with {word}; look at it with {}\n",
            again(run_id)
        )
    };
    Answer::new(desk.output, &answered, table, Ending::Well)
}

/// The one question that is meant.
async fn one(desk: &Desk<'_>, run: &str) -> Result<Question, Answer> {
    let (questions, unread) = asked(desk).await?;
    let begin_so = questions
        .iter()
        .filter(|question| question.run_id.as_str().starts_with(run));
    let begin_so: Vec<_> = begin_so.collect();
    if let [question] = begin_so.as_slice() {
        return Ok((*question).clone());
    }
    let there: Vec<_> = questions.iter().map(|one| one.run_id.as_str()).collect();
    let there = if there.is_empty() {
        "nobody waits for an answer".to_owned()
    } else {
        format!("those that wait are {}", there.join(", "))
    };
    let why = format!("run {run} is not one that waits for an answer: {there}");
    Err(if unread.is_empty() {
        Answer::none(Ending::Misused, why)
    } else {
        Answer::none(
            Ending::Unknown,
            format!("{why}, and {}", unread.join(", and ")),
        )
    })
}

/// The token that was given, or the one in the execution's history.
async fn token(
    desk: &Desk<'_>,
    question: &Question,
    given: Option<&str>,
) -> Result<String, Answer> {
    if let Some(token) = given {
        return Ok(token.to_owned());
    }
    let region = &question.region;
    let fix = "copy it from the newest message, and give it as --token";
    let Some(execution) = &question.execution else {
        let why = format!(
            "run {} does not say which execution it is; {fix}",
            question.run_id
        );
        return Err(Answer::none(Ending::Unknown, why));
    };
    let asked = desk.account.token(region, execution);
    match patiently(region, PATIENCE, asked).await {
        Ok(Some(token)) => Ok(token),
        Ok(None) => {
            let why = format!(
                "the history of run {} does not show the token of its question; {fix}",
                question.run_id
            );
            Err(Answer::none(Ending::Unknown, why))
        }
        Err(why) => Err(Answer::none(Ending::Unknown, format!("{why}; {fix}"))),
    }
}

#[cfg(test)]
mod tests;
