//! Creating, modifying and describing: what is accepted, what is not, what is shown.

use super::world::{EAST, EAST_ARN, ENGINE, GLOBAL, ID, OHIO, WEST, World};
use crate::model::{Settings, Visibility};

#[test]
fn a_standby_takes_no_credentials_and_no_database() {
    let mut world = World::two_members();
    let base = [("DBClusterIdentifier", "orders-ohio"), ENGINE, ID];
    for (name, words) in [
        ("MasterUsername", "user name"),
        ("MasterUserPassword", "password"),
        ("DatabaseName", "database name"),
    ] {
        let given = [base[0], base[1], base[2], (name, "something")];
        let fault = world.refused(OHIO, "CreateDBCluster", &given);
        assert_eq!(fault.code, "InvalidParameterCombination");
        assert_eq!(
            fault.message,
            format!("Cannot specify {words} for cross region replication cluster")
        );
    }
    let managed = [
        base[0],
        base[1],
        base[2],
        ("ManageMasterUserPassword", "true"),
    ];
    assert_eq!(
        world.refused(OHIO, "CreateDBCluster", &managed).code,
        "InvalidParameterCombination"
    );
}

#[test]
fn a_first_member_needs_credentials() {
    let mut world = World::empty(Settings::default());
    world.ok(WEST, "CreateGlobalCluster", &[ID, ENGINE]);
    let fault = world.refused(
        WEST,
        "CreateDBCluster",
        &[("DBClusterIdentifier", "orders-west"), ENGINE, ID],
    );
    assert_eq!(fault.code, "InvalidParameterValue");
    assert!(fault.message.contains("MasterUsername must be provided"));
}

#[test]
fn a_standby_needs_an_available_primary_the_same_version_and_a_region_of_its_own() {
    let mut world = World::empty(Settings::default());
    world.ok(WEST, "CreateGlobalCluster", &[ID, ENGINE]);
    world.primary(WEST, "orders-west");
    let east = [("DBClusterIdentifier", "orders-east"), ENGINE, ID];
    let fault = world.refused(EAST, "CreateDBCluster", &east);
    assert_eq!(fault.code, "InvalidDBClusterStateFault");
    assert!(fault.message.contains("not valid for physical replication"));
    world.settle();
    let other = [east[0], east[1], east[2], ("EngineVersion", "15.10")];
    assert_eq!(
        world.refused(EAST, "CreateDBCluster", &other).code,
        "InvalidParameterCombination"
    );
    let second = [("DBClusterIdentifier", "orders-west-b"), ENGINE, ID];
    assert_eq!(
        world.refused(WEST, "CreateDBCluster", &second).code,
        "InvalidGlobalClusterStateFault"
    );
}

#[test]
fn an_encrypted_global_cluster_wants_a_key_in_every_region() {
    let mut world = World::empty(Settings::default());
    world.ok(
        WEST,
        "CreateDBCluster",
        &[
            ("DBClusterIdentifier", "orders-west"),
            ENGINE,
            ("StorageEncrypted", "true"),
            ("MasterUsername", "postgres"),
            ("MasterUserPassword", "not-a-secret"),
        ],
    );
    world.settle();
    let west = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";
    world.ok(
        WEST,
        "CreateGlobalCluster",
        &[ID, ("SourceDBClusterIdentifier", west)],
    );
    let east = [("DBClusterIdentifier", "orders-east"), ENGINE, ID];
    assert_eq!(
        world.refused(EAST, "CreateDBCluster", &east).code,
        "InvalidParameterCombination"
    );
    world.ok(
        EAST,
        "CreateDBCluster",
        &[east[0], east[1], east[2], ("KmsKeyId", "alias/orders")],
    );
    assert_eq!(
        world
            .cluster(EAST, "orders-east", "StorageEncrypted")
            .unwrap(),
        "true"
    );
}

#[test]
fn a_global_cluster_made_from_a_cluster_inherits_and_takes_nothing_else() {
    let mut world = World::two_members();
    world.detach(EAST, EAST_ARN).unwrap();
    let new = ("GlobalClusterIdentifier", "orders-global-2");
    let source = ("SourceDBClusterIdentifier", EAST_ARN);
    assert_eq!(
        world
            .refused(EAST, "CreateGlobalCluster", &[new, source])
            .code,
        "InvalidDBClusterStateFault"
    );
    world.settle();
    assert_eq!(
        world
            .refused(EAST, "CreateGlobalCluster", &[new, source, ENGINE])
            .code,
        "InvalidParameterCombination"
    );
    assert_eq!(
        world
            .refused(WEST, "CreateGlobalCluster", &[new, source])
            .code,
        "InvalidParameterValue"
    );
    let answer = world.ok(EAST, "CreateGlobalCluster", &[new, source]);
    assert_eq!(
        World::text_at(&answer, "GlobalCluster.DatabaseName").unwrap(),
        "orders"
    );
    assert_eq!(
        World::text_at(&answer, "GlobalCluster.GlobalClusterMembers.0.DBClusterArn").unwrap(),
        EAST_ARN
    );
    let third = [("GlobalClusterIdentifier", "orders-global-3"), source];
    assert_eq!(
        world.refused(EAST, "CreateGlobalCluster", &third).code,
        "InvalidDBClusterStateFault"
    );
}

