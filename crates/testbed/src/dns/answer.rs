//! What a query is answered, as a pure function of the records known.

use std::collections::HashMap;

use hickory_proto::{
    op::ResponseCode,
    rr::{LowerName, Name, RData, Record, RecordType, rdata::SOA},
};

use super::failover::{Leads, Set, chosen};
use crate::health_checks::Health;

/// Aliases followed in one answer.
const CHAIN_MAX: usize = 8;
/// How long the addresses of an alias' target outside its zone may be cached, such as those of a load balancer.
/// Source: Route 53's developer guide, "Choosing between alias and non-alias records".
const ALIAS_TTL_SECONDS: u32 = 60;
/// How long "there is no such record" may be cached. Route 53's default is 15 minutes; a drill is over by then.
const NEGATIVE_TTL_SECONDS: u32 = 1;

/// The records of one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Records {
    zone: LowerName,
    soa: Record,
    sets: HashMap<LowerName, Vec<Record>>,
    failover: HashMap<(LowerName, RecordType), Vec<Set>>,
}

/// What a health check says, if anything.
pub(super) type State<'a> = &'a dyn Fn(&str) -> Option<Health>;

/// An answer to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) code: ResponseCode,
    pub(super) records: Vec<Record>,
    /// The zone's SOA record when there is no such record: it says how long that may be cached.
    pub(super) soa: Option<Record>,
}

impl Records {
    pub(super) fn of_zone(zone: &Name) -> Self {
        let soa = SOA::new(
            zone.clone(),
            zone.clone(),
            1,
            7200,
            900,
            1_209_600,
            NEGATIVE_TTL_SECONDS,
        );
        Self {
            zone: zone.into(),
            soa: Record::from_rdata(zone.clone(), NEGATIVE_TTL_SECONDS, RData::SOA(soa)),
            sets: HashMap::new(),
            failover: HashMap::new(),
        }
    }

    /// Adds one of a name's failover records of a type.
    pub(super) fn add_failover(&mut self, name: &Name, kind: RecordType, set: Set) {
        let sets = self.failover.entry((name.into(), kind)).or_default();
        sets.push(set);
    }

    pub(super) fn add(&mut self, record: Record) {
        self.sets
            .entry((&record.name).into())
            .or_default()
            .push(record);
    }

    fn of(&self, name: &LowerName, kind: RecordType) -> Vec<Record> {
        let all = self.sets.get(name).into_iter().flatten();
        all.filter(|record| record.record_type() == kind)
            .cloned()
            .collect()
    }

    /// Whether the name exists, be it only because names below it do.
    fn has(&self, name: &LowerName) -> bool {
        let routed = self.failover.keys().map(|(known, _)| known);
        *name == self.zone
            || self
                .sets
                .keys()
                .chain(routed)
                .any(|known| name.zone_of(known))
    }
}

/// All zones, and what decides between their records.
struct Known<'a> {
    zones: &'a [&'a Records],
    state: State<'a>,
}

impl Known<'_> {
    /// A name's records of a type. Of failover records those count that health checks choose.
    fn of(&self, zone: &Records, name: &LowerName, kind: RecordType, depth: usize) -> Vec<Record> {
        let mut found = zone.of(name, kind);
        let sets = zone.failover.get(&(name.clone(), kind));
        let set = sets.and_then(|sets| chosen(sets, |set| self.is_healthy(zone, set, kind, depth)));
        match set.map(|set| &set.leads) {
            Some(Leads::To(records)) => found.extend(records.iter().cloned()),
            Some(Leads::Alias { target, .. }) => {
                let mut records = self.of_target(zone, target, kind, depth);
                for record in &mut records {
                    record.name = name.into();
                }
                found.extend(records);
            }
            None => {}
        }
        found
    }

    /// What an alias answers: a record of its own zone with that one's TTL.
    fn of_target(
        &self,
        zone: &Records,
        target: &LowerName,
        kind: RecordType,
        depth: usize,
    ) -> Vec<Record> {
        let Some(deeper) = depth.checked_sub(1) else {
            return Vec::new();
        };
        if zone.zone.zone_of(target) {
            return self.of(zone, target, kind, deeper);
        }
        let elsewhere = self.zones.iter().flat_map(|zone| zone.of(target, kind));
        let mut found: Vec<_> = elsewhere.collect();
        for record in &mut found {
            record.ttl = ALIAS_TTL_SECONDS;
        }
        found
    }

    /// Whether a failover record may be answered: its health check and its target, as far as it has them. A check that is gone has no
    /// state and is not healthy, and of a target outside the zone nobody knows anything else.
    fn is_healthy(&self, zone: &Records, set: &Set, kind: RecordType, depth: usize) -> bool {
        let by_check = set.check.as_ref();
        if by_check.is_some_and(|id| (self.state)(id) != Some(Health::Healthy)) {
            return false;
        }
        match &set.leads {
            Leads::Alias {
                target,
                evaluates: true,
            } if zone.zone.zone_of(target) => {
                let Some(deeper) = depth.checked_sub(1) else {
                    return false;
                };
                let sets = zone.failover.get(&(target.clone(), kind));
                let mut sets = sets.into_iter().flatten();
                !zone.of(target, kind).is_empty()
                    || sets.any(|set| self.is_healthy(zone, set, kind, deeper))
            }
            Leads::Alias { .. } | Leads::To(_) => true,
        }
    }
}

/// Answers for the zones given, following aliases across them. Outside them it is `REFUSED`.
pub(super) fn answer(
    asked: &LowerName,
    kind: RecordType,
    zones: &[&Records],
    state: State<'_>,
) -> Answer {
    let known = Known { zones, state };
    let mut records = Vec::new();
    let mut name = asked.clone();
    for _ in 0..CHAIN_MAX {
        let Some(zone) = zones.iter().find(|records| records.zone.zone_of(&name)) else {
            let code = if records.is_empty() {
                ResponseCode::Refused
            } else {
                ResponseCode::NoError
            };
            return Answer {
                code,
                records,
                soa: None,
            };
        };
        let found = known.of(zone, &name, kind, CHAIN_MAX);
        let aliases = known.of(zone, &name, RecordType::CNAME, CHAIN_MAX);
        let alias = aliases.into_iter().next();
        if found.is_empty()
            && let Some(alias) = alias
            && let RData::CNAME(target) = &alias.data
        {
            name = LowerName::from(&target.0);
            records.push(alias);
            continue;
        }
        let soa = found.is_empty().then(|| zone.soa.clone());
        let code = if zone.has(&name) {
            ResponseCode::NoError
        } else {
            ResponseCode::NXDomain
        };
        records.extend(found);
        return Answer { code, records, soa };
    }
    Answer {
        code: ResponseCode::ServFail,
        records: Vec::new(),
        soa: None,
    }
}

#[cfg(test)]
mod tests;
