//! What describes show: pages, filters, networks, attributes.

use super::bench::{AWAY, Bench, HOME};
use crate::model::{Route, RouteTable};

#[test]
fn pages_are_joined_without_a_gap_and_without_a_repetition() {
    let mut bench = Bench::new();
    let mut hosts: Vec<_> = (0..12).map(|_| bench.host(HOME, |_| {})).collect();
    bench.host(AWAY, |_| {});
    let mut found = Vec::new();
    let mut token = String::new();
    let mut pages = 0;
    loop {
        let params = [("MaxResults", "5"), ("NextToken", token.as_str())];
        let node = bench.call(HOME, "DescribeInstances", &params);
        pages += 1;
        for reservation in node.items("reservationSet") {
            let instance = reservation.items("instancesSet")[0];
            found.push(instance.at(&["instanceId"]).unwrap().to_owned());
        }
        match node.at(&["nextToken"]) {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    hosts.sort();
    assert_eq!((found, pages), (hosts, 3));
}

#[test]
fn a_page_is_neither_too_small_nor_of_things_that_are_named() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |_| {});
    let describe = "DescribeInstances";
    let small = [("MaxResults", "4")];
    assert_eq!(
        bench.refusal(HOME, describe, &small),
        "InvalidParameterValue"
    );
    let named = [("MaxResults", "5"), ("InstanceId.1", host.as_str())];
    assert_eq!(
        bench.refusal(HOME, describe, &named),
        "InvalidParameterCombination"
    );
    let stale = [("NextToken", "x")];
    assert_eq!(
        bench.refusal(HOME, describe, &stale),
        "InvalidParameterValue"
    );
    let unknown = [("Filter.1.Name", "colour"), ("Filter.1.Value.1", "red")];
    assert_eq!(
        bench.refusal(HOME, describe, &unknown),
        "InvalidParameterValue"
    );
}

#[test]
fn filters_are_joined_and_their_values_are_alternatives() {
    let mut bench = Bench::new();
    let [one, other] = ["web-1", "db-1"].map(|name| {
        bench.host(HOME, |host| {
            host.tags.insert("Name".to_owned(), name.to_owned());
        })
    });
    bench.call(HOME, "StopInstances", &[("InstanceId.1", &other)]);
    bench.settle();
    let mut asked = |params: &[(&str, &str)]| {
        let node = bench.call(HOME, "DescribeInstances", params);
        let found = node.items("reservationSet");
        let ids = found.iter().map(|it| {
            it.items("instancesSet")[0]
                .at(&["instanceId"])
                .unwrap()
                .to_owned()
        });
        ids.collect::<Vec<_>>()
    };
    let tag = ("Filter.1.Name", "tag:Name");
    assert_eq!(
        asked(&[tag, ("Filter.1.Value.1", "web-*")]),
        std::slice::from_ref(&one)
    );
    let both = [
        tag,
        ("Filter.1.Value.1", "web-1"),
        ("Filter.1.Value.2", "db-1"),
    ];
    assert_eq!(asked(&both).len(), 2);
    let stopped = [
        ("Filter.2.Name", "instance-state-name"),
        ("Filter.2.Value.1", "stopped"),
    ];
    assert_eq!(asked(&[&both[..], &stopped].concat()), [other]);
}

#[test]
fn status_checks_pass_a_while_after_a_start_and_fail_where_that_is_planted() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |host| host.is_stopped = true);
    let ask = [("InstanceId.1", host.as_str())];
    let node = bench.call(HOME, "DescribeInstanceStatus", &ask);
    assert!(node.items("instanceStatusSet").is_empty(), "it is stopped");
    bench.call(HOME, "StartInstances", &ask);
    let status = |bench: &mut Bench| {
        bench.field(
            (HOME, "DescribeInstanceStatus"),
            ("InstanceId", &host),
            ("instanceStatusSet", &["systemStatus", "status"]),
        )
    };
    bench.pass(3_000);
    assert_eq!(status(&mut bench).as_deref(), Some("initializing"));
    bench.pass(5_000);
    assert_eq!(status(&mut bench).as_deref(), Some("ok"));
    bench.model.impair(&host, true).unwrap();
    assert_eq!(status(&mut bench).as_deref(), Some("impaired"));
}

#[test]
fn networks_are_shown_as_they_were_planted() {
    let mut bench = Bench::new();
    bench.model.plant_route_table(RouteTable {
        id: "rtb-1".to_owned(),
        region: HOME.to_owned(),
        vpc: "vpc-us-west-2".to_owned(),
        is_main: true,
        subnets: vec!["subnet-us-west-2b".to_owned()],
        routes: vec![
            Route {
                cidr: "10.0.0.0/16".to_owned(),
                through: "local".to_owned(),
            },
            Route {
                cidr: "0.0.0.0/0".to_owned(),
                through: "nat-1".to_owned(),
            },
        ],
        tags: std::collections::BTreeMap::new(),
    });
    let of_subnet = [
        ("Filter.1.Name", "association.subnet-id"),
        ("Filter.1.Value.1", "subnet-us-west-2b"),
    ];
    let node = bench.call(HOME, "DescribeRouteTables", &of_subnet);
    let table = node.items("routeTableSet")[0];
    assert_eq!(
        table.items("routeSet")[1].at(&["natGatewayId"]),
        Some("nat-1")
    );
    assert_eq!(table.items("associationSet")[0].at(&["main"]), Some("true"));
    let node = bench.call(HOME, "DescribeSubnets", &[]);
    assert_eq!(node.items("subnetSet").len(), 2);
    let node = bench.call(
        AWAY,
        "DescribeSecurityGroups",
        &[("GroupId.1", "sg-us-east-1")],
    );
    let group = node.items("securityGroupInfo")[0];
    assert!(group.items("ipPermissionsEgress").is_empty());
}

#[test]
fn every_attribute_that_can_be_changed_is_shown_changed() {
    let mut bench = Bench::new();
    let host = bench.host(HOME, |host| host.is_stopped = true);
    for (asked, value, shown) in [
        ("DisableApiStop", "true", "disableApiStop"),
        ("DisableApiTermination", "true", "disableApiTermination"),
        ("EbsOptimized", "true", "ebsOptimized"),
        ("InstanceType", "m7i.2xlarge", "instanceType"),
        ("SourceDestCheck", "false", "sourceDestCheck"),
        ("UserData", "IyEvYmluL3No", "userData"),
        (
            "InstanceInitiatedShutdownBehavior",
            "terminate",
            "instanceInitiatedShutdownBehavior",
        ),
    ] {
        let name = format!("{asked}.Value");
        let params = [("InstanceId", host.as_str()), (name.as_str(), value)];
        bench.call(HOME, "ModifyInstanceAttribute", &params);
        let params = [("InstanceId", host.as_str()), ("Attribute", shown)];
        let node = bench.call(HOME, "DescribeInstanceAttribute", &params);
        assert_eq!(node.at(&[shown, "value"]), Some(value), "{asked}");
    }
}
