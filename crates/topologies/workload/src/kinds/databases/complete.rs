//! Making a restored database whole: its roles, its instances, its endpoints, and the settings that a restore is not given.

use failover::{
    Error,
    domain::seconds_between,
    topology::{InstanceShape, Shape, differences, status::stays},
};
use serde_json::json;

use super::{
    Pass, Step,
    remembered::{keep, unmarked},
    wait,
    waits::{at_rest, itself_at_rest},
};
use crate::databases::{Call, Found, Kind};

/// How often settings are given by a call of their own. What RDS does not take is told by verify.
const COMPLETIONS_MAX: u32 = 3;
/// For so long RDS may show what was before a call, in seconds.
const OLD_ANSWER_SECONDS: f64 = 60.0;

/// What a call of its own gives a cluster.
const OF_CLUSTER: [&str; 14] = [
    "auto_minor_version_upgrade",
    "backup_retention_days",
    "backup_window",
    "copy_tags_to_snapshot",
    "deletion_protection",
    "http_endpoint",
    "iam_authentication",
    "insights_mode",
    "local_write_forwarding",
    "log_exports",
    "maintenance_window",
    "monitoring",
    "parameter_group",
    "scaling",
];

/// What a call of its own gives an instance.
const OF_INSTANCE: [&str; 14] = [
    "alone.multi_az",
    "alone.storage_gib_max",
    "auto_minor_version_upgrade",
    "backup_retention_days",
    "backup_window",
    "copy_tags_to_snapshot",
    "deletion_protection",
    "iam_authentication",
    "insights_mode",
    "log_exports",
    "maintenance_window",
    "monitoring",
    "parameter_group",
    "publicly_accessible",
];

/// What a database needs yet of its parts and its settings; `None` where it has them.
///
/// # Errors
/// `NotReady` for a status that stays.
pub(super) fn whole(pass: &Pass<'_>, found: &Found, like: &Shape) -> Result<Option<Step>, Error> {
    match parts(pass, found, like)? {
        Some(step) => Ok(Some(step)),
        None => Ok(settings(pass, found, like)),
    }
}

/// What a database needs yet of its parts; `None` where all are there and at rest.
///
/// # Errors
/// `NotReady` for a status that stays.
pub(super) fn parts(pass: &Pass<'_>, found: &Found, like: &Shape) -> Result<Option<Step>, Error> {
    let region = &pass.on.plan.home_region;
    if let Some(step) = itself_at_rest(pass, region, found)? {
        return Ok(Some(step));
    }
    // A role comes before the instances that may need it.
    if let Some(role) = found.shape.missing_role(like) {
        return Ok(Some(pass.at_home(Call::AddRole {
            kind: pass.kind,
            to: like.identifier.clone(),
            role: role.clone(),
        })));
    }
    if let Some(instance) = first_missing(&found.shape, like) {
        let mut instance = instance.clone();
        instance.tags = pass.tags(instance.tags);
        return Ok(Some(pass.at_home(Call::CreateInstance {
            cluster: like.identifier.clone(),
            engine: pass.kept.engine.clone(),
            like: Box::new(instance),
        })));
    }
    if let Some(step) = at_rest(pass, found)? {
        return Ok(Some(step));
    }
    // An endpoint names instances: they are there.
    if let Some(endpoint) = found.shape.missing_endpoint(like) {
        return Ok(Some(pass.at_home(Call::CreateEndpoint {
            cluster: like.identifier.clone(),
            like: endpoint.clone(),
        })));
    }
    arriving(pass, found)
}

/// The first that is made becomes the writer: it is the one that would be the next.
fn first_missing<'a>(shape: &Shape, like: &'a Shape) -> Option<&'a InstanceShape> {
    let has = |wanted: &&InstanceShape| {
        let mut all = shape.instances.iter();
        all.any(|one| one.identifier == wanted.identifier)
    };
    let missing = like.instances.iter().filter(|wanted| !has(wanted));
    missing.min_by_key(|one| (one.promotion_tier, one.identifier.as_str()))
}

fn arriving(pass: &Pass<'_>, found: &Found) -> Result<Option<Step>, Error> {
    let mut endpoints = found.shape.endpoints.iter();
    if let Some(busy) = endpoints.find(|endpoint| !endpoint.is_there()) {
        let (name, status) = (&busy.identifier, &busy.status);
        return match stays("endpoint", name, status, &pass.on.plan.home_region) {
            Some(why) => Err(Error::NotReady(why)),
            None => Ok(Some(wait(format!("endpoint {name} is {status}")))),
        };
    }
    let mut roles = found.shape.roles.iter();
    let pending = roles.find(|role| role.status == "PENDING");
    Ok(pending.map(|role| wait(format!("role {} is being associated", role.arn))))
}

/// What it is given by a call of its own; `None` where it lacks nothing of that, or it was tried often enough.
fn settings(pass: &Pass<'_>, found: &Found, like: &Shape) -> Option<Step> {
    let lacking = lacking(pass.kind, &found.shape, like);
    if lacking.is_empty() || pass.kept.completions >= COMPLETIONS_MAX {
        return None;
    }
    let (now, name) = (pass.on.now, &like.identifier);
    let is_old = |at| seconds_between(at, now) < OLD_ANSWER_SECONDS;
    if pass.kept.completed_at.is_some_and(is_old) {
        return Some(wait(format!(
            "{name} was given its settings less than a minute ago; RDS does not show yet: {}",
            lacking.join(", ")
        )));
    }
    let keep = keep([
        ("completions", json!(pass.kept.completions + 1)),
        ("completed_at", json!(now)),
    ]);
    let call = Call::Complete {
        kind: pass.kind,
        like: Box::new(like.clone()),
    };
    Some(pass.keeping(keep, pass.on.plan.home_region.clone(), call))
}

/// In what a database is less protected than what stood there, in words; RDS takes no days for a cluster without backups.
pub(super) fn less_protected(found: &Shape, wanted: &Shape) -> Vec<String> {
    let mut less = Vec::new();
    let days = |shape: &Shape| shape.backup_retention_days.unwrap_or_default();
    let (has, had) = (days(found), days(wanted));
    if has < had {
        less.push(format!("keeps backups for {has} days and not for {had}"));
    }
    if wanted.deletion_protection && !found.deletion_protection {
        less.push("has no deletion protection".to_owned());
    }
    less
}

/// What of the settings is not as it was and can be given.
fn lacking(kind: Kind, shape: &Shape, like: &Shape) -> Vec<String> {
    let mut found = differences(&unmarked(like), &unmarked(shape));
    let (prefix, all) = match kind {
        Kind::Instance => (format!("instances.{}.", like.identifier), OF_INSTANCE),
        Kind::Cluster => (String::new(), OF_CLUSTER),
    };
    let is_given = |path: &str| {
        let path = path.strip_prefix(&prefix).unwrap_or(path);
        all.iter().any(|given| {
            let rest = path.strip_prefix(given);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    };
    found.retain(|path| is_given(path));
    found
}
