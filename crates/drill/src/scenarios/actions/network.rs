//! Regions that cannot reach each other.

use crate::{
    front_door::{Fault, Scope},
    scenario::Drill,
};

/// Calls from one Region to another hang.
pub(crate) fn part(drill: &Drill<'_>, from: &str, to: &str) {
    let scope = Scope {
        caller_region: Some(from.into()),
        region: Some(to.into()),
        ..Scope::default()
    };
    drill.world.front_door.set(scope, Fault::Hang);
}
