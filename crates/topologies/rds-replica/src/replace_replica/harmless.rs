//! The last look before a call is made.

use failover::{Error, domain::Region, topology::names::Retire};

use super::{Observed, Place, SeenMember, decide::undeletable};
use crate::members::makes::Call;

/// The last look before a call is made, whatever was decided: never the writer, never a replica of it, never what is not fenced, never
/// the only copy.
///
/// # Errors
/// `UnexpectedTopology` that names the call and what it would have hit.
pub fn harmless(
    observed: &Observed,
    region: &Region,
    call: &Call,
    retire: Retire,
) -> Result<(), Error> {
    let why = if call.takes_away() {
        harm(observed, region, call, retire)
    } else {
        beside_the_writer(observed, region)
    };
    match why {
        None => Ok(()),
        Some(why) => Err(Error::UnexpectedTopology(format!(
            "{} in {region} was not made: {why}",
            call.name()
        ))),
    }
}

fn beside_the_writer(observed: &Observed, region: &Region) -> Option<String> {
    (*region == observed.writer_region).then(|| "the writer is there".into())
}

/// What the call would hit that must stay.
fn harm(observed: &Observed, region: &Region, call: &Call, retire: Retire) -> Option<String> {
    if let Some(why) = beside_the_writer(observed, region) {
        return Some(why);
    }
    let Some(member) = observed.member(region) else {
        return Some("the plan has no member there".into());
    };
    let name = &member.name;
    match &member.place {
        Place::Free => return Some("there is no instance".into()),
        Place::Follows => return Some(format!("{name} follows the writer")),
        Place::FollowsStranger(source) => return Some(format!("{name} follows {source}")),
        Place::FollowsDeposed(_) if call.is_deleting() => {
            return Some(format!("{name} may be the only other copy"));
        }
        Place::FollowsDeposed(_) => return None,
        Place::Alone => {}
    }
    alone(observed, member, call, retire)
}

/// The same of a deposed member that follows nobody.
fn alone(observed: &Observed, member: &SeenMember, call: &Call, retire: Retire) -> Option<String> {
    let Some(shape) = &member.shape else {
        return Some("there is no instance".into());
    };
    let name = &shape.identifier;
    if shape.arn == observed.writer.arn {
        return Some(format!("{name} is the writer"));
    }
    if let Some(why) = &member.stranger {
        return Some(why.clone());
    }
    if member.fenced_at.is_none() {
        return Some(format!("{name} is not fenced"));
    }
    if !call.is_deleting() {
        return None;
    }
    if retire != Retire::Delete {
        return Some(format!("{name} would lose its only copy"));
    }
    undeletable(member, shape)
}
