//! A plan's status for people: who writes, what runs, a row per Region, what needs attention.

use failover::{ledger::Endpoints, plan::Mode};
use jiff::Timestamp;

use super::{LastRun, MemberState, Modes, RegionStatus, Role, Status, UnderWay, Writer};
use crate::{
    table::columns,
    words::{ago, duration, kind, time},
};

/// The lines of one plan.
pub(super) fn table(status: &Status, now: Timestamp) -> String {
    let mut text = format!("{}: {}\n", status.plan, writer(status, now));
    text += &format!("  protected: {}\n", protected(status));
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
    let rows: Vec<_> = status.regions.iter().map(member).collect();
    let headings = [
        "REGION",
        "MEMBER",
        "ROLE",
        "STATUS",
        "LAG",
        "LAST BEAT",
        "EPOCH",
    ];
    text += &columns(&headings, &rows);
    let rows: Vec<_> = status.regions.iter().map(deployed).collect();
    let headings = ["REGION", "SWITCHES", "PLAN", "VERSION", "ENDPOINT"];
    text += &columns(&headings, &rows);
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

/// Whether an outage would be met, and how.
fn protected(status: &Status) -> String {
    let modes = status.modes.map_or_else(String::new, |modes| {
        let Modes {
            region_down,
            writer_down,
        } = modes;
        format!(
            " (region_down is {}, writer_down {})",
            mode(region_down),
            mode(writer_down)
        )
    });
    let word = match (status.protected, status.modes) {
        (None, _) => "nobody can tell",
        (Some(false), _) => "no, for what is marked with !",
        (Some(true), Some(modes)) if modes.only_observe() => "by people alone",
        (Some(true), _) => "yes",
    };
    format!("{word}{modes}")
}

impl Modes {
    fn only_observe(self) -> bool {
        [self.region_down, self.writer_down] == [Mode::Observe; 2]
    }
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Automatic => "automatic",
        Mode::Approval => "approval",
        Mode::Observe => "observe",
    }
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
    let started = run.started_by.as_ref();
    let started = started.map_or_else(String::new, |by| format!(", started by {by}"));
    format!("{what}, {progress}, {lease} (run {}{started})", run.run_id)
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

/// A member as the ledgers and the probes have it.
fn member(region: &RegionStatus) -> Vec<String> {
    let epoch = region.epoch.map_or_else(unknown, |epoch| epoch.to_string());
    let lag = match (region.role, region.lag_seconds) {
        (Role::Writer | Role::Deposed, _) => "-".to_owned(),
        (Role::Standby | Role::Unknown, seconds) => {
            seconds.map_or_else(unknown, |seconds| format!("{seconds:.1} s"))
        }
    };
    vec![
        region.region.to_string(),
        region.cluster.clone().unwrap_or_else(unknown),
        role(region.role).to_owned(),
        state(region.state).to_owned(),
        lag,
        beat(region),
        epoch,
    ]
}

/// What lies in its Region, and where it is reached.
fn deployed(region: &RegionStatus) -> Vec<String> {
    let revision = region.revision.map(|revision| revision.to_string());
    let probe = region.probe.as_ref();
    let version = probe.and_then(|probe| probe.version.clone());
    let endpoint = region.endpoints.as_ref().map(|endpoints| {
        let Endpoints {
            writer,
            reader,
            port,
        } = endpoints;
        let host = match region.role {
            Role::Standby => reader,
            Role::Writer | Role::Deposed | Role::Unknown => writer,
        };
        format!("{host}:{port}")
    });
    vec![
        region.region.to_string(),
        switches(region).to_owned(),
        revision.unwrap_or_else(unknown),
        version.unwrap_or_else(unknown),
        endpoint.unwrap_or_else(unknown),
    ]
}

fn unknown() -> String {
    "?".to_owned()
}

fn beat(region: &RegionStatus) -> String {
    let beat = region.probe.as_ref().map(|probe| {
        let last = probe.last_beat_seconds_ago;
        last.map_or("never".to_owned(), |seconds| {
            format!("{} ago", duration(seconds))
        })
    });
    match (beat, region.answers) {
        (Some(beat), _) => beat,
        (None, true) => "never".to_owned(),
        (None, false) => unknown(),
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Writer => "writer",
        Role::Standby => "standby",
        Role::Deposed => "deposed",
        Role::Unknown => "?",
    }
}

const fn state(state: MemberState) -> &'static str {
    match state {
        MemberState::TakesWrites => "takes writes",
        MemberState::TakesNoWrites => "no writes",
        MemberState::Follows => "follows",
        MemberState::StandsStill => "stands still",
        MemberState::Fenced => "fenced",
        MemberState::Open => "open",
        MemberState::Unknown => "?",
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
