//! What a cut-over and a host made anew stand on: the last round's copies, and volumes that are loaded.

use failover::Error;
use jiff::SignedDuration;

use super::{
    Pass, Step,
    copies::{copy_of, failed},
    pairs::Pair,
    wait_for,
};
use crate::{hosts::Snapshot, verbs::Progress};

/// The copy of the last round, complete.
///
/// # Errors
/// `NotReady` where it is not.
pub(super) fn last_copy<'a>(pass: &Pass<'a>, pair: &Pair) -> Result<&'a Snapshot, Error> {
    let copy = pass
        .kept
        .last_round
        .and_then(|round| copy_of(pass, pair, round));
    if let Some(why) = copy.and_then(|copy| failed(pass, pair, copy)) {
        return Err(Error::NotReady(why));
    }
    copy.filter(|copy| copy.is_complete()).ok_or_else(|| {
        Error::NotReady(format!(
            "the last copy for {} of {} is not complete at home; let last_sync end first",
            pair.device,
            pass.name()
        ))
    })
}

/// Volumes that are not loaded yet, where the plan waits for that.
pub(super) fn loaded(pass: &Pass<'_>, volumes: &[&str]) -> Option<Step> {
    if !pass.wished.wait_until_read {
        return None;
    }
    let told: Vec<_> = volumes
        .iter()
        .map(|id| pass.seen.loading.iter().find(|told| told.volume == *id))
        .collect();
    let is_whole = |told: &Option<&crate::hosts::Loading>| told.is_some_and(|told| told.is_whole);
    if told.iter().all(is_whole) {
        return None;
    }
    let percents = told.iter().map(|told| match told {
        Some(told) if told.is_whole => 100,
        Some(told) => told.percent.unwrap_or_default(),
        None => 0,
    });
    let seconds = told.iter().flatten().filter_map(|told| told.seconds_left);
    let ends_at = seconds.max().and_then(|seconds| {
        let left = SignedDuration::from_secs(i64::try_from(seconds).ok()?);
        pass.on.now.checked_add(left).ok()
    });
    let progress = Progress {
        percent: percents.min(),
        ends_at,
        what: "loading of volumes".to_owned(),
        ..Progress::default()
    };
    let whole = told.iter().filter(|told| is_whole(told)).count();
    Some(wait_for(
        format!("{whole} of {} volumes are loaded", told.len()),
        progress,
    ))
}
