//! What of a deposed writer's database is open to applications, as an answer tells it.

use serde::Serialize;

use super::words::{self, some};
use failover::{domain::Epoch, ports::Access};

/// What of a database is open to applications, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AccessCounts {
    /// Whether it is a standby.
    pub in_recovery: bool,
    /// The epoch it holds.
    pub epoch: Option<Epoch>,
    /// How many roles of applications may log in.
    pub roles: usize,
    /// Their sessions, those whose kind cannot be seen among them.
    pub sessions: u64,
    /// Scheduled jobs that are active.
    pub jobs: u64,
    /// Subscriptions that are enabled.
    pub subscriptions: usize,
    /// Sessions that changes are sent to.
    pub senders: u64,
    /// Transactions that anybody may still commit.
    pub prepared: usize,
    /// What could not be looked at.
    pub unseen: usize,
    /// Who is logged in as the administrator, or is sent changes by a login that stays.
    pub as_administrator: usize,
    /// Some of all these, by name.
    pub names: String,
}

impl From<Access> for AccessCounts {
    fn from(access: Access) -> Self {
        Self {
            in_recovery: access.in_recovery,
            epoch: access.epoch,
            roles: access.roles.len(),
            sessions: access.sessions,
            jobs: access.jobs,
            subscriptions: access.subscriptions.len(),
            senders: access.senders,
            prepared: access.prepared.len(),
            unseen: access.unseen.len(),
            as_administrator: access.as_administrator.len(),
            names: some(
                [
                    &access.roles,
                    &access.subscriptions,
                    &access.prepared,
                    &access.unseen,
                    &access.as_administrator,
                ]
                .into_iter()
                .flatten(),
            ),
        }
    }
}

/// What of a database stands open to applications, in words; `None` where every door is shut.
#[must_use]
pub fn what_is_open(access: Access) -> Option<String> {
    let counts = AccessCounts::from(access);
    (!counts.is_shut()).then(|| words::open(&counts))
}

impl AccessCounts {
    /// Whether an application's row may come in. A reader of changes brings none, and what could not be looked at is not known to be
    /// open.
    pub(super) const fn may_take_rows(&self) -> bool {
        self.roles > 0
            || self.sessions > 0
            || self.jobs > 0
            || self.subscriptions > 0
            || self.prepared > 0
            || self.as_administrator > 0
    }

    /// Whether nobody gets in, is in, or is worked for.
    pub(super) const fn is_shut(&self) -> bool {
        self.roles == 0
            && self.sessions == 0
            && self.jobs == 0
            && self.subscriptions == 0
            && self.senders == 0
            && self.prepared == 0
            && self.unseen == 0
            && self.as_administrator == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_only_reads_changes_brings_no_rows_in() {
        let open = |change: &dyn Fn(&mut AccessCounts)| {
            let mut open = AccessCounts::default();
            change(&mut open);
            (open.is_shut(), open.may_take_rows())
        };
        assert_eq!(open(&|open| open.senders = 1), (false, false));
        assert_eq!(open(&|open| open.unseen = 1), (false, false));
        for takes in [
            open(&|open| open.roles = 1),
            open(&|open| open.sessions = 1),
            open(&|open| open.jobs = 1),
            open(&|open| open.subscriptions = 1),
            open(&|open| open.prepared = 1),
        ] {
            assert_eq!(takes, (false, true));
        }
    }
}
