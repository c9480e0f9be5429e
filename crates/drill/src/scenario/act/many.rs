//! Ten plans of one account, which lose their Region at once.

use std::{collections::BTreeMap, time::Duration};

use failover::ledger::{Ledger, Outcome};

use super::several::recorded;
use crate::{
    front_door::Call,
    profile::{HOME, STANDBY, names},
    scenario::stage::{Acted, Stage},
    timeline::Kind,
    world::Trouble,
};

/// What Route 53 takes of an account.
/// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>.
const CALLS_PER_SECOND: usize = 5;
/// The longest that all of it is waited for.
const LONG: Duration = Duration::from_secs(900);
/// The longest from the first name that moves to the last one, in seconds.
const NAMES_SECONDS_MAX: f64 = 90.0;

/// Each is led over, once, though Route 53 takes five calls a second of all of them together.
pub(super) async fn ten_plans(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let world = stage.world;
    let plans = world.profile.plans;
    let text = format!("takes {CALLS_PER_SECOND} calls a second of the account");
    world.timeline.say(Kind::Setup, "Route 53", text);
    world.front_door.limit("route53", CALLS_PER_SECOND);
    let mut acted = stage.lose(HOME).await?;
    let all_over = async || {
        let runs = stage.runs.seen();
        let succeeded = runs.iter().filter(|run| run.outcome.is_some());
        succeeded.count() >= plans.len() && runs.iter().all(|run| run.status != "RUNNING")
    };
    stage.until(LONG, "the end of all runs", all_over).await;
    promoted_once(stage, &mut acted);
    for plan in plans {
        led_over(stage, &mut acted, plan).await;
    }
    figures(stage, &mut acted);
    Ok(acted)
}

/// RDS promoted each plan's standby once, and nothing else.
fn promoted_once(stage: &Stage<'_>, acted: &mut Acted) {
    let mut promoted = BTreeMap::new();
    for happened in stage.world.simulator.history() {
        if happened.what == "promotion completed" {
            *promoted.entry(happened.subject).or_insert(0) += 1;
        }
    }
    let plans = stage.world.profile.plans.len();
    acted.check(
        format!("each of {plans} standbys is promoted once"),
        format!("{promoted:?}"),
        promoted.len() == plans && promoted.values().all(|times| *times == 1),
    );
}

/// One plan's run succeeded with nothing left, its names lead to its new writer, and it is free again.
async fn led_over(stage: &Stage<'_>, acted: &mut Acted, plan: &str) {
    let world = stage.world;
    let runs = recorded(stage, plan).await;
    let succeeded = runs.iter().filter(|run| {
        let closed = run.closed.as_ref();
        closed.is_some_and(|closed| closed.outcome == Outcome::Succeeded && closed.left.is_empty())
    });
    let succeeded = succeeded.count();
    let row = world.ledger().row(&STANDBY.into(), &plan.into()).await.ok();
    let row = row.as_ref();
    let current = row.and_then(|row| row.current.as_ref());
    let writer = current.map_or("none".to_owned(), |current| {
        format!("{}, epoch {}", current.writer, current.epoch)
    });
    let is_free = row.is_some_and(|row| row.lease.is_none() && row.intent.is_none());
    let mut lead_to = Vec::new();
    for name in names(plan) {
        lead_to.push(world.leads_to(&name).await.unwrap_or("nowhere".into()));
    }
    let there = lead_to
        .iter()
        .all(|to| to.starts_with(&format!("{plan}-east.")));
    let found = format!(
        "{succeeded} of {} runs succeeded with nothing left; the writer is {writer}; free: {is_free}; names lead to {}",
        runs.len(),
        lead_to.join(" and ")
    );
    let held = succeeded == 1 && writer == format!("{STANDBY}, epoch 2") && is_free && there;
    acted.check(format!("{plan} is led over by one run"), found, held);
}

/// When the names moved, and what Route 53 was asked.
fn figures(stage: &Stage<'_>, acted: &mut Acted) {
    let calls = stage.world.front_door.calls();
    let asked: Vec<_> = calls
        .iter()
        .filter(|call| call.service == "route53")
        .collect();
    let throttled = asked.iter().filter(|call| call.status == Some(400)).count();
    let lost_ms = acted.at_ms;
    let mut moved: Vec<_> = asked
        .iter()
        .filter(|call| call.operation == "ChangeResourceRecordSets" && call.status == Some(200))
        .filter_map(|call| seconds_after(lost_ms, call))
        .collect();
    moved.sort_by(f64::total_cmp);
    let plans = stage.world.profile.plans.len();
    let (first, last) = (
        moved.first().copied().unwrap_or(f64::NAN),
        moved.last().copied().unwrap_or(f64::NAN),
    );
    acted.check(
        format!("each plan's names are moved by one change, all within {NAMES_SECONDS_MAX} s of the first"),
        format!(
            "{} changes; the first {first:.1} s after the loss, the last {last:.1} s",
            moved.len()
        ),
        moved.len() == plans && last - first <= NAMES_SECONDS_MAX,
    );
    acted.check(
        "Route 53 throttles, and every run outlasts that",
        format!(
            "{} calls to Route 53, {throttled} of them throttled",
            asked.len()
        ),
        throttled > 0,
    );
}

fn seconds_after(ms: i64, call: &Call) -> Option<f64> {
    let at = i64::try_from(call.at_ms).ok()?;
    u32::try_from(at - ms)
        .ok()
        .map(|ms| f64::from(ms) / 1_000.0)
}
