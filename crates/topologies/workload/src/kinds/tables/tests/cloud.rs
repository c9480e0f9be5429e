//! DynamoDB in memory, of several Regions: what takes time takes it, what is refused is refused, and what a restore loses is lost.

mod calls;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use failover::{Error, domain::Region, topology::Accepted};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::tables::{
    Asked, Backup, Call, Capacity, Destination, Index, Key, Mapping, Page, Place, PointInTime,
    Policy, Stream, TableShape, Tables, TimeToLive,
};

/// How long DynamoDB takes for anything.
const TAKES: SignedDuration = SignedDuration::from_secs(30);
/// The items of a page.
const PAGE: usize = 3;

#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) shape: TableShape,
    pub(super) items: BTreeMap<String, Value>,
    ready_at: Timestamp,
    ttl_changed_at: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(super) struct Saved {
    pub(super) region: String,
    pub(super) of: TableShape,
    pub(super) items: BTreeMap<String, Value>,
    pub(super) backup: Backup,
    ready_at: Timestamp,
}

/// What goes wrong with a call, by its number.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    CutOff(usize),
    AnswerLost(usize),
}

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) tables: BTreeMap<(String, String), Stored>,
    pub(super) backups: Vec<Saved>,
    /// What had an effect, in order.
    pub(super) effects: Vec<String>,
    pub(super) calls: usize,
    pub(super) fault: Option<Fault>,
    /// A restore forgets an item.
    pub(super) loses_items: bool,
    /// How long a page takes.
    pub(super) page_takes: SignedDuration,
    /// How many pages were asked for, and of which numbers DynamoDB answers none.
    pub(super) pages: u32,
    pub(super) silent: std::ops::Range<u32>,
    /// What home held at the beginning: wherever its table is not, a complete backup has it.
    pub(super) guarded: Option<BTreeMap<String, Value>>,
    ids: u32,
}

pub(super) struct Cloud(pub(super) Mutex<World>);

pub(super) fn items(ids: std::ops::Range<u32>, text: &str) -> BTreeMap<String, Value> {
    let item = |id: u32| json!({"id": {"S": id.to_string()}, "text": {"S": text}});
    ids.map(|id| (id.to_string(), item(id))).collect()
}

fn arn(region: &str, name: &str) -> String {
    format!("arn:aws:dynamodb:{region}:123456789012:table/{name}")
}

/// A table with nothing set.
pub(super) fn plain(region: &str, name: &str, id: &str) -> TableShape {
    let key = |attribute: &str| Key {
        attribute: attribute.into(),
        role: "HASH".into(),
        kind: "S".into(),
    };
    let index = Index {
        keys: vec![key("text")],
        projection: "ALL".into(),
        attributes: BTreeSet::new(),
        capacity: Some(Capacity::Provisioned { read: 1, write: 1 }),
    };
    TableShape {
        name: name.into(),
        arn: arn(region, name),
        id: id.into(),
        status: "ACTIVE".into(),
        created_at: None,
        keys: vec![key("id")],
        indexes: BTreeMap::from([("by-text".into(), index)]),
        capacity: Capacity::Provisioned { read: 1, write: 1 },
        class: "STANDARD".into(),
        encryption: None,
        replicas: Vec::new(),
        items: 0,
        bytes: 0,
        restored_from: None,
        stream: None,
        ttl: TimeToLive::default(),
        recovery: None,
        tags: BTreeMap::new(),
        policy: None,
        kinesis: BTreeMap::new(),
        deletion_protected: false,
    }
}

/// Home's table with everything set.
pub(super) fn whole(region: &str, name: &str) -> TableShape {
    let plain = plain(region, name, "original");
    let policy =
        json!({"Version": "2012-10-17", "Statement": [{"Sid": "Reads", "Effect": "Allow"}]});
    let mut indexes = plain.indexes.clone();
    for index in indexes.values_mut() {
        index.capacity = Some(Capacity::Provisioned { read: 9, write: 9 });
    }
    TableShape {
        indexes,
        capacity: Capacity::Provisioned {
            read: 50,
            write: 20,
        },
        class: "STANDARD_INFREQUENT_ACCESS".into(),
        stream: Some(Stream {
            view: "NEW_AND_OLD_IMAGES".into(),
            arn: Some(format!("{}/stream/old", plain.arn)),
        }),
        ttl: TimeToLive {
            attribute: Some("until".into()),
            status: "ENABLED".into(),
        },
        recovery: Some(PointInTime { days: Some(35) }),
        tags: BTreeMap::from([
            ("aurora-failover".into(), "shop".into()),
            ("team".into(), "orders".into()),
        ]),
        policy: Some(Policy {
            document: policy,
            revision: Some("1".into()),
        }),
        kinesis: BTreeMap::from([(
            "arn:aws:kinesis:us-east-1:123456789012:stream/orders".into(),
            Destination {
                status: "ACTIVE".into(),
                precision: Some("MICROSECOND".into()),
            },
        )]),
        deletion_protected: true,
        ..plain
    }
}

