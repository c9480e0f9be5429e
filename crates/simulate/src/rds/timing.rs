//! How long things take, and how they go where AWS leaves that open.

use jiff::SignedDuration;

/// How long each operation takes at least: a Region that is down meanwhile makes it wait and begin again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the operation of its name")]
pub struct Timing {
    /// An operation on a global cluster is `pending`.
    pub pending: SignedDuration,
    /// A managed failover, from its acceptance until the roles are swapped.
    pub fail_over: SignedDuration,
    /// A switchover, from its acceptance until the old primary shuts.
    pub synchronize: SignedDuration,
    /// From then on until the roles are swapped.
    pub switch_over: SignedDuration,
    /// After a managed failover, until the new primary takes writes.
    pub open: SignedDuration,
    /// Until an operation that is called off is gone.
    pub call_off: SignedDuration,
    /// Until RDS begins to bring a member back, from when its Region is there.
    pub notice: SignedDuration,
    /// A member's volume is replaced.
    pub rebuild: SignedDuration,
    /// A detached cluster is `promoting`.
    pub detach: SignedDuration,
    /// How long a global cluster that the last member has left is refused as not empty.
    pub leave: SignedDuration,
    pub create_global: SignedDuration,
    pub delete_global: SignedDuration,
    pub create_cluster: SignedDuration,
    pub delete_cluster: SignedDuration,
    pub create_instance: SignedDuration,
    pub delete_instance: SignedDuration,
    pub rename: SignedDuration,
    /// Until a renamed cluster's new name resolves, from when it has it.
    pub name: SignedDuration,
    pub modify: SignedDuration,
    pub endpoint: SignedDuration,
    pub role: SignedDuration,
    pub snapshot: SignedDuration,
    pub delete_snapshot: SignedDuration,
    /// A writer moves within its Region.
    pub move_writer: SignedDuration,
    pub restart: SignedDuration,
    pub patch: SignedDuration,
    /// How it goes where AWS leaves that open.
    pub readings: Readings,
}

impl Default for Timing {
    fn default() -> Self {
        let seconds = SignedDuration::from_secs;
        let minutes = SignedDuration::from_mins;
        Self {
            pending: seconds(3),
            fail_over: seconds(60),
            synchronize: seconds(20),
            switch_over: seconds(15),
            open: seconds(5),
            call_off: seconds(10),
            notice: seconds(60),
            rebuild: minutes(20),
            detach: seconds(50),
            leave: seconds(30),
            create_global: seconds(20),
            delete_global: seconds(5),
            create_cluster: minutes(8),
            delete_cluster: minutes(5),
            create_instance: minutes(7),
            delete_instance: minutes(4),
            rename: seconds(60),
            name: seconds(30),
            modify: seconds(30),
            endpoint: seconds(60),
            role: seconds(20),
            snapshot: minutes(3),
            delete_snapshot: seconds(30),
            move_writer: seconds(20),
            restart: seconds(15),
            patch: minutes(5),
            readings: Readings::default(),
        }
    }
}

/// What AWS documents nowhere, each as one of its readings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Readings {
    /// What becomes of a deposed writer's writes in a managed failover.
    pub fencing: Fencing,
    /// Where a global cluster is shown.
    pub visibility: Visibility,
    /// What becomes of a switchover one of whose Regions goes down.
    pub severed: Severed,
    /// What is kept of a volume that a managed failover replaces.
    pub deposed: Deposed,
    /// Whether a follower may be detached while an operation on its global cluster is under way; that one is called off, where it
    /// was to become the primary.
    pub detaches_meanwhile: bool,
    /// Whether every member's Region takes a switchover, and not the primary's alone.
    pub switches_anywhere: bool,
    /// Whether every Region that answers takes a removal by ARN, and not the member's alone.
    pub removes_anywhere: bool,
    /// Whether a follower without an instance may become the primary.
    pub promotes_headless: bool,
    /// Whether a global cluster and its members are shown as `available` while an operation is under way.
    pub is_quiet: bool,
    /// Whether a new member is listed only once it is made.
    pub lists_late: bool,
    /// Whether a snapshot that is being taken does not say when.
    pub times_late: bool,
    /// Whether the last instance of a primary that others follow may be deleted.
    pub deletes_last: bool,
}

/// What becomes of a deposed writer's writes in a managed failover.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fencing {
    /// Its volume takes no more, also when its Region comes back.
    #[default]
    Blocks,
    /// Fencing times out: it goes on taking them until RDS begins to bring it back as a follower.
    TimesOut,
}

/// Where a global cluster is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Visibility {
    /// In Regions that have a member, and in the one that created it.
    #[default]
    Members,
    /// In every Region.
    Everywhere,
}

/// What becomes of a switchover one of whose Regions goes down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Severed {
    /// It is called off.
    #[default]
    CalledOff,
    /// It hangs until the Region is back.
    Hangs,
}

/// What is kept of a volume that a managed failover replaces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deposed {
    /// A snapshot.
    #[default]
    Kept,
    /// A snapshot that failed.
    Fails,
    /// Nothing.
    Lost,
}
