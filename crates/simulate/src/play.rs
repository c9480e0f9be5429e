//! Plays a case: the system settles, things happen, calls go wrong, and everything is judged.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use failover::domain::{Region, stable_hash};
use futures::{StreamExt, channel::mpsc};
use jiff::SignedDuration;
use serde_json::{Value, json};
use steps::readiness::schedule;
use tokio::task::spawn_local;

use crate::{
    application,
    case::{Case, Event, HOME, NAME},
    clock::{self, Clock, pause},
    executions,
    fault::{PassWay, Way},
    first,
    functions::{Containers, invoke},
    judge, physics,
    state::State,
    truth::Violation,
    world::Shared,
};

/// How long the system is given before anything happens.
const SETTLES: SignedDuration = SignedDuration::from_secs(135);
/// What came of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// Broken rules.
    pub violations: Vec<Violation>,
    /// What happened.
    pub trace: Vec<String>,
    /// How many calls each function made, which could have gone wrong.
    pub calls: BTreeMap<&'static str, u64>,
    /// How many invocations of each function there were.
    pub invocations: BTreeMap<&'static str, u64>,
    /// How many did, and how.
    pub faulted: BTreeMap<Way, u64>,
    /// How many executions ended, by machine and state.
    pub ended: BTreeMap<(&'static str, String), u64>,
    /// The transitions of machines that were taken.
    pub transitions: BTreeSet<(&'static str, String, String)>,
    /// How many invocations went wrong, and how.
    pub disturbed: BTreeMap<PassWay, u64>,
    /// A number for the state that everything was left in.
    pub digest: u64,
}

/// Plays a case on a clock of its own.
///
/// # Errors
/// Where the system gives no runtime.
pub fn play(case: &Case, is_traced: bool) -> std::io::Result<Played> {
    drop(failover::metric::counted());
    // The SDK draws its waits before a retry from this.
    fastrand::seed(case.seed);
    clock::run(played(case, is_traced))
}

async fn played(case: &Case, is_traced: bool) -> Played {
    let clock = Clock::begin();
    let (requests, mut asked) = mpsc::unbounded();
    let (starts, mut begun) = mpsc::unbounded();
    let shared = Arc::new(Shared {
        clock,
        depth: case.depth,
        state: Mutex::new(first::state(case, is_traced)),
        requests,
        starts,
    });
    let containers = Arc::new(Containers::default());
    {
        let (shared, containers) = (shared.clone(), containers.clone());
        spawn_local(async move {
            while let Some(request) = asked.next().await {
                let (shared, containers) = (shared.clone(), containers.clone());
                spawn_local(async move {
                    let (region, function) = (&request.region, &request.function);
                    let came = invoke(&shared, &containers, region, function, request.payload);
                    let _ = request.answer.send(came.await);
                });
            }
        });
    }
    {
        let shared = shared.clone();
        spawn_local(async move {
            while let Some(arn) = begun.next().await {
                spawn_local(executions::drive(shared.clone(), arn));
            }
        });
    }
    spawn_local(physics::go_on(shared.clone()));
    let members = shared.state().members.clone();
    for region in members {
        spawn_local(application::write(shared.clone(), region, NAME.into()));
    }
    let world = World { shared, containers };
    world.settle().await;
    world.happen(case).await;
    let mut state = world.shared.state();
    judge::at_the_end(case, &mut state, world.shared.now());
    outcome(&mut state)
}

fn outcome(state: &mut State) -> Played {
    let mut ended = BTreeMap::new();
    for started in state.executions.values() {
        let end = started.ended.as_ref().map_or("runs", |(end, _)| end);
        *ended.entry((started.machine, end.to_owned())).or_insert(0) += 1;
    }
    let mut violations = std::mem::take(&mut state.truth.violations);
    violations.sort();
    Played {
        violations,
        digest: digest(state),
        trace: std::mem::take(&mut state.trace),
        calls: std::mem::take(&mut state.calls),
        invocations: std::mem::take(&mut state.invocations),
        faulted: std::mem::take(&mut state.faulted),
        ended,
        disturbed: std::mem::take(&mut state.disturbed),
        transitions: std::mem::take(&mut state.truth.transitions),
    }
}

/// A number for all that is left: ledgers, names, clusters, messages.
fn digest(state: &State) -> u64 {
    let rows = state.tables.values().map(|table| &table.row);
    let told = state.told.iter().map(|told| (told.at, &told.subject));
    let text = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        rows.collect::<Vec<_>>(),
        state.records,
        told.collect::<Vec<_>>(),
        state
            .databases
            .iter()
            .map(|(own, found)| (own, found.log.len()))
            .collect::<Vec<_>>(),
        state.calls
    );
    stable_hash(&text)
}