impl World {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            now,
            tables: BTreeMap::new(),
            backups: Vec::new(),
            effects: Vec::new(),
            calls: 0,
            fault: None,
            loses_items: false,
            page_takes: SignedDuration::ZERO,
            pages: 0,
            silent: 0..0,
            guarded: None,
            ids: 0,
        }
    }

    pub(super) fn put(&mut self, region: &str, shape: TableShape, items: BTreeMap<String, Value>) {
        let stored = Stored {
            items,
            ready_at: self.now,
            ttl_changed_at: None,
            shape: shape.clone(),
        };
        self.tables.insert((region.into(), shape.name), stored);
    }

    pub(super) fn at(&self, region: &str, name: &str) -> Option<&Stored> {
        self.tables.get(&(region.into(), name.into()))
    }

    pub(super) fn at_mut(&mut self, region: &str, name: &str) -> Option<&mut Stored> {
        self.tables.get_mut(&(region.into(), name.into()))
    }

    fn next_id(&mut self) -> String {
        self.ids += 1;
        format!("made-{}", self.ids)
    }

    /// Time goes by.
    pub(super) fn tick(&mut self, by: SignedDuration) {
        self.now += by;
        let now = self.now;
        let over = |table: &Stored| table.shape.status == "DELETING" && table.ready_at <= now;
        self.tables.retain(|_, table| !over(table));
        for table in self
            .tables
            .values_mut()
            .filter(|table| table.ready_at <= now)
        {
            table.shape.status = "ACTIVE".into();
            for destination in table.shape.kinesis.values_mut() {
                destination.status = "ACTIVE".into();
            }
        }
        for table in self.tables.values_mut() {
            let Some(attribute) = table.shape.ttl.on().map(str::to_owned) else {
                continue;
            };
            table.items.retain(|_, item| {
                let at = item[attribute.as_str()]["N"].as_str();
                at.is_none_or(|at| at.parse::<i64>().unwrap() > now.as_second())
            });
        }
        for saved in self
            .backups
            .iter_mut()
            .filter(|saved| saved.ready_at <= now)
        {
            saved.backup.status = "AVAILABLE".into();
        }
        self.guard();
    }

    /// Wherever home's table is not whole, a complete backup of it is.
    fn guard(&self) {
        let Some(guarded) = &self.guarded else {
            return;
        };
        let stands = self
            .tables
            .values()
            .any(|table| table.shape.id == "original");
        let is_saved = |saved: &Saved| saved.backup.is_available() && saved.items == *guarded;
        assert!(
            stands || self.backups.iter().any(is_saved),
            "{:?}",
            self.effects
        );
    }
}

impl Tables for Cloud {
    async fn table(&self, region: &Region, name: &str) -> Result<Option<TableShape>, Error> {
        let world = self.0.lock().unwrap();
        let found = world.at(region.as_str(), name);
        Ok(found.map(|table| table.shape.clone()))
    }

    async fn table_backup(&self, region: &Region, asked: &Asked) -> Result<Option<Backup>, Error> {
        let world = self.0.lock().unwrap();
        let mut here = world
            .backups
            .iter()
            .filter(|saved| saved.region == region.as_str());
        let found = here.find(|saved| match &asked.arn {
            Some(arn) => saved.backup.arn == *arn,
            None => saved.backup.name == asked.name && saved.of.name == asked.table,
        });
        Ok(found.map(|saved| saved.backup.clone()))
    }

    fn clock(&self) -> Timestamp {
        self.0.lock().unwrap().now
    }

    async fn item(
        &self,
        region: &Region,
        table: &str,
        key: &Value,
    ) -> Result<Option<Value>, Error> {
        let world = self.0.lock().unwrap();
        let found = world.at(region.as_str(), table).unwrap();
        Ok(found.items.get(key["id"]["S"].as_str().unwrap()).cloned())
    }

    async fn page(&self, region: &Region, table: &str, place: &Place) -> Result<Page, Error> {
        let mut world = self.0.lock().unwrap();
        world.pages += 1;
        let takes = world.page_takes;
        world.now += takes;
        let number = world.pages - 1;
        if world.silent.contains(&number) {
            return Err(Error::Unavailable("DynamoDB throttles".into()));
        }
        let found = world.at(region.as_str(), table);
        let found = found.ok_or_else(|| Error::Unavailable("it is gone".into()))?;
        let after = place.after.as_ref().and_then(|key| key["id"]["S"].as_str());
        let segment = |id: &str| u32::try_from(id.len()).unwrap() % place.segments;
        let left = found.items.iter().filter(|(id, _)| {
            segment(id) == place.segment && after.is_none_or(|after| id.as_str() > after)
        });
        let most = PAGE.min(usize::try_from(place.limit).unwrap());
        let page: Vec<_> = left.take(most).map(|(_, item)| item.clone()).collect();
        let next = page.last().filter(|_| page.len() == most);
        Ok(Page {
            next: next.map(|last| json!({"id": last["id"]})),
            items: page,
        })
    }

    async fn mappings(&self, _: &Region, stream_arn: &str) -> Result<Vec<Mapping>, Error> {
        let is_old = stream_arn.ends_with("/old");
        let mapping = Mapping {
            uuid: "uuid-1".into(),
            function: "arn:aws:lambda:us-east-1:123456789012:function:ship".into(),
        };
        Ok(is_old.then_some(mapping).into_iter().collect())
    }

    async fn change(&self, region: &Region, call: &Call) -> Result<Accepted, Error> {
        self.0.lock().unwrap().change(region.as_str(), call)
    }
}
