//! What is answered for names, aliases and failover records.

use super::{super::failover::Role, *};

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
    answer(
        &LowerName::new(&name(asked)),
        kind,
        &[&endpoints, &private],
        &|_| None,
    )
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

/// A pair of failover records of one type, the primary's health check and the secondary's.
fn pair(
    records: &mut Records,
    owner: &str,
    kind: RecordType,
    sets: [(Role, Option<&str>, Leads); 2],
) {
    for (role, check, leads) in sets {
        let check = check.map(str::to_owned);
        records.add_failover(&name(owner), kind, Set { role, check, leads });
    }
}

fn to(owner: &str, ttl: u32, kind: RecordType, value: &str) -> Leads {
    let data = RData::try_from_str(kind, value).unwrap();
    Leads::To(vec![Record::from_rdata(name(owner), ttl, data)])
}

fn alias(target: &str, evaluates: bool) -> Leads {
    Leads::Alias {
        target: LowerName::new(&name(target)),
        evaluates,
    }
}

/// `shop` is a pair of names, `site` a pair of aliases to `shop`'s addresses and to a load balancer.
fn routed(asked: &str, kind: RecordType, unhealthy: &[&str]) -> Answer {
    use RecordType::{A, CNAME};
    let mut zone = Records::of_zone(&name("orders.internal."));
    let shop = "shop.orders.internal.";
    let west = to(shop, 7, CNAME, "west.elb.amazonaws.com.");
    let east = to(shop, 9, CNAME, "east.elb.amazonaws.com.");
    let sets = [
        (Role::Primary, Some("west"), west),
        (Role::Secondary, None, east),
    ];
    pair(&mut zone, shop, CNAME, sets);
    let here = "here.orders.internal.";
    let sets = [
        (Role::Primary, Some("here"), to(here, 5, A, "127.1.0.1")),
        (Role::Secondary, Some("spare"), to(here, 6, A, "127.1.0.2")),
    ];
    pair(&mut zone, here, A, sets);
    let sets = [
        (Role::Primary, Some("site"), alias(here, true)),
        (
            Role::Secondary,
            None,
            alias("East.elb.amazonaws.com.", true),
        ),
    ];
    pair(&mut zone, "site.orders.internal.", A, sets);
    let lines = [("east.elb.amazonaws.com.", 3, A, "127.1.0.9")];
    let balancers = self::zone("rds.amazonaws.com.", &lines);
    let state = |id: &str| {
        Some(if unhealthy.contains(&id) {
            Health::Unhealthy
        } else {
            Health::Healthy
        })
    };
    answer(
        &LowerName::new(&name(asked)),
        kind,
        &[&balancers, &zone],
        &state,
    )
}

#[test]
fn a_pair_of_names_is_answered_by_the_primarys_health_check_with_each_ones_ttl() {
    let asked = "shop.orders.internal.";
    for kind in [RecordType::CNAME, RecordType::A] {
        let home = routed(asked, kind, &[]);
        let expected = ["shop.orders.internal. 7 IN CNAME west.elb.amazonaws.com."];
        assert_eq!(shown(&home), expected);
        let away = routed(asked, kind, &["west"]);
        let expected = ["shop.orders.internal. 9 IN CNAME east.elb.amazonaws.com."];
        assert_eq!(shown(&away), expected);
    }
    let none = routed(asked, RecordType::TXT, &[]);
    assert_eq!(
        (none.code, none.soa.is_some()),
        (ResponseCode::NoError, false)
    );
}

#[test]
fn an_alias_is_answered_under_its_own_name_with_its_targets_ttl_or_a_minute_outside_the_zone() {
    let ask =
        |unhealthy: &[&str]| shown(&routed("site.orders.internal.", RecordType::A, unhealthy));
    assert_eq!(ask(&[]), ["site.orders.internal. 5 IN A 127.1.0.1"]);
    assert_eq!(ask(&["here"]), ["site.orders.internal. 6 IN A 127.1.0.2"]);
    assert_eq!(
        ask(&["here", "spare"]),
        ["site.orders.internal. 60 IN A 127.1.0.9"]
    );
    assert_eq!(ask(&["site"]), ["site.orders.internal. 60 IN A 127.1.0.9"]);
}

#[test]
fn aliases_that_lead_to_each_other_are_an_end() {
    let mut zone = Records::of_zone(&name("orders.internal."));
    for (owner, target) in [("a", "b"), ("b", "a")] {
        let [owner, target] = [owner, target].map(|label| format!("{label}.orders.internal."));
        let set = Set {
            role: Role::Primary,
            check: None,
            leads: alias(&target, true),
        };
        zone.add_failover(&name(&owner), RecordType::A, set);
    }
    let asked = LowerName::new(&name("a.orders.internal."));
    let answer = answer(&asked, RecordType::A, &[&zone], &|_| None);
    assert_eq!(
        (answer.code, answer.records.len()),
        (ResponseCode::NoError, 0)
    );
}

#[test]
fn a_check_that_is_gone_is_not_healthy() {
    let mut zone = Records::of_zone(&name("orders.internal."));
    let shop = "shop.orders.internal.";
    let sets = [
        (
            Role::Primary,
            Some("gone"),
            to(shop, 5, RecordType::A, "127.1.0.1"),
        ),
        (
            Role::Secondary,
            None,
            to(shop, 5, RecordType::A, "127.1.0.2"),
        ),
    ];
    pair(&mut zone, shop, RecordType::A, sets);
    let asked = LowerName::new(&name(shop));
    let answer = answer(&asked, RecordType::A, &[&zone], &|_| None);
    assert_eq!(shown(&answer), ["shop.orders.internal. 5 IN A 127.1.0.2"]);
}
