//! A plan's status for people: who writes, what runs, a row per Region, what needs attention.

use jiff::Timestamp;

use super::{LastRun, RegionStatus, Role, Status, UnderWay, Writer};
use crate::{
    table::columns,
    words::{ago, duration, kind, time},
};

/// The lines of one plan.
pub(super) fn table(status: &Status, now: Timestamp) -> String {
    let mut text = format!("{}: {}\n", status.plan, writer(status, now));
    if let Some(intent) = &status.intent {
        text += &format!(
            "  change:    from {} to {}, epoch {}, begun {}\n",
            intent.from,
            intent.to,
            intent.epoch,
            ago(intent.written_at, now)
        );
    }
    text += &format!("  run:       {}\n", run(status.run.as_ref(), now));
    text += &format!("  last run:  {}\n", last_run(status.last_run.as_ref(), now));
    let rows: Vec<_> = status.regions.iter().map(row).collect();
    text += &columns(
        &[
            "REGION",
            "MEMBER",
            "ROLE",
            "EPOCH",
            "LAST BEAT",
            "SWITCHES",
            "PLAN",
            "VERSION",
        ],
        &rows,
    );
    let attention = status.attention.iter();
    text.extend(attention.map(|sentence| format!("  ! {sentence}\n")));
    text
}

fn writer(status: &Status, now: Timestamp) -> String {
    let Some(Writer {
        region,
        epoch,
        proven_at,
        run_id,
        ..
    }) = &status.writer
    else {
        return "no ledger that answers names a writer".to_owned();
    };
    format!(
        "the writer is in {region}, epoch {epoch}, proven {} by {run_id}",
        ago(*proven_at, now)
    )
}

fn run(run: Option<&UnderWay>, now: Timestamp) -> String {
    let Some(run) = run else {
        return "none".to_owned();
    };
    let what = format!("{} from {} to {}", kind(run.kind), run.from, run.to);
    let progress = match (&run.step, &run.action, run.step_at) {
        (Some(step), Some(action), Some(at)) => format!("{step}: {action}, {}", ago(at, now)),
        _ => "it has done nothing yet".to_owned(),
    };
    let lease = match (run.has_died, run.waits_for_human) {
        (true, _) => format!("its lease ended {}", ago(run.lease_until, now)),
        (false, true) => "it waits for a human's answer".to_owned(),
        (false, false) => format!("its lease holds until {}", time(run.lease_until)),
    };
    format!("{what}, {progress}, {lease} (run {})", run.run_id)
}

fn last_run(run: Option<&LastRun>, now: Timestamp) -> String {
    let Some(run) = run else {
        return "none".to_owned();
    };
    let seconds = |name: &str, seconds: Option<f64>| {
        seconds.map_or_else(String::new, |seconds| format!(", {name} {seconds:.1} s"))
    };
    format!(
        "{} from {} to {}, {} {}{}{} (run {})",
        kind(run.kind),
        run.from,
        run.to,
        run.outcome.replace('_', " "),
        ago(run.closed_at, now),
        seconds("RTO", run.rto_seconds),
        seconds("RPO", run.rpo_seconds),
        run.run_id
    )
}

fn row(region: &RegionStatus) -> Vec<String> {
    let unknown = || "?".to_owned();
    let epoch = region.epoch.map_or_else(unknown, |epoch| epoch.to_string());
    let beat = region.probe.as_ref().map(|probe| {
        let last = probe.last_beat_seconds_ago;
        last.map_or("never".to_owned(), |seconds| {
            format!("{} ago", duration(seconds))
        })
    });
    let beat = match (beat, region.answers) {
        (Some(beat), _) => beat,
        (None, true) => "never".to_owned(),
        (None, false) => unknown(),
    };
    let revision = region.revision.map(|revision| revision.to_string());
    let probe = region.probe.as_ref();
    let version = probe.and_then(|probe| probe.version.clone());
    vec![
        region.region.to_string(),
        region.cluster.clone().unwrap_or_else(unknown),
        role(region).to_owned(),
        epoch,
        beat,
        switches(region).to_owned(),
        revision.unwrap_or_else(unknown),
        version.unwrap_or_else(unknown),
    ]
}

const fn role(region: &RegionStatus) -> &'static str {
    match (region.role, region.fenced_at) {
        (Role::Writer, _) => "writer",
        (Role::Standby, _) => "standby",
        (Role::Deposed, Some(_)) => "deposed, fenced",
        (Role::Deposed, None) => "deposed, open",
        (Role::Unknown, _) => "?",
    }
}

fn switches(region: &RegionStatus) -> &'static str {
    match &region.switches {
        None => "?",
        Some(switches) if switches.kill.is_some() => "kill",
        Some(switches) if switches.maintenance.is_some() => "maintenance",
        Some(_) => "off",
    }
}
