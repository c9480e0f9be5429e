//! Ten plans of one account lose their Region at once.

use std::{collections::BTreeMap, time::Duration};

use failover::{ledger::Outcome, ports::Ledger};

use crate::{
    front_door::Call,
    profile::{HOME, PLANS, Profile, STANDBY, names},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::checks::ledgers::recorded,
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "ten-plans",
    summary: "Ten plans, each with a global database of its own and one PostgreSQL server a member, lose their Region at once, and Route 53 takes five calls a second of all of them: each is promoted once and led over.",
    comes_out: "each is promoted once, all names lead over",
    world,
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[
        "orders: us-east-1 took over",
        "billing: us-east-1 took over",
        "tenant1: us-east-1 took over",
        "tenant2: us-east-1 took over",
        "tenant3: us-east-1 took over",
        "tenant4: us-east-1 took over",
        "tenant5: us-east-1 took over",
        "tenant6: us-east-1 took over",
        "tenant7: us-east-1 took over",
        "tenant8: us-east-1 took over",
    ]),
    by_name_only: true,
    ..Scenario::USUAL
};

/// What Route 53 takes of an account.
/// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>.
const CALLS_PER_SECOND: usize = 5;
/// The longest that all of it is waited for.
const LONG: Duration = Duration::from_secs(900);
/// The longest from the first name that moves to the last one, in seconds.
const NAMES_SECONDS_MAX: f64 = 90.0;

/// Twenty databases share two cores.
fn world() -> Profile {
    Profile {
        plans: &PLANS,
        ..Profile::gentle("detach")
    }
}

/// Each is led over, once, though Route 53 takes five calls a second of all of them together.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let world = drill.world;
    let plans = world.profile.plans;
    let text = format!("takes {CALLS_PER_SECOND} calls a second of the account");
    world.timeline.say(Kind::Setup, "Route 53", text);
    world.front_door.limit("route53", CALLS_PER_SECOND);
    let mut played = drill.lose(HOME).await?;
    let all_over = async || {
        let runs = drill.runs.seen();
        let succeeded = runs.iter().filter(|run| run.outcome.is_some());
        succeeded.count() >= plans.len() && runs.iter().all(|run| run.status != "RUNNING")
    };
    drill.until(LONG, "the end of all runs", all_over).await;
    promoted_once(drill, &mut played);
    for plan in plans {
        led_over(drill, &mut played, plan).await;
    }
    figures(drill, &mut played);
    Ok(played)
}

/// RDS promoted each plan's standby once, and nothing else.
fn promoted_once(drill: &Drill<'_>, played: &mut Played) {
    let mut promoted = BTreeMap::new();
    for happened in drill.world.simulator.history() {
        if happened.what == "promotion completed" {
            *promoted.entry(happened.subject).or_insert(0) += 1;
        }
    }
    let plans = drill.world.profile.plans.len();
    played.check(
        format!("each of {plans} standbys is promoted once"),
        format!("{promoted:?}"),
        promoted.len() == plans && promoted.values().all(|times| *times == 1),
    );
}

/// One plan's run succeeded with nothing left, its names lead to its new writer, and it is free again.
async fn led_over(drill: &Drill<'_>, played: &mut Played, plan: &str) {
    let world = drill.world;
    let runs = recorded(drill, plan).await;
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
    played.check(format!("{plan} is led over by one run"), found, held);
}

/// When the names moved, and what Route 53 was asked.
fn figures(drill: &Drill<'_>, played: &mut Played) {
    let calls = drill.world.front_door.calls();
    let asked: Vec<_> = calls
        .iter()
        .filter(|call| call.service == "route53")
        .collect();
    let throttled = asked.iter().filter(|call| call.status == Some(400)).count();
    let lost_ms = played.at_ms;
    let mut moved: Vec<_> = asked
        .iter()
        .filter(|call| call.operation == "ChangeResourceRecordSets" && call.status == Some(200))
        .filter_map(|call| seconds_after(lost_ms, call))
        .collect();
    moved.sort_by(f64::total_cmp);
    let plans = drill.world.profile.plans.len();
    let (first, last) = (
        moved.first().copied().unwrap_or(f64::NAN),
        moved.last().copied().unwrap_or(f64::NAN),
    );
    played.check(
        format!("each plan's names are moved by one change, all within {NAMES_SECONDS_MAX} s of the first"),
        format!(
            "{} changes; the first {first:.1} s after the loss, the last {last:.1} s",
            moved.len()
        ),
        moved.len() == plans && last - first <= NAMES_SECONDS_MAX,
    );
    played.check(
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
