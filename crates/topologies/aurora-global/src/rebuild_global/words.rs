//! What a rebuild says of its passes.

use super::{Action, Observed, SeenMember, decide};
use failover::{domain::Region, topology::differences};

/// Why the pass does what it does.
pub(super) fn reason(observed: &Observed, action: &Action, is_dry: bool) -> String {
    let writer = &observed.writer.identifier;
    match action {
        Action::Done => done(observed),
        Action::Wait(why) | Action::Outlast(why) => why.clone(),
        Action::Fence(region) => format!(
            "the deposed member in {region} is not fenced yet; its Region's schedule does that within a minute"
        ),
        Action::Remember(region) => remembered(observed, region, is_dry),
        Action::Record(global) => format!(
            "{writer} leads {global}, which the ledgers {} from now on",
            if is_dry { "would name" } else { "name" }
        ),
        Action::Name(region, global) => format!(
            "{writer} leads {global}, which the plan's parameter in {region} {} from now on",
            if is_dry { "would name" } else { "names" }
        ),
        Action::Call(region, call) if is_dry => format!(
            "{writer} is the writer; the next call in {region} would be {}, by which {call}",
            call.name()
        ),
        Action::Call(region, call) => format!("{writer} is the writer; in {region} {call}"),
    }
}

/// What is said before anything is taken away: what no successor will have.
fn remembered(observed: &Observed, region: &Region, is_dry: bool) -> String {
    let mut said = format!(
        "what the member in {region} is made of {} kept, to be made again",
        if is_dry { "would be" } else { "is" }
    );
    let member = observed.members.iter().find(|seen| seen.region == *region);
    if let Some(shape) = member.and_then(SeenMember::wanted) {
        for beyond in &shape.beyond {
            said.push_str(&format!(". Its successor will not have {beyond}"));
        }
        said.push_str(&format!(
            ". Its successor has another resource id than {}: policies that name it, as for rds-db:connect, need a pattern",
            shape.resource_id
        ));
    }
    said
}

/// What is said at the end: what is not as it was.
fn done(observed: &Observed) -> String {
    let mut said = format!("every member follows {}", observed.writer.identifier);
    if let Some(left) = decide::left(observed) {
        said.push_str(&format!(
            ". The empty global cluster {} is left, since it has deletion protection",
            left.identifier
        ));
    }
    for member in &observed.members {
        let (Some(retired), Some(shape)) = (&member.blueprint, &member.cluster) else {
            continue;
        };
        let differ = differences(&retired.shape, shape);
        if !differ.is_empty() {
            said.push_str(&format!(
                ". Of {} this is not as it was: {}",
                shape.identifier,
                differ.join(", ")
            ));
        }
        let beyond = retired.shape.beyond.iter();
        for gone in beyond.filter(|has| !shape.beyond.contains(has)) {
            said.push_str(&format!(". {} no longer has {gone}", shape.identifier));
        }
    }
    said
}
