//! The operations, as queries.

mod hosts;
mod images;
mod network;
mod snapshots;
mod volumes;

use std::collections::BTreeMap;

pub use hosts::{
    Launch, attribute, checks, delete_on_termination, host, hosts_with, launch, start, stop,
    terminate,
};
pub use images::{NewImage, deregister, image, register};
pub use network::{groups, route_tables, subnets};
pub use snapshots::{Copy, Cut, copy, cut, delete_snapshot, snapshots_with};
pub use volumes::{Disk, attach, create_volume, detach, statuses, volumes, volumes_with};

use crate::{Request, answers::Done};

/// So many of what is listed come with a page.
const PAGE: u32 = 500;

/// `CreateTags`.
#[must_use]
pub fn tag(id: &str, tags: &BTreeMap<String, String>) -> Request<Done> {
    Request::new("CreateTags")
        .list("ResourceId", [id])
        .tags("Tag", tags)
}

/// Filters by which what has all these tags is found.
fn by_tags<A>(request: Request<A>, tags: &BTreeMap<String, String>) -> Request<A> {
    let names: Vec<String> = tags.keys().map(|key| format!("tag:{key}")).collect();
    let filters: Vec<(&str, Vec<&String>)> = names
        .iter()
        .zip(tags.values())
        .map(|(name, value)| (name.as_str(), vec![value]))
        .collect();
    request.filters(&filters)
}
