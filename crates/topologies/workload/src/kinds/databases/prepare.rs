//! Pairs home and recovery, and lists everything against it before anything is touched.

use failover::{
    Error,
    topology::{
        Shape,
        names::with_suffix,
        status::{is_at_rest, stuck},
    },
};
use serde_json::json;

use super::{
    Pass, Seen, Step,
    admitted::{crowded, untagged},
    alone, global_cluster, isolated, kms_key, names,
    remembered::{keep, kept_shape, unmarked},
};
use crate::{
    databases::{Found, Kind},
    run,
    verbs::{Next, On},
};

/// Notes both sides, where nothing is against it.
///
/// # Errors
/// `NotReady` with every reason against it.
pub(super) fn decide(pass: &Pass<'_>) -> Result<Step, Error> {
    let against = reasons(pass.kind, pass.on, pass.seen);
    if !against.is_empty() {
        return Err(Error::NotReady(against.join(". ")));
    }
    let Some(recovery) = &pass.seen.recovery else {
        return Err(Error::NotReady(missing_recovery(pass.kind, pass.on)));
    };
    let (home, gone) = match &pass.seen.home {
        Some(home) => (unmarked(&home.shape), false),
        None => (from_recovery(pass.kind, pass.on, recovery), true),
    };
    let keep = keep([
        ("run", json!(pass.on.run.run_id.as_str())),
        ("short", json!(names::short(&pass.on.run.run_id))),
        ("home_shape", kept_shape(&home)),
        ("home_gone", json!(gone)),
        ("recovery_shape", kept_shape(&recovery.shape)),
        ("engine", json!(recovery.engine)),
        ("engine_version", json!(recovery.engine_version)),
    ]);
    let notes = notes(pass, recovery, &home);
    let mut said = vec![format!(
        "{} {} in {} comes home as {} in {}",
        pass.word(),
        recovery.shape.identifier,
        pass.on.plan.recovery_region,
        pass.home(),
        pass.on.plan.home_region
    )];
    said.extend(notes);
    let reason = said.join(". ");
    Ok(Next::Done { reason, keep })
}

/// Every reason against it.
pub(super) fn reasons(kind: Kind, on: &On<'_>, seen: &Seen) -> Vec<String> {
    let (home, word) = (on.resource.home(), kind.word());
    if seen.exchanged {
        let (plan, here) = (on.plan, on.resource.recovery());
        return vec![format!(
            "home and recovery of {} are exchanged in the plan: {here} is in {} and {home} in {}; write each where it is",
            on.resource.name(),
            plan.home_region,
            plan.recovery_region
        )];
    }
    let mut against = Vec::new();
    match &seen.recovery {
        Some(recovery) => against.extend(of_recovery(kind, on, recovery)),
        None => against.push(missing_recovery(kind, on)),
    }
    if let Some(found) = &seen.home {
        against.extend(of_home(kind, on, found));
        against.extend(seen.recovery.iter().flat_map(|away| unlike(found, away)));
    }
    let (here, away) = (&on.plan.home_region, &on.plan.recovery_region);
    against.extend(crowded(kind, on, here, seen.home_room.as_ref()));
    against.extend(crowded(kind, on, away, seen.recovery_room.as_ref()));
    let in_the_way = seen.rehearsal.as_ref().filter(|found| {
        let is_earlier = names::is_of_plan(&found.shape.tags, &on.plan.plan);
        on.run.kind == run::Kind::Rehearse && !is_earlier
    });
    let names = [seen.old.as_ref(), seen.failed.as_ref(), in_the_way];
    for found in names.into_iter().flatten() {
        let name = &found.shape.identifier;
        let region = &on.plan.home_region;
        against.push(format!(
            "the name {name} that a run needs is taken by a {word} in {region}; rename or delete that one"
        ));
    }
    for name in &seen.taken {
        against.push(format!(
            "the name {name} that the cut-over needs is taken by an instance in {}; rename or delete that one",
            on.plan.home_region
        ));
    }
    if on.run.kind == run::Kind::Rehearse && isolated(on.resource).is_none() {
        against.push(format!(
            "the plan has no rehearsal for {}; name an isolated subnet group and its security groups",
            on.resource.name()
        ));
    }
    against
}

