//! SSM and Route 53 of an account on a virtual clock: some calls are refused or never answered, and Route 53 may take only so
//! many a second, whoever makes them.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::*;
use failover::{
    domain::PlanName,
    ledger::Entry,
    ports::{Batch, Heard, Object, Parameter, Record},
    switches::Switches,
};

pub(super) const HOME: &str = "us-west-2";
pub(super) const HERE: &str = "us-east-1";
pub(super) const THIRD: &str = "eu-west-1";
const PROXY: &str = "proxy.example";

/// Parameters and records, as all plans of the account see them.
pub(super) struct Account {
    pub(super) here: Region,
    /// How home's SSM takes a write.
    pub(super) put: Option<Error>,
    /// How it answers a read.
    pub(super) read: Option<Error>,
    pub(super) third: Option<Error>,
    /// How a change of the zone ZSHUT is answered.
    pub(super) change: Option<Error>,
    /// The calls that Route 53 takes in a second, where that is bounded.
    pub(super) calls_per_second: Option<u32>,
    /// How long a change takes to be in sync.
    pub(super) in_sync_after: SignedDuration,
    pub(super) state: Mutex<State>,
}

pub(super) struct State {
    pub(super) now: Timestamp,
    pub(super) parameters: BTreeMap<(Region, String), Parameter>,
    pub(super) records: BTreeMap<String, Record>,
    /// By bucket and key.
    pub(super) objects: BTreeMap<(String, String), Object>,
    pub(super) objects_written: u32,
    /// When each change was taken.
    pub(super) changes: Vec<Timestamp>,
    /// How often it was asked whether one is in sync.
    pub(super) syncs: u32,
    /// The second that is counted, and the calls in it.
    second: (i64, u32),
}

impl Account {
    /// Answers a call of Route 53, if this second takes one more.
    fn heard<T>(&self, answer: impl FnOnce(&mut State) -> T) -> Result<Heard<T>, Error> {
        let mut state = self.state.lock().unwrap();
        let second = state.now.as_second();
        if state.second.0 != second {
            state.second = (second, 0);
        }
        state.second.1 += 1;
        if self
            .calls_per_second
            .is_some_and(|most| state.second.1 > most)
        {
            return Ok(Heard::Throttled("Rate exceeded".into()));
        }
        Ok(Heard::Said(answer(&mut state)))
    }
}

impl Runtime for Account {
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

impl Parameters for Account {
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

impl Objects for Account {
    async fn object(
        &self,
        region: &Region,
        bucket: &str,
        key: &str,
    ) -> Result<Option<Object>, Error> {
        if region.as_str() == HOME {
            unless(self.read.as_ref())?;
        }
        let state = self.state.lock().unwrap();
        let held = state.objects.get(&(bucket.to_owned(), key.to_owned()));
        Ok(held.cloned())
    }

    async fn put_object(
        &self,
        region: &Region,
        (bucket, key): (&str, &str),
        text: &str,
        read: Option<&Object>,
    ) -> Result<bool, Error> {
        if region.as_str() == HOME {
            unless(self.put.as_ref())?;
        }
        let mut state = self.state.lock().unwrap();
        let place = (bucket.to_owned(), key.to_owned());
        if state.objects.get(&place) != read {
            return Ok(false);
        }
        let tag = format!("\"{}\"", state.objects_written);
        state.objects_written += 1;
        let text = text.to_owned();
        state.objects.insert(
            place,
            Object {
                text,
                tag,
                written_at: None,
            },
        );
        Ok(true)
    }
}

impl Names for Account {
    async fn record(
        &self,
        _: &str,
        name: &str,
        _: &'static str,
    ) -> Result<Heard<Option<Record>>, Error> {
        self.heard(|state| state.records.get(name).cloned())
    }

    async fn change(&self, zone: &str, batch: &Batch, _: &str) -> Result<Heard<String>, Error> {
        if zone == "ZSHUT" {
            unless(self.change.as_ref())?;
        }
        self.heard(|state| {
            for record in &batch.create {
                state.records.insert(record.name.clone(), record.clone());
            }
            state.changes.push(state.now);
            (state.changes.len() - 1).to_string()
        })
    }

    async fn is_in_sync(&self, change: &str) -> Result<Heard<bool>, Error> {
        self.heard(|state| {
            state.syncs += 1;
            let index: usize = change.parse().unwrap();
            state.now.duration_since(state.changes[index]) >= self.in_sync_after
        })
    }
}

/// The endpoints of the lost writer's member and of the new one's.
pub(super) fn endpoints() -> BTreeMap<Region, Endpoints> {
    let of = |writer: &str| Endpoints {
        writer: writer.into(),
        reader: format!("ro-{writer}"),
        port: 5432,
    };
    let endpoints = [(HOME, WEST), (HERE, EAST)];
    endpoints
        .map(|(region, writer)| (Region::from(region), of(writer)))
        .into()
}

/// When the writer was proven: the step is entered then.
pub(super) fn proven() -> Entry {
    Entry {
        at: Timestamp::UNIX_EPOCH,
        step: "prove_writer".into(),
        action: "prove".into(),
        reason: String::new(),
    }
}

/// Nothing is in the way: every parameter and name leads to the writer that is lost.
pub(super) fn world() -> Account {
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
    Account {
        here: HERE.into(),
        put: None,
        read: None,
        third: None,
        change: None,
        calls_per_second: None,
        in_sync_after: SignedDuration::ZERO,
        state: Mutex::new(State {
            now: Timestamp::UNIX_EPOCH,
            parameters: parameters.into(),
            records: records.into(),
            changes: Vec::new(),
            syncs: 0,
            objects: BTreeMap::new(),
            objects_written: 0,
            second: (0, 0),
        }),
    }
}

/// Somebody pointed one parameter and one name at a proxy.
pub(super) fn proxied(world: Account) -> Account {
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
