//! How topologies are written, read and called.

use serde_json::json;

use super::*;
use crate::{ports::ReachInput, testing};

#[test]
fn a_kind_is_called_as_in_a_plan_and_the_first_one_need_not_be_said() {
    let plan = testing::run().plan;
    let written = serde_json::to_value(&plan.topology).unwrap();
    assert_eq!(written["kind"], json!(plan.kind()));
    for kind in TopologyKind::ALL {
        assert_eq!(json!(kind), json!(kind.name()));
    }
    let asked = json!({"plan": "orders", "region": "us-west-2", "cluster": "orders-west"});
    let read: ReachInput = serde_json::from_value(asked.clone()).unwrap();
    assert_eq!(read.kind, TopologyKind::AuroraGlobal);
    assert_eq!(serde_json::to_value(read).unwrap(), asked);
}

#[test]
fn a_member_is_written_by_the_word_of_its_kind_and_read_back() {
    let aurora = testing::run().plan.topology;
    let members = aurora.members().clone();
    let instances = Topology::RdsReplica {
        members,
        stop_seconds: stop_seconds(),
        stop_services: false,
    };
    for topology in [aurora, instances] {
        let written = serde_json::to_value(&topology).unwrap();
        let member = written["members"]["us-west-2"].clone();
        assert_eq!(member, json!({topology.kind().member(): "orders-west"}));
        let read: Topology = serde_json::from_value(written).unwrap();
        assert_eq!(read, topology);
    }
}

#[test]
fn a_stop_lasts_a_minute_unless_the_plan_says_otherwise() {
    let members = testing::run().plan.topology.members().clone();
    let instances = |stop_seconds| Topology::RdsReplica {
        members: members.clone(),
        stop_seconds,
        stop_services: false,
    };
    let mut written = serde_json::to_value(instances(60)).unwrap();
    assert_eq!(written["stop_seconds"], json!(null), "it need not be said");
    let read: Topology = serde_json::from_value(written.clone()).unwrap();
    assert!((read.stop_seconds() - 60.0).abs() < f64::EPSILON);
    written["stop_seconds"] = json!(120);
    let read: Topology = serde_json::from_value(written).unwrap();
    assert_eq!(read, instances(120));
}

#[test]
fn a_plan_admits_its_own_steps_and_those_that_every_topology_shares() {
    let plan = testing::run().plan;
    for step in plan.kind().runs().own().chain(["dns_flip", "prove_writer"]) {
        assert_eq!(plan.admits(step), Ok(()));
    }
}

#[test]
fn services_run_on_under_a_stop_unless_the_plan_says_otherwise() {
    let instances = |stop_services| Topology::RdsReplica {
        members: testing::run().plan.topology.members().clone(),
        stop_seconds: stop_seconds(),
        stop_services,
    };
    let mut written = serde_json::to_value(instances(false)).unwrap();
    assert_eq!(written["stop_services"], json!(null), "it need not be said");
    let read: Topology = serde_json::from_value(written.clone()).unwrap();
    assert!(!read.stops_services());
    written["stop_services"] = json!(true);
    let read: Topology = serde_json::from_value(written).unwrap();
    assert_eq!(read, instances(true));
    assert!(read.stops_services());
    assert!(!testing::run().plan.topology.stops_services());
}
