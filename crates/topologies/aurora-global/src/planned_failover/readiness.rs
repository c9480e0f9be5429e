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

use super::run;
use crate::members::Members;
use failover::{
    Error,
    domain::PlanName,
    ledger::{KeptPlan, PlanState, ReadinessNews},
    metric,
    notify::{Message, Severity, claim_and_tell, commands},
    pass::Input,
    ports::{Functions, Ledger, Names, Parameters, People, Runtime, Secrets, Services, update_if},
    topologies::Topologies,
};

/// The value of the dimension `Step` in what is measured over all plans.
pub const READINESS: &str = "readiness";
/// How many plans are looked at at once: the account's calls are there for runs first.
const AT_ONCE: usize = 4;
/// One plan's look.
const LOOK: SignedDuration = SignedDuration::from_secs(15);
/// All looks: shorter than the function may take, with what is noted and told after them.
const LOOKS: SignedDuration = SignedDuration::from_secs(24);
/// With less time left than this no look begins.
const LOOK_MIN: SignedDuration = SignedDuration::from_secs(3);

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
}

/// What the schedule sends.
#[must_use]
pub fn request() -> Value {
    json!({"operation": READINESS})
}

/// Looks at every plan that this Region knows, some at once, those first that were not looked at for longest.
///
/// # Errors
/// `Unavailable` when the Region's own ledger does not answer; `NotReady` that names each plan whose look could not be noted.
pub(super) async fn sweep(
    world: &(impl Ledger + Runtime + Parameters + People),
    dry_run: impl AsyncFn(&PlanName, Duration) -> Found,
) -> Result<Vec<Looked>, Error> {
    let until = world.now() + LOOKS;
    let known = world.all_known(world.region()).await?;
    let rows = join_all(
        known
            .iter()
            .map(async |known| world.row(world.region(), &known.plan.plan).await),
    );
    let mut plans: Vec<_> = known.iter().zip(rows.await).collect();
    plans.sort_by_key(|(_, row)| {
        let row = row.as_ref().ok();
        row.and_then(|row| Some(row.readiness.as_ref()?.at))
    });
    let looks = plans.into_iter().map(async |(known, row)| {
        let looked = Box::pin(look(world, known, row, (until, &dry_run))).await;
        looked.map_err(|why| {
            let plan = &known.plan.plan;
            tracing::error!(%plan, step = READINESS, %why, "could not be looked at");
            format!("{plan}: {why}")
        })
    });
    let looked: Vec<_> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    let all = looked.iter();
    let is_well = all.clone().all(|looked| {
        looked
            .as_ref()
            .is_ok_and(|looked| looked.action != "not_ready")
    });
    let ready = f64::from(u8::from(is_well));
    metric::put(
        &[(&metric::READY, ready)],
        &[("Step", READINESS)],
        world.now(),
    );
    let failed: Vec<_> = all.filter_map(|looked| looked.clone().err()).collect();
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
    known: &KeptPlan,
    row: Result<PlanState, Error>,
    (until, dry_run): (Timestamp, &impl AsyncFn(&PlanName, Duration) -> Found),
) -> Result<Looked, Error> {
    let (here, plan) = (world.region(), &known.plan.plan);
    let of = |action, reason: &str, reasons| Looked {
        plan: plan.clone(),
        action,
        reason: reason.to_owned(),
        reasons,
    };
    let not_looked = |why: &str| Ok(of("none", why, Vec::new()));
    let row = row?;
    if !known.plan.members().contains_key(here) {
        return not_looked("the plan has no member here");
    }
    match &row.current {
        None => return not_looked("no writer was adopted yet"),
        Some(current) if current.writer == *here => {
            update_if(world, here, plan, PlanState::forget_readiness).await?;
            return not_looked("the writer is here");
        }
        Some(_) => {}
    }
    if is_held(&row, world.now()) {
        return not_looked(HELD);
    }
    let limit = until.duration_since(world.now()).min(LOOK);
    if limit < LOOK_MIN {
        return not_looked("no time was left; it is looked at first the next time");
    }
    if world
        .switches(plan)
        .await
        .is_ok_and(|switches| switches.is_on())
    {
        return not_looked("a switch is on");
    }
    let limit = Duration::try_from(limit).unwrap_or_default();
    let Found { reasons, warnings } = dry_run(plan, limit).await;
    let now = world.now();
    let note = |row: &PlanState| {
        let note = row.note_readiness(&reasons, &warnings, now);
        (!is_held(row, now)).then_some(note)
    };
    let Some(noted) = update_if(world, here, plan, note).await? else {
        return not_looked(HELD);
    };
    if let Some(news) = noted.readiness_news() {
        let message = message(world, known, news, &reasons);
        claim_and_tell(world, &known.plan, &message, |row| row.tell_readiness(news)).await;
    }
    if reasons.is_empty() {
        return Ok(of(
            "ready",
            "nothing stands against a planned move here",
            reasons,
        ));
    }
    tracing::warn!(%plan, step = READINESS, reasons = reasons.join(". "), "not ready");
    let why = format!("{} reason(s) against a planned move here", reasons.len());
    Ok(of("not_ready", &why, reasons))
}

/// What a plan is left alone for that a run has changed or may change just now.
const HELD: &str = "a run holds the plan";

fn is_held(row: &PlanState, now: Timestamp) -> bool {
    row.live_lease(now).is_some() || row.intent.is_some()
}

/// What stands against a move, and what should be put right all the same.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Every reason.
    reasons: Vec<String>,
    /// What should be put right.
    warnings: Vec<String>,
}

/// The dry run of the move, for as long as `limit`. That nobody could look is a reason, too.
pub(super) async fn dry_run(
    world: &(
         impl Ledger
         + Runtime
         + Members
         + Topologies
         + Parameters
         + Functions
         + Names
         + Services
         + Secrets
         + People
     ),
    plan: &PlanName,
    limit: Duration,
) -> Found {
    let input = Input {
        dry_run: true,
        ..Input::of(plan.clone())
    };
    let reason = |why: String| Found {
        reasons: vec![why],
        ..Found::default()
    };
    let (pass, time) = (pin!(run(world, &input)), pin!(world.pause(limit)));
    match select(pass, time).await {
        Either::Right(_) => reason(format!("the look had not ended after {limit:?}")),
        Either::Left((Err(why), _)) => reason(why.to_string()),
        Either::Left((Ok(output), _)) => Found {
            reasons: output.refusal.map(|why| why.reasons).unwrap_or_default(),
            warnings: output
                .observed
                .map(|seen| seen.warnings)
                .unwrap_or_default(),
        },
    }
}

fn message(
    world: &impl Runtime,
    known: &KeptPlan,
    news: ReadinessNews,
    reasons: &[String],
) -> Message {
    let here = world.region();
    match news {
        ReadinessNews::NotReady => Message {
            severity: Severity::Action,
            what: format!("the writer could not be moved to {here} by plan"),
            evidence: format!(
                "{} reason(s) against it, and two looks in a row found this: {}. The writer is well as far as this look can tell, \
                 and part of it may stand in the way of a failover, too.",
                reasons.len(),
                reasons.join("; ")
            ),
            next: "Put each of them right. It is looked at again every 15 minutes, and you are told when nothing is left.".into(),
            commands: vec![commands::readiness(&known.plan, here)],
            ..Message::default()
        },
        ReadinessNews::ReadyAgain => Message {
            what: format!("the writer could be moved to {here} by plan again"),
            evidence: "Nothing stands against it any more.".into(),
            next: "Nothing.".into(),
            ..Message::default()
        },
    }
}

#[cfg(test)]
mod tests;
