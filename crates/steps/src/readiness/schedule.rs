//! What the schedule does every 15 minutes: whether the writer of each plan could be moved here, by the dry run of the move itself.
//! What it finds is kept in this Region's row and measured, and people are told when that changes. It changes nothing else.

use std::{pin::pin, time::Duration};

use futures::{
    StreamExt,
    future::{Either, join_all, select},
    stream,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use failover::{
    Error,
    domain::PlanName,
    ledger::{Current, KeptPlan, PlanState, Readiness, ReadinessNews},
    metric,
    notify::{Message, Severity, claim_and_tell, parts, tool},
    pass::Output,
    ports::{Ledger, Parameters, People, Runtime, update_if, within},
};

/// The value of the dimension `Step` in what is measured over all plans.
pub const READINESS: &str = "readiness";
/// How many plans are looked at at once: the account's calls are there for runs first.
const AT_ONCE: usize = 4;
/// One plan's look.
const LOOK: SignedDuration = SignedDuration::from_secs(15);
/// All looks. With what is read before, and noted and told after them, they are over before the function is.
const LOOKS: SignedDuration = SignedDuration::from_secs(20);
/// With less time left than this no look begins.
const LOOK_MIN: SignedDuration = SignedDuration::from_secs(3);
/// What is read of a plan before its look, each.
const READ: Duration = Duration::from_secs(2);
/// What is noted after it, and telling that.
const NOTE: Duration = Duration::from_secs(4);
/// What was found well is held for that so long, where nobody could look again.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// How plans of one topology are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// The step whose dry run looks.
    pub step: &'static str,
    /// Why nobody can be moved before a failback, as the ledger tells it.
    pub is_due: fn(&Current) -> Option<&'static str>,
    /// What that step does first where nothing stands against a move.
    pub begins: &'static str,
}

/// What was found of one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// The plan.
    pub plan: PlanName,
    /// `ready`, `not_ready`, or `none` where it was not looked.
    pub action: &'static str,
    /// Why.
    pub reason: String,
    /// Every reason against a move.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Whether nothing was found against a move, by this look or by the last one.
    #[serde(skip)]
    is_well: bool,
}

/// What the schedule sends.
#[must_use]
pub fn request() -> Value {
    json!({"operation": READINESS})
}

/// Looks at every plan of the topology that this Region knows, some at once, those first that were not looked at for longest.
///
/// # Errors
/// `Unavailable` when the Region's own ledger does not answer; `NotReady` that names each plan whose look could not be noted.
pub async fn sweep(
    world: &(impl Ledger + Runtime + Parameters + People),
    topology: Schedule,
    dry_run: impl AsyncFn(&PlanName, Duration) -> Found,
) -> Result<Vec<Looked>, Error> {
    let until = world.now() + LOOKS;
    let known = world.all_known(world.region()).await?;
    let own = known
        .iter()
        .filter(|known| known.plan.admits(topology.step).is_ok());
    let read = own.map(async |known| {
        let row = world.row(world.region(), &known.plan.plan);
        (known, within(world, READ, row).await)
    });
    let mut plans = join_all(read).await;
    plans.sort_by_key(|(_, row)| {
        let row = row.as_ref().ok();
        row.and_then(|row| Some(row.readiness.as_ref()?.at))
    });
    let looks = plans.into_iter().map(async |(known, row)| {
        let looked = Box::pin(look(world, (known, topology), row, (until, &dry_run))).await;
        looked.map_err(|why| {
            let plan = &known.plan.plan;
            tracing::error!(%plan, step = READINESS, %why, "could not be looked at");
            format!("{plan}: {why}")
        })
    });
    let looks = stream::iter(looks).buffer_unordered(AT_ONCE);
    let looked: Vec<_> = looks.collect().await;
    let is_well = |looked: &Result<Looked, String>| looked.as_ref().is_ok_and(|one| one.is_well);
    let ready = f64::from(u8::from(looked.iter().all(is_well)));
    let of = [("Step", READINESS)];
    metric::put(&[(&metric::READY, ready)], &of, world.now());
    let failed: Vec<_> = looked.iter().filter_map(|one| one.clone().err()).collect();
    if failed.is_empty() {
        return Ok(looked.into_iter().flatten().collect());
    }
    Err(Error::NotReady(format!(
        "whether {} plan(s) are ready could not be noted: {}",
        failed.len(),
        failed.join(". ")
    )))
}

