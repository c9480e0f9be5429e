//! Where an instance stands, by what RDS shows of it alone.

use failover::{
    plan::{self, Plan},
    testing,
    topology::{Role, standing},
};

use super::*;

pub(crate) const WEST: &str = "arn:aws:rds:us-west-2:123456789012:db:orders-west";
pub(crate) const EAST: &str = "arn:aws:rds:us-east-1:123456789012:db:orders-east";

/// The tests' plan over instances.
pub(crate) fn plan() -> Plan {
    let mut document = testing::plan_document();
    document["topology"] = serde_json::json!({"kind": "rds_replica", "members": {
        "us-west-2": {"instance": "orders-west"}, "us-east-1": {"instance": "orders-east"}}});
    plan::read(&document.to_string()).unwrap()
}

/// orders-east as RDS shows it, as a replica of `source`.
pub(crate) fn east(source: Option<&str>) -> Instance {
    Instance {
        identifier: "orders-east".into(),
        arn: EAST.into(),
        resource_id: Some("db-EAST".into()),
        status: "available".into(),
        engine: "postgres".into(),
        engine_version: "16.4".into(),
        endpoint: "orders-east.c0example.us-east-1.rds.amazonaws.com".into(),
        port: 5432,
        source: source.map(Into::into),
        replication: source.map(|_| Replication {
            status: "replicating".into(),
            is_normal: true,
            message: None,
        }),
        backup_days: Some(7),
        cluster: None,
    }
}

#[test]
fn a_replica_stands_by_beside_the_group_of_its_source_and_leads_its_own_once_it_is_promoted() {
    let (replica, promoted) = (east(Some(WEST)), east(None));
    let [follows, leads] = [&replica, &promoted].map(Group::from);
    assert_eq!(follows.named.name, WEST);
    assert_eq!(leads.named.name, EAST);
    let [replica, promoted] = [replica, promoted].map(Cluster::from);
    assert_eq!(standing(Some(&follows), &replica), Role::Standby);
    assert_eq!(
        standing(None, &replica),
        Role::Unsettled,
        "of another group"
    );
    assert_eq!(standing(Some(&leads), &promoted), Role::Primary);
    assert_eq!(standing(None, &promoted), Role::Standalone);
}

#[test]
fn a_replica_follows_one_instance_of_one_region_and_whoever_leads_follows_nobody() {
    let (home, away) = ("us-west-2".into(), "us-east-1".into());
    let replica = east(Some(WEST));
    assert!(replica.follows(&home, "orders-west"));
    assert!(!replica.follows(&home, "orders-west-2"));
    assert!(!replica.follows(&away, "orders-west"));
    assert!(!east(None).follows(&away, "orders-east"));
}

#[test]
fn an_instance_takes_writes_as_a_cluster_that_has_it_alone() {
    let serves = |status: &str| {
        let instance = Instance {
            status: status.into(),
            ..east(None)
        };
        (instance.serves(), Cluster::from(instance).is_ready())
    };
    for status in [
        "available",
        "backing-up",
        "storage-optimization",
        "configuring-log-exports",
    ] {
        assert_eq!(serves(status), (true, true), "{status}");
    }
    for status in ["rebooting", "storage-full", "a-status-of-next-year"] {
        assert_eq!(serves(status), (false, false), "{status}");
    }
}

#[test]
fn an_instance_of_a_cluster_and_one_of_another_engine_are_no_members() {
    let of_a_cluster = Instance {
        cluster: Some("orders".into()),
        ..east(None)
    };
    let of_another_engine = Instance {
        engine: "mysql".into(),
        ..east(Some(WEST))
    };
    for (misfit, said) in [
        (of_a_cluster, "belongs to cluster orders"),
        (of_another_engine, "runs mysql"),
    ] {
        let why = misfit.fits().unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology");
        assert!(why.to_string().contains(said), "{why}");
    }
    assert_eq!(east(Some(WEST)).fits(), Ok(()));
}
