//! How a workload's run ends.

use super::call;
use crate::{
    json::Json,
    machine::Part,
    retry::Retry,
    segments::state,
    state::{Call, Catch, Choice, State, Way},
    when::When,
};

/// How a machine's runs end.
pub(super) struct Close {
    /// Outcomes and what each means, by the state they end in.
    pub(super) ends: &'static [(&'static str, &'static str, &'static str)],
    /// What it means that a run stopped before it changed anything that stays.
    pub(super) aborted: &'static str,
    /// What it means that it stopped later.
    pub(super) failed: &'static str,
    /// What it means that a run was refused.
    pub(super) refused: &'static str,
}

/// CLOSE: what stands is recorded and told, with the command that undoes it, and the leases are given back.
pub(super) fn close(close: &Close) -> Vec<Part> {
    let closes = Call {
        retries: Retry::long(),
        ..call(
            "Records what came of the run and what stands, gives back what it had suspended before its cut-over, tells people, and gives the leases back.",
            Json::expression("$merge([$run, {'operation': 'close', 'trouble': $trouble}])"),
            vec![Catch {
                assign: vec![("closes".into(), Json::expression("true"))],
                ..Catch::to("States.ALL", "ReleaseLeases")
            }],
            "Outcome",
        )
    };
    let ends = close.ends.iter();
    let mut ways: Vec<_> = ends
        .clone()
        .map(|(outcome, end, _)| Way::to(vec![When::Ends(outcome)], *end))
        .collect();
    ways.push(Way::to(vec![When::Ends("aborted")], "Aborted"));
    let outcome = Choice {
        comment: None,
        ways,
        assign: Vec::new(),
        default: "Failed".into(),
    };
    let mut parts = vec![
        state("CloseRun", closes),
        Part::State("Outcome", State::Choice(outcome)),
    ];
    parts.extend(ends.map(|(_, end, comment)| Part::State(end, State::Succeed { comment })));
    parts.extend(failures(close));
    parts
}

fn failures(close: &Close) -> Vec<Part> {
    let told = "$string({'reason': $states.input.reason, 'trouble': $trouble})";
    let cause = "$exists($states.input.Cause) ? $states.input.Cause : ''";
    let payload = Json::object([
        ("operation", Json::text("release")),
        ("plan", Json::expression("$run.plan")),
        (
            "execution",
            Json::expression("$states.context.Execution.Id"),
        ),
    ]);
    let release = Call {
        output: Some("$states.input".into()),
        retries: Retry::long(),
        ..call(
            "What is not given back keeps everybody else waiting. A call that was cut off may have taken a lease unseen.",
            payload,
            vec![Catch {
                output: Some("$states.input".into()),
                ..Catch::to("States.ALL", "Released")
            }],
            "Released",
        )
    };
    let released = Choice {
        comment: None,
        ways: vec![Way::to(vec![When::Closes], "NotClosed")],
        assign: Vec::new(),
        default: "NotOpened".into(),
    };
    vec![
        fail("Aborted", close.aborted, "Aborted", told),
        fail("Failed", close.failed, "Failed", told),
        fail("RunRefused", close.refused, "RunRefused", cause),
        state("ReleaseLeases", release),
        Part::State("Released", State::Choice(released)),
        fail(
            "NotOpened",
            "The run could not be opened; nothing was changed.",
            "{% $states.input.Error %}",
            cause,
        ),
        fail(
            "NotClosed",
            "The run could not be closed; its leases are given back or lapse, and what it intended stays in the ledger.",
            "{% $states.input.Error %}",
            "$string({'cause': $states.input.Cause, 'trouble': $trouble})",
        ),
    ]
}

fn fail(
    name: &'static str,
    comment: &'static str,
    error: &'static str,
    cause: &'static str,
) -> Part {
    Part::State(
        name,
        State::Fail {
            comment,
            error,
            cause,
        },
    )
}
