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

/// The same over instances of SQL Server.
pub(crate) fn heartless() -> Plan {
    plan::read(&testing::sqlserver_document().to_string()).unwrap()
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
fn the_family_of_its_parameters_has_as_many_numbers_as_its_engine_counts_by() {
    let of = |engine: &str, version: &str| {
        let instance = Instance {
            engine: engine.into(),
            engine_version: version.into(),
            ..east(None)
        };
        instance.family()
    };
    assert_eq!(of("postgres", "16.6").as_deref(), Some("postgres16"));
    assert_eq!(of("mariadb", "10.11.14").as_deref(), Some("mariadb10.11"));
    assert_eq!(of("mysql", "8.0.40").as_deref(), Some("mysql8.0"));
    let sqlserver = of("sqlserver-ee", "15.00.4430.1.v1");
    assert_eq!(sqlserver.as_deref(), Some("sqlserver-ee-15.0"));
    assert_eq!(of("postgres", ""), None);
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
        let why = misfit.fits(Engine::Postgres).unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology");
        assert!(why.to_string().contains(said), "{why}");
    }
    assert_eq!(east(Some(WEST)).fits(Engine::Postgres), Ok(()));
    let why = east(Some(WEST)).fits(Engine::Mariadb).unwrap_err();
    assert!(
        why.to_string()
            .contains("runs postgres, and database.engine is mariadb"),
        "{why}"
    );
    let of = |engine: &str| Instance {
        engine: engine.into(),
        ..east(Some(WEST))
    };
    assert_eq!(of("sqlserver-ee").fits(Engine::Sqlserver), Ok(()));
    let why = of("sqlserver-se").fits(Engine::Sqlserver).unwrap_err();
    let said =
        "runs sqlserver-se, and only sqlserver-ee, the Enterprise Edition, has read replicas";
    assert!(why.to_string().contains(said), "{why}");
    let why = of("postgres").fits(Engine::Sqlserver).unwrap_err();
    let said = "runs postgres, and database.engine is sqlserver";
    assert!(why.to_string().contains(said), "{why}");
}
