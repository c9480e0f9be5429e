//! What every command works with: the account, where to begin, the terminal, and how long to look.

use std::time::Duration;

use failover::domain::{PlanName, Region};

use crate::{
    account::Account,
    arguments::Output,
    ending::{Answer, Ending},
    survey::{Survey, surveys},
    terminal::Terminal,
};

/// What a command works with.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// The account.
    pub account: &'a Account,
    /// The Regions to begin with.
    pub first: &'a [Region],
    /// Whoever sits before it.
    pub terminal: &'a Terminal,
    /// How the answer is printed.
    pub output: Output,
    /// How long is waited between two looks.
    pub pace: Duration,
}

/// How long is waited between two looks at a run.
pub const PACE: Duration = Duration::from_secs(1);

impl Desk<'_> {
    /// What every member Region says of a plan.
    ///
    /// # Errors
    /// An answer that says why nothing is known of it.
    pub(crate) async fn survey(&self, plan: &PlanName) -> Result<Survey, Answer> {
        let surveys = surveys(self.account, self.first, Some(plan)).await?;
        let found = surveys.into_iter().next();
        found.ok_or_else(|| Answer::none(Ending::Misused, format!("plan {plan} is not known")))
    }
}
