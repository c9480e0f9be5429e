//! How each member does, as the probes last saw it. What nobody saw lately is unknown.

use failover::{
    beat::Vantage,
    domain::Region,
    ledger::{PlanState, Rows},
};
use jiff::{SignedDuration, Timestamp};

use super::{MemberState, Role};
use crate::{
    attention::{self, PROBE_SILENT},
    survey::Survey,
};

/// What a member is, by the ledgers.
pub(super) fn role(survey: &Survey, rows: &Rows, region: &Region) -> Role {
    let Some(current) = rows.current() else {
        return Role::Unknown;
    };
    if current.writer == *region {
        return Role::Writer;
    }
    let row = rows.0.get(region);
    let deposed = row.filter(|row| {
        let epoch = attention::is_deposed(Some(current), region, row);
        epoch.is_some_and(|epoch| !attention::is_rebuilt(survey, row, epoch))
    });
    match deposed {
        Some(_) => Role::Deposed,
        None => Role::Standby,
    }
}

/// How a member does.
pub(super) fn state(
    survey: &Survey,
    region: &Region,
    (role, fenced_at): (Role, Option<Timestamp>),
    now: Timestamp,
) -> MemberState {
    match role {
        Role::Writer => writes(survey, region, now),
        Role::Standby => fresh(survey, region, now).map_or(MemberState::Unknown, follows),
        Role::Deposed if fenced_at.is_some() => MemberState::Fenced,
        Role::Deposed => MemberState::Open,
        Role::Unknown => MemberState::Unknown,
    }
}

/// How far a standby was behind when its probe last looked and the writer committed, in seconds.
pub(super) fn lag_seconds(
    survey: &Survey,
    region: &Region,
    role: Role,
    now: Timestamp,
) -> Option<f64> {
    let vantage = fresh(survey, region, now).filter(|_| role == Role::Standby)?;
    let ms = vantage
        .signs
        .lag_ms
        .filter(|_| vantage.write.is_committed())?;
    let ms = u32::try_from(ms).ok()?;
    Some(f64::from(ms) / 1_000.0)
}

/// When the member of a Region was fenced under the current epoch.
pub(super) fn fenced_at(rows: &Rows, row: &PlanState) -> Option<Timestamp> {
    let epoch = rows.current().map(|current| current.epoch);
    row.fence_under(epoch.unwrap_or_default())
}

/// What the probe of a Region saw, where that is not long ago.
fn fresh<'a>(survey: &'a Survey, region: &Region, now: Timestamp) -> Option<&'a Vantage> {
    let books = survey.regions.get(region)?.books.as_ref().ok()?;
    let vantage = books.vantage.as_ref()?;
    is_lately(vantage.at, now).then_some(vantage)
}

fn is_lately(then: Timestamp, now: Timestamp) -> bool {
    now.duration_since(then) <= PROBE_SILENT
}

/// Whether any Region's probe commits on the writer.
fn writes(survey: &Survey, writer: &Region, now: Timestamp) -> MemberState {
    let looks = survey.regions.keys();
    let looks = looks.filter_map(|region| fresh(survey, region, now));
    let looks: Vec<_> = looks
        .filter(|vantage| vantage.writer_region == *writer)
        .collect();
    match looks.iter().any(|vantage| vantage.write.is_committed()) {
        true => MemberState::TakesWrites,
        false if looks.is_empty() => MemberState::Unknown,
        false => MemberState::TakesNoWrites,
    }
}

/// Whether anything arrived at the reader that the probe beside it looks at.
fn follows(vantage: &Vantage) -> MemberState {
    let lately = |at: Option<Timestamp>| {
        at.is_some_and(|at| vantage.at.duration_since(at) <= SignedDuration::from_mins(1))
    };
    match (lately(vantage.moved_at), lately(vantage.signs.read_at)) {
        (true, _) => MemberState::Follows,
        (false, true) => MemberState::StandsStill,
        (false, false) => MemberState::Unknown,
    }
}
