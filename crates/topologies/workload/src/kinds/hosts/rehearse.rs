//! A rehearsal: a twin of what came home, in an isolated subnet, until its status checks pass; taken away after people have answered.
//! Nothing of the home host is touched.

use failover::Error;
use serde_json::{Value, json};

use super::{
    Pass, Step,
    anew::{disks, image, image_away, image_id, instance_type},
    copies::copy_of,
    done, names,
    pairs::Pair,
    remembered::keep,
    wait,
};
use crate::{
    hosts::{Call, Host, Launch, LaunchDisk, Snapshot},
    phase::Phase,
    plan::IsolatedSubnet,
    verbs::Next,
};

/// Checks that have failed for so long do not pass any more, in seconds.
const FAILING_SECONDS: i64 = 600;

/// The next step of a rehearsal.
///
/// # Errors
/// `NotReady` without a complete round, and where the twin failed, once it is taken away.
pub(super) fn decide(pass: &Pass<'_>) -> Result<Step, Error> {
    let Some(place) = &pass.wished.rehearsal else {
        return Ok(done(format!(
            "{} has no rehearsal in the plan: it was not tried",
            pass.name()
        )));
    };
    if pass.on.run.answered(Phase::Rehearse).is_some() || pass.kept.rehearsal_failed.is_some() {
        return take_away(pass);
    }
    let Some(twin) = &pass.seen.twin else {
        return launch(pass, place);
    };
    tried(pass, twin)
}

fn launch(pass: &Pass<'_>, place: &IsolatedSubnet) -> Result<Step, Error> {
    let recovery = pass.kept.recovery(pass.on)?;
    let like = pass.kept.home_shape.as_ref().unwrap_or(recovery);
    let copies = complete_copies(pass)?;
    if let Some(step) = image(pass, recovery, &copies, names::TWIN)? {
        return Ok(step);
    }
    // A twin gets no role and no key pair, and its disks go with it.
    let going = |(device, disk): (String, LaunchDisk)| {
        let disk = LaunchDisk {
            delete_on_termination: true,
            ..disk
        };
        (device, disk)
    };
    let call = Call::Launch(Box::new(Launch {
        token: names::token(&pass.kept.run, pass.name(), names::TWIN),
        image: image_id(pass),
        instance_type: instance_type(pass, like),
        subnet: place.subnet.clone(),
        security_groups: place.security_groups.clone(),
        ebs_optimized: like.ebs_optimized,
        metadata: like.metadata.clone(),
        disks: disks(&copies, pass.wished.initialisation_rate)
            .into_iter()
            .map(going)
            .collect(),
        tags: pass.tags(names::TWIN),
        volume_tags: pass.tags(names::TWIN),
        ..Launch::default()
    }));
    Ok(pass.asking("the twin", call))
}

/// The copies of the last complete round.
fn complete_copies<'a>(pass: &'a Pass<'_>) -> Result<Vec<(&'a Pair, &'a Snapshot)>, Error> {
    let round = pass.kept.complete_round();
    let mut copies = Vec::new();
    for pair in pass.kept.paired(pass.on)? {
        let copy = copy_of(pass, pair, round).filter(|copy| copy.is_complete());
        let copy = copy.ok_or_else(|| {
            Error::NotReady(format!(
                "no copy for {} of {} is complete at home, round {round} being the last; let sync make one first",
                pair.device,
                pass.name()
            ))
        })?;
        copies.push((pair, copy));
    }
    Ok(copies)
}

/// A twin whose status checks have passed was tried. One that fails is taken away before that is said.
fn tried(pass: &Pass<'_>, twin: &Host) -> Result<Step, Error> {
    let id = &twin.id;
    if twin.is_gone() || matches!(twin.state.as_str(), "stopping" | "stopped") {
        let reason = twin
            .state_reason
            .as_deref()
            .unwrap_or("EC2 does not say why");
        return Ok(failing(format!("twin {id} is {}: {reason}", twin.state)));
    }
    let Some(checks) = &pass.seen.checks else {
        return Ok(wait(format!("twin {id} is {}", twin.state)));
    };
    if checks.have_passed() {
        return Ok(done(format!(
            "twin {id} was built from the copies that are at home, and both its status checks have passed"
        )));
    }
    let Some(since) = pass.kept.running_since else {
        return Ok(Next::Remember {
            reason: format!("twin {id} runs"),
            keep: keep([("running_since", json!(pass.on.now))]),
        });
    };
    if checks.have_failed() && pass.on.now.duration_since(since).as_secs() > FAILING_SECONDS {
        return Ok(failing(format!(
            "twin {id} has failed its status checks for ten minutes: system {}, instance {}",
            checks.system, checks.instance
        )));
    }
    Ok(wait(format!(
        "twin {id} runs, its checks are {} and {}",
        checks.system, checks.instance
    )))
}

fn failing(why: String) -> Step {
    Next::Remember {
        keep: keep([("rehearsal_failed", json!(why))]),
        reason: why,
    }
}

/// Takes away what this run has launched, and the image of it.
fn take_away(pass: &Pass<'_>) -> Result<Step, Error> {
    if let Some(twin) = &pass.seen.twin
        && twin.state != "terminated"
    {
        if !pass.made_for(&twin.tags, names::TWIN) {
            return Err(Error::UnexpectedTopology(format!(
                "{} is no twin of this run; look at who tagged it",
                twin.id
            )));
        }
        if twin.state == "shutting-down" {
            return Ok(wait(format!("twin {} is taken away", twin.id)));
        }
        return Ok(pass.at_home(Call::Terminate {
            host: twin.id.clone(),
        }));
    }
    if let Some(step) = image_away(pass) {
        return Ok(step);
    }
    if let Some(why) = &pass.kept.rehearsal_failed {
        return Err(Error::NotReady(format!(
            "the rehearsal of {} failed and is taken away: {why}",
            pass.name()
        )));
    }
    Ok(Next::Done {
        reason: format!("the twin of {} is taken away", pass.name()),
        keep: keep([("running_since", Value::Null)]),
    })
}
