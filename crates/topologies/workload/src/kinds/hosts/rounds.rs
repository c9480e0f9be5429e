//! Rounds of copies: snapshots of all volumes at one instant, each copied home. What is asked for without a token is looked up by its tags
//! before it is asked for again.

use failover::Error;
use serde_json::json;

use super::{
    Pass, Step,
    copies::{complete, copy_of, failed, progress, source_of},
    done_keeping, names,
    pairs::Pair,
    remembered::{asking, keep},
    wait, wait_for,
};
use crate::{
    hosts::{Call, Host, Snapshot},
    phase::Phase,
    verbs::{Next, Progress},
};

/// One round while the business goes on.
///
/// # Errors
/// `NotReady` for a snapshot or copy that failed, `UnexpectedTopology` for a host that is not what was paired.
pub(super) fn sync(pass: &Pass<'_>) -> Result<Step, Error> {
    let round = pass.kept.round;
    if round == 0 || pass.kept.round_done {
        let next = round + 1;
        return Ok(Next::Remember {
            reason: format!("round {next} of copies begins"),
            keep: keep([("round", json!(next)), ("round_done", json!(false))]),
        });
    }
    if let Some(step) = copied(pass, round)? {
        return Ok(step);
    }
    Ok(done_keeping(
        format!("round {round} is complete: {}", moved(pass, round)),
        keep([("round_done", json!(true))]),
    ))
}

/// The round after the host was stopped.
///
/// # Errors
/// `NotReady` while the host is not stopped; as [`sync`].
pub(super) fn last_sync(pass: &Pass<'_>) -> Result<Step, Error> {
    let Some(round) = pass.kept.last_round else {
        let next = pass.kept.round + 1;
        return Ok(Next::Remember {
            reason: format!("round {next} of copies is the last one"),
            keep: keep([("last_round", json!(next))]),
        });
    };
    if let Some(step) = copied(pass, round)? {
        return Ok(step);
    }
    Ok(done_keeping(
        format!("the last round {round} is complete: {}", moved(pass, round)),
        keep([("last_bytes", json!(pass.kept.to_move.bytes))]),
    ))
}

fn moved(pass: &Pass<'_>, round: u32) -> String {
    let bytes = pass.kept.to_move.bytes;
    match bytes.filter(|_| pass.kept.to_move.round == round) {
        Some(bytes) => format!("{bytes} bytes came home"),
        None => "nobody tells how many bytes came home".to_owned(),
    }
}

/// What a round lacks; `None` where all its copies are at home and those before are gone.
fn copied(pass: &Pass<'_>, round: u32) -> Result<Option<Step>, Error> {
    let pairs = pass.kept.paired(pass.on)?;
    let copies: Vec<_> = pairs
        .iter()
        .map(|pair| copy_of(pass, pair, round))
        .collect();
    if copies.iter().any(Option::is_none) {
        return missing(pass, pairs, round).map(Some);
    }
    for (pair, copy) in pairs.iter().zip(&copies) {
        if let Some(why) = copy.and_then(|copy| failed(pass, pair, copy)) {
            return Err(Error::NotReady(why));
        }
    }
    let copies: Vec<&Snapshot> = copies.into_iter().flatten().collect();
    let bytes = pass.kept.to_move.bytes;
    if !complete(&copies) {
        let progress = progress(&copies, bytes, pass.on.now, "copies");
        return Ok(Some(wait_for(
            format!("the copies of round {round} come home"),
            progress,
        )));
    }
    if let Some(step) = counted(pass, round) {
        return Ok(Some(step));
    }
    Ok(outdated(pass, round))
}

/// What a round has moved is noted once it is complete.
fn counted(pass: &Pass<'_>, round: u32) -> Option<Step> {
    let row = pass.on.row;
    let bytes = pass.kept.to_move.bytes?;
    if pass.on.phase != Phase::Sync || row.bytes.get(&(row.rounds + 1)) == Some(&bytes) {
        return None;
    }
    let progress = Progress {
        percent: Some(100),
        done_bytes: Some(bytes),
        total_bytes: Some(bytes),
        what: "copies".to_owned(),
        ..Progress::default()
    };
    Some(wait_for(
        format!("the copies of round {round} are at home"),
        progress,
    ))
}

/// What has to be asked for: the snapshots of the round, and then one copy after the other.
fn missing(pass: &Pass<'_>, pairs: &[Pair], round: u32) -> Result<Step, Error> {
    let sources: Vec<_> = pairs
        .iter()
        .map(|pair| source_of(pass, pair, round))
        .collect();
    if sources.iter().all(Option::is_none) {
        return take(pass, pairs, round);
    }
    let what = snapshots(round);
    let Some(sources) = sources.into_iter().collect::<Option<Vec<&Snapshot>>>() else {
        if pass.kept.may_come(&what, pass.on.now) {
            return Ok(wait(format!("{what} are not all shown yet")));
        }
        return Err(Error::UnexpectedTopology(format!(
            "{what} of {} are not of all volumes that were paired; start another run",
            pass.name()
        )));
    };
    for source in &sources {
        if source.has_failed() {
            return Err(Error::NotReady(format!(
                "snapshot {} of {} failed: {}; start another run",
                source.id,
                source.volume,
                source.message.as_deref().unwrap_or("EC2 does not say why")
            )));
        }
    }
    if !complete(&sources) {
        let progress = progress(&sources, None, pass.on.now, "snapshots");
        return Ok(wait_for(format!("{what} are being completed"), progress));
    }
    if let Some(step) = measured(pass, round) {
        return Ok(step);
    }
    copy(pass, pairs, &sources, round)
}

