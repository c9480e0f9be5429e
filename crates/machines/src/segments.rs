//! What machines share: how a run is opened, confirmed, asked for, taken over and closed.

use crate::{
    json::Json,
    machine::Part,
    retry::Retry,
    state::{Assign, Call, Catch, Choice, Function, Seconds, State, Wait, Way},
    task::{Failure, Task, told, trouble},
    when::When,
};

/// Passes of ConfirmOutage at most.
const CONFIRMING: u32 = 60;
/// Questions to a human at most.
const QUESTIONS: u32 = 3;
/// Ways back from stale evidence at most.
const STALE: u32 = 3;

/// Passes of a loop that leads names at most.
const NAMES: u32 = 120;

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

/// ASK: a human answers by the task token from the message, within so many seconds; only a yes leads on.
pub(crate) fn ask(
    comment: &'static str,
    seconds: &'static str,
    assign: Assign,
    next: &'static str,
) -> [Part; 2] {
    let mut remembered: Assign = vec![("passes".into(), Json::Number(0))];
    remembered.extend(assign);
    let catch = Catch {
        assign: vec![("trouble".into(), trouble("AwaitApproval"))],
        ..Catch::to("States.ALL", "CloseRun")
    };
    let payload = "$merge([$run, {'operation': 'ask', 'token': $states.context.Task.Token}])";
    let ask = Call {
        asks: true,
        seconds: Seconds::Of(seconds),
        retries: Retry::of_a_question(),
        assign: remembered,
        output: Some("$states.result".into()),
        ..ledger(comment, Json::expression(payload), vec![catch], "Answer")
    };
    let answered = |error, cause| vec![("trouble".into(), told("AwaitApproval", error, cause))];
    let no = Way {
        assign: answered("Refused", "the answer says approved = false"),
        ..Way::to(vec![When::Declined], "CloseRun")
    };
    let answer = Choice {
        comment: Some("What is neither a yes nor a no leads nowhere, and is kept as neither."),
        ways: vec![Way::to(vec![When::Approved], next), no],
        assign: answered("Unreadable", "the answer was neither yes nor no"),
        default: "CloseRun".into(),
    };
    [
        state("AwaitApproval", ask),
        Part::State("Answer", State::Choice(answer)),
    ]
}

/// TAKE_OVER: the writer is proven, named, and written to as an application would; services hang on `old`.
pub(crate) fn take_over(restart: &'static str) -> Vec<Part> {
    let prove = Task {
        told: Some("'operation': 'prove'"),
        seconds: 30,
        ..Task::of(
            "ProveWriter",
            Function("health-probe"),
            120,
            "Commits the new epoch and a beat on the promoted writer; without it nothing after it runs.",
        )
    };
    let names = Task {
        failure: Failure::GoesOn,
        tried_again_in: Some("FlipDnsAgain"),
        then: Some("RestartEcs"),
        ..Task::of(
            "FlipDns",
            Function("dns-flip"),
            NAMES,
            "Points the plan's names at the new writer. From here on trouble is recorded and the run goes on.",
        )
    };
    let again = Task {
        failure: Failure::GoesOn,
        ..Task::of(
            "FlipDnsAgain",
            Function("dns-flip"),
            NAMES,
            "Tries the names again before anything waits for them: services that start meanwhile would find the old writer.",
        )
    };
    let restart = Task {
        seconds: 65,
        failure: Failure::GoesOn,
        ..Task::of("RestartEcs", Function("ecs-restart"), 240, restart)
    };
    let verify = Task {
        told: Some("'operation': 'verify'"),
        seconds: 30,
        ..Task::of(
            "VerifyWrites",
            Function("health-probe"),
            120,
            "Writes through the plan's DNS name, as an application would.",
        )
    };
    [prove, names, again, restart, verify]
        .map(Part::Loop)
        .into()
}

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

/// A call of recovery-ledger that hands its answer on.
pub(crate) fn ledger(
    comment: &'static str,
    payload: Json,
    catches: Vec<Catch>,
    next: &'static str,
) -> Call {
    Call {
        comment: comment.into(),
        function: Function("recovery-ledger"),
        payload,
        asks: false,
        seconds: Seconds::Fixed(35),
        retries: Retry::usual(),
        catches,
        assign: Vec::new(),
        output: Some("$states.result.Payload".into()),
        next: next.into(),
    }
}

pub(crate) fn state(name: &'static str, call: Call) -> Part {
    Part::State(name, State::Call(Box::new(call)))
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

fn execution(of: &str) -> Json {
    Json::expression(&format!("$states.context.Execution.{of}"))
}
