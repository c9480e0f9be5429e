//! What the search remembers of the world between two steps.

use std::{
    borrow::Cow,
    collections::hash_map::DefaultHasher,
    fmt::Debug,
    hash::{Hash, Hasher},
    sync::Arc,
};

use failover::{
    domain::{Region, RunId},
    evidence::Verdict,
    ledger::{Current, Row, Run, RunKind},
};
use jiff::{SignedDuration, Timestamp};

/// The members' Regions; the first is the home Region.
pub const REGIONS: [&str; 3] = ["us-west-2", "us-east-1", "eu-west-1"];
/// The plan.
pub const PLAN: &str = "orders";
/// Its global cluster at first.
pub const GLOBAL: &str = "orders-global-1";
/// What the names of its global clusters begin with; a number follows.
pub const GLOBALS: &str = "orders-global-";
/// How far a run's clock moves when time passes for it: evidence and calls are old then, a lease still holds.
pub const LATER: SignedDuration = SignedDuration::from_secs(120);

/// When everything happens, but for what happens later.
#[must_use]
pub fn start() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24)
}

/// The name of a Region by its number.
#[must_use]
pub fn region(index: usize) -> Region {
    REGIONS.get(index).copied().unwrap_or("nowhere").into()
}

/// The number of a Region.
#[must_use]
pub fn index(region: &Region) -> usize {
    let found = REGIONS.iter().position(|name| *name == region.as_str());
    found.unwrap_or(REGIONS.len())
}

/// A value that compares and hashes by a digest of what matters of it.
#[derive(Clone)]
pub struct Digested<T> {
    digest: u64,
    /// The value.
    pub value: Arc<T>,
}

impl<T> Digested<T> {
    /// A value, and what matters of it.
    pub fn of(value: T, matters: &impl Debug) -> Self {
        let mut hasher = DefaultHasher::new();
        format!("{matters:?}").hash(&mut hasher);
        Self {
            digest: hasher.finish(),
            value: Arc::new(value),
        }
    }
}

impl<T> PartialEq for Digested<T> {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl<T> Hash for Digested<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

impl<T> Debug for Digested<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.digest)
    }
}

/// The whole world.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct State {
    /// The members.
    pub members: Vec<Member>,
    /// The operation of the global cluster that is under way.
    pub operation: Option<Operation>,
    /// What RDS still shows in some Regions, where that lags behind a call.
    pub lag: Option<Lag>,
    /// The numbers of the global clusters that exist.
    pub globals: Vec<u8>,
    /// The member that the plan's name leads to, and the epoch beside it.
    pub dns: (usize, u64),
    /// The runs.
    pub runs: Vec<Slot>,
    /// Whether the first two Regions cannot reach each other.
    pub parted: bool,
    /// What may still go wrong.
    pub left: Faults,
    /// What a slow probe has read to copy: its Region, that one's row by then, the Region it copies from, and that one's
    /// row.
    pub learning: Option<(usize, Digested<Row>, usize, Digested<Row>)>,
    /// Something that must never happen has happened.
    pub harm: Option<Harm>,
}

/// A member Region with its table and its database.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Member {
    /// The plan's row in its table.
    pub row: Digested<Row>,
    /// Whether the Region answers.
    pub is_up: bool,
    /// What RDS makes of its cluster.
    pub role: Role,
    /// The epoch in its database.
    pub epoch: u64,
    /// Whether another member was promoted without it.
    pub is_deposed: bool,
    /// Whether its Region was ever lost.
    pub was_lost: bool,
    /// Whether its database keeps applications out.
    pub is_fenced: bool,
    /// The number of the global cluster that it belongs to; 0 where it is a cluster of its own.
    pub global: u8,
    /// Whether its cluster was retired, so that none of the plan's name is there.
    pub is_retired: bool,
    /// Whether a final snapshot of its cluster was taken.
    pub has_snapshot: bool,
    /// The epoch under which the ledger keeps what it is made of, and the global cluster that it belonged to then.
    pub remembered: Option<(u64, u8)>,
    /// How often its cluster was made anew.
    pub generation: u8,
}

