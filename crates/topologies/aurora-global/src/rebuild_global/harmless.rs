//! The last look before a call of a rebuild is made.

use super::{Observed, Retire, led::refuse_the_writers, retire::undeletable};
use failover::{Error, domain::Region, topology::Call};

/// The last look before a call is made, whatever was decided: never the writer, never a member of its global cluster, never
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
    if !call.is_taking() {
        return Ok(());
    }
    if matches!(call, Call::Remove { .. }) && *region != observed.writer_region {
        refuse_the_writers(observed)?;
    }
    let Some(why) = harm(observed, region, call, retire) else {
        return Ok(());
    };
    Err(Error::UnexpectedTopology(format!(
        "{} in {region} was not made: {why}",
        call.name()
    )))
}

/// What the call would hit that must stay.
fn harm(observed: &Observed, region: &Region, call: &Call, retire: Retire) -> Option<String> {
    if *region == observed.writer_region {
        return Some("the writer is there".into());
    }
    let Some(member) = observed.members.iter().find(|seen| seen.region == *region) else {
        return Some("the plan has no member there".into());
    };
    let Some(shape) = &member.cluster else {
        return Some("there is no cluster".into());
    };
    let follows = observed
        .leads
        .as_ref()
        .is_some_and(|global| global.member(&shape.arn).is_some());
    if shape.arn == observed.writer.arn || follows {
        return Some(format!(
            "{} belongs to the writer's global cluster",
            shape.identifier
        ));
    }
    if !call.is_deleting() {
        return None;
    }
    let copied = member.snapshot.as_ref().is_some_and(|snapshot| {
        snapshot.status == "available"
            && snapshot.resource_id == shape.resource_id
            && observed.is_of_this_incident(snapshot)
    });
    if retire != Retire::Delete || !copied {
        return Some(format!("{} would lose its only copy", shape.identifier));
    }
    undeletable(member, shape)
}
