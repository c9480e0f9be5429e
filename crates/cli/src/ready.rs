//! `ready`: whether the writer could be moved now, as the deployed functions say in a dry run, with every reason against it.

use std::fmt::Write as _;

use failover::{
    Error,
    domain::{PlanName, Region},
    installation::named,
    plan::{Plan, TopologyKind, function_of},
};
use futures::future::{join, join_all};
use serde::Serialize;
use serde_json::Value;

use crate::{
    account::{Account, Said},
    arguments::Output,
    ending::{Answer, Ending},
    survey::{Survey, surveys},
};

/// Whether the writer could be moved.
#[derive(Debug, Serialize)]
struct Readiness {
    plan: PlanName,
    writer: Region,
    moves: Vec<Move>,
}

/// Whether it could be moved to one Region.
#[derive(Debug, Serialize)]
struct Move {
    to: Region,
    ready: bool,
    ways: Vec<Way>,
}

/// One way to move it there.
#[derive(Debug, Serialize)]
struct Way {
    kind: &'static str,
    /// Nothing where nobody could tell.
    ready: Option<bool>,
    /// What would be done next, or why not.
    says: String,
    /// Every reason against it.
    reasons: Vec<String>,
    /// What does not stand in the way and should be put right all the same.
    warnings: Vec<String>,
}

/// Says whether the writer of a plan could be moved.
pub async fn run(
    account: &Account,
    first: &[Region],
    (plan, to): (&PlanName, Option<&Region>),
    output: Output,
) -> Answer {
    let surveys = match surveys(account, first, Some(plan)).await {
        Ok(surveys) => surveys,
        Err(why) => return why,
    };
    let Some(survey) = surveys.first() else {
        return Answer::none(Ending::Misused, format!("plan {plan} is not known"));
    };
    let (writer, targets) = match targets(survey, to) {
        Ok(targets) => targets,
        Err(why) => return why,
    };
    let kind = survey.plan.as_ref().map(Plan::kind).unwrap_or_default();
    let home = survey.plan.as_ref().map(|plan| &plan.home_region);
    let moves = targets.into_iter().map(async |to| {
        let is_home = home == Some(&to);
        asked(account, (plan, kind), to, is_home).await
    });
    let readiness = Readiness {
        plan: plan.clone(),
        writer,
        moves: join_all(moves).await,
    };
    let ending = readiness.moves.iter().map(Move::ending).max();
    let ending = ending.unwrap_or(Ending::Misused);
    Answer::new(output, &readiness, || table(&readiness), ending)
}

/// The writer's Region, and those that are asked about.
fn targets(survey: &Survey, to: Option<&Region>) -> Result<(Region, Vec<Region>), Answer> {
    let name = &survey.name;
    let rows = survey.rows();
    let Some(current) = rows.current() else {
        let silent = survey
            .regions
            .values()
            .filter_map(|entry| entry.books.as_ref().err());
        let silent: Vec<_> = silent.map(ToString::to_string).collect();
        return Err(if silent.is_empty() {
            let why = format!("no ledger names a writer of plan {name}; adopt it first");
            Answer::none(Ending::NotWell, why)
        } else {
            let why = format!(
                "the writer of plan {name} cannot be told: {}",
                silent.join(", ")
            );
            Answer::none(Ending::Unknown, why)
        });
    };
    let writer = current.writer.clone();
    let others = survey
        .regions
        .keys()
        .filter(|region| **region != writer)
        .cloned();
    let others: Vec<_> = others.collect();
    let Some(to) = to else {
        return Ok((writer, others));
    };
    let listed: Vec<_> = others.iter().map(Region::as_str).collect();
    let listed = listed.join(", ");
    if *to == writer {
        let why = format!("--to is {to}, which has the writer already; choose one of {listed}");
        return Err(Answer::none(Ending::Misused, why));
    }
    if !others.contains(to) {
        let why = format!(
            "--to is {to}, which is no member Region of plan {name}; choose one of {listed}"
        );
        return Err(Answer::none(Ending::Misused, why));
    }
    Ok((writer, vec![to.clone()]))
}

