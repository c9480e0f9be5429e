//! Endpoint parameters in SSM: tasks read them when they start, so that no control plane in another Region is needed. The
//! epoch stands in the parameter's description; both change in one call, so a parameter never goes back.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Change, Route, plain,
    unled::{self, Stands},
};
use failover::{
    Error,
    domain::{Epoch, Region},
    ledger::Run,
    pass::{Pass, frame::Came},
    ports::{Parameter, Parameters, Runtime},
};

mod read;

pub(super) use read::{observe, refusals};

/// What a parameter of one Region holds and what it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The Region.
    pub region: Region,
    /// Its name.
    pub name: String,
    /// What it holds; `None` when there is no such parameter.
    pub held: Option<Parameter>,
    /// What it should hold.
    pub wanted: Parameter,
    /// The endpoints of the plan's members that it may hold now.
    pub members: Vec<String>,
    /// How it stands where it could not be written.
    pub stands: Option<Stands>,
}

/// What sentences call a parameter.
fn called(region: &Region, name: &str) -> String {
    format!("parameter {name} in {region}")
}

/// What the parameters of a Region are called together: where one is not answered, none is.
fn of_region(region: &Region) -> String {
    format!("parameters in {region}")
}

/// How a Region's parameter stands that was tried in vain.
pub(super) fn stands(run: &Run, (region, name): (&Region, &str), now: Timestamp) -> Option<Stands> {
    let names = [called(region, name), of_region(region)];
    unled::stands(run, &names.each_ref().map(String::as_str), now)
}

/// Writes one. What fails is noted, and the others go on.
pub(super) async fn put(world: &(impl Runtime + Parameters), pass: &mut Pass, seen: &Seen) -> Came {
    let (of_region, own) = (of_region(&seen.region), seen.called());
    let put = world.put_parameter(&seen.region, &seen.name, &seen.wanted);
    match put.await {
        Ok(()) => {
            unled::forget(&mut pass.run, &[&of_region, &own]);
            Came::AsDecided
        }
        Err(why) => unled::note(&mut pass.run, (&of_region, &own), world.now(), &why),
    }
}

impl Seen {
    /// What follows from it.
    pub(super) fn route(&self, epoch: Epoch) -> Route<'_> {
        Route {
            later: self.later(epoch).err(),
            change: self.is_wrong().then(|| Change::Parameter(self.clone())),
            stands: self.stands.as_ref(),
            is_on_its_way: false,
            refused: self.refusal().into_iter().collect(),
        }
    }

    /// Why nothing of it goes back: another run has moved on.
    fn later(&self, epoch: Epoch) -> Result<(), Error> {
        let held = self.held.as_ref().and_then(|held| held.epoch);
        match held.filter(|held| *held > epoch) {
            None => Ok(()),
            Some(later) => Err(Error::UnexpectedTopology(format!(
                "{} was pointed in epoch {later}, this run is in {epoch}; it stays as it is",
                self.called(),
            ))),
        }
    }

    /// What sentences call it.
    pub(super) fn called(&self) -> String {
        called(&self.region, &self.name)
    }

    /// What somebody else made of it.
    fn stranger(&self) -> Option<&str> {
        let value = &self.held.as_ref()?.value;
        let is_it = |member: &String| plain(member) == plain(value);
        (!self.members.iter().any(is_it)).then_some(value)
    }

    /// Whether it has to be written, and may be.
    pub(super) fn is_wrong(&self) -> bool {
        self.held.as_ref() != Some(&self.wanted) && self.stranger().is_none()
    }

    /// Why it is not led over.
    fn refusal(&self) -> Option<Error> {
        let own = self.called();
        if let Some(value) = self.stranger() {
            return Some(Error::UnexpectedTopology(format!(
                "{own} holds {value}, which is no member's endpoint; it stays as it is"
            )));
        }
        match &self.stands {
            Some(Stands::GivenUp(why)) if self.is_wrong() => Some(Error::NotReady(format!(
                "{own} could not be written: {why}"
            ))),
            Some(_) | None => None,
        }
    }
}

#[cfg(test)]
mod tests;
