//! Links that answer a run's question, in this Region's ledger, and the run that waits for the answer.

use std::fmt;

use crate::{
    Error,
    ledger::{Question, Reply},
};

/// What a link's secret opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// What is asked.
    pub question: Question,
    /// What was replied by this link.
    pub reply: Option<Reply>,
    /// The token that the run waits with.
    pub token: TaskToken,
}

/// A task token of Step Functions. Whoever has it answers, so that it is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct TaskToken(pub String);

impl fmt::Debug for TaskToken {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("TaskToken")
    }
}

/// What became of a reply that was sent. An error in place of it: nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The run has it.
    Taken,
    /// No question of that token waits for an answer.
    NotAwaited,
    /// It was turned away before anything came of it, and why.
    TurnedAway(Error),
}

/// Links, and the runs that they answer.
pub trait Approvals: Sync {
    /// What a link's secret opens in this Region's ledger; `None` where it finds no row, and `UnexpectedTopology` where it does not
    /// open the one that it finds.
    fn linked(&self, secret: &str) -> impl Future<Output = Result<Option<Linked>, Error>> + Send;
    /// Notes a reply beside the question, in place of the one that was read; `false` when another came first. `None` notes that there
    /// is none.
    fn note_reply(
        &self,
        secret: &str,
        before: Option<&Reply>,
        reply: Option<&Reply>,
    ) -> impl Future<Output = Result<bool, Error>> + Send;
    /// Gives a reply to the run that waits.
    fn give_reply(
        &self,
        token: &TaskToken,
        reply: &Reply,
    ) -> impl Future<Output = Result<Sent, Error>> + Send;
}