/// What RDS makes of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// It leads the global cluster.
    Primary,
    /// It follows.
    Standby,
    /// It has left the global cluster and is being promoted.
    Promoting,
    /// It is a cluster of its own.
    Standalone,
    /// It led once, and RDS has yet to bring it back as a follower.
    Resynchronising,
}

/// An operation on the global cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operation {
    /// The member that is to lead.
    pub to: usize,
    /// Whether it is a switchover, which loses nothing and may be called off.
    pub is_switchover: bool,
}

/// What RDS showed before a call, as some Regions still do. It is over long before a minute is.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Lag {
    /// The operation, where one was under way.
    pub operation: Option<Operation>,
    /// Each member's role and global cluster.
    pub members: Vec<(Role, u8)>,
    /// Which Regions still show it.
    pub shown_in: Vec<bool>,
}

/// How often each fault may still happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Faults {
    /// A run's function or execution dies.
    pub crashes: u8,
    /// A Region is lost; it may come back whenever.
    pub losses: u8,
    /// The first two Regions are parted; that may end whenever.
    pub partings: u8,
    /// A lease lapses that nobody is using at the moment.
    pub lapses: u8,
    /// An unplanned run is silent for longer than it can be and live, in the middle of a pass or between two.
    pub silences: u8,
    /// Minutes pass for a run between two passes.
    pub delays: u8,
    /// The answer to a promoting call is lost, and what RDS shows lags behind it in every Region.
    pub lost: u8,
}

/// A place for a run.
#[derive(Debug, Clone, PartialEq, Hash)]
pub enum Slot {
    /// None has started here.
    Free,
    /// It is under way.
    Live(Box<Live>),
    /// Its execution was stopped; somebody may redrive it.
    Stopped(Box<Live>),
    /// It has ended.
    Ended(&'static str),
}

/// A run under way.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Live {
    /// What it does.
    pub task: Task,
    /// Whether it answers a suspicion, and of which epoch.
    pub incident: Option<u64>,
    /// The member it leaves.
    pub from: usize,
    /// The member it goes to, in whose Region it executes.
    pub to: usize,
    /// Where its state machine stands.
    pub step: Step,
    /// The answers that the pass under way has got so far.
    pub log: Vec<Digested<crate::world::Answer>>,
    /// Its record in the ledger.
    pub record: Option<Digested<Run>>,
    /// The epoch it opened at.
    pub epoch: u64,
    /// The last verdict.
    pub verdict: Option<Verdict>,
    /// The state that failed, and its error's name.
    pub trouble: Vec<(&'static str, &'static str)>,
    /// Whether minutes have passed for it.
    pub is_late: bool,
    /// Whether the answer to its next promoting call is lost.
    pub loses_answer: bool,
    /// Whether it asks a human before it moves the writer.
    pub asks: bool,
}

/// What is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// A run, by a suspicion.
    Suspected,
    /// An unplanned run, by hand.
    Unplanned,
    /// A planned run.
    Planned,
    /// DetachAndPromote alone, forced by hand, accepting that writes are lost.
    Forced,
    /// `recovery-ledger adopt`, by hand.
    Adopt,
    /// `fence-writer sweep`, as its schedule starts it in the Region of `to`.
    Fence,
    /// A failback.
    Failback,
}

impl Task {
    /// What the run is in the ledger.
    #[must_use]
    pub const fn kind(self) -> RunKind {
        match self {
            Self::Planned => RunKind::PlannedFailover,
            Self::Failback => RunKind::Failback,
            Self::Suspected | Self::Unplanned | Self::Forced | Self::Adopt | Self::Fence => {
                RunKind::UnplannedFailover
            }
        }
    }
}

/// A state of the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// OpenRun.
    Open,
    /// ReleaseLeases, after an OpenRun that failed.
    Release,
    /// ConfirmOutage.
    Confirm,
    /// DetachAndPromote.
    Promote,
    /// FenceWriter.
    Fence,
    /// RebuildGlobal.
    Rebuild,
    /// AwaitApproval: a human is asked.
    Ask,
    /// AwaitApproval: the answer is waited for.
    Await,
    /// PlannedFailover.
    SwitchOver,
    /// ProveWriter.
    Prove,
    /// FlipDns.
    FlipDns,
    /// FlipDnsAgain.
    FlipDnsAgain,
    /// CloseRun.
    Close,
    /// One pass by hand, which is no state of a machine.
    ByHand,
}

