//! What a workload's run asks people.

use super::call;
use crate::{
    json::Json,
    machine::Part,
    retry::Retry,
    segments::state,
    state::{Call, Catch, Choice, Seconds, State, Way},
    task::{told, trouble},
    when::When,
};

/// A question: its states, its name, what it is for, and where a yes and anything else lead.
pub(super) struct Question {
    states: [&'static str; 2],
    name: &'static str,
    comment: &'static str,
    yes: &'static str,
    otherwise: &'static str,
}

pub(super) const PREPARED: Question = Question {
    states: ["AskPrepared", "Prepared"],
    name: "prepared",
    comment: "People, or the function that the plan names, say whether home is clean and ready. Nothing of home changes before the yes.",
    yes: "Sync",
    otherwise: "CloseRun",
};
pub(super) const REHEARSED: Question = Question {
    states: ["AskRehearsed", "IsRehearsed"],
    name: "rehearsed",
    comment: "People look at what was built beside. Whatever they answer, it is taken away.",
    yes: "TakeAway",
    otherwise: "TakeAway",
};
pub(super) const SUSPEND: Question = Question {
    states: ["AskSuspend", "MaySuspend"],
    name: "suspend",
    comment: "People say whether the business may stop. A no or no answer leaves everything as it is.",
    yes: "Suspend",
    otherwise: "CloseRun",
};
pub(super) const VERIFIED: Question = Question {
    states: ["AskVerified", "Verified"],
    name: "verified",
    comment: "People, or the function that the plan names, say whether the business works at home. After a no nothing more changes, and revert-home goes back.",
    yes: "Retire",
    otherwise: "CloseRun",
};

/// ASK: an answer comes by the task token, within the plan's minutes; only a yes leads on.
pub(super) fn ask(question: &Question) -> [Part; 2] {
    let [asks, answer] = question.states;
    let payload = format!(
        "$merge([$run, {{'operation': 'ask', 'phase': '{}', 'token': $states.context.Task.Token}}])",
        question.name
    );
    let catch = Catch {
        assign: vec![("trouble".into(), trouble(asks))],
        ..Catch::to("States.ALL", question.otherwise)
    };
    let asking = Call {
        asks: true,
        seconds: Seconds::Of("$wish.approval_seconds"),
        retries: Retry::of_a_question(),
        assign: vec![("passes".into(), Json::Number(0))],
        output: Some("$states.result".into()),
        ..call(
            question.comment,
            Json::expression(&payload),
            vec![catch],
            answer,
        )
    };
    let kept = |error, cause| vec![("trouble".into(), told(asks, error, cause))];
    let no = Way {
        assign: kept("Refused", "the answer says approved = false"),
        ..Way::to(vec![When::Declined], question.otherwise)
    };
    let answered = Choice {
        comment: Some("What is neither a yes nor a no leads nowhere, and is kept as neither."),
        ways: vec![Way::to(vec![When::Approved], question.yes), no],
        assign: kept("Unreadable", "the answer was neither yes nor no"),
        default: question.otherwise.into(),
    };
    [
        state(asks, asking),
        Part::State(answer, State::Choice(answered)),
    ]
}