struct World {
    shared: Arc<Shared>,
    containers: Arc<Containers>,
}

impl World {
    /// A function is invoked, and nobody waits for it.
    fn call(&self, region: &Region, function: &'static str, payload: Value) {
        let (shared, containers) = (self.shared.clone(), self.containers.clone());
        let region = region.clone();
        spawn_local(async move {
            if !shared.state().lost.contains(&region) {
                let _ = invoke(&shared, &containers, &region, function, payload).await;
            }
        });
    }

    /// EventBridge's schedules of a Region.
    fn schedules(&self, region: &Region, offset: Duration) {
        let world = Self {
            shared: self.shared.clone(),
            containers: self.containers.clone(),
        };
        let region = region.clone();
        spawn_local(async move {
            pause(offset).await;
            for minute in 0_u64.. {
                let watch = json!({"operation": "watch", "shard": 0, "shards": 1});
                world.call(&region, "health-probe", watch);
                world.call(&region, "fence-writer", json!({"operation": "sweep"}));
                // Without a switch it reads the ledger, and no more.
                if world.shared.state().has_switch() {
                    world.call(&region, "dns-flip", json!({"operation": "sweep"}));
                }
                if minute % 15 == 7 {
                    world.call(&region, "planned-failover", schedule::request());
                }
                if minute % 60 == 1 {
                    world.call(&region, "rebuild-global", json!({"operation": "keep"}));
                    world.call(&region, "recovery-ledger", json!({"operation": "warm"}));
                }
                pause(Duration::from_secs(60)).await;
            }
        });
    }

    /// Everything is deployed, set up and adopted.
    async fn settle(&self) {
        let home = Region::from(HOME);
        let members = self.shared.state().members.clone();
        for (region, place) in members.iter().zip(0_u32..) {
            self.schedules(region, Duration::from_secs(3) * place);
        }
        pause(Duration::from_secs(6)).await;
        let of_plan = |operation: &str| json!({"operation": operation, "plan": "orders"});
        self.call(&home, "recovery-ledger", of_plan("adopt"));
        pause(Duration::from_secs(3)).await;
        self.call(&home, "health-probe", of_plan("setup"));
        self.shared.clock.until(clock::begin() + SETTLES).await;
    }

    /// What a case is about.
    async fn happen(&self, case: &Case) {
        let began = self.shared.now();
        {
            let mut state = self.shared.state();
            state.faults = case.faults.clone();
            state.passes = case.passes.clone();
            state.truth.began_at = Some(began);
            state.told.clear();
            state.note(began, || "the system has settled".into());
        }
        for timed in &case.events {
            let after = SignedDuration::try_from_secs_f64(timed.at).unwrap_or_default();
            self.shared.clock.until(began + after).await;
            self.carry_out(&timed.event);
        }
        let until = began + SignedDuration::from_secs(i64::from(case.seconds));
        self.shared.clock.until(until).await;
    }

    fn carry_out(&self, event: &Event) {
        let now = self.shared.now();
        let mut state = self.shared.state();
        state.note(now, || format!("EVENT {event:?}"));
        if let Event::Started(machine, region, input) = event {
            let all = machines::all();
            let machine = all.iter().find(|known| known.name == machine);
            if let Some(machine) = machine.map(|machine| machine.name) {
                let name = format!("started-{}", state.executions.len());
                state.begin(now, machine, region, &name, input);
            }
        }
        if let Event::Lost(region) = event {
            self.containers.lose(region);
        }
        state.change(now, event);
        state.settle(now);
        drop(state);
        self.shared.start_what_began();
        if let Event::Invoked(function, region, payload) = event
            && let Some(function) = crate::deployed::name(function)
        {
            self.call(region, function, payload.clone());
        }
    }
}