/// What must never happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Harm {
    /// A member was promoted that another one was promoted without.
    DeposedPromoted,
    /// A promoting call was made beside another run's.
    TwoPromote,
    /// A promoting call was made by a run that does not hold the plan.
    PromotedWithoutLease,
    /// A promoting call was made on evidence of minutes ago.
    PromotedOnOldEvidence,
    /// A living writer's Region was failed over.
    LivingWriterReplaced,
    /// DNS was pointed in an epoch before the one it held.
    DnsWentBack,
    /// A second run acted for an incident that was settled.
    SettledTwice,
    /// The writer was fenced.
    WriterFenced,
    /// The writer, or a member that follows it, was removed, retired or renamed.
    WriterTaken,
    /// A cluster was retired that nobody had fenced, or without a snapshot.
    RetiredUnkept,
    /// A run found its outage and stood down behind one that waits for something else, so that nobody hears of it.
    OutageUnheard,
}

impl State {
    /// A healthy plan with `members` members and room for `runs` runs; the first member leads in epoch 1.
    #[must_use]
    pub fn healthy(members: usize, runs: usize, left: Faults) -> Self {
        let row = Row {
            current: Some(Current {
                epoch: failover::domain::Epoch(1),
                writer: region(0),
                global_cluster: Some(GLOBAL.into()),
                run_id: "adopt".into(),
                proven_at: start(),
                unplanned: false,
                acknowledged_at: None,
            }),
            ..Row::new(PLAN.into())
        };
        let member = |index| Member {
            row: digested(row.clone()),
            is_up: true,
            role: if index == 0 {
                Role::Primary
            } else {
                Role::Standby
            },
            epoch: 1,
            is_deposed: false,
            was_lost: false,
            is_fenced: false,
            global: 1,
            is_retired: false,
            has_snapshot: false,
            remembered: None,
            generation: 0,
        };
        Self {
            members: (0..members).map(member).collect(),
            operation: None,
            lag: None,
            globals: vec![1],
            dns: (0, 1),
            runs: vec![Slot::Free; runs],
            parted: false,
            left,
            learning: None,
            harm: None,
        }
    }

    /// The same after the first member was lost and the second detached and proven: the first is back, deposed.
    #[must_use]
    pub fn failed_over(members: usize, runs: usize, left: Faults) -> Self {
        let mut state = Self::healthy(members, runs, left);
        for found in &mut state.members {
            let mut row = (*found.row.value).clone();
            if let Some(current) = &mut row.current {
                current.epoch = failover::domain::Epoch(2);
                current.writer = region(1);
                current.global_cluster = None;
                current.unplanned = true;
            }
            found.row = digested(row);
        }
        if let [home, writer, ..] = state.members.as_mut_slice() {
            (home.is_deposed, home.was_lost) = (true, true);
            (writer.role, writer.global, writer.epoch) = (Role::Standalone, 0, 2);
        }
        state.dns = (1, 2);
        state
    }

    /// Whether calls from one Region reach another.
    #[must_use]
    pub fn reaches(&self, here: usize, there: usize) -> bool {
        let apart = self.parted && here != there && here.max(there) == 1;
        let is_up = |index: usize| self.members.get(index).is_some_and(|member| member.is_up);
        is_up(here) && is_up(there) && !apart
    }

