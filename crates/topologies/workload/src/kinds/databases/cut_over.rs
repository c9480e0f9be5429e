//! What came home takes the name of home. What stood there is renamed and kept, and its shape is written down before it is touched.

use failover::{
    Error,
    topology::{Shape, status::is_at_rest},
};
use serde_json::json;

use super::{
    Pass, Step, complete,
    conclude::{differing, likeness},
    global_cluster, kms_key, names,
    remembered::{keep, kept_shape, unmarked},
    wait,
    waits::{self, at_rest, itself_at_rest},
};
use crate::{
    databases::{Call, Found, Kind, Taken},
    verbs::Next,
};

/// The next step of a cut-over.
///
/// # Errors
/// `NotReady` without the last copy and for what does not pass by itself, `UnexpectedTopology` where something else bears a name.
pub(super) fn decide(pass: &Pass<'_>) -> Result<Step, Error> {
    let copy = last_copy(pass)?;
    if !pass.kept.cut_over {
        return begin(pass);
    }
    let Some(home) = &pass.seen.home else {
        return restore(pass, copy);
    };
    if pass.kept.is_former(home) {
        return put_aside(pass, home);
    }
    let Some(successor) = pass.successor() else {
        return Err(Error::UnexpectedTopology(format!(
            "the name {} is taken by a {} that this run did not make and that was not there when it prepared; rename that one",
            pass.home(),
            pass.word()
        )));
    };
    if let Some(step) = give_up_names(pass)? {
        return Ok(step);
    }
    if let Some(step) = complete::whole(pass, successor, &wanted(pass, copy)?)? {
        return Ok(step);
    }
    let differences = differing(pass, successor)?;
    let before = pass.seen.old.as_ref().map_or_else(
        || "nothing stood there before".to_owned(),
        |old| format!("the one before stands as {}", old.shape.identifier),
    );
    Ok(Next::Done {
        reason: format!(
            "{} was restored from {}, is available and {}; {before}",
            pass.home(),
            copy.identifier,
            likeness(&differences)
        ),
        keep: keep([("differences", json!(differences))]),
    })
}

/// The copy that was made after the business was suspended, which must be whole before anything is touched.
fn last_copy<'a>(pass: &Pass<'a>) -> Result<&'a Taken, Error> {
    let copy = pass.seen.copy.as_ref();
    let copy = copy.filter(|copy| pass.took(copy) && copy.is_available());
    copy.ok_or_else(|| {
        Error::NotReady(format!(
            "the last copy of {} is not complete at home; let last_sync make it before the cut-over",
            pass.on.resource.name()
        ))
    })
}

/// Notes home as it stands right before it is touched.
fn begin(pass: &Pass<'_>) -> Result<Step, Error> {
    pass.kept.wanted(pass.on)?;
    let noted = |shape| Next::Remember {
        reason: format!("{} is noted as it stands before it is touched", pass.home()),
        keep: shape,
    };
    let Some(home) = &pass.seen.home else {
        return if pass.kept.home_gone {
            Ok(noted(keep([("cut_over", json!(true))])))
        } else {
            Err(Error::UnexpectedTopology(format!(
                "{} went from {} after it was prepared; start another run, which makes it as the recovery side is",
                pass.home(),
                pass.on.plan.home_region
            )))
        };
    };
    if !pass.kept.is_former(home) {
        return Err(Error::UnexpectedTopology(format!(
            "{} in {} is not the {} that was prepared; start another run",
            pass.home(),
            pass.on.plan.home_region,
            pass.word()
        )));
    }
    if let Some(step) = at_rest(pass, home)? {
        return Ok(step);
    }
    Ok(noted(keep([
        ("home_shape", kept_shape(&unmarked(&home.shape))),
        ("cut_over", json!(true)),
    ])))
}

/// What stands at home gives up its name. A member of a global cluster cannot be renamed, and an endpoint cannot be given another name.
fn put_aside(pass: &Pass<'_>, home: &Found) -> Result<Step, Error> {
    if let Some(step) = at_rest(pass, home)? {
        return Ok(step);
    }
    if let Some(global) = home
        .shape
        .global_cluster
        .as_ref()
        .filter(|_| pass.kind == Kind::Cluster)
    {
        let named = global_cluster(pass.on.resource);
        if named.is_none_or(|named| !named.eq_ignore_ascii_case(global)) {
            return Err(Error::NotReady(format!(
                "{} has become a member of global cluster {global}, which the plan does not name; let it leave that first",
                pass.home()
            )));
        }
        return Ok(pass.at_home(Call::LeaveGlobal {
            global_cluster: global.clone(),
            arn: home.shape.arn.clone(),
        }));
    }
    if let Some(step) = endpoint_away(pass, home) {
        return Ok(step);
    }
    Ok(pass.at_home(Call::Rename {
        kind: pass.kind,
        from: pass.home().to_owned(),
        to: pass.old(),
    }))
}

