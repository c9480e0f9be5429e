//! How a run ends.

use super::{ledger, state};
use crate::{
    json::Json,
    machine::Part,
    retry::Retry,
    state::{Call, Catch, Choice, State, Way},
    when::When,
};

/// How a machine's runs end.
pub(crate) struct Close {
    /// What CloseRun is told beside the run, as members of an object in JSONata.
    pub(crate) told: &'static str,
    /// Outcomes and what each means, the best first, by the state they end in.
    pub(crate) ends: &'static [(&'static str, &'static str, &'static str)],
    /// What it means that a run stopped before the point of no return.
    pub(crate) aborted: &'static str,
    /// What it means that a run was refused.
    pub(crate) refused: &'static str,
}

/// CLOSE: what is left is recorded, the leases are given back, and the outcome is named.
pub(crate) fn close(close: &Close) -> Vec<Part> {
    let payload = format!("$merge([$run, {{'operation': 'close', {}}}])", close.told);
    let call = Call {
        retries: Retry::long(),
        ..ledger(
            "Records RTO, RPO and what is left, gives the leases back, names the outcome, and tells people. A run that is not closed tells nobody.",
            Json::expression(&payload),
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
        state("CloseRun", call),
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
        ("run_id", Json::expression("$run.run_id")),
    ]);
    let release = Call {
        output: Some("$states.input".into()),
        retries: Retry::long(),
        ..ledger(
            "What is not given back keeps everybody else waiting, and a held plan is not suspected again. A call that was cut off may have taken a lease unseen.",
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
        fail(
            "Failed",
            "Stopped after the point of no return; the cause says what is left. A new run goes on, not a redrive.",
            "Failed",
            told,
        ),
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
            "The run could not be closed; its leases are given back or lapse, and its intent stays in the ledger for the next run.",
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
