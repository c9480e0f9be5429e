//! What follows a cut-over: home is compared, the recovery side is stopped, and home gets its first recovery point.

use failover::{
    Error,
    topology::{
        Shape, differences,
        status::{is_at_rest, stuck},
    },
};
use serde_json::json;

use super::{
    Pass, Step, alone, complete,
    copies::unobserved,
    done, global_cluster, kms_key, names,
    remembered::{keep, unmarked},
    wait,
    waits::{self, at_rest, itself_at_rest},
};
use crate::{
    databases::{Call, Found, Kind},
    verbs::Next,
};

/// Says in what home differs from what it was.
///
/// # Errors
/// `NotReady` where home is not what this run made, and for a status that stays.
pub(super) fn verify(pass: &Pass<'_>) -> Result<Step, Error> {
    let home = came_home(pass)?;
    if let Some(step) = at_rest(pass, home)? {
        return Ok(step);
    }
    let differences = differing(pass, home)?;
    let reason = format!(
        "{} is available and {}. {}",
        pass.home(),
        likeness(&differences),
        unobserved(pass, pass.kept.last_taken_at)
    );
    Ok(Next::Done {
        reason,
        keep: keep([("differences", json!(differences))]),
    })
}

/// In what home differs, as part of a sentence.
pub(super) fn likeness(differences: &[String]) -> String {
    if differences.is_empty() {
        return "as it was".to_owned();
    }
    format!("differs from what it was in {}", differences.join(", "))
}

fn came_home<'a>(pass: &'a Pass<'_>) -> Result<&'a Found, Error> {
    pass.successor().ok_or_else(|| {
        Error::NotReady(format!(
            "{} in {} is not what this run brought home; let cut_over end first",
            pass.home(),
            pass.on.plan.home_region
        ))
    })
}

/// In what home differs, beside what has to differ.
pub(super) fn differing(pass: &Pass<'_>, home: &Found) -> Result<Vec<String>, Error> {
    let wanted = pass.kept.wanted(pass.on)?;
    let mut found = differences(wanted, &unmarked(&home.shape));
    let has_key = kms_key(pass.on.resource).is_some();
    let has_standby = alone(home).and_then(|alone| alone.multi_az) == Some(true);
    found.retain(|path| {
        let is_key = has_key && path == "kms_key";
        // RDS chooses the zones of two.
        let is_zone = has_standby && path.ends_with(".availability_zone");
        !is_key && !is_zone
    });
    Ok(found)
}

/// Stops what served in the recovery Region. What RDS does not stop is left running, and said.
///
/// # Errors
/// `NotReady` for a status that stays.
pub(super) fn retire(pass: &Pass<'_>) -> Result<Step, Error> {
    let (name, region) = (pass.on.resource.recovery(), &pass.on.plan.recovery_region);
    let Some(recovery) = &pass.seen.recovery else {
        return Ok(done(format!("there is no {name} in {region} to stop")));
    };
    let status = recovery.shape.status.as_str();
    if status == "stopped" {
        return Ok(done(format!(
            "{name} in {region} is stopped; RDS starts it again after seven days, and its storage costs on"
        )));
    }
    if let Some(why) = unstoppable(pass, recovery) {
        return Ok(done(format!(
            "{name} in {region} runs on and costs on: {why}"
        )));
    }
    if !is_at_rest(status) {
        return Ok(itself_at_rest(pass, region, recovery)?
            .unwrap_or_else(|| wait(format!("{name} is {status}"))));
    }
    if let Some(global) = &recovery.shape.global_cluster {
        return Ok(pass.at_recovery(Call::LeaveGlobal {
            global_cluster: global.clone(),
            arn: recovery.shape.arn.clone(),
        }));
    }
    if let Some(busy) = recovery.shape.busy_instance() {
        return Ok(wait(format!(
            "instance {} is {}",
            busy.identifier, busy.status
        )));
    }
    let call = Call::Stop {
        kind: pass.kind,
        identifier: name.to_owned(),
    };
    let keep = keep([("recovery_stopped", json!(true))]);
    Ok(pass.keeping(keep, region.clone(), call))
}

