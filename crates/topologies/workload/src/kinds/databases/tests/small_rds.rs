//! A small RDS: databases and snapshots of two Regions, whose every change takes one tick.

use std::{collections::BTreeMap, sync::Mutex};

use failover::{
    Error,
    domain::Region,
    topology::{Accepted, AloneShape, EndpointShape, InstanceShape, RoleShape, Shape},
};

use super::play::{HOME, RECOVERY};
use crate::{
    databases::{Change, Databases, Found, Kind, Room, Taken},
    kinds::databases::names::RIGHTS_TAG,
};

mod calls;

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It never arrives.
    CutOff,
    /// It has its effect, and nobody hears of it.
    Lost,
}

/// A call that had its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) home: bool,
    pub(super) call: &'static str,
    pub(super) names: Vec<String>,
}

type Key = (&'static str, String, String);

#[derive(Default)]
struct State {
    databases: BTreeMap<Key, Found>,
    snapshots: BTreeMap<Key, Taken>,
    /// Databases and instances of clusters that are being renamed, by Region and name.
    renames: BTreeMap<(String, String), String>,
    effects: Vec<Effect>,
    asked: usize,
    fault: Option<(usize, Fault)>,
    made: u32,
    /// Whether RDS takes neither the retention nor the protection of what is restored.
    keeps_unprotected: bool,
}

pub(super) struct SmallRds(Mutex<State>);

fn key(kind: Kind, region: &str, name: &str) -> Key {
    (kind.word(), region.to_owned(), name.to_owned())
}

fn of_plan() -> (String, String) {
    (RIGHTS_TAG.to_owned(), "shop".to_owned())
}

fn instance(kind: Kind, name: &str) -> InstanceShape {
    InstanceShape {
        identifier: name.into(),
        status: "available".into(),
        class: "db.r6g.large".into(),
        promotion_tier: (kind == Kind::Cluster).then_some(1),
        parameter_group: Some("orders-16".into()),
        availability_zone: Some("us-east-1a".into()),
        tags: (kind == Kind::Cluster).then(of_plan).into_iter().collect(),
        alone: (kind == Kind::Instance).then(|| AloneShape {
            storage_gib: Some(100),
            ..AloneShape::default()
        }),
        ..InstanceShape::default()
    }
}

/// A database as it stood before anything was done.
pub(super) fn standing(kind: Kind, region: &str, name: &str, instances: &[&str]) -> Found {
    let (engine, at_home) = match kind {
        Kind::Instance => ("postgres", region == HOME),
        Kind::Cluster => ("aurora-postgresql", region == HOME),
    };
    let role = RoleShape {
        arn: "arn:aws:iam::123456789012:role/import".into(),
        feature: Some("s3Import".into()),
        status: "ACTIVE".into(),
    };
    let reports = EndpointShape {
        identifier: "reports".into(),
        status: "available".into(),
        kind: "READER".into(),
        static_members: vec!["orders-2".into()],
        ..EndpointShape::default()
    };
    Found {
        shape: Shape {
            identifier: name.into(),
            arn: format!("arn:aws:rds:{region}:123456789012:{}:{name}", kind.word()),
            resource_id: format!("of-{region}"),
            status: "available".into(),
            subnet_group: Some("private".into()),
            security_groups: vec!["sg-1".into()],
            kms_key: Some("key".into()),
            deletion_protection: true,
            backup_retention_days: Some(14),
            maintenance_window: Some("sun:05:00-sun:05:30".into()),
            tags: [("team".to_owned(), "orders".to_owned()), of_plan()].into(),
            instances: instances.iter().map(|name| instance(kind, name)).collect(),
            roles: if at_home { vec![role] } else { Vec::new() },
            endpoints: if at_home && kind == Kind::Cluster {
                vec![reports]
            } else {
                Vec::new()
            },
            ..Shape::default()
        },
        engine: engine.into(),
        engine_version: "16.6".into(),
        ..Found::default()
    }
}

impl SmallRds {
    pub(super) fn with(kind: Kind) -> Self {
        let (home, away): (&[&str], &[&str]) = match kind {
            Kind::Instance => (&["orders"], &["orders-dr"]),
            Kind::Cluster => (&["orders-1", "orders-2"], &["orders-dr-1"]),
        };
        let mut state = State::default();
        for (region, name, instances) in [(HOME, "orders", home), (RECOVERY, "orders-dr", away)] {
            let found = standing(kind, region, name, instances);
            state.databases.insert(key(kind, region, name), found);
        }
        Self(Mutex::new(state))
    }

    pub(super) fn fail(&self, fault: Option<(usize, Fault)>) {
        self.0.lock().unwrap().fault = fault;
    }

    /// From now on RDS takes neither the retention nor the protection of what is restored.
    pub(super) fn keep_unprotected(&self) {
        self.0.lock().unwrap().keeps_unprotected = true;
    }

    pub(super) fn found(&self, kind: Kind, region: &str, name: &str) -> Option<Found> {
        let state = self.0.lock().unwrap();
        state.databases.get(&key(kind, region, name)).cloned()
    }

    pub(super) fn snapshot(&self, kind: Kind, region: &str, name: &str) -> Option<Taken> {
        let state = self.0.lock().unwrap();
        state.snapshots.get(&key(kind, region, name)).cloned()
    }

    pub(super) fn snapshots_of_rounds(&self, region: &str) -> usize {
        let state = self.0.lock().unwrap();
        let all = state.snapshots.keys();
        all.filter(|(_, at, name)| at == region && !name.contains("-home-"))
            .count()
    }

    pub(super) fn effects(&self) -> Vec<Effect> {
        self.0.lock().unwrap().effects.clone()
    }

    pub(super) fn stands(&self) -> Vec<Found> {
        let state = self.0.lock().unwrap();
        state.databases.values().cloned().collect()
    }

    /// What stood at home exists at all times, under whatever name, where it stood there at all.
    pub(super) fn keeps_what_stood_at_home(&self) {
        let state = self.0.lock().unwrap();
        let id = format!("of-{HOME}");
        let mut all = state.databases.values();
        assert!(all.any(|found| found.shape.resource_id == id), "it is gone");
    }

    /// Everything under way ends.
    pub(super) fn tick(&self) {
        let mut state = self.0.lock().unwrap();
        let databases = std::mem::take(&mut state.databases);
        let renames = std::mem::take(&mut state.renames);
        for ((kind, region, name), mut found) in databases {
            let to = |name: &str| renames.get(&(region.clone(), name.to_owned()));
            let shape = &mut found.shape;
            shape.endpoints.retain(|one| one.status != "deleting");
            shape.instances.retain(|one| one.status != "deleting");
            if shape.status == "deleting" {
                continue;
            }
            for endpoint in &mut shape.endpoints {
                endpoint.status = "available".into();
            }
            for one in &mut shape.instances {
                if let Some(to) = to(&one.identifier) {
                    to.clone_into(&mut one.identifier);
                }
                settle(&mut one.status);
            }
            shape
                .instances
                .sort_by(|one, other| one.identifier.cmp(&other.identifier));
            settle(&mut shape.status);
            let name = to(&name).cloned().unwrap_or(name);
            name.clone_into(&mut shape.identifier);
            shape.arn = format!("arn:aws:rds:{region}:123456789012:{kind}:{name}");
            state.databases.insert((kind, region, name), found);
        }
        state.snapshots.retain(|_, one| one.status != "deleting");
        for one in state.snapshots.values_mut() {
            settle(&mut one.status);
        }
    }
}

fn settle(status: &mut String) {
    let ends = match status.as_str() {
        "stopped" | "stopping" => "stopped",
        _ => "available",
    };
    ends.clone_into(status);
}

impl Databases for SmallRds {
    async fn database(
        &self,
        kind: Kind,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<Found>, Error> {
        Ok(self.found(kind, region.as_str(), identifier))
    }

    async fn database_snapshot(
        &self,
        kind: Kind,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<Taken>, Error> {
        Ok(self.snapshot(kind, region.as_str(), identifier))
    }

    async fn snapshot_room(&self, _: Kind, _: &Region) -> Result<Option<Room>, Error> {
        Ok(None)
    }

    async fn change_database(&self, change: &Change) -> Result<Accepted, Error> {
        let mut state = self.0.lock().unwrap();
        let fault = state.fault.filter(|(at, _)| *at == state.asked);
        state.asked += 1;
        let fault = fault.map(|(_, fault)| fault);
        let lost = || Error::Unavailable("RDS got no answer".into());
        if fault == Some(Fault::CutOff) {
            return Err(lost());
        }
        let region = change.region.as_str().to_owned();
        if let Err(why) = state.carry_out(&region, &change.call) {
            return Ok(Accepted::NotNow(why));
        }
        let effect = Effect {
            home: region == HOME,
            call: change.call.name(),
            names: calls::names(&change.call),
        };
        state.effects.push(effect);
        match fault {
            Some(Fault::Lost) => Err(lost()),
            Some(Fault::CutOff) | None => Ok(Accepted::Yes),
        }
    }
}
