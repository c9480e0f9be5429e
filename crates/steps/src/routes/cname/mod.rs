//! Names: CNAMEs in zones of Route 53. One zone changes at a time, in one transactional batch that deletes exactly what was read and
//! creates what should be, the epoch's TXT record with it: DNS never goes back. A record that is right stays.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Change, Route,
    unled::{self, Stands},
};
use failover::{
    Error,
    domain::Epoch,
    ledger::{DnsChange, Run},
    pass::{Pass, frame::Came},
    ports::{Batch, Heard, Names, Runtime},
};

mod name;
mod pace;
mod read;

pub use name::{EPOCH_LABEL, Name};
pub(crate) use pace::polite_seconds;
pub(super) use read::refusals;
pub(crate) use read::{Seen, observe};

/// What the pass saw of one zone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Zone {
    /// The hosted zone's id.
    pub id: String,
    /// Its names; not read while a change is on its way there.
    pub names: Vec<Name>,
    /// Whether the change this run made there is in sync.
    pub in_sync: Option<bool>,
    /// How it stands where it could not be changed.
    pub stands: Option<Stands>,
}

impl Zone {
    /// What follows from it.
    pub(super) fn route(&self, epoch: Epoch) -> Route<'_> {
        let mut later = self.names.iter().filter_map(|name| name.later(epoch).err());
        Route {
            later: later.next(),
            change: self.change(epoch),
            stands: self.stands.as_ref(),
            is_on_its_way: self.in_sync == Some(false),
            refused: self.refused(epoch),
        }
    }

    /// What its names need, as far as they can be led over.
    pub(crate) fn change(&self, epoch: Epoch) -> Option<Change> {
        let mut batch = Batch::default();
        for name in &self.names {
            // What keeps one back is told by `refused`.
            let _ = name.add_to(&mut batch, epoch);
        }
        let changes = batch != Batch::default();
        changes.then(|| Change::Zone(self.id.clone(), batch))
    }

    fn refused(&self, epoch: Epoch) -> Vec<Error> {
        let names = self.names.iter().filter_map(|name| name.refusal(epoch));
        names.chain(self.given_up(epoch)).collect()
    }

    fn given_up(&self, epoch: Epoch) -> Option<Error> {
        let Some(Stands::GivenUp(why)) = &self.stands else {
            return None;
        };
        self.change(epoch)?;
        let zone = called(&self.id);
        Some(Error::NotReady(format!(
            "{zone} could not be changed: {why}"
        )))
    }
}

/// What sentences call a zone.
fn called(zone: &str) -> String {
    format!("zone {zone}")
}

/// How a zone stands that was tried in vain.
pub(super) fn stands(run: &Run, zone: &str, now: Timestamp) -> Option<Stands> {
    unled::stands(run, &[&called(zone)], now)
}

/// What sentences call that which a batch leads.
pub(super) fn what(zone: &str, batch: &Batch) -> String {
    let cnames = batch.create.iter().filter(|record| record.kind == "CNAME");
    let names: Vec<_> = cnames.map(|record| record.name.as_str()).collect();
    match names.is_empty() {
        true => format!("the epoch of zone {zone}"),
        false => names.join(", "),
    }
}

/// Should the answer be lost, the next pass still knows that a change is on its way.
pub(super) fn mark(pass: &mut Pass, zone: &str) {
    note(pass, zone, None, pass.now);
}

fn note(pass: &mut Pass, zone: &str, id: Option<String>, at: Timestamp) {
    let change = DnsChange { id, at };
    pass.run.dns_changes.insert(zone.to_owned(), change);
}

/// Asks for a change. One that was throttled was not made, so nothing is on its way.
pub(crate) async fn change(
    world: &(impl Runtime + Names),
    pass: &mut Pass,
    (zone, batch): (&str, &Batch),
    reason: &str,
) -> Came {
    let comment = format!("aurora-failover {} {reason}", pass.run.name());
    let called = called(zone);
    match world.change(zone, batch, &comment).await {
        Ok(Heard::Said(id)) => {
            note(pass, zone, Some(id), pass.now);
            unled::forget(&mut pass.run, &[&called]);
            Came::AsDecided
        }
        Ok(Heard::Throttled(why)) => {
            pass.run.dns_changes.remove(zone);
            Came::NotNow(format!("{why}; it is asked for again"))
        }
        Err(why) => {
            if why.is_answer() {
                pass.run.dns_changes.remove(zone);
            }
            unled::note(&mut pass.run, (&called, &called), world.now(), &why)
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
