//! How a run is opened: the leases, and whether an earlier run came as far as the promotion.

use super::{ledger, state};
use crate::{
    json::Json,
    machine::Part,
    state::{Assign, Call, Catch, Choice, Function, State, Way},
    when::When,
};

/// How a machine opens its run.
pub(crate) struct Open {
    /// What OpenRun does.
    pub(crate) comment: &'static str,
    /// The kind of the run.
    pub(crate) kind: &'static str,
    /// The first step, as a dry run calls it: its state, its function, and what that is told as members of an object in
    /// JSONata.
    pub(crate) dry: (&'static str, Function, &'static str),
    /// What is remembered of its answer beside.
    pub(crate) assign: Assign,
    /// Why a run may have nothing but the rest to do.
    pub(crate) resumed: &'static str,
    /// Where a run begins that resumes nothing.
    pub(crate) next: &'static str,
}

/// OPEN: the leases, and whether an earlier run came as far as the promotion.
pub(crate) fn open(open: Open) -> Vec<Part> {
    let payload = Json::object([
        ("operation", Json::text("open")),
        ("kind", Json::text(open.kind)),
        ("run_id", execution("Name")),
        ("execution", execution("Id")),
        ("input", Json::expression("$states.input")),
    ]);
    let mut assign: Assign = vec![
        ("run".into(), Json::expression("$states.result.Payload.run")),
        ("passes".into(), Json::Number(0)),
        ("closes".into(), Json::expression("false")),
        ("trouble".into(), Json::List(Vec::new())),
        // A plan without hooks pays no call for them.
        (
            "hooks".into(),
            Json::expression("[$states.result.Payload.hooks]"),
        ),
        (
            "reasons".into(),
            Json::expression("[$states.result.Payload.refusal.reasons]"),
        ),
    ];
    assign.extend(open.assign);
    let unopened = Json::object([
        (
            "plan",
            Json::expression("$exists($states.input.plan) ? $states.input.plan : ''"),
        ),
        ("run_id", execution("Name")),
    ]);
    let catches = vec![
        Catch::to("RunRefused", "RunRefused"),
        Catch {
            assign: vec![
                ("run".into(), unopened),
                ("closes".into(), Json::expression("false")),
                ("trouble".into(), Json::List(Vec::new())),
            ],
            ..Catch::to("States.ALL", "ReleaseLeases")
        },
    ];
    let call = Call {
        assign,
        ..ledger(open.comment, payload, catches, "AlreadyPromoted")
    };
    let (dry, function, told) = open.dry;
    let resumed = Choice {
        comment: Some(open.resumed),
        ways: vec![
            Way::to(vec![When::DryRun, When::Resumes], "DryRun"),
            Way::to(vec![When::DryRun], dry),
            Way::to(vec![When::Resumes], "ProveWriter"),
        ],
        assign: Vec::new(),
        default: open.next.into(),
    };
    vec![
        state("OpenRun", call),
        Part::State("AlreadyPromoted", State::Choice(resumed)),
        state(dry, dry_step(function, told)),
        Part::State(
            "DryRun",
            State::Succeed {
                comment: "A dry run: what the run would do first, and every reason against it. Nothing was changed.",
            },
        ),
    ]
}

/// The first step without a run: it says what it would do, and does nothing.
fn dry_step(function: Function, told: &'static str) -> Call {
    let reasons = |found: &str| format!("'reasons': $distinct($append($reasons, [{found}]))");
    let said = "$states.result.Payload";
    let answered = format!(
        "{{'action': {said}.action, 'reason': {said}.reason, {}}}",
        reasons(&format!("{said}.refusal.reasons"))
    );
    let why = "$states.errorOutput.Error & ': ' & $states.errorOutput.Cause";
    let failed = format!("{{'action': 'none', 'reason': {why}, {}}}", reasons(why));
    Call {
        function,
        output: Some(answered.into()),
        ..ledger(
            "The first step of a dry run, which has no lease and no record.",
            Json::expression(&format!(
                "$merge([{{'plan': $run.plan, 'dry_run': true}}, {{{told}}}])"
            )),
            vec![Catch {
                output: Some(failed.into()),
                ..Catch::to("States.ALL", "DryRun")
            }],
            "DryRun",
        )
    }
}

fn execution(of: &str) -> Json {
    Json::expression(&format!("$states.context.Execution.{of}"))
}
