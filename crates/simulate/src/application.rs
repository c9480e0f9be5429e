//! The applications: one in each member Region, which writes a numbered row every second through the plan's name.

use std::{sync::Arc, time::Duration};

use failover::domain::Region;

use crate::{
    api::Api,
    clock::pause,
    database::{Condition, Entry},
    truth::Acknowledged,
    world::Shared,
};

/// How often it writes.
const EVERY: Duration = Duration::from_secs(1);
/// One way to the database.
const WAY: Duration = Duration::from_millis(5);

/// Writes for ever.
pub async fn write(shared: Arc<Shared>, region: Region, name: String) {
    let mut session: Option<(String, u64)> = None;
    loop {
        pause(EVERY).await;
        let led = {
            let now = shared.now();
            let mut state = shared.state();
            if state.lost.contains(&region) {
                session = None;
                continue;
            }
            let host = state.resolve(&region, &name, now);
            host.and_then(|host| state.found(&host))
        };
        let Some(resource_id) = led else {
            continue;
        };
        pause(WAY).await;
        commit(&shared, &region, &resource_id, &mut session);
    }
}

/// Logs in where it is not, and commits one row. It is told at once.
fn commit(
    shared: &Shared,
    region: &Region,
    resource_id: &str,
    session: &mut Option<(String, u64)>,
) {
    let now = shared.now();
    let mut state = shared.state();
    let Some(found) = state.databases.get(resource_id) else {
        *session = None;
        return;
    };
    let serves = found.takes_writes()
        && found.is_open()
        && state.answers(region, &found.region, Api::Database);
    let own = (resource_id.to_owned(), found.incarnation);
    let lets_in = match found.condition {
        Condition::Serves | Condition::RefusesLogin => true,
        // Who is in goes on.
        Condition::Full => session.as_ref() == Some(&own),
        Condition::Gone | Condition::Hangs | Condition::Starting | Condition::OutOfDisk => false,
    };
    if !serves || !lets_in {
        if session.as_ref() != Some(&own) {
            *session = None;
        }
        return;
    }
    *session = Some(own);
    let row = state.truth.next_row;
    state.truth.next_row += 1;
    let members = state.databases.values().map(|found| &found.region);
    let mut others = members.filter(|other| *other != region);
    let is_heard = others.any(|other| !state.cut.contains(&(other.clone(), region.clone())));
    let mut epoch = None;
    if let Some(found) = state.databases.get_mut(resource_id) {
        found.commit(now, Entry::Row(row));
        epoch = found.epoch();
    }
    state.truth.wrote(Acknowledged {
        at: now,
        row,
        resource_id: resource_id.to_owned(),
        epoch,
        from: region.clone(),
        is_heard,
    });
}
