//! What a rebuild says of its passes.

use super::{Action, Observed, SeenMember, decide};
use steps::rebuilding;

/// Why the pass does what it does.
pub(super) fn reason(observed: &Observed, action: &Action, is_dry: bool) -> String {
    let writer = &observed.writer.identifier;
    match action {
        Action::Done => done(observed),
        Action::Wait(why) | Action::Outlast(why) => why.clone(),
        Action::Fence(region) => format!(
            "the deposed member in {region} is not fenced yet; its Region's schedule does that within a minute"
        ),
        Action::Remember(region) => {
            let member = observed.members.iter().find(|seen| seen.region == *region);
            rebuilding::remembered(region, member.and_then(SeenMember::wanted), is_dry)
        }
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
        said.push_str(&rebuilding::not_as_it_was(&retired.shape, shape));
    }
    said
}
