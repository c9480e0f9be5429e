//! Who has access to this Region's member, looked at and changed as its administrator.

use serde::{Deserialize, Serialize};

use crate::{Error, domain::Epoch, ledger::KeptPlan};

/// Takes the applications' way into this Region's member, as its administrator, and gives it back.
pub trait Fence: Sync {
    /// Looks what stands open.
    fn access(&self, known: &KeptPlan) -> impl Future<Output = Result<Access, Error>> + Send;
    /// Shuts everything if the database's epoch is below `proven`, tries a login that must be refused, and looks again. `None`
    /// where the database has followed the writer of that epoch.
    fn fence(
        &self,
        known: &KeptPlan,
        proven: Epoch,
    ) -> impl Future<Output = Result<Option<Fenced>, Error>> + Send;
    /// Gives back what was taken.
    fn unfence(&self, known: &KeptPlan) -> impl Future<Output = Result<Unfenced, Error>> + Send;
    /// Logs in as the administrator once, so that it is noted which version of the secret opens the member.
    fn log_in(&self, known: &KeptPlan) -> impl Future<Output = Result<(), Error>> + Send;
    /// Tries everything that [`Fence::fence`] would do, takes it back, and answers what was refused.
    fn rights(&self, known: &KeptPlan) -> impl Future<Output = Result<Rights, Error>> + Send;
}

/// What of a database stands open to applications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Whether it is a standby.
    pub in_recovery: bool,
    /// The epoch it holds; `None` without the heartbeat schema.
    pub epoch: Option<Epoch>,
    /// Roles of applications that may log in.
    pub roles: Vec<String>,
    /// Their sessions, those whose kind cannot be seen among them, and those of jobs.
    pub sessions: u64,
    /// Scheduled jobs that are active.
    pub jobs: u64,
    /// Subscriptions that are enabled, or whose workers still apply, those of pglogical among them.
    pub subscriptions: Vec<String>,
    /// Sessions that changes are sent to, but for RDS's own.
    pub senders: u64,
    /// Prepared transactions.
    pub prepared: Vec<String>,
    /// What could not be looked at, and why.
    pub unseen: Vec<String>,
    /// Who is logged in as the administrator, or is sent changes by a login that stays.
    pub as_administrator: Vec<String>,
}

impl Access {
    /// Whether an application can still get in, is in, or is worked for.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.roles.is_empty()
            || self.sessions > 0
            || self.jobs > 0
            || !self.subscriptions.is_empty()
            || self.senders > 0
            || !self.prepared.is_empty()
            || !self.unseen.is_empty()
            || !self.as_administrator.is_empty()
    }
}

/// What fencing did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fenced {
    /// Roles that lost their login.
    pub roles: Vec<String>,
    /// What stays open, and why.
    pub refused: Vec<String>,
    /// Sessions that were ended, those that replicate out among them.
    pub sessions: u64,
    /// Jobs that were disabled, each with its database.
    pub jobs: Vec<String>,
    /// Subscriptions that were disabled.
    pub subscriptions: Vec<String>,
    /// Whom changes were sent to, until their sessions were ended.
    pub senders: Vec<String>,
    /// Whose sessions were ended although their login stays, so that they may come back.
    pub as_administrator: Vec<String>,
    /// Whether no login can be tried, for the role for it could not be made. Then that is among what was refused.
    pub is_untried: bool,
    /// What a look saw after all that; without one nothing is known to be shut.
    pub after: Option<Access>,
}

impl Fenced {
    /// Whether anything was open that may have taken rows.
    pub const fn took_something(&self) -> bool {
        !self.roles.is_empty()
            || self.sessions > 0
            || !self.jobs.is_empty()
            || !self.subscriptions.is_empty()
            || !self.as_administrator.is_empty()
    }
}

/// What was given back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Unfenced {
    /// Roles that may log in again.
    pub roles: Vec<String>,
    /// Jobs and subscriptions that work again.
    pub others: Vec<String>,
    /// What was dropped meanwhile, and is forgotten.
    pub missing: Vec<String>,
    /// What could not be given back and stays on record, and why.
    pub refused: Vec<String>,
}

/// What trying the rights answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// What the administrator may not do, one sentence each.
    pub refused: Vec<String>,
    /// What a change of writer breaks, one sentence each.
    #[serde(default)]
    pub moves_break: Vec<String>,
}
