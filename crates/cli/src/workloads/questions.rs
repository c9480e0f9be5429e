//! The questions of workloads' runs that wait for people, and the answer to one: by the function of workloads, which holds the token.

use failover::domain::{PlanName, Region, RunId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use workload::{jobs::Asks, run::WorkloadRun};

use super::{
    found::{Found, found},
    function, judged,
};
use crate::{
    clock::now,
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    words::{ago, time},
};

/// The question of one run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Question {
    pub(crate) plan: PlanName,
    pub(crate) run_id: RunId,
    kind: &'static str,
    /// What is asked, by the name that the answer bears.
    phase: &'static str,
    pub(crate) text: String,
    asked_at: Timestamp,
    pub(crate) until: Timestamp,
    /// Where it is answered: the home Region.
    pub(crate) region: Region,
}

/// What is asked, and what could not be found out.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Whether there is any workload.
    pub(crate) is_any: bool,
    pub(crate) questions: Vec<Question>,
    pub(crate) unread: Vec<String>,
}

/// Every question that waits.
pub(crate) async fn asked(desk: &Desk<'_>) -> Asked {
    let all = found(desk.account, desk.first, None).await;
    Asked {
        is_any: !all.is_empty(),
        questions: all.iter().filter_map(waiting).collect(),
        unread: all.iter().flat_map(unread).collect(),
    }
}

/// The question of the run that opened last.
pub(crate) fn waiting(found: &Found) -> Option<Question> {
    of_run(found.runs().first()?)
}

/// The question of a run that nobody has answered.
pub(crate) fn of_run(run: &WorkloadRun) -> Option<Question> {
    let question = run.question.as_ref().filter(|_| run.closed.is_none())?;
    let answered = run.answered(question.phase);
    if answered.is_some_and(|answer| answer.at >= question.asked_at) {
        return None;
    }
    Some(Question {
        plan: run.name().clone(),
        run_id: run.run_id.clone(),
        kind: run.kind.name(),
        phase: Asks::of(question.phase)?.name(),
        text: question.text.clone(),
        asked_at: question.asked_at,
        until: question.until,
        region: run.plan.home_region.clone(),
    })
}

fn unread(found: &Found) -> Vec<String> {
    let silent = found.regions.iter().filter_map(|(region, there)| {
        let why = there.runs.as_ref().err()?;
        Some(format!(
            "a question of workload {} in {region} would not be listed ({why}); ask again when it answers",
            found.name
        ))
    });
    silent.collect()
}

impl Question {
    /// The lines that people read, with the command for either answer.
    pub(crate) fn table(&self) -> String {
        let Self {
            plan, run_id, text, ..
        } = self;
        format!(
            "{plan}: {text}\n  asked {}, answer until {}\n{}",
            ago(self.asked_at, now()),
            time(self.until),
            answers(run_id, "  ")
        )
    }
}

/// The commands that answer the question of a run.
pub(crate) fn answers(run_id: &RunId, indent: &str) -> String {
    format!(
        "{indent}yes: aurora-failover approve {run_id}\n{indent}no:  aurora-failover decline {run_id}\n"
    )
}

/// What was answered.
#[derive(Debug, Serialize)]
struct Answered {
    plan: PlanName,
    run_id: RunId,
    region: Region,
    phase: &'static str,
    approved: bool,
    dry_run: bool,
    says: String,
}

/// Answers a question: yes, or no.
pub(crate) async fn answer(
    desk: &Desk<'_>,
    question: &Question,
    (yes, by): (bool, Option<&str>),
    consent: Consent,
) -> Answer {
    let by = by.map(str::trim).filter(|by| !by.is_empty());
    let Some(by) = by else {
        let why = format!(
            "the answer to run {} of workload {} bears a name; add --by and yours",
            question.run_id, question.plan
        );
        return Answer::none(Ending::Misused, why);
    };
    let payload = question.payload((yes, by), consent.dry_run);
    let word = if yes { "yes" } else { "no" };
    if !consent.dry_run {
        let what = format!(
            "{} of workload {} asks: {} It is about to be answered with {word}",
            question.run_id, question.plan, question.text
        );
        let agreed = desk
            .terminal
            .confirm(consent.yes, (&what, question.plan.as_str()));
        if let Err(why) = agreed.await {
            return why;
        }
    }
    let (region, function) = (&question.region, function());
    let said = match consent.dry_run {
        true => desk.account.ask(region, &function, &payload).await,
        false => desk.account.call(region, &function, &payload).await,
    };
    let came = judged("answer", said);
    match came.ready {
        Some(true) => told(desk, question, (yes, consent.dry_run, came.says)),
        Some(false) => Answer::none(Ending::NotWell, came.says),
        None => {
            let why = format!(
                "{}; it may have been answered: look with aurora-failover status {}",
                came.says, question.plan
            );
            Answer::none(Ending::Unknown, why)
        }
    }
}

fn told(
    desk: &Desk<'_>,
    question: &Question,
    (approved, dry_run, says): (bool, bool, String),
) -> Answer {
    let answered = Answered {
        plan: question.plan.clone(),
        run_id: question.run_id.clone(),
        region: question.region.clone(),
        phase: question.phase,
        approved,
        dry_run,
        says,
    };
    let table = || {
        let tense = if dry_run {
            "would be answered"
        } else {
            "was answered"
        };
        let word = if approved { "yes" } else { "no" };
        format!(
            "the question {} of run {} {tense} with {word}; look at it with aurora-failover status {}\n",
            question.phase, question.run_id, question.plan
        )
    };
    Answer::new(desk.output, &answered, table, Ending::Well)
}

impl Question {
    fn payload(&self, (yes, by): (bool, &str), dry_run: bool) -> Value {
        let operation = if yes { "approve" } else { "decline" };
        let mut payload = json!({"operation": operation, "plan": self.plan, "run_id": self.run_id, "phase": self.phase, "by": by});
        if dry_run {
            payload["dry_run"] = true.into();
        }
        payload
    }
}
