//! A rehearsal builds beside, in an isolated place, and is taken away after people have answered. Nothing that is named home is touched.

use failover::{
    Error,
    topology::{InstanceShape, MonitoringShape, Shape},
};

use super::{
    Pass, Step, complete,
    cut_over::fit,
    done, isolated,
    names::{self, rehearsal, rehearsal_instance},
    wait, waits,
};
use crate::{
    databases::{Call, Found, Kind},
    phase::Phase,
};

/// What RDS says of what it is taking away.
const DELETING: &str = "deleting";

/// The next step of a rehearsal.
///
/// # Errors
/// `NotReady` without an isolated place or a complete round, and for what does not pass by itself.
pub(super) fn decide(pass: &Pass<'_>) -> Result<Step, Error> {
    let name = rehearsal(pass.home());
    if let Some(found) = &pass.seen.rehearsal
        && !pass.made(found)
    {
        if names::is_of_plan(&found.shape.tags, &pass.on.plan.plan) {
            return Ok(take_away(pass, &name));
        }
        return Err(Error::NotReady(format!(
            "the name {name} is taken by a {} that this run did not make; rename or delete that one",
            pass.word()
        )));
    }
    if pass.on.run.answered(Phase::Rehearse).is_some() {
        return Ok(take_away(pass, &name));
    }
    build(pass, &name)
}

fn build(pass: &Pass<'_>, name: &str) -> Result<Step, Error> {
    let like = beside(pass, name)?;
    let Some(found) = &pass.seen.rehearsal else {
        let Some(copy) = &pass.seen.copy else {
            return Err(Error::NotReady(format!(
                "no copy of {} is complete at home; let sync make one first",
                pass.on.resource.name()
            )));
        };
        if let Some(step) = waits::complete(pass, copy)? {
            return Ok(step);
        }
        // What is encrypted already stays so by the copy's key.
        let kms_key = like.kms_key.clone().filter(|_| !copy.encrypted);
        let mut like = Shape { kms_key, ..like };
        fit(&mut like, copy);
        return Ok(pass.at_home(Call::Restore {
            kind: pass.kind,
            snapshot: copy.identifier.clone(),
            engine: pass.kept.engine.clone(),
            engine_version: pass.kept.engine_version.clone(),
            like: Box::new(like),
        }));
    };
    if let Some(step) = complete::parts(pass, found, &like)? {
        return Ok(step);
    }
    Ok(done(format!(
        "{} {name} was built from the copy that is at home, and is available",
        pass.word()
    )))
}

/// What is built: as home is, in the isolated place, with one instance and without what others could be led to it by.
fn beside(pass: &Pass<'_>, name: &str) -> Result<Shape, Error> {
    let home = pass.kept.wanted(pass.on)?;
    let place = isolated(pass.on.resource).ok_or_else(|| {
        Error::NotReady(format!(
            "the plan has no rehearsal for {}; name an isolated subnet group and its security groups",
            pass.on.resource.name()
        ))
    })?;
    let first = home.instances.first().cloned().unwrap_or_default();
    let mut tags = pass.tags(Default::default());
    let plan = pass.on.plan.plan.to_string();
    tags.insert(names::RIGHTS_TAG.into(), plan);
    let instance = InstanceShape {
        identifier: match pass.kind {
            Kind::Instance => name.to_owned(),
            Kind::Cluster => rehearsal_instance(pass.home()),
        },
        class: first.class,
        parameter_group: first.parameter_group,
        publicly_accessible: Some(false),
        tags: match pass.kind {
            Kind::Instance => Default::default(),
            Kind::Cluster => pass.tags(Default::default()),
        },
        alone: first.alone.map(|mut alone| {
            alone.multi_az = Some(false);
            alone
        }),
        ..InstanceShape::default()
    };
    Ok(Shape {
        identifier: name.to_owned(),
        subnet_group: Some(place.subnet_group.clone()),
        security_groups: place.security_groups.clone(),
        deletion_protection: false,
        monitoring: MonitoringShape::default(),
        tags,
        instances: vec![instance],
        port: home.port,
        network_type: home.network_type.clone(),
        parameter_group: home.parameter_group.clone(),
        kms_key: home.kms_key.clone(),
        storage_type: home.storage_type.clone(),
        iam_authentication: home.iam_authentication,
        engine_lifecycle_support: home.engine_lifecycle_support.clone(),
        scaling: home.scaling.clone(),
        ..Shape::default()
    })
}

/// Takes away what was built: the instances before their cluster.
fn take_away(pass: &Pass<'_>, name: &str) -> Step {
    let Some(found) = &pass.seen.rehearsal else {
        return done(format!("{name} is taken away"));
    };
    if found.shape.status == DELETING {
        return wait(format!("{name} is being deleted"));
    }
    if found.shape.deletion_protection {
        return pass.at_home(Call::Protect {
            kind: pass.kind,
            identifier: name.to_owned(),
            on: false,
        });
    }
    if let Some(step) = instances_away(pass, found) {
        return step;
    }
    pass.at_home(Call::Delete {
        kind: pass.kind,
        identifier: name.to_owned(),
    })
}

fn instances_away(pass: &Pass<'_>, found: &Found) -> Option<Step> {
    if pass.kind == Kind::Instance {
        return None;
    }
    let mut instances = found.shape.instances.iter();
    let first = instances.find(|instance| instance.status != DELETING);
    let Some(first) = first else {
        let last = found.shape.instances.first()?;
        return Some(wait(format!("{} is being deleted", last.identifier)));
    };
    Some(pass.at_home(Call::Delete {
        kind: Kind::Instance,
        identifier: first.identifier.clone(),
    }))
}
