//! Step Functions' redrive: an execution that ended goes on where it did.

use jiff::Timestamp;
use machines::State;

use super::{Execution, Next};

impl Execution {
    /// Whether somebody may redrive it. One that ended in a state that says so would only end there again.
    #[must_use]
    pub fn may_be_redriven(&self) -> bool {
        let state = self.definition.states.get(&self.state);
        !matches!(state, Some(State::Succeed { .. } | State::Fail { .. }))
    }

    /// It is redriven: it goes on at the state where it ended, with all that it knew. A task begins anew with all its attempts.
    pub fn redriven(&mut self, now: Timestamp) {
        if let Some(State::Wait(_)) = self.definition.states.get(&self.state)
            && let Next::Wait(_) = self.next
        {
            return;
        }
        self.go_on(self.state.clone(), now);
    }
}
