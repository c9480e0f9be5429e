//! What the schedule does every minute in the writer's Region: a stop that nobody gives back any more is withdrawn, and the writer opened
//! by its mark, whoever died meanwhile. A stop whose run goes on is left to it. In the Region that a move leads to, one that began to promote
//! and died is started anew.

use failover::{
    Error,
    domain::{PlanName, Region, StopToken, seconds_between},
    ledger::{Former, KeptPlan, PlanState, Stage, Stop},
    metric::{self, Counted},
    notify::{Message, Severity, tell, tool},
    pass::{Input, briefly, by_hand},
    plan::Plan,
    ports::{Functions, Ledger, Mark, People, ReachInput, Runtime, Services, update_if},
};
use futures::future::join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use steps::fence_writer::{OBSERVING, SWEEP, in_time};

use super::{STEP, services, there::open_by};
use crate::members::Stops;

mod resume;

/// A stop that is younger may be withdrawn without the word of the Region that it goes to, where the witness does not hear that one
/// either: it had no time to promote the replica past this Region. In seconds.
const YOUNG: f64 = 300.0;

/// What became of one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// The plan.
    pub plan: PlanName,
    /// `opened`, `withdrawn`, `given_back` where services alone were, `resumed`, `would_open`, `would_give_back`, or `none`.
    pub action: &'static str,
    /// Why.
    pub reason: String,
}

/// How a plan is swept.
#[derive(Debug, Clone, Copy, Default)]
struct How {
    /// Whether a human asks for it, whose word stands for what silent Regions do not tell.
    is_by_hand: bool,
    /// Whether it is only said what would be done.
    is_dry: bool,
}

/// What people ask for by hand.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GiveBack {
    /// The word `give_back`.
    #[serde(rename = "operation")]
    _operation: String,
    /// The plan.
    plan: PlanName,
    /// The plan and the epoch that it stands at, as `orders@7`; without it, it is said what would be done.
    #[serde(default)]
    force: Option<String>,
}

/// Gives a stop back on a human's word, whatever silent Regions may know: that none of them has the writer. What answers still counts.
///
/// # Errors
/// `InvalidRequest` for a `force` that does not fit; those of a sweep.
pub(super) async fn by_hand(
    world: &(impl Ledger + Runtime + Functions + People + Services + Stops),
    asked: &GiveBack,
) -> Result<Swept, Error> {
    let known = by_hand::known(world, &Input::of(asked.plan.clone())).await?;
    known.plan.admits(STEP)?;
    known.plan.movable()?;
    let row = world.row(world.region(), &asked.plan).await?;
    let stands = format!("{}@{}", asked.plan, row.proven_epoch());
    match &asked.force {
        Some(force) if *force != stands => Err(Error::InvalidRequest(format!(
            "force is {force:?}, and the plan stands at epoch {}; write {stands:?} if no other Region has the writer",
            row.proven_epoch()
        ))),
        force => {
            let how = How {
                is_by_hand: true,
                is_dry: force.is_none(),
            };
            let work = Box::pin(sweep_plan(world, &known, how));
            in_time(world, SWEEP, "giving back", work).await
        }
    }
}

/// Every plan whose writer is here, all at once.
///
/// # Errors
/// The first fault's, with the names of all plans that have one.
pub(super) async fn sweep(
    world: &(impl Ledger + Runtime + Functions + People + Services + Stops),
) -> Result<Vec<Swept>, Error> {
    let plans = world.all_known(world.region()).await?;
    let is_own = |plan: &Plan| plan.has_heart() && plan.admits(STEP).is_ok();
    let own = plans.iter().filter(|known| is_own(&known.plan));
    let sweeps = own.map(async |known| {
        let plan = &known.plan.plan;
        let work = Box::pin(sweep_plan(world, known, How::default()));
        let swept = in_time(world, SWEEP, "the sweep", work).await;
        swept.map_err(|why| {
            tracing::error!(%plan, step = STEP, %why, "could not be swept");
            metric::failed(Counted::Stop, plan, world.now());
            why.reworded(format!("{plan}: {why}"))
        })
    });
    let swept = join_all(sweeps).await;
    let faults: Vec<_> = swept.iter().filter_map(|one| one.as_ref().err()).collect();
    match faults.as_slice() {
        [] => Ok(swept.into_iter().flatten().collect()),
        [first, ..] => {
            let all: Vec<_> = faults.iter().map(ToString::to_string).collect();
            Err(first.reworded(all.join("; ")))
        }
    }
}