#[test]
fn a_member_cannot_be_renamed_nor_its_version_lowered() {
    let mut world = World::two_members();
    let cluster = ("DBClusterIdentifier", "orders-east");
    let rename = [
        cluster,
        ("NewDBClusterIdentifier", "orders-east-old"),
        ("ApplyImmediately", "true"),
    ];
    let fault = world.refused(EAST, "ModifyDBCluster", &rename);
    assert_eq!(fault.code, "InvalidDBClusterStateFault");
    assert!(fault.message.contains(GLOBAL));
    let lower = [cluster, ("EngineVersion", "16.4")];
    assert_eq!(
        world.refused(EAST, "ModifyDBCluster", &lower).code,
        "InvalidParameterCombination"
    );
    let out_of_range = [cluster, ("BackupRetentionPeriod", "0")];
    assert_eq!(
        world.refused(EAST, "ModifyDBCluster", &out_of_range).code,
        "InvalidParameterValue"
    );
    let unsimulated = [cluster, ("MasterUserPassword", "x")];
    assert_eq!(
        world.refused(EAST, "ModifyDBCluster", &unsimulated).code,
        "InvalidParameterValue"
    );
}

#[test]
fn global_clusters_are_found_whatever_the_case_and_by_region() {
    let mut world = World::two_members();
    world.ok(
        EAST,
        "DescribeGlobalClusters",
        &[("GlobalClusterIdentifier", "ORDERS-Global-1")],
    );
    let filter = |value| {
        [
            ("Filters.Filter.1.Name", "region"),
            ("Filters.Filter.1.Values.Value.1", value),
        ]
    };
    let found = world.ok(EAST, "DescribeGlobalClusters", &filter(WEST));
    assert!(World::text_at(&found, "GlobalClusters.0.GlobalClusterIdentifier").is_some());
    let none = world.ok(EAST, "DescribeGlobalClusters", &filter(OHIO));
    assert_eq!(
        World::text_at(&none, "GlobalClusters.0.GlobalClusterIdentifier"),
        None
    );
    let unknown = [
        ("Filters.Filter.1.Name", "colour"),
        ("Filters.Filter.1.Values.Value.1", "red"),
    ];
    assert_eq!(
        world.refused(EAST, "DescribeGlobalClusters", &unknown).code,
        "InvalidParameterValue"
    );
}

#[test]
fn a_region_without_a_member_sees_a_global_cluster_only_when_set_so() {
    let mut world = World::two_members();
    assert_eq!(
        world.refused(OHIO, "DescribeGlobalClusters", &[ID]).code,
        "GlobalClusterNotFoundFault"
    );
    let settings = Settings {
        visibility: Visibility::Everywhere,
        ..Settings::default()
    };
    let mut world = World::two_members_with(settings);
    world.ok(OHIO, "DescribeGlobalClusters", &[ID]);
}

#[test]
fn long_lists_come_in_pages() {
    let mut world = World::empty(Settings::default());
    for number in 0..45 {
        let name = format!("g{number:02}");
        world.ok(
            WEST,
            "CreateGlobalCluster",
            &[("GlobalClusterIdentifier", &name), ENGINE],
        );
    }
    let mut marker = String::new();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let page = world.ok(
            WEST,
            "DescribeGlobalClusters",
            &[("MaxRecords", "20"), ("Marker", &marker)],
        );
        seen.extend((0..20).map_while(|i| {
            World::text_at(
                &page,
                &format!("GlobalClusters.{i}.GlobalClusterIdentifier"),
            )
        }));
        marker = World::text_at(&page, "Marker").unwrap_or_default();
    }
    assert_eq!((seen.len(), marker.as_str()), (45, ""));
    assert!(seen.is_sorted());
    assert_eq!(
        world
            .refused(WEST, "DescribeGlobalClusters", &[("MaxRecords", "5")])
            .code,
        "InvalidParameterValue"
    );
}

#[test]
fn events_are_filtered_by_source_category_and_time() {
    let mut world = World::two_members();
    let source = [
        ("SourceIdentifier", "orders-west-1"),
        ("SourceType", "db-instance"),
    ];
    let found = world.ok(WEST, "DescribeEvents", &source);
    assert_eq!(
        World::text_at(&found, "Events.0.Message").unwrap(),
        "DB instance created."
    );
    assert_eq!(World::text_at(&found, "Events.1.Message"), None);
    let untyped = world.refused(WEST, "DescribeEvents", &source[..1]);
    assert_eq!(untyped.code, "InvalidParameterCombination");
    let category = [("EventCategories.EventCategory.1", "global failover")];
    assert_eq!(
        World::text_at(
            &world.ok(WEST, "DescribeEvents", &category),
            "Events.0.Message"
        ),
        None
    );
    world.pass(2 * 3_600_000);
    assert_eq!(world.messages(WEST), Vec::<String>::new());
    let day = world.ok(WEST, "DescribeEvents", &[("Duration", "1440")]);
    assert!(World::text_at(&day, "Events.0.Message").is_some());
    let start = world.ok(
        WEST,
        "DescribeEvents",
        &[("StartTime", "1970-01-01T00:00:00Z")],
    );
    assert!(World::text_at(&start, "Events.0.Message").is_some());
    assert_eq!(
        world
            .refused(WEST, "DescribeEvents", &[("StartTime", "yesterday")])
            .code,
        "InvalidParameterValue"
    );
}
