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
    let refused = |why: String| {
        Err(Error::UnexpectedTopology(format!(
            "{} in {region} was not made: {why}",
            call.name()
        )))
    };
    if *region == observed.writer_region {
        return refused("the writer is there".into());
    }
    let Some(member) = observed.members.iter().find(|seen| seen.region == *region) else {
        return refused("the plan has no member there".into());
    };
    let Some(shape) = &member.cluster else {
        return refused("there is no cluster".into());
    };
    if matches!(call, Call::Remove { .. }) {
        refuse_the_writers(observed)?;
    }
    let follows = observed
        .leads
        .as_ref()
        .is_some_and(|global| global.member(&shape.arn).is_some());
    if shape.arn == observed.writer.arn || follows {
        return refused(format!(
            "{} belongs to the writer's global cluster",
            shape.identifier
        ));
    }
    let copied = member.snapshot.as_ref().is_some_and(|snapshot| {
        snapshot.status == "available"
            && snapshot.resource_id == shape.resource_id
            && observed.is_of_this_incident(snapshot)
    });
    if call.is_deleting() && (retire != Retire::Delete || !copied) {
        return refused(format!("{} would lose its only copy", shape.identifier));
    }
    match undeletable(member, shape) {
        Some(why) if call.is_deleting() => refused(why),
        _ => Ok(()),
    }
}
