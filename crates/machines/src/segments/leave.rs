//! The machine that leaves a Region which is lost, whichever step promotes.

use super::{
    APPROVAL, BEFORE_PROMOTE, Close, Open, PROOF, Proof, TakeOver, ask, close, confirm, open,
    stale, take_over,
};
use crate::{
    json::Json,
    machine::{Machine, Part},
    retry::Retry,
    state::{Assign, Function},
    task::Task,
};

/// A day, in seconds.
const DAY: u32 = 86_400;

/// What such machines differ in.
pub(crate) struct Leave {
    /// The machine's name.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) comment: &'static str,
    /// What a run of it is called.
    pub(crate) run: &'static str,
    /// The state that promotes, and its function.
    pub(crate) promotion: (&'static str, Function),
    /// What stands between the proof of the writer and its names.
    pub(crate) before_names: Vec<Task>,
    /// How the promoted writer is proven.
    pub(crate) proof: Proof,
    /// How long a run may last.
    pub(crate) days: u32,
}

/// Leaves a Region that is lost.
pub(crate) fn leave(of: Leave) -> Machine {
    let (state, function) = of.promotion;
    let promote = Task {
        retries: Retry::within_the_evidence(),
        but: Some(("EvidenceStale", "stale", "EvidenceStale")),
        ..Task::of(
            state,
            function,
            240,
            "POINT OF NO RETURN: the first pass that promotes cannot be undone. CloseRun tells from the ledger's intent, not from this state's Catch, whether it was passed.",
        )
    };
    let mut parts = open(Open {
        comment: "Takes the plan's lease in every member Region that answers, and admits one run per incident.",
        kind: "unplanned_failover",
        dry: (
            "DryConfirmOutage",
            Function("confirm-outage"),
            "'operation': 'confirm'",
        ),
        assign: remembered(of.proof),
        resumed: "An earlier run of this incident promoted the target and ended: only what is left remains to be done.",
        next: "ConfirmOutage",
    });
    parts.extend(confirm(BEFORE_PROMOTE.first));
    parts.extend(ask(
        APPROVAL,
        "A human answers with the task token from the message; an approval is confirmed again, a refusal or no answer ends the run with nothing changed.",
        "$states.input.approval_seconds",
        vec![
            ("asked".into(), Json::expression("$asked + 1")),
            ("confirm".into(), Json::text("confirm_approved")),
        ],
        "ConfirmOutage",
    ));
    parts.extend(BEFORE_PROMOTE.then(state));
    parts.push(Part::Loop(promote));
    parts.extend(take_over(TakeOver {
        restart: "Restarts the services, whose connections may still hang on the lost Region.",
        before_names: of.before_names,
        proof: of.proof,
    }));
    parts.extend(close(&Close {
        told: "'verdict': $verdict, 'trouble': $trouble",
        ends: &[
            ("succeeded", "Recovered", "The target writes, and the plan's names lead to it."),
            ("stood_down", "StoodDown", "The evidence did not call for a failover; nothing was changed."),
            ("handed_over", "HandedOver", "Another Region's standby is the better one: a run there goes on; nothing was changed here."),
        ],
        aborted: "Stopped before the point of no return; nothing was promoted.",
        refused: "Another run holds the plan, or this incident was handled already.",
    }));
    parts.push(stale(state));
    if matches!(of.proof, Proof::OrAWord) {
        parts.extend(word());
    }
    Machine {
        name: of.name,
        comment: of.comment,
        run: of.run,
        seconds: of.days * DAY,
        parts,
    }
}

/// What a run begins with: counters, and by which operations it confirms and proves.
fn remembered(proof: Proof) -> Assign {
    let mut remembered: Assign = vec![
        ("verdict".into(), Json::Null),
        ("stale".into(), Json::Number(0)),
        ("confirm".into(), Json::text("confirm")),
        ("asked".into(), Json::Number(0)),
    ];
    if matches!(proof, Proof::OrAWord) {
        remembered.push(("prove".into(), Json::text("prove")));
    }
    remembered
}

/// The second question, where no heart beats in the promoted database: whether it takes writes.
fn word() -> [Part; 2] {
    ask(
        PROOF,
        "No heart beats in this database: a human says whether the promoted writer takes writes. A refusal or no answer ends the run, and no name moves.",
        "$states.input.observed.approval_seconds",
        vec![
            ("asked".into(), Json::expression("$asked + 1")),
            ("prove".into(), Json::text("prove_approved")),
        ],
        "ProveWriter",
    )
}
