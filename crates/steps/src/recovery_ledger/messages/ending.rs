//! What a run's end is to people: how soon they must look, what happened, what comes next, and the command for it.

use failover::{
    evidence::Verdict,
    ledger::{Closed, Outcome, Run, RunKind},
    notify::{Severity, commands, parts, tool},
    plan::{Mode, function_of},
    policy,
};

/// The end of a run, as people need it.
pub(super) struct Ending {
    pub(super) severity: Severity,
    pub(super) what: String,
    pub(super) next: String,
    pub(super) command: Option<String>,
}

/// What an outcome is to people, by what the run was to do.
pub(super) fn ending(run: &Run, closed: &Closed) -> Ending {
    let outcome = closed.outcome;
    let is_unplanned = run.kind == RunKind::UnplannedFailover;
    match outcome {
        Outcome::Succeeded if is_unplanned => took_over(run),
        Outcome::Succeeded if !closed.left.is_empty() => moved_but_for_a_hook(run),
        Outcome::Succeeded => moved(run),
        Outcome::Rebuilt => rebuilt(run),
        Outcome::StoodDown if only_observes(run) => would_have_failed_over(run),
        Outcome::StoodDown => stood_down(run),
        Outcome::Aborted if is_unplanned => aborted(run),
        Outcome::Aborted => stopped(run),
        Outcome::Failed => only_unprotected(run, closed).unwrap_or_else(|| failed(run)),
        Outcome::HandedOver => handed_over(),
    }
}

fn took_over(run: &Run) -> Ending {
    if !run.plan.has_heart() {
        return took_over_by_word(run);
    }
    Ending {
        severity: Severity::Action,
        what: format!("{} {} from {}", run.to, parts::TOOK_OVER, run.from),
        next: match run.plan.kind().runs().failback {
            Some(_) => {
                "Look at what is left. When the old Region is back, start the failback.".into()
            }
            None => format!(
                "Look at what is left. When the old Region is back, make a new standby there by hand: {}.",
                run.plan.kind().has_no("failback")
            ),
        },
        command: tool::failback(&run.plan, &run.to),
    }
}

/// The same by a human's word: nothing shuts what was left, and nothing brings the writer home.
fn took_over_by_word(run: &Run) -> Ending {
    Ending {
        severity: Severity::Action,
        what: format!("{} {} from {}", run.to, parts::TOOK_OVER, run.from),
        next: format!(
            "Keep applications out of the instance in {}, which nothing here shuts. Set the days of backups in {}, and make a new replica by hand.",
            run.from, run.to
        ),
        command: None,
    }
}

fn moved(run: &Run) -> Ending {
    Ending {
        severity: Severity::Notice,
        what: format!(
            "{} {} from {} as planned",
            run.to,
            parts::TOOK_OVER,
            run.from
        ),
        next: format!(
            "Nothing. A retired {} and its snapshots are yours to delete.",
            run.plan.kind().member()
        ),
        command: None,
    }
}

/// Only a function of the plan's own failed, behind its phase.
fn moved_but_for_a_hook(run: &Run) -> Ending {
    Ending {
        severity: Severity::Action,
        next: "Applications write there. Do by hand what the hook that is named was to do.".into(),
        ..moved(run)
    }
}

fn rebuilt(run: &Run) -> Ending {
    let (home, away) = (&run.to, &run.from);
    Ending {
        severity: Severity::Action,
        what: format!("the standby in {home} is rebuilt and the writer stays in {away}"),
        next: "Start the failback itself when the writer is to move.".into(),
        command: tool::failback(&run.plan, &run.to),
    }
}

fn stopped(run: &Run) -> Ending {
    Ending {
        severity: Severity::Action,
        what: parts::STOPPED.into(),
        next: "Put right what is named, and start it again. It goes on from what it finds.".into(),
        command: again(run),
    }
}

fn failed(run: &Run) -> Ending {
    let by_people = "Do what is left, then start it again. It goes on where this run stopped.";
    Ending {
        severity: Severity::Critical,
        what: format!("the failover to {} {}", run.to, parts::INCOMPLETE),
        next: if is_continued(run) {
            format!(
                "{} starts it once more by itself, as soon as every ledger answers. Where that run fails, too: {by_people}",
                run.to
            )
        } else {
            by_people.into()
        },
        command: go_on(run),
    }
}

/// Whether a schedule goes on with a move that has stopped the writer, and did not come to its proof.
fn is_continued(run: &Run) -> bool {
    let is_planned = run.kind != RunKind::UnplannedFailover;
    let stops = run.plan.kind().runs().opening.is_some();
    is_planned && stops && run.proof.is_none() && !run.run_id.is_resumption()
}

/// The state that makes a member again once the writer has moved.
const PROTECTS: &str = "ProtectAgain:";

/// A run that has moved the writer and everything behind it, and has left it without a standby: nothing is out.
fn only_unprotected(run: &Run, closed: &Closed) -> Option<Ending> {
    let rebuilding = run.plan.kind().runs().rebuilding?;
    let epoch = run.proof.as_ref()?.epoch;
    let [left] = closed.left.as_slice() else {
        return None;
    };
    left.starts_with(PROTECTS).then(|| {
        let forced =
            serde_json::json!({"plan": run.plan.plan, "force": format!("{}@{epoch}", run.plan.plan)});
        let function = function_of(rebuilding);
        Ending {
            severity: Severity::Action,
            what: format!("{} has the writer, and nothing protects it yet", run.to),
            next: format!(
                "Applications write there. Put right what is left, then call {function} until it answers done."
            ),
            command: Some(commands::invoke(&run.to, &function, &forced)),
        }
    })
}

