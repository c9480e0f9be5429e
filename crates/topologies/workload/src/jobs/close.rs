//! Closes a run: gives back what it had suspended where it stopped before the cut-over, says what came of it, and gives the leases back.
//! Rerunning it is safe: how it closed first counts.

use failover::{
    Error,
    domain::{Region, RunId},
    ledger::PlanState,
    pass::{briefly, is_false},
    ports,
};
use serde::Serialize;

use super::{
    CloseInput, ReleaseInput, Trouble, World, epoch,
    messages::{self, Stands},
    open::of_execution,
    order,
    revert::REHEARSED,
    services,
};
use crate::{
    pass::{Pass, rows_of, save},
    phase::Phase,
    plan::WorkloadPlan,
    run::{Kind, WorkloadRun},
};

/// What closing answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Ended {
    action: &'static str,
    outcome: String,
    reason: String,
    #[serde(skip_serializing_if = "is_false")]
    dry_run: bool,
    /// What is left to be done by hand.
    left: Vec<String>,
}

pub(super) async fn run<W: World>(world: &W, input: &CloseInput) -> Result<Ended, Error> {
    let here = world.region();
    let found = world.workload_run(here, &input.plan, &input.run_id).await?;
    let mut run = found.ok_or_else(|| {
        Error::RunRefused(format!(
            "run_id is {}, and the ledger of {here} holds no such run of plan {}; call with the operation status to see its runs",
            input.run_id, input.plan
        ))
    })?;
    let row = world.row(&run.plan.home_region, run.name()).await?;
    let serves = home_serves(&run, &row);
    if let Some(closed) = run.closed.clone() {
        let reason = format!("closed at {}: {}", closed.at, closed.reason);
        let said = (input, closed.outcome, reason);
        return concluded(world, &run, said, (serves, Vec::new())).await;
    }
    let outcome = outcome(&run, input);
    let pass = standing(world, &run).await?;
    let mut reason = reason(input, &pass, serves);
    if input.dry_run {
        return Ok(ended("close", outcome, reason, input, Vec::new()));
    }
    // Whoever would begin to cut over from here on is refused, so that what is given back is given to a business that stays.
    if run.closing.is_none() {
        run.closing = Some(world.now());
        save(world, &mut run).await?;
    }
    let mut left = given_back(world, &run).await?;
    left.extend(of_the_way_back(&pass));
    reason.extend(left.iter().map(|left| format!(". {left}")));
    run.note(world.now(), "close", &outcome, &reason);
    run.close(world.now(), &outcome, &reason);
    save(world, &mut run).await?;
    tracing::info!(plan = %run.name(), run_id = %run.run_id, outcome, reason, "closed");
    concluded(world, &run, (input, outcome, reason), (serves, left)).await
}

/// Whether home serves by the proof of this run.
fn home_serves(run: &WorkloadRun, row: &PlanState) -> bool {
    let current = row.current.as_ref();
    current.is_some_and(|current| {
        current.run_id == run.run_id && current.writer == run.plan.home_region
    })
}

/// What came of a run: what somebody says of it, or else how far it came.
fn outcome(run: &WorkloadRun, input: &CloseInput) -> String {
    let came = || far(run, input.trouble.is_empty()).to_owned();
    input.outcome.clone().unwrap_or_else(came)
}

fn far(run: &WorkloadRun, went_well: bool) -> &'static str {
    let left = |phase: Phase| run.left.contains_key(&phase);
    let entered = |phase: Phase| run.entered.contains_key(&phase);
    match run.kind {
        Kind::RestoreHome if left(Phase::Conclude) => "succeeded",
        Kind::RestoreHome if entered(Phase::CutOver) => "failed",
        Kind::Rehearse if is_rehearsed(run) && went_well => REHEARSED,
        Kind::Revert if left(Phase::Revert) => "reverted",
        Kind::Revert if entered(Phase::Revert) => "failed",
        Kind::RestoreHome | Kind::Rehearse | Kind::Revert => "aborted",
    }
}

/// Whether people have seen what was built beside and said yes, and it is gone.
fn is_rehearsed(run: &WorkloadRun) -> bool {
    super::order::taken_away(run).is_some()
        && run
            .answered(Phase::Rehearse)
            .is_some_and(|answer| answer.yes)
}

