//! What a query is answered, as a pure function of the records known.

use std::collections::HashMap;

use hickory_proto::{
    op::ResponseCode,
    rr::{LowerName, Name, RData, Record, RecordType, rdata::SOA},
};

/// Aliases followed in one answer.
const CHAIN_MAX: usize = 8;
/// How long "there is no such record" may be cached. Route 53's default is 15 minutes; a drill is over by then.
const NEGATIVE_TTL_SECONDS: u32 = 1;

/// The records of one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Records {
    zone: LowerName,
    soa: Record,
    sets: HashMap<LowerName, Vec<Record>>,
}

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
        }
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
        *name == self.zone || self.sets.keys().any(|known| name.zone_of(known))
    }
}

/// Answers for the zones given, following aliases across them. Outside them it is `REFUSED`.
pub(super) fn answer(asked: &LowerName, kind: RecordType, zones: &[&Records]) -> Answer {
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
        let found = zone.of(&name, kind);
        let alias = zone.of(&name, RecordType::CNAME).into_iter().next();
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
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn zone(apex: &str, lines: &[(&str, u32, RecordType, &str)]) -> Records {
        let mut records = Records::of_zone(&name(apex));
        for (owner, ttl, kind, value) in lines {
            let data = RData::try_from_str(*kind, value).unwrap();
            records.add(Record::from_rdata(name(owner), *ttl, data));
        }
        records
    }

    fn ask(asked: &str, kind: RecordType) -> Answer {
        let lines = [
            (
                "writer.orders.internal.",
                5,
                RecordType::CNAME,
                "west.rds.amazonaws.com.",
            ),
            (
                "writer-2.orders.internal.",
                5,
                RecordType::CNAME,
                "Writer.Orders.Internal.",
            ),
            (
                "loop.orders.internal.",
                5,
                RecordType::CNAME,
                "loop.orders.internal.",
            ),
            (
                "lost.orders.internal.",
                5,
                RecordType::CNAME,
                "gone.rds.amazonaws.com.",
            ),
            (
                "away.orders.internal.",
                5,
                RecordType::CNAME,
                "example.com.",
            ),
            (
                "below.names.orders.internal.",
                7,
                RecordType::TXT,
                "\"epoch 7\"",
            ),
        ];
        let private = zone("orders.internal.", &lines);
        let endpoints = zone(
            "rds.amazonaws.com.",
            &[("west.rds.amazonaws.com.", 1, RecordType::A, "127.1.2.3")],
        );
        answer(&LowerName::new(&name(asked)), kind, &[&endpoints, &private])
    }

    fn shown(answer: &Answer) -> Vec<String> {
        answer.records.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn aliases_are_followed_to_the_address_with_each_records_ttl() {
        let answer = ask("writer-2.orders.internal.", RecordType::A);
        assert_eq!(answer.code, ResponseCode::NoError);
        let expected = [
            "writer-2.orders.internal. 5 IN CNAME writer.orders.internal.",
            "writer.orders.internal. 5 IN CNAME west.rds.amazonaws.com.",
            "west.rds.amazonaws.com. 1 IN A 127.1.2.3",
        ];
        assert_eq!(shown(&answer), expected);
        assert_eq!(answer.soa, None);
    }

    #[test]
    fn an_alias_that_is_asked_for_is_not_followed() {
        assert_eq!(
            ask("WRITER.orders.internal.", RecordType::CNAME)
                .records
                .len(),
            1
        );
    }

    #[test]
    fn a_name_without_such_a_record_exists_all_the_same() {
        for (asked, kind, aliases) in [
            ("west.rds.amazonaws.com.", RecordType::AAAA, 0),
            ("writer.orders.internal.", RecordType::AAAA, 1),
            ("names.orders.internal.", RecordType::A, 0),
            ("orders.internal.", RecordType::A, 0),
        ] {
            let answer = ask(asked, kind);
            assert_eq!(
                (answer.code, answer.records.len()),
                (ResponseCode::NoError, aliases),
                "{asked}"
            );
            assert_eq!(answer.soa.unwrap().ttl, NEGATIVE_TTL_SECONDS);
        }
    }

    #[test]
    fn an_unknown_name_does_not_exist() {
        let answer = ask("reader.orders.internal.", RecordType::A);
        assert_eq!(answer.code, ResponseCode::NXDomain);
        assert_eq!(answer.soa.unwrap().name, name("orders.internal."));
        let dangling = ask("lost.orders.internal.", RecordType::A);
        assert_eq!(
            (dangling.code, dangling.records.len()),
            (ResponseCode::NXDomain, 1)
        );
    }

    #[test]
    fn outside_the_zones_it_refuses() {
        assert_eq!(
            ask("example.com.", RecordType::A).code,
            ResponseCode::Refused
        );
        let away = ask("away.orders.internal.", RecordType::A);
        assert_eq!((away.code, away.records.len()), (ResponseCode::NoError, 1));
    }

    #[test]
    fn an_alias_to_itself_is_a_failure() {
        assert_eq!(
            ask("loop.orders.internal.", RecordType::A).code,
            ResponseCode::ServFail
        );
    }
}