/// Looks at one plan, and notes and tells what that shows.
async fn look(
    world: &(impl Ledger + Runtime + Parameters + People),
    (known, topology): (&KeptPlan, Schedule),
    row: Result<PlanState, Error>,
    (until, dry_run): (Timestamp, &impl AsyncFn(&PlanName, Duration) -> Found),
) -> Result<Looked, Error> {
    let (here, plan, row) = (world.region(), &known.plan.plan, row?);
    let not_looked = |why: &str, is_well| Looked {
        plan: plan.clone(),
        action: "none",
        reason: why.to_owned(),
        reasons: Vec::new(),
        is_well,
    };
    if let Some(why) = is_no_target(world, (known, topology), &row).await {
        let forget = update_if(world, here, plan, PlanState::forget_readiness);
        within(world, NOTE, forget).await?;
        return Ok(not_looked(why, true));
    }
    if let Some(why) = is_left_alone(world, plan, &row).await {
        return Ok(not_looked(why, was_well(&row)));
    }
    let limit = until.duration_since(world.now()).min(LOOK);
    let found = if limit < LOOK_MIN {
        Found::Late
    } else {
        dry_run(plan, Duration::try_from(limit).unwrap_or_default()).await
    };
    let (reasons, warnings) = match found {
        Found::Late if limit < LOOK => {
            let is_fresh = |found: &Readiness| world.now().duration_since(found.at) < FRESH;
            let is_fresh = row.readiness.as_ref().is_none_or(is_fresh);
            let why = "no time was left; it is looked at first the next time";
            return Ok(not_looked(why, is_fresh && was_well(&row)));
        }
        Found::Late => (vec!["the look did not end in 15 s".to_owned()], Vec::new()),
        Found::AtWork(what) => return Ok(not_looked(&what, was_well(&row))),
        Found::All { reasons, warnings } => (reasons, warnings),
    };
    let now = world.now();
    let note = |row: &PlanState| {
        let note = row.note_readiness(&reasons, &warnings, now);
        (!is_held(row, now)).then_some(note)
    };
    let noted = within(world, NOTE, update_if(world, here, plan, note)).await?;
    let Some(noted) = noted else {
        return Ok(not_looked(HELD, was_well(&row)));
    };
    tell(world, known, &noted).await;
    Ok(looked(plan, reasons))
}

fn looked(plan: &PlanName, reasons: Vec<String>) -> Looked {
    let is_well = reasons.is_empty();
    let (action, reason) = if is_well {
        ("ready", "nothing stands against a planned move here".into())
    } else {
        tracing::warn!(%plan, step = READINESS, reasons = reasons.join(". "), "not ready");
        let count = reasons.len();
        (
            "not_ready",
            format!("{count} reason(s) against a planned move here"),
        )
    };
    Looked {
        plan: plan.clone(),
        action,
        reason,
        reasons,
        is_well,
    }
}

/// Why this Region is no target of a planned move of the plan, where it is none.
async fn is_no_target(
    world: &(impl Runtime + Parameters),
    (known, topology): (&KeptPlan, Schedule),
    row: &PlanState,
) -> Option<&'static str> {
    let (here, plan) = (world.region(), &known.plan);
    if !plan.members().contains_key(here) {
        return Some("the plan has no member here");
    }
    let Some(current) = &row.current else {
        return Some("no writer was adopted yet");
    };
    if current.writer == *here {
        return Some("the writer is here");
    }
    if let Some(why) = (topology.is_due)(current) {
        return Some(why);
    }
    // A plan that was taken away stays known.
    let document = within(world, READ, world.plan(&plan.plan)).await;
    matches!(document, Err(Error::InvalidRequest(_))).then_some("its parameter is not here")
}

/// What a plan is left alone for that a run has changed or may change just now.
const HELD: &str = "a run holds the plan";

