//! A workload's status for people: who serves, what runs, what is asked, a row for each resource and each Region.

use jiff::Timestamp;

use super::{InRegion, OfResource, Run, Status};
use crate::{
    table::columns,
    words::{ago, time},
    workloads::{
        figures::{bytes, progress},
        questions::answers,
    },
};

/// The lines of one workload.
pub(crate) fn table(status: &Status, now: Timestamp) -> String {
    let mut text = format!("{}: {}\n", status.plan, serves(status, now));
    if let (Some(home), Some(recovery)) = (&status.home_region, &status.recovery_region) {
        text += &format!("  workload:  home is {home}, its recovery Region {recovery}\n");
    }
    if let Some(change) = &status.change {
        text += &format!(
            "  change:    from {} to {}, epoch {}, begun {}\n",
            change.from,
            change.to,
            change.epoch,
            ago(change.written_at, now)
        );
    }
    text += &format!("  run:       {}\n", run(status.run.as_ref(), now));
    if let Some(question) = &status.question {
        text += &format!(
            "  question:  {} Answer until {}.\n{}",
            question.text,
            time(question.until),
            answers(&question.run_id, "    ")
        );
    }
    text += &format!("  last run:  {}\n", run(status.last_run.as_ref(), now));
    let rows: Vec<_> = status.resources.iter().map(resource).collect();
    let headings = [
        "RESOURCE", "KIND", "ORDER", "PHASE", "STATE", "PROGRESS", "SAYS",
    ];
    text += &columns(&headings, &rows);
    let rows: Vec<_> = status.regions.iter().map(region).collect();
    text += &columns(
        &["REGION", "SAYS SERVES", "EPOCH", "SWITCHES", "PLAN"],
        &rows,
    );
    let attention = status.attention.iter();
    text.extend(attention.map(|sentence| format!("  ! {sentence}\n")));
    text
}

fn serves(status: &Status, now: Timestamp) -> String {
    match &status.serves {
        None => "no ledger that answers says which Region serves".to_owned(),
        Some(serves) => format!(
            "{} serves, epoch {}, said {} by {}",
            serves.region,
            serves.epoch,
            ago(serves.since, now),
            serves.run_id
        ),
    }
}

fn run(run: Option<&Run>, now: Timestamp) -> String {
    let Some(run) = run else {
        return "none".to_owned();
    };
    let what = run.kind.replace('_', " ");
    let way = format!("{what} from {} to {}", run.from, run.to);
    if let (Some(outcome), Some(at)) = (&run.outcome, run.closed_at) {
        return format!("{way}, {outcome} {} (run {})", ago(at, now), run.run_id);
    }
    let phase = run
        .phase
        .map_or_else(|| "open".to_owned(), |phase| phase.to_string());
    let says = run.says.clone().unwrap_or_default();
    let window = run.not_before;
    let window = window.map_or_else(String::new, |at| {
        format!(", stops nothing before {}", time(at))
    });
    format!(
        "{way}, {phase}: {says}, begun {}{window} (run {})",
        ago(run.opened_at, now),
        run.run_id
    )
}

fn resource(resource: &OfResource) -> Vec<String> {
    let none = || "-".to_owned();
    let phase = resource.phase.map_or_else(none, |phase| phase.to_string());
    vec![
        resource.name.clone(),
        resource.kind.to_owned(),
        resource.order.to_string(),
        phase,
        resource.state.unwrap_or("-").to_owned(),
        how_far(resource),
        resource.says.clone(),
    ]
}

/// How far AWS is, or else what was moved.
fn how_far(resource: &OfResource) -> String {
    let said = resource.progress.as_ref().map(progress);
    let said = said.filter(|said| !said.is_empty());
    said.unwrap_or_else(|| match (resource.rounds, resource.moved_bytes) {
        (0, _) => "-".to_owned(),
        (rounds, 0) => format!("{rounds} round(s)"),
        (rounds, moved) => format!("{rounds} round(s), {}", bytes(moved)),
    })
}

fn region(region: &InRegion) -> Vec<String> {
    let unknown = || "?".to_owned();
    let switches = match &region.switches {
        None => "?",
        Some(switches) if switches.kill.is_some() => "kill",
        Some(switches) if switches.maintenance.is_some() => "maintenance",
        Some(_) => "off",
    };
    let serves = region.serves.as_ref().map(ToString::to_string);
    vec![
        region.region.to_string(),
        serves.unwrap_or_else(unknown),
        region.epoch.map_or_else(unknown, |epoch| epoch.to_string()),
        switches.to_owned(),
        region
            .revision
            .map_or_else(unknown, |revision| revision.to_string()),
    ]
}
