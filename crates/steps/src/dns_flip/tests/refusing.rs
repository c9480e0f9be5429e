//! SSM and Route 53 of an account, of which some calls are refused or never answered.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use jiff::Timestamp;

use super::*;
use failover::{
    domain::PlanName,
    ports::{Batch, Heard, Parameter, Record},
    switches::Switches,
};

pub(super) const HOME: &str = "us-west-2";
pub(super) const HERE: &str = "us-east-1";
pub(super) const THIRD: &str = "eu-west-1";
const PROXY: &str = "proxy.example";

/// Parameters and records, of which some are refused in `why`'s way.
pub(super) struct Refusing {
    pub(super) here: Region,
    /// How home's SSM takes a write.
    pub(super) put: Option<Error>,
    /// How it answers a read.
    pub(super) read: Option<Error>,
    pub(super) third: Option<Error>,
    /// How a change of the zone ZSHUT is answered.
    pub(super) change: Option<Error>,
    pub(super) state: Mutex<State>,
}

pub(super) struct State {
    pub(super) now: Timestamp,
    pub(super) parameters: BTreeMap<(Region, String), Parameter>,
    pub(super) records: BTreeMap<String, Record>,
}

impl Runtime for Refusing {
    fn region(&self) -> &Region {
        &self.here
    }

    fn now(&self) -> Timestamp {
        self.state.lock().unwrap().now
    }

    async fn pause(&self, _: Duration) {}

    async fn within<T: Send>(
        &self,
        _: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        Some(work.await)
    }
}

fn unless(why: Option<&Error>) -> Result<(), Error> {
    why.map_or(Ok(()), |why| Err(why.clone()))
}

impl Parameters for Refusing {
    async fn plans(&self) -> Result<Vec<(PlanName, String)>, Error> {
        Ok(Vec::new())
    }

    async fn plan(&self, plan: &PlanName) -> Result<String, Error> {
        self.plan_in(&self.here, plan).await
    }

    async fn plan_in(&self, _: &Region, plan: &PlanName) -> Result<String, Error> {
        Err(Error::InvalidRequest(format!("there is no plan {plan}")))
    }

    async fn switches(&self, _: &PlanName) -> Result<Switches, Error> {
        Ok(Switches::default())
    }

    async fn parameter(&self, region: &Region, name: &str) -> Result<Option<Parameter>, Error> {
        match region.as_str() {
            HOME => unless(self.read.as_ref())?,
            THIRD => unless(self.third.as_ref())?,
            _ => {}
        }
        let state = self.state.lock().unwrap();
        let held = state.parameters.get(&(region.clone(), name.to_owned()));
        Ok(held.cloned())
    }

    async fn put_parameter(
        &self,
        region: &Region,
        name: &str,
        to: &Parameter,
    ) -> Result<(), Error> {
        if region.as_str() == HOME {
            unless(self.put.as_ref())?;
        }
        let mut state = self.state.lock().unwrap();
        let key = (region.clone(), name.to_owned());
        state.parameters.insert(key, to.clone());
        Ok(())
    }
}

impl Names for Refusing {
    async fn record(
        &self,
        _: &str,
        name: &str,
        _: &'static str,
    ) -> Result<Heard<Option<Record>>, Error> {
        let state = self.state.lock().unwrap();
        Ok(Heard::Said(state.records.get(name).cloned()))
    }

    async fn change(&self, zone: &str, batch: &Batch, _: &str) -> Result<Heard<String>, Error> {
        if zone == "ZSHUT" {
            unless(self.change.as_ref())?;
        }
        let mut state = self.state.lock().unwrap();
        for record in &batch.create {
            state.records.insert(record.name.clone(), record.clone());
        }
        Ok(Heard::Said("change".into()))
    }

    async fn is_in_sync(&self, _: &str) -> Result<Heard<bool>, Error> {
        Ok(Heard::Said(true))
    }
}

/// Nothing is in the way: every parameter and name leads to the writer that is lost.
pub(super) fn world() -> Refusing {
    let held = |value: &str| Parameter {
        value: value.into(),
        epoch: Some(Epoch(6)),
    };
    let parameters = [HOME, HERE, THIRD].map(|region| {
        (
            (Region::from(region), "/orders/writer".to_owned()),
            held(WEST),
        )
    });
    let records = ["shut", "a", "b"].map(|name| {
        let record = Record {
            name: name.into(),
            ..cname(WEST)
        };
        (name.to_owned(), record)
    });
    Refusing {
        here: HERE.into(),
        put: None,
        read: None,
        third: None,
        change: None,
        state: Mutex::new(State {
            now: Timestamp::UNIX_EPOCH,
            parameters: parameters.into(),
            records: records.into(),
        }),
    }
}

/// Somebody pointed one parameter and one name at a proxy.
pub(super) fn proxied(world: Refusing) -> Refusing {
    let mut state = world.state.lock().unwrap();
    let held = Parameter {
        value: PROXY.into(),
        epoch: None,
    };
    let key = (Region::from(HERE), "/orders/writer".to_owned());
    state.parameters.insert(key, held);
    let record = Record {
        name: "a".into(),
        ..cname(PROXY)
    };
    state.records.insert("a".into(), record);
    drop(state);
    world
}
