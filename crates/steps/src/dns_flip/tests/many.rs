//! Many plans of one account at once, on a virtual clock: Route 53 takes five calls a second, whoever makes them.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::*;
use failover::{
    ledger::{Entry, Rows},
    plan::Route,
    ports::{Batch, Heard, Record},
    testing,
};

/// Calls that Route 53 takes in a second.
const CALLS_PER_SECOND: u32 = 5;
/// How long a change takes to be in sync.
const IN_SYNC_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// The passes that the state machine makes at most.
const PASSES_MAX: u32 = 120;

/// An account's Route 53, as all plans see it.
struct Account {
    here: Region,
    state: Mutex<State>,
}

struct State {
    now: Timestamp,
    /// The second that is counted, and the calls in it.
    second: (i64, u32),
    records: BTreeMap<(String, &'static str), Record>,
    changes: Vec<Timestamp>,
    throttled: u32,
    syncs: u32,
}

impl Account {
    fn new() -> Self {
        Self {
            here: "us-east-1".into(),
            state: Mutex::new(State {
                now: Timestamp::UNIX_EPOCH,
                second: (0, 0),
                records: BTreeMap::new(),
                changes: Vec::new(),
                throttled: 0,
                syncs: 0,
            }),
        }
    }

    /// Answers a call, if this second takes one more.
    fn heard<T>(&self, answer: impl FnOnce(&mut State) -> T) -> Result<Heard<T>, Error> {
        let mut state = self.state.lock().unwrap();
        let second = state.now.as_second();
        if state.second.0 != second {
            state.second = (second, 0);
        }
        state.second.1 += 1;
        if state.second.1 > CALLS_PER_SECOND {
            state.throttled += 1;
            return Ok(Heard::Throttled("Rate exceeded".into()));
        }
        Ok(Heard::Said(answer(&mut state)))
    }
}

impl Runtime for Account {
    fn region(&self) -> &Region {
        &self.here
    }

    fn now(&self) -> Timestamp {
        self.state.lock().unwrap().now
    }

    async fn pause(&self, _: Duration) {}

    async fn within<T: Send>(
        &self,
        _: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        Some(work.await)
    }
}

impl Names for Account {
    async fn record(
        &self,
        _: &str,
        name: &str,
        kind: &'static str,
    ) -> Result<Heard<Option<Record>>, Error> {
        self.heard(|state| state.records.get(&(name.to_owned(), kind)).cloned())
    }

    async fn change(&self, _: &str, batch: &Batch, _: &str) -> Result<Heard<String>, Error> {
        self.heard(|state| {
            for record in &batch.create {
                let key = (record.name.clone(), record.kind);
                state.records.insert(key, record.clone());
            }
            state.changes.push(state.now);
            (state.changes.len() - 1).to_string()
        })
    }

    async fn is_in_sync(&self, change: &str) -> Result<Heard<bool>, Error> {
        self.heard(|state| {
            state.syncs += 1;
            let index: usize = change.parse().unwrap();
            state.now.duration_since(state.changes[index]) >= IN_SYNC_AFTER
        })
    }
}

fn endpoints(writer: &str) -> Endpoints {
    Endpoints {
        writer: writer.into(),
        reader: format!("ro-{writer}"),
        port: 5432,
    }
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
    run.timeline.push(Entry {
        at: Timestamp::UNIX_EPOCH,
        step: "prove_writer".into(),
        action: "prove".into(),
        reason: String::new(),
    });
    let held = Record {
        name: name.clone(),
        ..cname(WEST)
    };
    let mut state = account.state.lock().unwrap();
    state.records.insert((name, "CNAME"), held);
    Pass {
        run,
        rows: Rows(BTreeMap::new()),
        now: Timestamp::UNIX_EPOCH,
        dry_run: false,
    }
}

/// One pass as the frame makes it; answers whether the plan is done, and when it is called again.
async fn passed(account: &Account, pass: &mut Pass) -> Option<i64> {
    let members = [("us-west-2", WEST), ("us-east-1", EAST)];
    let members = members.map(|(region, writer)| (Region::from(region), endpoints(writer)));
    let to = destination(pass, Epoch(8), &members.into()).unwrap();
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
    let account = Account::new();
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
