//! What may happen next, in every order.

mod after;
mod kept;
mod may;
mod properties;

use std::sync::atomic::{AtomicU64, Ordering};

use failover::plan::TopologyKind;
use serde_json::{Value, json};
use stateright::{Model, Property};

use crate::{
    pass::Planned,
    rules::Rule,
    state::{Arriving, Faults, Mark, PLAN, REGIONS, Slot, State, Task, member_name},
};

/// How far a search goes.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// What the plan protects.
    pub kind: TopologyKind,
    /// Members, two or three; instances have two.
    pub members: usize,
    /// Runs.
    pub runs: usize,
    /// Faults.
    pub faults: Faults,
    /// Whether unplanned runs fail over managed, instead of detaching.
    pub is_managed: bool,
    /// Whether a loop may come to its bound, however often.
    pub gives_up: bool,
    /// What may be started, and the members it leaves and goes to; everything where it names nothing.
    pub starts: &'static [(Task, usize, usize)],
    /// Members that may be lost, counted from the first.
    pub losable: usize,
    /// Whether reads that follow each other in a pass are one step.
    pub reads_together: bool,
    /// Whether what a schedule does is one step, but for what opens a writer.
    pub schedules_together: bool,
    /// Whether a probe that copies an epoch may be slow between reading and writing.
    pub has_slow_probe: bool,
    /// Where it begins.
    pub begins: Begins,
    /// Who asks a human.
    pub asks: Asks,
}

/// Where a search begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// The writer is at home, and nothing ever happened.
    Healthy,
    /// After a failover by detach, or of instances under a stop, with the lost Region back.
    FailedOver,
    /// The stop of an earlier run, which was withdrawn, is still on its way.
    LateStop,
    /// An earlier run's opening is.
    LateOpening,
}

/// Who asks a human before it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Nobody.
    Nobody,
    /// A failback, before it moves the writer.
    Failback,
    /// A failback, and an unplanned run, which nobody answers.
    Everybody,
}

/// The protocol within bounds, perhaps without one of its rules.
#[derive(Debug, Clone)]
pub struct Protocol {
    bounds: Bounds,
    off: Option<Rule>,
    planned: Planned,
    /// Tells it from every other one of this process.
    number: u64,
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A run, or a pass by hand, starts; it leaves one member and goes to another.
    Start(Task, usize, usize),
    /// A run makes its next call.
    Call(usize),
    /// A run's pass dies and is tried again.
    Retry(usize),
    /// A run's step dies for good.
    Fail(usize),
    /// A run's execution is stopped.
    Stop(usize),
    /// A run's loop is exhausted.
    GiveUp(usize),
    /// Somebody redrives a stopped run.
    Redrive(usize),
    /// Two minutes pass for a run.
    Later(usize),
    /// A run makes its next call, which promotes, and the answer is lost.
    LoseAnswer(usize),
    /// Minutes pass for a run that waits for what became of a call; RDS shows everything by then.
    Quiet(usize),
    /// A human answers a run that asks.
    Answer(usize, bool),
    /// Nobody answers it in time.
    Unanswered(usize),
    /// RDS shows in a Region what there is.
    Show(usize),
    /// A Region is lost.
    Lose(usize),
    /// It comes back.
    Return(usize),
    /// The first two Regions are parted.
    Part,
    /// They are not any more.
    Mend,
    /// The lease in a Region lapses.
    Lapse(usize),
    /// The run that has a Region's lease has not renewed it for longer than it can be silent and live, although it may be in
    /// the middle of a pass.
    Silence(usize),
    /// A Region's probe copies what another one's ledger knows.
    Learn(usize, usize),
    /// A slow probe has read what it is to copy.
    Read(usize, usize),
    /// It writes that.
    Write,
    /// A Region's probe pages people about an open intent.
    Page(usize),
    /// RDS ends what it began for a member.
    Finish(usize),
    /// RDS calls a switchover off.
    CallOff,
    /// RDS brings an old primary back.
    Resynchronise(usize),
    /// Applications write a row to a member.
    Commit(usize),
    /// A replica replays what its source has written.
    Replay(usize),
    /// A call comes about whose answer nobody has.
    Arrive,
    /// It never does.
    Vanish,
    /// The lease of a run lapses that goes on no more.
    Expire(usize),
    /// A Region's schedule looks for stops that nobody gives back, and for moves whose run died.
    Sweep(usize),
    /// Another one fences what is deposed.
    FenceSweep(usize),
}

