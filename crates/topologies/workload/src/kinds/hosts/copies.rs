//! Snapshots of rounds: which is whose, how far they are, and what is said of those that failed.

use jiff::{SignedDuration, Timestamp};

use super::{Pass, Seen, names, pairs::Pair};
use crate::{hosts::Snapshot, verbs::Progress};

/// The snapshot of a volume in a round. Of two the one that was begun first counts.
pub(super) fn source_of<'a>(pass: &Pass<'a>, pair: &Pair, round: u32) -> Option<&'a Snapshot> {
    let role = names::round(round);
    let all = pass.seen.sources.iter();
    all.filter(|source| pass.made_for(&source.tags, &role))
        .filter(|source| source.volume == pair.recovery_volume)
        .min_by_key(|source| (source.began_at, &source.id))
}

/// Its copy at home. Of two the one that was begun first counts.
pub(super) fn copy_of<'a>(pass: &Pass<'a>, pair: &Pair, round: u32) -> Option<&'a Snapshot> {
    let role = names::round(round);
    let all = pass.seen.copies.iter();
    all.filter(|copy| pass.made_for(&copy.tags, &role))
        .filter(|copy| copy.tags.get(names::DEVICE_TAG) == Some(&pair.device))
        .min_by_key(|copy| (copy.began_at, &copy.id))
}

/// The snapshot that a copy by that key will be the difference to: what the newest copy at home of the same volume was made of.
pub(super) fn base_of<'a>(seen: &'a Seen, pair: &Pair, than: &str) -> Option<&'a Snapshot> {
    let origin = |copy: &Snapshot| {
        let id = copy.tags.get(names::SOURCE_TAG)?;
        seen.sources.iter().find(|source| source.id == *id)
    };
    let all = seen.copies.iter().filter(|copy| copy.is_complete());
    let of_volume = all.filter_map(|copy| Some((copy, origin(copy)?)));
    of_volume
        .filter(|(copy, source)| {
            let key = copy.kms_key.as_deref();
            let is_same = key == pair.kms_key.as_deref();
            source.volume == pair.recovery_volume && source.id != than && is_same
        })
        .max_by_key(|(copy, _)| copy.began_at)
        .map(|(_, source)| source)
}

/// What is said of a copy that failed: EC2 tells it in the snapshot's state alone.
pub(super) fn failed(pass: &Pass<'_>, pair: &Pair, copy: &Snapshot) -> Option<String> {
    if !copy.has_failed() {
        return None;
    }
    let said = copy.message.as_deref().unwrap_or("EC2 does not say why");
    let key = pair.kms_key.as_deref().unwrap_or("the key of its source");
    Some(format!(
        "copy {} for {} of {} failed: {said}; let the function's role use {key} in {} and the key of {} in {}, and start another run",
        copy.id,
        pair.device,
        pass.name(),
        pass.on.plan.home_region,
        pair.recovery_volume,
        pass.on.plan.recovery_region
    ))
}

/// Whether all are complete.
pub(super) fn complete(all: &[&Snapshot]) -> bool {
    all.iter().all(|one| one.is_complete())
}

/// How far they are together, at what rate and until when.
pub(super) fn progress(
    all: &[&Snapshot],
    total: Option<u64>,
    now: Timestamp,
    what: &str,
) -> Progress {
    let sizes: u64 = all.iter().map(|one| one.size_gib.max(1)).sum();
    let done = |one: &&Snapshot| {
        let percent = match one.is_complete() {
            true => 100,
            false => one.percent.unwrap_or_default(),
        };
        one.size_gib.max(1) * u64::from(percent)
    };
    let percent = all.iter().map(done).sum::<u64>() / sizes.max(1);
    let done_bytes = total.map(|total| total / 100 * percent);
    let began = all.iter().filter_map(|one| one.began_at).min();
    let seconds = began.map(|began| now.duration_since(began).as_secs());
    let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
    let rate = done_bytes.zip(seconds);
    let rate = rate.and_then(|(bytes, seconds)| bytes.checked_div(seconds));
    let rate = rate.filter(|rate| *rate > 0);
    let left = total.zip(done_bytes).zip(rate);
    let ends_at = left.and_then(|((total, done), rate)| {
        let left = i64::try_from(total.saturating_sub(done) / rate).ok()?;
        now.checked_add(SignedDuration::from_secs(left)).ok()
    });
    Progress {
        percent: u8::try_from(percent).ok(),
        done_bytes,
        total_bytes: total,
        bytes_per_second: rate,
        ends_at,
        what: what.to_owned(),
    }
}