fn missing_recovery(kind: Kind, on: &On<'_>) -> String {
    format!(
        "there is no {} {} in {}; put the recovery of {} right in the plan",
        kind.word(),
        on.resource.recovery(),
        on.plan.recovery_region,
        on.resource.name()
    )
}

/// What is against the side that serves.
fn of_recovery(kind: Kind, on: &On<'_>, found: &Found) -> Vec<String> {
    let (name, region) = (&found.shape.identifier, &on.plan.recovery_region);
    let mut against = Vec::new();
    against.extend(busy(found, name, &region.0));
    if let Some(source) = &found.source {
        against.push(format!(
            "{name} in {region} is still a read replica of {source}; promote it before it is brought home"
        ));
    }
    if is_encrypted(found) && kms_key(on.resource).is_none() {
        against.push(format!(
            "{name} in {region} is encrypted and the plan has no kms_key for {}; name a key of {}, since the key of one Region cannot be used in another",
            on.resource.name(),
            on.plan.home_region
        ));
    }
    against.extend(in_global(on, found));
    against.extend(later(on, found));
    against.extend(untagged(kind, on, (region, found), false));
    against
}

/// What is against the one that stands at home.
fn of_home(kind: Kind, on: &On<'_>, found: &Found) -> Vec<String> {
    let (name, region) = (&found.shape.identifier, &on.plan.home_region);
    let mut against = Vec::new();
    against.extend(busy(found, name, &region.0));
    if let Some(source) = &found.source {
        against.push(format!(
            "{name} in {region} is a read replica of {source}; promote it or delete it first"
        ));
    }
    if !found.replicas.is_empty() {
        against.push(format!(
            "{name} in {region} has read replicas, which would follow it under its new name: {}; delete them first",
            found.replicas.join(", ")
        ));
    }
    if kind == Kind::Cluster {
        against.extend(in_global(on, found));
    }
    against.extend(later(on, found));
    against.extend(untagged(kind, on, (region, found), true));
    against
}

fn busy(found: &Found, name: &str, region: &str) -> Option<String> {
    let shape = &found.shape;
    let instance = shape.busy_instance();
    let status = if is_at_rest(&shape.status) {
        &instance?.status
    } else {
        &shape.status
    };
    let fix = stuck(status).unwrap_or("wait for it");
    Some(format!(
        "{name} in {region} is {status}; {fix}, and start again"
    ))
}

/// A member of a global cluster that the plan does not name.
fn in_global(on: &On<'_>, found: &Found) -> Option<String> {
    let global = found.shape.global_cluster.as_ref()?;
    let named = global_cluster(on.resource);
    let is_named = named.is_some_and(|named| named.eq_ignore_ascii_case(global));
    (!is_named).then(|| {
        format!(
            "{} is a member of global cluster {global}, which the plan does not name; name it as global_cluster of {}, so that the run lets it leave",
            found.shape.arn,
            on.resource.name()
        )
    })
}

/// What a later run has made is not this one's to touch.
fn later(on: &On<'_>, found: &Found) -> Option<String> {
    let tag = found.shape.tags.get(names::EPOCH_TAG)?;
    let epoch: u64 = tag.parse().ok()?;
    (epoch > on.run.epoch.0).then(|| {
        format!(
            "{} was made under epoch {epoch}, which is later than this run's {}; let the ledger tell the later one first",
            found.shape.arn, on.run.epoch
        )
    })
}

fn is_encrypted(found: &Found) -> bool {
    found.shape.kms_key.is_some()
}

/// In what the two sides must not differ.
fn unlike(home: &Found, away: &Found) -> Vec<String> {
    let sides = (&home.shape.identifier, &away.shape.identifier);
    let rows = [
        (
            "engine",
            &home.engine,
            &away.engine,
            "name a pair of one engine",
        ),
        (
            "version",
            &home.engine_version,
            &away.engine_version,
            "upgrade the older one first, so that its parameter groups fit",
        ),
    ];
    let unlike = rows.into_iter().filter(|(_, here, there, _)| here != there);
    unlike
        .map(|(what, here, there, fix)| {
            format!(
                "the {what} of {} at home is {here} and that of {} is {there}; {fix}",
                sides.0, sides.1
            )
        })
        .collect()
}