    /// The world as RDS shows it in a Region.
    #[must_use]
    pub fn shown_in(&self, there: usize) -> Cow<'_, Self> {
        let lag = self.lag.as_ref();
        let Some(lag) = lag.filter(|lag| lag.shown_in.get(there) == Some(&true)) else {
            return Cow::Borrowed(self);
        };
        let mut shown = self.clone();
        shown.operation = lag.operation;
        for (member, (role, global)) in shown.members.iter_mut().zip(&lag.members) {
            (member.role, member.global) = (*role, *global);
        }
        Cow::Owned(shown)
    }

    /// From here on RDS shows in no Region what it does, until it catches up.
    pub fn fall_behind(&mut self) {
        let members = self.members.iter();
        self.lag = Some(Lag {
            operation: self.operation,
            members: members.map(|member| (member.role, member.global)).collect(),
            shown_in: vec![true; self.members.len()],
        });
    }

    /// RDS shows in one Region what there is. Answers whether it did not before.
    pub fn catch_up(&mut self, there: usize) -> bool {
        let shown = self
            .lag
            .as_mut()
            .and_then(|lag| lag.shown_in.get_mut(there));
        let lagged = shown.is_some_and(std::mem::take);
        let is_over = self
            .lag
            .as_ref()
            .is_some_and(|lag| !lag.shown_in.contains(&true));
        if is_over {
            self.lag = None;
        }
        lagged
    }

    /// The member that leads the global cluster which a member belongs to.
    #[must_use]
    pub fn primary_of(&self, member: usize) -> Option<usize> {
        let global = self.members.get(member)?.global;
        let mut members = self.members.iter();
        members.position(|found| found.role == Role::Primary && found.global == global)
    }

    /// The name that the run in a slot goes by in the ledgers.
    #[must_use]
    pub fn run_id(&self, slot: usize) -> RunId {
        match self.runs.get(slot) {
            Some(Slot::Live(live)) if live.task == Task::Forced => {
                RunId(failover::pass::by_hand::run_id(
                    aurora_global::detach_and_promote::STEP,
                    &region(live.to),
                    failover::domain::Epoch(live.epoch),
                ))
            }
            _ => RunId(format!("run-{slot}")),
        }
    }

    /// Notes the first harm.
    pub fn harm(&mut self, harm: Harm, happened: bool) {
        if happened && self.harm.is_none() {
            self.harm = Some(harm);
        }
    }
}

/// Lets minutes pass for a run: what its record says happened minutes earlier than it said.
pub fn minutes_pass(run: &mut Run) {
    let earlier = |at: Timestamp| (at - LATER).max(start() - LATER);
    for attempt in &mut run.attempts {
        (attempt.first_at, attempt.at) = (earlier(attempt.first_at), earlier(attempt.at));
    }
    let looks = &mut run.looks;
    looks.quiet_since = looks.quiet_since.map(earlier);
    looks.silent_since = looks.silent_since.map(earlier);
    if let Some(sight) = &mut looks.operation {
        sight.first_at = earlier(sight.first_at);
    }
    if let Some(confirmed) = &mut run.confirmed {
        confirmed.evidence.gathered_at = earlier(confirmed.evidence.gathered_at);
    }
}

/// When a lease lapses whose run has just been silent for too long.
#[must_use]
pub fn renewed_long_ago(now: Timestamp) -> Timestamp {
    now + failover::ledger::LEASE
        - failover::ledger::SUPERSEDED_AFTER
        - SignedDuration::from_secs(1)
}

/// A row as the search tells rows apart: by everything but its times, of which a lease has three: renewed now, renewed too
/// long ago for a living run, and lapsed.
#[must_use]
pub fn digested(mut row: Row) -> Digested<Row> {
    let now = start();
    if let Some(lease) = &mut row.lease {
        let silent = renewed_long_ago(now);
        lease.expires_at = if lease.expires_at > silent {
            now + failover::ledger::LEASE
        } else if lease.expires_at > now + LATER {
            silent
        } else {
            now
        };
    }
    if let Some(current) = &mut row.current {
        current.proven_at = now;
    }
    if let Some(intent) = &mut row.intent {
        intent.written_at = now;
    }
    row.alive_at = row.alive_at.map(|_| now);
    row.maybe_alive_at = row.maybe_alive_at.map(|_| now);
    row.busy_at = row.busy_at.map(|_| now);
    // Whom a message reaches, and through whom, decides nothing.
    row.telling.clear();
    row.version = 0;
    let matters = format!("{row:?}");
    Digested::of(row, &matters)
}