fn would_have_failed_over(run: &Run) -> Ending {
    Ending {
        severity: Severity::Critical,
        what: format!("would have failed over to {} ({})", run.to, found(run)),
        next: "This plan only observes, so decide yourself. The command says what stands in the way of a promotion, and promotes without \
               --dry-run."
            .into(),
        command: Some(tool::promotion(run.name(), &run.to, run.epoch)),
    }
}

fn stood_down(run: &Run) -> Ending {
    let verdict = verdict(run);
    let (next, command) = match verdict {
        Some(_) if !run.plan.has_heart() => (
            "Nothing, or start another run, which asks again.",
            again(run),
        ),
        Some(verdict) => (next_step(verdict), command_for(verdict, run)),
        None => ("Look at the run.", Some(tool::run(run))),
    };
    Ending {
        severity: verdict.map_or(Severity::Action, severity),
        what: format!("stood down ({})", found(run)),
        next: next.into(),
        command,
    }
}

fn aborted(run: &Run) -> Ending {
    let (next, command) = match run.plan.has_heart() {
        true => (
            "Look at what stopped it. The next suspicion tries again. The command shows the verdict of the moment, and changes nothing.",
            Some(tool::verdict(run.name(), &run.to)),
        ),
        false => ("Look at what stopped it, and start it again.", again(run)),
    };
    Ending {
        severity: Severity::Critical,
        what: format!("{} ({})", parts::STOPPED, found(run)),
        next: next.into(),
        command,
    }
}

fn handed_over() -> Ending {
    Ending {
        severity: Severity::Notice,
        what: "handed over".into(),
        next: "Nothing.".into(),
        command: None,
    }
}

/// What the run confirmed last.
fn verdict(run: &Run) -> Option<Verdict> {
    run.confirmed.as_ref().map(|confirmed| confirmed.verdict)
}

fn found(run: &Run) -> &'static str {
    verdict(run).map_or("no verdict", Verdict::name)
}

/// Whether its plan does no more than observe what the run found.
fn only_observes(run: &Run) -> bool {
    let mode = verdict(run).and_then(|verdict| policy::mode(verdict, &run.plan));
    mode == Some(Mode::Observe)
}

/// What starts a run of this kind again, where nothing was promoted.
fn again(run: &Run) -> Option<String> {
    match run.kind {
        RunKind::UnplannedFailover => Some(tool::failover(run.name(), &run.to)),
        RunKind::PlannedFailover => tool::switchover(&run.plan, &run.to),
        RunKind::Failback => tool::failback(&run.plan, &run.to),
    }
}

/// What goes on with a run that may have moved the writer. The tool moves no writer to where it is as planned, and the machine does what
/// is left.
fn go_on(run: &Run) -> Option<String> {
    match run.kind {
        RunKind::UnplannedFailover => again(run),
        RunKind::PlannedFailover => commands::planned(&run.plan, &run.to),
        RunKind::Failback => commands::failback(&run.plan, &run.to),
    }
}

/// How soon a human must look at a verdict that led to nothing.
const fn severity(verdict: Verdict) -> Severity {
    match verdict {
        Verdict::Healthy => Severity::Notice,
        Verdict::ProbeMisconfigured
        | Verdict::PathImpaired
        | Verdict::WriterMoved
        | Verdict::ObserverIsolated => Severity::Action,
        Verdict::WriterRestarting
        | Verdict::WriterSaturated
        | Verdict::WriterDown
        | Verdict::WriterDownUnconfirmed
        | Verdict::RegionDown
        | Verdict::RegionDownUnwitnessed
        | Verdict::Draining
        | Verdict::Undetermined => Severity::Critical,
    }
}

/// What a human does about a verdict that led to nothing.
const fn next_step(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "Nothing. The writer commits again.",
        Verdict::ProbeMisconfigured => {
            "Repair the probe. As long as it cannot look, an outage is not noticed. The command looks again."
        }
        Verdict::PathImpaired => {
            "Repair the road between the Regions. The writer's Region is there. The command looks again."
        }
        Verdict::WriterRestarting => {
            "Nothing yet. RDS is working on the writer, and the grace is running. The command looks again."
        }
        Verdict::WriterMoved => "Somebody moved the writer. Adopt it, if that was meant.",
        Verdict::ObserverIsolated => {
            "Look at this Region's network, and at the witness. One of them is cut off. The command looks again."
        }
        Verdict::WriterSaturated => {
            "End idle sessions or raise max_connections. The writer lives and takes no new session. The command looks again."
        }
        Verdict::WriterDown
        | Verdict::WriterDownUnconfirmed
        | Verdict::RegionDown
        | Verdict::RegionDownUnwitnessed => {
            "The next suspicion asks again, unless a human declined. Then start a run by hand to go on. It confirms by itself."
        }
        Verdict::Draining | Verdict::Undetermined => {
            "Look at the evidence. It fits no verdict, and a run started by hand looks again."
        }
    }
}

/// The command for that.
fn command_for(verdict: Verdict, run: &Run) -> Option<String> {
    match verdict {
        Verdict::Healthy => None,
        Verdict::WriterMoved => Some(tool::adopt(run.name(), &run.to)),
        Verdict::ProbeMisconfigured
        | Verdict::PathImpaired
        | Verdict::ObserverIsolated
        | Verdict::WriterRestarting
        | Verdict::WriterSaturated => Some(tool::verdict(run.name(), &run.to)),
        Verdict::WriterDown
        | Verdict::WriterDownUnconfirmed
        | Verdict::RegionDown
        | Verdict::RegionDownUnwitnessed
        | Verdict::Draining
        | Verdict::Undetermined => Some(tool::failover(run.name(), &run.to)),
    }
}