/// Why RDS would not stop it.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>.
fn unstoppable(pass: &Pass<'_>, recovery: &Found) -> Option<String> {
    if !recovery.replicas.is_empty() {
        return Some(format!(
            "RDS stops none that has read replicas ({})",
            recovery.replicas.join(", ")
        ));
    }
    if let Some(source) = &recovery.source {
        return Some(format!("it is a read replica of {source}"));
    }
    let two = alone(recovery).and_then(|alone| alone.multi_az) == Some(true);
    if two && recovery.engine.starts_with("sqlserver") {
        return Some("RDS stops no SQL Server with a standby".into());
    }
    let named = global_cluster(pass.on.resource);
    let global = recovery.shape.global_cluster.as_ref()?;
    named
        .is_none_or(|named| !named.eq_ignore_ascii_case(global))
        .then(|| format!("it is a member of global cluster {global}"))
}

/// Protects home again, and says what stays.
///
/// # Errors
/// `NotReady` where home is not what this run made, where it is less protected than before, and for what does not pass by itself.
pub(super) fn decide(pass: &Pass<'_>) -> Result<Step, Error> {
    let home = came_home(pass)?;
    let wanted = pass.kept.wanted(pass.on)?;
    if let Some(step) = complete::whole(pass, home, wanted)? {
        return Ok(step);
    }
    let Some(point) = &pass.seen.point else {
        let plan = &pass.on.plan.plan;
        return Ok(pass.at_home(Call::TakeSnapshot {
            kind: pass.kind,
            of: pass.home().to_owned(),
            snapshot: names::point(plan, pass.on.resource.name(), &pass.kept.short),
            tags: pass.tags(home.shape.tags.clone()),
        }));
    };
    if let Some(step) = waits::complete(pass, point)? {
        return Ok(step);
    }
    let less = complete::less_protected(&home.shape, wanted);
    if !less.is_empty() {
        return Err(Error::NotReady(unprotected(pass, wanted, &less)));
    }
    let differences = differing(pass, home)?;
    let mut reason = protected(pass, home, &point.identifier);
    if !differences.is_empty() {
        reason.push_str(". It ");
        reason.push_str(&likeness(&differences));
    }
    Ok(Next::Done {
        reason,
        keep: keep([("differences", json!(differences))]),
    })
}

/// That RDS did not take what protects home, and how somebody gives it that.
fn unprotected(pass: &Pass<'_>, wanted: &Shape, less: &[String]) -> String {
    let (name, region) = (pass.home(), &pass.on.plan.home_region);
    let call = match pass.kind {
        Kind::Instance => "modify-db-instance --db-instance-identifier",
        Kind::Cluster => "modify-db-cluster --db-cluster-identifier",
    };
    let days = wanted.backup_retention_days.filter(|days| *days > 0);
    let days = days.map_or(String::new(), |days| {
        format!(" --backup-retention-period {days}")
    });
    let protection = match wanted.deletion_protection {
        true => " --deletion-protection",
        false => "",
    };
    format!(
        "{name} in {region} {}, which RDS has not taken from the run; give it that: aws rds {call} {name}{days}{protection} --apply-immediately --region {region}",
        less.join(" and ")
    )
}

fn protected(pass: &Pass<'_>, home: &Found, point: &str) -> String {
    let days = home.shape.backup_retention_days.unwrap_or_default();
    let mut said = vec![format!(
        "{} keeps backups for {days} days and has the recovery point {point}",
        pass.home()
    )];
    if let Some(old) = &pass.seen.old {
        let (name, status) = (&old.shape.identifier, &old.shape.status);
        let fix = stuck(status).map_or(String::new(), |fix| format!(" ({fix})"));
        said.push(format!(
            "What stood at home stays as {name}, is {status}{fix} and costs on until somebody deletes it"
        ));
    }
    if let Some(round) = pass.kept.last_round {
        let name = pass.snapshot(round);
        said.push(format!("Snapshot {name} stays in both Regions"));
    }
    if let Some(global) = global_cluster(pass.on.resource) {
        said.push(format!(
            "Global cluster {global} is not formed again by this run: create it around {}",
            home.shape.arn
        ));
    }
    said.join(". ")
}
