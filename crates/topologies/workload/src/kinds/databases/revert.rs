//! Undoes a cut-over: what came home is put aside and kept, what stood there before gets its names back, and the recovery side serves
//! again.

use failover::{
    Error,
    topology::status::{is_at_rest, stuck},
};
use serde_json::json;

use super::{
    Pass, Step,
    cut_over::{endpoint_away, rename_instances},
    done, names,
    remembered::keep,
    wait,
    waits::{at_rest, itself_at_rest},
};
use crate::{
    databases::{Call, Found, Kind},
    verbs::Next,
};

/// The next step of a reversal.
///
/// # Errors
/// `NotReady` for what does not pass by itself, `UnexpectedTopology` where something else bears a name.
pub(super) fn decide(pass: &Pass<'_>) -> Result<Step, Error> {
    if !pass.is_prepared() {
        return Ok(done(
            "nothing was prepared, so that nothing has to be undone",
        ));
    }
    // Who serves again comes first.
    if let Some(step) = started(pass) {
        return Ok(step);
    }
    if let Some(step) = put_aside(pass)? {
        return Ok(step);
    }
    if let Some(step) = restored(pass)? {
        return Ok(step);
    }
    let Some(recovery) = &pass.seen.recovery else {
        return Err(Error::UnexpectedTopology(format!(
            "{} is not in {} any more and cannot serve again",
            pass.on.resource.recovery(),
            pass.on.plan.recovery_region
        )));
    };
    let region = &pass.on.plan.recovery_region;
    if let Some(step) = itself_at_rest(pass, region, recovery)? {
        return Ok(step);
    }
    let lost = lost(pass, recovery);
    let mut said = words(pass, lost.is_empty());
    for global in &lost {
        said.push_str(". ");
        said.push_str(global);
    }
    Ok(Next::Done {
        reason: said,
        keep: keep([("differences", json!(lost))]),
    })
}

/// The memberships in global clusters that the run has ended, and that no call of it brings back.
fn lost(pass: &Pass<'_>, recovery: &Found) -> Vec<String> {
    let plan = &pass.on.plan;
    let sides = [
        (
            &plan.home_region,
            &pass.kept.home_shape,
            pass.seen.home.as_ref(),
        ),
        (
            &plan.recovery_region,
            &pass.kept.recovery_shape,
            Some(recovery),
        ),
    ];
    let left = sides.into_iter().filter_map(|(region, was, now)| {
        let global = was.as_ref()?.global_cluster.as_ref()?;
        let now = &now?.shape;
        now.global_cluster.is_none().then(|| {
            format!(
                "{} in {region} was a member of global cluster {global} and is none any more; form it again around what serves",
                now.identifier
            )
        })
    });
    left.collect()
}

fn words(pass: &Pass<'_>, is_whole: bool) -> String {
    let recovery = pass.on.resource.recovery();
    let failed = pass.seen.failed.as_ref().map_or(String::new(), |failed| {
        format!("; what came home is kept as {}", failed.shape.identifier)
    });
    let home = match is_whole {
        true => "is as it was",
        false => "has its names again",
    };
    format!("{recovery} serves again and home {home}{failed}")
}

/// Starts the recovery side, where it was stopped.
fn started(pass: &Pass<'_>) -> Option<Step> {
    let recovery = pass.seen.recovery.as_ref()?;
    let is_stopped = recovery.shape.status == "stopped";
    is_stopped.then(|| {
        pass.at_recovery(Call::Start {
            kind: pass.kind,
            identifier: recovery.shape.identifier.clone(),
        })
    })
}