/// What a run has come to. It has ended between two Regions where its cut-over has begun and nobody has proven home.
fn came_to(run: &WorkloadRun, outcome: &str, serves: bool, left: &[String]) -> Stands {
    let begun = run.kind == Kind::RestoreHome && run.entered.contains_key(&Phase::CutOver);
    let is_well = ["succeeded", REHEARSED, "reverted"].contains(&outcome);
    let has_left = !left.is_empty() || order::not_retired(run).is_some();
    match is_well {
        true if has_left => Stands::LeftOver,
        true => Stands::Serves,
        false if begun && serves => Stands::LeftOver,
        false if begun => Stands::Between,
        false => Stands::AsBefore,
    }
}

/// Why a run ends, and what stands, in sentences.
fn reason(input: &CloseInput, pass: &Pass, serves: bool) -> String {
    let troubles = input.trouble.iter().map(said);
    let said: Vec<_> = input.reason.iter().cloned().chain(troubles).collect();
    let said = match said.is_empty() {
        true => "nothing went wrong".to_owned(),
        false => said.join("; "),
    };
    format!("{said}. {}", stands(pass, serves))
}

fn said(trouble: &Trouble) -> String {
    let Trouble {
        state,
        error,
        cause,
    } = trouble;
    format!("{state}: {error}: {}", sentence(cause))
}

/// The sentence in a cause: a function's answer to a state machine is JSON around it, which may be cut off.
fn sentence(cause: &str) -> String {
    if !cause.starts_with('{') {
        return cause.to_owned();
    }
    let whole = serde_json::from_str::<serde_json::Value>(cause).unwrap_or_default();
    let said = whole["errorMessage"].as_str().map(str::to_owned);
    said.unwrap_or_else(|| "the execution's history has the cause".to_owned())
}

/// What stands where a run ends, in a sentence.
fn stands(pass: &Pass, serves: bool) -> String {
    let run = &pass.run;
    let (home, recovery) = (&run.plan.home_region, &run.plan.recovery_region);
    let left = |phase: Phase| run.left.contains_key(&phase);
    let entered = |phase: Phase| run.entered.contains_key(&phase);
    match run.kind {
        Kind::RestoreHome if left(Phase::Conclude) => match order::not_retired(run) {
            None => format!(
                "{home} serves and is protected again, what served in {recovery} is stopped and kept, and the stack with the destructive rights can be deleted"
            ),
            Some(open) => format!(
                "{home} serves and is protected again; not retired in {recovery}: {open}; stop that by hand, then the stack with the destructive rights can be deleted"
            ),
        },
        Kind::RestoreHome if serves => format!(
            "{home} serves, and is not sure to be protected again; {}",
            match (left(Phase::Retire), order::not_retired(run)) {
                (true, _) => format!("what served in {recovery} is stopped and kept"),
                (false, Some(open)) => format!("not retired in {recovery}: {open}"),
                (false, None) => format!("what served in {recovery} may still run"),
            }
        ),
        Kind::RestoreHome if entered(Phase::CutOver) => {
            let lit = services::lit_at(&pass.rows, home);
            let lit = lit.map(|at| {
                format!(". Home's pilot lights are lit since {at}, so that going back needs accept_data_loss")
            });
            format!(
                "the business is stopped in {recovery}, and {home} does not serve yet; what stood there before is kept under other names{}",
                lit.unwrap_or_default()
            )
        }
        Kind::RestoreHome | Kind::Rehearse => {
            format!("{recovery} serves, and nothing that is named home has changed")
        }
        Kind::Revert if left(Phase::Revert) => format!("{recovery} serves again"),
        Kind::Revert if services::is_given(pass, recovery) => format!(
            "the services of {recovery} run again, and {home} is not undone; start revert-home again, which goes on from what it finds"
        ),
        Kind::Revert => format!(
            "neither {home} nor {recovery} is sure to serve; start revert-home again, which goes on from what it finds"
        ),
    }
}