/// What the round has to move is kept before its first copy.
fn measured(pass: &Pass<'_>, round: u32) -> Option<Step> {
    if pass.kept.to_move.round == round {
        return None;
    }
    let bytes = pass.seen.to_move?;
    Some(Next::Remember {
        reason: match bytes {
            Some(bytes) => format!("round {round} has {bytes} bytes to move"),
            None => format!("nobody tells how many bytes round {round} has to move"),
        },
        keep: keep([("to_move", json!({"round": round, "bytes": bytes}))]),
    })
}

fn copy(pass: &Pass<'_>, pairs: &[Pair], sources: &[&Snapshot], round: u32) -> Result<Step, Error> {
    let mut both = pairs.iter().zip(sources);
    let next = both.find(|(pair, _)| copy_of(pass, pair, round).is_none());
    let Some((pair, source)) = next else {
        return Err(Error::UnexpectedTopology(format!(
            "the copies of round {round} of {} were there and are not any more",
            pass.name()
        )));
    };
    let mut tags = pass.tags(&names::round(round));
    tags.insert(names::DEVICE_TAG.to_owned(), pair.device.clone());
    tags.insert(names::SOURCE_TAG.to_owned(), source.id.clone());
    let call = Call::CopySnapshot {
        from: pass.on.plan.recovery_region.clone(),
        snapshot: source.id.clone(),
        kms_key: pair.kms_key.clone(),
        tags,
    };
    Ok(pass.asking(&format!("the copy of {}", source.id), call))
}

fn snapshots(round: u32) -> String {
    format!("the snapshots of round {round}")
}

/// Takes the snapshots, where the host is what was paired.
fn take(pass: &Pass<'_>, pairs: &[Pair], round: u32) -> Result<Step, Error> {
    let recovery = unchanged(pass, pairs)?;
    if pass.on.phase == Phase::LastSync && !recovery.is_stopped() {
        return Err(Error::NotReady(format!(
            "{} is {} and would write on; let suspend stop it first",
            recovery.id, recovery.state
        )));
    }
    let what = snapshots(round);
    if pass.kept.may_come(&what, pass.on.now) {
        return Ok(wait(format!("{what} were asked for and are not shown yet")));
    }
    if pass.kept.too_soon(pass.on.now) {
        return Ok(wait(format!("{what} come 15 s after those before")));
    }
    let is_paired = |volume: &String| pairs.iter().any(|pair| pair.recovery_volume == *volume);
    let others = recovery.devices.iter().filter(|device| {
        let is_root = device.name == recovery.root_device;
        !is_root && !is_paired(&device.volume)
    });
    let call = Call::TakeSnapshots {
        host: recovery.id.clone(),
        without_root: !pairs.iter().any(|pair| pair.is_root),
        without: others.map(|device| device.volume.clone()).collect(),
        tags: pass.tags(&names::round(round)),
    };
    let mut keep = asking(&what, pass.on.now);
    keep.insert("cut_at".to_owned(), json!(pass.on.now));
    Ok(pass.keeping(keep, &pass.on.plan.recovery_region, call))
}

/// The recovery host, with the volumes that were paired and no others.
fn unchanged<'a>(pass: &'a Pass<'_>, pairs: &[Pair]) -> Result<&'a Host, Error> {
    let (id, region) = (&pass.wished.recovery, &pass.on.plan.recovery_region);
    let found = pass.seen.recovery.as_ref().filter(|host| !host.is_gone());
    let recovery = found.ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "{id} is not in {region} any more; nothing can be copied home"
        ))
    })?;
    let is_there = |volume: &str| recovery.devices.iter().any(|at| at.volume == volume);
    for pair in pairs {
        if !is_there(&pair.recovery_volume) {
            return Err(Error::UnexpectedTopology(format!(
                "{} was paired and is not at {id} any more; start another run",
                pair.recovery_volume
            )));
        }
    }
    let was = pass.kept.recovery(pass.on)?;
    let is_known = |volume: &str| was.devices.iter().any(|at| at.volume == volume);
    for device in &recovery.devices {
        if !is_known(&device.volume) {
            return Err(Error::UnexpectedTopology(format!(
                "{} at {} of {id} came after the pairing and would stay away; start another run",
                device.volume, device.name
            )));
        }
    }
    Ok(recovery)
}

/// What earlier rounds have left, now that this one is complete: the copies of all rounds have one key, and the latest of them stays.
/// Source: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html>.
fn outdated(pass: &Pass<'_>, round: u32) -> Option<Step> {
    let is_earlier = |snapshot: &&Snapshot| {
        let earlier = (1..round).map(names::round);
        let mut roles = earlier.filter(|role| pass.made_for(&snapshot.tags, role));
        roles.next().is_some() && snapshot.state != "pending"
    };
    let drop = |snapshot: &Snapshot| Call::DropSnapshot {
        snapshot: snapshot.id.clone(),
    };
    if let Some(copy) = pass.seen.copies.iter().find(is_earlier) {
        return Some(pass.at_home(drop(copy)));
    }
    let source = pass.seen.sources.iter().find(is_earlier)?;
    Some(pass.at_recovery(drop(source)))
}