/// The next custom endpoint that gives up its name. What it was is kept.
pub(super) fn endpoint_away(pass: &Pass<'_>, found: &Found) -> Option<Step> {
    let mut endpoints = found.shape.endpoints.iter();
    if let Some(there) = endpoints.find(|endpoint| endpoint.is_there()) {
        return Some(pass.at_home(Call::DeleteEndpoint {
            endpoint: there.identifier.clone(),
        }));
    }
    let going = found.shape.endpoints.first()?;
    Some(wait(format!(
        "endpoint {} is {}",
        going.identifier, going.status
    )))
}

/// The name of home is free: what came home takes it, once the one before is seen under its new name.
fn restore(pass: &Pass<'_>, copy: &Taken) -> Result<Step, Error> {
    if !pass.kept.home_gone {
        let (old, region) = (pass.old(), &pass.on.plan.home_region);
        let Some(found) = &pass.seen.old else {
            return Ok(wait(format!(
                "{} is being renamed and not seen as {old} yet",
                pass.home()
            )));
        };
        if !pass.kept.is_former(found) {
            return Err(Error::UnexpectedTopology(format!(
                "{old} in {region} is not what was called {} before; find that one before anything is restored",
                pass.home()
            )));
        }
        if let Some(step) = itself_at_rest(pass, region, found)? {
            return Ok(step);
        }
    }
    Ok(pass.at_home(Call::Restore {
        kind: pass.kind,
        snapshot: copy.identifier.clone(),
        engine: pass.kept.engine.clone(),
        engine_version: pass.kept.engine_version.clone(),
        like: Box::new(wanted(pass, copy)?),
    }))
}

/// What is made: as it was, with the marks of this run.
fn wanted(pass: &Pass<'_>, copy: &Taken) -> Result<Shape, Error> {
    let mut like = pass.kept.wanted(pass.on)?.clone();
    like.tags = pass.tags(like.tags);
    like.global_cluster = None;
    fit(&mut like, copy);
    // What is encrypted already stays so by the copy's key.
    let key = kms_key(pass.on.resource).cloned().or(like.kms_key);
    like.kms_key = key.filter(|_| !copy.encrypted);
    Ok(like)
}

/// A restored database is never smaller than what was snapshotted: RDS refuses to make it so.
pub(super) fn fit(like: &mut Shape, copy: &Taken) {
    let instances = like.instances.iter_mut();
    for alone in instances.filter_map(|one| one.alone.as_mut()) {
        alone.storage_gib = alone.storage_gib.max(copy.storage_gib);
    }
}

/// The instances of the one before keep their names when their cluster is renamed: their successors need those.
fn give_up_names(pass: &Pass<'_>) -> Result<Option<Step>, Error> {
    if pass.kept.home_gone {
        return Ok(None);
    }
    let Some(old) = &pass.seen.old else {
        return Err(Error::UnexpectedTopology(format!(
            "{} is not in {} any more, and a cut-over keeps what stood at home; look where it went before you go on",
            pass.old(),
            pass.on.plan.home_region
        )));
    };
    if pass.kind == Kind::Instance {
        return Ok(None);
    }
    rename_instances(pass, old, |name| names::old(name, &pass.kept.short))
}

/// Renames the instances of a cluster that bear a name of home, one a pass.
pub(super) fn rename_instances(
    pass: &Pass<'_>,
    found: &Found,
    to: impl Fn(&str) -> String,
) -> Result<Option<Step>, Error> {
    let wanted = pass.kept.wanted(pass.on)?;
    let is_ours = |name: &str| wanted.instances.iter().any(|one| one.identifier == name);
    let mut instances = found.shape.instances.iter();
    let Some(named) = instances.find(|one| is_ours(&one.identifier)) else {
        return Ok(None);
    };
    if !is_at_rest(&found.shape.status) || !is_at_rest(&named.status) {
        return waits::at_rest(pass, found);
    }
    let from = named.identifier.clone();
    Ok(Some(pass.at_home(Call::Rename {
        kind: Kind::Instance,
        to: to(&from),
        from,
    })))
}
