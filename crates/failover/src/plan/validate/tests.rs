//! Every field of a plan that does not fit, by its name, its value and the fix.

use serde_json::{Value, json};

use super::super::read;
use crate::testing::plan_document as good;

/// Sets one field of the good plan and says how the plan is then refused.
fn with(pointer: &str, value: Value) -> String {
    let mut document = good();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[field] = value;
    read(&document.to_string())
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

#[test]
fn a_name_that_rds_cannot_have_given_is_a_fault() {
    for (pointer, field, name) in [
        (
            "/topology/members/us-west-2/cluster",
            "topology.members.us-west-2.cluster",
            "o".repeat(64),
        ),
        (
            "/topology/global_cluster",
            "topology.global_cluster",
            "orders--1".to_owned(),
        ),
    ] {
        let why = with(pointer, json!(name));
        assert!(why.contains(field) && why.contains("as RDS does"), "{why}");
    }
    assert_eq!(
        with("/topology/members/us-west-2/cluster", json!("o".repeat(63))),
        ""
    );
}

#[test]
fn a_short_grace_beside_an_automatic_writer_down_is_a_fault() {
    let why = with("/detection/in_region_grace_seconds", json!(179));
    for part in ["in_region_grace_seconds is 179", "use at least 180"] {
        assert!(why.contains(part), "{part} is missing from: {why}");
    }
    assert_eq!(with("/detection/in_region_grace_seconds", json!(180)), "");
    let mut document = good();
    document["detection"]["in_region_grace_seconds"] = json!(60);
    document["unplanned"]["writer_down"] = json!("observe");
    assert!(read(&document.to_string()).is_ok());
}

#[test]
fn every_bad_field_is_named_with_its_value_and_the_fix() {
    let rows = [
        ("/plan", json!("a b"), "use 1 to 40 letters"),
        (
            "/topology/members",
            json!({"us-west-2": {"cluster": "orders-west"}}),
            "name at least two",
        ),
        (
            "/home_region",
            json!("eu-west-1"),
            "which is not in topology.members",
        ),
        (
            "/witness_region",
            json!("us-east-1"),
            "choose a third Region",
        ),
        ("/witness_region", json!("Ohio"), "write it like us-east-1"),
        ("/witness_region", Value::Null, "without_witness"),
        (
            "/detection/interval_seconds",
            json!(0),
            "detection.interval_seconds is 0",
        ),
        ("/detection/timeout_seconds", json!(9), "make it at most 5"),
        (
            "/detection/failures",
            json!(1),
            "one failure proves nothing",
        ),
        ("/topology/strategy", json!("hope"), "topology.strategy"),
        ("/routes/0/ttl_seconds", json!(86400), "use 1 to 300"),
        ("/routes/0/name", json!("writer"), "full name"),
        (
            "/routes/0/hosted_zone",
            json!("/hostedzone/Z0"),
            "the id alone",
        ),
        (
            "/routes/0/accept_route53_risk",
            json!(false),
            "accept_route53_risk",
        ),
        (
            "/services/0/services",
            json!(["api", "api"]),
            "stands twice",
        ),
        (
            "/services/0/region",
            json!("eu-west-1"),
            "which is not in topology.members; choose one of us-east-1, us-west-2",
        ),
        (
            "/notify",
            json!({"us-east-1": "topic"}),
            "ARN of an SNS topic",
        ),
    ];
    for (pointer, value, expected) in rows {
        let why = with(pointer, value.clone());
        assert!(
            why.contains(expected),
            "{pointer} = {value}: {why:?} lacks {expected:?}"
        );
    }
}

#[test]
fn a_table_of_the_loss_ledger_has_a_schema_and_a_key_and_stands_once() {
    let id = |table: &str, key: Value| json!([{"table": table, "key": key}]);
    let twice = json!([{"table": "a.b", "key": ["id"]}, {"table": "a.b", "key": ["id"]}]);
    for (tables, says) in [
        (
            id("orders", json!(["id"])),
            "loss_ledger.0.table is \"orders\"; write schema and name",
        ),
        (
            id("a.b.c", json!(["id"])),
            "loss_ledger.0.table is \"a.b.c\"",
        ),
        (
            id("a.b", json!([])),
            "loss_ledger.0.key is []; name the columns",
        ),
        (id("a.b", json!(["id", "id"])), "each once"),
        (twice, "loss_ledger.1.table a.b stands twice"),
    ] {
        let why = with("/loss_ledger", tables);
        assert!(why.contains(says), "{why:?} lacks {says:?}");
    }
    assert_eq!(with("/loss_ledger", id("app.orders", json!(["id"]))), "");
}

#[test]
fn a_parameter_needs_no_route_53_and_may_stand_beside_a_name() {
    let parameter = json!({"kind": "ssm", "parameter": "/orders/writer", "endpoint": "writer"});
    let name = good()["routes"][0].clone();
    assert_eq!(with("/routes", json!([parameter])), "");
    assert_eq!(with("/routes", json!([name, parameter])), "");
}

#[test]
fn a_parameter_of_a_wrong_name_is_refused_with_the_fix() {
    let of = |name: &str| json!([{"kind": "ssm", "parameter": name, "endpoint": "writer"}]);
    let long = format!("/{}", "a".repeat(1011));
    for name in [
        "orders",
        "/orders/",
        "/aurora-failover/kill",
        "/aws/orders",
        "/a b",
        &long,
    ] {
        let why = with("/routes", of(name));
        for part in [
            "routes.0.parameter is",
            // A long value is cut.
            &name[..name.len().min(50)],
            "write a name like /orders/writer",
        ] {
            assert!(why.contains(part), "{name}: {why:?} lacks {part:?}");
        }
    }
    let fits = format!("/{}", "a".repeat(1010));
    assert_eq!(with("/routes", of(&fits)), "");
    let one = of("/orders/writer")[0].clone();
    assert!(with("/routes", json!([one, one])).contains("stands twice"));
}

#[test]
fn a_plan_without_witness_may_act_when_that_was_accepted() {
    let mut document = good();
    document.as_object_mut().unwrap().remove("witness_region");
    document["unplanned"]["without_witness"] = json!("accept");
    assert!(read(&document.to_string()).is_ok());
}

/// A pair of failover records that objects in both Regions switch.
fn switch() -> Value {
    let of = |region: &str| json!({"bucket": format!("orders-switch-{region}"), "key": "switch"});
    json!({
        "kind": "health_switch",
        "name": "shop.example.com",
        "primary": "us-west-2",
        "switches": {"us-west-2": of("us-west-2"), "us-east-1": of("us-east-1")},
        "targets": {"us-west-2": "west.example.com", "us-east-1": "east.example.com"},
    })
}

/// What is said of a plan whose switch was changed.
fn why(change: fn(&mut Value)) -> String {
    let mut route = switch();
    change(&mut route);
    with("/routes", json!([route]))
}

#[test]
fn a_switch_that_could_not_lead_traffic_anywhere_is_a_fault() {
    assert_eq!(why(|_| {}), "");
    let one_bucket = why(|route| {
        drop(
            route["switches"]
                .as_object_mut()
                .unwrap()
                .remove("us-west-2"),
        )
    });
    assert_eq!(one_bucket, "", "the primary's may be left out");
    type Row = (fn(&mut Value), &'static str);
    let rows: [Row; 8] = [
        (
            |route| route["primary"] = json!("eu-west-1"),
            "routes.0.primary is eu-west-1",
        ),
        (
            |route| {
                drop(
                    route["switches"]
                        .as_object_mut()
                        .unwrap()
                        .remove("us-east-1"),
                )
            },
            "routes.0.switches has no bucket in us-east-1",
        ),
        (
            |route| {
                drop(
                    route["targets"]
                        .as_object_mut()
                        .unwrap()
                        .remove("us-east-1"),
                )
            },
            "routes.0.targets has 1 Regions",
        ),
        (
            |route| route["switches"]["eu-west-1"] = route["switches"]["us-west-2"].clone(),
            "routes.0.switches has eu-west-1",
        ),
        (
            |route| {
                route["targets"] =
                    json!({"us-west-2": "west.example.com", "ap-east-1": "a.example.com"})
            },
            "routes.0.targets has ap-east-1, which is not in topology.members",
        ),
        (
            |route| route["switches"]["us-east-1"]["bucket"] = json!("Orders.Switch"),
            "routes.0.switches.us-east-1.bucket",
        ),
        (
            |route| route["switches"]["us-east-1"]["key"] = json!("/switch"),
            "routes.0.switches.us-east-1.key",
        ),
        (
            |route| route["targets"]["us-east-1"] = json!("https://east"),
            "routes.0.targets.us-east-1",
        ),
    ];
    for (change, part) in rows {
        let told = why(change);
        assert!(told.contains(part), "{part} is missing from: {told}");
    }
}

#[test]
fn checks_and_canaries_that_route_53_could_not_have_are_a_fault() {
    type Row = (fn(&mut Value), &'static str);
    let rows: [Row; 4] = [
        (
            |route| route["check_interval_seconds"] = json!(20),
            "routes.0.check_interval_seconds is 20; write 10 or 30",
        ),
        (
            |route| route["check_failures"] = json!(11),
            "routes.0.check_failures is 11",
        ),
        (
            |route| route["by_hand_minutes"] = json!(0),
            "routes.0.by_hand_minutes is 0",
        ),
        (
            |route| route["switches"]["us-east-1"]["canary"] = json!("shop.example.com"),
            "routes.0.switches.us-east-1.canary is shop.example.com, which the switch leads",
        ),
    ];
    for (change, part) in rows {
        let told = why(change);
        assert!(told.contains(part), "{part} is missing from: {told}");
    }
}

#[test]
fn two_names_that_follow_one_object_are_a_fault() {
    let mut other = switch();
    other["name"] = json!("admin.example.com");
    let told = with("/routes", json!([switch(), other]));
    for part in [
        "routes.1.switches.us-east-1 is object switch of bucket",
        "stands twice",
    ] {
        assert!(told.contains(part), "{part} is missing from: {told}");
    }
}

#[test]
fn a_stop_lasts_as_long_as_its_loop_holds() {
    let lasting = |seconds: u32| {
        let mut document = good();
        document["topology"] = json!({"kind": "rds_replica", "stop_seconds": seconds, "members": {
            "us-west-2": {"instance": "orders-west"}, "us-east-1": {"instance": "orders-east"}}});
        read(&document.to_string()).map_err(|why| why.to_string())
    };
    for fits in [10, 60, 120] {
        assert!(lasting(fits).is_ok(), "{fits}");
    }
    for wrong in [0, 9, 121, 900] {
        let why = lasting(wrong).unwrap_err();
        let says = format!("topology.stop_seconds is {wrong}; use 10 to 120");
        assert!(why.contains(&says), "{why}");
    }
}

#[test]
fn services_are_stopped_where_there_are_some_and_a_planned_move_stops_the_writer() {
    let stopping = |change: &dyn Fn(&mut Value)| {
        let mut document = good();
        document["topology"] = json!({"kind": "rds_replica", "stop_services": true, "members": {
            "us-west-2": {"instance": "orders-west"}, "us-east-1": {"instance": "orders-east"}}});
        document["services"] = json!([{"kind": "ecs", "region": "us-west-2", "cluster": "orders", "services": ["api"]}]);
        change(&mut document);
        read(&document.to_string())
            .err()
            .map(|why| why.to_string())
            .unwrap_or_default()
    };
    assert_eq!(stopping(&|_| {}), "");
    let none = stopping(&|document| document["services"] = json!([]));
    let says = "topology.stop_services is true and services names none; name what is to be stopped";
    assert!(none.contains(says), "{none}");
    let mut moot = crate::testing::sqlserver_document();
    moot["topology"]["stop_services"] = json!(true);
    moot["services"] =
        json!([{"kind": "ecs", "region": "us-west-2", "cluster": "orders", "services": ["api"]}]);
    let moot = read(&moot.to_string()).unwrap_err().to_string();
    let says = "topology.stop_services is true and database.engine is sqlserver, whose writer no planned move stops";
    assert!(moot.contains(says), "{moot}");
    let global = with("/topology/stop_services", json!(true));
    assert!(global.contains("stop_services"), "{global}");
}