/// Home there are two ways: a member that follows takes over, one that was deposed is rebuilt before.
async fn asked(
    account: &Account,
    (plan, kind): (&PlanName, TopologyKind),
    to: Region,
    is_home: bool,
) -> Move {
    let asked = async |step| {
        let function = named(&function_of(step));
        account.dry_run(&to, &function, plan).await
    };
    let runs = kind.runs();
    let planned = async {
        match runs.moving {
            Some(moving) => way("planned_failover", asked(moving).await),
            None => Way::not_there("planned_failover", kind.has_no("planned failover")),
        }
    };
    let failback = async {
        let rebuilding = runs.rebuilding.filter(|_| is_home)?;
        Some(way("failback", asked(rebuilding).await))
    };
    let (planned, failback) = join(planned, failback).await;
    let ways: Vec<_> = std::iter::once(planned).chain(failback).collect();
    Move {
        ready: ways.iter().any(|way| way.ready == Some(true)),
        to,
        ways,
    }
}

impl Way {
    /// One that the plan's topology does not have.
    fn not_there(kind: &'static str, why: String) -> Self {
        Self {
            kind,
            ready: Some(false),
            reasons: vec![why.clone()],
            says: why,
            warnings: Vec::new(),
        }
    }
}

/// What a dry run's answer means.
fn way(kind: &'static str, said: Result<Said, Error>) -> Way {
    let untold = |says: String| Way {
        kind,
        ready: None,
        says,
        reasons: Vec::new(),
        warnings: Vec::new(),
    };
    match said {
        Ok(Said::Answer(answer)) => of_answer(kind, &answer),
        Ok(Said::Failure { name, why }) if name == "InvalidRequest" => Way {
            ready: Some(false),
            reasons: vec![why.clone()],
            ..untold(why)
        },
        Ok(Said::Failure { why, .. }) => untold(why),
        Err(why) => untold(why.to_string()),
    }
}

fn of_answer(kind: &'static str, answer: &Value) -> Way {
    let texts = |value: &Value| {
        let items = value.as_array().into_iter().flatten();
        let texts = items.filter_map(|item| Some(item.as_str()?.to_owned()));
        texts.collect::<Vec<_>>()
    };
    let refusal = answer.get("refusal");
    let outlook = answer["observed"]["outlook"].as_str().map(str::to_owned);
    let warnings = texts(&answer["observed"]["warnings"]);
    Way {
        kind,
        ready: Some(refusal.is_none()),
        says: answer["reason"].as_str().unwrap_or_default().to_owned(),
        reasons: refusal.map_or_else(Vec::new, |refusal| texts(&refusal["reasons"])),
        warnings: warnings.into_iter().chain(outlook).collect(),
    }
}

impl Move {
    /// One way is enough. Whether there is one nobody can tell while one was not told.
    fn ending(&self) -> Ending {
        if self.ready {
            Ending::Well
        } else if self.ways.iter().any(|way| way.ready.is_none()) {
            Ending::Unknown
        } else {
            Ending::NotWell
        }
    }
}

fn table(readiness: &Readiness) -> String {
    let mut text = format!(
        "{}: the writer is in {}\n",
        readiness.plan, readiness.writer
    );
    for one in &readiness.moves {
        for way in &one.ways {
            let kind = way.kind.replace('_', " ");
            let verdict = match way.ready {
                Some(true) => "ready",
                Some(false) => "not ready",
                None => "could not be asked",
            };
            // Writing to a text does not fail.
            let _ = writeln!(text, "  {kind} to {}: {verdict}", one.to);
            let lines: Vec<_> = match way.ready {
                Some(false) => way
                    .reasons
                    .iter()
                    .map(|reason| format!("- {reason}"))
                    .collect(),
                Some(true) | None => vec![way.says.clone()],
            };
            for line in lines {
                let _ = writeln!(text, "    {line}");
            }
            for warning in way
                .warnings
                .iter()
                .filter(|warning| !way.says.contains(*warning))
            {
                let _ = writeln!(text, "    ! {warning}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