impl Protocol {
    /// The protocol within `bounds`, without the rule `off`.
    ///
    /// # Errors
    /// When the model's own plan is wrong.
    pub fn new(bounds: Bounds, off: Option<Rule>) -> Result<Self, failover::Error> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let document = document(bounds).to_string();
        let plan = failover::plan::read(&document)?;
        Ok(Self {
            bounds,
            off,
            planned: (plan, document),
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// Whether anything can still happen.
    pub(crate) fn is_at_rest(&self, state: &State) -> bool {
        if state.harm.is_some() {
            return false;
        }
        let mut events = Vec::new();
        self.actions(state, &mut events);
        // What people may start or break is not owed to anybody.
        let owed = |event: &Event| {
            !matches!(
                event,
                Event::Start(..)
                    | Event::Redrive(_)
                    | Event::GiveUp(_)
                    | Event::Later(_)
                    | Event::LoseAnswer(_)
                    | Event::Answer(..)
                    | Event::Retry(_)
                    | Event::Fail(_)
                    | Event::Stop(_)
                    | Event::Lose(_)
                    | Event::Return(_)
                    | Event::Part
                    | Event::Mend
                    | Event::Lapse(_)
                    | Event::Silence(_)
                    | Event::CallOff
                    | Event::Commit(_)
            )
        };
        let owed = events.into_iter().filter(owed);
        let (schedules, owed): (Vec<_>, Vec<_>) =
            owed.partition(|event| matches!(event, Event::Sweep(_) | Event::FenceSweep(_)));
        let mut owed = owed.into_iter();
        if owed.any(|event| self.next_state(state, event).is_some()) {
            return false;
        }
        let mut schedules = schedules.into_iter();
        !schedules.any(|event| self.ends_elsewhere(state, event))
    }

    /// Whether a schedule that is let through to its end changes anything.
    fn ends_elsewhere(&self, state: &State, event: Event) -> bool {
        let place = state.runs.len().saturating_sub(1);
        let Some(mut next) = self.after(state, event) else {
            return false;
        };
        while next.runs.get(place) != Some(&Slot::Free) {
            let Some(later) = self.after(&next, Event::Call(place)) else {
                break;
            };
            next = later;
        }
        next != *state
    }

    /// Whether it is about instances, which are stopped before they are left.
    pub(crate) fn has_instances(&self) -> bool {
        self.bounds.kind == TopologyKind::RdsReplica
    }

    /// Where a run starts that a schedule asks for, where one does.
    fn place_of_resumptions(&self) -> Option<usize> {
        self.has_instances().then_some(self.bounds.runs)
    }

    /// Where schedules run, where they do.
    fn place_of_schedules(&self) -> Option<usize> {
        self.has_instances().then_some(self.bounds.runs + 1)
    }
}

fn topology(bounds: Bounds, members: &serde_json::Map<String, Value>) -> Value {
    let strategy = if bounds.is_managed {
        "managed"
    } else {
        "detach"
    };
    match bounds.kind {
        TopologyKind::AuroraGlobal => json!({
            "kind": "aurora_global", "global_cluster": crate::state::GLOBAL, "strategy": strategy, "members": members,
        }),
        TopologyKind::RdsReplica => json!({"kind": "rds_replica", "members": members}),
    }
}

fn document(bounds: Bounds) -> Value {
    let of_kind = match bounds.kind {
        TopologyKind::AuroraGlobal => "cluster",
        TopologyKind::RdsReplica => "instance",
    };
    let members = REGIONS.iter().take(bounds.members).enumerate();
    let members: serde_json::Map<_, _> = members
        .map(|(member, region)| ((*region).to_owned(), json!({of_kind: member_name(member)})))
        .collect();
    let topic = |region: &str| json!(format!("arn:aws:sns:{region}:123456789012:operators"));
    let topics: serde_json::Map<_, _> = members
        .keys()
        .map(|region| (region.clone(), topic(region)))
        .collect();
    let region_down = if bounds.asks == Asks::Everybody {
        "approval"
    } else {
        "automatic"
    };
    json!({
        "plan": PLAN, "revision": 1, "notify": topics,
        "topology": topology(bounds, &members),
        "home_region": REGIONS[0], "witness_region": "us-east-2",
        "database": {"engine": "postgres", "name": "orders", "admin_secret": "orders/admin",
            "probe": {"user": "failover_probe", "auth": {"kind": "secret", "secret": "orders/probe"}}},
        "detection": {"interval_seconds": 5, "failures": 3, "timeout_seconds": 3},
        "unplanned": {"region_down": region_down, "writer_down": "automatic", "max_lost_seconds": 30,
            "unknown_loss": "accept", "cooldown_minutes": 0},
        "routes": [{"kind": "cname", "hosted_zone": "Z0EXAMPLE", "name": "writer.orders.internal", "endpoint": "writer",
            "ttl_seconds": 5, "accept_route53_risk": true}]
    })
}

impl Model for Protocol {
    type State = State;
    type Action = Event;

    fn init_states(&self) -> Vec<State> {
        let Bounds {
            members,
            runs,
            faults,
            ..
        } = self.bounds;
        let earlier = Mark {
            slot: runs + 1,
            epoch: 1,
        };
        let arriving = match self.bounds.begins {
            Begins::Healthy | Begins::FailedOver => None,
            Begins::LateStop => Some(Arriving::Stop(0, earlier)),
            Begins::LateOpening => Some(Arriving::Opening(0, earlier)),
        };
        let state = match (self.bounds.kind, self.bounds.begins) {
            (TopologyKind::RdsReplica, Begins::FailedOver) => State::left_stopped(runs, faults),
            (TopologyKind::RdsReplica, _) => State::instances(runs, faults),
            (_, Begins::FailedOver) => State::failed_over(members, runs, faults),
            _ => State::healthy(members, runs, faults),
        };
        vec![State { arriving, ..state }]
    }

    fn actions(&self, state: &State, events: &mut Vec<Event>) {
        // What came after a harm adds nothing.
        if state.harm.is_some() {
            return;
        }
        self.starts(state, events);
        for (slot, run) in state.runs.iter().enumerate() {
            match run {
                Slot::Live(_) if self.place_of_schedules() == Some(slot) => {
                    events.push(Event::Call(slot));
                    if state.left.crashes > 0 {
                        events.push(Event::Stop(slot));
                    }
                }
                Slot::Live(live) => self.of_run(state, slot, live, events),
                Slot::Stopped(_) => events.push(Event::Redrive(slot)),
                Slot::Free | Slot::Ended(..) => {}
            }
        }
        for member in 0..state.members.len() {
            self.of_member(state, member, events);
            if self.has_instances() {
                Self::of_instance(state, member, events);
            }
        }
        if state.arriving.is_some() {
            events.extend([Event::Arrive, Event::Vanish]);
        }
        if state.learning.is_some() {
            events.push(Event::Write);
        }
        if !state.parted && state.left.partings > 0 {
            events.push(Event::Part);
        }
        if state.parted {
            events.push(Event::Mend);
        }
        if state
            .operation
            .is_some_and(|operation| operation.is_switchover)
        {
            events.push(Event::CallOff);
        }
    }

    fn next_state(&self, last: &State, event: Event) -> Option<State> {
        self.kept(last, event)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
