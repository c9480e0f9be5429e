//! A Route 53 private zone, read through the API when a query finds the last reading too old. If the API does not
//! answer, what was last read stays good: Route 53's servers outlive its API.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aws_sdk_route53::{Client, error::DisplayErrorContext, types::ResourceRecordSet};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::timeout,
};

use super::{
    DnsError,
    answer::Records,
    failover::{Leads, Role, Set},
    name,
};

/// A reading older than this is renewed before it is used.
const FRESH: Duration = Duration::from_millis(200);
/// How long a query waits for a new reading before it takes the old one.
const PATIENCE: Duration = Duration::from_millis(800);
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// After a failed reading the next one waits this long, and queries do not wait at all.
const BACKOFF: Duration = Duration::from_millis(500);
const PAGE_RECORDS: i32 = 300;
const PAGES_MAX: usize = 20;

#[derive(Clone)]
struct Reading {
    records: Arc<Records>,
    began: Instant,
    failing: bool,
}

/// A hosted zone and its last reading.
pub(super) struct Zone {
    reading: watch::Receiver<Reading>,
    wanted: Arc<Notify>,
    _reader: JoinSet<()>,
}

impl Zone {
    /// Reads the zone for the first time.
    pub(super) async fn open(id: &str, route53: Client) -> Result<Self, DnsError> {
        let source = Source {
            id: id.to_owned(),
            apex: apex(id, &route53).await?,
            route53,
        };
        let began = Instant::now();
        let (readings, reading) = watch::channel(Reading {
            records: Arc::new(source.read().await?),
            began,
            failing: false,
        });
        let wanted = Arc::new(Notify::new());
        let mut reader = JoinSet::new();
        reader.spawn(keep_reading(source, readings, wanted.clone()));
        Ok(Self {
            reading,
            wanted,
            _reader: reader,
        })
    }

    /// The records as they are now, or as they were when Route 53 last answered.
    pub(super) async fn records(&self) -> Arc<Records> {
        let mut readings = self.reading.clone();
        let last = readings.borrow_and_update().clone();
        let oldest_good = Instant::now().checked_sub(FRESH).unwrap_or(last.began);
        if last.began >= oldest_good {
            return last.records;
        }
        self.wanted.notify_one();
        if last.failing {
            return last.records;
        }
        let renewed = readings.wait_for(|reading| reading.failing || reading.began >= oldest_good);
        match timeout(PATIENCE, renewed).await {
            Ok(Ok(reading)) => reading.records.clone(),
            Ok(Err(_)) | Err(_) => last.records,
        }
    }
}

async fn keep_reading(source: Source, readings: watch::Sender<Reading>, wanted: Arc<Notify>) {
    loop {
        wanted.notified().await;
        let began = Instant::now();
        match source.read().await {
            Ok(records) => readings.send_modify(|reading| {
                *reading = Reading {
                    records: Arc::new(records),
                    began,
                    failing: false,
                };
            }),
            Err(error) => {
                tracing::warn!(%error, "the DNS goes on with what it last read");
                readings.send_modify(|reading| reading.failing = true);
                tokio::time::sleep(BACKOFF).await;
            }
        }
    }
}

struct Source {
    id: String,
    apex: Name,
    route53: Client,
}

impl Source {
    async fn read(&self) -> Result<Records, DnsError> {
        timeout(READ_TIMEOUT, self.read_pages())
            .await
            .unwrap_or_else(|_| Err(unreadable(&self.id, "no answer in time".to_owned())))
    }

    async fn read_pages(&self) -> Result<Records, DnsError> {
        let mut records = Records::of_zone(&self.apex);
        let mut next = None;
        for _ in 0..PAGES_MAX {
            let (from_name, from_type, from_id) = next.take().unwrap_or_default();
            let page = self
                .route53
                .list_resource_record_sets()
                .hosted_zone_id(&self.id)
                .max_items(PAGE_RECORDS)
                .set_start_record_name(from_name)
                .set_start_record_type(from_type)
                .set_start_record_identifier(from_id)
                .send()
                .await
                .map_err(|error| unreadable(&self.id, DisplayErrorContext(error).to_string()))?;
            for set in &page.resource_record_sets {
                add(&mut records, set);
            }
            if !page.is_truncated {
                return Ok(records);
            }
            next = Some((
                page.next_record_name,
                page.next_record_type,
                page.next_record_identifier,
            ));
        }
        Err(unreadable(
            &self.id,
            format!("it has more than {PAGES_MAX} pages"),
        ))
    }
}

/// Adds a simple record set, or one of a pair of failover records, of a type that the drill uses. Sets that are routed otherwise and
/// simple aliases are passed over.
fn add(records: &mut Records, set: &ResourceRecordSet) {
    let kind = set.r#type.as_str().parse().unwrap_or(RecordType::ZERO);
    if !matches!(
        kind,
        RecordType::A | RecordType::AAAA | RecordType::CNAME | RecordType::TXT
    ) {
        return;
    }
    match (name(&set.name), set.ttl, &set.set_identifier) {
        (Ok(owner), Some(ttl), None) => {
            for record in values(set, &owner, kind, ttl) {
                records.add(record);
            }
        }
        (Ok(owner), _, Some(_)) if set.failover.is_some() => {
            if let Some(one) = failover(set, &owner, kind) {
                records.add_failover(&owner, kind, one);
            }
        }
        (_, _, _) => tracing::debug!(name = set.name, "a record set is passed over"),
    }
}

/// One of a pair of failover records.
fn failover(set: &ResourceRecordSet, owner: &Name, kind: RecordType) -> Option<Set> {
    let role = match set.failover.as_ref()?.as_str() {
        "PRIMARY" => Role::Primary,
        "SECONDARY" => Role::Secondary,
        _ => return None,
    };
    let leads = match &set.alias_target {
        Some(alias) => Leads::Alias {
            target: name(&alias.dns_name).ok()?.into(),
            evaluates: alias.evaluate_target_health,
        },
        None => Leads::To(values(set, owner, kind, set.ttl?)),
    };
    Some(Set {
        role,
        check: set.health_check_id.clone(),
        leads,
    })
}

fn values(set: &ResourceRecordSet, owner: &Name, kind: RecordType, ttl: i64) -> Vec<Record> {
    let ttl = u32::try_from(ttl).unwrap_or(0);
    let mut records = Vec::new();
    for value in set.resource_records() {
        match RData::try_from_str(kind, value.value()) {
            Ok(data) => records.push(Record::from_rdata(owner.clone(), ttl, absolute(data))),
            Err(error) => {
                tracing::warn!(%error, name = set.name, "a record that cannot be read is passed over");
            }
        }
    }
    records
}

/// Route 53 takes every target for absolute, with its last dot or without.
fn absolute(mut data: RData) -> RData {
    if let RData::CNAME(target) = &mut data {
        target.0.set_fqdn(true);
    }
    data
}

async fn apex(id: &str, route53: &Client) -> Result<Name, DnsError> {
    let getting = timeout(READ_TIMEOUT, route53.get_hosted_zone().id(id).send()).await;
    let answer = getting.map_err(|_| unreadable(id, "no answer in time".to_owned()))?;
    let answer = answer.map_err(|error| unreadable(id, DisplayErrorContext(error).to_string()))?;
    let zone = answer.hosted_zone;
    let zone = zone.ok_or_else(|| unreadable(id, "the answer names no zone".to_owned()))?;
    name(&zone.name)
}

fn unreadable(id: &str, reason: String) -> DnsError {
    DnsError::Zone {
        zone: id.to_owned(),
        reason,
    }
}
