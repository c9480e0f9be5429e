//! `approvals`: the questions of runs that wait for a human.

use failover::{
    domain::{PlanName, Region, RunId},
    evidence::Verdict,
    ledger::{Lease, Run, RunKind},
};
use futures::future::{join, join_all};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    clock::now,
    desk::Desk,
    ending::{Answer, Ending},
    survey::{PATIENCE, Survey, patiently, surveys},
    words::{ago, kind, time},
    workloads::questions,
};

/// What is asked, and what could not be found out.
#[derive(Debug, Serialize)]
struct Questions {
    questions: Vec<Question>,
    /// Those of workloads' runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    workloads: Vec<questions::Question>,
    unread: Vec<String>,
}

/// The question of one run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Question {
    pub(crate) plan: PlanName,
    pub(crate) run_id: RunId,
    kind: RunKind,
    from: Region,
    to: Region,
    /// Where it is answered.
    pub(crate) region: Region,
    /// The ARN of the execution that waits.
    pub(crate) execution: Option<String>,
    asked_at: Timestamp,
    verdict: Option<Verdict>,
    /// What the run knew when it asked.
    says: String,
    /// How long it may hold the plan meanwhile.
    until: Timestamp,
}

/// Lists the questions.
pub async fn run(desk: &Desk<'_>) -> Answer {
    // At the same time: a dead Region costs five seconds, once.
    let (databases, workloads) = join(asked(desk), questions::asked(desk)).await;
    let (questions, mut unread) = match databases {
        Ok(found) => found,
        Err(why) if !workloads.is_any => return why,
        // That no database is known says nothing of a workload. That a Region is silent does.
        Err(why) if why.ending == Ending::Misused => (Vec::new(), Vec::new()),
        Err(why) => (Vec::new(), why.complaints),
    };
    unread.extend(workloads.unread);
    let nobody_waits = questions.is_empty() && workloads.questions.is_empty();
    let ending = match (unread.is_empty(), nobody_waits) {
        (false, _) => Ending::Unknown,
        (true, false) => Ending::NotWell,
        (true, true) => Ending::Well,
    };
    let found = Questions {
        questions,
        workloads: workloads.questions,
        unread,
    };
    let table = || {
        let of_workloads = found.workloads.iter().map(questions::Question::table);
        let of_workloads: String = of_workloads.collect();
        match (found.questions.is_empty(), of_workloads.is_empty()) {
            (true, false) => of_workloads,
            (true, true) | (false, _) => table(&found.questions) + &of_workloads,
        }
    };
    let mut answer = Answer::new(desk.output, &found, table, ending);
    answer.complaints.clone_from(&found.unread);
    answer
}

/// Every question that waits, and what could not be read.
pub(crate) async fn asked(desk: &Desk<'_>) -> Result<(Vec<Question>, Vec<String>), Answer> {
    let surveys = surveys(desk.account, desk.first, None).await?;
    let waiting = surveys.iter().filter_map(|survey| {
        let lease = survey.lease(now())?;
        lease.waits_for_human.then_some((survey, lease))
    });
    let asked = waiting.map(|(survey, lease)| question(desk, survey, lease));
    let mut unread: Vec<String> = surveys.iter().flat_map(silent).collect();
    let mut questions = Vec::new();
    for found in join_all(asked).await {
        match found {
            Ok(found) => questions.extend(found),
            Err(why) => unread.push(why),
        }
    }
    Ok((questions, unread))
}

/// The question of the run that holds a plan; nothing where it waits for its window.
async fn question(
    desk: &Desk<'_>,
    survey: &Survey,
    lease: Lease,
) -> Result<Option<Question>, String> {
    let Lease { run_id, to, .. } = &lease;
    let record = desk.account.run(to, &survey.name, run_id);
    let record = patiently(to, PATIENCE, record).await;
    let record = record.map_err(|why| {
        format!(
            "run {run_id} of plan {} waits, and its record could not be read: {why}",
            survey.name
        )
    })?;
    Ok(record.and_then(|run| of_record(run, &lease)))
}

fn of_record(run: Run, lease: &Lease) -> Option<Question> {
    let is_question = run.timeline.last().is_some_and(|last| last.action == "ask");
    let asked = run.asked.as_ref().filter(|_| is_question)?;
    let mut before = run.timeline.iter().rev().skip(1);
    Some(Question {
        plan: run.plan.plan.clone(),
        run_id: run.run_id.clone(),
        kind: run.kind,
        from: run.from.clone(),
        to: run.to.clone(),
        region: run.to.clone(),
        execution: run.execution.clone(),
        asked_at: asked.at,
        verdict: asked.verdict,
        says: before
            .next()
            .map_or_else(String::new, |entry| entry.reason.clone()),
        until: lease.expires_at,
    })
}

fn silent(survey: &Survey) -> Vec<String> {
    survey
        .unlisted()
        .map(|(region, why)| {
            format!(
                "a question of plan {} in {region} would not be listed ({why}); ask again when it answers",
                survey.name
            )
        })
        .collect()
}

fn table(questions: &[Question]) -> String {
    if questions.is_empty() {
        return "nobody waits for an answer\n".to_owned();
    }
    let lines = questions.iter().map(|question| {
        let Question {
            plan, run_id, says, ..
        } = question;
        format!(
            "{plan}: shall {} take over from {}? ({}, run {run_id})\n  asked {}, holds the plan until {}\n  {says}\n  yes: aurora-failover \
             approve {run_id}\n  no:  aurora-failover decline {run_id}\n",
            question.to,
            question.from,
            kind(question.kind),
            ago(question.asked_at, now()),
            time(question.until)
        )
    });
    lines.collect()
}