/// Gives back what a run had suspended that stopped before its cut-over, and withdraws what it intended. Answers what is left to be done by
/// hand.
async fn given_back<W: World>(world: &W, run: &WorkloadRun) -> Result<Vec<String>, Error> {
    let suspended = run.kind == Kind::RestoreHome
        && run.entered.contains_key(&Phase::Suspend)
        && !run.entered.contains_key(&Phase::CutOver);
    if !suspended {
        return Ok(Vec::new());
    }
    let pass = standing(world, run).await?;
    let back = services::back(world, &pass, &run.from).await;
    let mut left: Vec<_> = back.silent.into_iter().chain(back.left).collect();
    if !run.left.contains_key(&Phase::Revert) {
        left.push(format!(
            "look at each resource in {}: what was suspended there may not be given back",
            run.from
        ));
    }
    epoch::withdraw(world, run).await?;
    Ok(left)
}

/// What a way back that came to no end has left to people.
fn of_the_way_back(pass: &Pass) -> Vec<String> {
    let run = &pass.run;
    match run.kind == Kind::Revert && !run.left.contains_key(&Phase::Revert) {
        true => services::left_over(pass, &run.to),
        false => Vec::new(),
    }
}

/// What is kept of a run, outside of its passes.
async fn standing<W: World>(world: &W, run: &WorkloadRun) -> Result<Pass, Error> {
    Ok(Pass {
        run: run.clone(),
        ledgers: failover::ledger::Rows(std::collections::BTreeMap::new()),
        rows: rows_of(world, run).await?,
        now: world.now(),
        dry_run: false,
    })
}

/// Tells people, unless a call before this one has, and gives the leases back.
async fn concluded<W: World>(
    world: &W,
    run: &WorkloadRun,
    (input, outcome, reason): (&CloseInput, String, String),
    (serves, left): (bool, Vec<String>),
) -> Result<Ended, Error> {
    if input.dry_run {
        return Ok(ended("none", outcome, reason, input, left));
    }
    let held = world.row(&run.plan.home_region, run.name()).await?.lease;
    // The lease is given back last: whoever still holds it may have told nobody.
    if held.is_some_and(|lease| lease.run_id == run.run_id) {
        let stands = came_to(run, &outcome, serves, &left);
        let told = messages::ended(run, &outcome, &format!("{reason}."), stands);
        messages::tell(world, &run.plan, &told).await;
    }
    give_back(world, &run.plan, &run.run_id).await?;
    Ok(ended("close", outcome, reason, input, left))
}

/// Gives the leases of a run back. The recovery Region's lapses where that is silent.
async fn give_back<W: World>(
    world: &W,
    plan: &WorkloadPlan,
    run_id: &RunId,
) -> Result<Vec<Region>, Error> {
    let release = |row: &PlanState| row.release(run_id);
    let mut given = Vec::new();
    for region in plan.regions() {
        let update = ports::update_if(world, region, &plan.plan, release);
        let released = match *region == plan.home_region {
            true => update.await,
            false => briefly(region, update).await,
        };
        match released {
            Ok(released) => given.extend(released.map(|_| region.clone())),
            Err(Error::Unavailable(why)) if *region != plan.home_region => {
                tracing::warn!(%region, why, "the lease is not given back, and lapses");
            }
            Err(why) => return Err(why),
        }
    }
    Ok(given)
}

/// Gives back the leases of a run that could not be opened or closed.
pub(super) async fn release<W: World>(world: &W, input: &ReleaseInput) -> Result<Ended, Error> {
    let by_execution = input.execution.as_ref();
    let by_execution = by_execution.map(|execution| of_execution(&input.plan, execution));
    let run_id = input.run_id.clone().or(by_execution).ok_or_else(|| {
        Error::InvalidRequest("run_id and execution are missing; give one of them".into())
    })?;
    let plan = world.workload_plan(world.region(), &input.plan).await?;
    let given = match input.dry_run {
        true => Vec::new(),
        false => give_back(world, &plan, &run_id).await?,
    };
    let given: Vec<_> = given.iter().map(ToString::to_string).collect();
    let reason = match given.is_empty() {
        true => format!("run {run_id} gives no lease back"),
        false => format!(
            "run {run_id} has given its lease back in {}",
            given.join(" and ")
        ),
    };
    Ok(Ended {
        action: "release",
        outcome: "released".into(),
        reason,
        dry_run: input.dry_run,
        left: Vec::new(),
    })
}

fn ended(
    action: &'static str,
    outcome: String,
    reason: String,
    input: &CloseInput,
    left: Vec<String>,
) -> Ended {
    Ended {
        action,
        outcome,
        reason,
        dry_run: input.dry_run,
        left,
    }
}
