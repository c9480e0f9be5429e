//! What RDS says against a switchover.

use super::*;
use failover::testing;

#[test]
fn a_cluster_that_is_misspelt_hides_no_other_reason() {
    let source = Cluster {
        identifier: "orders-west".into(),
        arn: "arn".into(),
        resource_id: None,
        status: "modifying".into(),
        engine_version: "16.6".into(),
        endpoint: String::new(),
        reader_endpoint: String::new(),
        port: 5432,
        global_cluster: None,
        instances: Vec::new(),
    };
    let found = of_both(&testing::run(), (None, None), Some(&source)).join("; ");
    for part in [
        "RDS in us-east-1 knows no cluster orders-east",
        "orders-west in us-west-2 is modifying",
        "orders-west in us-west-2 has no instance",
    ] {
        assert!(found.contains(part), "{found} lacks {part}");
    }
}

#[test]
fn a_blue_green_deployment_stands_in_the_way_until_it_is_over() {
    let of = |status: &str| BlueGreen {
        name: "orders-next".into(),
        source: "arn:aws:rds:us-west-2:123456789012:cluster:orders-west".into(),
        status: status.into(),
    };
    for status in [
        "PROVISIONING",
        "AVAILABLE",
        "SWITCHOVER_IN_PROGRESS",
        "SWITCHOVER_FAILED",
    ] {
        assert!(!is_over(&of(status)), "{status}");
    }
    assert!(is_over(&of("SWITCHOVER_COMPLETED")) && is_over(&of("DELETING")));
    let why = blocked(&of("AVAILABLE"), &"us-west-2".into());
    assert!(
        why.contains("orders-west in us-west-2") && why.contains("orders-next"),
        "{why}"
    );
}
