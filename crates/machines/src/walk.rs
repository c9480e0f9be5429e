//! Walks a machine without the service that executes it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    machine::Machine,
    state::{Call, Choice, State, Wait},
};

/// A machine whose states are looked up by name.
#[derive(Debug, Clone)]
pub struct Walk {
    states: BTreeMap<String, State>,
}

/// How a Task came to its end.
#[derive(Debug, Clone, Copy)]
pub enum Passed<'a> {
    /// With this answer.
    Answered(&'a Value),
    /// With an error of this name, tried often enough.
    Failed(&'a str),
    /// With one pass more than its loop has.
    Exhausted,
}

/// What follows a Task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// A Task, or a state that ends the run.
    pub state: String,
    /// Whether that is an end.
    pub ends: bool,
    /// Whether what happened is kept among the run's troubles.
    pub is_trouble: bool,
}

impl Walk {
    /// Looks up a machine's states.
    #[must_use]
    pub fn of(machine: &Machine) -> Self {
        let states = machine.states().into_iter();
        Self {
            states: states
                .map(|(name, state)| (name.into_owned(), state))
                .collect(),
        }
    }

    /// What follows a Task in a run whose counters are within their bounds and that wishes nothing special; `None` where
    /// the machine has no such Task, or nothing for what came of it.
    #[must_use]
    pub fn after(&self, task: &str, passed: Passed<'_>) -> Option<Next> {
        let State::Call(call) = self.states.get(task)? else {
            return None;
        };
        let (first, is_trouble) = match passed {
            Passed::Answered(_) => (call.next.as_ref(), false),
            Passed::Failed(error) => caught(call, error)?,
            Passed::Exhausted => match self.states.get(call.next.as_ref())? {
                State::Choice(choice) => (choice.default.as_ref(), troubles(&choice.assign)),
                State::Call(_) | State::Wait(_) | State::Succeed { .. } | State::Fail { .. } => {
                    return None;
                }
            },
        };
        let answer = match passed {
            Passed::Answered(answer) => answer,
            Passed::Failed(_) | Passed::Exhausted => &Value::Null,
        };
        let (state, ends) = self.lead(first, answer)?;
        Some(Next {
            state: state.to_owned(),
            ends,
            is_trouble,
        })
    }

    /// The first Task or end from a state on, and whether it is an end.
    fn lead<'a>(&'a self, first: &'a str, answer: &Value) -> Option<(&'a str, bool)> {
        let mut name = first;
        // Each state once at most: a way that leads on for ever is none.
        for _ in 0..=self.states.len() {
            name = match self.states.get(name)? {
                State::Call(_) => return Some((name, false)),
                State::Succeed { .. } | State::Fail { .. } => return Some((name, true)),
                State::Wait(Wait::AsAsked { next } | Wait::Until { next, .. }) => next,
                State::Choice(choice) => way(choice, answer),
            };
        }
        None
    }
}

fn way<'a>(choice: &'a Choice, answer: &Value) -> &'a str {
    let mut ways = choice.ways.iter();
    let way = ways.find(|way| way.when.iter().all(|when| when.holds(answer)));
    way.map_or(&choice.default, |way| &way.next)
}

fn caught<'a>(call: &'a Call, error: &str) -> Option<(&'a str, bool)> {
    let mut catches = call.catches.iter();
    let catch = catches.find(|catch| catch.error == error || catch.error == "States.ALL")?;
    Some((&catch.next, troubles(&catch.assign)))
}

fn troubles(assign: &[(std::borrow::Cow<'static, str>, crate::Json)]) -> bool {
    assign.iter().any(|(variable, _)| variable == "trouble")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn walk() -> Walk {
        Walk::of(&crate::unplanned_failover())
    }

    fn leads(task: &str, passed: Passed<'_>) -> String {
        walk().after(task, passed).map_or_else(
            || "nowhere".into(),
            |next| format!("{}{}", next.state, if next.ends { " and ends" } else { "" }),
        )
    }

    #[test]
    fn a_pass_leads_where_its_answer_says() {
        let done = json!({"progress": "done"});
        let rows = [
            ("OpenRun", json!({"resume": false}), "ConfirmOutage"),
            ("OpenRun", json!({"resume": true}), "ProveWriter"),
            (
                "ConfirmOutage",
                json!({"progress": "done", "decision": "go_on"}),
                "DetachAndPromote",
            ),
            (
                "ConfirmOutage",
                json!({"progress": "done", "decision": "ask"}),
                "AwaitApproval",
            ),
            (
                "ConfirmOutage",
                json!({"progress": "done", "decision": "stand_down"}),
                "CloseRun",
            ),
            (
                "ConfirmOutage",
                json!({"progress": "pending", "decision": "wait"}),
                "ConfirmOutage",
            ),
            ("FlipDns", done, "RestartEcs"),
            (
                "CloseRun",
                json!({"outcome": "succeeded"}),
                "Recovered and ends",
            ),
            (
                "CloseRun",
                json!({"outcome": "no such outcome"}),
                "Failed and ends",
            ),
        ];
        for (task, answer, wanted) in rows {
            assert_eq!(
                leads(task, Passed::Answered(&answer)),
                wanted,
                "{task} {answer}"
            );
        }
    }

    #[test]
    fn a_failure_leads_where_the_first_catch_says_that_knows_it() {
        assert_eq!(
            leads("OpenRun", Passed::Failed("RunRefused")),
            "RunRefused and ends"
        );
        assert_eq!(
            leads("OpenRun", Passed::Failed("Unavailable")),
            "ReleaseLeases"
        );
        assert_eq!(
            leads("DetachAndPromote", Passed::Failed("EvidenceStale")),
            "ConfirmOutage"
        );
        assert_eq!(leads("ProveWriter", Passed::Failed("Denied")), "CloseRun");
        assert_eq!(leads("ProveWriter", Passed::Exhausted), "CloseRun");
        assert_eq!(leads("Nothing", Passed::Exhausted), "nowhere");
        let troubled = |passed| {
            walk()
                .after("DetachAndPromote", passed)
                .map(|next| next.is_trouble)
        };
        assert_eq!(troubled(Passed::Failed("EvidenceStale")), Some(false));
        assert_eq!(troubled(Passed::Failed("Denied")), Some(true));
        assert_eq!(troubled(Passed::Exhausted), Some(true));
    }
}
