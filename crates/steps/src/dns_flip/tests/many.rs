//! Many plans of one account at once, on a virtual clock: Route 53 takes five calls a second, whoever makes them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    account::{Account, endpoints, proven, world},
    *,
};
use failover::{ledger::Rows, plan::Route, ports::Record, testing};

/// Calls that Route 53 takes in a second.
const CALLS_PER_SECOND: u32 = 5;
/// How long a change takes to be in sync.
const IN_SYNC_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// The passes that the state machine makes at most.
const PASSES_MAX: u32 = 120;

/// Nothing but Route 53 of an account, as all plans see it.
fn route53() -> Account {
    let account = Account {
        calls_per_second: Some(CALLS_PER_SECOND),
        in_sync_after: IN_SYNC_AFTER,
        ..world()
    };
    account.state.lock().unwrap().records.clear();
    account
}

/// A plan's pass through the step, whose name still leads to the west.
fn plan(account: &Account, number: usize) -> Pass {
    let mut run = testing::run();
    let name = format!("writer-{number}.orders.internal");
    run.plan.plan = format!("orders-{number}").as_str().into();
    for record in &mut run.plan.routes {
        if let Route::Cname { name: own, .. } = record {
            own.clone_from(&name);
        }
    }
    run.timeline.push(proven());
    let held = Record {
        name: name.clone(),
        ..cname(WEST)
    };
    let mut state = account.state.lock().unwrap();
    state.records.insert(name, held);
    Pass {
        run,
        rows: Rows(BTreeMap::new()),
        now: Timestamp::UNIX_EPOCH,
        dry_run: false,
    }
}

/// One pass as the frame makes it; answers whether the plan is done, and when it is called again.
async fn passed(account: &Account, pass: &mut Pass) -> Option<i64> {
    let to = destination(pass, Epoch(8), &endpoints()).unwrap();
    let named = cname::observe(account, pass, &to).await;
    let seen = Observed {
        epoch: to.epoch,
        routes: routes::Seen {
            zones: named.zones,
            is_throttled: named.is_throttled,
            failed: named.failed,
            ..Default::default()
        },
    };
    let action = next_action(&seen).unwrap();
    if let Action::Lead(Change::Zone(zone, batch)) = &action {
        cname::change(account, pass, (zone, batch), "why").await;
    }
    let wait = i64::try_from(cname::polite_seconds(pass, pass.entered(STEP))).unwrap();
    (action != Action::Done).then_some(wait)
}

/// Leads the names of so many plans over; answers the seconds until the last name led over and until the last plan was done, and
/// the most passes that a plan made.
async fn led_over(plans: usize) -> (i64, i64, u32) {
    let account = route53();
    let mut due: Vec<_> = (0..plans)
        .map(|number| (0_i64, 0_u32, plan(&account, number)))
        .collect();
    let mut done = 0;
    while let Some(next) = (0..due.len()).min_by_key(|index| due[*index].0) {
        let (at, passes, pass) = &mut due[next];
        let now = Timestamp::from_second(*at).unwrap();
        account.state.lock().unwrap().now = now;
        pass.now = now;
        *passes += 1;
        assert!(
            *passes <= PASSES_MAX,
            "the machine has given plan {next} up"
        );
        match passed(&account, pass).await {
            Some(wait) => *at += wait,
            None => {
                done = *at;
                due.remove(next);
            }
        }
    }
    let state = account.state.into_inner().unwrap();
    assert_eq!(state.changes.len(), plans, "each name is changed once");
    let leads = |record: &&Record| record.kind == "CNAME" && record.values == [EAST];
    assert_eq!(state.records.values().filter(leads).count(), plans);
    let last = state.changes.iter().max().unwrap().as_second();
    (last, done, state.syncs)
}

#[tokio::test]
async fn the_names_of_ten_and_of_fifty_plans_are_led_over_at_five_calls_a_second() {
    let (changed, done, _) = led_over(10).await;
    assert!(
        changed <= 30,
        "the last of ten names led over at {changed} s"
    );
    assert!(done <= 120, "the last of ten plans was done at {done} s");
    let (changed, done, _) = led_over(50).await;
    assert!(
        changed <= 180,
        "the last of fifty names led over at {changed} s"
    );
    assert!(done <= 420, "the last of fifty plans was done at {done} s");
}

#[tokio::test]
async fn after_the_change_nothing_but_the_change_is_asked_about_and_not_often() {
    let (_, done, syncs) = led_over(1).await;
    assert!(syncs <= 8, "asked {syncs} times in {done} s");
}
