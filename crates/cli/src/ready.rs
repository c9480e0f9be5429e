//! `ready`: whether the writer could be moved now, as the deployed functions say in a dry run, with every reason against it.

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
pub(crate) struct Way {
    pub(crate) kind: &'static str,
    /// Nothing where nobody could tell.
    pub(crate) ready: Option<bool>,
    /// What would be done next, or why not.
    pub(crate) says: String,
    /// Every reason against it.
    pub(crate) reasons: Vec<String>,
    /// What does not stand in the way and should be put right all the same.
    pub(crate) warnings: Vec<String>,
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
pub(crate) fn targets(
    survey: &Survey,
    to: Option<&Region>,
) -> Result<(Region, Vec<Region>), Answer> {
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

/// Whether the writer could be moved to a Region as planned.
pub(crate) async fn planned_to(
    account: &Account,
    (plan, kind): (&PlanName, TopologyKind),
    to: &Region,
) -> Way {
    let Some(moving) = kind.runs().moving else {
        return Way::not_there("planned_failover", kind.has_no("planned failover"));
    };
    let function = named(&function_of(moving));
    let said = account.dry_run(to, &function, plan).await;
    way("planned_failover", said)
}

/// Whether the writer could be brought home to a Region; nothing where the plan's topology knows no way.
pub(crate) async fn home_to(
    account: &Account,
    (plan, kind): (&PlanName, TopologyKind),
    to: &Region,
) -> Option<Way> {
    let function = named(&function_of(kind.runs().rebuilding?));
    let said = account.dry_run(to, &function, plan).await;
    Some(way("failback", said))
}

/// Home there are two ways: a member that follows takes over, one that was deposed is rebuilt before.
async fn asked(
    account: &Account,
    of: (&PlanName, TopologyKind),
    to: Region,
    is_home: bool,
) -> Move {
    let failback = async {
        if !is_home {
            return None;
        }
        home_to(account, of, &to).await
    };
    let (planned, failback) = join(planned_to(account, of, &to), failback).await;
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

    /// One that nothing stands against.
    pub(crate) const fn ready(kind: &'static str, says: String) -> Self {
        Self {
            kind,
            ready: Some(true),
            says,
            reasons: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Adds a reason against it.
    pub(crate) fn refuse(&mut self, why: String) {
        self.ready = Some(false);
        self.reasons.push(why);
    }

    /// The lines that people read.
    pub(crate) fn table(&self, to: &Region) -> String {
        let kind = self.kind.replace('_', " ");
        let verdict = match self.ready {
            Some(true) => "ready",
            Some(false) => "not ready",
            None => "could not be asked",
        };
        let mut text = format!("  {kind} to {to}: {verdict}\n");
        let lines: Vec<_> = match self.ready {
            Some(false) => {
                let reasons = self.reasons.iter();
                reasons.map(|reason| format!("- {reason}")).collect()
            }
            Some(true) | None => vec![self.says.clone()],
        };
        text.extend(lines.iter().map(|line| format!("    {line}\n")));
        let warnings = self.warnings.iter();
        let warnings = warnings.filter(|warning| !self.says.contains(*warning));
        text.extend(warnings.map(|warning| format!("    ! {warning}\n")));
        text
    }
}

/// What a dry run's answer means.
pub(crate) fn way(kind: &'static str, said: Result<Said, Error>) -> Way {
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
        text.extend(one.ways.iter().map(|way| way.table(&one.to)));
    }
    text
}

#[cfg(test)]
mod tests;
