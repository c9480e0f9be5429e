//! How a human is asked.

use super::ledger;
use crate::{
    json::Json,
    machine::Part,
    retry::Retry,
    state::{Assign, Call, Catch, Choice, Seconds, State, Way},
    task::{told, trouble},
    when::When,
};

/// Whether a writer may be changed.
pub(crate) const APPROVAL: [&str; 2] = ["AwaitApproval", "Answer"];
/// Whether the promoted writer takes writes, where nothing but a human can tell.
pub(crate) const PROOF: [&str; 2] = ["AwaitProof", "ProofAnswer"];

/// ASK: a human answers by the task token from the message, within so many seconds; only a yes leads on.
pub(crate) fn ask(
    [state, answer]: [&'static str; 2],
    comment: &'static str,
    seconds: &'static str,
    assign: Assign,
    next: &'static str,
) -> [Part; 2] {
    let mut remembered: Assign = vec![("passes".into(), Json::Number(0))];
    remembered.extend(assign);
    let catch = Catch {
        assign: vec![("trouble".into(), trouble(state))],
        ..Catch::to("States.ALL", "CloseRun")
    };
    let payload = "$merge([$run, {'operation': 'ask', 'token': $states.context.Task.Token}])";
    let ask = Call {
        asks: true,
        seconds: Seconds::Of(seconds),
        retries: Retry::of_a_question(),
        assign: remembered,
        output: Some("$states.result".into()),
        ..ledger(comment, Json::expression(payload), vec![catch], answer)
    };
    let answered = |error, cause| vec![("trouble".into(), told(state, error, cause))];
    let no = Way {
        assign: answered("Refused", "the answer says approved = false"),
        ..Way::to(vec![When::Declined], "CloseRun")
    };
    let answered_with = Choice {
        comment: Some("What is neither a yes nor a no leads nowhere, and is kept as neither."),
        ways: vec![Way::to(vec![When::Approved], next), no],
        assign: answered("Unreadable", "the answer was neither yes nor no"),
        default: "CloseRun".into(),
    };
    [
        super::state(state, ask),
        Part::State(answer, State::Choice(answered_with)),
    ]
}