/// What people should know before they say yes.
fn notes(pass: &Pass<'_>, recovery: &Found, wanted: &Shape) -> Vec<String> {
    let mut notes = Vec::new();
    let name = pass.home();
    match &pass.seen.home {
        Some(home) => notes.extend(of_storage(home, recovery)),
        None => notes.push(format!(
            "Nothing is called {name} at home: it is made as {} is, without that one's security groups, zones and keys, which are of its own Region",
            recovery.shape.identifier
        )),
    }
    if alone(recovery).and_then(|alone| alone.multi_az) == Some(true) {
        notes.push(format!(
            "{} has a standby in another zone, from which RDS takes the snapshots",
            recovery.shape.identifier
        ));
    } else if pass.kind == Kind::Instance {
        notes.push(format!(
            "{} has no standby, so that RDS holds its input and output for moments while it takes a snapshot",
            recovery.shape.identifier
        ));
    }
    if wanted.deletion_protection {
        notes.push(format!(
            "The deletion protection of {name} stays on: nothing of home is deleted"
        ));
    }
    if !recovery.replicas.is_empty() {
        notes.push(format!(
            "{} has read replicas and cannot be stopped at the end",
            recovery.shape.identifier
        ));
    }
    notes.extend(of_earlier_rehearsal(pass));
    if !wanted.beyond.is_empty() {
        notes.push(format!(
            "No restore gives these back, so that they have to be set again by hand: {}",
            wanted.beyond.join(", ")
        ));
    }
    if let Some(global) = global_cluster(pass.on.resource) {
        notes.push(format!(
            "{name} leaves global cluster {global}, and this run does not form that again"
        ));
    }
    notes
}

/// What an earlier rehearsal left. A run that builds none leaves it alone.
fn of_earlier_rehearsal(pass: &Pass<'_>) -> Option<String> {
    let found = pass.seen.rehearsal.as_ref()?;
    let (name, region) = (&found.shape.identifier, &pass.on.plan.home_region);
    if !names::is_of_plan(&found.shape.tags, &pass.on.plan.plan) {
        return Some(format!("{name} stands in {region} and is left alone"));
    }
    if pass.on.run.kind == run::Kind::Rehearse {
        return Some(format!(
            "{name} is of an earlier rehearsal and is taken away before it is built anew"
        ));
    }
    let command = match pass.kind {
        Kind::Instance => "delete-db-instance --db-instance-identifier",
        Kind::Cluster => "delete-db-cluster --db-cluster-identifier",
    };
    Some(format!(
        "{name} is of an earlier rehearsal, is left alone and costs on: aws rds {command} {name} --skip-final-snapshot --region {region}"
    ))
}

/// A restore is never smaller than what was snapshotted.
fn of_storage(home: &Found, recovery: &Found) -> Option<String> {
    let (here, there) = (alone(home)?.storage_gib?, alone(recovery)?.storage_gib?);
    (here < there).then(|| {
        format!(
            "{} has {here} GiB of storage at home and comes back with {there}, as {} has",
            home.shape.identifier, recovery.shape.identifier
        )
    })
}

/// What is made at home where nothing is: what the recovery side has, without what is of its own Region.
fn from_recovery(kind: Kind, on: &On<'_>, recovery: &Found) -> Shape {
    let home = on.resource.home();
    let mut shape = unmarked(&recovery.shape);
    home.clone_into(&mut shape.identifier);
    shape.arn.clear();
    shape.resource_id.clear();
    shape.global_cluster = None;
    shape.security_groups.clear();
    shape.availability_zones.clear();
    shape.kms_key = kms_key(on.resource).cloned();
    shape.monitoring.insights_key = None;
    shape.endpoints.clear();
    let mark = (names::RIGHTS_TAG.to_owned(), on.plan.plan.to_string());
    shape.tags.extend([mark.clone()]);
    for (index, instance) in shape.instances.iter_mut().enumerate() {
        instance.identifier = match kind {
            Kind::Instance => home.to_owned(),
            Kind::Cluster => with_suffix(home, &format!("-{}", index + 1)),
        };
        instance.availability_zone = None;
        if kind == Kind::Cluster {
            instance.tags.extend([mark.clone()]);
        }
        instance.monitoring.insights_key = None;
    }
    shape
}

impl Pass<'_> {
    /// Whether the row tells of a preparation.
    pub(super) const fn is_prepared(&self) -> bool {
        self.kept.home_shape.is_some()
    }
}