fn is_held(row: &PlanState, now: Timestamp) -> bool {
    row.live_lease(now).is_some() || row.intent.is_some()
}

/// Why nobody looks just now, where nobody does.
async fn is_left_alone(
    world: &(impl Runtime + Parameters),
    plan: &PlanName,
    row: &PlanState,
) -> Option<&'static str> {
    if is_held(row, world.now()) {
        return Some(HELD);
    }
    let switches = within(world, READ, world.switches(plan)).await;
    let is_on = switches.is_ok_and(|switches| switches.is_on());
    is_on.then_some("a switch is on")
}

/// Whether the last look found nothing.
fn was_well(row: &PlanState) -> bool {
    let found = row.readiness.as_ref();
    found.is_none_or(|found| found.reasons.is_empty())
}

/// What a dry run of the move shows.
#[derive(Debug)]
pub enum Found {
    /// What stands against a move, and what should be put right all the same.
    All {
        /// Every reason.
        reasons: Vec<String>,
        /// What should be put right.
        warnings: Vec<String>,
    },
    /// RDS moves the writer or takes a move back, or a member has to be made again first.
    AtWork(String),
    /// It did not end in its time.
    Late,
}

/// What a dry run of the move shows, for as long as a limit. That nobody could look is a reason, too. `seen` tells what should be put
/// right, or why no move is to be thought of yet.
pub async fn found<O>(
    world: &impl Runtime,
    topology: Schedule,
    (dry_run, limit): (impl Future<Output = Result<Output<O>, Error>>, Duration),
    seen: impl Fn(O) -> Result<Vec<String>, String>,
) -> Found {
    let (pass, time) = (pin!(dry_run), pin!(world.pause(limit)));
    let output = match select(pass, time).await {
        Either::Right(_) => return Found::Late,
        Either::Left((Err(why), _)) => {
            return Found::All {
                reasons: vec![why.to_string()],
                warnings: Vec::new(),
            };
        }
        Either::Left((Ok(output), _)) => output,
    };
    let warnings = match output.observed.map(seen) {
        Some(Err(why)) => return Found::AtWork(why),
        Some(Ok(warnings)) => warnings,
        None => Vec::new(),
    };
    match output.refusal {
        None if output.action != topology.begins => Found::AtWork(output.reason),
        refusal => Found::All {
            reasons: refusal.map(|why| why.reasons).unwrap_or_default(),
            warnings,
        },
    }
}

/// Tells people what is news of it.
async fn tell(world: &(impl Ledger + Runtime + People), known: &KeptPlan, noted: &PlanState) {
    let found = noted.readiness.as_ref();
    let Some((news, found)) = noted.readiness_news().zip(found) else {
        return;
    };
    let message = message(world, known, news, &found.lasting());
    let told = claim_and_tell(world, &known.plan, &message, |row| row.tell_readiness(news));
    if world.within(NOTE, told).await.is_none() {
        tracing::warn!(plan = %known.plan.plan, step = READINESS, "telling it took too long; it may be told again");
    }
}

fn message(
    world: &impl Runtime,
    known: &KeptPlan,
    news: ReadinessNews,
    reasons: &[&str],
) -> Message {
    let here = world.region();
    match news {
        ReadinessNews::NotReady => Message {
            severity: Severity::Action,
            what: format!(
                "the writer could not be moved to {here}{}",
                parts::BY_PLAN
            ),
            evidence: format!(
                "{} reason(s) against it: {}. Part of that may stand in the way of a failover, too.",
                reasons.len(),
                reasons.join("; ")
            ),
            next: "Put each of them right. It is looked at again every 15 minutes, and you are told when nothing is left.".into(),
            commands: tool::ready(&known.plan, here).into_iter().collect(),
            ..Message::default()
        },
        ReadinessNews::ReadyAgain => Message {
            what: format!(
                "the writer could be moved to {here}{} again",
                parts::BY_PLAN
            ),
            evidence: "Nothing stands against it any more.".into(),
            next: "Nothing.".into(),
            ..Message::default()
        },
    }
}

#[cfg(test)]
mod tests;