/// What came home gives up its names; `None` where none of it bears one.
fn put_aside(pass: &Pass<'_>) -> Result<Option<Step>, Error> {
    let to = |name: &str| names::failed(name, &pass.kept.short);
    if let Some(home) = pass.successor() {
        if is_hopeless(home) {
            return Err(Error::NotReady(format!(
                "{} in {} is {} and cannot be renamed; delete it, and start again",
                pass.home(),
                pass.on.plan.home_region,
                home.shape.status
            )));
        }
        if let Some(step) = at_rest(pass, home)? {
            return Ok(Some(step));
        }
        if let Some(step) = endpoint_away(pass, home) {
            return Ok(Some(step));
        }
        return Ok(Some(pass.at_home(Call::Rename {
            kind: pass.kind,
            from: pass.home().to_owned(),
            to: pass.failed(),
        })));
    }
    match &pass.seen.failed {
        Some(failed) if pass.kind == Kind::Cluster => rename_instances(pass, failed, to),
        Some(_) | None => Ok(None),
    }
}

fn is_hopeless(found: &Found) -> bool {
    stuck(&found.shape.status).is_some()
}

/// What stood at home gets back its names, its endpoints and its protection; `None` where it has them.
fn restored(pass: &Pass<'_>) -> Result<Option<Step>, Error> {
    if pass.kept.home_gone {
        return Ok(None);
    }
    let Some(home) = &pass.seen.home else {
        return name_back(pass).map(Some);
    };
    if !pass.kept.is_former(home) {
        return Err(Error::UnexpectedTopology(format!(
            "the name {} is taken by a {} that is neither what came home nor what stood there before; rename that one",
            pass.home(),
            pass.word()
        )));
    }
    if let Some(step) = itself_at_rest(pass, &pass.on.plan.home_region, home)? {
        return Ok(Some(step));
    }
    if let Some(step) = instances_back(pass, home)? {
        return Ok(Some(step));
    }
    let wanted = pass.kept.wanted(pass.on)?;
    if let Some(endpoint) = home.shape.missing_endpoint(wanted) {
        return Ok(Some(pass.at_home(Call::CreateEndpoint {
            cluster: pass.home().to_owned(),
            like: endpoint.clone(),
        })));
    }
    let mut endpoints = home.shape.endpoints.iter();
    if let Some(busy) = endpoints.find(|endpoint| !endpoint.is_there()) {
        return Ok(Some(wait(format!(
            "endpoint {} is {}",
            busy.identifier, busy.status
        ))));
    }
    let differs = wanted.deletion_protection != home.shape.deletion_protection;
    Ok(differs.then(|| {
        pass.at_home(Call::Protect {
            kind: pass.kind,
            identifier: pass.home().to_owned(),
            on: wanted.deletion_protection,
        })
    }))
}

/// The name of home is free: what stood there takes it back.
fn name_back(pass: &Pass<'_>) -> Result<Step, Error> {
    let Some(old) = &pass.seen.old else {
        return Ok(wait(format!(
            "neither {} nor {} is seen in {}, as while one is being renamed",
            pass.home(),
            pass.old(),
            pass.on.plan.home_region
        )));
    };
    if !pass.kept.is_former(old) {
        return Err(Error::UnexpectedTopology(format!(
            "{} is not what was called {} before; find that one and rename it by hand",
            pass.old(),
            pass.home()
        )));
    }
    if let Some(step) = at_rest(pass, old)? {
        return Ok(step);
    }
    Ok(pass.at_home(Call::Rename {
        kind: pass.kind,
        from: pass.old(),
        to: pass.home().to_owned(),
    }))
}

/// The next instance that gets back its name.
fn instances_back(pass: &Pass<'_>, home: &Found) -> Result<Option<Step>, Error> {
    let wanted = pass.kept.wanted(pass.on)?;
    for was in &wanted.instances {
        let aside = names::old(&was.identifier, &pass.kept.short);
        let mut instances = home.shape.instances.iter();
        let Some(found) = instances.find(|one| one.identifier == aside) else {
            continue;
        };
        if !is_at_rest(&found.status) {
            break;
        }
        return Ok(Some(pass.at_home(Call::Rename {
            kind: Kind::Instance,
            from: aside,
            to: was.identifier.clone(),
        })));
    }
    at_rest(pass, home)
}
