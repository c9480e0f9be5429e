//! Rounds of copies: a snapshot of what serves, copied home. A round's names are written down before its first call.

use std::collections::BTreeMap;

use failover::{
    Error,
    topology::{is_default_group, status::stuck},
};
use jiff::Timestamp;
use serde_json::json;

use super::{
    Pass, Step, kms_key, names,
    remembered::keep,
    waits::{self, itself_at_rest},
};
use crate::{
    databases::{Call, Found, Kind, Taken},
    verbs::Next,
};

/// One round while the business goes on.
///
/// # Errors
/// `NotReady` for what does not pass by itself.
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
    Ok(Next::Done {
        reason: format!(
            "round {round} is complete: snapshot {} is at home",
            pass.snapshot(round)
        ),
        keep: keep([("round_done", json!(true))]),
    })
}

/// The round after the business was suspended.
///
/// # Errors
/// `NotReady` for what does not pass by itself.
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
    // The copy is of a later time.
    let taken_at = pass.seen.source.as_ref().and_then(|source| source.taken_at);
    let taken_at = taken_at.or(pass.kept.last_taken_at);
    Ok(Next::Done {
        reason: format!(
            "the last snapshot {} is at home. {}",
            pass.snapshot(round),
            unobserved(pass, taken_at)
        ),
        keep: keep([("last_taken_at", json!(taken_at))]),
    })
}

/// What nobody looks at. RDS shows up to which time a database can be restored, which goes on whether anybody writes or not.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html>.
pub(super) fn unobserved(pass: &Pass<'_>, taken_at: Option<Timestamp>) -> String {
    let of = taken_at.map_or(String::new(), |at| format!(" of {at:.0}"));
    format!(
        "Whether anybody wrote after the snapshot{of} was not observed: nothing that RDS shows of {} tells that",
        pass.on.resource.recovery()
    )
}

/// What a round lacks; `None` where its copy is at home.
fn copied(pass: &Pass<'_>, round: u32) -> Result<Option<Step>, Error> {
    if let Some(copy) = &pass.seen.copy {
        if let Some(step) = waits::complete(pass, copy)? {
            return Ok(Some(step));
        }
        return Ok(outdated(pass, round));
    }
    let recovery = pass.seen.recovery.as_ref().ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "{} is not in {} any more; nothing can be copied home",
            pass.on.resource.recovery(),
            pass.on.plan.recovery_region
        ))
    })?;
    let Some(source) = &pass.seen.source else {
        return take(pass, recovery, round).map(Some);
    };
    if let Some(step) = waits::complete(pass, source)? {
        return Ok(Some(step));
    }
    if source.resource_id != recovery.shape.resource_id {
        return Err(Error::UnexpectedTopology(format!(
            "snapshot {} is of another {} than {} is now; start another run",
            source.identifier,
            pass.word(),
            recovery.shape.identifier
        )));
    }
    copy(pass, source).map(Some)
}

fn take(pass: &Pass<'_>, recovery: &Found, round: u32) -> Result<Step, Error> {
    let region = &pass.on.plan.recovery_region;
    if let Some(step) = itself_at_rest(pass, region, recovery)? {
        return Ok(step);
    }
    Ok(pass.at_recovery(Call::TakeSnapshot {
        kind: pass.kind,
        of: recovery.shape.identifier.clone(),
        snapshot: pass.snapshot(round),
        tags: pass.tags(recovery.shape.tags.clone()),
    }))
}

/// RDS encrypts the copy of an encrypted snapshot by a key of the Region that it comes to, and refuses to encrypt that of a cluster that is
/// not: the restored cluster is encrypted then.
fn copy(pass: &Pass<'_>, source: &Taken) -> Result<Step, Error> {
    let key = kms_key(pass.on.resource).cloned();
    if source.encrypted && key.is_none() {
        return Err(Error::NotReady(format!(
            "snapshot {} is encrypted and the plan has no kms_key for {}; name a key of {}",
            source.identifier,
            pass.on.resource.name(),
            pass.on.plan.home_region
        )));
    }
    let wanted = pass.kept.wanted(pass.on)?;
    let first = wanted.instances.first();
    let alone = first.and_then(|instance| instance.alone.as_ref());
    let options = alone.and_then(|alone| alone.option_group.clone());
    let takes_key = source.encrypted || pass.kind == Kind::Instance;
    Ok(pass.at_home(Call::CopySnapshot {
        kind: pass.kind,
        source_arn: source.arn.clone(),
        snapshot: source.identifier.clone(),
        kms_key: key.filter(|_| takes_key),
        option_group: options.filter(|group| !is_default_group(group)),
        tags: pass.tags(source.tags.clone()),
    }))
}

/// What the round before has left, now that this one is complete. An account has few snapshots of its own.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html>.
fn outdated(pass: &Pass<'_>, round: u32) -> Option<Step> {
    if round < 2 {
        return None;
    }
    let idle = |taken: &&Taken| {
        let at_rest = taken.is_available() || stuck(&taken.status).is_some();
        pass.took(taken) && at_rest
    };
    let drop = |taken: &Taken| Call::DropSnapshot {
        kind: pass.kind,
        snapshot: taken.identifier.clone(),
    };
    let source = pass.seen.earlier_source.as_ref().filter(idle);
    if let Some(source) = source {
        return Some(pass.at_recovery(drop(source)));
    }
    let copy = pass.seen.earlier_copy.as_ref().filter(idle)?;
    Some(pass.at_home(drop(copy)))
}

impl Pass<'_> {
    /// Tags with those by which this run knows its own.
    pub(super) fn tags(&self, mut tags: BTreeMap<String, String>) -> BTreeMap<String, String> {
        tags.insert(names::RUN_TAG.into(), self.kept.run.clone());
        tags.insert(names::EPOCH_TAG.into(), self.on.run.epoch.to_string());
        tags
    }
}
