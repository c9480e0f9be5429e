//! How an outage is confirmed, within so many passes, questions and ways back.

use super::state;
use crate::{
    json::Json,
    machine::Part,
    retry::Retry,
    state::{Call, Catch, Choice, Function, Seconds, State, Wait, Way},
    task::{told, trouble},
    when::When,
};

/// Passes of ConfirmOutage at most.
const CONFIRMING: u32 = 60;
/// Questions to a human at most.
pub(crate) const QUESTIONS: u32 = 3;
/// Ways back from stale evidence at most.
const STALE: u32 = 3;

/// CONFIRM: the verdict on the evidence, which leads to a promotion, to a human, or to the end.
pub(crate) fn confirm(promotion: &'static str) -> Vec<Part> {
    let call = Call {
        comment: "Gathers the evidence and gives the verdict; nothing has changed so far, so anything unclear ends the run.".into(),
        function: Function("confirm-outage"),
        payload: Json::expression("$merge([$run, {'operation': $confirm}])"),
        asks: false,
        seconds: Seconds::Fixed(35),
        retries: Retry::within_the_evidence(),
        catches: vec![Catch {
            assign: vec![
                ("passes".into(), Json::Number(0)),
                ("trouble".into(), trouble("ConfirmOutage")),
            ],
            ..Catch::to("States.ALL", "CloseRun")
        }],
        assign: vec![
            ("passes".into(), Json::expression("$passes + 1")),
            ("confirm".into(), Json::text("confirm")),
            ("verdict".into(), Json::expression("$states.result.Payload.verdict")),
        ],
        output: Some("$states.result.Payload".into()),
        next: "ConfirmOutageProgress".into(),
    };
    let cause = format!("no end after {CONFIRMING} passes and {QUESTIONS} questions");
    let ask = vec![
        When::Done,
        When::Decides(&["ask"]),
        When::Below("asked", QUESTIONS),
    ];
    let ends = vec![When::Done, When::Decides(&["stand_down", "hand_over"])];
    let again = vec![When::Pending, When::Below("passes", CONFIRMING)];
    let progress = Choice {
        comment: None,
        ways: vec![
            Way::out(vec![When::Done, When::Decides(&["go_on"])], promotion),
            Way::out(ask, "AwaitApproval"),
            Way::out(ends, "CloseRun"),
            Way::to(again, "ConfirmOutageWait"),
        ],
        assign: vec![
            ("passes".into(), Json::Number(0)),
            (
                "trouble".into(),
                told("ConfirmOutage", "LoopExhausted", &cause),
            ),
        ],
        default: "CloseRun".into(),
    };
    let wait = Wait::AsAsked {
        next: "ConfirmOutage".into(),
    };
    vec![
        state("ConfirmOutage", call),
        Part::State("ConfirmOutageProgress", State::Choice(progress)),
        Part::State("ConfirmOutageWait", State::Wait(wait)),
    ]
}

/// What stale evidence leads to: back to confirming, but not for ever.
pub(crate) fn stale(promotion: &'static str) -> Part {
    let cause = format!("the evidence was too old {} times", STALE + 1);
    Part::State(
        "EvidenceStale",
        State::Choice(Choice {
            comment: Some(
                "A redrive on Thursday must not act on Monday's outage: confirm again, but not for ever.",
            ),
            ways: vec![Way::to(vec![When::AtMost("stale", STALE)], "ConfirmOutage")],
            assign: vec![("trouble".into(), told(promotion, "EvidenceStale", &cause))],
            default: "CloseRun".into(),
        }),
    )
}
