//! What a pass says, and what people are told.

use failover::{domain::Region, ledger::Run, notify::Message, pass::Pass};

use super::{Action, BackupKind, GIVE_BACK, Observed, STEP, STOP};
use crate::members::stops::Stands;

pub(super) fn reason(pass: &Pass, observed: &Observed, action: &Action) -> String {
    let (left, target) = (super::written::left(&pass.run), &observed.target.identifier);
    match action {
        Action::Done(why) | Action::Wait(why) | Action::GiveBack(why) => why.clone(),
        Action::Write => format!(
            "{left} {} stopped, and {target} promoted once it holds everything{}{}",
            pass.says("is about to be", "would be"),
            first(pass, observed),
            newest_backup(pass, observed)
        ),
        Action::Stop => format!(
            "{} the applications of {left}",
            pass.says("stopping", "would stop")
        ),
        Action::Open if observed.services.is_empty() => {
            format!("{left} bears the mark of a stop that is withdrawn")
        }
        Action::Open => format!("a stop of {left} is withdrawn, and is not given back whole yet"),
    }
}

/// Which services are brought to none before the writer is stopped.
fn first(pass: &Pass, observed: &Observed) -> String {
    if observed.services.is_empty() {
        return String::new();
    }
    format!(
        ". Brought to none in {} before: {}",
        pass.run.from,
        observed.services.join(", ")
    )
}

/// Which services do not have again what they had.
pub(super) fn lacking(observed: &Observed, region: &Region) -> String {
    if observed.services.is_empty() {
        return String::new();
    }
    format!(
        "; in {region} these do not have again what they had: {}. The schedule there goes on giving it back every minute, and names the \
         command that does it where it cannot",
        observed.services.join(", ")
    )
}

/// Why a writer that was asked to stop bears no mark, as far as anybody said.
pub(super) fn unmarked(run: &Run, writer: &Stands) -> String {
    let mut latest_first = run.timeline.iter().rev();
    let asked = latest_first.find(|entry| entry.step == STEP && entry.action == STOP);
    let said = match asked {
        Some(entry) if writer.said.is_empty() => &entry.reason,
        Some(_) | None => &writer.said,
    };
    format!("the writer does not bear the mark of the stop: {said}")
}

/// What a dry run tells of the backups that outlive the writer's Region, where there are any.
fn newest_backup(pass: &Pass, observed: &Observed) -> String {
    let newest = observed.newest_backup.as_ref();
    let newest = newest.filter(|_| pass.dry_run).map(|newest| {
        let what = match newest.kind {
            BackupKind::Automated => "",
            BackupKind::Export => "an exported snapshot, ",
        };
        format!(
            ". The newest backup outside {} is {what}{:.0} s old, in {}",
            pass.run.from, newest.seconds, newest.region
        )
    });
    newest.unwrap_or_default()
}

/// What the replica lacks.
pub(super) fn behind(observed: &Observed) -> String {
    let said = |position: Option<i64>| {
        position.map_or_else(|| "an unknown position".to_owned(), |at| at.to_string())
    };
    format!(
        "the writer is stopped at {}, and {} has replayed {}",
        said(observed.position),
        observed.target.identifier,
        said(observed.replayed)
    )
}

/// Why a stop that stood too long is given back.
pub(super) fn late(pass: &Pass, observed: &Observed) -> String {
    let writer = observed.writer.as_ref();
    let why = match writer {
        Some(_) if observed.position.is_some() => behind(observed),
        Some(writer) if !writer.open.is_empty() => writer.open.join("; "),
        Some(_) | None => "the writer was not seen to be stopped".to_owned(),
    };
    let most = pass.run.plan.topology.stop_seconds();
    format!("the stop stood for {most:.0} s, and no longer is allowed: {why}")
}

/// Why the run gave its stop back, as its record has it.
pub(super) fn given_back(run: &Run) -> String {
    let mut latest_first = run.timeline.iter().rev();
    let given = latest_first.find(|entry| entry.step == STEP && entry.action == GIVE_BACK);
    given.map_or_else(
        || "the ledger of the Region of the writer bears it no more".to_owned(),
        |entry| entry.reason.clone(),
    )
}

/// The message before the stop.
pub(super) fn stops(pass: &Pass, observed: &Observed) -> Message {
    let run = &pass.run;
    Message {
        what: format!(
            "{} takes over from {} as planned",
            observed.target.identifier, run.from
        ),
        evidence: [
            format!(
                "Every check of readiness held. No acknowledged row is lost{}.",
                first(pass, observed)
            ),
            observed.warnings.join(". "),
        ]
        .join(" ")
        .trim_end()
        .to_owned(),
        execution: run.execution.clone(),
        next: format!(
            "Nothing. Writes stop until {} is promoted, which takes minutes. This run tells you its end.",
            observed.target.identifier
        ),
        ..Message::default()
    }
}
