//! What the search remembers of the world between two steps.

use std::borrow::Cow;

use failover::{
    domain::{Region, RunId},
    ledger::PlanState,
};
use jiff::{SignedDuration, Timestamp};

mod begin;
mod digest;
mod run;

pub use digest::{Digested, digested, renewed_long_ago};
pub use run::{Live, Slot, Step, Task, minutes_pass};

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

/// What a Region's loss and return take at least.
pub const LONG_AFTER: SignedDuration = SignedDuration::from_mins(6);

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

/// A member's name in the plan.
#[must_use]
pub fn member_name(member: usize) -> String {
    format!("orders-{member}")
}

/// The ARN of a member that is an instance.
#[must_use]
pub fn instance_arn(member: usize) -> String {
    let (region, name) = (region(member), member_name(member));
    format!("arn:aws:rds:{region}:123456789012:db:{name}")
}

/// The number of a Region.
#[must_use]
pub fn index(region: &Region) -> usize {
    let found = REGIONS.iter().position(|name| *name == region.as_str());
    found.unwrap_or(REGIONS.len())
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
    /// How many rows were acknowledged to applications.
    pub acknowledged: u8,
    /// A call without an answer, of which nobody knows whether it will come about.
    pub arriving: Option<Arriving>,
    /// The names of the executions that were started by sweeps, each of which starts once.
    pub resumed: Vec<String>,
    /// What a slow probe has read to copy: its Region, that one's row by then, the Region it copies from, and that one's
    /// row.
    pub learning: Option<(usize, Digested<PlanState>, usize, Digested<PlanState>)>,
    /// Something that must never happen has happened.
    pub harm: Option<Harm>,
}

/// A member Region with its table and its database.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Member {
    /// The plan's row in its table.
    pub row: Digested<PlanState>,
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
    /// The mark of the stop that keeps applications out of its database.
    pub mark: Option<Mark>,
    /// The acknowledged rows that its database holds, a bit for each.
    pub rows: u8,
    /// How far its database has written, or has replayed.
    pub position: u8,
}

/// The mark of a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Whose run's it is.
    pub slot: usize,
    /// The epoch of the writer that was stopped.
    pub epoch: u64,
}

/// A call that nobody has an answer of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arriving {
    /// The stop of a member.
    Stop(usize, Mark),
    /// The opening of one, by its mark.
    Opening(usize, Mark),
    /// The promotion of one.
    Promotion(usize),
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
    /// The answer to a call that promotes or stops is lost, and what becomes of it shows later.
    pub lost: u8,
    /// Applications write a row.
    pub rows: u8,
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
    /// A writer was opened that another one was promoted past.
    DeposedOpened,
    /// Names were led to a writer that no application can log in to.
    LedToShutDoors,
}

impl State {
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
