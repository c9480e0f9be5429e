//! The functions of one's own that a plan names before and after phases of its runs.

use super::{ledger, state};
use crate::{
    json::Json,
    machine::Part,
    retry::Retry,
    state::{Call, Catch, Choice, Function, Seconds, State, Way},
    task::trouble,
    when::When,
};

/// When such a function is called, and what a failure of it leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phase {
    /// Its field in a plan.
    name: &'static str,
    /// The state that asks whether the plan has one, which a run comes to first.
    pub(crate) first: &'static str,
    /// The state that calls it.
    call: &'static str,
    /// Whether a run ends where it fails.
    stops: bool,
    /// What is tried again.
    retries: fn() -> Vec<Retry>,
}

/// Before anything is promoted or stopped.
pub(crate) const BEFORE_PROMOTE: Phase = Phase {
    name: "before_promote",
    first: "HasBeforePromote",
    call: "BeforePromote",
    stops: true,
    retries: Retry::before_the_promotion,
};
/// Once the promoted writer is proven.
pub(crate) const AFTER_PROMOTE: Phase = Phase {
    name: "after_promote",
    first: "HasAfterPromote",
    call: "AfterPromote",
    stops: false,
    retries: Retry::usual,
};
/// Before any name is led.
pub(crate) const BEFORE_NAMES: Phase = Phase {
    name: "before_names",
    first: "HasBeforeNames",
    call: "BeforeNames",
    stops: true,
    retries: Retry::behind_the_proof,
};
/// Once the names were led.
pub(crate) const AFTER_NAMES: Phase = Phase {
    name: "after_names",
    first: "HasAfterNames",
    call: "AfterNames",
    stops: false,
    retries: Retry::usual,
};
/// Before any service is restarted.
pub(crate) const BEFORE_SERVICES: Phase = Phase {
    name: "before_services",
    first: "HasBeforeServices",
    call: "BeforeServices",
    stops: true,
    retries: Retry::behind_the_proof,
};
/// Once the services were restarted.
pub(crate) const AFTER_SERVICES: Phase = Phase {
    name: "after_services",
    first: "HasAfterServices",
    call: "AfterServices",
    stops: false,
    retries: Retry::usual,
};

impl Phase {
    /// HOOK: what the plan names for this phase is called, and a run of a plan that names nothing goes past it.
    pub(crate) fn then(self, next: &'static str) -> [Part; 2] {
        let has = Choice {
            comment: None,
            ways: vec![Way::to(vec![When::Names(self.name)], self.call)],
            assign: Vec::new(),
            default: next.into(),
        };
        let comment = if self.stops {
            "Calls the plan's own function before this phase. Where it fails, the run ends here."
        } else {
            "Calls the plan's own function after this phase. Where it fails, that is recorded and told, and the run goes on."
        };
        let payload = format!("$merge([$run, {{'phase': '{}'}}])", self.name);
        let after_failure = if self.stops { "CloseRun" } else { next };
        let failed = Catch {
            assign: vec![("trouble".into(), trouble(self.call))],
            ..Catch::to("States.ALL", after_failure)
        };
        let call = Call {
            function: Function("call-hook"),
            seconds: Seconds::Fixed(65),
            retries: (self.retries)(),
            ..ledger(comment, Json::expression(&payload), vec![failed], next)
        };
        [
            Part::State(self.first, State::Choice(has)),
            state(self.call, call),
        ]
    }
}
