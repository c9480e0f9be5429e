//! `approve` and `decline`: the answer to a run's question.
//!
//! Its token stands in the message, and in the history of the execution. The ledger keeps none.

use failover::domain::{PlanName, Region, RunId};
use futures::future::join;
use serde::Serialize;

use crate::{
    approvals::{Question, asked},
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    follow::again,
    survey::{PATIENCE, patiently},
    workloads::questions,
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
    /// Who answers, where the run of a workload asks.
    pub by: Option<&'a str>,
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
    // At the same time: a dead Region costs five seconds, once.
    let (question, of_workloads) = join(one(desk, wanted.run), questions::asked(desk)).await;
    let of_workload = match of_workload(&of_workloads, wanted.run) {
        Ok(question) => question,
        Err(why) => return why,
    };
    match (question, of_workload) {
        (Ok(_), Some(other)) => several(&other.run_id, wanted.run),
        (Err(_), Some(question)) if wanted.token.is_some() => no_token(&question.run_id),
        (Err(_), Some(question)) => {
            let said = (wanted.no.is_none(), wanted.by);
            questions::answer(desk, question, said, consent).await
        }
        (Ok(question), None) => of_database(desk, &question, (wanted, consent)).await,
        (Err(why), None) => why,
    }
}

/// Answers the question of the run of a database, by its token.
async fn of_database(
    desk: &Desk<'_>,
    question: &Question,
    (wanted, consent): (Wanted<'_>, Consent),
) -> Answer {
    let token = match token(desk, question, wanted.token).await {
        Ok(token) => token,
        Err(why) => return why,
    };
    let Question {
        plan,
        run_id,
        region,
        ..
    } = question;
    let word = if wanted.no.is_some() { "no" } else { "yes" };
    if !consent.dry_run {
        let unsure = if token.is_checked {
            ""
        } else {
            ", by a token of which nothing here shows whose it is"
        };
        let what = format!(
            "the question of run {run_id} of plan {plan} is about to be answered with {word}{unsure}"
        );
        let agreed = desk.terminal.confirm(consent.yes, (&what, plan.as_str()));
        if let Err(why) = agreed.await {
            return why;
        }
        let sent = desk.account.answer_question(region, &token.text, wanted.no);
        if let Err(why) = patiently(region, PATIENCE, sent).await {
            return if why.is_answer() {
                Answer::none(Ending::NotWell, why.to_string())
            } else {
                let why = format!(
                    "{why}; it may have been answered: look with {}",
                    again(run_id)
                );
                Answer::none(Ending::Unknown, why)
            };
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

/// The question of a workload's run that is meant; none where no such run asks.
fn of_workload<'a>(
    asked: &'a questions::Asked,
    run: &str,
) -> Result<Option<&'a questions::Question>, Answer> {
    let all = asked.questions.iter();
    let begin_so: Vec<_> = all
        .filter(|question| question.run_id.as_str().starts_with(run))
        .collect();
    match begin_so.as_slice() {
        [] => Ok(None),
        [question] => Ok(Some(question)),
        [question, ..] => Err(several(&question.run_id, run)),
    }
}

fn several(one: &RunId, run: &str) -> Answer {
    let why = format!("run {run} may be {one} or another one; write more of its name");
    Answer::none(Ending::Misused, why)
}

fn no_token(run: &RunId) -> Answer {
    let why =
        format!("run {run} is a workload's, whose question bears no token here; leave --token out");
    Answer::none(Ending::Misused, why)
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

/// The token of a question.
#[derive(Debug)]
struct Token {
    text: String,
    /// Whether the execution's history shows it.
    is_checked: bool,
}

/// The token in the execution's history, or where that shows none the one that was given.
async fn token(desk: &Desk<'_>, question: &Question, given: Option<&str>) -> Result<Token, Answer> {
    let fix = "copy it from the newest message, and give it as --token";
    match (shown(desk, question).await, given) {
        (Ok(text), None) => Ok(Token {
            text,
            is_checked: true,
        }),
        (Ok(text), Some(given)) if text == given => Ok(Token {
            text,
            is_checked: true,
        }),
        (Ok(_), Some(_)) => {
            let why = format!(
                "--token is not that of the question of run {}; leave it out, and the right one is found",
                question.run_id
            );
            Err(Answer::none(Ending::Misused, why))
        }
        (Err(_), Some(given)) => Ok(Token {
            text: given.to_owned(),
            is_checked: false,
        }),
        (Err(why), None) => Err(Answer::none(Ending::Unknown, format!("{why}; {fix}"))),
    }
}

/// The token that the execution's history shows, or why there is none.
async fn shown(desk: &Desk<'_>, question: &Question) -> Result<String, String> {
    let (region, run) = (&question.region, &question.run_id);
    let Some(execution) = &question.execution else {
        return Err(format!("run {run} does not say which execution it is"));
    };
    let asked = desk.account.token(region, execution);
    match patiently(region, PATIENCE, asked).await {
        Ok(Some(token)) => Ok(token),
        Ok(None) => Err(format!(
            "the history of run {run} does not show the token of its question"
        )),
        Err(why) => Err(why.to_string()),
    }
}

#[cfg(test)]
mod tests;