/// Sweeps one plan. The mark is read first and the row behind it: a mark whose stop is withdrawn in between is an orphan, and opened.
async fn sweep_plan(
    world: &(impl Ledger + Runtime + Functions + People + Services + Stops),
    known: &KeptPlan,
    how: How,
) -> Result<Swept, Error> {
    let (here, plan) = (world.region(), &known.plan.plan);
    let swept = |action, reason: &str| Swept {
        plan: plan.clone(),
        action,
        reason: reason.to_owned(),
    };
    let row = world.row(here, plan).await?;
    if !how.is_by_hand
        && let Some(run) = resume::resume(world, known, &row).await?
    {
        return Ok(swept(
            "resumed",
            &format!("{run} goes on with the move to here"),
        ));
    }
    if row.current.as_ref().is_none_or(|own| own.writer != *here) {
        return Ok(swept("none", "the writer is not here"));
    }
    let mark = in_time(world, OBSERVING, "looking for a mark", world.mark(known)).await?;
    let row = world.row(here, plan).await?;
    let alone = how.is_by_hand || came_along(&row, mark.as_ref());
    let marked_at = mark.as_ref().and_then(|mark| mark.at);
    let mark = mark.map(|mark| mark.token);
    let most = known.plan.topology.stop_seconds();
    let Some(token) = abandoned(&row, mark.as_ref(), (world, how, most)) else {
        let alone = services_alone(world, &row, how).await?;
        let (action, said) = alone.unwrap_or(("none", left_alone(&row, mark.is_some()).to_owned()));
        return Ok(swept(action, &said));
    };
    // A stop that was withdrawn before it was opened is as old as its mark.
    let since = own(&row, &token).map(|stop| stop.written_at).or(marked_at);
    if let Some(why) = is_left_to_others(world, known, (&row, since), alone).await? {
        return Ok(swept("none", &why));
    }
    if how.is_dry {
        return Ok(swept(
            "would_open",
            "the writer would be opened by its mark",
        ));
    }
    let withdraw = |row: &PlanState| row.withdraw_stop(&token);
    let withdrawn = update_if(world, here, plan, withdraw).await?;
    let row = match withdrawn {
        Some(row) => row,
        None => world.row(here, plan).await?,
    };
    let Some(mark) = mark.filter(|mark| *mark == token) else {
        let said = "the stop had not come about".to_owned();
        let said = services::and_brought_up(world, &row, said).await;
        return Ok(swept("withdrawn", &said));
    };
    let said = open_by(world, known, &row, &mark).await?;
    tracing::warn!(%plan, step = STEP, %mark, said, "a stop that nobody gave back");
    // People are told before ECS is waited for: no later sweep finds this mark.
    let plan = &known.plan;
    tell(world, plan, &opened(plan, here, (&mark, &said))).await;
    let said = services::and_brought_up(world, &row, said).await;
    Ok(swept("opened", &said))
}

/// For how long the step of a run that came here may take to bring services up, in seconds. The run itself goes on for hours.
const RUNS_OWN: f64 = 900.0;

/// Gives services back what they had where nothing stops the writer, and no run has just come here, whose own step does it.
async fn services_alone(
    world: &(impl Ledger + Runtime + Services),
    row: &PlanState,
    how: How,
) -> Result<Option<(&'static str, String)>, Error> {
    let here = world.region();
    let lease = row.live_lease(world.now());
    let came_at = row.current.as_ref().map(|current| current.proven_at);
    let just_came = came_at.is_some_and(|at| seconds_between(at, world.now()) < RUNS_OWN);
    let comes_here = just_came && lease.is_some_and(|lease| lease.to == *here);
    let is_left = comes_here && !how.is_by_hand;
    let Some(down) = row.to_bring_up(here).filter(|_| !is_left) else {
        return Ok(None);
    };
    let lacking: Vec<_> = down.lacking().map(Former::said).collect();
    if how.is_dry && lacking.is_empty() {
        return Ok(None);
    }
    if how.is_dry {
        let said = format!(
            "these would be given back what they had: {}",
            lacking.join(", ")
        );
        return Ok(Some(("would_give_back", said)));
    }
    let said = services::bring_up(world, row).await?;
    Ok(said.map(|said| ("given_back", said)))
}

/// Whether a mark was set before the writer here was proven, so that it came along with a promotion to here: that proof is what others
/// would be asked for.
fn came_along(row: &PlanState, mark: Option<&Mark>) -> bool {
    let set_at = mark.and_then(|mark| mark.at);
    let proven = row.current.as_ref().map(|current| current.proven_at);
    set_at.zip(proven).is_some_and(|(set, proven)| set < proven)
}

/// The stop that nobody may be counted on to give back: one that stood for longer than any run lets it, or a mark that no row here bears.
fn abandoned(
    row: &PlanState,
    mark: Option<&StopToken>,
    (here, how, most): (&impl Runtime, How, f64),
) -> Option<StopToken> {
    if row.is_promoting() {
        return None;
    }
    match (row.stop.as_deref(), mark) {
        (Some(stop), mark) if mark.is_none_or(|mark| *mark == stop.token) => {
            let age = seconds_between(stop.written_at, here.now());
            let is_over = how.is_by_hand || age > most;
            (stop.stage == Stage::Stopping && is_over).then(|| stop.token.clone())
        }
        (_, mark) => mark.cloned(),
    }
}

fn left_alone(row: &PlanState, is_marked: bool) -> &'static str {
    match (row.is_promoting(), row.stop.is_some() || is_marked) {
        (true, _) => "a promotion has begun, and goes forward",
        (false, true) => "its run goes on",
        (false, false) => "nothing is stopped",
    }
}

/// Why this Region may not open its writer, by the word of the others: another one is proven, or has begun to be promoted.
async fn is_left_to_others(
    world: &(impl Ledger + Runtime + Functions),
    known: &KeptPlan,
    (row, since): (&PlanState, Option<Timestamp>),
    alone: bool,
) -> Result<Option<String>, Error> {
    let (here, plan) = (world.region(), &known.plan);
    let others = plan.members().keys().filter(|region| *region != here);
    let asked = others.map(async |region| {
        let read = briefly(region, world.row(region, &plan.plan)).await;
        (region, read)
    });
    for (region, read) in join_all(asked).await {
        match read {
            Ok(other) if other.proven_epoch() > row.proven_epoch() => {
                return Ok(Some(format!("{region} knows a later writer")));
            }
            Ok(other) if other.is_promoting() => {
                return Ok(Some(format!(
                    "a promotion in {region} has begun, and goes forward"
                )));
            }
            Ok(_) => {}
            Err(_) if alone => {}
            Err(why) => is_gone(world, known, (region, &why), since).await?,
        }
    }
    Ok(None)
}

fn own<'a>(row: &'a PlanState, token: &StopToken) -> Option<&'a Stop> {
    row.stop.as_deref().filter(|stop| stop.token == *token)
}

/// That a Region whose ledger is silent is not heard by the witness either, and had no time to promote its member under this stop. One that
/// the witness hears may have promoted it while this Region was away, which nothing here tells.
async fn is_gone(
    world: &(impl Runtime + Functions),
    known: &KeptPlan,
    (region, why): (&Region, &Error),
    since: Option<Timestamp>,
) -> Result<(), Error> {
    let plan = &known.plan;
    let unknown = |what: &str| {
        Error::Unavailable(format!(
            "the writer of plan {} in {} bears a stop that nobody gives back, the ledger of {region} is silent ({why}), and {what}, so that \
             its member may be the writer by now; where it is not, call stop-writes here with the operation give_back",
            plan.plan,
            world.region()
        ))
    };
    let Some(since) = since else {
        return Err(unknown(
            "neither a row nor the mark tells how old that stop is",
        ));
    };
    if seconds_between(since, world.now()) > YOUNG {
        return Err(unknown("the stop is older than five minutes"));
    }
    let (Some(witness), Some(member)) = (&plan.witness_region, plan.members().get(region)) else {
        return Err(unknown("no witness can be asked"));
    };
    let input = ReachInput {
        plan: plan.plan.clone(),
        region: region.clone(),
        cluster: member.identifier.clone(),
        kind: plan.kind(),
    };
    match world.ask_witness(witness, &input).await {
        Ok(said) if said.reaches => Err(unknown("the witness hears it")),
        Ok(_) => Ok(()),
        Err(why) => Err(unknown(&format!("the witness does not tell: {why}"))),
    }
}

fn opened(plan: &Plan, here: &Region, (mark, said): (&StopToken, &str)) -> Message {
    Message {
        severity: Severity::Action,
        what: format!(
            "writes go on in {here}: a planned move had stopped them and gave nothing back"
        ),
        evidence: format!(
            "The stop {mark} stood in the database, and no run goes on with it. {said}."
        ),
        next: "Look why that run ended, and start the planned move again when it suits you.".into(),
        commands: vec![tool::history(&plan.plan, here)],
        ..Message::default()
    }
}

#[cfg(test)]
mod tests;
